//! User models by name, and fitting those that need calls to be fitted to.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use offhook_env::log::{CallLog, read_calls};
use offhook_env::rng::Stream;
use offhook_simulator::user::{
    AdversarialCustomers, BigramCustomers, LoggedCalls, ReplayCustomers, UserModel,
};

use crate::disk::jsonl;
use crate::error::Failure;
use crate::play::{self, Choice, Plan};
use offhook_simulator::world::{CallWorld, LoadedScenario};

/// Calls of the hand-written flow with agenda customers that a model without a log is fitted to.
const N_DEMONSTRATIONS: u64 = 4_000;

/// A user model as the command line names it: `agenda`, `bigram`, `bigram=LOG`, ...
#[derive(Clone, Debug, PartialEq)]
pub enum Named {
    /// A goal and an agenda.
    Agenda,
    /// What customers of a log said to the same action; without a log, of played calls.
    Bigram(Option<PathBuf>),
    /// The customers of a log one by one; without a log, of played calls.
    Replay(Option<PathBuf>),
    /// Probes the rules of conduct.
    Adversarial,
}

impl FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, log) = match text.split_once('=') {
            Some((name, log)) => (name, Some(PathBuf::from(log))),
            None => (text, None),
        };
        match (name, log) {
            ("agenda", None) => Ok(Self::Agenda),
            ("bigram", log) => Ok(Self::Bigram(log)),
            ("replay", log) => Ok(Self::Replay(log)),
            ("adversarial", None) => Ok(Self::Adversarial),
            ("agenda" | "adversarial", Some(_)) => Err(format!("{name} is not fitted to a log")),
            _ => {
                Err("expected agenda, bigram, replay, adversarial, bigram=LOG or replay=LOG".into())
            }
        }
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, log) = match self {
            Self::Agenda => ("agenda", &None),
            Self::Bigram(log) => ("bigram", log),
            Self::Replay(log) => ("replay", log),
            Self::Adversarial => ("adversarial", &None),
        };
        match log {
            Some(log) => write!(f, "{name}={}", log.display()),
            None => f.write_str(name),
        }
    }
}

/// A world of the model, and what it was fitted to, if it was.
pub struct Populated {
    /// The scenario with the model's customers.
    pub world: Arc<CallWorld>,
    /// In words, as `4000 calls of script with agenda, seed 1`.
    pub source: Option<String>,
}

/// Puts the customers of a user model into a scenario; a model without a log is fitted to calls that
/// the hand-written flow plays with agenda customers of `seed`.
///
/// # Errors
/// If a log cannot be read, or has nothing of this scenario to learn from.
pub fn populate(loaded: &LoadedScenario, named: &Named, seed: u64) -> Result<Populated, Failure> {
    let scenario = &loaded.world.scenario;
    let people = loaded.people.clone();
    let (customers, source) = match named {
        Named::Agenda => (UserModel::Agenda(people), None),
        Named::Adversarial => (
            UserModel::Adversarial(AdversarialCustomers::new(people)),
            None,
        ),
        Named::Bigram(log) => {
            let (calls, source) = calls(loaded, log.as_deref(), seed)?;
            let model = BigramCustomers::fit(people, scenario, &calls);
            (UserModel::Bigram(model), Some(source))
        }
        Named::Replay(log) => {
            let (calls, source) = calls(loaded, log.as_deref(), seed)?;
            let model = ReplayCustomers::new(people, scenario, calls);
            (UserModel::Replay(model), Some(source))
        }
    };
    let world = Arc::new(CallWorld {
        scenario: scenario.clone(),
        customers,
        channel: loaded.world.channel.clone(),
    });
    Ok(Populated { world, source })
}

/// The calls to fit to, and what they are in words.
fn calls(
    loaded: &LoadedScenario,
    log: Option<&Path>,
    seed: u64,
) -> Result<(LoggedCalls, String), Failure> {
    let scenario = &loaded.world.scenario;
    let Some(path) = log else {
        let plan = Plan {
            seed,
            stream: Stream::Demonstrate,
            first: 0,
            n_calls: N_DEMONSTRATIONS,
            choice: Choice::Best,
        };
        let played = play::record(&loaded.world, &scenario.script(), plan);
        let calls = LoggedCalls::read(scenario, played.iter().map(|(call, _)| call))?;
        let source = format!("{N_DEMONSTRATIONS} calls of script with agenda, seed {seed}");
        return Ok((calls, source));
    };
    let place = |e: &dyn fmt::Display| Failure::failed(format!("'{}' {e}", path.display()));
    let mut list: Vec<CallLog> = Vec::new();
    for call in read_calls(jsonl::open(path)?) {
        let (_, call) = call.map_err(|e| place(&e))?;
        if call.scenario == scenario.name {
            list.push(call);
        }
    }
    if list.is_empty() {
        let message = format!("holds no call of scenario `{}`", scenario.name);
        return Err(place(&message));
    }
    let calls = LoggedCalls::read(scenario, &list).map_err(|e| place(&e))?;
    let source = format!("{} calls of {}", calls.n_calls(), path.display());
    Ok((calls, source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for text in [
            "agenda",
            "bigram",
            "bigram=a=b.jsonl",
            "replay",
            "replay=x",
            "adversarial",
        ] {
            let named: Named = text.parse().expect("a user model");
            assert_eq!(named.to_string(), text);
        }
        for text in ["agenda=x", "adversarial=x", "bigrams", "", "=x"] {
            assert!(text.parse::<Named>().is_err(), "{text}");
        }
    }
}

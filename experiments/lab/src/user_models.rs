//! Putting the customers of a user model into a scenario, and fitting those that need calls.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use offhook_env::rng::Stream;
use offhook_simulator::user::{LoggedCalls, UserModel, UserModelName};
use offhook_simulator::world::{CallWorld, LoadedScenario};

use crate::disk::jsonl;
use crate::error::Failure;
use crate::logs::TurnBudget;
use crate::play::{self, Choice, Plan};

/// Calls of the hand-written flow with agenda customers that a model without a log is fitted to.
const N_DEMONSTRATIONS: u64 = 4_000;

/// A world of the model, and what it was fitted to, if it was.
pub struct UserModelWorld {
    /// The scenario with the model's customers.
    pub world: Arc<CallWorld>,
    /// In words, as `4000 calls of script with agenda, seed 1`.
    pub source: Option<String>,
}

/// Puts the customers of a user model into a scenario; a fitted model without a log is fitted to calls
/// that the hand-written flow plays with agenda customers of `seed`.
///
/// # Errors
/// If a log cannot be read, or has nothing of this scenario to learn from.
pub fn populate(
    loaded: &LoadedScenario,
    name: &UserModelName,
    seed: u64,
) -> Result<UserModelWorld, Failure> {
    let scenario = &loaded.world.scenario;
    let mut source = None;
    let fitted_to = || {
        let (calls, words) = calls(loaded, name.log.as_deref(), seed)?;
        source = Some(words);
        Ok::<_, Failure>(calls)
    };
    let customers = UserModel::new(name.kind, loaded.people.clone(), scenario, fitted_to)?;
    let world = Arc::new(CallWorld {
        scenario: scenario.clone(),
        customers,
        channel: loaded.world.channel.clone(),
    });
    Ok(UserModelWorld { world, source })
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
    let mut calls = LoggedCalls::default();
    let mut budget = TurnBudget::default();
    let mut any = false;
    for call in jsonl::calls(path)? {
        let (line, call) = call?;
        if call.scenario == scenario.name {
            any = true;
            budget.take(path, call.turns.len())?;
            let added = calls.add(scenario, &call);
            added.map_err(|e| place(&format!("line {line}: {e}")))?;
        }
    }
    if !any {
        let message = format!("holds no call of scenario `{}`", scenario.name);
        return Err(place(&message));
    }
    let calls = calls.labelled().map_err(|e| place(&e))?;
    let source = format!("{} calls of {}", calls.n_calls(), path.display());
    Ok((calls, source))
}

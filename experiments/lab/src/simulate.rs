//! Simulation: calls of one policy in one scenario, with the key figures; shown, logged, or merely counted.

use std::path::PathBuf;
use std::sync::Arc;

use offhook_env::call::outcome::CallSummary;
use offhook_env::log::CallLog;
use offhook_simulator::user::UserModelName;
use offhook_simulator::world::CallWorld;
use offhook_stats::Estimate;

use crate::call_plan::CallPlan;
use crate::disk::jsonl;
use crate::disk::out_file::OutFile;
use crate::error::Failure;
use crate::key_figure::Tallies;
use crate::play::{self, Choice, Plan, Player};
use crate::policies::{Exploring, PolicySource};
use crate::run::stored;
use crate::stop::Stop;
use crate::threads;
use crate::user_models;

/// Most calls that are shown; more are for a log.
pub const MAX_SHOWN: u64 = 10_000;

/// What to simulate.
#[derive(Clone, Debug)]
pub struct SimulationPlan {
    /// A path or the name of a bundled scenario; if not given, the own one of the policy's run.
    pub scenario: Option<String>,
    /// A policy by name.
    pub policy: String,
    /// Share of the turns in which an allowed action is drawn instead, in `[0, 1]`.
    pub explore: f64,
    /// Who answers.
    pub user_model: UserModelName,
    /// Which calls.
    pub calls: CallPlan,
    /// Where to log the calls.
    pub log: Option<OutFile>,
    /// How many of them to show as dialogs, at most [`MAX_SHOWN`].
    pub n_shown: u64,
}

/// What is known before the bulk of the calls is played.
#[derive(Clone, Debug)]
pub struct Preview {
    /// Who answers.
    pub user_model: String,
    /// What the user model was fitted to, if it was.
    pub source: Option<String>,
    /// The first calls, as many as were asked for.
    pub calls: Vec<(CallLog, CallSummary)>,
}

/// What a simulation found.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// The scenario as it was named.
    pub scenario: String,
    /// The policy as it was named.
    pub policy: String,
    /// Whether the policy is proved to break no rule of conduct in any cell; `None` for one that is no table.
    pub proved: Option<bool>,
    /// Who answered.
    pub user_model: String,
    /// Calls played.
    pub n_calls: u64,
    /// One estimate for each of [`KEY_FIGURES`](crate::key_figure::KEY_FIGURES).
    pub figures: Vec<Option<Estimate>>,
    /// The call log, if one was written.
    pub log: Option<PathBuf>,
}

/// Plays calls, hands the first ones to `on_preview`, logs all where a log is wanted, and measures them.
///
/// # Errors
/// If scenario, policy or user model cannot be loaded, the log cannot be written, too many are to be shown, or
/// `stop` is asked for.
pub fn simulate(
    plan: &SimulationPlan,
    stop: &Stop,
    on_preview: impl FnOnce(&Preview) + Send,
) -> Result<Simulation, Failure> {
    if plan.n_shown > MAX_SHOWN {
        return Err(Failure::usage(format!(
            "{} calls are to be shown, expected at most {MAX_SHOWN}; write a log with --out instead",
            plan.n_shown
        )));
    }
    threads::install(plan.calls.threads, || play_plan(plan, stop, on_preview))
}

fn play_plan(
    plan: &SimulationPlan,
    stop: &Stop,
    on_preview: impl FnOnce(&Preview),
) -> Result<Simulation, Failure> {
    let (scenario, loaded) =
        stored::load(plan.scenario.as_deref(), &plan.policy, plan.calls.tracker)?;
    let loaded = loaded.with_noise(plan.calls.noise)?;
    let populated = user_models::populate(&loaded, &plan.user_model, plan.calls.seed)?;
    let world = &*populated.world;
    let source = PolicySource::open(&plan.policy)?;
    let (mut policy, mut choice) = source.for_scenario(&world.scenario)?;
    let filter = source.filter(&loaded)?;
    let proved = source.is_proved(&world.scenario)?;
    if plan.explore > 0.0 {
        policy = Arc::new(Exploring::new(policy, choice, plan.explore)?);
        choice = Choice::Sample;
    }
    let episodes = plan.calls.episodes(choice);
    // A log that cannot be written is refused before any work is done.
    let mut log = plan.log.as_ref().map(OutFile::create_log).transpose()?;
    let shown = Plan {
        n_calls: plan.n_shown.min(episodes.n_calls),
        ..episodes
    };
    let player = Player {
        policy: &*policy,
        filter: filter.as_ref(),
    };
    on_preview(&Preview {
        user_model: plan.user_model.to_string(),
        source: populated.source,
        calls: play::record_as(world, player, shown),
    });
    let tallies = tally(world, player, episodes, log.as_mut(), stop)?;
    if let Some(log) = log {
        log.finish()?;
    }
    Ok(Simulation {
        scenario,
        policy: plan.policy.clone(),
        proved,
        user_model: plan.user_model.to_string(),
        n_calls: plan.calls.n_calls,
        figures: tallies.estimates(),
        log: plan.log.as_ref().map(|log| log.path.clone()),
    })
}

/// Plays calls a chunk at a time, logs them if there is a log, and tallies each figure.
fn tally(
    world: &CallWorld,
    player: Player<'_>,
    episodes: Plan,
    mut log: Option<&mut jsonl::Writer>,
    stop: &Stop,
) -> Result<Tallies, Failure> {
    let mut tallies = Tallies::default();
    for chunk in play::chunks(episodes) {
        stop.check()?;
        let summaries = match &mut log {
            None => play::evaluate_as(world, player, chunk),
            Some(log) => {
                let played = play::record_as(world, player, chunk);
                let logged = played.into_iter().map(|(call, summary)| {
                    log.write(&call)?;
                    Ok(summary)
                });
                logged.collect::<Result<Vec<CallSummary>, Failure>>()?
            }
        };
        tallies.add(&summaries);
    }
    Ok(tallies)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key_figure::KEY_FIGURES;
    use crate::play::CHUNK;

    fn plan(n_calls: u64, n_shown: u64) -> SimulationPlan {
        SimulationPlan {
            scenario: Some("fraud_alert".into()),
            policy: "script".into(),
            explore: 0.0,
            user_model: "agenda".parse().unwrap_or_else(|e| panic!("{e}")),
            calls: CallPlan {
                n_calls,
                seed: 1,
                noise: 0.0,
                tracker: Default::default(),
                threads: Some(1),
            },
            log: None,
            n_shown,
        }
    }

    #[test]
    fn the_shown_calls_are_the_first_and_no_more_than_there_are() {
        let mut shown = Vec::new();
        let found = simulate(&plan(2, 5), &Stop::new(), |preview| {
            let ids = preview.calls.iter().map(|(call, _)| call.call_id.clone());
            shown = ids.collect();
        });
        assert_eq!(shown.len(), 2);
        assert!(shown[0].ends_with("-0") && shown[1].ends_with("-1"));
        let found = found.unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(found.figures.len(), KEY_FIGURES.len());
    }

    #[test]
    fn chunks_add_up_to_all_calls() {
        let found = simulate(&plan(CHUNK + 5, 0), &Stop::new(), |_| {});
        let found = found.unwrap_or_else(|e| panic!("{e}"));
        let loaded = offhook_simulator::world::load("fraud_alert", None);
        let world = loaded.unwrap_or_else(|e| panic!("{e}")).world;
        let episodes = plan(CHUNK + 5, 0).calls.episodes(Choice::Best);
        let calls = play::evaluate(&world, &world.scenario.script(), episodes);
        let completion = KEY_FIGURES[0].estimate(&[&calls]);
        assert_eq!(found.figures[0], completion);
    }
}

//! How much of what knowing the customer is worth the learned policy gets without knowing.
//!
//! A planner that sees the hidden customer plays some of the held-out calls, with the better of the hand-written
//! flow and the learned policy going on after every action that it tries. What it has over the flow on the same
//! calls is the gap; no policy on the phone can close all of it. The planner looks for return; where it does not
//! have more of a figure than the flow, beyond the interval, no room was seen, and there is no share to speak of.

use offhook_env::call::customer::Customers;
use offhook_env::call::outcome::CallSummary;
use offhook_env::call::{Call, World};
use offhook_env::policy::Policy;
use offhook_policy::planner::PlannerConfig;
use rayon::prelude::*;

use crate::key_figure::KeyFigure;
use crate::play::Plan;
use offhook_stats::{self as stats, Estimate, Moments};

/// Figures whose gap is reported, and the name of the share of it that is closed.
const METRICS: [(&str, &str); 2] = [
    ("completion", "completion_gap_closed"),
    ("return", "return_gap_closed"),
];

/// Calls of one seed played by three policies; all three lists hold the same episodes.
pub struct SeedGap {
    /// The hand-written flow.
    pub script: Vec<CallSummary>,
    /// The learned policy.
    pub learned: Vec<CallSummary>,
    /// The planner on top of both.
    pub privileged: Vec<CallSummary>,
}

/// One figure, and what the planner says of it.
pub struct GapLine {
    /// Name of the figure.
    pub metric: &'static str,
    /// Name of the share of the gap that is closed.
    pub closed_metric: &'static str,
    /// The planner's own figure.
    pub bound: Estimate,
    /// What it has over the hand-written flow, on the same calls.
    pub gap: Estimate,
    /// Share of the gap that the learned policy closes; `None` where no room was seen.
    pub closed: Option<Estimate>,
}

/// Plays calls with the planner on top of the best of `bases`; the order is that of the episodes.
pub fn plan_calls<C: Customers>(
    world: &World<C>,
    bases: &[&dyn Policy],
    plan: Plan,
) -> Vec<CallSummary> {
    let play = |&episode: &u64| {
        let mut call = Call::start(world, plan.seed, plan.stream, episode);
        loop {
            let action = PlannerConfig::BOUND.act(world, &call, bases, plan.seed);
            if let Some(summary) = call.step(world, action).summary {
                return summary;
            }
        }
    };
    let episodes: Vec<u64> = plan.episodes().collect();
    episodes.par_iter().with_max_len(1).map(play).collect()
}

/// Every figure; no line if no call was planned.
pub fn lines(seeds: &[SeedGap]) -> Vec<GapLine> {
    METRICS
        .into_iter()
        .filter_map(|(metric, closed_metric)| {
            let figure = KeyFigure::named(metric);
            let values = |calls: fn(&SeedGap) -> &[CallSummary]| -> Vec<Vec<f32>> {
                seeds
                    .iter()
                    .map(|seed| figure.values(calls(seed)))
                    .collect()
            };
            let planned: Vec<&[CallSummary]> = seeds.iter().map(|s| &s.privileged[..]).collect();
            let script = values(|seed| &seed.script);
            let gap = stats::paired_difference(&values(|seed| &seed.privileged), &script)?;
            let gain = stats::paired_difference(&values(|seed| &seed.learned), &script)?;
            let has_room = gap.bounds.is_some_and(|(low, _)| low > 0.0);
            Some(GapLine {
                metric,
                closed_metric,
                bound: figure.estimate(&planned)?,
                gap,
                closed: has_room
                    .then(|| share(seeds, figure, gain.value / gap.value, gap.value))
                    .flatten(),
            })
        })
        .collect()
}

/// The ratio of the mean gain to the mean `gap`, with its interval over seeds and calls by linearisation (Cochran,
/// 1977, Sampling Techniques, section 6.4).
fn share(seeds: &[SeedGap], figure: &KeyFigure, ratio: f64, gap: f64) -> Option<Estimate> {
    let cluster = |seed: &SeedGap| {
        let [script, learned, planned] =
            [&seed.script, &seed.learned, &seed.privileged].map(|calls| figure.values(calls));
        let calls = script.iter().zip(&learned).zip(&planned);
        Moments::of(calls.map(|((script, learned), planned)| {
            let [script, learned, planned] = [*script, *learned, *planned].map(f64::from);
            ratio + ((learned - script) - ratio * (planned - script)) / gap
        }))
    };
    stats::clustered_mean(&seeds.iter().map(cluster).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use offhook_env::call::outcome::{N_TERMS, Outcome};
    use offhook_env::policy::RandomPolicy;
    use offhook_env::rng::Stream;
    use offhook_simulator::world;

    use crate::play::{self, Choice};

    /// Calls of which every `k`-th completes, with a return of 1.
    fn calls(k: usize) -> Vec<CallSummary> {
        let call = |episode: usize| CallSummary {
            episode: episode as u64,
            outcome: match episode % k {
                0 => Outcome::Completed,
                _ => Outcome::HungUp,
            },
            satisfaction: 3,
            turns: 4,
            seconds: 20.0,
            return_: f32::from(episode.is_multiple_of(k)),
            terms: [0.0; N_TERMS],
            harms: 0,
            rules_broken: 0,
            held_back: 0,
            attainable: true,
            right_person: true,
            items: None,
            machine_seconds: 0.0,
            taken_for_machine: None,
        };
        (0..240).map(call).collect()
    }

    fn seeds(script: usize, learned: usize, privileged: usize) -> Vec<SeedGap> {
        let seed = || SeedGap {
            script: calls(script),
            learned: calls(learned),
            privileged: calls(privileged),
        };
        vec![seed(), seed(), seed()]
    }

    #[test]
    fn the_share_that_is_closed_has_an_interval() {
        let found = lines(&seeds(4, 3, 2));
        let closed = found[0].closed.expect("there is room");
        assert!((closed.value - 1.0 / 3.0).abs() < 1e-6, "{closed:?}");
        let (low, high) = closed.bounds.expect("three seeds");
        assert!(low > 0.0 && high < 0.7, "{closed:?}");
    }

    #[test]
    fn the_planner_is_above_the_script_though_something_worse_may_go_on() {
        let loaded = world::load("fraud_alert", None).expect("a bundled scenario");
        let script = loaded.world.scenario.script();
        let plan = |choice| Plan {
            seed: 1,
            stream: Stream::Evaluate,
            first: 0,
            n_calls: 200,
            choice,
        };
        let planned = plan_calls(&loaded.world, &[&RandomPolicy, &script], plan(Choice::Plan));
        let scripted = play::evaluate(&loaded.world, &script, plan(Choice::Best));
        let figure = KeyFigure::named("return");
        let gain = figure.difference(&[planned], &[scripted]).expect("calls");
        assert!(gain.bounds.is_some_and(|(low, _)| low > 0.0), "{gain:?}");
    }

    #[test]
    fn a_planner_that_is_not_above_the_script_bounds_nothing() {
        for privileged in [4, 6] {
            let found = lines(&seeds(4, 3, privileged));
            assert!(found.iter().all(|line| line.closed.is_none()));
            assert_eq!(found.len(), 2);
        }
        assert!(lines(&[]).is_empty());
    }
}

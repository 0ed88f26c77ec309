//! How much there is to win over the hand-written flow, and how much of it the learned policies have.
//!
//! Two planners play some of the held-out calls, with the better of the hand-written flow and what was learned going
//! on after every action that they try. One supposes customers, given what was heard: what it has over the flow is the
//! *information-set* gap, which a phone can close. The other sees the hidden customer; no policy on the phone can close
//! all of that gap. Planners look for return; where one does not have more of a figure than the flow, beyond the
//! interval over calls, no room was seen, and there is no share to speak of. A planner over a base policy is itself no optimum:
//! what it obtains can be had, and more may be.

use offhook_env::call::customer::Customers;
use offhook_env::call::outcome::CallSummary;
use offhook_env::call::{Call, World};
use offhook_env::policy::Policy;
use offhook_policy::planner::PlannerConfig;
use offhook_simulator::belief::ParticleFilter;
use rayon::prelude::*;

use super::judge::Contestant;
use crate::key_figure::KeyFigure;
use crate::play::{self, Choice, Plan, Player};
use offhook_stats::{self as stats, Estimate, Moments};

/// Figures whose gap is reported, and the name of the share of it that is closed.
const METRICS: [(&str, &str); 2] = [
    ("completion", "completion_gap_closed"),
    ("return", "return_gap_closed"),
];

/// Whose share of a gap is reported.
pub const LEARNED: [Contestant; 2] = [Contestant::Reinforcement, Contestant::Table];

/// What a planner knows that bounds what can be won.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// What a robot knows.
    InformationSet,
    /// The hidden customer.
    Privileged,
}

impl Bound {
    /// Both, the nearer one first.
    pub const ALL: [Self; 2] = [Self::InformationSet, Self::Privileged];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InformationSet => "information_set",
            Self::Privileged => "privileged",
        }
    }
}

/// Calls of one seed; all lists hold the same episodes.
pub struct SeedGap {
    /// The hand-written flow.
    pub script: Vec<CallSummary>,
    /// What was learned, in the order of [`LEARNED`].
    pub learned: [Vec<CallSummary>; 2],
    /// The planner on top of both.
    pub planned: Vec<CallSummary>,
}

/// One figure, and what a planner says of it.
pub struct GapLine {
    /// What the planner knows.
    pub bound: Bound,
    /// Name of the figure.
    pub metric: &'static str,
    /// Name of the share of the gap that is closed.
    pub closed_metric: &'static str,
    /// The planner's own figure.
    pub planned: Estimate,
    /// What it has over the hand-written flow, on the same calls.
    pub gap: Estimate,
    /// Share of the gap that each of [`LEARNED`] closes; `None` where no room was seen.
    pub closed: [Option<Estimate>; 2],
    /// Calls that the planner played, over all seeds.
    pub n_calls: u64,
}

/// Plays calls with the planner that sees the customer on top of the best of `bases`; the order is that of the
/// episodes.
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

/// Plays calls with the planner that supposes customers, on top of `policy`.
pub fn suppose_calls<C: Customers>(
    world: &World<C>,
    filter: &ParticleFilter,
    policy: &dyn Policy,
    plan: Plan,
) -> Vec<CallSummary> {
    let player = Player {
        policy,
        filter: Some(filter),
    };
    let choice = Choice::Believe;
    play::evaluate_as(world, player, Plan { choice, ..plan })
}

/// Every figure of a planner that knows so much; no line if no call was planned.
pub fn lines(bound: Bound, seeds: &[SeedGap]) -> Vec<GapLine> {
    let line = |(metric, closed_metric)| {
        let figure = KeyFigure::named(metric);
        let values = |calls: &dyn Fn(&SeedGap) -> &[CallSummary]| -> Vec<Vec<f32>> {
            seeds
                .iter()
                .map(|seed| figure.values(calls(seed)))
                .collect()
        };
        let planned: Vec<&[CallSummary]> = seeds.iter().map(|s| &s.planned[..]).collect();
        let script = values(&|seed| &seed.script);
        let gap = stats::paired_difference(&values(&|seed| &seed.planned), &script)?;
        // Whether there is room is a question of these calls, whoever learned what.
        let pooled = |calls: &[Vec<f32>]| [calls.concat()];
        let on_calls =
            stats::paired_difference(&pooled(&values(&|seed| &seed.planned)), &pooled(&script))?;
        let has_room = on_calls.bounds.is_some_and(|(low, _)| low > 0.0);
        let closed = [0, 1].map(|k| {
            let learned = values(&|seed| &seed.learned[k]);
            let gain = stats::paired_difference(&learned, &script)?;
            has_room
                .then(|| share(seeds, k, figure, gain.value / gap.value, gap.value))
                .flatten()
        });
        Some(GapLine {
            bound,
            metric,
            closed_metric,
            planned: figure.estimate(&planned)?,
            gap,
            closed,
            n_calls: planned.iter().map(|calls| calls.len() as u64).sum(),
        })
    };
    METRICS.into_iter().filter_map(line).collect()
}

/// The ratio of the mean gain of learned policy `k` to the mean `gap`, with its interval over seeds and calls by
/// linearisation (Cochran, 1977, Sampling Techniques, section 6.4).
fn share(
    seeds: &[SeedGap],
    k: usize,
    figure: &KeyFigure,
    ratio: f64,
    gap: f64,
) -> Option<Estimate> {
    let cluster = |seed: &SeedGap| {
        let [script, learned, planned] =
            [&seed.script, &seed.learned[k], &seed.planned].map(|calls| figure.values(calls));
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
            learned: [calls(learned), calls(learned)],
            planned: calls(privileged),
        };
        vec![seed(), seed(), seed()]
    }

    #[test]
    fn the_share_that_is_closed_has_an_interval() {
        let found = lines(Bound::Privileged, &seeds(4, 3, 2));
        let closed = found[0].closed[1].expect("there is room");
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
            let found = lines(Bound::InformationSet, &seeds(4, 3, privileged));
            assert!(found.iter().all(|line| line.closed == [None; 2]));
            assert_eq!(found.len(), 2);
        }
        assert!(lines(Bound::Privileged, &[]).is_empty());
    }
}

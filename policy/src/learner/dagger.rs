//! DAgger: the student plays, an expert says what it should have done, all that was ever said is
//! learned (Ross, Gordon and Bagnell, 2011, arXiv:1011.0686, algorithm 3.1).
//!
//! The expert answers with probabilities, and the student learns them by cross-entropy on the
//! observations that the student itself comes to: with a network as expert this is on-policy policy
//! distillation (Rusu et al., 2016, arXiv:1511.06295, section 3; after arXiv:2605.22240 the expert may
//! see what the student does not). What an expert does because it sees the hidden customer, the
//! student can only repeat as a gamble: it learns the mean of what the expert does, not to find out.

use std::collections::BTreeMap;

use offhook_env::action::ActionId;
use offhook_env::call::batch::CallBatch;
use offhook_env::call::customer::Customers;
use offhook_env::call::outcome::Outcome;
use offhook_env::call::vector_env::VectorEnv;
use offhook_env::policy::{Observation, Policy, arg_max};
use offhook_env::rng::{Stream, derive_seed, uniform_at};
use serde::{Deserialize, Serialize};

use super::imitation::{ImitationConfig, imitate};
use crate::data::dataset::Dataset;
use crate::data::rollout::first_codes;
use crate::data::score::Scores;
use crate::error::LearnError;
use crate::evaluate::{At, Choice, Plan, collect_with};
use crate::network::fused::FusedPolicy;
use crate::network::weights::Weights;
use crate::planner::PlannerConfig;
use crate::ranges::Ranges;

/// Who is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpertName {
    /// The scenario's hand-written flow.
    #[default]
    Script,
    /// The privileged planner; slow, since every question plays many calls to their ends.
    Planner,
    /// The network of the stage `teacher`, which sees the hidden customer.
    Teacher,
}

/// Settings of DAgger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DaggerConfig {
    /// Who is asked. Default `script`.
    pub expert: ExpertName,
    /// Rounds of playing and learning, `N`. Default 5.
    pub rounds: u64,
    /// Calls played per round. Default 1000.
    pub calls: u64,
    /// Chance per turn that the expert acts instead of the student: this to the power of the round,
    /// `β_i`, in `[0, 1]`. Default 0: the expert plays the first round and then none, which Ross et
    /// al. found best.
    pub beta: f32,
    /// How much the planner looks ahead, if it is asked.
    pub planner: PlannerConfig,
}

impl Default for DaggerConfig {
    fn default() -> Self {
        Self {
            expert: ExpertName::Script,
            rounds: 5,
            calls: 1000,
            beta: 0.0,
            planner: PlannerConfig::default(),
        }
    }
}

impl DaggerConfig {
    /// Notes every setting that is out of range.
    pub fn check_ranges(&self, ranges: &mut Ranges) {
        ranges.at_least_1([("rounds", self.rounds)]);
        let calls = self.calls;
        ranges.require(calls > 1, "calls", calls, "at least 2");
        ranges.shares([("beta", self.beta.into())]);
        let forks = self.planner.n_first;
        ranges.within("planner", |ranges| {
            let expected = "at least 1 fork of every action";
            ranges.require(forks > 0, "n_first", forks, expected);
        });
    }

    /// Chance per turn that the expert acts in a round.
    pub fn beta_at(&self, round: u64) -> f32 {
        self.beta.powi(round as i32)
    }
}

/// Somebody who can be asked what to do in a running call of an environment `E`.
pub trait Expert<E> {
    /// Writes the probability of every action into `probs`, 0 where masked.
    fn advise(&self, env: &E, slot: usize, seen: Observation<'_>, probs: &mut [f32]);
}

/// A policy as an expert; it gets as many codes as it was made for, hidden ones if it sees them.
pub struct ByObservation<'a> {
    /// The policy.
    pub policy: &'a dyn Policy,
    /// Number of codes that it sees, from the first on.
    pub n_features: usize,
}

impl<E> Expert<E> for ByObservation<'_> {
    fn advise(&self, _env: &E, _slot: usize, seen: Observation<'_>, probs: &mut [f32]) {
        let codes = &seen.codes[..self.n_features];
        let mask = seen.mask;
        self.policy
            .probabilities(Observation { codes, mask }, probs);
    }
}

/// The privileged planner as an expert.
pub struct ByPlanning<'a> {
    /// How far it looks.
    pub config: PlannerConfig,
    /// The policy that goes on after the action it tries.
    pub base: &'a dyn Policy,
    /// Seed of the futures it tries.
    pub seed: u64,
}

impl<C: Customers + 'static> Expert<CallBatch<C>> for ByPlanning<'_> {
    fn advise(&self, env: &CallBatch<C>, slot: usize, _: Observation<'_>, probs: &mut [f32]) {
        let action = (self.config).act(env.world(), env.call(slot), &[self.base], self.seed);
        probs.fill(0.0);
        probs[action as usize] = 1.0;
    }
}

/// Figures of one round.
#[derive(Clone, Debug, PartialEq)]
pub struct RoundMetrics {
    /// Round, counted from 0.
    pub round: u64,
    /// Chance per turn that the expert acted.
    pub beta: f32,
    /// Decisions learned from so far, this round included.
    pub n_rows: u64,
    /// Share of the round's calls that reached their purpose, as they were played.
    pub completion: f64,
    /// Mean undiscounted return of those calls, in reward units.
    pub mean_return: f64,
    /// Share of the round's decisions in which what was done is what the expert finds best.
    pub agreement: f64,
    /// Scores of the student after the round, on held-out calls of all rounds if any are held out.
    pub scores: Scores,
}

impl RoundMetrics {
    /// The measured figures with the names under which they are logged.
    pub fn named(&self) -> [(&'static str, f64); 7] {
        [
            ("charts/beta", f64::from(self.beta)),
            ("charts/rows", self.n_rows as f64),
            ("charts/completion", self.completion),
            ("charts/episodic_return", self.mean_return),
            ("charts/agreement", self.agreement),
            ("validation/loss", f64::from(self.scores.loss)),
            ("validation/accuracy", f64::from(self.scores.top_1)),
        ]
    }
}

/// All that a run of DAgger needs besides the environment and the expert.
#[derive(Clone, Debug)]
pub struct Dagger<'a> {
    /// Its settings.
    pub config: &'a DaggerConfig,
    /// How the student is fitted to all that was said, round by round.
    pub cloning: &'a ImitationConfig,
    /// Discount of the returns that the student's value head learns.
    pub gamma: f32,
    /// What those returns are multiplied by.
    pub reward_scale: f32,
    /// Seed of calls, draws and minibatches.
    pub seed: u64,
}

impl Dagger<'_> {
    /// Teaches a student that starts from `weights`; a function of its arguments alone.
    ///
    /// The student sees what is observed of the layout of `env`, the expert what it was made for.
    /// Each round starts from the student of the round before and learns all rounds' rows.
    ///
    /// # Errors
    /// A setting out of range, data that cannot be split, or a loss that is not finite.
    ///
    /// # Panics
    /// If `weights` were made for another layout than what is observed of that of `env`.
    pub fn teach<E: VectorEnv>(
        &self,
        env: &mut E,
        expert: &dyn Expert<E>,
        mut weights: Weights,
        on_round: &mut dyn FnMut(&RoundMetrics),
    ) -> Result<Weights, LearnError> {
        Ranges::first("dagger", |ranges| self.config.check_ranges(ranges))?;
        self.cloning.check()?;
        let layout = env.layout().observed();
        let mut all = Dataset::default();
        for round in 0..self.config.rounds {
            let student = FusedPolicy::new(&weights, &layout);
            let (data, mut metrics) = self.play(env, expert, &student, round);
            all.append(data);
            let seed = derive_seed(self.seed, Stream::Shuffle, round);
            let fitted = imitate(&all, &layout, weights, self.cloning, seed, &mut |_| {})?;
            let best = &fitted.epochs[fitted.best];
            metrics.n_rows = all.len() as u64;
            metrics.scores = best.validation.as_ref().unwrap_or(&best.train).clone();
            on_round(&metrics);
            weights = fitted.weights;
        }
        Ok(weights)
    }

    /// Plays a round and asks the expert at every turn.
    fn play<E: VectorEnv>(
        &self,
        env: &mut E,
        expert: &dyn Expert<E>,
        student: &FusedPolicy,
        round: u64,
    ) -> (Dataset, RoundMetrics) {
        let (n_shown, n_actions) = (env.layout().n_features(), env.layout().n_actions());
        let plan = Plan {
            seed: derive_seed(self.seed, Stream::Demonstrate, round),
            stream: Stream::Demonstrate,
            first: 0,
            n_calls: self.config.calls,
            choice: Choice::Sample,
        };
        let beta = self.config.beta_at(round);
        let mut advice: BTreeMap<u64, Vec<f32>> = BTreeMap::new();
        let mut probs = vec![0.0; n_actions];
        let act = |env: &E, at: At, seen: Observation<'_>| {
            // Calls beyond the last one only fill the batch.
            let counts = at.episode < plan.n_calls;
            let uniform = |stream| uniform_at(plan.seed, stream, at.episode, at.turn);
            let expert_acts = uniform(Stream::Choose) < beta;
            if counts || expert_acts {
                expert.advise(env, at.slot, seen, &mut probs);
            }
            if counts {
                advice.entry(at.episode).or_default().extend(&probs);
            }
            if expert_acts {
                return arg_max(&probs, seen.mask);
            }
            let codes = &seen.codes[..student.n_features()];
            let mask = seen.mask;
            let drawn = uniform(Stream::Act);
            student.sample(Observation { codes, mask }, n_actions, drawn)
        };
        let (mut data, calls) = collect_with(env, act, plan, self.gamma);
        let targets: Vec<f32> = advice.into_values().flatten().collect();
        let rows = targets.chunks_exact(n_actions).zip(&data.masks);
        let wanted: Vec<ActionId> = rows.map(|(probs, mask)| arg_max(probs, *mask)).collect();
        let agreed = wanted.iter().zip(&data.actions).filter(|(a, b)| a == b);
        let (n_rows, n_calls) = (wanted.len() as f64, calls.len() as f64);
        let n_agreed = agreed.count() as f64;
        let n_completed = calls.iter().filter(|c| c.outcome == Outcome::Completed);
        let metrics = RoundMetrics {
            round,
            beta,
            n_rows: 0,
            completion: n_completed.count() as f64 / n_calls,
            mean_return: calls.iter().map(|c| f64::from(c.return_)).sum::<f64>() / n_calls,
            agreement: n_agreed / n_rows,
            scores: Scores::default(),
        };
        data.codes = first_codes(&data.codes, n_shown, student.n_features()).into_owned();
        data.actions = wanted;
        data.targets = Some(targets);
        for group in &mut data.groups {
            *group += (round * self.config.calls) as u32;
        }
        for value in data.returns.iter_mut().flatten() {
            *value *= self.reward_scale;
        }
        (data, metrics)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expert_plays_the_first_round_and_ever_less_of_the_others() {
        let config = DaggerConfig::default();
        assert_eq!(
            [0, 1, 2].map(|round| config.beta_at(round)),
            [1.0, 0.0, 0.0]
        );
        let config = DaggerConfig {
            beta: 0.5,
            ..config
        };
        assert_eq!(
            [0, 1, 3].map(|round| config.beta_at(round)),
            [1.0, 0.5, 0.125]
        );
    }

    #[test]
    fn a_setting_out_of_range_is_named() {
        let config = DaggerConfig {
            beta: 1.5,
            ..Default::default()
        };
        let checked = Ranges::first("dagger", |ranges| config.check_ranges(ranges));
        let error = checked.unwrap_err().to_string();
        assert_eq!(error, "dagger.beta is 1.5, expected in [0, 1]");
    }
}

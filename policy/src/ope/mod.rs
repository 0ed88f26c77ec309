//! Off-policy evaluation: what a policy is worth, judged by calls that another policy made.
//!
//! | file | holds |
//! |---|---|
//! | `importance.rs` | IS, per-decision IS, weighted IS: nothing but weights |
//! | `fqe.rs`, `model.rs` | fitted Q evaluation, the direct method: nothing but action values |
//! | `doubly_robust.rs` | DR, weighted DR: action values corrected by weights |
//! | `behavior.rs` | whose log it is; estimated where probabilities are missing |
//! | `resample.rs` | callers redrawn, for intervals over them |
//! | `gate.rs` | is it better than a baseline? |
//!
//! The value of a policy is the mean over calls of `Σ_t γ^t r_t`, as long as they are watched. The
//! direct method, DR and WDR take their action values from fitted Q evaluation, cross-fitted over two
//! halves of the callers; `fqe` is fitted to all calls.

pub mod behavior;
pub mod fqe;
pub mod gate;

mod doubly_robust;
mod importance;
mod model;
mod resample;
#[cfg(test)]
pub(crate) mod testing;
mod weights;

use offhook_env::belief::layout::Layout;
use offhook_env::policy::Policy;
use offhook_stats::Estimate;
use offhook_stats::quantile::student_quantile;
use offhook_stats::sums::Sums;

use crate::data::trajectories::Trajectories;
use crate::error::{LearnError, require};
use fqe::{Fqe, FqeConfig};
use model::Model;
use weights::{Importance, Target};

/// Settings of an evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct OpeConfig {
    /// Discount per decision, in `[0, 1]`. Default 1: calls end.
    pub gamma: f64,
    /// Nominal coverage of the intervals, in `(0, 1)`. Default 0.95.
    pub level: f64,
    /// Bootstrap resamples of the estimators with weights. Default 1000.
    pub n_resamples: usize,
    /// Resamples on which action values are fitted anew for the interval of the direct method and
    /// of FQE; below 2 they have none. Default 8.
    pub n_refits: u64,
    /// Fitted Q evaluation.
    pub fqe: FqeConfig,
}

impl Default for OpeConfig {
    fn default() -> Self {
        Self {
            gamma: 1.0,
            level: 0.95,
            n_resamples: 1_000,
            n_refits: 8,
            fqe: FqeConfig::default(),
        }
    }
}

impl OpeConfig {
    fn check(&self) -> Result<(), LearnError> {
        let inside = |x: f64| x > 0.0 && x < 1.0;
        let (gamma, level) = (self.gamma, self.level);
        require((0.0..=1.0).contains(&gamma), "ope.gamma", gamma, "0 to 1")?;
        require(inside(level), "ope.level", level, "between 0 and 1")?;
        let n = self.n_resamples;
        require(n > 0, "ope.n_resamples", n, "at least 1")?;
        self.fqe.check()
    }

    /// An estimate in reward units with its interval over callers.
    fn estimate(&self, sums: &Sums, callers: &[u32], seed: u64) -> Option<Estimate> {
        let redraw = |n_callers, b| resample::resample(n_callers, seed, b);
        sums.estimate(callers, self.level, self.n_resamples, redraw)
    }
}

/// An estimator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Estimator {
    /// Ordinary importance sampling.
    Is,
    /// Per-decision importance sampling.
    Pdis,
    /// Weighted importance sampling.
    Wis,
    /// The direct method: mean value of the first observation, values cross-fitted.
    Dm,
    /// Doubly robust.
    Dr,
    /// Weighted doubly robust.
    Wdr,
    /// Fitted Q evaluation: mean value of the first observation, values fitted to all calls.
    Fqe,
}

impl Estimator {
    /// Every estimator, in the order they are shown.
    pub const ALL: [Self; 7] = [
        Self::Is,
        Self::Pdis,
        Self::Wis,
        Self::Dm,
        Self::Dr,
        Self::Wdr,
        Self::Fqe,
    ];

    /// Short name, as in the metric `ope.wis`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Is => "is",
            Self::Pdis => "pdis",
            Self::Wis => "wis",
            Self::Dm => "dm",
            Self::Dr => "dr",
            Self::Wdr => "wdr",
            Self::Fqe => "fqe",
        }
    }
}

/// Least effective number of calls that an interval, or a verdict of the [`gate`], may rest on: below, the few calls that
/// have all of the weight agree by luck, and weights that are not seen are not in the spread.
pub const MIN_EFFECTIVE_N: f64 = 50.0;

/// What a log says of a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// One estimate per estimator, in the order of [`Estimator::ALL`]; `None` where the log has no
    /// call that follows the policy to its end.
    pub estimates: Vec<(Estimator, Option<Estimate>)>,
    /// How many calls of the policy the log is worth (Kish's number of whole calls); the
    /// same for all estimators. The direct method and FQE use no weights: where this is small they do
    /// not vary, they guess.
    pub effective_n: f64,
    /// Mean weight of a whole call: about 1 if the log does all that the policy does.
    pub mean_weight: Option<Estimate>,
    /// The doubly robust value of every call, for [`gate::gate`].
    pub values: Vec<f64>,
}

impl Evaluation {
    /// Whether the estimates' intervals mean anything: whether [`MIN_EFFECTIVE_N`] calls speak of the policy.
    pub fn has_support(&self) -> bool {
        self.effective_n >= MIN_EFFECTIVE_N
    }
}

/// Mean return of the log itself, with its interval over callers.
pub fn on_policy(calls: &Trajectories, config: &OpeConfig, seed: u64) -> Option<Estimate> {
    let returns = importance::returns(calls, config.gamma);
    config.estimate(&Sums::mean(returns), &calls.groups, seed)
}

/// `Σ_t γ^t r_t` of every call, per episode.
pub fn returns(calls: &Trajectories, gamma: f64) -> Vec<f64> {
    importance::returns(calls, gamma)
}

/// Evaluates `policy` on `calls`, whose actions were taken with `behavior_probs` (one per decision,
/// above 0; see [`behavior::Behavior::probs`]). A function of its arguments.
///
/// # Errors
/// Calls that do not fit the layout, fewer than two callers, a setting out of range, or a fit that
/// is not finite.
pub fn evaluate(
    calls: &Trajectories,
    layout: &Layout,
    policy: &dyn Policy,
    behavior_probs: &[f32],
    config: &OpeConfig,
    seed: u64,
) -> Result<Evaluation, LearnError> {
    config.check()?;
    calls.check(layout)?;
    if behavior_probs.len() != calls.len() {
        let (n, found) = (calls.len(), behavior_probs.len());
        let reason = format!("{found} behavior probabilities for {n} decisions");
        return Err(LearnError::Dataset { row: None, reason });
    }
    let gamma = config.gamma;
    let target = Target::ask(policy, calls, layout);
    let importance = Importance::new(calls, &target, behavior_probs);
    let fqe = Fqe::new(calls, layout, &target, gamma);
    let model = Model::cross_fitted(&fqe, calls, &target, &config.fqe, seed)?;
    let all = vec![1.0; calls.n_episodes()];
    let fitted = fqe.fit(&all, &config.fqe, None, seed)?;
    let settings = (config.n_refits, seed);
    let refits = model::refitted(&fqe, &fitted, calls, &target, &config.fqe, settings)?;
    let half = half_width(&refits, config.level);
    let values = doubly_robust::per_episode(calls, &importance, &model, gamma);

    let bootstrapped = |sums: Sums| config.estimate(&sums, &calls.groups, seed);
    let modeled = |firsts: &[f64]| {
        let value = firsts.iter().sum::<f64>() / firsts.len() as f64;
        Some(Estimate {
            value,
            bounds: half.map(|half| (value - half, value + half)),
        })
    };
    let first_rows = (0..calls.n_episodes()).map(|e| calls.rows(e).start);
    let estimate = |estimator| match estimator {
        Estimator::Is => bootstrapped(importance::ordinary(calls, &importance, gamma)),
        Estimator::Pdis => bootstrapped(importance::per_decision(calls, &importance, gamma)),
        Estimator::Wis => bootstrapped(importance::weighted(calls, &importance, gamma)),
        Estimator::Dm => {
            let firsts: Vec<f64> = first_rows.clone().map(|row| model.v[row]).collect();
            modeled(&firsts)
        }
        Estimator::Dr => bootstrapped(doubly_robust::ordinary(&values)),
        Estimator::Wdr => bootstrapped(doubly_robust::weighted(calls, &importance, &model, gamma)),
        Estimator::Fqe => modeled(&model::first_values(&fitted, calls, &target)),
    };
    Ok(Evaluation {
        estimates: Estimator::ALL.map(|e| (e, estimate(e))).to_vec(),
        effective_n: weights::effective_n(&importance.whole),
        mean_weight: bootstrapped(Sums::mean(importance.whole.iter().copied())),
        values,
    })
}

/// Half the width of Student's interval for one more fit like `refits`.
fn half_width(refits: &[f64], level: f64) -> Option<f64> {
    let n = refits.len();
    if n < 2 {
        return None;
    }
    let mean = refits.iter().sum::<f64>() / n as f64;
    let variance = refits.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1) as f64;
    Some(student_quantile(0.5 + 0.5 * level, n - 1) * variance.sqrt())
}

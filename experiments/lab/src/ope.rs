//! Off-policy evaluation: what a policy is worth by the calls of another, and whether it beats a baseline.

use std::path::PathBuf;
use std::sync::Arc;

use offhook_env::policy::Policy;
use offhook_env::scenario::Scenario;
use offhook_policy::data::trajectories::Trajectories;
pub use offhook_policy::ope::MIN_EFFECTIVE_N;
use offhook_policy::ope::behavior::{Behavior, Cloning};
pub use offhook_policy::ope::gate::{Answer, Verdict};
use offhook_policy::ope::gate::{GateConfig, Side, gate};
use offhook_policy::ope::{self, Evaluation, OpeConfig};
use offhook_simulator::world;
use offhook_stats::Estimate;

use crate::error::Failure;
use crate::logs::{self, Log, Reward, Where};
use crate::play::Choice;
use crate::policies::{self, Greedy, PolicySource};
use crate::unit::Unit;

/// What a baseline that is not named is called.
pub const THE_LOG: &str = "the log";

/// What to judge by which calls.
#[derive(Clone, Debug)]
pub struct OpePlan {
    /// A call log.
    pub log: PathBuf,
    /// The policy to judge, by name.
    pub policy: String,
    /// The policy it has to beat, by name; the log itself if not given.
    pub baseline: Option<String>,
    /// Probability with which the gate calls no policy better that is not, in `(0.5, 1)`.
    pub confidence: f64,
    /// `logged`, `estimated`, or the policy that made the log; `logged` where every turn has a
    /// probability, else `estimated`, if not given.
    pub behavior: Option<String>,
    /// Discount per turn, in `[0, 1]`.
    pub gamma: f64,
    /// Caller features that a call must have.
    pub wanted: Where,
    /// A path or the name of a bundled scenario; the one that the log names if not given.
    pub scenario: Option<String>,
    /// Seed of fits and resamples.
    pub seed: u64,
}

/// What a log tells of a policy.
#[derive(Clone, Debug)]
pub struct OffPolicyEvaluation {
    /// Name of the scenario.
    pub scenario: String,
    /// The policy as it was named.
    pub policy: String,
    /// Whether it is proved to break no rule of conduct in any cell; `None` for one that is no table.
    pub proved: Option<bool>,
    /// The baseline as it was named, or [`THE_LOG`].
    pub baseline: String,
    /// Who made the log: `logged`, `estimated`, or a policy's name.
    pub behavior: String,
    /// Calls of the log.
    pub n_calls: usize,
    /// Decisions in them.
    pub n_decisions: usize,
    /// Callers in them.
    pub n_callers: usize,
    /// What the values are made of.
    pub reward: Reward,
    /// What the policy that made the log was worth.
    pub on_policy: Option<Estimate>,
    /// The policy's value by every estimator, by name; without intervals where `has_support` is not.
    pub estimates: Vec<(&'static str, Option<Estimate>)>,
    /// Whether enough calls speak of the policy for intervals to mean anything, [`MIN_EFFECTIVE_N`].
    pub has_support: bool,
    /// Calls that the estimates rest on in effect.
    pub effective_n: f64,
    /// The same for the baseline.
    pub baseline_effective_n: f64,
    /// Confidence of the verdict, in `(0.5, 1)`.
    pub confidence: f64,
    /// Whether the policy beats the baseline.
    pub verdict: Verdict,
}

/// Judges a policy; that the log cannot tell is no error.
///
/// # Errors
/// If the log or a policy cannot be used.
pub fn evaluate(plan: &OpePlan) -> Result<OffPolicyEvaluation, Failure> {
    let evidence = Evidence::read(plan)?;
    let policy = evidence.judge(&plan.policy, plan.seed)?;
    let proved = PolicySource::open(&plan.policy)?.is_proved(&evidence.scenario)?;
    let baseline = match &plan.baseline {
        Some(name) => Some(evidence.judge(name, plan.seed)?),
        None => None,
    };
    let returns = ope::returns(&evidence.calls, plan.gamma);
    let name = plan.baseline.as_deref().unwrap_or(THE_LOG);
    let baseline = match &baseline {
        Some(found) => Side::evaluated(name, found),
        None => Side::of_the_log(name, &returns),
    };
    let config = GateConfig {
        confidence: plan.confidence,
        ..Default::default()
    };
    let side = Side::evaluated(&plan.policy, &policy);
    let verdict = gate(&side, &baseline, &evidence.calls.groups, &config);
    let on_policy = ope::on_policy(&evidence.calls, &evidence.config, plan.seed);
    let estimates = policy.estimates.iter().map(|(estimator, found)| {
        let supported = |found: Estimate| match policy.has_support() {
            true => found,
            false => Estimate::point(found.value),
        };
        (estimator.name(), found.map(supported))
    });
    Ok(OffPolicyEvaluation {
        policy: plan.policy.clone(),
        proved,
        baseline: name.to_owned(),
        n_calls: evidence.calls.n_episodes(),
        n_decisions: evidence.calls.len(),
        n_callers: evidence.log.n_callers(),
        reward: evidence.reward,
        on_policy,
        estimates: estimates.collect(),
        has_support: policy.has_support(),
        effective_n: policy.effective_n,
        baseline_effective_n: baseline.effective_n,
        confidence: plan.confidence,
        verdict,
        scenario: evidence.scenario.name.clone(),
        behavior: evidence.behavior,
    })
}

impl OffPolicyEvaluation {
    /// The unit of the values.
    pub fn unit(&self) -> Unit {
        match self.reward {
            Reward::Turns => Unit::plain("reward", 2),
            Reward::Success => Unit::share(),
        }
    }
}

/// All that is known of the log before a policy is judged.
struct Evidence {
    scenario: Arc<Scenario>,
    log: Log,
    calls: Trajectories,
    reward: Reward,
    /// `logged`, `estimated`, or a policy's name.
    behavior: String,
    behavior_probs: Vec<f32>,
    config: OpeConfig,
}

impl Evidence {
    fn read(plan: &OpePlan) -> Result<Self, Failure> {
        let name = match &plan.scenario {
            Some(name) => name.clone(),
            None => logs::scenario_name(&plan.log)?,
        };
        let (scenario, _) = world::load_scenario(&name, None)?;
        let log = Log::read(&scenario, &plan.log, &plan.wanted)?;
        let (calls, reward) = log.trajectories()?;
        let behavior = match &plan.behavior {
            Some(name) => name.clone(),
            None if log.without_prob().is_none() => "logged".to_owned(),
            None => "estimated".to_owned(),
        };
        let cloning = Cloning::default();
        let layout = &scenario.layout;
        let probs = |behavior: Behavior<'_>| {
            let probs = behavior.probs(&calls, layout, plan.seed);
            probs.map_err(|e| log.failure(e))
        };
        let behavior_probs = match behavior.as_str() {
            "logged" => {
                if let Some(place) = log.without_prob() {
                    return Err(Failure::failed(format!(
                        "{place}; estimate the behavior with `--behavior estimated`"
                    )));
                }
                probs(Behavior::Logged)?
            }
            "estimated" => probs(Behavior::Estimated(&cloning))?,
            name => probs(Behavior::Known(&*policy(name, &scenario)?))?,
        };
        let config = OpeConfig {
            gamma: plan.gamma,
            ..Default::default()
        };
        Ok(Self {
            scenario,
            log,
            calls,
            reward,
            behavior,
            behavior_probs,
            config,
        })
    }

    fn judge(&self, name: &str, seed: u64) -> Result<Evaluation, Failure> {
        let policy = policy(name, &self.scenario)?;
        let found = ope::evaluate(
            &self.calls,
            &self.scenario.layout,
            &*policy,
            &self.behavior_probs,
            &self.config,
            seed,
        );
        found.map_err(|e| self.log.failure(e))
    }
}

/// A policy with the probabilities of what it would do: 1 for the best action of those that do not
/// draw.
fn policy(name: &str, scenario: &Scenario) -> Result<Arc<dyn Policy>, Failure> {
    match policies::find(name, scenario)? {
        (policy, Choice::Sample) => Ok(policy),
        (policy, Choice::Best) => Ok(Arc::new(Greedy(policy))),
        (_, Choice::Plan | Choice::Told) => Err(Failure::usage(format!(
            "'{name}' has the hidden customer in view, whom a log does not have"
        ))),
        (_, Choice::Believe) => Err(Failure::usage(format!(
            "'{name}' plans by all that was heard so far, which no observation shows"
        ))),
    }
}

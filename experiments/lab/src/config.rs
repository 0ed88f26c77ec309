//! The experiment config: scenario, stages with their settings, seeds, evaluation.

mod mistakes;
mod section;

use offhook_env::diagnostic::Source;
use offhook_policy::distill::DistillConfig;
use offhook_policy::learner::config::{LearnerConfig, OfflineLearnerConfig};
use offhook_policy::learner::dagger::DaggerConfig;
use offhook_policy::learner::imitation::ImitationConfig;
use offhook_policy::learner::ppo::PpoConfig;
use offhook_policy::learner::settings::Settings as _;
use offhook_policy::network::weights::NetworkConfig;
use offhook_simulator::tracking::TrackerConfig;
use offhook_simulator::variation::Variation;
use serde::Deserialize;

use self::mistakes::Mistake;
pub use self::section::WithLearner;
use crate::error::Failure;
use crate::logs::Where;
use offhook_env::diagnostic::Text;
use offhook_simulator::bundle;
use offhook_simulator::bundled::Folder;

/// The bundled experiments.
pub const CONFIGS: Folder = Folder {
    kind: "config",
    files: bundle!(
        "../../configs": "quickstart", "insurance_renewal", "fund_notice", "compliance_followup",
        "merchant_promotion", "arrears_reminder", "epidemic_survey", "dqn", "offline", "teacher", "constrained",
        "randomized", "dstc2", "voicemail_pomdp"
    ),
};

/// An experiment.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name, which is the run directory's if no other is given.
    pub name: String,
    /// Scenario: a path (from here or from beside the config) or the name of a bundled one.
    pub scenario: String,
    /// Training seeds; each trains a policy of its own.
    pub seeds: Vec<u64>,
    /// Shape of the network.
    #[serde(default)]
    pub network: NetworkConfig,
    /// How the robot comes to believe what it believes.
    #[serde(default)]
    pub tracker: TrackerConfig,
    /// First stage: clone the hand-written flow, or the robot of a log.
    pub imitation: Imitation,
    /// A teacher that sees the hidden customer, for `imitation.dagger` or `reinforcement.kickstart`.
    #[serde(default)]
    pub teacher: Option<Teacher>,
    /// Second stage: improve in simulation.
    #[serde(default)]
    pub reinforcement: Option<WithLearner<Reinforcement, LearnerConfig>>,
    /// Second stage, in its place: improve on a log, without another call.
    #[serde(default)]
    pub offline: Option<WithLearner<Offline, OfflineLearnerConfig>>,
    /// Third stage: put the policy into a table.
    #[serde(default)]
    pub distill: Option<DistillConfig>,
    /// How the policies are judged.
    #[serde(default)]
    pub evaluation: Evaluation,
}

/// Settings of the first stage.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Imitation {
    /// Calls of the hand-written flow to imitate, logged in simulation.
    #[serde(default)]
    pub calls: u64,
    /// A call log to imitate instead; a path from the working directory.
    #[serde(default)]
    pub log: Option<String>,
    /// With a log: only the calls with these caller features, as in `where = { dialog_manager = "0" }`.
    #[serde(default, rename = "where")]
    pub of: Where,
    /// With a log: share of the callers kept apart to judge the result, in `(0, 1)`.
    #[serde(default = "default_test_share")]
    pub test_share: f64,
    /// Settings of behavior cloning.
    #[serde(default)]
    pub behavior_cloning: ImitationConfig,
    /// After cloning, play and learn what an expert would have done.
    #[serde(default)]
    pub dagger: Option<DaggerConfig>,
}

/// Settings of the privileged teacher.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Teacher {
    /// Iterations between two points of its learning curve, each of which is a checkpoint as well.
    pub evaluate_every: u64,
    /// Settings of PPO on observations that show the hidden customer.
    pub ppo: PpoConfig,
}

fn default_test_share() -> f64 {
    0.3
}

/// Settings of the second stage, beside those of one learner: how often it is judged, and on what it
/// learns.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reinforcement {
    /// Iterations between two points of the learning curve, each of which is a checkpoint as well.
    pub evaluate_every: u64,
    /// Whether the imitation term of PPO holds on to the teacher instead of the start.
    #[serde(default)]
    pub kickstart: bool,
    /// Learn on calls that vary around the population; evaluation stays on the plain one.
    #[serde(default)]
    pub randomize: Option<Variation>,
}

/// Settings of learning from a log, beside those of one learner: the log, and how often the result is
/// judged in simulation. The first stage then clones the policy that wrote the log.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offline {
    /// The call log, with rewards; a path from the working directory.
    pub log: String,
    /// Iterations between two points of the learning curve, each of which is a checkpoint as well.
    pub evaluate_every: u64,
}

/// How the policies are judged.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// Held-out calls per seed and policy at the end.
    pub calls: u64,
    /// Held-out calls per seed and point of the learning curve.
    pub curve_calls: u64,
    /// How many of the held-out calls a planner that sees the hidden customer plays as well, to say
    /// how much room there is; it is about a thousand times slower than a policy. Default 0.
    #[serde(default)]
    pub privileged_calls: u64,
    /// How many of them a planner plays that supposes customers, given what was heard, to say how much of the room a
    /// phone can have; 1,000 take some 30 CPU seconds. Default 0.
    #[serde(default)]
    pub belief_calls: u64,
}

impl Default for Evaluation {
    fn default() -> Self {
        Self {
            calls: 10_000,
            curve_calls: 1_000,
            privileged_calls: 0,
            belief_calls: 0,
        }
    }
}

impl Config {
    /// Reads a config.
    ///
    /// # Errors
    /// Every mistake in it, with line and column.
    pub fn parse(text: &Text) -> Result<Self, Failure> {
        let mut source = Source::new(&text.file, &text.text);
        let is_there = |key: &str| !source.place_of(&[key]).is_empty();
        if is_there("purpose") && !is_there("imitation") {
            return Err(Failure::usage(format!(
                "'{}' is a scenario and no experiment; write one for it with `offhook scenario config {}`, and run \
                 that",
                text.file, text.file
            )));
        }
        let config: Option<Self> = source.parse();
        match &config {
            Some(config) => {
                // What was left out as faulty is not missed as well.
                let is_whole = source.is_clean();
                for Mistake { key, message } in config.mistakes(is_whole) {
                    let path: Vec<&str> = key.split('.').collect();
                    source.report(source.place_of(&path), message);
                }
            }
            None => source.report_if_clean("not an experiment config"),
        }
        source.finish()?;
        config.ok_or_else(|| Failure::failed(format!("{}: not an experiment config", text.file)))
    }

    /// Iterations of the second stage between two points of the learning curve, if there is one.
    pub fn evaluate_every(&self) -> Option<u64> {
        let online = self.reinforcement.as_ref().map(|r| r.own.evaluate_every);
        online.or(self.offline.as_ref().map(|o| o.own.evaluate_every))
    }

    /// Discount and reward scale of the second stage, in which values are kept.
    pub fn units(&self) -> (f32, f32) {
        let online = self.reinforcement.as_ref().and_then(|r| r.learner());
        let online = online.map(|l| (l.settings().gamma(), l.settings().reward_scale()));
        let offline = self.offline.as_ref().and_then(|o| o.learner());
        let offline = offline.map(|l| (l.settings().gamma(), l.settings().reward_scale()));
        online.or(offline).unwrap_or((1.0, 1.0))
    }

    /// The same experiment with one seed and a small budget: every stage and every file, in seconds.
    pub fn quick(mut self) -> Self {
        self.seeds.truncate(1);
        self.imitation.calls = self.imitation.calls.min(300);
        self.imitation.behavior_cloning.n_epochs = self.imitation.behavior_cloning.n_epochs.min(10);
        if let Some(teacher) = &mut self.teacher {
            teacher.evaluate_every = teacher.evaluate_every.min(2);
            teacher.ppo.bound(4);
        }
        if let Some(dagger) = &mut self.imitation.dagger {
            dagger.rounds = dagger.rounds.min(2);
            dagger.calls = dagger.calls.min(100);
        }
        if let Some(reinforcement) = &mut self.reinforcement {
            reinforcement.own.evaluate_every = reinforcement.own.evaluate_every.min(2);
            let learner = reinforcement.learner_mut();
            learner.into_iter().for_each(|l| l.settings_mut().bound(8));
        }
        if let Some(offline) = &mut self.offline {
            offline.own.evaluate_every = offline.own.evaluate_every.min(2);
            let learner = offline.learner_mut();
            learner.into_iter().for_each(|l| l.settings_mut().bound(8));
        }
        if let Some(distill) = &mut self.distill {
            *distill = distill.clone().quick();
        }
        self.evaluation.calls = self.evaluation.calls.min(1_000);
        self.evaluation.privileged_calls = self.evaluation.privileged_calls.min(100);
        self.evaluation.belief_calls = self.evaluation.belief_calls.min(100);
        self.evaluation.curve_calls = self.evaluation.curve_calls.min(500);
        self
    }
}

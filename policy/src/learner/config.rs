//! The lists of learners: the one place that knows them all. A new one is a line here, beside its file.

use std::sync::Arc;

use offhook_env::policy::Policy;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::bcq::BcqConfig;
use super::cql::CqlConfig;
use super::dqn::DqnConfig;
use super::ppo::PpoConfig;
use super::sarsa::SarsaConfig;
use super::settings::{OfflineSettings, OnlineSettings, Settings};
use super::tabular::TabularConfig;
use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::network::fused::FusedPolicy;

/// A list of learners, of which a config names one.
pub trait LearnerList: Sized {
    /// Their names, in the order of the list.
    fn names() -> Vec<&'static str>;

    /// Reads the settings of the learner called `name`.
    ///
    /// # Errors
    /// Settings that are none, or a name that is not in the list.
    fn read<'de, D: Deserializer<'de>>(name: &str, settings: D) -> Result<Self, D::Error>;

    /// The policy that a checkpoint of the learner called `name` stands for; `None` if that is not in
    /// the list.
    fn policy_of(
        name: &str,
        checkpoint: &Checkpoint,
    ) -> Option<Result<Arc<dyn Policy>, CheckpointError>>;
}

/// Makes a list of learners: an enum with the settings of one of them, which know the rest.
macro_rules! learner_list {
    (
        $(#[$doc:meta])*
        $vis:vis enum $List:ident: $Settings:ident {
            $($(#[$learner_doc:meta])* $Learner:ident($Config:ty),)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        $vis enum $List {
            $($(#[$learner_doc])* $Learner($Config),)+
        }

        impl $List {
            /// The learner's name.
            $vis fn name(&self) -> &'static str {
                match self {
                    $(Self::$Learner(_) => <$Config as Settings>::name(),)+
                }
            }

            /// The settings of the learner, whichever it is.
            $vis fn settings(&self) -> &dyn $Settings {
                match self {
                    $(Self::$Learner(config) => config,)+
                }
            }

            /// The same, to be changed.
            $vis fn settings_mut(&mut self) -> &mut dyn $Settings {
                match self {
                    $(Self::$Learner(config) => config,)+
                }
            }
        }

        impl LearnerList for $List {
            fn names() -> Vec<&'static str> {
                vec![$(<$Config as Settings>::name()),+]
            }

            fn read<'de, D: Deserializer<'de>>(name: &str, settings: D) -> Result<Self, D::Error> {
                $(if name == <$Config as Settings>::name() {
                    return <$Config>::deserialize(settings).map(Self::$Learner);
                })+
                Err(D::Error::custom(format!("no learner '{name}'")))
            }

            fn policy_of(
                name: &str,
                checkpoint: &Checkpoint,
            ) -> Option<Result<Arc<dyn Policy>, CheckpointError>> {
                $(if name == <$Config as Settings>::name() {
                    return Some(<$Config as Settings>::policy_of(checkpoint));
                })+
                None
            }
        }
    };
}

learner_list! {
    /// A learner that plays calls, with its settings.
    pub enum LearnerConfig: OnlineSettings {
        /// Proximal policy optimization.
        Ppo(PpoConfig),
        /// Deep Q-learning.
        Dqn(DqnConfig),
        /// Tabular Q-learning.
        QLearning(TabularConfig),
        /// Tabular SARSA(λ).
        Sarsa(SarsaConfig),
    }
}

learner_list! {
    /// A learner from a log alone, with its settings.
    pub enum OfflineLearnerConfig: OfflineSettings {
        /// Conservative Q-learning.
        Cql(CqlConfig),
        /// Batch-constrained Q-learning.
        Bcq(BcqConfig),
    }
}

/// The policy that a checkpoint stands for, to be judged by its best action.
///
/// # Errors
/// If a part that the learner's policy needs is missing.
pub fn policy_of(checkpoint: &Checkpoint) -> Result<Arc<dyn Policy>, CheckpointError> {
    let name = checkpoint.progress.as_ref().map(|p| p.learner.as_str());
    let of_learner = name.and_then(|name| {
        let online = LearnerConfig::policy_of(name, checkpoint);
        online.or_else(|| OfflineLearnerConfig::policy_of(name, checkpoint))
    });
    of_learner.unwrap_or_else(|| {
        let (weights, layout) = (&checkpoint.weights, &checkpoint.layout);
        Ok(Arc::new(FusedPolicy::new(weights, layout)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{LearnError, require};
    use crate::learner::settings::{Needs, OnlineStart};
    use crate::learner::{Learner, Update};
    use crate::network::weights::{NetworkConfig, Weights};
    use crate::ranges::Ranges;
    use offhook_env::action::ActionId;
    use offhook_env::belief::layout::Layout;
    use offhook_env::call::vector_env::{StepBatch, VectorEnv};
    use offhook_env::policy::RandomPolicy;
    use offhook_env::rng::Stream;

    /// Settings of a learner that does nothing so many times: all that a new learner has to say.
    #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct IdleConfig {
        n_iterations: u64,
    }

    struct Idle {
        config: IdleConfig,
        iteration: u64,
    }

    impl Learner for Idle {
        fn update(&mut self) -> Result<Update, LearnError> {
            self.iteration += 1;
            Ok(Update {
                steps: 0,
                n_calls_ended: 0,
                metrics: Vec::new(),
            })
        }

        fn policy(&self) -> Arc<dyn Policy> {
            Arc::new(RandomPolicy)
        }

        fn checkpoint(&self) -> Result<Option<Checkpoint>, LearnError> {
            Ok(None)
        }

        fn iteration(&self) -> u64 {
            self.iteration
        }

        fn n_iterations(&self) -> u64 {
            self.config.n_iterations
        }
    }

    impl Settings for IdleConfig {
        fn name() -> &'static str {
            "idle"
        }

        fn check(&self, ranges: &mut Ranges) {
            ranges.at_least_1([("n_iterations", self.n_iterations)]);
        }

        fn gamma(&self) -> f32 {
            0.5
        }

        fn bound(&mut self, n_iterations: u64) {
            self.n_iterations = self.n_iterations.min(n_iterations);
        }
    }

    impl IdleConfig {
        fn begin(&self, env: &dyn VectorEnv) -> Result<Box<dyn Learner>, LearnError> {
            let n_calls = env.n_calls();
            require(n_calls == 1, "idle.n_calls", n_calls, "1")?;
            Ok(Box::new(Idle {
                config: self.clone(),
                iteration: 0,
            }))
        }
    }

    /// Calls that nobody plays.
    struct NoCalls(Layout);

    impl VectorEnv for NoCalls {
        fn layout(&self) -> &Layout {
            &self.0
        }

        fn n_calls(&self) -> usize {
            1
        }

        fn reset(&mut self, _: u64, _: Stream, _: &mut StepBatch) {}

        fn step(&mut self, _: &[ActionId], _: &mut StepBatch) {}

        fn fork(&self, _: &[u32], _: u64, _: &mut StepBatch) -> Box<dyn VectorEnv> {
            Box::new(Self(self.0.clone()))
        }
    }

    impl OnlineSettings for IdleConfig {
        fn needs(&self) -> Needs {
            Needs {
                n_calls: 1,
                ..Needs::default()
            }
        }

        fn start(&self, start: OnlineStart) -> Result<Box<dyn Learner>, LearnError> {
            self.begin(&*start.env)
        }

        fn resume(
            &self,
            env: Box<dyn VectorEnv>,
            _: &Checkpoint,
            _: u64,
        ) -> Result<Box<dyn Learner>, LearnError> {
            self.begin(&*env)
        }
    }

    learner_list! {
        /// The list with one learner more.
        enum WithIdle: OnlineSettings {
            /// The first of the real list.
            Ppo(PpoConfig),
            /// The new one: this line is all that it takes.
            Idle(IdleConfig),
        }
    }

    #[test]
    fn a_learner_is_a_file_and_a_line() {
        assert_eq!(WithIdle::names(), ["ppo", "idle"]);
        let settings = serde_json::json!({"n_iterations": 9});
        let mut config = WithIdle::read("idle", settings).expect("settings");
        config.settings_mut().bound(2);
        assert_eq!(config.name(), "idle");
        let settings = config.settings();
        assert_eq!((settings.gamma(), settings.reward_scale()), (0.5, 1.0));
        assert_eq!(settings.needs().n_calls, 1);
        let layout = crate::testing::layout(&[2], 2);
        let start = OnlineStart {
            env: Box::new(NoCalls(layout.clone())),
            weights: Weights::initial(&NetworkConfig::default(), &layout, 1),
            teacher: None,
            demonstrations: None,
            seed: 1,
        };
        let checkpoint = Checkpoint {
            layout,
            weights: start.weights.clone(),
            progress: None,
        };
        let mut learner = settings.start(start).expect("a start");
        while !learner.is_done() {
            learner.update().expect("nothing to go wrong");
        }
        assert_eq!(learner.iteration(), 2);
        assert!(WithIdle::policy_of("idle", &checkpoint).is_some_and(|policy| policy.is_ok()));
        assert!(WithIdle::policy_of("dqn", &checkpoint).is_none());
    }

    #[test]
    fn no_two_learners_share_a_name() {
        let mut names = [LearnerConfig::names(), OfflineLearnerConfig::names()].concat();
        assert_eq!(
            names,
            ["ppo", "dqn", "q_learning", "sarsa", "cql", "bcq"],
            "sections of configs and learners of checkpoints; to rename one breaks files"
        );
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 6);
    }

    #[test]
    fn settings_of_an_unknown_learner_are_an_error() {
        let read = |name| LearnerConfig::read(name, serde_json::json!({"steps": 1}));
        let message = read("ppo").expect_err("an unknown key").to_string();
        assert!(message.starts_with("unknown field `steps`"), "{message}");
        let message = read("idle").expect_err("an unknown name").to_string();
        assert_eq!(message, "no learner 'idle'");
    }
}

//! Who made a log: the probabilities of its actions, read, asked for, or estimated.

use offhook_env::belief::layout::Layout;
use offhook_env::policy::Policy;

use super::model::folds;
use super::weights::taken_probs;
use crate::data::dataset::Dataset;
use crate::data::trajectories::Trajectories;
use crate::error::LearnError;
use crate::learner::imitation::{ImitationConfig, imitate};
use crate::network::fused::FusedPolicy;
use crate::network::weights::{NetworkConfig, Weights};

/// Where the probabilities of the logged actions come from.
pub enum Behavior<'a> {
    /// The log itself has them.
    Logged,
    /// A policy that is known to have made the log.
    Known(&'a dyn Policy),
    /// Behavior cloning of the log; of each half of the callers for the other half.
    Estimated(&'a Cloning),
}

/// How a behavior policy is estimated.
#[derive(Clone, Debug, PartialEq)]
pub struct Cloning {
    /// Shape of the network. Default one layer of 64.
    pub network: NetworkConfig,
    /// Settings of behavior cloning. Defaults those of [`ImitationConfig`] but for dropout 0.3, since
    /// what is wanted are probabilities, not the best action.
    pub imitation: ImitationConfig,
    /// Least probability: an action that was taken was not impossible. Bounds the weights at the
    /// price of a bias. Default 0.001.
    pub floor: f32,
}

impl Default for Cloning {
    fn default() -> Self {
        Self {
            network: NetworkConfig {
                hidden: vec![64],
                ..Default::default()
            },
            imitation: ImitationConfig {
                dropout: 0.3,
                ..Default::default()
            },
            floor: 0.001,
        }
    }
}

impl Behavior<'_> {
    /// `b(a_t | o_t)` of every decision of `calls`, all above 0.
    ///
    /// # Errors
    /// If the log lacks a probability that is wanted, the known policy never does what the log
    /// shows, or cloning fails.
    pub fn probs(
        &self,
        calls: &Trajectories,
        layout: &Layout,
        seed: u64,
    ) -> Result<Vec<f32>, LearnError> {
        match self {
            Self::Logged => calls.action_probs.clone().ok_or(LearnError::Dataset {
                row: None,
                reason: "actions lack their probabilities; have the behavior estimated".to_owned(),
            }),
            Self::Known(policy) => {
                let probs = taken_probs(*policy, calls, layout);
                match probs.iter().position(|prob| *prob <= 0.0) {
                    Some(row) => Err(LearnError::Dataset {
                        row: Some(row),
                        reason: format!(
                            "the behavior policy never takes action '{}' there, which the log shows",
                            layout.actions[calls.actions[row] as usize]
                        ),
                    }),
                    None => Ok(probs),
                }
            }
            Self::Estimated(cloning) => cloning.probs(calls, layout, seed),
        }
    }
}

impl Cloning {
    fn probs(
        &self,
        calls: &Trajectories,
        layout: &Layout,
        seed: u64,
    ) -> Result<Vec<f32>, LearnError> {
        let folds = folds(&calls.groups).ok_or_else(|| LearnError::Dataset {
            row: None,
            reason: "all calls are of one caller; 2 are needed to estimate the behavior".to_owned(),
        })?;
        let mut probs = vec![0.0; calls.len()];
        for half in [false, true] {
            let weights = Weights::initial(&self.network, layout, seed);
            let data = part(calls, layout, &folds, half);
            // A handful of callers cannot spare any to validate on.
            let mut config = self.imitation.clone();
            if data.split(config.validation_share, seed).is_err() {
                config.validation_share = 0.0;
            }
            let cloned = imitate(&data, layout, weights, &config, seed, &mut |_| {})?;
            let policy = FusedPolicy::new(&cloned.weights, layout);
            let asked = taken_probs(&policy, calls, layout);
            for episode in (0..calls.n_episodes()).filter(|e| folds[*e] != half) {
                for row in calls.rows(episode) {
                    probs[row] = asked[row].max(self.floor);
                }
            }
        }
        Ok(probs)
    }
}

/// The decisions of the calls of one half.
fn part(calls: &Trajectories, layout: &Layout, folds: &[bool], half: bool) -> Dataset {
    let n_features = layout.n_features();
    let mut data = Dataset::default();
    for episode in (0..calls.n_episodes()).filter(|e| folds[*e] == half) {
        let rows = calls.rows(episode);
        let codes = &calls.codes[rows.start * n_features..rows.end * n_features];
        data.codes.extend_from_slice(codes);
        data.masks.extend_from_slice(&calls.masks[rows.clone()]);
        data.actions.extend_from_slice(&calls.actions[rows.clone()]);
        data.groups
            .extend(rows.clone().map(|_| calls.groups[episode]));
        data.weights.extend(rows.map(|_| 1.0));
    }
    data
}

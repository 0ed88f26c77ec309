//! Whether a checkpoint fits the scenario, the network and the run that ask for it.

use offhook_env::belief::layout::{Feature, Layout};

use super::{Checkpoint, CheckpointError, Network, Progress};
use crate::network::weights::{Activation, Dense, NetworkConfig, Weights};

impl Checkpoint {
    /// Refuses a checkpoint that was made for another layout, and says where they first differ.
    pub fn check_layout(&self, expected: &Layout) -> Result<(), CheckpointError> {
        match difference(&self.layout, expected) {
            Some(text) => Err(CheckpointError::Layout(text)),
            None => Ok(()),
        }
    }

    /// Refuses a checkpoint of another network shape.
    pub fn check_network(&self, expected: &NetworkConfig) -> Result<(), CheckpointError> {
        let found = self.weights.config();
        if found == *expected {
            return Ok(());
        }
        let shape = |c: &NetworkConfig| format!("{:?} with {:?}", c.hidden, c.activation);
        Err(CheckpointError::Network {
            found: shape(&found),
            expected: shape(expected),
        })
    }

    /// The weights of a further network that must have the shape of the main one.
    pub fn same_shape<'a>(
        &self,
        name: &str,
        network: &'a Network,
    ) -> Result<&'a Weights, CheckpointError> {
        let shapes = |weights: &Weights| {
            let shape = |(_, layer): (_, &Dense)| [layer.n_in, layer.n_out];
            (
                weights.activation,
                weights.layers().map(shape).collect::<Vec<_>>(),
            )
        };
        let [found, expected] = [&network.weights, &self.weights].map(shapes);
        if found == expected {
            return Ok(&network.weights);
        }
        let text = |(activation, layers): (Activation, Vec<[usize; 2]>)| {
            format!("{layers:?} with {activation:?}")
        };
        Err(CheckpointError::Network {
            found: format!("'{name}' {}", text(found)),
            expected: text(expected),
        })
    }

    /// The progress of `learner`, if it was made with the same settings and seed; `engine` may
    /// differ, since every engine computes the same up to rounding.
    pub fn progress_of(
        &self,
        learner: &str,
        config: &serde_json::Value,
        seed: u64,
    ) -> Result<&Progress, CheckpointError> {
        let progress = self.progress.as_ref().ok_or(CheckpointError::NoProgress)?;
        let differs = |what: &str, found: String, expected: String| {
            Err(CheckpointError::Run {
                what: what.to_owned(),
                found,
                expected,
            })
        };
        if progress.learner != learner {
            return differs("learner", progress.learner.clone(), learner.to_owned());
        }
        if progress.seed != seed {
            return differs("seed", progress.seed.to_string(), seed.to_string());
        }
        if without_engine(&progress.config) != without_engine(config) {
            let entry = |json: &serde_json::Value, key: &str| {
                json.get(key)
                    .map_or("absent".to_owned(), |value| value.to_string())
            };
            let objects = [&progress.config, config].map(|json| json.as_object());
            for key in objects
                .into_iter()
                .flatten()
                .flat_map(|object| object.keys())
            {
                let (found, expected) = (entry(&progress.config, key), entry(config, key));
                if found != expected && key != ENGINE {
                    return differs(key, found, expected);
                }
            }
            return differs("settings", progress.config.to_string(), config.to_string());
        }
        Ok(progress)
    }
}

impl Progress {
    /// A further network.
    pub fn network(&self, name: &str) -> Result<&Network, CheckpointError> {
        let missing = || missing("network", name);
        self.networks.get(name).ok_or_else(missing)
    }

    /// Further numbers.
    pub fn numbers(&self, name: &str) -> Result<&[f64], CheckpointError> {
        let found = self.numbers.get(name).map(Vec::as_slice);
        found.ok_or_else(|| missing("numbers", name))
    }

    /// Further bytes.
    pub fn bytes(&self, name: &str) -> Result<&[u8], CheckpointError> {
        let found = self.bytes.get(name).map(Vec::as_slice);
        found.ok_or_else(|| missing("bytes", name))
    }
}

fn missing(kind: &'static str, name: &str) -> CheckpointError {
    let name = name.to_owned();
    CheckpointError::Missing { kind, name }
}

/// The setting that a run may go on without.
const ENGINE: &str = "engine";

fn without_engine(config: &serde_json::Value) -> serde_json::Value {
    let mut config = config.clone();
    if let Some(settings) = config.as_object_mut() {
        settings.remove(ENGINE);
    }
    config
}

/// Where two layouts first differ, the found one named first.
fn difference(found: &Layout, expected: &Layout) -> Option<String> {
    if found.scenario != expected.scenario {
        let (a, b) = (&found.scenario, &expected.scenario);
        return Some(format!("it was made for '{a}', this is '{b}'"));
    }
    let features = found.features.iter().zip(&expected.features);
    if let Some((i, (a, b))) = features.enumerate().find(|(_, (a, b))| a != b) {
        let text = |f: &Feature| format!("'{}' {:?}", f.name, f.levels);
        return Some(format!(
            "its feature {i} is {}, expected {}",
            text(a),
            text(b)
        ));
    }
    let actions = found.actions.iter().zip(&expected.actions);
    if let Some((i, (a, b))) = actions.enumerate().find(|(_, (a, b))| a != b) {
        return Some(format!("its action {i} is '{a}', expected '{b}'"));
    }
    if found.tracker != expected.tracker {
        let name = |layout: &Layout| layout.tracker.clone().unwrap_or("focus".to_owned());
        let (a, b) = (name(found), name(expected));
        return Some(format!(
            "its codes come from the tracker {a}, here from {b}; name the run that it is of"
        ));
    }
    let sizes = [found, expected].map(|l| (l.n_features(), l.n_actions()));
    (sizes[0] != sizes[1]).then(|| {
        let [(f, a), (g, b)] = sizes;
        format!("it has {f} features and {a} actions, expected {g} and {b}")
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::checkpoint;
    use super::*;

    #[test]
    fn another_scenario_is_refused_with_both_names() {
        let checkpoint = checkpoint();
        let mut other = checkpoint.layout.clone();
        other.scenario = "insurance".to_owned();
        let error = checkpoint.check_layout(&other).unwrap_err().to_string();
        assert!(
            error.contains("'test'") && error.contains("'insurance'"),
            "{error}"
        );
        let mut other = checkpoint.layout.clone();
        other.features[1].levels[0] = "busy".to_owned();
        let error = checkpoint.check_layout(&other).unwrap_err().to_string();
        assert!(
            error.contains("feature 1") && error.contains("busy"),
            "{error}"
        );
        let mut other = checkpoint.layout.clone();
        other.actions.pop();
        let error = checkpoint.check_layout(&other).unwrap_err().to_string();
        assert!(error.contains("4 actions, expected 2 and 3"), "{error}");
        checkpoint.check_layout(&checkpoint.layout).unwrap();
    }

    #[test]
    fn a_part_that_was_not_saved_is_named() {
        let progress = checkpoint().progress.unwrap();
        assert!(progress.network("critic").is_ok() && progress.bytes("replay").is_ok());
        let error = progress.numbers("epsilon").unwrap_err().to_string();
        assert!(error.contains("no numbers 'epsilon'"), "{error}");
        let checkpoint = checkpoint();
        let shape = |name| {
            let network = progress.network(name).unwrap();
            checkpoint.same_shape(name, network)
        };
        assert!(shape("reference").is_ok());
        let error = shape("critic").unwrap_err().to_string();
        assert!(error.contains("'critic' [[9, 2], [2, 3]"), "{error}");
    }

    #[test]
    fn another_network_or_run_is_refused_with_both_named() {
        let checkpoint = checkpoint();
        let error = checkpoint
            .check_network(&NetworkConfig::default())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("[5]") && error.contains("[64, 64]"),
            "{error}"
        );
        let config = serde_json::json!({"gamma": 0.9, "n_steps": 8});
        let error = checkpoint
            .progress_of("ppo", &config, u64::MAX)
            .unwrap_err()
            .to_string();
        assert!(error.contains("its gamma is 0.99, expected 0.9"), "{error}");
        let error = checkpoint
            .progress_of("dqn", &config, u64::MAX)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("its learner is ppo, expected dqn"),
            "{error}"
        );
    }
}

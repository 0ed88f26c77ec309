//! Checkpoints: everything a learner needs to go on, in one file that other tools can read.
//!
//! The file is in the safetensors format (a length, a JSON header, raw little-endian numbers), so
//! weights can be inspected anywhere. Its metadata carries the layout, the shape of the network,
//! the progress of the learner, and a checksum. Numbers are stored as they are: loading gives the
//! same bytes back. Reading and writing files is the caller's business.

mod error;
mod fit;
mod pack;
mod safetensors;

use std::collections::BTreeMap;

use offhook_env::belief::layout::Layout;
use serde::{Deserialize, Serialize};

pub use self::error::CheckpointError;
pub use self::pack::Network;
use self::pack::{Shape, put_network, take_moments, take_weights};
use self::safetensors::{Array, Tensors, Values};
use crate::network::optimizer::Moments;
use crate::network::weights::{NetworkConfig, Weights};

const FORMAT: &str = "offhook.checkpoint";
/// Version 2 lets a learner save further networks, numbers and bytes.
const VERSION: u32 = 2;

/// Begin the names of arrays that hold further numbers and bytes.
const NUMBERS: &str = "numbers.";
const BYTES: &str = "bytes.";

/// A network and, if it is to be trained on, where its learner stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Features and actions the network was made for.
    pub layout: Layout,
    /// Its weights.
    pub weights: Weights,
    /// Where its learner stands.
    pub progress: Option<Progress>,
}

/// Where a learner stands between two iterations.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// Name of the learner, such as `ppo`.
    pub learner: String,
    /// Its settings.
    pub config: serde_json::Value,
    /// Seed of the run.
    pub seed: u64,
    /// Iterations done.
    pub iteration: u64,
    /// Moments of the optimizer, per parameter; empty if none has been used yet.
    pub moments: Vec<Moments>,
    /// Further networks by name, such as `reference`, `target`, `critic`.
    pub networks: BTreeMap<String, Network>,
    /// Further numbers by name, such as a Lagrange multiplier; finite.
    pub numbers: BTreeMap<String, Vec<f64>>,
    /// Anything else by name, such as a replay buffer.
    pub bytes: BTreeMap<String, Vec<u8>>,
}

/// The part of [`Progress`] that is not numbers.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProgressHeader {
    learner: String,
    config: serde_json::Value,
    seed: u64,
    iteration: u64,
    optimizer_steps: Vec<u64>,
    networks: BTreeMap<String, Shape>,
}

impl Checkpoint {
    /// The file's contents; equal checkpoints give equal bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let json = |value: &serde_json::Value| value.to_string();
        let network = self.weights.config();
        let mut metadata = BTreeMap::from([
            ("format".to_owned(), FORMAT.to_owned()),
            ("version".to_owned(), VERSION.to_string()),
            ("layout".to_owned(), json(&serde_json::json!(self.layout))),
            ("network".to_owned(), json(&serde_json::json!(network))),
        ]);
        let mut arrays = BTreeMap::new();
        let moments = self.progress.as_ref().map_or(&[][..], |p| &p.moments);
        put_network(&mut arrays, "", &self.weights, moments);
        if let Some(progress) = &self.progress {
            let shape = |(name, network): (&String, &Network)| {
                let prefix = format!("networks.{name}.");
                put_network(&mut arrays, &prefix, &network.weights, &network.moments);
                (name.clone(), Shape::of(&network.weights, &network.moments))
            };
            let header = ProgressHeader {
                learner: progress.learner.clone(),
                config: progress.config.clone(),
                seed: progress.seed,
                iteration: progress.iteration,
                optimizer_steps: progress.moments.iter().map(|m| m.n_steps).collect(),
                networks: progress.networks.iter().map(shape).collect(),
            };
            metadata.insert("progress".to_owned(), json(&serde_json::json!(header)));
            let numbers = progress.numbers.iter().map(|(name, numbers)| {
                let values = Values::F64(numbers.clone());
                (format!("{NUMBERS}{name}"), numbers.len(), values)
            });
            let bytes = progress.bytes.iter().map(|(name, bytes)| {
                let values = Values::U8(bytes.clone());
                (format!("{BYTES}{name}"), bytes.len(), values)
            });
            for (name, len, values) in numbers.chain(bytes) {
                let shape = vec![len];
                arrays.insert(name, Array { shape, values });
            }
        }
        Tensors { metadata, arrays }.to_bytes()
    }

    /// Reads a file's contents.
    ///
    /// # Errors
    /// Anything that is not exactly what [`to_bytes`](Self::to_bytes) writes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let Tensors {
            metadata,
            mut arrays,
        } = Tensors::from_bytes(bytes)?;
        let format = text(&metadata, "format")?;
        if format != FORMAT {
            let reason = format!("format is '{format}', expected '{FORMAT}'");
            return Err(CheckpointError::Header { reason });
        }
        let found: u32 = parse(&metadata, "version")?;
        if found != VERSION {
            return Err(CheckpointError::Version {
                found,
                expected: VERSION,
            });
        }
        let layout: Layout = parse(&metadata, "layout")?;
        let network: NetworkConfig = parse(&metadata, "network")?;
        let header = |reason| CheckpointError::Header { reason };
        check_sizes(&layout).map_err(header)?;
        let n_columns = layout.features.iter().map(|f| f.levels.len()).sum();
        let sizes = [n_columns, layout.n_actions()];
        let weights = take_weights(&mut arrays, "", &network, sizes)?;
        let progress = match metadata.contains_key("progress") {
            true => {
                let header = parse(&metadata, "progress")?;
                Some(take_progress(&mut arrays, header, &weights)?)
            }
            false => None,
        };
        match arrays.into_iter().next() {
            Some((name, array)) => {
                let (found, expected) = (format!("{:?}", array.shape), "none".to_owned());
                Err(CheckpointError::Array {
                    name,
                    found,
                    expected,
                })
            }
            None => Ok(Self {
                layout,
                weights,
                progress,
            }),
        }
    }
}

/// Bounds of a layout that came from a file.
fn check_sizes(layout: &Layout) -> Result<(), String> {
    use offhook_env::action::MAX_ACTIONS;
    use offhook_env::belief::layout::{MAX_FEATURES, MAX_HIDDEN_FEATURES, MAX_LEVELS};
    let level_counts = layout.features.iter().map(|f| f.levels.len());
    let fits = (1..=MAX_FEATURES).contains(&layout.n_observed())
        && layout.n_features() - layout.n_observed() <= MAX_HIDDEN_FEATURES
        && (1..=MAX_ACTIONS).contains(&layout.n_actions())
        && level_counts
            .into_iter()
            .all(|n| (1..=MAX_LEVELS).contains(&n));
    fits.then_some(())
        .ok_or_else(|| "its layout is larger than a scenario can be".to_owned())
}

fn take_progress(
    arrays: &mut BTreeMap<String, Array>,
    header: ProgressHeader,
    weights: &Weights,
) -> Result<Progress, CheckpointError> {
    let moments = take_moments(arrays, "", weights, &header.optimizer_steps)?;
    let network = |(name, shape): (String, Shape)| {
        let network = shape.take(arrays, &format!("networks.{name}."))?;
        Ok((name, network))
    };
    let networks = header.networks.into_iter().map(network);
    let networks = networks.collect::<Result<_, CheckpointError>>()?;
    let (mut numbers, mut bytes) = (BTreeMap::new(), BTreeMap::new());
    // What is not of these two kinds stays, and is refused as superfluous.
    arrays.retain(|name, array| {
        let is_flat = array.shape.len() == 1;
        match (&mut array.values, name) {
            (Values::F64(values), name) if is_flat && name.starts_with(NUMBERS) => {
                numbers.insert(name[NUMBERS.len()..].to_owned(), std::mem::take(values));
                false
            }
            (Values::U8(values), name) if is_flat && name.starts_with(BYTES) => {
                bytes.insert(name[BYTES.len()..].to_owned(), std::mem::take(values));
                false
            }
            _ => true,
        }
    });
    Ok(Progress {
        learner: header.learner,
        config: header.config,
        seed: header.seed,
        iteration: header.iteration,
        moments,
        networks,
        numbers,
        bytes,
    })
}

fn text<'a>(metadata: &'a BTreeMap<String, String>, key: &str) -> Result<&'a str, CheckpointError> {
    let missing = || CheckpointError::Header {
        reason: format!("metadata '{key}' is missing"),
    };
    metadata.get(key).map(String::as_str).ok_or_else(missing)
}

fn parse<T: serde::de::DeserializeOwned>(
    metadata: &BTreeMap<String, String>,
    key: &str,
) -> Result<T, CheckpointError> {
    serde_json::from_str(text(metadata, key)?).map_err(|e| CheckpointError::Header {
        reason: format!("metadata '{key}': {e}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::layout;

    pub fn checkpoint() -> Checkpoint {
        let layout = layout(&[3, 2], 4);
        let config = NetworkConfig {
            hidden: vec![5],
            ..Default::default()
        };
        let weights = Weights::initial(&config, &layout, 1);
        let moments = |weights: &Weights| {
            let parameters = pack::parameters(weights).into_iter();
            let moments = parameters.map(|(_, _, values)| Moments {
                n_steps: 3,
                first: values.to_vec(),
                second: vec![0.25; values.len()],
            });
            moments.collect::<Vec<_>>()
        };
        // A critic that sees more than the policy does, with a shape of its own.
        let wider = NetworkConfig {
            hidden: vec![2, 3],
            ..Default::default()
        };
        let critic = Weights::initial(&wider, &crate::testing::layout(&[9], 1), 3);
        let critic = Network {
            moments: moments(&critic),
            weights: critic,
        };
        let reference = Network::frozen(Weights::initial(&config, &layout, 2));
        let progress = Progress {
            learner: "ppo".to_owned(),
            config: serde_json::json!({"gamma": 0.99, "n_steps": 8}),
            seed: u64::MAX,
            iteration: 7,
            moments: moments(&weights),
            networks: [("critic", critic), ("reference", reference)]
                .map(|(name, network)| (name.to_owned(), network))
                .into(),
            numbers: [("multiplier".to_owned(), vec![0.1, 1e-300])].into(),
            bytes: [("replay".to_owned(), (0..=255).collect())].into(),
        };
        Checkpoint {
            layout,
            weights,
            progress: Some(progress),
        }
    }

    #[test]
    fn a_checkpoint_reads_as_it_was_written() {
        let checkpoint = checkpoint();
        let bytes = checkpoint.to_bytes();
        let read = Checkpoint::from_bytes(&bytes).unwrap();
        assert_eq!(read, checkpoint);
        assert_eq!(read.to_bytes(), bytes);
        let policy = Checkpoint {
            progress: None,
            ..checkpoint
        };
        assert_eq!(Checkpoint::from_bytes(&policy.to_bytes()).unwrap(), policy);
    }

    #[test]
    fn what_a_learner_saves_may_be_nothing() {
        let mut checkpoint = checkpoint();
        if let Some(progress) = &mut checkpoint.progress {
            progress.moments.clear();
            progress.networks.clear();
            progress.numbers.clear();
            progress.bytes = [("replay".to_owned(), Vec::new())].into();
        }
        let read = Checkpoint::from_bytes(&checkpoint.to_bytes()).unwrap();
        assert_eq!(read, checkpoint);
    }

    #[test]
    fn a_network_that_the_file_does_not_hold_is_refused_without_building_it() {
        let Tensors {
            mut metadata,
            arrays,
        } = Tensors::from_bytes(&checkpoint().to_bytes()).unwrap();
        let hidden = vec![512; 100_000];
        metadata.insert(
            "network".to_owned(),
            serde_json::json!({"hidden": hidden, "activation": "relu"}).to_string(),
        );
        let error = Checkpoint::from_bytes(&Tensors { metadata, arrays }.to_bytes());
        let error = error.unwrap_err().to_string();
        assert!(
            error.contains("'trunk.0.weight' has shape [5, 5], expected [5, 512]"),
            "{error}"
        );
    }

    #[test]
    fn a_file_of_another_version_is_refused_with_what_to_do() {
        let Tensors {
            mut metadata,
            arrays,
        } = Tensors::from_bytes(&checkpoint().to_bytes()).unwrap();
        metadata.insert("version".to_owned(), "1".to_owned());
        let error = Checkpoint::from_bytes(&Tensors { metadata, arrays }.to_bytes());
        let error = error.unwrap_err().to_string();
        assert!(
            error.contains("version 1, expected 2; it was written by another"),
            "{error}"
        );
    }

    #[test]
    fn any_truncation_is_refused() {
        let bytes = checkpoint().to_bytes();
        for len in (0..bytes.len()).step_by(7).chain([bytes.len() - 1]) {
            assert!(
                Checkpoint::from_bytes(&bytes[..len]).is_err(),
                "{len} bytes"
            );
        }
        let longer = [&bytes[..], &[0]].concat();
        let error = Checkpoint::from_bytes(&longer).unwrap_err();
        assert!(matches!(error, CheckpointError::Length { .. }), "{error}");
    }

    #[test]
    fn any_changed_byte_is_refused() {
        let bytes = checkpoint().to_bytes();
        for at in (0..bytes.len()).step_by(11) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x11;
            assert!(Checkpoint::from_bytes(&damaged).is_err(), "byte {at}");
        }
    }
}

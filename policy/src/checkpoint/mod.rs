//! Checkpoints: everything a learner needs to go on, in one file that other tools can read.
//!
//! The file is in the safetensors format (a length, a JSON header, raw little-endian numbers), so
//! weights can be inspected anywhere. Its metadata carries the layout, the shape of the network,
//! the progress of the learner, and a checksum. Numbers are stored as they are: loading gives the
//! same bytes back. Reading and writing files is the caller's business.

mod error;
mod fit;
mod safetensors;

use std::collections::BTreeMap;

use offhook_env::layout::Layout;
use serde::{Deserialize, Serialize};

pub use self::error::CheckpointError;
use self::safetensors::{Array, Tensors};
use crate::optimizer::Moments;
use crate::weights::{Dense, NetworkConfig, Weights};

const FORMAT: &str = "offhook.checkpoint";
const VERSION: u32 = 1;

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
    /// Moments of the optimizer, per parameter.
    pub moments: Vec<Moments>,
    /// Weights the run started from, if the learner still looks at them.
    pub reference: Option<Weights>,
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
    reference: bool,
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
        put_weights(&mut arrays, "", &self.weights);
        if let Some(progress) = &self.progress {
            let header = ProgressHeader {
                learner: progress.learner.clone(),
                config: progress.config.clone(),
                seed: progress.seed,
                iteration: progress.iteration,
                optimizer_steps: progress.moments.iter().map(|m| m.n_steps).collect(),
                reference: progress.reference.is_some(),
            };
            metadata.insert("progress".to_owned(), json(&serde_json::json!(header)));
            let names = parameters(&self.weights).into_iter();
            for ((name, shape, _), moments) in names.zip(&progress.moments) {
                for (kind, values) in [("first", &moments.first), ("second", &moments.second)] {
                    let array = Array {
                        shape: shape.clone(),
                        values: values.clone(),
                    };
                    arrays.insert(format!("{kind}.{name}"), array);
                }
            }
            if let Some(reference) = &progress.reference {
                put_weights(&mut arrays, "reference.", reference);
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
        network.check().map_err(header)?;
        check_sizes(&layout).map_err(header)?;
        let template = Weights::initial(&network, &layout, 0);
        let weights = take_weights(&mut arrays, "", &template)?;
        let progress = match metadata.contains_key("progress") {
            true => Some(take_progress(
                &mut arrays,
                parse(&metadata, "progress")?,
                &template,
            )?),
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
    use offhook_env::layout::{MAX_FEATURES, MAX_HIDDEN_FEATURES, MAX_LEVELS};
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

/// Name, shape and numbers of every parameter, in visiting order.
fn parameters(weights: &Weights) -> Vec<(String, Vec<usize>, &[f32])> {
    let both = |(name, layer): (String, &'_ Dense)| {
        (name, vec![layer.n_in, layer.n_out], vec![layer.n_out])
    };
    let mut all = Vec::new();
    for (layer_name, layer) in weights.layers() {
        let (name, weight, bias) = both((layer_name, layer));
        all.push((format!("{name}.weight"), weight, layer.weight.as_slice()));
        all.push((format!("{name}.bias"), bias, layer.bias.as_slice()));
    }
    all
}

fn put_weights(arrays: &mut BTreeMap<String, Array>, prefix: &str, weights: &Weights) {
    for (name, shape, values) in parameters(weights) {
        arrays.insert(
            format!("{prefix}{name}"),
            Array {
                shape,
                values: values.to_vec(),
            },
        );
    }
}

fn take(
    arrays: &mut BTreeMap<String, Array>,
    name: String,
    shape: &[usize],
) -> Result<Vec<f32>, CheckpointError> {
    match arrays.remove(&name) {
        Some(array) if array.shape == shape => Ok(array.values),
        other => Err(CheckpointError::Array {
            name,
            found: other.map_or("none".to_owned(), |array| format!("{:?}", array.shape)),
            expected: format!("{shape:?}"),
        }),
    }
}

fn take_weights(
    arrays: &mut BTreeMap<String, Array>,
    prefix: &str,
    template: &Weights,
) -> Result<Weights, CheckpointError> {
    let mut weights = template.clone();
    for (name, layer) in weights.layers_mut() {
        let shape = [layer.n_in, layer.n_out];
        layer.weight = take(arrays, format!("{prefix}{name}.weight"), &shape)?;
        layer.bias = take(arrays, format!("{prefix}{name}.bias"), &shape[1..])?;
    }
    Ok(weights)
}

fn take_progress(
    arrays: &mut BTreeMap<String, Array>,
    header: ProgressHeader,
    template: &Weights,
) -> Result<Progress, CheckpointError> {
    let parameters = parameters(template);
    if header.optimizer_steps.len() != parameters.len() {
        let (n, m) = (header.optimizer_steps.len(), parameters.len());
        let reason = format!("it counts optimizer steps of {n} parameters, expected {m}");
        return Err(CheckpointError::Header { reason });
    }
    let mut moments = Vec::new();
    for ((name, shape, _), &n_steps) in parameters.iter().zip(&header.optimizer_steps) {
        let first = take(arrays, format!("first.{name}"), shape)?;
        let second = take(arrays, format!("second.{name}"), shape)?;
        moments.push(Moments {
            n_steps,
            first,
            second,
        });
    }
    let reference = match header.reference {
        true => Some(take_weights(arrays, "reference.", template)?),
        false => None,
    };
    let ProgressHeader {
        learner,
        config,
        seed,
        iteration,
        ..
    } = header;
    Ok(Progress {
        learner,
        config,
        seed,
        iteration,
        moments,
        reference,
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
        let moments = parameters(&weights)
            .into_iter()
            .map(|(_, _, values)| Moments {
                n_steps: 3,
                first: values.to_vec(),
                second: vec![0.25; values.len()],
            });
        let progress = Progress {
            learner: "ppo".to_owned(),
            config: serde_json::json!({"gamma": 0.99, "n_steps": 8}),
            seed: u64::MAX,
            iteration: 7,
            moments: moments.collect(),
            reference: Some(Weights::initial(&config, &layout, 2)),
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

//! Networks as named arrays, and back.
//!
//! Reading allocates nothing that the file does not hold: shapes are compared before any number is
//! taken over, so a short file cannot promise a large network.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::CheckpointError;
use super::safetensors::{Array, Values};
use crate::network::optimizer::Moments;
use crate::network::weights::{Dense, NetworkConfig, Weights};

/// A network beside the main one, such as a target, a critic or the reference of a KL term.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// Its weights; inputs, outputs and hidden layers may differ from those of the main network.
    pub weights: Weights,
    /// Moments of its optimizer, per parameter; empty if it is not trained by gradients.
    pub moments: Vec<Moments>,
}

impl Network {
    /// A network that no gradient moves.
    pub fn frozen(weights: Weights) -> Self {
        Self {
            weights,
            moments: Vec::new(),
        }
    }
}

/// What the header says about a network.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shape {
    network: NetworkConfig,
    n_inputs: usize,
    n_outputs: usize,
    /// Steps of the optimizer, per parameter; empty if there are no moments.
    optimizer_steps: Vec<u64>,
}

impl Shape {
    pub(super) fn of(weights: &Weights, moments: &[Moments]) -> Self {
        let first = weights.trunk.first().unwrap_or(&weights.policy);
        Self {
            network: weights.config(),
            n_inputs: first.n_in,
            n_outputs: weights.policy.n_out,
            optimizer_steps: moments.iter().map(|m| m.n_steps).collect(),
        }
    }

    /// Takes the network of this shape out of `arrays`.
    pub(super) fn take(
        &self,
        arrays: &mut BTreeMap<String, Array>,
        prefix: &str,
    ) -> Result<Network, CheckpointError> {
        let weights = take_weights(
            arrays,
            prefix,
            &self.network,
            [self.n_inputs, self.n_outputs],
        )?;
        let moments = take_moments(arrays, prefix, &weights, &self.optimizer_steps)?;
        Ok(Network { weights, moments })
    }
}

/// Name, shape and numbers of every parameter, in visiting order.
pub(super) fn parameters(weights: &Weights) -> Vec<(String, Vec<usize>, &[f32])> {
    let mut all = Vec::new();
    for (name, layer) in weights.layers() {
        let shape = vec![layer.n_in, layer.n_out];
        all.push((format!("{name}.weight"), shape, layer.weight.as_slice()));
        all.push((
            format!("{name}.bias"),
            vec![layer.n_out],
            layer.bias.as_slice(),
        ));
    }
    all
}

/// Adds a network's arrays, each name behind `prefix`.
pub(super) fn put_network(
    arrays: &mut BTreeMap<String, Array>,
    prefix: &str,
    weights: &Weights,
    moments: &[Moments],
) {
    let mut put = |name: String, shape: &[usize], values: &[f32]| {
        let (shape, values) = (shape.to_vec(), Values::F32(values.to_vec()));
        arrays.insert(format!("{prefix}{name}"), Array { shape, values });
    };
    let parameters = parameters(weights);
    for (name, shape, values) in &parameters {
        put(name.clone(), shape, values);
    }
    for ((name, shape, _), moments) in parameters.iter().zip(moments) {
        put(format!("first.{name}"), shape, &moments.first);
        put(format!("second.{name}"), shape, &moments.second);
    }
}

/// Takes the weights of a network with the given numbers of inputs and outputs out of `arrays`.
pub(super) fn take_weights(
    arrays: &mut BTreeMap<String, Array>,
    prefix: &str,
    config: &NetworkConfig,
    [n_inputs, n_outputs]: [usize; 2],
) -> Result<Weights, CheckpointError> {
    let reason = |reason| CheckpointError::Header { reason };
    config.check().map_err(reason)?;
    let mut layer = |name: &str, n_in: usize, n_out: usize| -> Result<Dense, CheckpointError> {
        Ok(Dense {
            n_in,
            n_out,
            weight: take(arrays, format!("{prefix}{name}.weight"), &[n_in, n_out])?,
            bias: take(arrays, format!("{prefix}{name}.bias"), &[n_out])?,
        })
    };
    let mut n_last = n_inputs;
    let mut trunk = Vec::new();
    for (idx, &n_out) in config.hidden.iter().enumerate() {
        trunk.push(layer(&format!("trunk.{idx}"), n_last, n_out)?);
        n_last = n_out;
    }
    Ok(Weights {
        activation: config.activation,
        trunk,
        policy: layer("policy", n_last, n_outputs)?,
        value: layer("value", n_last, 1)?,
    })
}

/// Takes the moments of a network's optimizer out of `arrays`; none if `steps` is empty.
pub(super) fn take_moments(
    arrays: &mut BTreeMap<String, Array>,
    prefix: &str,
    weights: &Weights,
    steps: &[u64],
) -> Result<Vec<Moments>, CheckpointError> {
    let parameters = parameters(weights);
    if !steps.is_empty() && steps.len() != parameters.len() {
        let (n, m) = (steps.len(), parameters.len());
        let reason = format!("it counts optimizer steps of {n} parameters, expected {m}");
        return Err(CheckpointError::Header { reason });
    }
    let mut moments = Vec::new();
    for ((name, shape, _), &n_steps) in parameters.iter().zip(steps) {
        moments.push(Moments {
            n_steps,
            first: take(arrays, format!("{prefix}first.{name}"), shape)?,
            second: take(arrays, format!("{prefix}second.{name}"), shape)?,
        });
    }
    Ok(moments)
}

fn take(
    arrays: &mut BTreeMap<String, Array>,
    name: String,
    shape: &[usize],
) -> Result<Vec<f32>, CheckpointError> {
    let found = match arrays.remove(&name) {
        Some(array) if array.shape != shape => format!("{:?}", array.shape),
        Some(Array {
            values: Values::F32(values),
            ..
        }) => return Ok(values),
        Some(array) => format!("{shape:?} of {}", array.values.dtype()),
        None => "none".to_owned(),
    };
    Err(CheckpointError::Array {
        name,
        found,
        expected: format!("{shape:?}"),
    })
}

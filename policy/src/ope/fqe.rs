//! Fitted Q evaluation (Le, Voloshin and Yue, 2019, "Batch Policy Learning under Constraints",
//! algorithm 3): the action values of a policy from logged calls, by iterated regression.
//!
//! Iteration `k` fits `Q_{k+1}(o_t, a_t)` to `r_t + γ Σ_a π(a | o_{t+1}) Q_k(o_{t+1}, a)`, starting from
//! almost 0; nothing is added after the last logged step of a call, truncated or not, so values count
//! what `offhook evaluate` counts. The network's logits are the action values; of masked actions no
//! policy takes any, so that their values are never read. Only calls that the log has can tell:
//! actions that it lacks get whatever the network makes of them.

use offhook_env::action::MAX_ACTIONS;
use offhook_env::belief::layout::Layout;
use offhook_env::rng::{Rng, Stream, derive};

use super::weights::Target;
use crate::data::dataset::shuffle;
use crate::data::trajectories::Trajectories;
use crate::error::{LearnError, require};
use crate::network::engine::Engine;
use crate::network::fused::FusedPolicy;
use crate::network::inputs::Inputs;
use crate::network::optimizer::OptimizerConfig;
use crate::network::trainer::Trainer;
use crate::network::weights::{NetworkConfig, Weights};

/// Settings of fitted Q evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct FqeConfig {
    /// Shape of the network. Default 64, 64.
    pub network: NetworkConfig,
    /// Step size of Adam at the start; it falls linearly to 0. Default 1e-3 (Kingma and Ba, 2015).
    pub learning_rate: f64,
    /// Rows per gradient step. Default 256.
    pub batch_size: usize,
    /// Regressions, each towards the values of the one before. Default 40: some times as many as a
    /// call has turns.
    pub n_iterations: u64,
    /// Gradient steps of every regression. Default 50.
    pub n_steps: u64,
    /// Decoupled weight decay (Loshchilov and Hutter, 2019). Default 1e-4.
    pub weight_decay: f32,
    /// What computes the gradient steps. Default `fused`.
    pub engine: Engine,
}

impl Default for FqeConfig {
    fn default() -> Self {
        Self {
            network: NetworkConfig::default(),
            learning_rate: 1e-3,
            batch_size: 256,
            n_iterations: 40,
            n_steps: 50,
            weight_decay: 1e-4,
            engine: Engine::default(),
        }
    }
}

impl FqeConfig {
    /// Checks the settings.
    ///
    /// # Errors
    /// Names the first that is out of range.
    pub fn check(&self) -> Result<(), LearnError> {
        self.network.check().map_err(LearnError::Network)?;
        let rate = self.learning_rate;
        let holds = rate > 0.0 && rate.is_finite();
        require(holds, "fqe.learning_rate", rate, "above 0")?;
        let batch = self.batch_size;
        require(batch > 0, "fqe.batch_size", batch, "at least 1")?;
        let (k, n) = (self.n_iterations, self.n_steps);
        require(k > 0, "fqe.n_iterations", k, "at least 1")?;
        require(n > 0, "fqe.n_steps", n, "at least 1")?;
        let decay = self.weight_decay;
        let holds = decay >= 0.0 && decay.is_finite();
        require(holds, "fqe.weight_decay", decay, "at least 0")
    }
}

/// Action values of a policy.
#[derive(Clone, Debug)]
pub struct ActionValues {
    network: FusedPolicy,
    weights: Weights,
    /// Reward units per unit of the network.
    scale: f32,
}

impl ActionValues {
    /// `Q(o, a)` of every action in reward units; those of masked actions mean nothing.
    pub fn all(&self, codes: &[u8], out: &mut [f32]) {
        let mut outputs = [0.0; MAX_ACTIONS + 1];
        self.network.outputs(codes, &mut outputs[..=out.len()]);
        let scaled = outputs.iter().map(|q| q * self.scale);
        out.iter_mut().zip(scaled).for_each(|(out, q)| *out = q);
    }

    /// `V(o) = Σ_a π(a | o) Q(o, a)` in reward units, for probabilities that are 0 where masked.
    pub fn value(&self, codes: &[u8], probs: &[f32]) -> f64 {
        let mut q = [0.0; MAX_ACTIONS];
        let q = &mut q[..probs.len()];
        self.all(codes, q);
        let product = |(q, p): (&f32, &f32)| f64::from(*q) * f64::from(*p);
        q.iter().zip(probs).map(product).sum()
    }
}

/// Observations of a log on the device, for several fits.
pub struct Fqe<'a> {
    calls: &'a Trajectories,
    layout: &'a Layout,
    target: &'a Target,
    gamma: f64,
    inputs: Inputs,
}

impl<'a> Fqe<'a> {
    /// Prepares to fit the values of `target` to `calls`, which were made for `layout`.
    pub fn new(
        calls: &'a Trajectories,
        layout: &'a Layout,
        target: &'a Target,
        gamma: f64,
    ) -> Self {
        Self {
            calls,
            layout,
            target,
            gamma,
            inputs: Inputs::upload(&calls.codes, layout),
        }
    }

    /// Fits with calls counting `weights` times, one number per episode; a function of its arguments.
    ///
    /// With `start` it goes on from other values, with half of the iterations.
    ///
    /// # Errors
    /// A setting out of range, no call that counts, or a loss that is not finite.
    pub fn fit(
        &self,
        weights: &[f32],
        config: &FqeConfig,
        start: Option<&ActionValues>,
        seed: u64,
    ) -> Result<ActionValues, LearnError> {
        config.check()?;
        let mut order = Vec::new();
        let mut row_weights = vec![0.0; self.calls.len()];
        for (episode, &weight) in weights.iter().enumerate().filter(|(_, w)| **w > 0.0) {
            let rows = self.calls.rows(episode);
            row_weights[rows.clone()].fill(weight);
            order.extend(rows.map(|row| row as u32));
        }
        if order.is_empty() {
            let reason = "no call is left to fit action values to".to_owned();
            return Err(LearnError::Dataset { row: None, reason });
        }
        let scale = start.map_or_else(|| self.scale(weights), |values| values.scale);
        let initial = match start {
            Some(values) => values.weights.clone(),
            None => Weights::initial(&config.network, self.layout, seed),
        };
        let optimizer = OptimizerConfig {
            epsilon: 1e-8,
            weight_decay: config.weight_decay,
            max_grad_norm: Some(10.0),
        };
        let mut trainer = Trainer::new(&initial, config.engine, optimizer);
        let n_iterations = match start {
            Some(_) => config.n_iterations.div_ceil(2),
            None => config.n_iterations,
        };
        let mut fitted = initial;
        let mut batches = Batches::new(order, config.batch_size, seed);
        for iteration in 0..n_iterations {
            let goals = self.goals(&fitted, scale);
            let learning_rate =
                config.learning_rate * (1.0 - iteration as f64 / n_iterations as f64);
            for _ in 0..config.n_steps {
                let rows = batches.next();
                let objective = |outputs: &[f32], gradient: &mut [f32]| {
                    self.objective(rows, &goals, &row_weights, outputs, gradient)
                };
                let (loss, _) = trainer.step(&self.inputs, rows, learning_rate, None, objective);
                if !loss.is_finite() {
                    return Err(LearnError::NotFinite {
                        metric: "fitted Q evaluation loss",
                        value: loss,
                        unit: "iteration",
                        at: iteration,
                    });
                }
            }
            fitted = trainer.weights();
        }
        Ok(ActionValues {
            network: FusedPolicy::new(&fitted, self.layout),
            weights: fitted,
            scale,
        })
    }

    /// Root mean square of the returns of the calls that count, so that the network fits numbers
    /// around 1; 1 if all are 0.
    fn scale(&self, weights: &[f32]) -> f32 {
        let returns = super::importance::returns(self.calls, self.gamma);
        let (mut squares, mut n) = (0.0, 0.0);
        for (g, w) in returns.iter().zip(weights) {
            squares += f64::from(*w) * g * g;
            n += f64::from(*w);
        }
        let scale = (squares / n).sqrt() as f32;
        if scale > 0.0 { scale } else { 1.0 }
    }

    /// What the next regression aims at, decision by decision, in units of the network.
    fn goals(&self, weights: &Weights, scale: f32) -> Vec<f32> {
        let values = ActionValues {
            network: FusedPolicy::new(weights, self.layout),
            weights: weights.clone(),
            scale: 1.0,
        };
        let n_features = self.layout.n_features();
        let mut goals: Vec<f32> = self.calls.rewards.iter().map(|r| r / scale).collect();
        for episode in 0..self.calls.n_episodes() {
            for next in self.calls.rows(episode).skip(1) {
                let codes = &self.calls.codes[next * n_features..][..n_features];
                let value = values.value(codes, self.target.at(next));
                goals[next - 1] += (self.gamma * value) as f32;
            }
        }
        goals
    }

    /// Half the squared error of the taken actions' values, its weighted mean over rows, and its
    /// gradient.
    fn objective(
        &self,
        rows: &[u32],
        goals: &[f32],
        row_weights: &[f32],
        outputs: &[f32],
        gradient: &mut [f32],
    ) -> f32 {
        let width = outputs.len() / rows.len();
        let share = 1.0 / rows.len() as f32;
        let mut loss = 0.0;
        for (k, &row) in rows.iter().enumerate() {
            let row = row as usize;
            let at = k * width + self.calls.actions[row] as usize;
            let (weight, error) = (row_weights[row] * share, outputs[at] - goals[row]);
            loss += weight * 0.5 * error * error;
            gradient[at] = weight * error;
        }
        loss
    }
}

/// Minibatches of rows, pass after pass in another order.
struct Batches {
    order: Vec<u32>,
    size: usize,
    at: usize,
    rng: Rng,
}

impl Batches {
    fn new(mut order: Vec<u32>, size: usize, seed: u64) -> Self {
        let mut rng = derive(seed, Stream::Shuffle, 0);
        shuffle(&mut order, &mut rng);
        Self {
            size: size.min(order.len()),
            order,
            at: 0,
            rng,
        }
    }

    /// The next batch; what is left of a pass when it does not fill a batch is dropped.
    fn next(&mut self) -> &[u32] {
        if self.at + self.size > self.order.len() {
            shuffle(&mut self.order, &mut self.rng);
            self.at = 0;
        }
        self.at += self.size;
        &self.order[self.at - self.size..self.at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::objective::check_gradient;
    use crate::ope::testing::{layout_of, worked_example};
    use offhook_env::policy::RandomPolicy;

    /// One state per decision, so that a table can hold every value.
    fn fit(gamma: f64, weights: &[f32]) -> (ActionValues, Vec<f64>) {
        let (calls, _) = worked_example();
        let layout = layout_of(&calls);
        let target = Target {
            n_actions: 2,
            probs: calls
                .actions
                .iter()
                .flat_map(|a| [f32::from(1 - a), f32::from(*a)])
                .collect(),
        };
        let config = FqeConfig {
            network: NetworkConfig {
                hidden: Vec::new(),
                ..Default::default()
            },
            learning_rate: 0.05,
            n_iterations: 12,
            n_steps: 200,
            weight_decay: 0.0,
            ..Default::default()
        };
        let values = Fqe::new(&calls, &layout, &target, gamma)
            .fit(weights, &config, None, 1)
            .unwrap();
        let taken = |row: usize| {
            let mut q = [0.0; 2];
            values.all(&calls.codes[row..=row], &mut q);
            f64::from(q[calls.actions[row] as usize])
        };
        let taken = (0..calls.len()).map(taken).collect();
        (values, taken)
    }

    #[test]
    fn values_add_the_discounted_value_of_what_follows() {
        // Rewards 1, 2 | 4 | 0, 8 (truncated); gamma 0.5; the policy repeats what the log shows.
        let (values, taken) = fit(0.5, &[1.0; 3]);
        let expected = [1.0 + 0.5 * 2.0, 2.0, 4.0, 0.5 * 8.0, 8.0];
        for (found, expected) in taken.iter().zip(expected) {
            assert!((found - expected).abs() < 0.05, "{taken:?}");
        }
        assert!((values.value(&[2], &[0.0, 1.0]) - 4.0).abs() < 0.05);
    }

    #[test]
    fn calls_that_count_nothing_are_not_fitted() {
        let (_, taken) = fit(0.5, &[1.0, 0.0, 1.0]);
        assert!(
            taken[2].abs() < 2.0 && (taken[4] - 8.0).abs() < 0.05,
            "{taken:?}"
        );
    }

    #[test]
    fn the_objective_has_the_gradient_of_finite_differences() {
        let (calls, _) = worked_example();
        let layout = layout_of(&calls);
        let target = Target::ask(&RandomPolicy, &calls, &layout);
        let fqe = Fqe::new(&calls, &layout, &target, 1.0);
        let outputs = [0.3, -0.2, 9.0, 0.1, 1.0, 7.0];
        let weights = [1.0, 0.0, 2.0, 0.5, 1.0];
        let loss = |outputs: &[f32], gradient: &mut [f32]| {
            fqe.objective(&[0, 2], &[1.0; 5], &weights, outputs, gradient)
        };
        let mut gradient = [0.0; 6];
        loss(&outputs, &mut gradient);
        check_gradient(&outputs, &gradient, |x| f64::from(loss(x, &mut [0.0; 6])));
    }

    #[test]
    fn a_setting_out_of_range_is_named() {
        let config = FqeConfig {
            n_steps: 0,
            ..Default::default()
        };
        let error = config.check().unwrap_err().to_string();
        assert_eq!(error, "fqe.n_steps is 0, expected at least 1");
    }
}

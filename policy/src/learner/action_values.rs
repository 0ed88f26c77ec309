//! Arithmetic that value-based learners share: action values of the two-headed network, double-Q
//! targets, and the losses with their gradients.
//!
//! The network's logits are read as advantages: `Q(o, a) = V(o) + A(o, a) - mean A(o, ·)`, the mean
//! over the allowed actions (Wang et al., 2016, arXiv:1511.06581, eq. 9). The best action is that of
//! the largest logit, so a network of action values plays through the same
//! [`FusedPolicy`] as one of probabilities. Its softmax is Boltzmann's distribution over
//! action values at temperature 1, in scaled reward units; what distillation reads from it, the
//! logarithm of a ratio of two probabilities, is the difference of their action values.

use offhook_env::action::{ActionId, ActionMask, MAX_ACTIONS};
use offhook_env::policy::arg_max;

use crate::data::transitions::Transition;
use crate::network::fused::FusedPolicy;
use crate::network::objective::cross_entropy;

/// What is to be added to a logit to get the action value; `outputs` are the logits and the value.
pub fn offset(outputs: &[f32], mask: ActionMask) -> f32 {
    let n_actions = outputs.len() - 1;
    let sum: f32 = mask.iter().map(|a| outputs[a as usize]).sum();
    outputs[n_actions] - sum / mask.count() as f32
}

/// Adds `slope` times the gradient of one action value to `gradient`.
fn add_slope(slope: f32, mask: ActionMask, action: ActionId, gradient: &mut [f32]) {
    let n_actions = gradient.len() - 1;
    let share = slope / mask.count() as f32;
    for a in mask.iter() {
        gradient[a as usize] -= share;
    }
    gradient[action as usize] += slope;
    gradient[n_actions] += slope;
}

/// `r + γ^n Q'(o', argmax_a Q(o', a))` over the `allowed` actions: one network chooses, the other
/// values (van Hasselt et al., 2016, arXiv:1509.06461, eq. 4).
///
/// The next observation is not looked at if the call terminated.
pub fn double_q_target(
    row: Transition<'_>,
    online: &FusedPolicy,
    target: &FusedPolicy,
    allowed: ActionMask,
) -> f32 {
    if row.discount == 0.0 {
        return row.reward;
    }
    let n_actions = online.n_actions();
    let mut outputs = [0.0; MAX_ACTIONS + 1];
    let outputs = &mut outputs[..=n_actions];
    online.outputs(row.next_codes, outputs);
    let best = arg_max(&outputs[..n_actions], allowed);
    target.outputs(row.next_codes, outputs);
    row.reward + row.discount * (outputs[best as usize] + offset(outputs, row.next_mask))
}

/// Half the square up to an error of 1 and linear beyond, and its slope: what clipping the error to
/// `[-1, 1]` amounts to (Huber, 1964; Mnih et al., 2015, "Methods").
pub fn huber(error: f32) -> (f32, f32) {
    match error.abs() <= 1.0 {
        true => (0.5 * error * error, error),
        false => (error.abs() - 0.5, error.signum()),
    }
}

/// One row of a minibatch, its target known.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Allowed actions.
    pub mask: ActionMask,
    /// The action taken.
    pub action: ActionId,
    /// What its value should be.
    pub target: f32,
    /// Importance weight.
    pub weight: f32,
    /// Whether the margin loss applies.
    pub is_demonstration: bool,
}

/// Which losses beside that of the temporal difference count, and how much.
#[derive(Clone, Copy, Debug, Default)]
pub struct Losses {
    /// By how much a demonstrated action should be worth more than any other.
    pub margin: f32,
    /// Weight of that wish.
    pub margin_coef: f32,
    /// Weight of the conservative term, `α` of CQL.
    pub cql_alpha: f32,
}

/// What one minibatch measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QStep {
    /// Huber loss of the temporal differences, mean over rows, with importance weights.
    pub td_loss: f64,
    /// Value of the action taken, mean over rows.
    pub q_values: f64,
    /// Margin loss, mean over rows (0 for those that are no demonstration), with importance weights.
    pub margin_loss: f64,
    /// `ln Σ_a exp Q(o, a) - Q(o, a_taken)`, mean over rows, with importance weights.
    pub cql_loss: f64,
    /// Temporal differences, per row.
    pub errors: Vec<f32>,
}

/// Losses and gradient of a minibatch, mean over rows:
/// `L = huber(Q(o, a) - y) + margin_coef J_E + cql_alpha J_CQL`, where
/// `J_E = max_k [Q(o, k) + margin [k ≠ a]] - Q(o, a)` on demonstrations (Hester et al., 2018, eq. 2)
/// and `J_CQL = ln Σ_k exp Q(o, k) - Q(o, a)` (Kumar et al., 2020, arXiv:2006.04779, eq. 4).
///
/// Both further terms are differences of action values, in which the value head cancels.
pub fn objective(rows: &[Row], losses: Losses, outputs: &[f32], gradient: &mut [f32]) -> QStep {
    let width = outputs.len() / rows.len();
    let n_actions = width - 1;
    let share = 1.0 / rows.len() as f32;
    let mut sums = QStep::default();
    let outs = outputs
        .chunks_exact(width)
        .zip(gradient.chunks_exact_mut(width));
    for (row, (out, gradient)) in rows.iter().zip(outs) {
        let Row { mask, action, .. } = *row;
        let scale = share * row.weight;
        let q = out[action as usize] + offset(out, mask);
        let error = q - row.target;
        let (loss, slope) = huber(error);
        add_slope(scale * slope, mask, action, gradient);
        sums.td_loss += f64::from(scale * loss);
        sums.q_values += f64::from(share * q);
        sums.errors.push(error);

        if row.is_demonstration && losses.margin_coef > 0.0 {
            let mut wanted = [0.0; MAX_ACTIONS];
            for a in mask.iter() {
                wanted[a as usize] =
                    out[a as usize] + if a == action { 0.0 } else { losses.margin };
            }
            let rival = arg_max(&wanted[..n_actions], mask);
            let excess = wanted[rival as usize] - wanted[action as usize];
            gradient[rival as usize] += losses.margin_coef * scale;
            gradient[action as usize] -= losses.margin_coef * scale;
            sums.margin_loss += f64::from(scale * excess);
        }
        if losses.cql_alpha > 0.0 {
            // The logits differ from the action values by a constant, which cancels.
            let weight = losses.cql_alpha * scale;
            let loss = cross_entropy(&out[..n_actions], mask, action, 0.0, weight, gradient);
            sums.cql_loss += f64::from(loss / losses.cql_alpha);
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::objective::check_gradient;
    use crate::network::weights::{NetworkConfig, Weights};
    use crate::testing::layout;

    /// Three rows of three logits and a value, away from every kink.
    const OUTPUTS: [f32; 12] = [
        0.3, -0.2, 0.5, 0.1, 1.0, 7.0, -1.0, 2.0, -0.5, 0.4, 0.0, 0.35,
    ];

    fn rows() -> [Row; 3] {
        let row = |mask, action, target, weight, is_demonstration| Row {
            mask: ActionMask(mask),
            action,
            target,
            weight,
            is_demonstration,
        };
        [
            row(0b111, 1, 0.4, 1.0, true),
            row(0b101, 2, 4.0, 0.5, false),
            row(0b110, 1, 0.6, 0.25, true),
        ]
    }

    const LOSSES: Losses = Losses {
        margin: 0.8,
        margin_coef: 0.7,
        cql_alpha: 0.3,
    };

    #[test]
    fn the_losses_have_the_gradient_of_finite_differences() {
        let none = Losses::default();
        let one = [
            Losses {
                margin: 0.8,
                margin_coef: 2.0,
                ..none
            },
            Losses {
                cql_alpha: 2.0,
                ..none
            },
        ];
        for losses in [none, one[0], one[1], LOSSES] {
            let run = |x: &[f32], g: &mut [f32]| objective(&rows(), losses, x, g);
            let mut gradient = [0.0; 12];
            run(&OUTPUTS, &mut gradient);
            check_gradient(&OUTPUTS, &gradient, |x| {
                let step = run(x, &mut [0.0; 12]);
                step.td_loss
                    + f64::from(losses.margin_coef) * step.margin_loss
                    + f64::from(losses.cql_alpha) * step.cql_loss
            });
            assert_eq!(gradient[5], 0.0, "a masked action");
        }
    }

    #[test]
    fn the_losses_agree_with_a_computation_by_hand() {
        let found = objective(&rows(), LOSSES, &OUTPUTS, &mut [0.0; 12]);
        // Means of the allowed logits are 0.2, 0 and 0.2, the second row's 7 being masked.
        let q: [f64; 3] = [0.1 - 0.2 - 0.2, 2.0 - 1.0 - 0.0, 0.35 + 0.4 - 0.2];
        let td = 0.5 * 0.7f64.powi(2) + 0.5 * (3.0 - 0.5) + 0.25 * 0.5 * 0.05f64.powi(2);
        // Row 0: the rival is action 2 at 0.5 + 0.8 against -0.2; row 2: action 2 at 0.0 + 0.8
        // against 0.4.
        let margin = 1.5 + 0.25 * 0.4;
        let log_sum = |z: &[f64]| z.iter().map(|z| z.exp()).sum::<f64>().ln();
        let cql = (log_sum(&[0.3, -0.2, 0.5]) + 0.2)
            + 0.5 * (log_sum(&[1.0, -1.0]) + 1.0)
            + 0.25 * (log_sum(&[0.4, 0.0]) - 0.4);
        for (found, expected) in [
            (found.td_loss, td / 3.0),
            (found.q_values, q.iter().sum::<f64>() / 3.0),
            (found.margin_loss, margin / 3.0),
            (found.cql_loss, cql / 3.0),
            (f64::from(found.errors[1]), -3.0),
        ] {
            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
    }

    #[test]
    fn huber_is_linear_beyond_1() {
        assert_eq!(huber(0.5), (0.125, 0.5));
        assert_eq!(huber(-3.0), (2.5, -1.0));
    }

    /// A network without hidden layers, whose outputs for code `k` can be read off its weights.
    fn linear(outputs: [[f32; 4]; 2]) -> FusedPolicy {
        let layout = layout(&[2], 3);
        let config = NetworkConfig {
            hidden: vec![],
            ..Default::default()
        };
        let mut weights = Weights::initial(&config, &layout, 1);
        weights.policy.weight = outputs.iter().flat_map(|o| o[..3].to_vec()).collect();
        weights.value.weight = outputs.iter().map(|o| o[3]).collect();
        FusedPolicy::new(&weights, &layout)
    }

    #[test]
    fn one_network_chooses_among_the_allowed_and_the_other_values() {
        let online = linear([[0.0; 4], [9.0, 1.0, 3.0, 50.0]]);
        let target = linear([[0.0; 4], [100.0, 7.0, 2.0, 10.0]]);
        let row = Transition {
            codes: &[0],
            mask: ActionMask(0b001),
            action: 0,
            reward: 1.0,
            discount: 0.5,
            next_codes: &[1],
            next_mask: ActionMask(0b110),
        };
        // Action 0 is masked; the online network prefers 2, whose target value is 10 + 2 - 4.5.
        let found = double_q_target(row, &online, &target, row.next_mask);
        assert_eq!(found, 1.0 + 0.5 * 7.5);
        // Restricted further, 1 is chosen; the mean is still over all allowed actions.
        let found = double_q_target(row, &online, &target, ActionMask(0b010));
        assert_eq!(found, 1.0 + 0.5 * 12.5);
        let terminated = Transition {
            discount: 0.0,
            next_mask: ActionMask(0),
            ..row
        };
        let nothing = ActionMask(0);
        assert_eq!(double_q_target(terminated, &online, &target, nothing), 1.0);
    }
}

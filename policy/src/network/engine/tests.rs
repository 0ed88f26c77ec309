//! The engines against each other and against finite differences.

use offhook_env::action::ActionMask;
use offhook_env::belief::layout::Layout;
use offhook_env::rng::{Stream, derive};

use super::Engine;
use crate::network::actor_critic::Dropout;
use crate::network::inputs::Inputs;
use crate::network::objective::cross_entropy;
use crate::network::optimizer::{Moments, OptimizerConfig};
use crate::network::trainer::Trainer;
use crate::network::weights::{Activation, NetworkConfig, Weights};
use crate::testing::{layout, observations};

const ENGINES: [Engine; 2] = [Engine::Burn, Engine::Fused];

const ADAM: OptimizerConfig = OptimizerConfig {
    epsilon: 1e-5,
    weight_decay: 0.0,
    max_grad_norm: None,
};

/// A network with biases away from zero and heads that say something.
fn weights(layout: &Layout, hidden: &[usize], activation: Activation) -> Weights {
    let config = NetworkConfig {
        hidden: hidden.to_vec(),
        activation,
    };
    let mut weights = Weights::initial(&config, layout, 5);
    weights.policy.weight.iter_mut().for_each(|w| *w *= 100.0);
    for (_, layer) in weights.layers_mut() {
        let biases = layer.bias.iter_mut().zip(0..);
        biases.for_each(|(b, k)| *b = 0.05 * (k % 7) as f32 - 0.1);
    }
    weights
}

/// Coefficients of a linear objective, different for every output.
fn coefficient(k: usize) -> f32 {
    (k as f32 * 0.7).sin() / 10.0
}

/// Gradient of the linear objective by one engine: ten times the first moment after one step.
fn gradient(
    engine: Engine,
    weights: &Weights,
    inputs: &Inputs,
    rows: &[u32],
    dropout: f64,
) -> (Vec<Vec<f32>>, f32) {
    let mut trainer = Trainer::new(weights, engine, ADAM);
    let mut rng = derive(1, Stream::Shuffle, 0);
    let dropout = (dropout > 0.0).then_some(Dropout {
        prob: dropout,
        rng: &mut rng,
    });
    let (_, norm) = trainer.step(inputs, rows, 0.1, dropout, |_, gradient| {
        let entries = gradient.iter_mut().enumerate();
        entries.for_each(|(k, g)| *g = coefficient(k));
    });
    let times_ten = |m: Moments| m.first.into_iter().map(|m| 10.0 * m).collect();
    (trainer.moments().into_iter().map(times_ten).collect(), norm)
}

/// Hidden layers, activation, actions, rows and dropout: widths beside whole blocks, rows beside
/// whole tiles and strips.
const CASES: [(&[usize], Activation, usize, u64, f64); 7] = [
    (&[], Activation::Relu, 3, 7, 0.0),
    (&[5], Activation::Tanh, 2, 1, 0.0),
    (&[64, 64], Activation::Relu, 31, 200, 0.0),
    (&[64, 64], Activation::Tanh, 15, 49, 0.0),
    (&[17, 130, 3], Activation::Relu, 38, 97, 0.0),
    (&[80, 33], Activation::Tanh, 16, 50, 0.4),
    (&[33, 20], Activation::Relu, 20, 101, 0.4),
];

#[test]
fn both_engines_give_the_same_gradient() {
    for (hidden, activation, n_actions, n_rows, dropout) in CASES {
        let layout = layout(&[8, 3, 16, 2, 5], n_actions);
        let weights = weights(&layout, hidden, activation);
        let inputs = Inputs::upload(&observations(&layout, n_rows, 3).0, &layout);
        let rows: Vec<u32> = (0..n_rows as u32).rev().collect();
        let [(burn, burn_norm), (fused, norm)] =
            ENGINES.map(|engine| gradient(engine, &weights, &inputs, &rows, dropout));
        assert!((norm - burn_norm).abs() < 1e-4 * norm, "{norm} {burn_norm}");
        for (parameter, (fused, burn)) in fused.iter().zip(&burn).enumerate() {
            let size = burn.iter().map(|g| g * g).sum::<f32>().sqrt();
            for (fused, burn) in fused.iter().zip(burn) {
                let error = (fused - burn).abs();
                assert!(
                    error <= 1e-4 * burn.abs() + 1e-5 * size,
                    "{hidden:?} {activation:?}, parameter {parameter}: {fused} {burn}"
                );
            }
        }
    }
}

#[test]
fn the_fused_gradient_is_that_of_finite_differences() {
    for (hidden, activation) in [
        (&[7][..], Activation::Tanh),
        (&[18, 5], Activation::Tanh),
        (&[6, 17, 4], Activation::Tanh),
        (&[9, 5], Activation::Relu),
    ] {
        let layout = layout(&[4, 3], 5);
        let weights = weights(&layout, hidden, activation);
        let inputs = Inputs::upload(&observations(&layout, 50, 3).0, &layout);
        let rows: Vec<u32> = (0..50).collect();
        let (found, _) = gradient(Engine::Fused, &weights, &inputs, &rows, 0.0);
        let loss = |weights: &Weights| {
            let mut trainer = Trainer::new(weights, Engine::Fused, ADAM);
            let measure = |outputs: &[f32], _: &mut [f32]| {
                let terms = outputs.iter().enumerate();
                terms
                    .map(|(k, x)| f64::from(x * coefficient(k)))
                    .sum::<f64>()
            };
            trainer.step(&inputs, &rows, 0.1, None, measure).0
        };
        // Small enough that hardly a rectifier changes sides.
        let step = 2e-3;
        for (layer, pair) in found.chunks_exact(2).enumerate() {
            for entry in (0..pair[0].len()).step_by(5) {
                let moved = |delta: f32| {
                    let mut weights = weights.clone();
                    let (_, dense) = weights.layers_mut().nth(layer).unwrap();
                    dense.weight[entry] += delta;
                    loss(&weights)
                };
                let slope = (moved(step) - moved(-step)) / f64::from(2.0 * step);
                let found = f64::from(pair[0][entry]);
                assert!(
                    (found - slope).abs() < 2e-3 * (1.0 + slope.abs()),
                    "{hidden:?} {activation:?}, layer {layer}, weight {entry}: {found} {slope}"
                );
            }
        }
    }
}

/// Learns to choose the first allowed action, with everything that Adam has to offer.
fn learn(engine: Engine, n_steps: u64) -> (Weights, Vec<Moments>) {
    let layout = layout(&[6, 5, 4], 9);
    let (codes, masks) = observations(&layout, 60, 7);
    let inputs = Inputs::upload(&codes, &layout);
    let config = OptimizerConfig {
        weight_decay: 0.1,
        max_grad_norm: Some(0.2),
        ..ADAM
    };
    let start = weights(&layout, &[24, 10], Activation::Tanh);
    let mut trainer = Trainer::new(&start, engine, config);
    for step in 0..n_steps {
        let rows: Vec<u32> = (0..40).map(|k| (k * 7 + step as u32) % 60).collect();
        trainer.step(&inputs, &rows, 1e-2, None, |outputs, gradient| {
            let outs = outputs.chunks_exact(10).zip(gradient.chunks_exact_mut(10));
            for (row, (out, gradient)) in rows.iter().zip(outs) {
                let mask: ActionMask = masks[*row as usize];
                cross_entropy(&out[..9], mask, mask.nth(0), 0.1, 0.025, gradient);
                gradient[9] = 0.025 * (out[9] - 1.0);
            }
        });
    }
    (trainer.weights(), trainer.moments())
}

#[test]
fn steps_of_both_engines_stay_together() {
    for (n_steps, tolerance) in [(1, 1e-5), (50, 1e-3)] {
        let [(burn, burn_moments), (fused, moments)] = ENGINES.map(|e| learn(e, n_steps));
        for ((name, burn), (_, fused)) in burn.layers().zip(fused.layers()) {
            let pairs = burn.weight.iter().zip(&fused.weight);
            for (burn, fused) in pairs.chain(burn.bias.iter().zip(&fused.bias)) {
                let error = (burn - fused).abs();
                assert!(error < tolerance, "{n_steps} steps, {name}: {burn} {fused}");
            }
        }
        for (burn, fused) in burn_moments.iter().zip(&moments) {
            assert_eq!((burn.n_steps, fused.n_steps), (n_steps, n_steps));
            for (burn, fused) in burn.second.iter().zip(&fused.second) {
                let error = (burn - fused).abs();
                assert!(error < tolerance * 1e-2, "{n_steps} steps: {burn} {fused}");
            }
        }
    }
}

#[test]
fn an_endless_gradient_leaves_the_weights_alone() {
    let layout = layout(&[3, 2], 4);
    let inputs = Inputs::upload(&[1, 1], &layout);
    let start = weights(&layout, &[5], Activation::Relu);
    for engine in ENGINES {
        let mut trainer = Trainer::new(&start, engine, ADAM);
        let (_, norm) = trainer.step(&inputs, &[0], 0.1, None, |_, g| g.fill(f32::INFINITY));
        assert!(!norm.is_finite());
        assert_eq!(trainer.weights(), start, "{engine:?}");
    }
}

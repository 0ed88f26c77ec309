//! Intervals against textbook values and by simulation.

use super::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

pub(crate) fn near(estimate: Option<Estimate>, value: f64, low: f64, high: f64, by: f64) {
    let e = estimate.expect("an estimate");
    let (l, h) = e.bounds.expect("an interval");
    for (got, want) in [(e.value, value), (l, low), (h, high)] {
        assert!(
            (got - want).abs() <= by,
            "{e:?}, expected {value} [{low}, {high}]"
        );
    }
}

/// Share of `n` experiments whose interval held the truth.
pub(crate) fn coverage(
    n: usize,
    mut experiment: impl FnMut(&mut Xoshiro256PlusPlus) -> bool,
) -> f64 {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(11);
    (0..n).filter(|_| experiment(&mut rng)).count() as f64 / n as f64
}

pub(crate) fn normal(rng: &mut Xoshiro256PlusPlus) -> f64 {
    (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0
}

/// Hits of 400 calls whose completion differs from seed to seed by `spread`.
fn cluster(rng: &mut Xoshiro256PlusPlus, share: f64, spread: f64) -> Count {
    let p = share + spread * normal(rng);
    let hits = (0..400).filter(|_| rng.random::<f64>() < p).count() as u64;
    Count { hits, n: 400 }
}

#[test]
fn wilson_interval_agrees_with_newcombe_1998() {
    let known = [(81, 263, 0.2553, 0.3662), (0, 20, 0.0, 0.1611)];
    for (hits, n, low, high) in known {
        near(
            share(Count { hits, n }),
            hits as f64 / n as f64,
            low,
            high,
            5e-5,
        );
    }
    assert_eq!(
        share(Count { hits: 7, n: 7 })
            .and_then(|e| e.bounds)
            .map(|b| b.1),
        Some(1.0)
    );
    assert_eq!(share(Count::default()), None);
}

#[test]
fn poisson_interval_agrees_with_garwood_1936() {
    let known = [
        (0, 0.0, 3.6889),
        (1, 0.0253, 5.5716),
        (10, 4.7954, 18.3904),
        (100, 81.3640, 121.6268),
    ];
    for (hits, low, high) in known {
        near(rate(Count { hits, n: 1 }), hits as f64, low, high, 2e-4);
    }
    // At this size the normal interval is right to a thousandth of its width.
    near(
        rate(Count {
            hits: 1_000_000,
            n: 1,
        }),
        1e6,
        998_041.0,
        1_001_962.0,
        4.0,
    );
}

#[test]
fn a_mean_of_three_has_students_interval() {
    near(mean(&[1.0, 2.0, 3.0]), 2.0, -0.484138, 4.484138, 1e-6);
}

#[test]
fn one_value_has_no_interval_and_no_value_no_estimate() {
    assert_eq!(mean(&[4.0]), Some(Estimate::point(4.0)));
    assert_eq!(mean(&[]), None);
    assert_eq!(clustered_mean(&[Moments::default()]), None);
    assert_eq!(
        clustered_mean(&[Moments::of([2.0])]),
        Some(Estimate::point(2.0))
    );
}

#[test]
fn one_seed_is_as_sure_as_its_calls() {
    let count = Count { hits: 30, n: 100 };
    assert_eq!(clustered_share(&[count]), share(count));
    let values = [1.0, 0.0, 4.0, 2.0];
    assert_eq!(clustered_mean(&[Moments::of(values)]), mean(&values));
}

#[test]
fn no_harm_seen_is_not_no_harm() {
    let e = clustered_rate(&[Count { hits: 0, n: 10_000 }; 5]).expect("an estimate");
    near(Some(e.scaled(10_000.0)), 0.0, 0.0, 0.7378, 1e-3);
}

#[test]
fn clusters_that_agree_by_luck_are_no_surer_than_their_calls() {
    let same = [Count { hits: 50, n: 100 }; 3];
    assert_eq!(
        clustered_share(&same).and_then(|e| e.bounds),
        share(Count { hits: 150, n: 300 }).and_then(|e| e.bounds)
    );
}

/// Whether the interval is there and holds the truth.
pub(crate) fn holds(estimate: Option<Estimate>, truth: f64) -> bool {
    let bounds = estimate.and_then(|e| e.bounds);
    bounds.is_some_and(|(low, high)| low <= truth && truth <= high)
}

#[test]
fn intervals_hold_the_truth_about_as_often_as_they_say() {
    // Four standard errors of a share of 0.95 over 2,000 experiments are 0.02.
    for p in [0.02, 0.3, 0.7] {
        let wilson = coverage(2_000, |rng| holds(share(cluster(rng, p, 0.0)), p));
        assert!((wilson - 0.95).abs() < 0.02, "Wilson at {p}: {wilson}");
    }
    for spread in [0.0, 0.02, 0.06] {
        for n_seeds in [3, 5] {
            let clustered = coverage(2_000, |rng| {
                let seeds: Vec<Count> = (0..n_seeds).map(|_| cluster(rng, 0.5, spread)).collect();
                holds(clustered_share(&seeds), 0.5)
            });
            assert!(
                clustered > 0.93,
                "{n_seeds} seeds, spread {spread}: {clustered}"
            );
        }
    }
}

#[test]
fn calls_of_one_seed_do_not_pass_for_independent_ones() {
    let seeds: Vec<Count> = [6_000, 7_000, 8_000]
        .map(|hits| Count { hits, n: 10_000 })
        .into();
    near(clustered_share(&seeds), 0.7, 0.4516, 0.9484, 1e-4);
}

#[test]
fn pairing_takes_shared_luck_out() {
    let calls = |offset: f32| -> Vec<Vec<f32>> {
        (0..3)
            .map(|s| (0..50).map(|c| (c * 7 % 10 + s) as f32 + offset).collect())
            .collect()
    };
    near(
        paired_difference(&calls(0.25), &calls(0.0)),
        0.25,
        0.25,
        0.25,
        1e-9,
    );
}

#[test]
fn a_difference_of_independent_estimates_holds_as_often_as_they_do() {
    // Newcombe (1998, Statistics in Medicine 17:873), example (a), method 10: 56/70 - 48/80.
    let found = |hits, n| share(Count { hits, n }).expect("calls");
    near(
        Some(found(56, 70).minus(found(48, 80))),
        0.2,
        0.0524,
        0.3339,
        1e-4,
    );
    let lone = Estimate::point(0.5);
    assert_eq!(found(56, 70).minus(lone).bounds, None);
    let covered = coverage(2_000, |rng| {
        let mut seeds =
            |share| -> Vec<Count> { (0..3).map(|_| cluster(rng, share, 0.03)).collect() };
        let (a, b) = (clustered_share(&seeds(0.6)), clustered_share(&seeds(0.5)));
        holds(a.zip(b).map(|(a, b)| a.minus(b)), 0.1)
    });
    assert!(covered > 0.93, "{covered}");
}

#[test]
fn moments_of_two_streams_add_up_to_those_of_one() {
    let values: Vec<f64> = (0..50).map(|k| f64::from(k * k % 17)).collect();
    let whole = Moments::of(values.iter().copied());
    for cut in [0, 1, 20, 50] {
        let part = |list: &[f64]| Moments::of(list.iter().copied());
        let both = part(&values[..cut]).merged(part(&values[cut..]));
        assert_eq!(both.n, whole.n);
        assert!((both.mean - whole.mean).abs() < 1e-12);
        assert!((both.variance - whole.variance).abs() < 1e-12);
    }
}

//! Whether learning stays where it got to: the worst fall after a seed first came close to its end.

use super::metrics::{self, Row, Stage};

/// A seed has arrived when it first reaches this share of its final completion.
const ARRIVED: f64 = 0.9;
/// A fall of more than this, as a share of the calls, is a collapse.
const COLLAPSE: f64 = 0.1;

/// The learning curve of one seed in three numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeedStability {
    /// The seed.
    pub seed: u64,
    /// Completion at the last evaluation, in `[0, 1]`.
    pub last: f64,
    /// Simulated calls until completion first reached 90 % of the last; 0 if it started there.
    pub calls_to_arrive: u64,
    /// How far any later evaluation fell below the best one before it, since then, in `[0, 1]`.
    pub largest_fall: f64,
}

impl SeedStability {
    /// From the points `(simulated calls, completion)` of a curve; `None` if there are none.
    fn of(seed: u64, points: &[(u64, f64)]) -> Option<Self> {
        let (_, last) = *points.last()?;
        let arrived = points.iter().position(|(_, y)| *y >= ARRIVED * last)?;
        let mut best = f64::NEG_INFINITY;
        let mut largest_fall = 0.0f64;
        for (_, y) in &points[arrived..] {
            best = best.max(*y);
            largest_fall = largest_fall.max(best - y);
        }
        Some(Self {
            seed,
            last,
            calls_to_arrive: points[arrived].0,
            largest_fall,
        })
    }
}

/// The stability of every seed that has a curve, in the order of the seeds.
pub fn of(rows: &[Row], seeds: impl Iterator<Item = u64>) -> Vec<SeedStability> {
    let points = |seed: u64| -> Vec<(u64, f64)> {
        rows.iter()
            .filter(|r| {
                r.seed == seed && r.stage == Stage::Reinforcement && r.metric == metrics::CURVE
            })
            .map(|r| (r.calls, r.value))
            .collect()
    };
    seeds
        .filter_map(|seed| SeedStability::of(seed, &points(seed)))
        .collect()
}

/// The seeds together: how many never collapsed, and the worst fall of all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stability {
    /// Seeds that have a curve.
    pub n_seeds: usize,
    /// Those that never fell by more than 10 points.
    pub n_stable: usize,
    /// The largest fall, in `[0, 1]`.
    pub worst: f64,
}

impl Stability {
    /// Of these seeds.
    pub fn of(seeds: &[SeedStability]) -> Self {
        Self {
            n_seeds: seeds.len(),
            n_stable: seeds.iter().filter(|s| s.largest_fall <= COLLAPSE).count(),
            worst: seeds.iter().map(|s| s.largest_fall).fold(0.0, f64::max),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fall_counts_from_the_best_since_arrival() {
        let points = [
            (0, 0.7),
            (10, 0.2),
            (20, 0.6),
            (30, 0.8),
            (40, 0.55),
            (50, 0.6),
        ];
        let found = SeedStability::of(3, &points).unwrap();
        // It starts above 0.54, so the fall to 0.2 counts.
        assert_eq!(found.calls_to_arrive, 0);
        assert!((found.largest_fall - 0.5).abs() < 1e-12);
        let found = SeedStability::of(3, &points[1..]).unwrap();
        assert_eq!(found.calls_to_arrive, 20);
        assert!((found.largest_fall - 0.25).abs() < 1e-12);
        assert_eq!(Stability::of(&[found]).n_stable, 0);
        assert!(SeedStability::of(3, &[]).is_none());
    }
}

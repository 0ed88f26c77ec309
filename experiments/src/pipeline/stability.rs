//! Whether learning stays where it got to: the worst fall after a seed first came close to its end.

use super::metrics::Row;
use crate::table_print::{Cell, Table};

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
                r.seed == seed && r.stage == "reinforcement" && r.metric == "evaluate/completion"
            })
            .map(|r| (r.calls, r.value))
            .collect()
    };
    seeds
        .filter_map(|seed| SeedStability::of(seed, &points(seed)))
        .collect()
}

/// How many seeds never collapsed, and the worst fall of all, in one sentence.
pub fn line(seeds: &[SeedStability]) -> String {
    let n_stable = seeds.iter().filter(|s| s.largest_fall <= COLLAPSE).count();
    let worst = seeds.iter().map(|s| s.largest_fall).fold(0.0, f64::max);
    format!(
        "stability: once at 90 % of its final completion, {n_stable} of {} seeds never fell by more \
         than 10 points; the largest fall was {:.1} points",
        seeds.len(),
        100.0 * worst
    )
}

/// One row a seed.
pub fn table(seeds: &[SeedStability]) -> Table {
    let row = |s: &SeedStability| {
        [
            s.seed.to_string(),
            format!("{:.1} %", 100.0 * s.last),
            s.calls_to_arrive.to_string(),
            format!("{:.1} points", 100.0 * s.largest_fall),
        ]
        .map(Cell::Text)
        .to_vec()
    };
    let columns = [
        "seed",
        "final completion",
        "calls to 90 % of it",
        "largest fall after",
    ];
    Table {
        columns: columns.map(str::to_owned).to_vec(),
        rows: seeds.iter().map(row).collect(),
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
        assert!(
            line(&[found]).contains("0 of 1 seeds"),
            "{}",
            line(&[found])
        );
        assert!(SeedStability::of(3, &[]).is_none());
    }
}

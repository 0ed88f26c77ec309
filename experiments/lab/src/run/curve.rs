//! The learning curve over seeds: interquartile mean with its interval at every evaluation.

use offhook_stats::Estimate;
use offhook_stats::bootstrap::iqm;

use super::judge::{Contestant, Judgement};
use super::metrics::{self, Row};
use crate::disk::csv;
use crate::key_figure::KeyFigure;

/// What was learned over simulated calls, and what stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LearningCurve {
    /// What was learned.
    pub curves: Vec<Curve>,
    /// What stays as it is, such as `script`.
    pub references: Vec<Reference>,
}

/// One line of a [`LearningCurve`].
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Its label.
    pub name: String,
    /// In ascending `x`.
    pub points: Vec<Point>,
}

/// One point of a [`Curve`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Simulated calls that training had used, mean over seeds.
    pub x: f64,
    /// Value and band in raw units; no band where there is no interval.
    pub y: Estimate,
}

/// A level to compare curves with.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// Its label.
    pub name: String,
    /// Value and band in raw units.
    pub y: Estimate,
}

/// Collects the curve of one metric, a share, from the rows of all seeds.
pub fn collect(name: &str, rows: &[Row], metric: &str) -> Curve {
    let is_point = |r: &&Row| r.stage == metrics::Stage::Reinforcement && r.metric == metric;
    let mut steps: Vec<u64> = rows.iter().filter(is_point).map(|r| r.step).collect();
    steps.sort_unstable();
    steps.dedup();
    let points = steps.into_iter().filter_map(|step| {
        let at: Vec<&Row> = rows
            .iter()
            .filter(|r| is_point(r) && r.step == step)
            .collect();
        let scores: Vec<f64> = at.iter().map(|row| row.value).collect();
        let x = at.iter().map(|row| row.calls as f64).sum::<f64>() / at.len() as f64;
        Some(Point {
            x,
            y: iqm(&scores, step)?.within((0.0, 1.0)),
        })
    });
    Curve {
        name: name.to_owned(),
        points: points.collect(),
    }
}

/// Completion of a run while it learned, beside the hand-written flow. `random` is left to the table: next to
/// it no curve would be seen to move.
pub(crate) fn of_run(rows: &[Row], judgement: &Judgement) -> LearningCurve {
    let completion = KeyFigure::named("completion");
    let script = judgement
        .entry(Contestant::Script)
        .and_then(|script| script.estimate(completion));
    let references = script.map(|y| Reference {
        name: Contestant::Script.name().to_owned(),
        y,
    });
    LearningCurve {
        curves: vec![collect(
            Contestant::Reinforcement.name(),
            rows,
            metrics::CURVE,
        )],
        references: references.into_iter().collect(),
    }
}

impl LearningCurve {
    /// The numbers as CSV: `curve,calls,value,low,high`; a reference has no calls.
    pub fn to_csv(&self) -> String {
        let row = |name: &str, x: Option<f64>, y: &Estimate| {
            let (low, high) = y.bounds.unzip();
            let numbers = [x, Some(y.value), low, high].map(csv::number);
            std::iter::once(name.to_owned()).chain(numbers)
        };
        let points = self.curves.iter().flat_map(|curve| {
            curve
                .points
                .iter()
                .map(|p| row(&curve.name, Some(p.x), &p.y))
        });
        let references = self.references.iter().map(|r| row(&r.name, None, &r.y));
        let head = ["curve", "calls", "value", "low", "high"];
        csv::to_csv(&head, points.chain(references))
    }
}

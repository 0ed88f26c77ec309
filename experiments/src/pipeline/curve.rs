//! The learning curve over seeds: interquartile mean with bootstrap interval at every evaluation.

use super::metrics::Row;
use crate::bootstrap::{RESAMPLES, iqm};
use crate::plot::{Curve, Figure, Point, Reference};
use crate::stats::Estimate;
use crate::unit::Unit;

/// Collects the curve of one metric from the rows of all seeds.
pub fn collect(name: &str, rows: &[Row], metric: &str) -> Curve {
    let mut steps: Vec<u64> = rows
        .iter()
        .filter(|r| r.stage == "reinforcement" && r.metric == metric)
        .map(|r| r.step)
        .collect();
    steps.sort_unstable();
    steps.dedup();
    let points = steps.into_iter().filter_map(|step| {
        let at: Vec<&Row> = rows
            .iter()
            .filter(|r| r.stage == "reinforcement" && r.metric == metric && r.step == step)
            .collect();
        let scores = at.iter().map(|row| row.value).collect();
        let x = at.iter().map(|row| row.calls as f64).sum::<f64>() / at.len() as f64;
        Some(Point {
            x,
            y: iqm(&[scores], RESAMPLES, step)?,
        })
    });
    Curve {
        name: name.to_owned(),
        points: points.collect(),
    }
}

/// The figure of completion over simulated calls.
pub fn figure(
    scenario: &str,
    n_seeds: usize,
    curve_calls: u64,
    curves: Vec<Curve>,
    references: Vec<Reference>,
) -> Figure {
    let band = if n_seeds > 1 {
        ", band = 95 % bootstrap interval"
    } else {
        ""
    };
    let s = if n_seeds == 1 { "" } else { "s" };
    Figure {
        title: format!("{scenario}: calls completed while learning"),
        subtitle: format!(
            "interquartile mean of {n_seeds} seed{s}{band}; {curve_calls} held-out calls a point and seed"
        ),
        x_label: "simulated training calls".into(),
        y_label: "calls completed".into(),
        unit: Unit::share(),
        curves,
        references,
    }
}

/// The plotted numbers.
pub fn to_csv(figure: &Figure) -> String {
    let mut text = String::from("curve,calls,value,low,high\n");
    let mut line = |name: &str, x: Option<f64>, y: &Estimate| {
        let x = x.map_or(String::new(), |x| x.to_string());
        let (low, high) = y.bounds.map_or((String::new(), String::new()), |(l, h)| {
            (l.to_string(), h.to_string())
        });
        text += &format!("{name},{x},{},{low},{high}\n", y.value);
    };
    for curve in &figure.curves {
        for point in &curve.points {
            line(&curve.name, Some(point.x), &point.y);
        }
    }
    for reference in &figure.references {
        line(&reference.name, None, &reference.y);
    }
    text
}

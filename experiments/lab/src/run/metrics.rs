//! Measured numbers of one seed, step by step, and their file.

use std::fmt;
use std::str::FromStr;

use crate::disk::csv;
use crate::error::Failure;

/// The metric that learning curves show.
pub const CURVE: &str = "evaluate/completion";

/// A stage of training, in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Cloning the hand-written flow or a log.
    Imitation,
    /// Training a policy that sees the hidden customer.
    Teacher,
    /// Learning what an expert would have done.
    Student,
    /// Improving in simulation or on a log.
    Reinforcement,
    /// Putting the policy into a table.
    Distill,
}

impl Stage {
    /// Every stage.
    pub const ALL: [Self; 5] = [
        Self::Imitation,
        Self::Teacher,
        Self::Student,
        Self::Reinforcement,
        Self::Distill,
    ];

    /// Its name in files and on progress bars.
    pub fn name(self) -> &'static str {
        match self {
            Self::Imitation => "imitation",
            Self::Teacher => "teacher",
            Self::Student => "student",
            Self::Reinforcement => "reinforcement",
            Self::Distill => "distill",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Stage {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let found = Self::ALL.into_iter().find(|stage| stage.name() == text);
        found.ok_or(())
    }
}

/// One measured number.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Training seed.
    pub seed: u64,
    /// The stage that measured it.
    pub stage: Stage,
    /// Position within the stage: epoch, iteration, or round.
    pub step: u64,
    /// Simulated calls that training had used by then.
    pub calls: u64,
    /// Name of the metric.
    pub metric: String,
    /// Its value.
    pub value: f64,
}

const HEAD: [&str; 6] = ["seed", "stage", "step", "calls", "metric", "value"];

/// Writes rows as CSV; equal rows give equal bytes.
pub fn to_csv(rows: &[Row]) -> String {
    let row = |row: &Row| {
        [
            row.seed.to_string(),
            row.stage.to_string(),
            row.step.to_string(),
            row.calls.to_string(),
            row.metric.clone(),
            row.value.to_string(),
        ]
    };
    csv::to_csv(&HEAD, rows.iter().map(row))
}

/// Reads rows back.
///
/// # Errors
/// The line that is not what [`to_csv`] writes.
pub fn from_csv(file: &str, text: &str) -> Result<Vec<Row>, Failure> {
    csv::from_csv(file, text, &HEAD, |row| {
        Some(Row {
            seed: row[0].parse().ok()?,
            stage: row[1].parse().ok()?,
            step: row[2].parse().ok()?,
            calls: row[3].parse().ok()?,
            metric: row[4].to_owned(),
            value: row[5].parse().ok()?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_survive_the_file() {
        let row = Row {
            seed: 1,
            stage: Stage::Imitation,
            step: 2,
            calls: 30,
            metric: "loss".into(),
            value: 0.1 + 0.2,
        };
        let text = to_csv(std::slice::from_ref(&row));
        assert_eq!(from_csv("m.csv", &text).expect("own file"), [row]);
    }

    #[test]
    fn a_line_that_is_no_row_is_named() {
        let text = "seed,stage,step,calls,metric,value\n1,2\n";
        let error = from_csv("m.csv", text).expect_err("too short").message;
        assert!(error.starts_with("'m.csv' line 2: found `1,2`"), "{error}");
    }
}

//! Measured numbers of one seed, step by step, and their file.

use crate::error::Failure;

/// One measured number.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Training seed.
    pub seed: u64,
    /// `imitation`, `reinforcement` or `distill`.
    pub stage: String,
    /// Position within the stage: epoch, iteration, or round.
    pub step: u64,
    /// Simulated calls that training had used by then.
    pub calls: u64,
    /// Name of the metric.
    pub metric: String,
    /// Its value.
    pub value: f64,
}

/// Writes rows as CSV; equal rows give equal bytes.
pub fn to_csv(rows: &[Row]) -> String {
    let mut text = String::from("seed,stage,step,calls,metric,value\n");
    for row in rows {
        let Row {
            seed,
            stage,
            step,
            calls,
            metric,
            value,
        } = row;
        text += &format!("{seed},{stage},{step},{calls},{metric},{value}\n");
    }
    text
}

/// Reads rows back.
///
/// # Errors
/// The line that is not what [`to_csv`] writes.
pub fn from_csv(file: &str, text: &str) -> Result<Vec<Row>, Failure> {
    let parse = |(k, line): (usize, &str)| {
        let mut parts = line.split(',');
        let row = (|| {
            Some(Row {
                seed: parts.next()?.parse().ok()?,
                stage: parts.next()?.to_owned(),
                step: parts.next()?.parse().ok()?,
                calls: parts.next()?.parse().ok()?,
                metric: parts.next()?.to_owned(),
                value: parts.next()?.parse().ok()?,
            })
        })();
        row.filter(|_| parts.next().is_none()).ok_or_else(|| {
            let expected = "seed,stage,step,calls,metric,value";
            Failure::failed(format!(
                "'{file}' line {}: found `{line}`, expected {expected}",
                k + 1
            ))
        })
    };
    text.lines().enumerate().skip(1).map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_survive_the_file() {
        let row = Row {
            seed: 1,
            stage: "imitation".into(),
            step: 2,
            calls: 30,
            metric: "loss".into(),
            value: 0.1 + 0.2,
        };
        let text = to_csv(std::slice::from_ref(&row));
        assert_eq!(from_csv("m.csv", &text).expect("own file"), [row]);
        let error = from_csv("m.csv", "head\n1,2\n")
            .expect_err("too short")
            .message;
        assert!(error.starts_with("'m.csv' line 2: found `1,2`"), "{error}");
    }
}

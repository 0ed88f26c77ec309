//! Where a table comes from, in words: its provenance as lines for pages.

use serde_json::Value;

use crate::table::Provenance;

/// Every key with its lines, in the order of keys.
///
/// Entries of an object are a line each. Under `metrics` three numbers are a value and the ends of its
/// interval.
pub(crate) fn lines(provenance: &Provenance) -> Vec<(&str, Vec<String>)> {
    let told = provenance.iter().map(|(key, value)| {
        let intervals = key == "metrics";
        let lines: Vec<String> = match value {
            Value::Object(fields) => {
                let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
                fields.sort_by_key(|(name, _)| *name);
                let line = |(name, value): (&String, &Value)| {
                    format!("{name}: {}", text(value, intervals))
                };
                fields.into_iter().map(line).collect()
            }
            value => vec![text(value, intervals)],
        };
        let whose = intervals.then(|| seed(provenance)).flatten();
        (key.as_str(), whose.into_iter().chain(lines).collect())
    });
    told.collect()
}

/// Whose figures a table's are, where other seeds were trained beside it: the report of a run is of all of them.
fn seed(provenance: &Provenance) -> Option<String> {
    let seeds = provenance.get("seeds")?;
    let (own, all) = (seeds.get("train")?, seeds.get("of")?);
    let others = all.as_array().is_some_and(|all| all.len() > 1);
    others.then(|| {
        format!(
            "of this table alone, which is that of seed {own} out of {}",
            text(all, false)
        )
    })
}

fn text(value: &Value, intervals: bool) -> String {
    match value {
        // Nothing was checked here, and a line is a line.
        Value::String(text) => text.replace(char::is_control, " "),
        Value::Array(items) => match &items[..] {
            [value, low, high] if intervals => format!("{value} [{low}, {high}]"),
            items => {
                let texts: Vec<String> = items.iter().map(|item| text(item, intervals)).collect();
                // A name may have a comma in it.
                texts.join(if items.iter().any(Value::is_string) {
                    "; "
                } else {
                    ", "
                })
            }
        },
        Value::Object(fields) => {
            let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            let entry =
                |(name, value): (&String, &Value)| format!("{name} {}", text(value, intervals));
            fields.into_iter().map(entry).collect::<Vec<_>>().join(", ")
        }
        scalar => scalar.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn provenance_reads_as_lines_and_metrics_with_their_intervals() {
        let value = serde_json::json!({
            "program": "offhook 0.1.0",
            "metrics": {"calls": 1000, "completion": [0.63, 0.6, 0.66], "lost": {"completion": [0.0, -0.1, 0.1]}},
            "proofs": {"rules": ["no offer", "say hello first"]},
            "seeds": {"train": 3, "of": [3, 2, 4]},
        });
        let provenance = serde_json::from_value(value).unwrap();
        let expected = [
            (
                "metrics",
                vec![
                    "of this table alone, which is that of seed 3 out of 3, 2, 4",
                    "calls: 1000",
                    "completion: 0.63 [0.6, 0.66]",
                    "lost: completion 0.0 [-0.1, 0.1]",
                ],
            ),
            ("program", vec!["offhook 0.1.0"]),
            ("proofs", vec!["rules: no offer; say hello first"]),
            ("seeds", vec!["of: 3, 2, 4", "train: 3"]),
        ];
        let expected = expected.map(|(key, lines)| {
            let lines: Vec<String> = lines.into_iter().map(str::to_owned).collect();
            (key, lines)
        });
        assert_eq!(lines(&provenance), expected);
    }
}

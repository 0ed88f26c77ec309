//! Policies against user models in one scenario: the matrix, and how far user models agree on which policy is
//! better.

use std::fmt::Write;

use offhook_lab::evaluate::{Matrix, MatrixCell, SegmentCell, SegmentDifferences};
use offhook_lab::key_figure::{KEY_FIGURES, KeyFigure};
use offhook_lab::unit::Unit;
use offhook_stats::Estimate;
use serde_json::{Value, json};

use crate::Presentation;
use crate::key_table::{self, UNITS};
use crate::record::Record;
use crate::text_table::{Cell, TextTable};

/// The figures of the printed matrix, beside the one that policies are ranked by; records have all.
const SHOWN: [&str; 7] = [
    "completion",
    "completion_attainable",
    "satisfied",
    "return",
    "rules_broken",
    "held_back",
    "harms",
];

/// The figures whose differences are printed.
const DIFFERENCES: [&str; 4] = ["completion", "satisfied", "return", "harms"];

/// What was measured in one scenario.
pub fn present(matrix: &Matrix) -> Presentation {
    let cells = matrix.cells.iter();
    let records = cells.flat_map(|cell| cell_records(matrix, cell));
    Presentation {
        text: text(matrix),
        records: records
            .chain(
                matrix
                    .segments
                    .iter()
                    .flat_map(|own| segment_records(matrix, own)),
            )
            .chain(agreement_records(matrix))
            .collect(),
    }
}

fn text(matrix: &Matrix) -> String {
    let mut text = format!(
        "{}: {} calls per policy and user model, seed {}, 95 % intervals\n",
        matrix.scenario, matrix.n_calls, matrix.seed
    );
    // A String takes every write.
    for (user_model, source) in &matrix.sources {
        let _ = writeln!(text, "{user_model}: fitted to {source}");
    }
    for (table, proved) in &matrix.proofs {
        let _ = writeln!(text, "{}", key_table::proof_note(table, *proved));
    }
    let _ = writeln!(text, "{}{UNITS}", cell_table(matrix).to_text());
    let _ = write!(text, "\n{}", outcome_table(matrix).to_text());
    if let Some(by) = &matrix.by {
        text += &segments(matrix, by);
    }
    let [first, second, ..] = &matrix.user_models[..] else {
        return text;
    };
    let n_ranked = matrix.agreement(first, second).n_policies;
    if n_ranked >= 2 {
        let _ = write!(
            text,
            "\nKendall's tau-b between user models, of {n_ranked} policies ranked by {}\n{}",
            matrix.ranked_by.name,
            agreement_table(matrix).to_text()
        );
    }
    text
}

fn cell_table(matrix: &Matrix) -> TextTable {
    with_user_models(key_table::table(&rows(matrix), &names(matrix)), matrix)
}

/// The figures that are printed.
fn names(matrix: &Matrix) -> Vec<&'static str> {
    let ranked_by = matrix.ranked_by.name;
    let extra = (!SHOWN.contains(&ranked_by)).then_some(ranked_by);
    SHOWN.into_iter().chain(extra).collect()
}

/// The figures for the callers of each kind, and what policies differ in there from the first one.
fn segments(matrix: &Matrix, by: &str) -> String {
    let rows = (matrix.segments.iter()).map(|own| (own.policy.clone(), own.estimates.clone()));
    let table = key_table::table(&rows.collect::<Vec<_>>(), &names(matrix));
    let table = with_callers(table, by, matrix.segments.iter());
    let mut text = format!(
        "\nby {by}, each interval of 95 % by itself\n{}",
        table.to_text()
    );
    let against = |own: &&SegmentCell| own.against.is_some();
    let compared: Vec<&SegmentCell> = matrix.segments.iter().filter(against).collect();
    let Some(first) = compared.first().and_then(|own| own.against.as_ref()) else {
        return text;
    };
    let n = first.n_together;
    type Side = fn(&SegmentDifferences) -> &Vec<Option<Estimate>>;
    let together: Side = |own| &own.together;
    for (side, what) in [
        (
            together,
            format!(
                "intervals that hold together with 95 % over the {n} values of {by} (Bonferroni)"
            ),
        ),
        (
            |own| &own.plain,
            "each interval of 95 % by itself".to_owned(),
        ),
    ] {
        let rows = compared.iter().filter_map(|own| {
            let found = own.against.as_ref()?;
            Some((
                format!("{} - {}", own.policy, found.policy),
                side(found).clone(),
            ))
        });
        let table = key_table::table(&rows.collect::<Vec<_>>(), &DIFFERENCES);
        let table = with_callers(table, by, compared.iter().copied());
        // A String takes every write.
        let _ = write!(
            text,
            "\ndifferences on the same calls; {what}; without interval where no call differs\n{}",
            table.to_text()
        );
    }
    text
}

/// The table with who was called behind each policy.
fn with_callers<'m>(
    mut table: TextTable,
    by: &str,
    cells: impl Iterator<Item = &'m SegmentCell>,
) -> TextTable {
    let heads = ["user model", by, "calls"].map(str::to_owned);
    table.columns.splice(1..1, heads);
    for (row, own) in table.rows.iter_mut().zip(cells) {
        let n = Estimate::point(own.n_calls as f64);
        let cells = [
            Cell::from(own.user_model.as_str()),
            Cell::from(own.segment.as_str()),
            Cell::value(Some(n), &Unit::plain("calls", 0)),
        ];
        row.splice(1..1, cells);
    }
    table
}

/// The figures for one kind of caller, and the differences: `adjusted_for` comparisons where intervals hold together.
fn segment_records(matrix: &Matrix, own: &SegmentCell) -> Vec<Record> {
    let by = matrix.by.as_deref().unwrap_or_default();
    let record =
        |figure: &KeyFigure, estimate: Option<Estimate>, more: Vec<(&'static str, Value)>| {
            let place = [
                ("scenario", json!(matrix.scenario)),
                ("policy", json!(own.policy)),
                ("user_model", json!(own.user_model)),
            ];
            let place = place.into_iter().chain(more);
            let found = Record::new(figure.name, estimate?, own.n_calls, &figure.unit(), place);
            Some(found.of_caller(by, &own.segment))
        };
    let figures = KEY_FIGURES.iter().zip(&own.estimates);
    let mut records: Vec<Record> = figures
        .filter_map(|(figure, estimate)| record(figure, *estimate, Vec::new()))
        .collect();
    if let Some(found) = &own.against {
        for (estimates, n) in [(&found.together, found.n_together), (&found.plain, 1)] {
            let differences = KEY_FIGURES.iter().zip(estimates);
            records.extend(differences.filter_map(|(figure, estimate)| {
                let more = vec![("against", json!(found.policy)), ("adjusted_for", json!(n))];
                record(figure, *estimate, more)
            }));
        }
    }
    records
}

/// How calls end.
fn outcome_table(matrix: &Matrix) -> TextTable {
    with_user_models(key_table::outcomes(&rows(matrix)), matrix)
}

fn rows(matrix: &Matrix) -> Vec<(String, Vec<Option<Estimate>>)> {
    let cells = matrix.cells.iter();
    let row = |cell: &MatrixCell| (cell.policy.clone(), cell.estimates.clone());
    cells.map(row).collect()
}

/// The table with who answered beside each policy.
fn with_user_models(mut table: TextTable, matrix: &Matrix) -> TextTable {
    table.columns.insert(1, "user model".into());
    for (row, cell) in table.rows.iter_mut().zip(&matrix.cells) {
        row.insert(1, Cell::from(cell.user_model.as_str()));
    }
    table
}

/// Every pair of user models once: those of the rows come before those of the columns.
fn agreement_table(matrix: &Matrix) -> TextTable {
    let models = &matrix.user_models;
    let others = models.get(1..).unwrap_or_default();
    let rows = models.iter().zip(0..others.len()).map(|(one, k)| {
        let taus = others.iter().enumerate().map(|(j, other)| {
            let tau = (j >= k).then(|| matrix.agreement(one, other).tau);
            Cell::value(tau.flatten().map(Estimate::point), &tau_unit())
        });
        [Cell::from(one.as_str())].into_iter().chain(taus).collect()
    });
    TextTable {
        rows: rows.collect(),
        columns: ["user model"]
            .into_iter()
            .map(str::to_owned)
            .chain(others.iter().cloned())
            .collect(),
    }
}

fn cell_records(matrix: &Matrix, cell: &MatrixCell) -> Vec<Record> {
    let figures = KEY_FIGURES.iter().zip(&cell.estimates);
    let record = |(figure, estimate): (&KeyFigure, &Option<Estimate>)| {
        let place = [
            ("scenario", json!(matrix.scenario)),
            ("policy", json!(cell.policy)),
            ("user_model", json!(cell.user_model)),
        ];
        let proof = matrix.proofs.iter().find(|(name, _)| *name == cell.policy);
        let proved = proof.map(|(_, proved)| *proved);
        let place = (place.into_iter()).chain(key_table::unproved(proved));
        let (estimate, n) = ((*estimate)?, matrix.n_calls);
        Some(Record::new(figure.name, estimate, n, &figure.unit(), place))
    };
    figures.filter_map(record).collect()
}

fn agreement_records(matrix: &Matrix) -> Vec<Record> {
    let models = &matrix.user_models;
    let pairs = (models.iter().enumerate())
        .flat_map(|(k, one)| models[k + 1..].iter().map(move |other| (one, other)));
    let record = |(one, other): (&String, &String)| {
        let agreement = matrix.agreement(one, other);
        let place: [(&'static str, Value); 3] = [
            ("scenario", json!(matrix.scenario)),
            ("ranked_by", json!(matrix.ranked_by.name)),
            ("user_model", json!([one, other])),
        ];
        let (tau, n) = (Estimate::point(agreement.tau?), agreement.n_policies as u64);
        Some(Record::new("kendall_tau", tau, n, &tau_unit(), place))
    };
    pairs.filter_map(record).collect()
}

fn tau_unit() -> Unit {
    Unit::plain("tau-b", 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(completion: [Option<f64>; 2]) -> Matrix {
        let cells = ["agenda", "replay"].map(|user_model| {
            let policies = ["a", "b"].into_iter().zip(completion);
            policies.map(move |(policy, value)| {
                let mut estimates = vec![None; KEY_FIGURES.len()];
                estimates[0] = value.map(Estimate::point);
                MatrixCell {
                    policy: policy.into(),
                    user_model: user_model.into(),
                    estimates,
                }
            })
        });
        Matrix {
            scenario: "s".into(),
            n_calls: 10,
            seed: 1,
            user_models: vec!["agenda".into(), "replay".into()],
            sources: Vec::new(),
            proofs: vec![("b".into(), true)],
            cells: cells.into_iter().flatten().collect(),
            ranked_by: &KEY_FIGURES[0],
            by: None,
            segments: Vec::new(),
        }
    }

    #[test]
    fn words_and_records_tell_the_same() {
        let shown = present(&matrix([Some(0.25), Some(0.5)]));
        assert!(shown.text.contains("table b is proved"), "{}", shown.text);
        assert!(
            shown.text.contains("of 2 policies ranked by completion"),
            "{}",
            shown.text
        );
        assert!(
            shown.text.ends_with("agenda        1.00\n"),
            "{}",
            shown.text
        );
        let metrics: Vec<&str> = shown.records.iter().map(|r| r.metric.as_str()).collect();
        assert_eq!(metrics[3..], ["completion", "kendall_tau"]);
    }

    #[test]
    fn a_policy_of_another_scenario_leaves_its_cells_empty() {
        let shown = present(&matrix([Some(0.25), None]));
        assert!(!shown.text.contains("Kendall"), "{}", shown.text);
        assert!(shown.text.contains("\nb       agenda\n"), "{}", shown.text);
        assert_eq!(shown.records.len(), 2);
    }
}

//! Key figures of several policies, side by side.

use offhook_lab::key_figure::KEY_FIGURES;
use offhook_stats::Estimate;
use serde_json::Value;

use crate::text_table::{Cell, TextTable};

/// Units of the figures that are no shares.
pub const UNITS: &str = "completion_attainable: of the calls that can complete; satisfied: of conversations with the right person; \
     return: reward units; rules_broken, held_back: turns; harms: per 10,000 calls";

/// Key figures of several policies as a table, one row a policy; [`UNITS`] belongs below it.
pub fn table(rows: &[(String, Vec<Option<Estimate>>)], names: &[&str]) -> TextTable {
    let cells = |(policy, estimates): &(String, Vec<Option<Estimate>>)| {
        let picked = names.iter().map(|name| {
            let at = KEY_FIGURES
                .iter()
                .position(|f| f.name == *name)
                .expect("the name is one of KEY_FIGURES");
            Cell::value(estimates[at], &KEY_FIGURES[at].unit())
        });
        std::iter::once(Cell::from(policy.as_str()))
            .chain(picked)
            .collect()
    };
    TextTable {
        columns: std::iter::once("policy".to_owned())
            .chain(names.iter().map(|name| (*name).to_owned()))
            .collect(),
        rows: rows.iter().map(cells).collect(),
    }
}

/// How the calls of several policies end, one row a policy; each sums to 100 %.
pub fn outcomes(rows: &[(String, Vec<Option<Estimate>>)]) -> TextTable {
    let named: Vec<(usize, &str)> = (KEY_FIGURES.iter().enumerate())
        .filter_map(|(at, figure)| Some((at, figure.outcome()?)))
        .collect();
    let cells = |(policy, estimates): &(String, Vec<Option<Estimate>>)| {
        let shares = named.iter().map(|&(at, _)| {
            let share = estimates[at].map(|e| Estimate::point(e.value));
            Cell::value(share, &KEY_FIGURES[at].unit())
        });
        std::iter::once(Cell::from(policy.as_str()))
            .chain(shares)
            .collect()
    };
    let heads = named.iter().map(|(_, outcome)| outcome.replace('_', " "));
    TextTable {
        columns: std::iter::once("calls that end".to_owned())
            .chain(heads)
            .collect(),
        rows: rows.iter().map(cells).collect(),
    }
}

/// Whether a table is proved, in words: one that breaks a rule is held back while it plays, so that none is counted
/// as broken.
pub fn proof_note(name: &str, proved: bool) -> String {
    match proved {
        true => format!("table {name} is proved to break no rule in any cell"),
        false => format!(
            "table {name} is NOT proved; where what it chose is masked the first allowed action was taken instead and \
             counted as held_back"
        ),
    }
}

/// The same for the place of a record, where it is not so.
pub fn unproved(proved: Option<bool>) -> Option<(&'static str, Value)> {
    (proved == Some(false)).then(|| ("proved", Value::from(false)))
}

//! Key figures of several policies, side by side.

use offhook_lab::key_figure::KEY_FIGURES;
use offhook_stats::Estimate;

use crate::text_table::{Cell, TextTable};

/// Units of the figures that are no shares.
pub const UNITS: &str = "satisfaction: rating 1 to 5; return: reward units; rules_broken: a count; harms: per 10,000 calls";

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

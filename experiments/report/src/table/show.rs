//! The table itself, with example calls of its rules.

use std::collections::BTreeMap;

use offhook_env::log::dialog;
use offhook_lab::printable::one_line;
use offhook_lab::table::show::Example;
use offhook_table::{DecisionTable, Provenance};
use serde::Serialize;

use crate::document::Document;

/// The JSON of a table.
#[derive(Serialize)]
struct Shown<'a> {
    scenario: &'a str,
    layout: &'a str,
    checksum: &'a str,
    default_action: &'a str,
    provenance: &'a Provenance,
    /// The busiest first.
    rules: Vec<ShownRule<'a>>,
}

#[derive(Serialize)]
struct ShownRule<'a> {
    id: &'a str,
    action: &'a str,
    /// Levels allowed by feature; one that may take any level is absent.
    when: BTreeMap<String, Vec<String>>,
    words: String,
    /// Visits when the rule was made, and their share of those of all rules; null for none at all.
    support: u64,
    share: Option<f64>,
    /// Null where it was not measured.
    fidelity: Option<f64>,
    examples: &'a [String],
}

/// The table, the busiest rules first; `examples` by rule, or none at all.
pub fn present(table: &DecisionTable, examples: &[Vec<Example>]) -> Document {
    let examples = in_words(examples);
    Document::of(table.page(&examples), &shown(table, &examples))
}

/// The same as an HTML page.
pub fn html(table: &DecisionTable, examples: &[Vec<Example>]) -> String {
    table.html(&in_words(examples))
}

fn in_words(examples: &[Vec<Example>]) -> Vec<Vec<String>> {
    let words = |example: &Example| {
        let lines = dialog::lines(&example.turns);
        format!(
            "call {}, turn {}\n{}",
            one_line(&example.call_id),
            example.turn,
            lines.trim_end()
        )
    };
    let of_rule = |examples: &Vec<Example>| examples.iter().map(words).collect();
    examples.iter().map(of_rule).collect()
}

fn shown<'a>(table: &'a DecisionTable, examples: &'a [Vec<String>]) -> Shown<'a> {
    let n_visits: f64 = table.rules().iter().map(|rule| rule.support as f64).sum();
    let rule = |idx: usize| {
        let rule = &table.rules()[idx];
        ShownRule {
            id: &rule.id,
            action: table.action_name(rule.action),
            when: table.layout().conditions(&rule.when),
            words: table.explain(rule),
            support: rule.support,
            share: (n_visits > 0.0).then(|| rule.support as f64 / n_visits),
            fidelity: rule.fidelity,
            examples: examples.get(idx).map_or(&[], Vec::as_slice),
        }
    };
    Shown {
        scenario: table.scenario(),
        layout: table.layout().hash(),
        checksum: table.checksum(),
        default_action: table.action_name(table.default_action()),
        provenance: table.provenance(),
        rules: table.by_traffic().into_iter().map(rule).collect(),
    }
}

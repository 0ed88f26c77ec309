//! A decision, with the rule that fired.

use offhook_lab::table::decide::{DecidedRow, NamedDecision};
use serde_json::json;

use crate::document::{Document, line};

/// One decision.
pub fn present(decision: NamedDecision<'_>) -> Document {
    let NamedDecision {
        table,
        action,
        rule,
    } = decision;
    let text = match rule {
        Some(rule) => format!("{action}\nrule {}: {}\n", rule.id, table.explain(rule)),
        None => format!("{action}\nno rule applies; this is the default action\n"),
    };
    let json = json!({ "action": action, "rule": rule.map(|r| &r.id) });
    Document::of(text, &json)
}

/// The cells that a row of a CSV file gets, in the order of
/// [`DECISION_COLUMNS`](offhook_lab::table::decide::DECISION_COLUMNS): the action, and the rule where one fired.
pub fn cells<'a>(row: &DecidedRow<'a>) -> [&'a str; 2] {
    let NamedDecision { action, rule, .. } = row.decision;
    [action, rule.map_or("", |rule| rule.id.as_str())]
}

/// A row of a CSV file as a JSON object on a line.
pub fn record(row: &DecidedRow<'_>) -> String {
    let NamedDecision { action, rule, .. } = row.decision;
    line(&json!({ "line": row.line, "action": action, "rule": rule.map(|r| &r.id) }))
}

//! Where a planner departs from a policy: kinds of departures, what they are worth, and example calls.

use std::fmt::Write;

use offhook_lab::explain::{DepartureKind, Explanation};
use offhook_lab::unit::Unit;
use offhook_stats::Estimate;
use serde_json::Value;

use crate::Presentation;
use crate::record::Record;
use crate::text_table::{Cell, TextTable};

/// What was found.
pub fn present(explanation: &Explanation) -> Presentation {
    Presentation {
        text: text(explanation),
        records: explanation
            .kinds
            .iter()
            .map(|kind| record(explanation, kind))
            .collect(),
    }
}

fn text(explanation: &Explanation) -> String {
    let Explanation {
        scenario,
        policy,
        n_calls,
        ..
    } = explanation;
    let reward = Unit::plain("reward", 2);
    let mut text = format!(
        "{scenario}: what {policy} does where a planner that knows no more departs; {n_calls} calls\n"
    );
    let row = |kind: &DepartureKind| {
        let number = |value: f64, decimals| {
            Cell::value(Some(Estimate::point(value)), &Unit::plain("", decimals))
        };
        let [usual, chosen] = &kind.pair;
        vec![
            Cell::from(kind.kind),
            number(kind.per_100_calls, 2),
            Cell::value(Some(kind.advantage), &reward),
            number(kind.per_call, 3),
            Cell::Text(format!("{usual} -> {chosen}")),
        ]
    };
    let head = [
        "the policy ..",
        "per 100 calls",
        "advantage",
        "per call",
        "mostly",
    ];
    let table = TextTable {
        columns: head.map(str::to_owned).to_vec(),
        rows: explanation.kinds.iter().map(row).collect(),
    };
    // A String takes every write.
    let _ = write!(text, "{}", table.to_text());
    if let Some(worth) = explanation.worth {
        let unit = reward.text(worth.value);
        let _ = writeln!(
            text,
            "all together {unit} {} reward units a call, on fresh forks",
            reward.bounds(&worth)
        );
    }
    for kind in explanation
        .kinds
        .iter()
        .filter(|kind| !kind.examples.is_empty())
    {
        let _ = writeln!(text, "\n== {}", kind.kind);
        for example in &kind.examples {
            let _ = writeln!(text, "{example}");
        }
    }
    text
}

fn record(explanation: &Explanation, kind: &DepartureKind) -> Record {
    let [usual, chosen] = &kind.pair;
    let place = [
        ("scenario", Value::from(explanation.scenario.as_str())),
        ("policy", Value::from(explanation.policy.as_str())),
        ("kind", Value::from(kind.kind)),
        ("usual", Value::from(usual.as_str())),
        ("chosen", Value::from(chosen.as_str())),
    ];
    let unit = Unit::plain("reward", 2);
    Record::new("departure", kind.advantage, kind.n, &unit, place).with([
        ("per_100_calls", kind.per_100_calls),
        ("advantage", kind.advantage.value),
        ("per_call", kind.per_call),
    ])
}

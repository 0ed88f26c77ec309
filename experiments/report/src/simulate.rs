//! Simulated calls: the first ones as dialogs, and the key figures of all.

use std::fmt::Write;

use offhook_lab::key_figure::KEY_FIGURES;
use offhook_lab::play;
use offhook_lab::simulate::{Preview, Simulation};
use serde_json::Value;

use crate::Presentation;
use crate::key_table;
use crate::record::Record;
use crate::text_table::{Cell, TextTable};

/// What the user model was fitted to, and the first calls; nothing for machines.
pub fn present_preview(preview: &Preview) -> Presentation {
    let mut text = String::new();
    // A String takes every write.
    if let Some(source) = &preview.source {
        let _ = writeln!(text, "{}: fitted to {source}", preview.user_model);
    }
    for (call, summary) in &preview.calls {
        let _ = writeln!(text, "{}", play::dialog(call, summary));
    }
    Presentation {
        text,
        records: Vec::new(),
    }
}

/// The key figures.
pub fn present(simulation: &Simulation) -> Presentation {
    let n_calls = simulation.n_calls;
    let figures = || KEY_FIGURES.iter().zip(&simulation.figures);
    let rows = figures().map(|(figure, estimate)| {
        let unit = figure.unit();
        vec![
            Cell::from(figure.name),
            Cell::value(*estimate, &unit),
            Cell::from(unit.name()),
        ]
    });
    let table = TextTable {
        columns: vec!["figure".into(), format!("{n_calls} calls"), "unit".into()],
        rows: rows.collect(),
    };
    let log = simulation.log.as_ref();
    let log = log.map_or_else(String::new, |path| format!("log: {}\n", path.display()));
    let records = figures().filter_map(|(figure, estimate)| {
        let place = [
            ("scenario", Value::from(simulation.scenario.as_str())),
            ("policy", Value::from(simulation.policy.as_str())),
            ("user_model", Value::from(simulation.user_model.as_str())),
        ];
        let place = (place.into_iter()).chain(key_table::unproved(simulation.proved));
        let estimate = (*estimate)?;
        Some(Record::new(
            figure.name,
            estimate,
            n_calls,
            &figure.unit(),
            place,
        ))
    });
    let note = (simulation.proved).map_or_else(String::new, |proved| {
        key_table::proof_note(&simulation.policy, proved) + "\n"
    });
    Presentation {
        text: note + &table.to_text() + &log,
        records: records.collect(),
    }
}

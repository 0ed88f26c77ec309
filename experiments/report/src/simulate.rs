//! Simulated calls: the first ones as dialogs, and the key figures of all.

use std::fmt::Write;

use offhook_lab::key_figure::KEY_FIGURES;
use offhook_lab::play;
use offhook_lab::simulate::{Preview, Simulation};

use crate::Presentation;
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
            ("scenario", simulation.scenario.as_str()),
            ("policy", &simulation.policy),
            ("user_model", &simulation.user_model),
        ];
        let estimate = (*estimate)?;
        Some(Record::new(
            figure.name,
            estimate,
            n_calls,
            &figure.unit(),
            place,
        ))
    });
    Presentation {
        text: table.to_text() + &log,
        records: records.collect(),
    }
}

//! An import: what was written, what was refused, what was left out.

use std::fmt::Write;

use offhook_lab::import::Import;
use offhook_lab::unit::Unit;
use offhook_stats::Estimate;

use crate::Presentation;
use crate::record::Record;

/// Refused lines that are shown one by one.
const SHOWN: usize = 20;

/// The counts.
pub fn present(import: &Import) -> Presentation {
    Presentation {
        text: text(import),
        records: records(import),
    }
}

fn text(import: &Import) -> String {
    let tally = &import.tally;
    let (n_calls, n_turns, n_refused) = (tally.n_calls, tally.n_turns, tally.n_refused);
    let path = import.path.display();
    let mut text =
        format!("{n_calls} calls, {n_turns} turns written to {path}\n{n_refused} lines refused\n");
    // A String takes every write.
    for error in tally.refused.iter().take(SHOWN) {
        let _ = writeln!(text, "  {error}");
    }
    if n_refused > SHOWN {
        let _ = writeln!(text, "  ... and {} more", n_refused - SHOWN);
    }
    for (reason, n) in &tally.dropped {
        let _ = writeln!(text, "{n} left out: {reason}");
    }
    text
}

fn records(import: &Import) -> Vec<Record> {
    let tally = &import.tally;
    let counts = [
        ("import.calls", tally.n_calls, "calls"),
        ("import.turns", tally.n_turns, "turns"),
        ("import.lines_refused", tally.n_refused, "lines"),
    ];
    let dropped = tally.dropped.iter();
    let dropped = dropped.map(|(reason, &n)| ("import.dropped", n, reason.as_str()));
    let record = |(metric, n, what): (&str, usize, &str)| {
        let (count, unit) = (Estimate::point(n as f64), Unit::plain("count", 0));
        Record::new(metric, count, n as u64, &unit, [("what", what)])
    };
    counts.into_iter().chain(dropped).map(record).collect()
}

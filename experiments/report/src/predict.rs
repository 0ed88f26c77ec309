//! What a prediction experiment found.

use std::fmt::Write;

use offhook_lab::predict::{Accuracy, Prediction};
use offhook_lab::unit::Unit;
use offhook_stats::Estimate;
use serde_json::Value;

use crate::Presentation;
use crate::record::Record;
use crate::text_table::{Cell, TextTable};

/// Pairs of acts that are shown; all stand in `confusions.csv`.
const N_CONFUSIONS: usize = 5;

/// How well the next act of a log is predicted.
pub fn present(prediction: &Prediction) -> Presentation {
    Presentation {
        text: text(prediction),
        records: records(prediction),
    }
}

fn text(prediction: &Prediction) -> String {
    let mut text = format!(
        "{}: next robot act on other callers; {} calls, {} decisions, {} callers of whom {} are held out, {} splits\n",
        prediction.scenario,
        prediction.n_calls,
        prediction.n_decisions,
        prediction.n_callers,
        prediction.n_held_out,
        prediction.n_splits,
    );
    text += &table(&prediction.accuracies).to_text();
    let n_judged = prediction.n_judged;
    // A String takes every write.
    let _ = writeln!(text, "\nmost often mixed up, in % of {n_judged} decisions:");
    for (taken, predicted, n) in prediction.confusions.iter().take(N_CONFUSIONS) {
        let share = 100.0 * *n as f64 / n_judged as f64;
        let _ = writeln!(text, "  {share:.1}  {predicted} predicted for {taken}");
    }
    text
}

fn table(accuracies: &[Accuracy]) -> TextTable {
    let share = |estimate: &Option<Estimate>| Cell::value(*estimate, &Unit::share());
    let row = |a: &Accuracy| {
        vec![
            Cell::from(a.name),
            share(&a.top_1),
            share(&a.top_3),
            share(&a.calibration_error),
        ]
    };
    let columns = ["predictor", "top 1", "top 3", "calibration error"];
    TextTable {
        columns: columns.map(str::to_owned).to_vec(),
        rows: accuracies.iter().map(row).collect(),
    }
}

fn records(prediction: &Prediction) -> Vec<Record> {
    let of = |accuracy: &Accuracy| {
        let place = [
            ("scenario", Value::from(prediction.scenario.as_str())),
            ("policy", Value::from(accuracy.name)),
            ("n_seeds", Value::from(prediction.n_splits)),
        ];
        let named = [
            ("imitation.top_1", accuracy.top_1),
            ("imitation.top_3", accuracy.top_3),
        ];
        let n = prediction.n_decisions as u64;
        named.into_iter().filter_map(move |(metric, estimate)| {
            let unit = Unit::share();
            Some(Record::new(metric, estimate?, n, &unit, place.clone()))
        })
    };
    prediction.accuracies.iter().flat_map(of).collect()
}

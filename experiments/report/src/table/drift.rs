//! Whether calls are still those that a table was made for.

use offhook_lab::table::drift::LoggedDrift;

use crate::document::Document;

/// Below this share of turns a log was hardly recorded with the table.
const MIN_ALIKE: f64 = 0.99;

/// What has changed.
pub fn present(drift: &LoggedDrift) -> Document {
    let LoggedDrift { report, alike } = drift;
    let mut text = format!("{report}\n");
    if *alike < MIN_ALIKE {
        text += &format!(
            "the log does what the table does in {:.1} % of turns: it was recorded with another policy, \
             so that its calls go other ways\n",
            alike * 100.0
        );
    }
    Document::of(text, report)
}

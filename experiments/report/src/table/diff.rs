//! What a new table changes.

use offhook_table::Diff;

use crate::document::Document;

/// The changes.
pub fn present(diff: &Diff) -> Document {
    Document::of(format!("{}\n", diff.to_string().trim_end()), diff)
}

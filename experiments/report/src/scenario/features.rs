//! The features of a scenario, each with its levels and its meaning.

use std::fmt::Write as _;

use offhook_lab::scenario::features::FeatureList;
use serde_json::json;

use crate::document::{Document, line};

/// A block of lines for each feature; as JSON one object each.
pub fn present(list: &FeatureList) -> Document {
    let mut shown = Document::default();
    for (feature, meaning) in &list.features {
        // A String takes every write.
        let _ = writeln!(
            shown.text,
            "{}: {}\n    levels    {}\n    exists    {}\n    moved by  {}",
            feature.name,
            meaning.what,
            feature.levels.join(", "),
            meaning.exists,
            meaning.moved_by,
        );
        shown.json += &line(&json!({
            "scenario": list.scenario,
            "feature": feature.name,
            "levels": feature.levels,
            "meaning": meaning.what,
            "exists": meaning.exists,
            "moved_by": meaning.moved_by,
        }));
    }
    shown
}

//! The features of a scenario, each with its levels and its meaning.

use std::fmt::Write as _;

use offhook_env::belief::meaning::Meaning;
use offhook_lab::scenario::features::{DescribedFeature, FeatureList};
use serde_json::json;

use crate::document::{Document, line};

/// Every feature that a scenario can have as a Markdown table, which the reference of the language holds; as JSON one
/// object each.
pub fn present_reference(all: &[DescribedFeature]) -> Document {
    let mut shown = Document {
        text: "| feature | levels | what it says | exists if | moved by |\n|---|---|---|---|---|\n"
            .to_owned(),
        json: String::new(),
    };
    for DescribedFeature {
        name,
        levels,
        meaning,
    } in all
    {
        let levels_text = match levels.is_empty() {
            true => "names of the scenario".to_owned(),
            false => format!("`{}`", levels.join("`, `")),
        };
        let name = match name.ends_with('.') {
            true => format!("{name}NAME"),
            false => name.clone(),
        };
        let Meaning {
            what,
            exists,
            moved_by,
        } = meaning;
        // A String takes every write.
        let _ = writeln!(
            shown.text,
            "| `{name}` | {levels_text} | {what} | {exists} | {moved_by} |"
        );
        shown.json += &line(&json!({
            "feature": name,
            "levels": levels,
            "meaning": what,
            "exists": exists,
            "moved_by": moved_by,
        }));
    }
    shown
}

/// A block of lines for each feature; as JSON one object each.
pub fn present(list: &FeatureList) -> Document {
    let mut shown = Document::default();
    for feature in &list.features {
        let meaning = &feature.meaning;
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

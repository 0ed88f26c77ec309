//! Scenarios: the list of bundled ones, the faults and the features of a file, the flow of calls.

pub mod check;
pub mod features;
pub mod graph;

use std::fmt::Write;

use offhook_env::scenario::Scenario;
use serde_json::json;

use crate::document::{Document, line};

/// A list of scenarios.
pub fn list(scenarios: &[Scenario]) -> Document {
    let mut shown = Document::default();
    for Scenario { name, purpose, .. } in scenarios {
        // A String takes every write.
        let _ = writeln!(shown.text, "{name:<20} {purpose}");
        shown.json += &line(&json!({ "name": name, "purpose": purpose }));
    }
    shown
}

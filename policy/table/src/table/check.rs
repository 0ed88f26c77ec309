//! What a table must fulfil before it is one.

use std::collections::BTreeSet;

use crate::table::error::{TableError, shorten};
use crate::table::layout::Layout;
use crate::table::name::check_name;
use crate::table::rule::{MAX_CONTENT_BYTES, MAX_RULES, Provenance, Rule};

/// Refuses so many bytes of content.
pub(crate) fn check_size(n_bytes: usize) -> Result<(), TableError> {
    if n_bytes <= MAX_CONTENT_BYTES {
        return Ok(());
    }
    let expected = format!("at most {MAX_CONTENT_BYTES}");
    Err(TableError::invalid(
        "table",
        format!("{n_bytes} bytes of content"),
        expected,
    ))
}

/// Refuses rules with broken names, ids that are there twice, or cells and actions outside of the layout.
pub(crate) fn check_rules(layout: &Layout, rules: &[Rule]) -> Result<(), TableError> {
    if rules.len() > MAX_RULES {
        return Err(TableError::invalid(
            "rules",
            rules.len().to_string(),
            format!("at most {MAX_RULES}"),
        ));
    }
    let any = layout.any();
    let mut ids = BTreeSet::new();
    for (idx, rule) in rules.iter().enumerate() {
        check_name(&format!("rule {}, id", idx + 1), &rule.id, "")?;
        let place = format!("rule '{}'", rule.id);
        if !ids.insert(&rule.id) {
            return Err(TableError::invalid(
                place,
                "the same id twice",
                "unique ids",
            ));
        }
        check_action(&place, rule.action, layout)?;
        if let Some(fidelity) = rule.fidelity.filter(|share| !(0.0..=1.0).contains(share)) {
            return Err(TableError::invalid(
                place,
                format!("fidelity {fidelity}"),
                "a share from 0 to 1",
            ));
        }
        if rule.when.masks().len() != any.masks().len() {
            let found = format!("{} level masks", rule.when.masks().len());
            return Err(TableError::invalid(
                place,
                found,
                format!("one per feature, {}", any.masks().len()),
            ));
        }
        for (feature, &mask) in layout.features().iter().zip(rule.when.masks()) {
            if mask == 0 || mask & !feature.full_mask() != 0 {
                let place = format!("{place}, feature '{}'", feature.name);
                let expected = format!(
                    "at least one level and none beyond its {}",
                    feature.levels.len()
                );
                return Err(TableError::invalid(
                    place,
                    format!("level mask {mask:#b}"),
                    expected,
                ));
            }
        }
    }
    Ok(())
}

/// Refuses an action that the layout does not have.
pub(crate) fn check_action(place: &str, action: u8, layout: &Layout) -> Result<(), TableError> {
    if usize::from(action) < layout.actions().len() {
        return Ok(());
    }
    let expected = format!("below {}", layout.actions().len());
    Err(TableError::invalid(
        place,
        format!("action number {action}"),
        expected,
    ))
}

/// Refuses provenance that no reader would take.
pub(crate) fn check_provenance(provenance: &Provenance) -> Result<(), TableError> {
    for (key, value) in provenance {
        if depth(value) > 16 {
            let place = format!("provenance '{}'", shorten(key));
            return Err(TableError::invalid(
                place,
                "deeper nesting",
                "at most 16 levels",
            ));
        }
    }
    Ok(())
}

/// How deeply arrays and objects are nested; a JSON reader stops at some depth, so a writer must as
/// well.
fn depth(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        serde_json::Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

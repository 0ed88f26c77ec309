//! The slots of a scenario file, checked and compiled; what cannot be is reported with its place.

use super::file::{Name, SlotFile};
use super::slot::{AND, MAX_GRID, MAX_SEVERAL, Measure, NOTHING, Slot, SlotKind, sets};
use crate::belief::layout::MAX_LEVELS;
use crate::diagnostic::{Source, suggestion};
use crate::names::{is_name, value_fault};

/// Most values of a list.
const MAX_VALUES: usize = 254;
/// Steps of a time of day, minutes, where none is given.
const TIME_STEP: f64 = 30.0;

/// Compiles one slot.
pub(super) fn slot(source: &mut Source<'_>, name: &Name, file: &SlotFile) -> Slot {
    let kind = kind(source, name, file);
    unused(source, name, file, kind);
    let text = name.get_ref();
    if kind.is_measured() {
        let Some((values, measure)) = measured(source, name, file, kind) else {
            // Bins that are none yet still have names, so that what speaks of them is no second mistake.
            let bins = names(&file.bins);
            return Slot::new(text, SlotKind::Text, Vec::new(), &bins, None);
        };
        let bins = names(&file.bins);
        return Slot::new(text, kind, values, &bins, Some(measure));
    }
    let values = listed(source, name, &file.values, kind);
    let shown = if branches(source, name, file, kind) {
        values.clone()
    } else {
        Vec::new()
    };
    let values = if kind == SlotKind::Several {
        sets(&values)
    } else {
        values
    };
    Slot::new(text, kind, values, &shown, None)
}

fn names(list: &[Name]) -> Vec<String> {
    list.iter().map(|name| name.get_ref().clone()).collect()
}

fn kind(source: &mut Source<'_>, name: &Name, file: &SlotFile) -> SlotKind {
    let plain = match (file.many, file.values.is_empty()) {
        (true, _) => SlotKind::Several,
        (false, true) => SlotKind::Text,
        (false, false) => SlotKind::Choice,
    };
    let Some(written) = &file.kind else {
        return plain;
    };
    let found = SlotKind::NAMED
        .iter()
        .find(|(name, _)| name == written.get_ref());
    match found {
        Some((_, SlotKind::Choice)) if file.values.is_empty() => {
            let message = format!(
                "slot `{}` is a choice of nothing; add `values`",
                name.get_ref()
            );
            source.report(name.span(), message);
            plain
        }
        Some((_, SlotKind::Choice)) => plain,
        Some(&(_, kind)) => kind,
        None => {
            let known = SlotKind::NAMED.iter().map(|(name, _)| *name);
            let message = format!(
                "unknown type `{}` of slot `{}`: {}",
                written.get_ref(),
                name.get_ref(),
                suggestion(written.get_ref(), known)
            );
            source.report(written.span(), message);
            plain
        }
    }
}

/// Reports keys that have no meaning for slots of this kind.
fn unused(source: &mut Source<'_>, name: &Name, file: &SlotFile, kind: SlotKind) {
    let measured = kind.is_measured();
    let keys = [
        ("values", !file.values.is_empty(), !measured),
        ("many", file.many, kind == SlotKind::Several),
        (
            "branch",
            file.branch,
            matches!(kind, SlotKind::Choice | SlotKind::Several),
        ),
        ("range", file.range.is_some(), measured),
        ("step", file.step.is_some(), measured),
        ("bins", !file.bins.is_empty(), measured),
    ];
    for (key, _, _) in keys.iter().filter(|(_, is_there, fits)| *is_there && !fits) {
        let remedy = match *key {
            "branch" if measured => "name `bins` instead: what a policy sees of it",
            "branch" => "what may be anything is recorded and never branched on; leave it out",
            "range" | "step" | "bins" => {
                "those are for the types number, time and day; leave it out"
            }
            _ => "leave it out",
        };
        let slot = name.get_ref();
        source.report(
            name.span(),
            format!("slot `{slot}` cannot have `{key}`: {remedy}"),
        );
    }
}

/// Whether the policy sees the value of a list.
fn branches(source: &mut Source<'_>, name: &Name, file: &SlotFile, kind: SlotKind) -> bool {
    let n_values = file.values.len();
    let most = match kind {
        SlotKind::Several => MAX_SEVERAL,
        _ => MAX_LEVELS - 1,
    };
    if !file.branch || kind == SlotKind::Text && n_values > 0 {
        return false;
    }
    if !(1..=most).contains(&n_values) {
        let slot = name.get_ref();
        let message = format!("slot `{slot}` branches on {n_values} values, expected 1 to {most}");
        source.report(name.span(), message);
        return false;
    }
    true
}

/// The values of a list.
fn listed(source: &mut Source<'_>, slot: &Name, values: &[Name], kind: SlotKind) -> Vec<String> {
    let most = match kind {
        SlotKind::Several => MAX_SEVERAL,
        SlotKind::Text => MAX_GRID,
        _ => MAX_VALUES,
    };
    if let Some(extra) = values.get(most) {
        let slot = slot.get_ref();
        source.report(
            extra.span(),
            format!("slot `{slot}` has more than {most} values"),
        );
    }
    if kind == SlotKind::Several && values.is_empty() {
        let message = format!(
            "slot `{}` has `many` of no values; add `values`",
            slot.get_ref()
        );
        source.report(slot.span(), message);
    }
    let values = &values[..values.len().min(most)];
    for (k, value) in values.iter().enumerate() {
        let (slot, text) = (slot.get_ref(), value.get_ref());
        let start: String = text.chars().take(60).collect();
        let shown = start.escape_debug();
        if let Some(why) = value_fault(text) {
            let message = format!("`{shown}` cannot be a value of slot `{slot}`: {why}");
            source.report(value.span(), message);
        } else if kind == SlotKind::Several && text == NOTHING {
            let message =
                format!("`{NOTHING}` is told where none of several values applies; leave it out");
            source.report(value.span(), message);
        } else if kind == SlotKind::Several && !is_name(text) {
            let message = format!(
                "`{shown}` cannot be one of several values of slot `{slot}`, which `{AND}` joins; expected \
                 lowercase letters, digits and `_`"
            );
            source.report(value.span(), message);
        } else if values[..k].iter().any(|other| other.get_ref() == text) {
            let message = format!("value `{shown}` of slot `{slot}` is named twice");
            source.report(value.span(), message);
        }
    }
    names(values)
}

/// The grid of a range and what is measured on it.
fn measured(
    source: &mut Source<'_>,
    name: &Name,
    file: &SlotFile,
    kind: SlotKind,
) -> Option<(Vec<String>, Measure)> {
    let slot = name.get_ref();
    let example = match kind {
        SlotKind::Time => r#"["08:00", "20:00"]"#,
        SlotKind::Day => r#"["14 days ago", "today"]"#,
        _ => "[1, 20]",
    };
    let Some(range) = &file.range else {
        let message = format!("slot `{slot}` has no range; add `range = {example}`");
        source.report(name.span(), message);
        return None;
    };
    let number = |value: &toml::Value| match value {
        toml::Value::Integer(number) if kind == SlotKind::Number => Some(*number as f64),
        toml::Value::Float(number) if kind == SlotKind::Number => Some(*number),
        toml::Value::Integer(days) if kind == SlotKind::Day => Some(*days as f64),
        toml::Value::String(text) => kind.measure(text),
        _ => None,
    };
    let ends: Vec<Option<f64>> = range
        .get_ref()
        .iter()
        .map(|v| number(v.get_ref()))
        .collect();
    let [Some(least), Some(most)] = ends[..] else {
        let message = format!("range of slot `{slot}` is not two ends, expected as {example}");
        source.report(range.span(), message);
        return None;
    };
    let bound = if kind == SlotKind::Day { -3_650.0 } else { 0.0 };
    let top = if kind == SlotKind::Day { 3_650.0 } else { 1e9 };
    if !(bound <= least && least <= most && most <= top) {
        let [least, most, bound, top] = [least, most, bound, top].map(|n| kind.text(n));
        let message = format!(
            "range of slot `{slot}` is {least} to {most}, expected two ends in order from {bound} to {top}"
        );
        source.report(range.span(), message);
        return None;
    }
    let usual = if kind == SlotKind::Time {
        TIME_STEP
    } else {
        1.0
    };
    let step = file.step.as_ref().map_or(usual, |step| *step.get_ref());
    let n_values = ((most - least) / step + 1e-9).floor() + 1.0;
    let whole = kind == SlotKind::Number || step.fract() == 0.0;
    if !(step > 0.0 && whole && n_values <= MAX_GRID as f64) {
        let at = file.step.as_ref().map_or(range.span(), toml::Spanned::span);
        let least_step = ((most - least) / (MAX_GRID as f64 - 1.0)).ceil();
        let message = format!(
            "slot `{slot}` has a range of {n_values} values a step of {step} apart, expected 1 to {MAX_GRID} that \
             simulated customers have; add `step = {least_step}` (other values in the range are understood as well)"
        );
        source.report(at, message);
        return None;
    }
    let grid: Vec<f64> = (0..n_values as usize)
        .map(|k| least + k as f64 * step)
        .collect();
    let bins = bins(source, name, &file.bins, kind, &grid)?;
    let values = grid.iter().map(|&number| kind.text(number)).collect();
    Some((values, Measure { least, most, bins }))
}

/// The bins by name, of which each value on the grid has to be in exactly one.
fn bins(
    source: &mut Source<'_>,
    name: &Name,
    bins: &[Name],
    kind: SlotKind,
    grid: &[f64],
) -> Option<Vec<(f64, f64)>> {
    let slot = name.get_ref();
    if let Some(extra) = bins.get(MAX_LEVELS - 1) {
        let most = MAX_LEVELS - 1;
        source.report(
            extra.span(),
            format!("slot `{slot}` has more than {most} bins"),
        );
        return None;
    }
    let mut found = Vec::new();
    for bin in bins {
        match kind
            .interval(bin.get_ref())
            .filter(|(low, high)| low <= high)
        {
            Some(interval) => found.push(interval),
            None => {
                let example = match kind {
                    SlotKind::Time => "`08:00-11:59`, `18:00+`",
                    SlotKind::Day => "`today`, `1-3 days ago`, `4+ days ago`, `in 1-7 days`",
                    _ => "`1`, `2-4`, `5+`",
                };
                let message = format!("`{}` is no bin, expected as {example}", bin.get_ref());
                source.report(bin.span(), message);
                return None;
            }
        }
    }
    let holding = |number: f64| {
        let holds = move |(low, high): &&(f64, f64)| *low <= number && number <= *high;
        found.iter().filter(holds).count()
    };
    if let Some(&number) = grid
        .iter()
        .find(|&&number| !found.is_empty() && holding(number) != 1)
    {
        let how = if holding(number) == 0 {
            "no"
        } else {
            "more than one"
        };
        let message = format!(
            "`{}` of slot `{slot}` is in {how} bin, expected one",
            kind.text(number)
        );
        source.report(bins[0].span(), message);
        return None;
    }
    Some(found)
}

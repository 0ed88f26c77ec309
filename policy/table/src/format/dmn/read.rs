//! Reads back what the DMN export wrote: the rules from the decision table, the rest from the
//! extension element.
//!
//! This is no reader for DMN models of others. Whatever an engine would act on is held against what
//! the export writes, so a file that reads back means to an engine what the table means to us.

use std::collections::BTreeMap;

use super::{EXTENSION, MODEL};
use crate::format::feel::{name_in, names_in};
use crate::format::xml::Element;
use crate::format::{MAX_BYTES, check_len};
use crate::table::document::{Document, action};
use crate::table::{DecisionTable, Layout, MAX_RULES, Rule, TableError, shorten};

impl DecisionTable {
    /// Reads a table from what [`DecisionTable::to_dmn`] writes, however it was laid out since.
    ///
    /// Any bytes are safe: input beyond [`MAX_BYTES`] is refused unread, document
    /// type declarations are refused, and [`format`](mod@crate::format) bounds the memory.
    ///
    /// # Errors
    /// [`TableError`] with the place, what was found and what was expected.
    pub fn from_dmn(bytes: &[u8]) -> Result<Self, TableError> {
        check_len(bytes, MAX_BYTES)?;
        let text = std::str::from_utf8(bytes).map_err(|error| syntax(&error))?;
        let root = parse(text)?;
        if (root.namespace, root.name.as_str()) != (Some(MODEL), "definitions") {
            let found = format!("element '{}'", shorten(&root.name));
            return Err(invalid("root", found, "definitions of DMN 1.3"));
        }
        let head = child(&root, "extensionElements")?
            .children
            .iter()
            .find(|node| (node.namespace, node.name.as_str()) == (Some(EXTENSION), "table"))
            .ok_or_else(|| invalid("extension element", "none", "the one that offhook writes"))?;
        let head = Document::parse("DMN", text_of(head)?.as_bytes())?;
        let element = child(child(&root, "decision")?, "decisionTable")?;
        let names: Vec<&str> = children(element, "input")
            .map(|column| column.attribute("label").unwrap_or(""))
            .collect();
        let table = head.open(|layout| {
            let rows = children(element, "rule").take(MAX_RULES + 1).enumerate();
            rows.map(|(idx, row)| rule(layout, &names, idx + 1, row))
                .collect()
        })?;
        check_same("definitions", &root, &parse(&table.to_dmn())?)?;
        Ok(table)
    }
}

fn parse(text: &str) -> Result<Element, TableError> {
    Element::parse(text, &[MODEL, EXTENSION]).map_err(|error| syntax(&error))
}

/// Holds an element against the one that the export writes: attributes, text and children, but for
/// what no engine acts on.
fn check_same(place: &str, found: &Element, expected: &Element) -> Result<(), TableError> {
    let differs = |place: &str, found: &str, expected: &str| {
        let found = format!("'{}'", shorten(found));
        Err(invalid(place, found, format!("'{}'", shorten(expected))))
    };
    let ours = |name: &str| name != "exporter" && name != "exporterVersion";
    let attributes = |node: &Element| -> BTreeMap<String, String> {
        // A modeler may leave out what the schema takes for granted.
        let granted = (node.name == "decisionTable").then_some(("hitPolicy", "UNIQUE"));
        let granted = granted.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let written = node.attributes.iter().filter(|(name, _)| ours(name));
        granted.into_iter().chain(written.cloned()).collect()
    };
    let (there, here) = (attributes(found), attributes(expected));
    for name in there.keys().chain(here.keys()) {
        let value = |of: &BTreeMap<String, String>| of.get(name).cloned().unwrap_or_default();
        if value(&there) != value(&here) {
            return differs(&format!("{place}, {name}"), &value(&there), &value(&here));
        }
    }
    let mut there = elements(found);
    let mut here = elements(expected).peekable();
    if here.peek().is_none() && there.clone().next().is_none() {
        let (there, here) = (text_of(found)?, text_of(expected)?);
        let items = |text: &str| -> Vec<String> {
            text.split(',').map(|item| item.trim().to_owned()).collect()
        };
        return if items(there) == items(here) {
            Ok(())
        } else {
            differs(place, there, here)
        };
    }
    for k in 1.. {
        let (there, here) = (there.next(), here.next());
        let name = |node: Option<&Element>| node.map_or("nothing".to_owned(), |n| n.name.clone());
        let place = format!("{place} / {} {k}", name(here));
        match (there, here) {
            (None, None) => break,
            (Some(there), Some(here)) if there.name == here.name => {
                check_same(&place, there, here)?;
            }
            _ => return differs(&place, &name(there), &name(here)),
        }
    }
    Ok(())
}

/// The elements of DMN that an engine may act on; not the diagram, descriptions and extensions.
fn elements(node: &Element) -> impl Iterator<Item = &Element> + Clone {
    node.children.iter().filter(|child| {
        child.namespace == Some(MODEL)
            && !["description", "extensionElements"].contains(&child.name.as_str())
    })
}

fn rule(layout: &Layout, names: &[&str], k: usize, row: &Element) -> Result<Rule, TableError> {
    let place = format!("rule {k}");
    let cells: Vec<&str> = texts(row, "inputEntry")?;
    if cells.len() != names.len() {
        let found = format!("{} cells", cells.len());
        return Err(invalid(&place, found, names.len().to_string()));
    }
    let mut conditions: Vec<(&str, Vec<&str>)> = Vec::new();
    for (idx, (&name, &cell)) in names.iter().zip(&cells).enumerate() {
        if cell != "-" {
            let levels = names_in(cell).ok_or_else(|| {
                let place = format!("{place}, cell {}", idx + 1);
                let found = format!("'{}'", shorten(cell));
                invalid(&place, found, "'-' or a list of levels")
            })?;
            conditions.push((name, levels));
        }
    }
    let conditions: Vec<(&str, &[&str])> = conditions
        .iter()
        .map(|(name, levels)| (*name, levels.as_slice()))
        .collect();
    let when = layout
        .cell(&conditions)
        .map_err(|error| error.within(&format!("DMN, {place}")))?;
    let outputs = texts(row, "outputEntry")?;
    let notes = texts(row, "annotationEntry")?;
    let (&[action_name, id], &[support, fidelity]) = (&outputs[..], &notes[..]) else {
        let found = format!("{} outputs and {} annotations", outputs.len(), notes.len());
        return Err(invalid(&place, found, "2 of each"));
    };
    let name = |text| {
        name_in(text).ok_or_else(|| {
            let found = format!("output '{}'", shorten(text));
            invalid(&place, found, "a string literal")
        })
    };
    let number = |text| {
        let found = format!("annotation '{}'", shorten(text));
        invalid(&place, found, "a number")
    };
    Ok(Rule {
        id: name(id)?.to_owned(),
        when,
        action: action(layout, &format!("DMN, {place}"), name(action_name)?)?,
        support: support.parse().map_err(|_| number(support))?,
        fidelity: match fidelity {
            "" => None,
            share => Some(share.parse().map_err(|_| number(share))?),
        },
    })
}

fn children<'a>(node: &'a Element, name: &'static str) -> impl Iterator<Item = &'a Element> {
    let nodes = node.children.iter();
    nodes.filter(move |node| node.namespace == Some(MODEL) && node.name == name)
}

/// The only child of this name: with a second one, it would be open which of them an engine reads.
fn child<'a>(node: &'a Element, name: &'static str) -> Result<&'a Element, TableError> {
    let mut found = children(node, name);
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only),
        (first, _) => {
            let place = format!("element '{name}' of '{}'", shorten(&node.name));
            let found = if first.is_none() { "none" } else { "several" };
            Err(invalid(&place, found, "one"))
        }
    }
}

/// The text of each child of this name.
fn texts<'a>(node: &'a Element, name: &'static str) -> Result<Vec<&'a str>, TableError> {
    children(node, name).map(inner_text).collect()
}

/// What stands in the element `text` of an entry.
fn inner_text(node: &Element) -> Result<&str, TableError> {
    text_of(child(node, "text")?)
}

/// The text of an element that holds nothing else; a comment inside would part it, and engines may
/// differ in what they then read.
fn text_of(node: &Element) -> Result<&str, TableError> {
    if node.children.is_empty() && !node.parted {
        return Ok(node.text.trim());
    }
    let place = format!("element '{}'", shorten(&node.name));
    Err(invalid(&place, "more than text", "text alone"))
}

fn syntax(error: &dyn std::fmt::Display) -> TableError {
    TableError::Syntax {
        format: "DMN",
        reason: shorten(&error.to_string()),
    }
}

fn invalid(place: &str, found: impl Into<String>, expected: impl Into<String>) -> TableError {
    TableError::invalid(format!("DMN, {place}"), found, expected)
}

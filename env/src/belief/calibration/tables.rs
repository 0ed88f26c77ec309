//! The tables of a scenario and the text they are kept in: JSON, read and checked against the scenario.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::fact::{Fact, FactKind};
use super::fact_table::{Arcs, FactTable, N_CONTEXTS, N_SYMBOLS};
use super::slot_table::{self, N_ROLES, ROLES, SlotTable};
use super::{Group, packed, patience};
use crate::act::SystemActKind;
use crate::names::Names;
use crate::rng::mix;
use crate::scenario::slot::Slot;

/// Version of the text.
const SCHEMA: u32 = 1;

/// What a calibrated tracker knows of a scenario's calls.
#[derive(Clone, Debug, PartialEq)]
pub struct Tables {
    /// What they were counted in, in a sentence.
    pub source: String,
    /// Which beliefs policies see.
    pub groups: Vec<Group>,
    pub(crate) slots: SlotTable,
    /// By kind.
    pub(crate) facts: Vec<FactTable>,
    /// How frequent each fact is when somebody picks up, in the order of the scenario's facts.
    pub(crate) starts: Vec<f32>,
    /// Share of the patience that a turn takes, by context.
    pub(crate) patience: Vec<f32>,
}

/// Why a text holds no tables of a scenario.
#[derive(Debug, thiserror::Error)]
#[error("no tables of this scenario's tracker: {0}; make them anew")]
pub struct TablesError(String);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    schema: u32,
    source: String,
    features: Vec<Group>,
    priors: BTreeMap<String, Vec<f32>>,
    slots: BTreeMap<String, String>,
    starts: Vec<f32>,
    facts: BTreeMap<String, BTreeMap<String, String>>,
    patience: BTreeMap<String, f32>,
}

impl Tables {
    /// The text that [`parse`](Self::parse) reads back.
    pub(crate) fn to_text(&self, names: &Names) -> String {
        let row = |role: usize| {
            let n = slot_table::N_SYMBOLS;
            let probs = &self.slots.probs[role * n..(role + 1) * n];
            packed::write(probs.iter().map(|&p| f64::from(p)))
        };
        let contexts = |table: &FactTable| {
            let text = |arcs: &[Arcs]| packed::write(arcs.iter().flatten().map(|&p| f64::from(p)));
            let known = table.known();
            known
                .map(|(k, arcs)| (context_name(k), text(arcs)))
                .collect()
        };
        let document = Document {
            schema: SCHEMA,
            source: self.source.clone(),
            features: self.groups.clone(),
            priors: names
                .slots
                .iter()
                .cloned()
                .zip(self.slots.priors.clone())
                .collect(),
            slots: (0..N_ROLES)
                .map(|k| (ROLES[k].to_owned(), row(k)))
                .collect(),
            starts: self.starts.clone(),
            facts: FactKind::ALL
                .iter()
                .zip(&self.facts)
                .map(|(kind, table)| (kind.name().to_owned(), contexts(table)))
                .filter(|(_, contexts): &(_, BTreeMap<_, _>)| !contexts.is_empty())
                .collect(),
            patience: (self.patience.iter().enumerate())
                .filter(|(_, share)| **share != 0.0)
                .map(|(k, share)| (manner_name(k), *share))
                .collect(),
        };
        // Names and numbers always can be written; an empty text would be refused when read.
        let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Reads the tables of a scenario with these names, slots and facts.
    ///
    /// # Errors
    /// What the text is, if not that.
    pub(crate) fn parse(
        text: &str,
        names: &Names,
        slots: &[Slot],
        facts: &[Fact],
    ) -> Result<Self, TablesError> {
        let wrong = |what: String| TablesError(what);
        let read: Result<Document, _> = serde_json::from_str(text);
        let document = read.map_err(|e| wrong(e.to_string()))?;
        if document.schema != SCHEMA {
            let found = document.schema;
            return Err(wrong(format!(
                "schema {found}, this program reads {SCHEMA}"
            )));
        }
        let mut priors = Vec::new();
        for (name, slot) in names.slots.iter().zip(slots) {
            let own = document.priors.get(name);
            let fits = |own: &&Vec<f32>| {
                own.len() == slot.values.len() && own.iter().all(|p| (0.0..=1.0).contains(p))
            };
            let own = own
                .filter(fits)
                .ok_or_else(|| wrong(format!("no share for each value of slot `{name}`")))?;
            priors.push(own.clone());
        }
        let mut probs = Vec::new();
        for role in ROLES {
            let row = document.slots.get(role);
            let row = row.and_then(|row| packed::read(row, slot_table::N_SYMBOLS));
            probs.extend(row.ok_or_else(|| wrong(format!("no row `{role}` of slots")))?);
        }
        if document.starts.len() != facts.len()
            || document.starts.iter().any(|p| !(0.0..=1.0).contains(p))
        {
            return Err(wrong(format!("no share for each of {} facts", facts.len())));
        }
        let mut tables = vec![FactTable::empty(); FactKind::ALL.len()];
        for (name, contexts) in &document.facts {
            let kind = FactKind::ALL.iter().position(|kind| kind.name() == name);
            let kind = kind.ok_or_else(|| wrong(format!("unknown fact `{name}`")))?;
            for (context, row) in contexts {
                let place = (0..N_CONTEXTS).find(|&k| context_name(k) == *context);
                let probs = packed::read(row, 4 * N_SYMBOLS);
                let (Some(place), Some(probs)) = (place, probs) else {
                    return Err(wrong(format!("no arcs of `{name}` in `{context}`")));
                };
                tables[kind].set(place, probs.as_chunks::<4>().0);
            }
        }
        let mut shares = vec![0.0; patience::N_CONTEXTS];
        let places: BTreeMap<String, usize> = (0..patience::N_CONTEXTS)
            .map(|k| (manner_name(k), k))
            .collect();
        for (name, share) in &document.patience {
            match places.get(name) {
                Some(&k) if (-1.0..=1.0).contains(share) => shares[k] = *share,
                _ => return Err(wrong(format!("no share of patience `{name}`"))),
            }
        }
        Ok(Self {
            source: document.source,
            groups: document.features,
            slots: SlotTable { probs, priors },
            facts: tables,
            starts: document.starts,
            patience: shares,
        })
    }
}

/// 16 hexadecimal digits that tell texts apart; not safe against forgery, which checksums around it are.
pub(crate) fn digest(text: &str) -> String {
    let mut hash = text.len() as u64;
    for chunk in text.as_bytes().chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        hash = mix(hash ^ u64::from_le_bytes(word));
    }
    let mut hex = String::new();
    let _ = write!(hex, "{hash:016x}");
    hex
}

/// `answer` where another question is answered, `answer*` where it is the fact's.
fn context_name(context: usize) -> String {
    let kind = SystemActKind::ALL[context / 2].name();
    match context % 2 {
        0 => kind.to_owned(),
        _ => format!("{kind}*"),
    }
}

/// `ask 100000` for what is asked again.
fn manner_name(context: usize) -> String {
    let n_kinds = SystemActKind::ALL.len();
    let n_places = patience::N_CONTEXTS / n_kinds;
    let kind = SystemActKind::ALL[context / n_places].name();
    format!("{kind} {:06b}", context % n_places)
}

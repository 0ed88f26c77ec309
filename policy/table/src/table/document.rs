//! A table by names, as its files describe it; what is sealed by the checksum.
//!
//! Formats that show the rules in their own way (CSV, DMN) carry everything else as a *head*: this
//! document without its rules, as JSON without blanks. Rules and head together must have the
//! checksum in the head, so a table is the same table in every format, or refused.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::table::cell::{Cell, levels_in};
use crate::table::check::check_size;
use crate::table::decision_table::DecisionTable;
use crate::table::error::{TableError, shorten};
use crate::table::layout::{Feature, Layout};
use crate::table::name::hex;
use crate::table::rule::{Provenance, Rule, SCHEMA};
use crate::table::traffic::Traffic;

/// The table as a file holds it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document<R = RuleDocument> {
    pub schema: u32,
    pub scenario: String,
    pub layout: String,
    pub features: Vec<Feature>,
    pub actions: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracker: Option<String>,
    pub default_action: String,
    pub rules: Vec<R>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic: Option<BTreeMap<String, Vec<u64>>>,
    pub provenance: Provenance,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
}

/// One rule, by name: with names of its own as it is read, with those of the table as it is written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleDocument<N = String, W = BTreeMap<String, Vec<String>>> {
    pub id: N,
    pub when: W,
    pub action: N,
    pub support: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fidelity: Option<f64>,
}

/// A table to be written; a large part of it is names, so none is copied.
pub(crate) type DocumentView<'t> = Document<RuleDocument<&'t str, Conditions<'t>>>;

/// The conditions of a rule, in the order and the form of [`Layout::conditions`].
#[derive(Debug)]
pub(crate) struct Conditions<'t> {
    layout: &'t Layout,
    cell: &'t Cell,
}

impl Serialize for Conditions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (feature, mask) in self.layout.restricted_by_name(self.cell) {
            map.serialize_entry(&feature.name, &Levels { feature, mask })?;
        }
        map.end()
    }
}

/// The names of some levels.
struct Levels<'t> {
    feature: &'t Feature,
    mask: u16,
}

impl Serialize for Levels<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(levels_in(self.mask).map(|level| &self.feature.levels[level]))
    }
}

/// Only the version, so that a file of another version is called that, not a file with unknown
/// keys.
#[derive(Deserialize)]
struct Version {
    schema: u64,
}

/// The checksum of a table and its size in bytes as JSON without blanks.
///
/// # Errors
/// As [`Document::seal`].
pub(crate) fn seal(table: &DecisionTable) -> Result<(String, usize), TableError> {
    Document::of(table).seal()
}

/// Hashes and counts what is written to it.
#[derive(Debug, Default)]
struct Sealer {
    hash: Sha256,
    n_bytes: usize,
}

impl Write for Sealer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hash.update(bytes);
        self.n_bytes += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Bytes that the conditions of rules take in JSON at least. Found much faster than the document is
/// written: a few bytes of bit masks can stand for thousands of names.
pub(crate) fn n_condition_bytes(layout: &Layout, rules: &[Rule]) -> usize {
    let features = layout.features();
    let n_bytes = |rule: &Rule| -> usize {
        let restricted = features
            .iter()
            .zip(rule.when.masks())
            .filter(|&(feature, &mask)| mask != feature.full_mask());
        restricted
            .map(|(feature, &mask)| {
                let levels = levels_in(mask).map(|level| feature.levels[level].len() + 3);
                feature.name.len() + levels.sum::<usize>()
            })
            .sum()
    };
    rules.iter().map(n_bytes).sum()
}

impl<'t> DocumentView<'t> {
    /// The document of a table, without its checksum.
    pub(crate) fn of(table: &'t DecisionTable) -> Self {
        let layout = table.layout();
        let rules = table.rules().iter().map(|rule| RuleDocument {
            id: rule.id.as_str(),
            when: Conditions {
                layout,
                cell: &rule.when,
            },
            action: table.action_name(rule.action),
            support: rule.support,
            fidelity: rule.fidelity,
        });
        Self {
            rules: rules.collect(),
            ..Self::about(table)
        }
    }

    /// Everything but the rules, and with the checksum.
    pub(crate) fn head(table: &DecisionTable) -> Self {
        Self {
            checksum: Some(table.checksum().to_owned()),
            ..Self::about(table)
        }
    }

    /// Everything but rules and checksum.
    fn about(table: &DecisionTable) -> Self {
        let layout = table.layout();
        Self {
            schema: SCHEMA,
            scenario: table.scenario().to_owned(),
            layout: layout.hash().to_owned(),
            features: layout.features().to_vec(),
            actions: layout.actions().to_vec(),
            tracker: layout.tracker().map(str::to_owned),
            default_action: table.action_name(table.default_action()).to_owned(),
            rules: Vec::new(),
            traffic: table.traffic().map(|traffic| traffic.named(layout)),
            provenance: sorted(table.provenance()),
            checksum: None,
        }
    }
}

impl<R: Serialize> Document<R> {
    /// SHA-256 and length in bytes of this document as JSON without blanks.
    ///
    /// # Errors
    /// [`TableError::Invalid`] if it cannot be written as JSON.
    pub(crate) fn seal(&self) -> Result<(String, usize), TableError> {
        let mut sealer = Sealer::default();
        let mut writer = BufWriter::new(&mut sealer);
        let written = serde_json::to_writer(&mut writer, self).map_err(io::Error::from);
        written
            .and_then(|()| writer.flush())
            .map_err(|error| TableError::invalid("content", error.to_string(), "JSON values"))?;
        drop(writer);
        Ok((hex(&sealer.hash.finalize()), sealer.n_bytes))
    }
}

impl Document {
    /// Reads a document, or a head, from JSON.
    ///
    /// # Errors
    /// [`TableError::Syntax`] of this format, and [`TableError::Version`].
    pub(crate) fn parse(format: &'static str, bytes: &[u8]) -> Result<Self, TableError> {
        let syntax = |error: serde_json::Error| {
            // A parser quotes what it found, which may be most of the file.
            let reason = error.to_string().chars().take(300).collect();
            TableError::Syntax { format, reason }
        };
        let read: Result<Self, _> = serde_json::from_slice(bytes);
        let version = match &read {
            Ok(document) => u64::from(document.schema),
            // A file that cannot be read may be one of another version.
            Err(_) => serde_json::from_slice(bytes)
                .map_or(u64::from(SCHEMA), |version: Version| version.schema),
        };
        if version != u64::from(SCHEMA) {
            return Err(TableError::Version {
                found: version,
                expected: SCHEMA,
            });
        }
        read.map_err(syntax)
    }

    /// The table of this head and the rules that `read` finds in the file, once it knows the layout.
    ///
    /// # Errors
    /// Those of `read`, of [`DecisionTable::new`], and [`TableError::Checksum`] when the result is
    /// not the table that was written.
    pub(crate) fn open(
        self,
        read: impl FnOnce(&Layout) -> Result<Vec<Rule>, TableError>,
    ) -> Result<DecisionTable, TableError> {
        let (layout, default_action) = self.frame()?;
        let rules = read(&layout)?;
        let traffic = self
            .traffic
            .map(|named| Traffic::from_named(&named, &layout));
        let traffic = traffic.transpose()?;
        let table = DecisionTable::unsealed(
            self.scenario,
            layout,
            rules,
            default_action,
            traffic,
            self.provenance,
        )?
        .seal()?;
        check_checksum(self.checksum, table.checksum())?;
        Ok(table)
    }

    /// The table of a whole document, its checksum examined before anything else.
    ///
    /// # Errors
    /// [`TableError`] with the place, what was found and what was expected.
    pub(crate) fn open_whole(mut self) -> Result<DecisionTable, TableError> {
        let found = self.checksum.take();
        self.provenance = sorted(&self.provenance);
        let (checksum, n_bytes) = self.seal()?;
        check_checksum(found, &checksum)?;
        self.into_table(checksum, n_bytes)
    }

    /// Layout and default action.
    fn frame(&self) -> Result<(Layout, u8), TableError> {
        let layout = Layout::new(self.features.clone(), self.actions.clone())?;
        let layout = layout.with_tracker(self.tracker.clone())?;
        if self.layout != layout.hash() {
            let expected = format!(
                "{}, the hash of its features, actions and tracker",
                layout.hash()
            );
            return Err(TableError::invalid(
                "layout",
                format!("'{}'", shorten(&self.layout)),
                expected,
            ));
        }
        let default_action = action(&layout, "default_action", &self.default_action)?;
        Ok((layout, default_action))
    }

    /// The table that a document with this seal describes. The document must be in canonical form,
    /// so that the seal is the table's as well.
    fn into_table(self, checksum: String, n_bytes: usize) -> Result<DecisionTable, TableError> {
        let (layout, default_action) = self.frame()?;
        let traffic = self
            .traffic
            .map(|named| Traffic::from_named(&named, &layout));
        let traffic = traffic.transpose()?;
        let mut rules = Vec::with_capacity(self.rules.len());
        for rule in self.rules {
            let place = format!("rule '{}'", shorten(&rule.id));
            let conditions: Vec<(&str, &[String])> = rule
                .when
                .iter()
                .map(|(name, levels)| (name.as_str(), levels.as_slice()))
                .collect();
            let when = layout
                .cell(&conditions)
                .map_err(|error| error.within(&place))?;
            if !is_canonical(&rule.when, &layout, &when) {
                let expected =
                    "levels in the order of the layout, and no feature that may take any level";
                return Err(TableError::invalid(
                    format!("{place}, when"),
                    "another form of its conditions",
                    expected,
                ));
            }
            let action = action(&layout, &place, &rule.action)?;
            rules.push(Rule {
                id: rule.id,
                when,
                action,
                support: rule.support,
                fidelity: rule.fidelity,
            });
        }
        check_size(n_bytes)?;
        let table = DecisionTable::unsealed(
            self.scenario,
            layout,
            rules,
            default_action,
            traffic,
            self.provenance,
        )?;
        Ok(table.sealed(checksum))
    }
}

/// Whether conditions are what [`Layout::conditions`] makes of their cell.
fn is_canonical(found: &BTreeMap<String, Vec<String>>, layout: &Layout, cell: &Cell) -> bool {
    let levels = |(feature, mask)| {
        let feature: &Feature = feature;
        let names = levels_in(mask).map(|level| &feature.levels[level]);
        (&feature.name, names)
    };
    let mut expected = layout.restricted_by_name(cell).map(levels);
    let all_alike = found.iter().all(|(name, found)| {
        let Some((feature, levels)) = expected.next() else {
            return false;
        };
        name == feature && levels.eq(found)
    });
    all_alike && expected.next().is_none()
}

/// The index of an action given by name in this place of a file.
pub(crate) fn action(layout: &Layout, place: &str, name: &str) -> Result<u8, TableError> {
    layout.action_idx(name).ok_or_else(|| {
        let expected = format!("one of {}", layout.actions().join(", "));
        TableError::invalid(place, format!("action '{}'", shorten(name)), expected)
    })
}

fn check_checksum(found: Option<String>, computed: &str) -> Result<(), TableError> {
    let found = found.unwrap_or_else(|| "none".to_owned());
    if found == computed {
        return Ok(());
    }
    Err(TableError::Checksum {
        found: shorten(&found),
        computed: computed.to_owned(),
    })
}

/// JSON without blanks.
pub(crate) fn compact<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("names, numbers and JSON values serialize to JSON")
}

/// The same provenance with the keys of every object in order: whether a JSON map keeps the order
/// of insertion is a feature that any crate of a build may switch on, and must not change our
/// bytes.
pub(crate) fn sorted(provenance: &Provenance) -> Provenance {
    fn sort(value: &serde_json::Value) -> serde_json::Value {
        match value {
            serde_json::Value::Array(items) => items.iter().map(sort).collect(),
            serde_json::Value::Object(fields) => {
                let fields: BTreeMap<&String, &serde_json::Value> = fields.iter().collect();
                fields
                    .into_iter()
                    .map(|(key, value)| (key.clone(), sort(value)))
                    .collect()
            }
            scalar => scalar.clone(),
        }
    }
    provenance
        .iter()
        .map(|(key, value)| (key.clone(), sort(value)))
        .collect()
}

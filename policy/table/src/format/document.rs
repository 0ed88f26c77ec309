//! A table by names, as its files describe it; what is sealed by the checksum.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{TableError, shorten};
use crate::layout::{Feature, Layout};
use crate::name::hex;
use crate::table::{DecisionTable, Provenance, Rule, SCHEMA};
use crate::traffic::Traffic;

/// The table as a file holds it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    pub schema: u32,
    pub scenario: String,
    pub layout: String,
    pub features: Vec<Feature>,
    pub actions: Vec<String>,
    pub default_action: String,
    pub rules: Vec<RuleDocument>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic: Option<BTreeMap<String, Vec<u64>>>,
    pub provenance: Provenance,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
}

/// One rule, by name.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleDocument {
    pub id: String,
    pub when: BTreeMap<String, Vec<String>>,
    pub action: String,
    pub support: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fidelity: Option<f64>,
}

/// The checksum of a table and its size in bytes as JSON without blanks.
pub(crate) fn seal(table: &DecisionTable) -> (String, usize) {
    Document::of(table).seal()
}

impl Document {
    /// The document of a table, without its checksum.
    pub(crate) fn of(table: &DecisionTable) -> Self {
        let layout = table.layout();
        let rules = table.rules().iter().map(|rule| RuleDocument {
            id: rule.id.clone(),
            when: layout.conditions(&rule.when),
            action: table.action_name(rule.action).to_owned(),
            support: rule.support,
            fidelity: rule.fidelity,
        });
        Self {
            schema: SCHEMA,
            scenario: table.scenario().to_owned(),
            layout: layout.hash().to_owned(),
            features: layout.features().to_vec(),
            actions: layout.actions().to_vec(),
            default_action: table.action_name(table.default_action()).to_owned(),
            rules: rules.collect(),
            traffic: table.traffic().map(|traffic| traffic.named(layout)),
            provenance: sorted(table.provenance()),
            checksum: None,
        }
    }

    pub(crate) fn seal(&self) -> (String, usize) {
        let content = compact(self);
        (hex(&Sha256::digest(&content)), content.len())
    }

    /// The table that a document with this seal describes. The document must be in canonical form,
    /// so that the seal is the table's as well.
    pub(crate) fn into_table(self, seal: (String, usize)) -> Result<DecisionTable, TableError> {
        let layout = Layout::new(self.features, self.actions)?;
        if self.layout != layout.hash() {
            let expected = format!("{}, the hash of its features and actions", layout.hash());
            return Err(TableError::invalid(
                "layout",
                format!("'{}'", shorten(&self.layout)),
                expected,
            ));
        }
        let action = |place: String, name: &str| {
            layout.action_idx(name).ok_or_else(|| {
                let expected = format!("one of {}", layout.actions().join(", "));
                TableError::invalid(place, format!("action '{}'", shorten(name)), expected)
            })
        };
        let traffic = self
            .traffic
            .map(|named| Traffic::from_named(&named, &layout));
        let traffic = traffic.transpose()?;
        let default_action = action("default_action".to_owned(), &self.default_action)?;
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
            if layout.conditions(&when) != rule.when {
                let expected =
                    "levels in the order of the layout, and no feature that may take any level";
                return Err(TableError::invalid(
                    format!("{place}, when"),
                    "another form of its conditions",
                    expected,
                ));
            }
            let action = action(place, &rule.action)?;
            rules.push(Rule {
                id: rule.id,
                when,
                action,
                support: rule.support,
                fidelity: rule.fidelity,
            });
        }
        DecisionTable::sealed(
            self.scenario,
            layout,
            rules,
            default_action,
            traffic,
            self.provenance,
            seal,
        )
    }
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

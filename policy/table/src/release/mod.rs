//! A release: all that production needs of a policy, in one file.
//!
//! Table, scenario with the parts of the library that it includes, the channel that it was trained on, what was proved,
//! key figures, verdict and provenance; sealed by a SHA-256, and signed where somebody has a key. One JSON document, the
//! same bytes for the same release:
//!
//! ```json
//! {"format":"offhook release","schema":1,"content":{"scenario":{...},"channel":"...","table":{...},
//!  "proofs":{...},"figures":[...],"verdict":{...},"provenance":{...}},"checksum":"64 hex digits","signature":"128 hex digits"}
//! ```
//!
//! `checksum` is the SHA-256 of `content` as it stands, `signature` an Ed25519 signature (RFC 8032) over the same bytes.
//! A release is read only if every byte is as it was written, its scenario has no mistake, its table fits the scenario
//! and *is proved again*.

mod document;
mod error;

use std::sync::Arc;

use offhook_env::diagnostic::Text;
use offhook_env::scenario::{Scenario, ScenarioText};
use serde::{Deserialize, Serialize};

use crate::agent::{Agent, constraints, prove};
use crate::proof::ProofReport;
use crate::table::{DecisionTable, Provenance};

pub use document::MAX_BYTES;
pub use error::ReleaseError;

/// Version of the format.
pub const SCHEMA: u32 = 1;
/// Most things that do not hold that a message names.
const MAX_FAULTS: usize = 10;

/// A policy as production takes it: proved, with all that it needs and all that speaks for it.
#[derive(Clone, Debug)]
pub struct Release {
    agent: Agent,
    content: ReleaseContent,
    table: Arc<DecisionTable>,
    proofs: Proofs,
    checksum: String,
    signature: Option<Vec<u8>>,
}

/// What a release is made of, beside its table.
#[derive(Clone, Debug, PartialEq)]
pub struct ReleaseContent {
    /// The scenario's texts; only their contents are kept, not where they lay.
    pub scenario: ScenarioText,
    /// The text of the line that the policy was trained on; `None` for a perfect one.
    pub channel: Option<String>,
    /// Key figures of the table and of what it is held against.
    pub figures: Vec<Figure>,
    /// Whether the table may replace the hand-written flow, where that was judged.
    pub verdict: Option<Judgment>,
    /// Where the policy comes from: program, version, revision, seeds, hashes of what went in.
    pub provenance: Provenance,
}

/// A key figure of a policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// The policy, such as `table` or `script`.
    pub policy: String,
    /// The metric.
    pub metric: String,
    /// Its value.
    pub value: f64,
    /// Lower end of its 95 % interval, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Upper end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// Its unit.
    pub unit: String,
    /// Calls that it was measured on.
    pub n_calls: u64,
}

/// A verdict, as the run has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judgment {
    /// `better`, `no_difference` or `worse`.
    pub status: String,
    /// Why, with numbers.
    pub reasons: Vec<String>,
}

/// What was proved of every state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proofs {
    /// That exactly one rule fires: `no overlap`, `no gap`.
    pub cells: Vec<String>,
    /// The rules of conduct.
    pub rules: Vec<String>,
    /// The masks.
    pub masks: Vec<String>,
}

impl Release {
    /// Puts a release together and proves it.
    ///
    /// # Errors
    /// [`ReleaseError`] if the scenario has a mistake, the table is for another one, or anything is not proved.
    pub fn new(
        table: impl Into<Arc<DecisionTable>>,
        mut content: ReleaseContent,
    ) -> Result<Self, ReleaseError> {
        let table = table.into();
        document::name_texts(&mut content.scenario);
        let scenario = Scenario::parse(&content.scenario);
        let scenario = Arc::new(scenario.map_err(|e| ReleaseError::Scenario(e.to_string()))?);
        let agent = Agent::new(table.clone(), scenario.clone())?;
        let proofs = Proofs::of(&prove(&table, &scenario)?, &scenario)?;
        let mut release = Self {
            agent,
            content,
            table,
            proofs,
            checksum: String::new(),
            signature: None,
        };
        release.checksum = document::checksum(&release.content_bytes());
        Ok(release)
    }

    /// What holds calls by this release.
    #[must_use]
    pub fn agent(&self) -> &Agent {
        &self.agent
    }

    /// The table.
    #[must_use]
    pub fn table(&self) -> &DecisionTable {
        &self.table
    }

    /// What it is made of, beside the table.
    #[must_use]
    pub fn content(&self) -> &ReleaseContent {
        &self.content
    }

    /// The line that the policy was trained on, as a file's text; `None` for a perfect one.
    #[must_use]
    pub fn channel(&self) -> Option<Text> {
        let text = self.content.channel.clone()?;
        let file = "channel.toml".to_owned();
        Some(Text { file, text })
    }

    /// What is proved of it.
    #[must_use]
    pub fn proofs(&self) -> &Proofs {
        &self.proofs
    }

    /// SHA-256 of its content.
    #[must_use]
    pub fn checksum(&self) -> &str {
        &self.checksum
    }

    /// Whether somebody has signed it; [`check_signature`](Self::check_signature) says whether it was who it should be.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        self.signature.is_some()
    }

    /// Signs it with a private key, in place of who signed it before.
    ///
    /// # Errors
    /// [`ReleaseError::Signature`] if the text is no key.
    #[cfg(feature = "sign")]
    pub fn sign(&mut self, private: &str) -> Result<(), ReleaseError> {
        let signature = crate::sign::sign(&self.content_bytes(), private)?;
        self.signature = Some(signature.to_vec());
        Ok(())
    }

    /// Checks that it was signed with the private half of a public key.
    ///
    /// # Errors
    /// [`ReleaseError::NotSigned`], or [`ReleaseError::Signature`] if the signature does not hold or the key is none.
    #[cfg(feature = "sign")]
    pub fn check_signature(&self, public: &str) -> Result<(), ReleaseError> {
        let signature = self.signature.as_ref().ok_or(ReleaseError::NotSigned)?;
        Ok(crate::sign::check_signature(
            &self.content_bytes(),
            signature,
            public,
        )?)
    }
}

impl Proofs {
    /// What a report proves.
    fn of(report: &ProofReport, scenario: &Scenario) -> Result<Self, ReleaseError> {
        if !report.ok() {
            return Err(ReleaseError::NotProved(faults(report)));
        }
        let names = |list: Vec<crate::Constraint>| list.into_iter().map(|c| c.name).collect();
        let (rules, masks) = constraints(scenario);
        Ok(Self {
            cells: ["no overlap", "no gap"].map(str::to_owned).to_vec(),
            rules: names(rules),
            masks: names(masks),
        })
    }
}

/// What does not hold, in a line; `verify` says where.
fn faults(report: &ProofReport) -> String {
    let mut faults = Vec::new();
    if report.n_overlaps > 0 {
        faults.push(format!("{} overlaps of rules", report.n_overlaps));
    }
    if !report.gaps.is_empty() || !report.gaps_exhaustive {
        faults.push("states without a rule".to_owned());
    }
    let broken = report.constraints.iter().filter(|c| c.n_violations > 0);
    faults.extend(broken.map(|c| format!("`{}` is broken {} times", c.constraint, c.n_violations)));
    if report.private_default {
        faults.push("the default action reveals account details".to_owned());
    }
    faults.truncate(MAX_FAULTS);
    faults.join("; ")
}

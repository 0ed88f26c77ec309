//! Proof, signature, and the test of the verifier itself.

use std::path::Path;

use offhook_table::agent::{constraints, prove_with};
use offhook_table::release::Judgment;
use offhook_table::{DecisionTable, Proof, ProofReport, SelfTest, self_test};

use super::{scenario_of, sign};
use crate::disk::release_file;
use crate::error::Failure;
use crate::policies::{read_table, table_file, table_of};
use crate::run::hash::{hashes, scenario_hash};

/// Seed of the self-test, so that it passes always or never.
const SEED: u64 = 1;

/// What is verified, and how.
#[derive(Clone, Copy, Debug)]
pub struct VerifyPlan<'a> {
    /// The table: a file, a run or a release.
    pub table: &'a Path,
    /// The scenario; the run's or the table's own if not given.
    pub scenario: Option<&'a str>,
    /// Rules with fewer visits are listed as thin.
    pub min_support: u64,
    /// How often the table is broken in each of the known ways, to test the verifier; not at all if not given.
    pub self_test: Option<u64>,
    /// A public key that the file must have been signed for; a release has its signature inside.
    pub key: Option<&'a Path>,
    /// The signature; `<table file>.sig` if not given.
    pub signature: Option<&'a Path>,
}

/// What was proved.
#[derive(Clone, Debug)]
pub struct Verification {
    /// Whether a signature was asked for; it holds.
    pub signed: bool,
    /// What a release says beside its table.
    pub release: Option<ReleaseFacts>,
    /// Whether the scenario is word for word the one that the table was made for; `None` where the table does not
    /// say which.
    pub scenario_unchanged: Option<bool>,
    /// The whole proof; its constraints are rules of conduct, then masks.
    pub report: ProofReport,
    n_rules: usize,
    /// The test of the verifier, if it was asked for and the table was proved.
    pub self_test: Option<SelfTest>,
}

/// What a release says beside its table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseFacts {
    /// SHA-256 of its content; it is that of what the file holds.
    pub checksum: String,
    /// Whether somebody has signed it.
    pub is_signed: bool,
    /// The verdict of its run, if there was one.
    pub verdict: Option<Judgment>,
}

/// Verifies a table.
///
/// # Errors
/// If a file cannot be read, the table was built for another scenario, or the signature does not hold; that
/// something is not proved is none.
pub fn verify(plan: VerifyPlan<'_>) -> Result<Verification, Failure> {
    let file = table_file(plan.table)?;
    // Read once, so that what is proved is what was signed.
    let bytes = read_table(&file)?;
    let release = release_file::of_bytes(&file, &bytes)?;
    match (plan.key, &release) {
        (Some(key), Some(release)) => sign::check_release(&file, release, key, plan.signature)?,
        (Some(key), None) => sign::check(&file, &bytes, key, plan.signature)?,
        (None, _) => {}
    }
    let table = table_of(&file, &bytes)?;
    let (scenario, text) = scenario_of(&table, &file, plan.scenario)?;
    let (rules, masks) = constraints(&scenario);
    let n_rules = rules.len();
    let constraints = [rules, masks].concat();
    let report = prove_with(&table, &scenario, plan.min_support)?;
    let self_test = match plan.self_test.filter(|_| report.ok()) {
        Some(n_each) => Some(self_test(&table, &constraints, n_each, SEED)?),
        None => None,
    };
    Ok(Verification {
        signed: plan.key.is_some(),
        release: release.map(|release| ReleaseFacts {
            checksum: release.checksum().to_owned(),
            is_signed: release.is_signed(),
            verdict: release.content().verdict.clone(),
        }),
        scenario_unchanged: made_for(&table).map(|hash| hash == scenario_hash(&hashes(&text))),
        report,
        n_rules,
        self_test,
    })
}

impl Verification {
    /// Whether everything holds that was looked at.
    pub fn ok(&self) -> bool {
        self.report.ok() && self.self_test.as_ref().is_none_or(SelfTest::ok)
    }

    /// The proofs of the rules of conduct, in the order of the scenario.
    pub fn rules_of_conduct(&self) -> &[Proof] {
        &self.report.constraints[..self.n_rules]
    }

    /// The proofs of the scenario's masks.
    pub fn masks(&self) -> &[Proof] {
        &self.report.constraints[self.n_rules..]
    }
}

/// Hash of the scenario that the table was made for.
fn made_for(table: &DecisionTable) -> Option<&str> {
    table.provenance().get("scenario")?.as_str()
}

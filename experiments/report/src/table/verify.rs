//! What was proved of a table.

use std::fmt::Write;

use offhook_lab::table::verify::{ReleaseFacts, Verification};
use offhook_table::{Proof, ProofReport, SelfTest};
use serde::Serialize;

use crate::document::Document;

/// Version of the JSON.
const SCHEMA: u32 = 1;

/// The JSON of a verification.
#[derive(Serialize)]
struct Verified<'a> {
    /// [`SCHEMA`].
    schema: u32,
    /// Whether nothing failed.
    ok: bool,
    /// "holds", if a signature was asked for.
    signature: Option<&'a str>,
    /// What a release says beside its table; null for a table alone.
    release: Option<Facts<'a>>,
    /// Whether the scenario is word for word the one that the table was made for; null where the
    /// table does not say which.
    scenario_unchanged: Option<bool>,
    /// The rules of conduct, in the order of the scenario.
    rules_of_conduct: &'a [Proof],
    /// The scenario's masks.
    masks: &'a [Proof],
    /// The whole proof; its `constraints` are rules of conduct and masks.
    report: &'a ProofReport,
    /// The test of the verifier, if it was asked for and the table was proved.
    self_test: Option<&'a SelfTest>,
}

/// The JSON of what a release says beside its table.
#[derive(Serialize)]
struct Facts<'a> {
    /// SHA-256 of its content.
    checksum: &'a str,
    /// Whether somebody has signed it.
    signed: bool,
    /// The status of its run's verdict.
    verdict: Option<&'a str>,
}

impl<'a> Facts<'a> {
    fn of(facts: &'a ReleaseFacts) -> Self {
        Self {
            checksum: &facts.checksum,
            signed: facts.is_signed,
            verdict: facts.verdict.as_ref().map(|verdict| &*verdict.status),
        }
    }
}

/// What was proved.
pub fn present(verification: &Verification) -> Document {
    let verified = Verified {
        schema: SCHEMA,
        ok: verification.ok(),
        signature: verification.signed.then_some("holds"),
        release: verification.release.as_ref().map(Facts::of),
        scenario_unchanged: verification.scenario_unchanged,
        rules_of_conduct: verification.rules_of_conduct(),
        masks: verification.masks(),
        report: &verification.report,
        self_test: verification.self_test.as_ref(),
    };
    Document::of(text(&verified), &verified)
}

fn text(verified: &Verified<'_>) -> String {
    let mut text = String::new();
    let mut add = |line: String| {
        // A String takes every write.
        let _ = writeln!(text, "{line}");
    };
    if let Some(release) = &verified.release {
        let signed = match (release.signed, verified.signature) {
            (false, _) => "not signed",
            (true, None) => "signed; `--key PUB` says by whom",
            (true, Some(_)) => "signed",
        };
        add(format!("release {}: {signed}", release.checksum));
        if let Some(verdict) = release.verdict {
            add(format!("verdict of its run: {verdict}"));
        }
    }
    if let Some(signature) = verified.signature {
        add(format!("signature: {signature}"));
    }
    if verified.scenario_unchanged == Some(false) {
        add(
            "scenario: its text has changed since the table was made; the proof is for the new one"
                .to_owned(),
        );
    }
    let holds = |proof: &&Proof| proof.n_violations == 0;
    for rule in verified.rules_of_conduct {
        let words = if holds(&rule) { "proved" } else { "BROKEN" };
        add(format!("rule of conduct: {}: {words}", rule.constraint));
    }
    let n_masks = verified.masks.len();
    let n_hold = verified.masks.iter().filter(holds).count();
    add(format!("masks: {n_hold} of {n_masks} proved"));
    add(verified.report.to_string());
    if let Some(tested) = verified.self_test {
        add(tested.to_string());
    }
    text
}

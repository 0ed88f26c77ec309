//! What was proved of a table.

use std::fmt::Write;

use offhook_lab::table::verify::Verification;
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

/// What was proved.
pub fn present(verification: &Verification) -> Document {
    let verified = Verified {
        schema: SCHEMA,
        ok: verification.ok(),
        signature: verification.signed.then_some("holds"),
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

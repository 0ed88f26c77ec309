//! A release that was written: what is in it, and what whoever takes it should know.

use std::fmt::Write as _;

use offhook_lab::release::Released;
use serde::Serialize;

use crate::document::Document;

/// Version of the JSON.
const SCHEMA: u32 = 1;

/// The JSON of a release that was written.
#[derive(Serialize)]
struct Written<'a> {
    /// [`SCHEMA`].
    schema: u32,
    /// Where it lies.
    path: String,
    /// Its length.
    bytes: usize,
    /// The scenario.
    scenario: &'a str,
    /// SHA-256 of its content.
    checksum: &'a str,
    /// Whether it was signed.
    signed: bool,
    /// Rules of the table.
    rules: usize,
    /// The status of its run's verdict, if there was one.
    verdict: Option<&'a str>,
}

/// What was released.
pub fn present(released: &Released) -> Document {
    let release = &released.release;
    let verdict = release.content().verdict.as_ref();
    let written = Written {
        schema: SCHEMA,
        path: released.path.display().to_string(),
        bytes: released.n_bytes,
        scenario: release.table().scenario(),
        checksum: release.checksum(),
        signed: release.is_signed(),
        rules: release.table().rules().len(),
        verdict: verdict.map(|verdict| &*verdict.status),
    };
    let proofs = release.proofs();
    let mut text = format!(
        "{}: a table of {} rules; proved: {}, {} rules of conduct, {} masks\n",
        written.scenario,
        written.rules,
        proofs.cells.join(", "),
        proofs.rules.len(),
        proofs.masks.len()
    );
    let mut add = |line: String| {
        // A String takes every write.
        let _ = writeln!(text, "{line}");
    };
    if let Some(status) = written.verdict {
        add(format!("verdict of its run: {status}"));
    }
    let signed = if written.signed {
        "signed"
    } else {
        "not signed"
    };
    add(format!("checksum {}, {signed}", written.checksum));
    add(format!(
        "{} bytes written to {}",
        written.bytes, written.path
    ));
    Document::of(text, &written)
}

/// What whoever takes the release should know first, a line each.
pub fn warnings(released: &Released) -> Vec<String> {
    let release = &released.release;
    let verdict = release.content().verdict.as_ref();
    let worse = verdict
        .filter(|verdict| verdict.status == "worse")
        .map(|verdict| {
            format!(
                "the verdict of the run is worse: {}",
                verdict.reasons.join("; ")
            )
        });
    let unsigned = (!release.is_signed()).then(|| {
        "the release is not signed: nobody can tell who made it; `--key PRIV` signs it".to_owned()
    });
    worse.into_iter().chain(unsigned).collect()
}

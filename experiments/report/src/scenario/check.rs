//! What is wrong with a scenario file.

use offhook_env::diagnostic::finding::{Finding, Severity};
use offhook_env::scenario::Scenario;
use offhook_lab::scenario::check::CheckedScenario;
use serde_json::json;

use crate::document::{Document, line};

/// All findings as JSON; in words those that are not fatal, and what the scenario has if it is fine.
pub fn present(checked: &CheckedScenario, strict: bool) -> Document {
    let found = checked.findings.iter();
    let mut text: String = found
        .clone()
        .filter(|finding| !is_fatal(finding, strict))
        .map(|finding| format!("{finding}\n"))
        .collect();
    if let (true, Some(scenario)) = (checked.is_fine(), &checked.scenario) {
        text += &summary(checked, scenario);
    }
    let json = found.map(to_json).collect();
    Document { text, json }
}

/// The findings that make a check fail, a line each: errors, and warnings if it is `strict`.
pub fn faults(checked: &CheckedScenario, strict: bool) -> Vec<String> {
    let fatal = |finding: &&Finding| is_fatal(finding, strict);
    let fatal = checked.findings.iter().filter(fatal);
    fatal.map(ToString::to_string).collect()
}

fn is_fatal(finding: &Finding, strict: bool) -> bool {
    strict || finding.severity == Severity::Error
}

fn summary(checked: &CheckedScenario, scenario: &Scenario) -> String {
    let n_rules = scenario.constraints.iter().filter(|c| c.conduct).count();
    let main = &checked.text.main;
    format!(
        "{}: {}, {} actions, {} features, {n_rules} rules of conduct{}\n",
        main.file,
        match checked.findings.len() {
            0 => "fine".to_owned(),
            1 => "1 warning".to_owned(),
            n => format!("{n} warnings"),
        },
        scenario.layout.n_actions(),
        scenario.layout.n_features(),
        if checked.has_population() {
            ""
        } else {
            ", no [population]: for logs only"
        },
    )
}

fn to_json(finding: &Finding) -> String {
    line(&json!({
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
        "severity": finding.severity.name(),
        "message": finding.message,
    }))
}

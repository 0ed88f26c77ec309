//! `offhook scenario check`: every fault of scenario files at once, with line and column.

use offhook_env::diagnostic::OrderedMap;
use offhook_env::diagnostic::finding::{Finding, Findings, Severity};
use offhook_env::scenario::{Scenario, ScenarioText, lint};
use offhook_simulator::population;
use serde::de::IgnoredAny;

use super::reward_lint;
use crate::cli::CheckArgs;
use crate::terminal::outln;
use offhook_lab::error::Failure;
use offhook_simulator::bundled;
use offhook_simulator::world;

/// Runs the command: faults and warnings are printed, errors make it fail.
///
/// # Errors
/// If a file cannot be read, or has an error or, with `--strict`, a warning; all of them are in the
/// message, or on standard output with `--json`.
pub fn run(args: &CheckArgs) -> Result<(), Failure> {
    let mut faults = Vec::new();
    for name in &args.files {
        let text = bundled::scenario(name, None)?;
        let (scenario, found) = check(name, &text, args.calls)?;
        for finding in &found {
            let fatal = args.strict || finding.severity == Severity::Error;
            if args.json {
                outln!("{}", to_json(finding));
            } else if !fatal {
                outln!("{finding}");
            }
            if fatal {
                faults.push(finding.to_string());
            }
        }
        let fine = found.iter().all(|f| f.severity != Severity::Error);
        if let (true, false, Some(scenario)) = (fine, args.json, scenario) {
            outln!("{}", summary(&text, &scenario, found.len()));
        }
    }
    if faults.is_empty() {
        return Ok(());
    }
    let s = if faults.len() == 1 { "" } else { "s" };
    let list = if args.json {
        String::new()
    } else {
        format!("\n{}", faults.join("\n"))
    };
    Err(Failure::failed(format!("{} fault{s}{list}", faults.len())))
}

/// Everything that is wrong with the scenario of that name or path; rewards are tried out over
/// `n_calls` calls, if any.
///
/// # Errors
/// If a file cannot be read.
pub fn findings(name: &str, n_calls: u64) -> Result<Vec<Finding>, Failure> {
    let text = bundled::scenario(name, None)?;
    Ok(check(name, &text, n_calls)?.1)
}

/// Everything that is wrong with one scenario. Each kind of check needs that those before it found
/// no error: reading, what can never happen, what pays.
fn check(
    name: &str,
    text: &ScenarioText,
    n_calls: u64,
) -> Result<(Option<Scenario>, Vec<Finding>), Failure> {
    let (scenario, mut found) = lint::check(text);
    let Some(scenario) = scenario else {
        return Ok((None, found));
    };
    if bundled::has_population(&text.main.text) {
        found.extend(population::lint::check(text, &scenario));
        found.extend(channel(text, &scenario));
        let fine = found.iter().all(|f| f.severity != Severity::Error);
        if fine && n_calls > 0 {
            let loaded = world::load(name, None)?;
            found.extend(reward_lint::check(&loaded, n_calls));
        }
    }
    found.sort();
    found.dedup();
    Ok((Some(scenario), found))
}

/// A channel that cannot be loaded, at the line that names it.
fn channel(text: &ScenarioText, scenario: &Scenario) -> Vec<Finding> {
    let mut found = Findings::new(text);
    if let Err(failure) = world::channel(scenario, &text.main.file) {
        let keys: Option<OrderedMap<IgnoredAny>> = text.source().0.parse();
        let keys = keys.unwrap_or_default().0;
        let key = keys.iter().find(|(key, _)| key.get_ref() == "channel");
        found.error(
            key.map_or(0..0, |(key, _)| key.span()),
            failure.to_string().replace('\n', "; "),
        );
    }
    found.finish()
}

fn summary(text: &ScenarioText, scenario: &Scenario, n_warnings: usize) -> String {
    let n_rules = scenario.constraints.iter().filter(|c| c.conduct).count();
    format!(
        "{}: {}, {} actions, {} features, {n_rules} rules of conduct{}",
        text.main.file,
        match n_warnings {
            0 => "fine".to_owned(),
            1 => "1 warning".to_owned(),
            n => format!("{n} warnings"),
        },
        scenario.layout.n_actions(),
        scenario.layout.n_features(),
        if bundled::has_population(&text.main.text) {
            ""
        } else {
            ", no [population]: for logs only"
        },
    )
}

fn to_json(finding: &Finding) -> String {
    serde_json::json!({
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
        "severity": finding.severity.name(),
        "message": finding.message,
    })
    .to_string()
}

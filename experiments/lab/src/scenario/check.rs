//! Every fault of a scenario file at once, with line and column.

use offhook_env::diagnostic::OrderedMap;
use offhook_env::diagnostic::finding::{Finding, Findings, Severity};
use offhook_env::scenario::{Scenario, ScenarioText, lint};
use offhook_simulator::{bundled, population, world};
use serde::de::IgnoredAny;

use super::reward_lint;
use crate::error::Failure;

/// A scenario file that was checked.
pub struct CheckedScenario {
    /// Its texts.
    pub text: ScenarioText,
    /// The scenario, if it could be read.
    pub scenario: Option<Scenario>,
    /// What is wrong with it, in the order of the text.
    pub findings: Vec<Finding>,
}

impl CheckedScenario {
    /// Everything that is wrong with the scenario of that name or path; rewards are tried out over
    /// `n_calls` calls, if any.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn of(name: &str, n_calls: u64) -> Result<Self, Failure> {
        let text = bundled::scenario(name, None)?;
        let (scenario, findings) = check(name, &text, n_calls)?;
        Ok(Self {
            text,
            scenario,
            findings,
        })
    }

    /// Whether there is no error; warnings are none.
    pub fn is_fine(&self) -> bool {
        is_fine(&self.findings)
    }

    /// Whether it says who is called; one that does not is for logs only.
    pub fn has_population(&self) -> bool {
        bundled::has_population(&self.text.main.text)
    }
}

fn is_fine(findings: &[Finding]) -> bool {
    findings.iter().all(|f| f.severity != Severity::Error)
}

/// Refuses a scenario with errors before any work is done with it, whatever its reward pays for.
///
/// # Errors
/// All of them.
pub(crate) fn refuse_faults(text: &ScenarioText) -> Result<(), Failure> {
    let (_, mut found) = check_text(text);
    found.retain(|f| f.severity == Severity::Error);
    if found.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = found.iter().map(Finding::to_string).collect();
    Err(Failure::failed(list.join("\n")))
}

/// Each kind of check needs that those before it found no error: reading, what can never happen, what pays.
fn check(
    name: &str,
    text: &ScenarioText,
    n_calls: u64,
) -> Result<(Option<Scenario>, Vec<Finding>), Failure> {
    let (scenario, mut found) = check_text(text);
    let has_population = bundled::has_population(&text.main.text);
    if scenario.is_some() && has_population && is_fine(&found) && n_calls > 0 {
        let loaded = world::load(name, None)?;
        found.extend(reward_lint::check(&loaded, n_calls));
        found.sort();
        found.dedup();
    }
    Ok((scenario, found))
}

/// All that the text alone tells, in its order.
fn check_text(text: &ScenarioText) -> (Option<Scenario>, Vec<Finding>) {
    let (scenario, mut found) = lint::check(text);
    if let Some(scenario) = &scenario
        && bundled::has_population(&text.main.text)
    {
        found.extend(population::lint::check(text, scenario));
        found.extend(channel(text, scenario));
    }
    found.sort();
    found.dedup();
    (scenario, found)
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

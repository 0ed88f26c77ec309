//! Checks of a scenario that can be read: what can never happen, what is named and not used.
//!
//! Reading refuses what has no meaning; these checks report what has a meaning that nobody can want.

mod flow;
mod names;
mod reach;
mod reward;
mod solve;

use super::compile::compile;
use super::{Scenario, ScenarioText, include};
use crate::diagnostic::finding::{Finding, Findings, Severity};

pub use reach::Reach;
pub use reward::place as reward_place;

/// Reads a scenario and reports everything that is wrong with it: the mistakes that keep it from
/// being read or else, if there are none, what can never happen in it or is not used.
///
/// The scenario is given back as far as it could be read, so that other sections can be checked
/// against it; with mistakes it is good for nothing else.
pub fn check(text: &ScenarioText) -> (Option<Scenario>, Vec<Finding>) {
    let (mut source, parsed) = include::read(text);
    let scenario = parsed
        .as_ref()
        .and_then(|parsed| compile(&mut source, parsed, None));
    if scenario.is_none() {
        source.report_if_clean("not a scenario");
    }
    if let Err(mistakes) = source.finish() {
        return (scenario, Finding::list(mistakes, Severity::Error));
    }
    let mut found = Findings::new(text);
    if let (Some(parsed), Some(scenario)) = (&parsed, &scenario) {
        let reach = Reach::of(scenario);
        let mut scratch = text.source().0;
        names::check(&mut found, parsed, scenario);
        if parsed.population.is_some() {
            reward::check(&mut found, &text.main.text);
        }
        flow::check(&mut found, &mut scratch, parsed, scenario, &reach);
    }
    (scenario, found.finish())
}

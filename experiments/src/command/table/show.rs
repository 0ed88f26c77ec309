//! `offhook table show`: the table as a page, on the terminal or as HTML, or as JSON.

use std::collections::BTreeMap;
use std::path::Path;

use offhook_env::log::dialog;
use offhook_table::{DecisionTable, Provenance};
use serde::Serialize;

use super::turns::{for_each_call, scenario_of};
use crate::cli::ShowArgs;
use crate::terminal::{out, outln};
use offhook_lab::disk::atomic;
use offhook_lab::error::Failure;
use offhook_lab::policies::open_table;

/// Example calls of a rule.
const N_EXAMPLES: usize = 2;
/// Turns of an example: what led to the rule, and what it did.
const N_TURNS: usize = 3;

/// What `--json` prints: one object on one line.
#[derive(Serialize)]
struct Shown<'a> {
    scenario: &'a str,
    layout: &'a str,
    checksum: &'a str,
    default_action: &'a str,
    provenance: &'a Provenance,
    /// The busiest first.
    rules: Vec<ShownRule<'a>>,
}

#[derive(Serialize)]
struct ShownRule<'a> {
    id: &'a str,
    action: &'a str,
    /// Levels allowed by feature; one that may take any level is absent.
    when: BTreeMap<String, Vec<String>>,
    words: String,
    /// Visits when the rule was made, and their share of those of all rules; null for none at all.
    support: u64,
    share: Option<f64>,
    /// Null where it was not measured.
    fidelity: Option<f64>,
    examples: &'a [String],
}

/// Runs the subcommand.
///
/// # Errors
/// If a file cannot be read or written, or the log is of another scenario.
pub fn run(args: &ShowArgs) -> Result<(), Failure> {
    if let Some(path) = &args.html {
        atomic::check_free(path, args.force)?;
    }
    let table = open_table(&args.table)?;
    let examples = match &args.log {
        Some(log) => examples(&table, log)?,
        None => Vec::new(),
    };
    if args.json {
        outln!("{}", serde_json::to_string(&shown(&table, &examples))?);
        return Ok(());
    }
    let Some(path) = &args.html else {
        out!("{}", table.page(&examples));
        return Ok(());
    };
    atomic::write(path, table.html(&examples).as_bytes())?;
    outln!(
        "{} rules written to {}",
        table.rules().len(),
        path.display()
    );
    Ok(())
}

fn shown<'a>(table: &'a DecisionTable, examples: &'a [Vec<String>]) -> Shown<'a> {
    let n_visits: f64 = table.rules().iter().map(|rule| rule.support as f64).sum();
    let rule = |idx: usize| {
        let rule = &table.rules()[idx];
        ShownRule {
            id: &rule.id,
            action: table.action_name(rule.action),
            when: table.layout().conditions(&rule.when),
            words: table.explain(rule),
            support: rule.support,
            share: (n_visits > 0.0).then(|| rule.support as f64 / n_visits),
            fidelity: rule.fidelity,
            examples: examples.get(idx).map_or(&[], Vec::as_slice),
        }
    };
    Shown {
        scenario: table.scenario(),
        layout: table.layout().hash(),
        checksum: table.checksum(),
        default_action: table.action_name(table.default_action()),
        provenance: table.provenance(),
        rules: table.by_traffic().into_iter().map(rule).collect(),
    }
}

/// The first calls of a log where each rule fired, from [`N_TURNS`] turns before to its own.
fn examples(table: &DecisionTable, log: &Path) -> Result<Vec<Vec<String>>, Failure> {
    let scenario = scenario_of(table, None)?;
    let mut examples = vec![Vec::new(); table.rules().len()];
    for_each_call(log, &scenario, |call, steps| {
        // A rule that fires twice in a call is shown once.
        let mut shown = Vec::new();
        for (turn_idx, step) in steps.iter().enumerate() {
            let decision = table.decide(&step.codes);
            let Some(rule) = decision.rule.map(|rule| rule as usize) else {
                continue;
            };
            let told: &mut Vec<String> = &mut examples[rule];
            if decision.action != step.action || told.len() == N_EXAMPLES || shown.contains(&rule) {
                continue;
            }
            shown.push(rule);
            let first = (turn_idx + 1).saturating_sub(N_TURNS);
            let lines = dialog::lines(&call.turns[first..=turn_idx]);
            told.push(format!(
                "call {}, turn {}\n{}",
                call.call_id,
                turn_idx + 1,
                lines.trim_end()
            ));
        }
    })?;
    Ok(examples)
}

//! Where a table comes from, and what was measured and proved of it, as the table itself carries it:
//!
//! | key | what |
//! |---|---|
//! | `program`, `revision` | the program, and the revision of the code that built it |
//! | `config` | name of the experiment, and SHA-256 of its `config.toml` as run |
//! | `scenario`, `channel` | what defined the calls, see [`scenario_hash`]; SHA-256 of the channel |
//! | `data` | SHA-256 of the log that was learned from, where there was one |
//! | `seeds` | `train`; `of`, the seeds that were trained; `choose` and `evaluate`, whose calls are other ones |
//! | `metrics` | of this very table on `calls` held-out calls: `[value, low, high]` with the 95 % interval, a count alone; what is `lost` against its network on the same calls |
//! | `proofs` | what was proved of every cell, `cells`: no overlap, no gap, masks; `rules`: the rules of conduct by name; `failed`: what was not |
//!
//! No clock, path or number of threads is part of it: equal runs give equal bytes.

use offhook_env::scenario::Scenario;
use offhook_table::{DecisionTable, Proof, ProofReport, Provenance};
use serde_json::{Map, Value, json};

use super::judge::{Contestant, Judgement};
use crate::config::Config;
use crate::error::Failure;
use crate::key_figure::KeyFigure;
use crate::run::hash::scenario_hash;
use crate::run::manifest::Manifest;
use offhook_stats::Estimate;

/// Figures of a table that are kept.
const FIGURES: [&str; 5] = ["completion", "return", "rules_broken", "held_back", "harms"];

/// What is known of a table when it is made from what seed `seed` has learned.
pub fn made(config: &Config, manifest: &Manifest, seed: u64) -> Provenance {
    let inputs = &manifest.inputs;
    let mut provenance = Provenance::from([
        (
            "program".to_owned(),
            json!(format!("{} {}", manifest.program, manifest.version)),
        ),
        ("revision".to_owned(), json!(manifest.revision)),
        (
            "config".to_owned(),
            json!({"name": config.name, "sha256": inputs.get("config")}),
        ),
        ("scenario".to_owned(), json!(scenario_hash(inputs))),
        (
            "seeds".to_owned(),
            json!({"train": seed, "of": config.seeds, "choose": seed, "evaluate": seed}),
        ),
    ]);
    let data = inputs.iter().find(|(role, _)| role.starts_with("data/"));
    let channel = inputs.get_key_value("channel");
    for (key, found) in [("data", data), ("channel", channel)] {
        if let Some((_, hash)) = found {
            provenance.insert(key.to_owned(), json!(hash));
        }
    }
    provenance
}

/// The table that a run exports, with what its judgment found.
///
/// # Errors
/// If that makes the table too large.
pub fn judged(
    table: &DecisionTable,
    judgement: &Judgement,
    scenario: &Scenario,
) -> Result<DecisionTable, Failure> {
    let mut metrics = Map::new();
    metrics.insert("calls".to_owned(), json!(judgement.n_calls_of_exported()));
    for name in FIGURES {
        if let Some(found) = judgement.of_exported(Contestant::Table, KeyFigure::named(name)) {
            metrics.insert(name.to_owned(), figure(found));
        }
    }
    let lost = ["completion", "return"].into_iter().filter_map(|name| {
        let lost = judgement.difference_for_exported(
            Contestant::Reinforcement,
            Contestant::Table,
            KeyFigure::named(name),
        )?;
        // Where no call differs nothing was lost in any of them.
        let (low, high) = lost.bounds.unwrap_or((lost.value, lost.value));
        let lost = Estimate::new(lost.value, low, high);
        Some((name.to_owned(), figure(lost)))
    });
    metrics.insert("lost".to_owned(), Value::Object(lost.collect()));

    let mut provenance = table.provenance().clone();
    provenance.insert("metrics".to_owned(), Value::Object(metrics));
    provenance.insert("proofs".to_owned(), proofs(&judgement.proof, scenario));
    Ok(table.clone().with_provenance(provenance)?)
}

/// What a report says of every cell, by name.
fn proofs(report: &ProofReport, scenario: &Scenario) -> Value {
    let (rules, masks) = report.constraints.split_at(
        offhook_table::agent::constraints(scenario)
            .0
            .len()
            .min(report.constraints.len()),
    );
    let holds = |proof: &Proof| proof.n_violations == 0;
    let cells = [
        ("no overlap", report.n_overlaps == 0),
        ("no gap", report.gaps.is_empty() && report.gaps_exhaustive),
        ("masks", masks.iter().all(holds)),
    ];
    let rules = rules.iter().map(|rule| (&*rule.constraint, holds(rule)));
    let (rules, broken): (Vec<_>, Vec<_>) = rules.partition(|(_, holds)| *holds);
    let (cells, missing): (Vec<_>, Vec<_>) = cells.into_iter().partition(|(_, holds)| *holds);
    let names = |list: &[(&str, bool)]| list.iter().map(|(name, _)| json!(name)).collect();
    let failed: Vec<Value> = names(&[missing, broken].concat());
    let mut proofs = json!({"cells": names(&cells), "rules": names(&rules)});
    if !failed.is_empty() {
        proofs["failed"] = json!(failed);
    }
    proofs
}

/// A number and the ends of its interval, to four decimals; a count alone.
fn figure(estimate: Estimate) -> Value {
    let round = |x: f64| (x * 1e4).round() / 1e4;
    match estimate.bounds {
        Some((low, high)) => json!([estimate.value, low, high].map(round)),
        None if estimate.value.fract() == 0.0 => json!(estimate.value as i64),
        None => json!(round(estimate.value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_has_its_interval_where_there_is_one() {
        let found = figure(Estimate::new(0.123_456_78, -0.5, 1.0));
        assert_eq!(found.to_string(), "[0.1235,-0.5,1.0]");
        assert_eq!(figure(Estimate::point(2.0)).to_string(), "2");
    }
}

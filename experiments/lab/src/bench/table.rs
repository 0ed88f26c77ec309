//! Speed of a decision table of 200 rules over 12 features: what a decision and a load cost.

use std::path::Path;

use offhook_table::testing::{SplitMix, random_codes, random_table};
use offhook_table::{DecisionTable, Format};

use super::clock::best_rate;
use super::{OnSpeed, Speed};
use crate::disk::atomic;
use crate::error::Failure;
use crate::unit::Unit;

/// Seed of the table: 12 features that all are tested, with 20,736,000 observations.
const TABLE_SEED: u64 = 78;
const N_RULES: usize = 200;
const N_FEATURES: usize = 12;
/// Seed and number of the observations, drawn from all with equal chances. `policy/table/engines/bench.mjs` draws the
/// same ones.
const OBSERVATION_SEED: u64 = 1;
const N_OBSERVATIONS: usize = 4096;

/// Measures decisions from codes, decisions from names, and loading, in CPU time of one thread; also writes the
/// measured table to `out` as JSON.
///
/// # Errors
/// If the table cannot be written.
pub fn measure(out: Option<&Path>, on_speed: OnSpeed<'_>) -> Result<(), Failure> {
    let table = random_table(TABLE_SEED, N_RULES, N_FEATURES);
    if let Some(path) = out {
        atomic::write(path, table.to_json().as_bytes())?;
    }
    let features = table.layout().features();
    let n_states: u64 = features.iter().map(|f| f.levels.len() as u64).product();
    let place = [
        ("rules", table.rules().len().to_string()),
        ("features", features.len().to_string()),
        ("states", n_states.to_string()),
    ];
    let mut say = |metric, value: f64, n, unit, more: Option<(&'static str, String)>| {
        on_speed(&Speed {
            metric,
            estimate: value.into(),
            n,
            unit,
            place: place.iter().cloned().chain(more).collect(),
        });
    };

    let mut draws = SplitMix(OBSERVATION_SEED);
    let observations: Vec<Vec<u8>> = (0..N_OBSERVATIONS)
        .map(|_| random_codes(table.layout(), &mut draws))
        .collect();
    // Decisions and rules are summed up so that none can be left out.
    let mut sum = 0u64;
    let ns = || Unit::plain("ns", 1);
    let (rate, n) = best_rate(
        |cost| cost.cpu,
        || {
            for codes in &observations {
                sum += u64::from(table.decide(codes).action);
            }
            N_OBSERVATIONS as u64
        },
    );
    say("table.ns_per_decision", 1e9 / rate, n, ns(), None);

    let named: Vec<Vec<(&str, &str)>> = observations
        .iter()
        .map(|codes| {
            let levels = features.iter().zip(codes);
            levels
                .map(|(f, &code)| (f.name.as_str(), f.levels[usize::from(code)].as_str()))
                .collect()
        })
        .collect();
    let (rate, n) = best_rate(
        |cost| cost.cpu,
        || {
            for observation in &named {
                let decision = table.decide_named(observation);
                sum += decision.map_or(0, |d| u64::from(d.action));
            }
            N_OBSERVATIONS as u64
        },
    );
    say("table.ns_per_named_decision", 1e9 / rate, n, ns(), None);

    for format in [Format::Json, Format::Dpt] {
        let bytes = format.export(&table);
        let (rate, n) = best_rate(
            |cost| cost.cpu,
            || {
                sum += DecisionTable::from_bytes(&bytes).map_or(0, |t| t.rules().len() as u64);
                1
            },
        );
        let place = || Some(("format", format.to_string()));
        let us = Unit::plain("us", 1);
        say("table.load_us", 1e6 / rate, n, us, place());
        let unit = Unit::plain("bytes", 0);
        say("table.bytes", bytes.len() as f64, 1, unit, place());
    }
    std::hint::black_box(sum);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_what_the_measured_speeds_speak_of() {
        let table = random_table(TABLE_SEED, N_RULES, N_FEATURES);
        let features = table.layout().features();
        let n_states: usize = features.iter().map(|f| f.levels.len()).product();
        assert_eq!((table.rules().len(), n_states), (200, 20_736_000));
        assert_eq!(table.tested_features().count(), 12);
        let report = offhook_table::verify(&table, &[]).expect("no constraint");
        assert!(report.ok(), "complete and unique");
    }
}

//! `offhook bench table`: decisions a second of a table of 200 rules over 12 features.

use offhook_table::DecisionTable;
use offhook_table::testing::{SplitMix, random_codes, random_table};

use super::{best_rate, report};
use crate::cli::BenchArgs;
use crate::error::Failure;
use crate::unit::Unit;

/// Measures decisions from codes, decisions from names, and loading.
///
/// # Errors
/// Never; the signature is that of the other benches.
pub fn run(args: &BenchArgs) -> Result<(), Failure> {
    const N_OBSERVATIONS: usize = 4096;
    let table = random_table(1, 200, 12);
    let mut draws = SplitMix(1);
    let observations: Vec<Vec<u8>> = (0..N_OBSERVATIONS)
        .map(|_| random_codes(table.layout(), &mut draws))
        .collect();
    let place = [
        ("rules", table.rules().len().to_string()),
        ("features", "12".to_owned()),
    ];
    let mut sum = 0u64;
    let (rate, n) = best_rate(|| {
        for codes in &observations {
            sum += u64::from(table.decide(codes).action);
        }
        N_OBSERVATIONS as u64
    });
    report(
        args,
        "table.ns_per_decision",
        1e9 / rate,
        n,
        &Unit::plain("ns", 1),
        &place,
    );
    let features = table.layout().features();
    let named: Vec<Vec<(&str, &str)>> = observations
        .iter()
        .map(|codes| {
            features
                .iter()
                .zip(codes)
                .map(|(f, &c)| (f.name.as_str(), f.levels[c as usize].as_str()))
                .collect()
        })
        .collect();
    let (rate, n) = best_rate(|| {
        for observation in &named {
            sum += table
                .decide_named(observation)
                .map_or(0, |d| u64::from(d.action));
        }
        N_OBSERVATIONS as u64
    });
    report(
        args,
        "table.ns_per_named_decision",
        1e9 / rate,
        n,
        &Unit::plain("ns", 1),
        &place,
    );
    let bytes = table.to_json();
    let (rate, n) = best_rate(|| {
        sum += DecisionTable::from_json(bytes.as_bytes()).map_or(0, |t| t.rules().len() as u64);
        1
    });
    report(
        args,
        "table.load_us",
        1e6 / rate,
        n,
        &Unit::plain("us", 1),
        &place,
    );
    // The decisions are summed up so that none can be left out.
    std::hint::black_box(sum);
    Ok(())
}

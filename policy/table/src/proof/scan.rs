//! A report of the verifier held against a plain scan of the rules, state by state.

use std::collections::BTreeSet;
use std::fmt;

use crate::proof::proof_report::{MAX_LISTED, ProofReport};
use crate::proof::split_mix::{SplitMix, pick};
use crate::proof::verify::Constraint;
use crate::table::{Cell, DecisionTable, Feature, Layout, Rule, levels_in};

/// States compared one by one where the affected box has no more; else as many are drawn from it.
const MAX_STATES: usize = 2048;
/// States drawn from the whole space, which must not be named without reason.
const N_ELSEWHERE: usize = 256;

/// Holds a report against a scan of the rules, in the affected box and elsewhere; returns how many
/// states were compared, or the first difference in words.
pub(crate) fn compare(
    table: &DecisionTable,
    constraints: &[Constraint],
    report: &ProofReport,
    affected: &Cell,
    rng: &mut SplitMix,
) -> Result<u64, String> {
    if report.ok() {
        return Err(format!("nothing named {}", table.layout().words(affected)));
    }
    let mut states = states_in(affected, rng);
    let any = table.layout().any();
    states.extend((0..N_ELSEWHERE).map(|_| draw(&any, rng)));
    // Every box named is visited too, however small it is.
    let regions = report.overlaps.iter().map(|overlap| &overlap.region);
    let regions = regions.chain(report.violations.iter().map(|violation| &violation.region));
    for region in regions.chain(&report.gaps) {
        states.extend((0..4).map(|_| draw(&region.cell, rng)));
    }
    for codes in &states {
        compare_state(table, constraints, report, codes)
            .map_err(|what| format!("{what} at {}", state_words(table.layout(), codes)))?;
    }
    Ok(states.len() as u64)
}

/// One state: the scan on one side, what the report names on the other.
fn compare_state(
    table: &DecisionTable,
    constraints: &[Constraint],
    report: &ProofReport,
    codes: &[u8],
) -> Result<(), String> {
    let fired: Vec<&Rule> = table
        .rules()
        .iter()
        .filter(|rule| rule.when.contains(codes))
        .collect();
    let n_gaps = report
        .gaps
        .iter()
        .filter(|gap| gap.cell.contains(codes))
        .count();
    if n_gaps != usize::from(fired.is_empty()) {
        return Err(format!(
            "{} rules apply and {n_gaps} gaps are named",
            fired.len()
        ));
    }
    let mut pairs = BTreeSet::new();
    for (idx, a) in fired.iter().enumerate() {
        pairs.extend(
            fired[idx + 1..]
                .iter()
                .map(|b| [a.id.as_str(), b.id.as_str()]),
        );
    }
    let named = report
        .overlaps
        .iter()
        .filter(|o| o.region.cell.contains(codes));
    let named: BTreeSet<[&str; 2]> = named.map(|o| [o.rules[0].as_str(), &o.rules[1]]).collect();
    same("overlaps", &pairs, &named, report.n_overlaps)?;

    let mut broken = BTreeSet::new();
    for constraint in constraints {
        let holds = |&(idx, mask): &(usize, u16)| mask >> codes[idx] & 1 == 1;
        if !constraint.when.iter().all(holds) {
            continue;
        }
        let forbidden = |action: u8| constraint.forbidden >> action & 1 == 1;
        let rules = fired.iter().filter(|rule| forbidden(rule.action));
        broken.extend(rules.map(|rule| (constraint.name.as_str(), Some(rule.id.as_str()))));
        if fired.is_empty() && forbidden(table.default_action()) {
            broken.insert((constraint.name.as_str(), None));
        }
    }
    let named = report
        .violations
        .iter()
        .filter(|v| v.region.cell.contains(codes));
    let named = named.map(|v| (v.constraint.as_str(), v.rule.as_deref()));
    same("violations", &broken, &named.collect(), report.n_violations)
}

/// Whether what is named is what is true; where a report lists only the first, all it lists is true.
fn same<T: Ord + fmt::Debug>(
    what: &str,
    found: &BTreeSet<T>,
    named: &BTreeSet<T>,
    n_all: u64,
) -> Result<(), String> {
    let right = if n_all > MAX_LISTED as u64 {
        named.is_subset(found)
    } else {
        named == found
    };
    if right {
        return Ok(());
    }
    Err(format!("{what} are {found:?} and {named:?} are named"))
}

/// All states of a small cell, or as many drawn at random.
fn states_in(cell: &Cell, rng: &mut SplitMix) -> Vec<Vec<u8>> {
    if cell.volume().as_f64() > MAX_STATES as f64 {
        return (0..MAX_STATES).map(|_| draw(cell, rng)).collect();
    }
    let extend = |states: Vec<Vec<u8>>, &mask: &u16| {
        let longer = |codes: Vec<u8>| {
            levels_in(mask).map(move |level| [codes.as_slice(), &[level as u8]].concat())
        };
        states.into_iter().flat_map(longer).collect()
    };
    cell.masks().iter().fold(vec![Vec::new()], extend)
}

/// One state of a cell that is not empty, each as likely.
fn draw(cell: &Cell, rng: &mut SplitMix) -> Vec<u8> {
    let level = |&mask: &u16| pick(levels_in(mask), rng).unwrap_or(0) as u8;
    cell.masks().iter().map(level).collect()
}

fn state_words(layout: &Layout, codes: &[u8]) -> String {
    let level = |(feature, &code): (&Feature, &u8)| {
        format!("{}={}", feature.name, feature.levels[usize::from(code)])
    };
    let levels = layout.features().iter().zip(codes).map(level);
    levels.collect::<Vec<_>>().join(",")
}

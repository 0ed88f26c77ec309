//! From counts to shares with intervals, corrected where it is known how records are mistaken.

use std::collections::BTreeMap;

use offhook_env::rng::{Stream, derive_seed};
use offhook_stats::misclassified::Misclassified;
use offhook_stats::{self as stats, Count, Estimate};
use rayon::prelude::*;

use super::result::{Basis, Coverage, SegmentAnswers, SlotAnswers, ValueAnswers, Wrong};
use super::tally::{Cell, PartCounts, Tallies, Truth};
use super::values::Counting;

/// Most values that are corrected together; a matrix of more has hardly a call for each of its cells.
const MAX_CORRECTED: usize = 32;
/// Largest share of records of people who truly have no such value up to which shares are corrected: what they say
/// is told by no matrix of values.
const MAX_NOTHING: f64 = 0.05;

/// Records by true and recorded value, by name.
type Confusions = BTreeMap<(String, String), u64>;

/// The answers to every slot; confusions come from the calls themselves where `calibration` is not given. `seed`
/// draws the resamples.
pub(super) fn estimate(
    tallies: &Tallies,
    calibration: Option<&Tallies>,
    is_split: bool,
    seed: u64,
) -> Vec<SlotAnswers> {
    let segments = || tallies.segments.list().iter().enumerate();
    let jobs: Vec<(usize, usize)> = (0..tallies.slots.len())
        .flat_map(|slot| segments().map(move |(segment, _)| (slot, segment)))
        .collect();
    let confusions: Vec<Vec<Option<Confusions>>> = (tallies.slots.iter())
        .map(|slot| {
            let of_part = |part| confusions(calibration.unwrap_or(tallies), &slot.name, part);
            (0..slot.parts.len()).map(of_part).collect()
        })
        .collect();
    let of_job = |(job, &(slot, segment)): (usize, &(usize, usize))| {
        let seed = derive_seed(seed, Stream::Resample, job as u64);
        let cell = &tallies.cells[segment][slot];
        let name = tallies.segments.list()[segment].clone();
        let n_right = tallies.n_right[segment];
        let parts = tallies.slots[slot].parts.iter().zip(&cell.parts);
        let parts = parts.zip(&confusions[slot]).enumerate();
        let several = tallies.slots[slot].counting() == Counting::Items;
        let values = parts.flat_map(|(k, ((names, counts), confusions))| {
            let group = Group {
                names: names.list(),
                counts,
                is_calibrated: calibration.is_some(),
            };
            let seed = derive_seed(seed, Stream::Resample, k as u64);
            let corrected = confusions
                .as_ref()
                .and_then(|known| group.corrected(known, seed));
            let mut values = group.values(&corrected.unwrap_or_default());
            // Of an item only that it was named is of interest.
            values.truncate(if several { 1 } else { usize::MAX });
            values
        });
        SegmentAnswers {
            segment: is_split.then_some(name),
            n_right,
            n_answered: cell.answered,
            coverage: coverage(cell, n_right),
            wrong: wrong(cell),
            values: values.collect(),
        }
    };
    let mut done: Vec<SegmentAnswers> = jobs.par_iter().enumerate().map(of_job).collect();
    let of_slot = |slot: &super::values::SlotValues| SlotAnswers {
        slot: slot.name.clone(),
        is_several: slot.counting() == Counting::Items,
        is_open: slot.is_open(),
        segments: done.drain(..tallies.segments.list().len()).collect(),
    };
    tallies.slots.iter().map(of_slot).collect()
}

fn share(hits: u64, n: u64) -> Option<Estimate> {
    stats::share(Count { hits, n })
}

fn coverage(cell: &Cell, n_right: u64) -> Option<Coverage> {
    Some(Coverage {
        asked: share(cell.asked, n_right)?,
        answered: share(cell.answered, n_right)?,
        confirmed: share(cell.confirmed, n_right)?,
        refused: share(cell.refused, n_right)?,
    })
}

/// By the truth where it is known of any record, else by confidence.
fn wrong(cell: &Cell) -> Option<Wrong> {
    if let Some(estimate) = stats::share(cell.wrong) {
        return Some(Wrong {
            estimate,
            n: cell.wrong.n,
            basis: Basis::Truth,
        });
    }
    let estimate = stats::mean_of(cell.doubt)?;
    Some(Wrong {
        estimate: estimate.within((0.0, 1.0)),
        n: cell.doubt.n as u64,
        basis: Basis::Confidence,
    })
}

/// The confusions of a slot over all calls; `None` where no truth is known, or too many who answered have no value.
fn confusions(tallies: &Tallies, slot: &str, part: usize) -> Option<Confusions> {
    let at = tallies.slots.iter().position(|own| own.name == slot)?;
    let names = tallies.slots[at].parts.get(part)?.list();
    let mut found = Confusions::new();
    let (mut n_known, mut n_nothing) = (0, 0);
    for row in &tallies.cells {
        for (&(truth, recorded), n) in &row[at].parts[part].recorded {
            match truth {
                Truth::Value(truth) => {
                    n_known += n;
                    let pair = (names[truth].clone(), names[recorded].clone());
                    *found.entry(pair).or_default() += n;
                }
                Truth::Nothing => n_nothing += n,
                Truth::Unknown => {}
            }
        }
    }
    let few_have_none = n_nothing as f64 <= MAX_NOTHING * (n_known + n_nothing) as f64;
    (n_known > 0 && few_have_none).then_some(found)
}

/// The counts of one kind of caller for one part of a slot.
struct Group<'a> {
    names: &'a [String],
    counts: &'a PartCounts,
    /// Whether confusions come from other calls, so that own truth is not used.
    is_calibrated: bool,
}

impl Group<'_> {
    /// Corrected shares by name.
    fn corrected(&self, known: &Confusions, seed: u64) -> Option<BTreeMap<String, Estimate>> {
        let own_names = self
            .counts
            .recorded
            .keys()
            .map(|(_, value)| &self.names[*value]);
        let known_names = known.keys().flat_map(|(truth, recorded)| [truth, recorded]);
        let mut names: Vec<&String> = own_names.chain(known_names).collect();
        names.sort();
        names.dedup();
        let n = names.len();
        if n > MAX_CORRECTED {
            return None;
        }
        let at = |name: &String| names.binary_search(&name).ok();
        let (mut own, mut unknown) = (vec![0; n * n], vec![0; n]);
        let mut elsewhere = vec![0; n * n];
        for ((truth, recorded), count) in known {
            elsewhere[at(truth)? * n + at(recorded)?] += count;
        }
        for (&(truth, recorded), count) in &self.counts.recorded {
            let recorded = at(&self.names[recorded])?;
            match truth {
                Truth::Value(truth) if !self.is_calibrated => {
                    let cell = at(&self.names[truth])? * n + recorded;
                    own[cell] += count;
                    // The confusions of all calls hold those of the group.
                    elsewhere[cell] -= count;
                }
                Truth::Nothing if !self.is_calibrated => {}
                _ => unknown[recorded] += count,
            }
        }
        let data = Misclassified {
            known: &own,
            unknown: &unknown,
            elsewhere: &elsewhere,
        };
        let shares = data.shares(seed)?;
        Some(names.into_iter().cloned().zip(shares).collect())
    }

    fn values(&self, corrected: &BTreeMap<String, Estimate>) -> Vec<ValueAnswers> {
        let sum = |holds: &dyn Fn(Truth, usize) -> bool| -> u64 {
            let counts = self.counts.recorded.iter();
            let counts = counts.filter(|((truth, value), _)| holds(*truth, *value));
            counts.map(|(_, n)| n).sum()
        };
        let n_answered = sum(&|_, _| true);
        let n_true = sum(&|truth, _| matches!(truth, Truth::Value(_)));
        let n_all: u64 = self.counts.truth.values().sum();
        let of = |hits: u64, n: u64| (n > 0).then(|| (hits as f64 / n as f64, n));
        let value = |(at, name): (usize, &String)| ValueAnswers {
            value: name.clone(),
            share: share(sum(&|_, value| value == at), n_answered),
            corrected: corrected.get(name).copied(),
            true_of_answered: of(sum(&|truth, _| truth == Truth::Value(at)), n_true),
            true_of_all: of(self.counts.truth.get(&at).copied().unwrap_or(0), n_all),
        };
        self.names.iter().enumerate().map(value).collect()
    }
}

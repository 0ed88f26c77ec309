//! Counts in bins that are worth some calls each, and how far they move by chance.

use crate::proof::SplitMix;
use crate::runtime::Monitor;

use super::{Drift, MIN_CALLS, Share, Verdict, verdict};

/// Name of the bin of what is rarer than [`MIN_CALLS`].
pub const TOGETHER: &str = "rare, together";
/// Coins that are tossed for every call.
const TOSSES: usize = 1_000;

/// What is counted of a monitor.
#[derive(Clone, Copy)]
pub enum Counted {
    /// How often each rule fired, and the default action.
    Rules,
    /// How often each level of a feature was seen.
    Feature(usize),
}

impl Counted {
    fn of(self, monitor: &Monitor) -> Vec<f64> {
        let counts = match self {
            Self::Rules => [monitor.rules(), &[monitor.n_default()]].concat(),
            Self::Feature(idx) => monitor.traffic().levels()[idx].clone(),
        };
        counts.into_iter().map(|n| n as f64).collect()
    }
}

/// What is known of one bin.
pub struct Bin<'a> {
    pub name: &'a str,
    /// Counts expected and found.
    pub counts: [f64; 2],
}

/// Both sides of a distribution in bins.
pub struct Binned<'a> {
    pub counted: Counted,
    names: Vec<&'a str>,
    /// Counts expected and found, over all bins.
    pub n: [f64; 2],
    pub bins: Vec<Bin<'a>>,
    /// The bin of every rule or level; those that nobody saw are in the first.
    bin_of: Vec<usize>,
}

impl<'a> Binned<'a> {
    pub fn new(names: Vec<&'a str>, counted: Counted) -> Self {
        Self {
            counted,
            bin_of: vec![0; names.len()],
            names,
            n: [0.0; 2],
            bins: Vec::new(),
        }
    }

    /// Sorts rules or levels into bins that are worth [`MIN_CALLS`] of the calls each.
    pub fn bin(&mut self, expected: &Monitor, found: &Monitor, n_calls: usize) {
        let sides = [expected, found].map(|side| self.counted.of(side));
        let n = sides.each_ref().map(|side| side.iter().sum::<f64>());
        // A level that holds for whole calls has as large a share of the calls as of the decisions.
        let worth = |idx: &usize| {
            let share = |side: usize| sides[side][*idx] / n[side].max(1.0);
            f64::midpoint(share(0), share(1)) * n_calls as f64
        };
        let mut seen: Vec<usize> = (0..self.names.len()).collect();
        seen.retain(|idx| worth(idx) > 0.0);
        seen.sort_by(|a, b| worth(b).total_cmp(&worth(a)));
        let is_known = n.iter().all(|n| *n > 0.0);
        let is_rare = |idx: &usize| is_known && worth(idx) < MIN_CALLS;
        let mut n_alone = seen.iter().position(is_rare).unwrap_or(seen.len());
        let worth_of = |rest: &[usize]| rest.iter().map(worth).sum::<f64>();
        while n_alone > 0 && n_alone < seen.len() && worth_of(&seen[n_alone..]) < MIN_CALLS {
            n_alone -= 1;
        }
        let (alone, rest) = seen.split_at(n_alone);
        let alone = alone.chunks(1);
        for together in alone.chain([rest]).filter(|levels| !levels.is_empty()) {
            for idx in together {
                self.bin_of[*idx] = self.bins.len();
            }
            let sum = |side: usize| together.iter().map(|idx| sides[side][*idx]).sum();
            self.bins.push(Bin {
                name: match together {
                    [idx] => self.names[*idx],
                    _ => TOGETHER,
                },
                counts: [sum(0), sum(1)],
            });
        }
        self.n = n;
    }

    /// Whether there is anything to tell apart.
    fn is_tested(&self) -> bool {
        self.bins.len() >= 2 && self.n.iter().all(|n| *n > 0.0)
    }

    /// What a call adds to the roots of the terms of the index, beyond what was expected of as many decisions; also
    /// for the expected side, whose calls are taken to be like these.
    fn residuals(&self, monitor: &Monitor) -> Vec<f64> {
        let [n, m] = self.n;
        let counts = self.counts(monitor);
        let sum: f64 = counts.iter().sum();
        let both = (1.0 + m / n).sqrt();
        let residual = |(bin, count): (&Bin<'_>, f64)| {
            let (p, q) = (bin.counts[0] / n, bin.counts[1] / m);
            both * (count - sum * p) / m / f64::midpoint(p, q).sqrt()
        };
        self.bins.iter().zip(counts).map(residual).collect()
    }

    /// Counts of a monitor by bin.
    fn counts(&self, monitor: &Monitor) -> Vec<f64> {
        let mut counts = vec![0.0; self.bins.len()];
        for (bin, count) in self.bin_of.iter().zip(self.counted.of(monitor)) {
            counts[*bin] += count;
        }
        counts
    }

    pub fn drift(&self, name: &str, by_chance: Option<f64>) -> Drift {
        let [n, m] = self.n;
        let n_bins = self.bins.len() as f64;
        let share = |bin: &Bin<'_>| {
            let [e, f] = bin.counts;
            // Further observations on each side, one per bin and spread as both together are: an empty
            // bin then has a small share instead of an infinite logarithm.
            let more = n_bins * (e + f) / (n + m);
            let (p, q) = ((e + more) / (n + n_bins), (f + more) / (m + n_bins));
            Share {
                name: bin.name.to_owned(),
                action: None,
                expected: e / n.max(1.0),
                found: f / m.max(1.0),
                psi: (q - p) * (q / p).ln(),
            }
        };
        let mut shares: Vec<Share> = self.bins.iter().map(share).collect();
        shares.sort_by(|a, b| b.psi.total_cmp(&a.psi));
        let is_known = n > 0.0 && m > 0.0;
        let psi = is_known.then(|| shares.iter().map(|share| share.psi).sum());
        // Nothing was taken together where there is one level to see.
        let is_constant = shares.iter().all(|share| share.name != TOGETHER);
        Drift {
            name: name.to_owned(),
            psi,
            by_chance,
            verdict: match (psi, by_chance) {
                (None, _) => Verdict::Unknown,
                (Some(_), None) if is_constant => Verdict::Stable,
                (Some(_), None) => Verdict::TooFew,
                (Some(psi), Some(by_chance)) => verdict(psi, by_chance),
            },
            shares,
        }
    }
}

/// What the index of each distribution stays below by chance, with all the others, 19 times of 20; `None` where there
/// are fewer than two bins.
///
/// The differences of a call from what is expected of as many decisions have no direction if nothing has changed, so
/// the index is as large as it is where each call is turned around or not by the toss of a coin (the wild cluster
/// bootstrap with the null imposed; Cameron, Gelbach and Miller, 2008, "Bootstrap-Based Improvements for Inference
/// with Clustered Errors"). The limits are the same multiple of every distribution's mean, that which the largest of
/// them exceeds in one toss of twenty (Westfall and Young, 1993, "Resampling-Based Multiple Testing"). For small
/// differences the index is `Σ (f - e)² / ((e + f) / 2)`.
pub fn chance(compared: &[Binned<'_>], groups: &[&Monitor]) -> Vec<Option<f64>> {
    let tested: Vec<&Binned<'_>> = compared
        .iter()
        .filter(|binned| binned.is_tested())
        .collect();
    let rows = groups.iter().map(|group| {
        let residuals = tested.iter().flat_map(|binned| binned.residuals(group));
        residuals.collect::<Vec<f64>>()
    });
    let rows: Vec<Vec<f64>> = rows.collect();
    let n_bins: usize = tested.iter().map(|binned| binned.bins.len()).sum();
    let mut rng = SplitMix(0);
    let mut toss = || {
        let mut sums = vec![0.0; n_bins];
        for row in &rows {
            let sign = if rng.next_u64() >> 63 == 0 { 1.0 } else { -1.0 };
            sums.iter_mut()
                .zip(row)
                .for_each(|(sum, x)| *sum += sign * x);
        }
        let mut rest = &sums[..];
        let index = |binned: &&Binned<'_>| {
            let (own, others) = rest.split_at(binned.bins.len());
            rest = others;
            own.iter().map(|sum| sum * sum).sum::<f64>()
        };
        tested.iter().map(index).collect::<Vec<f64>>()
    };
    let tosses: Vec<Vec<f64>> = (0..TOSSES).map(|_| toss()).collect();
    let mean = |k: usize| tosses.iter().map(|toss| toss[k]).sum::<f64>() / TOSSES as f64;
    let means: Vec<f64> = (0..tested.len()).map(mean).collect();
    let largest = |toss: &Vec<f64>| {
        let multiples = toss.iter().zip(&means).filter(|(_, mean)| **mean > 0.0);
        multiples
            .map(|(index, mean)| index / mean)
            .fold(0.0, f64::max)
    };
    let mut multiples: Vec<f64> = tosses.iter().map(largest).collect();
    multiples.sort_by(f64::total_cmp);
    let multiple = multiples[TOSSES * 19 / 20];
    let mut limits = means.into_iter().map(|mean| mean * multiple);
    let limit = |binned: &Binned<'_>| binned.is_tested().then(|| limits.next()).flatten();
    compared.iter().map(limit).collect()
}

//! Intervals of calls that come in clusters, one per training seed, and of paired differences.

use crate::estimate::Estimate;
use crate::interval::{mean_at, mean_of, rate, share};
use crate::moments::{Count, Moments};
use crate::quantile::{UPPER, student_quantile};

/// Mean over training seeds of the mean over calls, with Student's interval over the seeds' means.
///
/// With as many calls per seed this is the exact analysis of a balanced two-level design (e.g. Snedecor
/// and Cochran, 1989, ch. 13). The interval is never narrower than that of equally many independent
/// calls, so that seeds which agree by luck do not feign precision. Empty clusters are left out; `None`
/// if all are; with one cluster the interval speaks of that one policy only.
pub fn clustered_mean(clusters: &[Moments]) -> Option<Estimate> {
    mean_at_end(clusters, UPPER)
}

/// The same with an interval that is one of `n` (at least 1) which hold together with 95 %: each has coverage
/// `1 - 0.05 / n` (Bonferroni).
pub fn simultaneous_mean(clusters: &[Moments], n: usize) -> Option<Estimate> {
    mean_at_end(clusters, 1.0 - (1.0 - UPPER) / n.max(1) as f64)
}

/// The mean with an interval whose upper end has probability `upper`.
fn mean_at_end(clusters: &[Moments], upper: f64) -> Option<Estimate> {
    let used: Vec<&Moments> = clusters.iter().filter(|m| m.n > 0).collect();
    let between = mean_at(Moments::of(used.iter().map(|m| m.mean)), upper)?;
    let n: usize = used.iter().map(|m| m.n).sum();
    if n == used.len() {
        return Some(between);
    }
    let variance: f64 = used.iter().map(|m| m.variance_of_mean()).sum();
    let half = student_quantile(upper, n - used.len()) * variance.sqrt() / used.len() as f64;
    let within = Estimate::new(between.value, between.value - half, between.value + half);
    Some(between.widened(within, (f64::NEG_INFINITY, f64::INFINITY)))
}

/// As [`clustered_mean`], for shares: never narrower than [`share`] of all calls together, within `[0, 1]`.
pub fn clustered_share(clusters: &[Count]) -> Option<Estimate> {
    clustered_count(clusters, share, 1.0)
}

/// As [`clustered_mean`], for rates per call: never narrower than [`rate`] of all calls together, so that
/// "no harm seen" still has an upper end above 0.
pub fn clustered_rate(clusters: &[Count]) -> Option<Estimate> {
    clustered_count(clusters, rate, f64::INFINITY)
}

fn clustered_count(
    clusters: &[Count],
    pooled: fn(Count) -> Option<Estimate>,
    most: f64,
) -> Option<Estimate> {
    let used: Vec<Count> = clusters.iter().copied().filter(|c| c.n > 0).collect();
    let all = used.iter().fold(Count::default(), |all, c| Count {
        hits: all.hits + c.hits,
        n: all.n + c.n,
    });
    let between = mean_of(Moments::of(used.iter().map(|c| c.hits as f64 / c.n as f64)))?;
    Some(between.widened(pooled(all)?, (0.0, most)))
}

/// Mean of `a - b` over the same held-out calls, clustered by seed as in [`clustered_mean`].
///
/// `a[seed_idx][call_idx]` and `b[seed_idx][call_idx]` are what two policies got out of the same call;
/// pairing takes the luck of the draw out of the comparison. `None` for no calls.
///
/// # Panics
/// If `a` and `b` differ in shape, for then they are not pairs.
pub fn paired_difference<A: AsRef<[f32]>, B: AsRef<[f32]>>(a: &[A], b: &[B]) -> Option<Estimate> {
    clustered_mean(&paired(a, b))
}

/// The moments of `a - b` in every cluster of pairs.
///
/// # Panics
/// If `a` and `b` differ in shape.
pub fn paired<A: AsRef<[f32]>, B: AsRef<[f32]>>(a: &[A], b: &[B]) -> Vec<Moments> {
    assert_eq!(a.len(), b.len(), "pairs need as many seeds on both sides");
    a.iter()
        .zip(b)
        .map(|(a, b)| {
            let (a, b) = (a.as_ref(), b.as_ref());
            assert_eq!(a.len(), b.len(), "pairs need as many calls on both sides");
            Moments::of(a.iter().zip(b).map(|(a, b)| f64::from(*a) - f64::from(*b)))
        })
        .collect()
}

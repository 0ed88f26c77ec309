//! Estimates with their intervals: what may be said of a number that was measured on some calls.
//!
//! - [`estimate`]: [`Estimate`], a number with its interval; [`LEVEL`], the coverage of all that ask for none.
//! - [`moments`]: what is kept of a cluster of calls, [`Count`] and [`Moments`].
//! - [`interval`]: independent calls, in closed form: [`mean`], [`share`], [`rate`].
//! - [`clustered`]: calls of several training seeds, [`clustered_mean`] and its kin, and paired differences.
//! - [`bootstrap`]: the interquartile mean and the probability of improvement over seeds.
//! - [`sums`]: estimates that are functions of sums over calls, such as weighted means, bootstrapped over callers.
//! - [`misclassified`]: shares of true values, from values that were recorded with known errors.
//! - [`replicates`]: the one core of both: from resampled values to the ends of an interval.
//! - [`quantile`]: the normal distribution's and Student's.
//! - [`rank`]: how far two rankings agree.
//!
//! Key figures of a *trained* policy come in clusters: one cluster per training seed, whose calls all
//! face the same policy. More calls do not tell how another seed would have turned out, so
//! [`clustered_mean`] and its kin count seeds, not calls. They expect that the calls of two seeds are
//! different calls; a fixed policy (`script`, `random`) has no training seed and is one cluster.
//!
//! What is absent: no crate of ours is known here, so that each of them can use this one; nothing reads a
//! clock or draws without a seed (or draws that the caller hands in). There is one quantile of each
//! distribution, one [`Estimate`] and one bootstrap in the whole tree.

pub mod estimate;
pub mod moments;

pub mod interval;

pub mod clustered;

pub mod bootstrap;
pub mod sums;

pub mod misclassified;

pub mod replicates;

pub mod quantile;

pub mod rank;

pub use clustered::{
    clustered_mean, clustered_rate, clustered_share, paired, paired_difference, simultaneous_mean,
};
pub use estimate::{Estimate, LEVEL};
pub use interval::{mean, mean_of, rate, share};
pub use moments::{Count, Moments};
pub use rank::kendall_tau_b;

#[cfg(test)]
pub(crate) mod tests;

//! Is one policy better than another, on the evidence of a log alone?
//!
//! High-confidence off-policy improvement (Thomas, Theocharous and Ghavamzadeh, 2015, "High
//! Confidence Policy Improvement"): a policy is called better only if a lower confidence bound of its
//! gain is above 0. The bound is Student's, their "TT", on the gain of every caller; a caller's gain is
//! the difference of the two policies' doubly robust values of its calls, so that what both share
//! takes itself away. Student's bound trusts the mean of many callers to be almost normal, which the
//! skewed weights of a log that hardly follows the policy betray: therefore the two refusals.

use offhook_stats::Estimate;
use offhook_stats::quantile::student_quantile;

use super::{Evaluation, MIN_EFFECTIVE_N};

/// When the gate speaks at all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GateConfig {
    /// Probability with which a policy that is no better is not called better, in `(0, 1)`. Default
    /// 0.95.
    pub confidence: f64,
    /// Least effective number of calls for either policy. Default [`MIN_EFFECTIVE_N`].
    pub min_effective_n: f64,
    /// Least number of callers. Default 20.
    pub min_callers: usize,
}

impl Default for GateConfig {
    fn default() -> Self {
        Self {
            confidence: 0.95,
            min_effective_n: MIN_EFFECTIVE_N,
            min_callers: 20,
        }
    }
}

/// What a log says of one policy.
#[derive(Clone, Debug)]
pub struct Side<'a> {
    /// The policy's name, for reasons.
    pub name: &'a str,
    /// Estimates of its value, one per call.
    pub values: &'a [f64],
    /// Effective number of calls.
    pub effective_n: f64,
    /// Mean of the importance weights of whole calls, which is 1 where the log does all that the
    /// policy does; an interval that ends below 0.9 is no evidence. `None` for the policy that made
    /// the log.
    pub mean_weight: Option<Estimate>,
}

impl<'a> Side<'a> {
    /// The policy that made the log, by the returns of its calls.
    pub fn of_the_log(name: &'a str, returns: &'a [f64]) -> Self {
        Self {
            name,
            values: returns,
            effective_n: returns.len() as f64,
            mean_weight: None,
        }
    }

    /// A policy that was evaluated on the log.
    pub fn evaluated(name: &'a str, found: &'a Evaluation) -> Self {
        Self {
            name,
            values: &found.values,
            effective_n: found.effective_n,
            mean_weight: found.mean_weight,
        }
    }
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The lower bound of the gain is above 0.
    Better,
    /// It is not.
    NotBetter,
    /// The log cannot tell.
    NotEnoughData,
}

impl Answer {
    /// The answer in words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::NotBetter => "not better",
            Self::NotEnoughData => "not enough data",
        }
    }
}

/// The answer with its evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The answer.
    pub answer: Answer,
    /// Estimated gain of the policy over the baseline, in reward units.
    pub gain: f64,
    /// Lower bound of the gain at the confidence asked for; `None` for a single caller.
    pub low: Option<f64>,
    /// Why the log cannot tell, if it cannot.
    pub reason: Option<String>,
}

/// Share of the policy's calls of a kind that the log may lack.
const MAY_LACK: f64 = 0.1;

/// Whether `policy` is better than `baseline`; `groups` holds the caller's number of every call.
pub fn gate(
    policy: &Side<'_>,
    baseline: &Side<'_>,
    groups: &[u32],
    config: &GateConfig,
) -> Verdict {
    let pairs = policy.values.iter().zip(baseline.values);
    let gains: Vec<f64> = pairs.map(|(p, b)| p - b).collect();
    let (gain, low, n_callers) = lower_bound(&gains, groups, config.confidence);
    let reason = [policy, baseline]
        .into_iter()
        .find_map(|side| doubt(side, groups.len(), config))
        .or_else(|| {
            let few = n_callers < config.min_callers;
            few.then(|| {
                let least = config.min_callers;
                format!("the log has {n_callers} callers, at least {least} are needed")
            })
        });
    let answer = match (&reason, low) {
        (Some(_), _) => Answer::NotEnoughData,
        (None, Some(low)) if low > 0.0 => Answer::Better,
        (None, _) => Answer::NotBetter,
    };
    Verdict {
        answer,
        gain,
        low,
        reason,
    }
}

/// Why the log cannot tell about a policy, if it cannot.
fn doubt(side: &Side<'_>, n_calls: usize, config: &GateConfig) -> Option<String> {
    let (name, least) = (side.name, config.min_effective_n);
    if side.effective_n < least {
        let n = side.effective_n;
        return Some(format!(
            "the {n_calls} calls are worth {n:.1} calls of {name}, at least {least:.0} are needed"
        ));
    }
    let weight = side.mean_weight?;
    let (low, high) = weight.bounds?;
    (high < 1.0 - MAY_LACK).then(|| {
        let mean = weight.value;
        format!(
            "{name} does what the log never shows: its importance weights average {mean:.2} \
             [{low:.2}, {high:.2}], expected 1"
        )
    })
}

/// Mean gain of a call, Student's lower bound of it over callers, and the number of callers.
///
/// With `d_g` the sum of the gains of caller `g` less the mean gain of as many calls, the variance of
/// the mean of `n` calls is `m / (m - 1) Σ_g d_g² / n²` for `m` callers (linearization; Cochran, 1977,
/// "Sampling Techniques", section 9A).
fn lower_bound(gains: &[f64], groups: &[u32], confidence: f64) -> (f64, Option<f64>, usize) {
    let n = gains.len() as f64;
    let mean = gains.iter().sum::<f64>() / n;
    let mut by_caller = std::collections::BTreeMap::new();
    for (gain, group) in gains.iter().zip(groups) {
        *by_caller.entry(group).or_insert(0.0) += gain - mean;
    }
    let m = by_caller.len();
    if m < 2 {
        return (mean, None, m);
    }
    let squares: f64 = by_caller.values().map(|d| d * d).sum();
    let error = (m as f64 / (m - 1) as f64 * squares).sqrt() / n;
    let low = mean - student_quantile(confidence, m - 1) * error;
    (mean, Some(low), m)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side<'a>(name: &'a str, values: &'a [f64]) -> Side<'a> {
        Side {
            name,
            values,
            effective_n: values.len() as f64,
            mean_weight: None,
        }
    }

    fn ask(policy: &Side<'_>, baseline: &Side<'_>) -> Verdict {
        let groups: Vec<u32> = (0..policy.values.len() as u32).collect();
        gate(policy, baseline, &groups, &GateConfig::default())
    }

    #[test]
    fn a_clear_gain_is_better_and_its_opposite_is_not() {
        let high: Vec<f64> = (0..100).map(|k| 5.0 + f64::from(k % 5)).collect();
        let low: Vec<f64> = (0..100).map(|k| f64::from(k % 3)).collect();
        let verdict = ask(&side("P", &high), &side("B", &low));
        assert_eq!((verdict.answer, verdict.reason), (Answer::Better, None));
        // Gains of 5 + (k % 5) - (k % 3): mean 6.01, standard deviation 1.63, t quantile 1.660.
        assert!((verdict.gain - 6.01).abs() < 1e-9);
        assert!(
            (verdict.low.unwrap() - 5.74).abs() < 0.01,
            "{:?}",
            verdict.low
        );
        let verdict = ask(&side("P", &low), &side("B", &high));
        assert_eq!(verdict.answer, Answer::NotBetter);
        let verdict = ask(&side("P", &low), &side("B", &low));
        assert_eq!((verdict.answer, verdict.gain), (Answer::NotBetter, 0.0));
    }

    #[test]
    fn few_effective_calls_and_missing_support_are_no_evidence() {
        let values = vec![9.0; 100];
        let zeros = vec![0.0; 100];
        let mut policy = side("the table", &values);
        policy.effective_n = 3.2;
        let verdict = ask(&policy, &side("B", &zeros));
        assert_eq!(verdict.answer, Answer::NotEnoughData);
        assert_eq!(
            verdict.reason.unwrap(),
            "the 100 calls are worth 3.2 calls of the table, at least 50 are needed"
        );
        policy.effective_n = 60.0;
        policy.mean_weight = Some(Estimate {
            value: 0.4,
            bounds: Some((0.35, 0.45)),
        });
        let verdict = ask(&policy, &side("B", &zeros));
        assert_eq!(verdict.answer, Answer::NotEnoughData);
        assert!(
            verdict
                .reason
                .unwrap()
                .contains("average 0.40 [0.35, 0.45], expected 1")
        );
        let verdict = ask(&side("P", &values[..5]), &side("B", &zeros[..5]));
        assert_eq!(verdict.answer, Answer::NotEnoughData);
    }

    #[test]
    fn calls_of_one_caller_are_one_piece_of_evidence() {
        let gains: Vec<f64> = (0..40).map(|k| f64::from(k / 20)).collect();
        let (mean, low, n) = lower_bound(&gains, &[7; 40], 0.95);
        assert_eq!((mean, low, n), (0.5, None, 1));
        let callers: Vec<u32> = (0..40).map(|k| k / 20).collect();
        let alone: Vec<u32> = (0..40).collect();
        let (_, wide, _) = lower_bound(&gains, &callers, 0.95);
        let (_, narrow, _) = lower_bound(&gains, &alone, 0.95);
        assert!(
            wide < Some(-1.0) && narrow > Some(0.3),
            "{wide:?} {narrow:?}"
        );
    }
}

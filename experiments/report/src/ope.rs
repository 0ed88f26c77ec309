//! What a policy is worth by the calls of another, and whether it beats a baseline.

use offhook_lab::logs::Reward;
use offhook_lab::ope::{Answer, MIN_EFFECTIVE_N, OffPolicyEvaluation, THE_LOG};
use offhook_lab::unit::Unit;
use offhook_stats::Estimate;
use serde_json::Value;

use crate::Presentation;
use crate::key_table::{proof_note, unproved};
use crate::record::Record;
use crate::text_table::{Cell, TextTable};

/// The estimates and the verdict.
pub fn present(found: &OffPolicyEvaluation) -> Presentation {
    let note = (found.proved == Some(false)).then(|| proof_note(&found.policy, false) + "\n");
    Presentation {
        text: format!(
            "{}\n{}{}\n{}\n",
            headline(found),
            note.unwrap_or_default(),
            table(found).to_text(),
            verdict(found)
        ),
        records: records(found),
    }
}

fn headline(found: &OffPolicyEvaluation) -> String {
    let intervals = match found.has_support {
        true => "95 % intervals".to_owned(),
        false => format!(
            "no intervals: the calls are worth {:.1} calls of {}, at least {MIN_EFFECTIVE_N} are needed",
            found.effective_n, found.policy
        ),
    };
    format!(
        "{}: {} calls, {} decisions, {} callers; {} of {} by calls of another policy \
         (behavior: {}), {intervals}",
        found.scenario,
        found.n_calls,
        found.n_decisions,
        found.n_callers,
        reward(found),
        found.policy,
        found.behavior,
    )
}

fn reward(found: &OffPolicyEvaluation) -> &'static str {
    match found.reward {
        Reward::Turns => "return",
        Reward::Success => "success",
    }
}

fn table(found: &OffPolicyEvaluation) -> TextTable {
    let (unit, count) = (found.unit(), Unit::plain("calls", 1));
    let row = |name: &str, estimate: Option<Estimate>, effective_n: f64| {
        vec![
            Cell::from(name),
            Cell::value(estimate, &unit),
            Cell::value(Some(Estimate::point(effective_n)), &count),
        ]
    };
    let on_policy = row("the log itself", found.on_policy, found.n_calls as f64);
    let estimates = found.estimates.iter();
    let estimates = estimates.map(|(name, estimate)| row(name, *estimate, found.effective_n));
    let columns = ["estimator", reward(found), "effective_n"];
    TextTable {
        columns: columns.map(str::to_owned).to_vec(),
        rows: [on_policy].into_iter().chain(estimates).collect(),
    }
}

/// The verdict in words.
fn verdict(found: &OffPolicyEvaluation) -> String {
    let (policy, baseline, verdict) = (&found.policy, &found.baseline, &found.verdict);
    if let Some(reason) = &verdict.reason {
        return format!(
            "not enough data to say whether {policy} is better than {baseline}: {reason}"
        );
    }
    let says = match verdict.answer {
        Answer::Better => "is better than",
        Answer::NotBetter | Answer::NotEnoughData => "is not shown to be better than",
    };
    let unit = found.unit();
    let (gain, confidence) = (unit.text(verdict.gain), found.confidence * 100.0);
    let low = verdict.low.map_or_else(String::new, |low| unit.text(low));
    format!(
        "{policy} {says} {baseline}: gain {gain}, at least {low} with {confidence} % confidence"
    )
}

fn records(found: &OffPolicyEvaluation) -> Vec<Record> {
    let (n, unit) = (found.n_calls as u64, found.unit());
    let place = |name: &str, effective_n: f64| {
        [
            ("scenario", Value::from(found.scenario.as_str())),
            ("policy", Value::from(name)),
            ("behavior", Value::from(found.behavior.as_str())),
            ("effective_n", Value::from(effective_n)),
        ]
    };
    let of_policy = || {
        let place = place(&found.policy, found.effective_n).into_iter();
        place.chain(unproved(found.proved))
    };
    let on_policy = found.on_policy.map(|estimate| {
        let place = place(THE_LOG, n as f64);
        Record::new("ope.on_policy", estimate, n, &unit, place)
    });
    let estimates = found.estimates.iter().filter_map(|(name, estimate)| {
        let metric = format!("ope.{name}");
        Some(Record::new(&metric, (*estimate)?, n, &unit, of_policy()))
    });
    let place = of_policy().chain([
        ("baseline", Value::from(found.baseline.as_str())),
        (
            "baseline_effective_n",
            Value::from(found.baseline_effective_n),
        ),
        ("confidence", Value::from(found.confidence)),
        ("verdict", Value::from(found.verdict.answer.name())),
        ("reason", Value::from(found.verdict.reason.clone())),
    ]);
    let gain = Estimate::point(found.verdict.gain);
    let mut gate = Record::new("ope.gate", gain, n, &unit, place);
    // No end of an interval where there is not enough data for one.
    gate.low = found.verdict.low.filter(|_| found.verdict.reason.is_none());
    on_policy
        .into_iter()
        .chain(estimates)
        .chain([gate])
        .collect()
}

//! The verdict on a run's table as a record.

use offhook_lab::run::verdict::{Verdict, VerdictStatus};
use offhook_lab::unit::Unit;
use offhook_stats::Estimate;
use serde_json::Value;

use crate::record::Record;

/// 1 for better, 0 for no difference, -1 for worse; `where` has `status` and `reasons` too.
pub fn record(
    verdict: &Verdict,
    n_calls: u64,
    place: impl IntoIterator<Item = (&'static str, Value)>,
) -> Record {
    let value = match verdict.status {
        VerdictStatus::Better => 1.0,
        VerdictStatus::NoDifference => 0.0,
        VerdictStatus::Worse => -1.0,
    };
    let own = [
        ("policy", Value::from("table")),
        ("status", Value::from(verdict.status.name())),
        ("reasons", Value::from(verdict.reasons.clone())),
    ];
    let unit = Unit::plain("better 1, worse -1", 0);
    let place = place.into_iter().chain(own);
    Record::new("verdict", Estimate::point(value), n_calls, &unit, place)
}

//! One measured number as a line of JSON, for `--json`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use offhook_lab::unit::Unit;
use offhook_stats::Estimate;

/// A metric, its estimate and what it was measured on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Record {
    /// Name of the metric, such as `completion`.
    pub metric: String,
    /// The number, raw: a share of 0.713 is `0.713`.
    pub value: f64,
    /// Lower end of the 95 % interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Upper end of the 95 % interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// Number of calls, steps or whatever was counted.
    pub n: u64,
    /// Name of the unit, such as `share`, `turns` or `per 10,000 calls`.
    pub unit: String,
    /// Scenario, policy, user model, threads, batch: whatever tells two records of a metric apart.
    #[serde(rename = "where")]
    pub place: BTreeMap<String, Value>,
    /// Further numbers of the same thing.
    #[serde(flatten)]
    pub more: BTreeMap<String, f64>,
}

impl Record {
    /// A record of an estimate; `place` pairs names with texts or numbers. The share of an outcome, `outcome/NAME`,
    /// is the metric `outcome` with NAME in `where.outcome`.
    pub fn new<V: Into<Value>>(
        metric: &str,
        estimate: Estimate,
        n: u64,
        unit: &Unit,
        place: impl IntoIterator<Item = (&'static str, V)>,
    ) -> Self {
        let (metric, outcome) = match metric.split_once('/') {
            Some(("outcome", outcome)) => ("outcome", Some(outcome)),
            _ => (metric, None),
        };
        let outcome = outcome.map(|name| ("outcome".to_owned(), Value::from(name)));
        Self {
            metric: metric.into(),
            value: estimate.value,
            low: estimate.bounds.map(|b| b.0),
            high: estimate.bounds.map(|b| b.1),
            n,
            unit: unit.name().into(),
            place: place
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .chain(outcome)
                .collect(),
            more: BTreeMap::new(),
        }
    }

    /// The same with further numbers.
    pub fn with(mut self, more: impl IntoIterator<Item = (&'static str, f64)>) -> Self {
        self.more = more
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        self
    }

    /// The same of the callers whose feature `by` has a value; a feature that is called as another key of the place is
    /// `caller.NAME`.
    pub fn of_caller(mut self, by: &str, value: &str) -> Self {
        let key = match self.place.contains_key(by) {
            true => format!("caller.{by}"),
            false => by.to_owned(),
        };
        self.place.insert(key, value.into());
        self
    }

    /// The record as one line without line feed.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers are always JSON")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_that_was_not_computed_is_left_out() {
        let place = [("scenario", "fraud_alert"), ("policy", "table")];
        let e = Estimate::new(0.713, 0.704, 0.722);
        assert_eq!(
            Record::new("completion", e, 50_000, &Unit::share(), place).to_json(),
            r#"{"metric":"completion","value":0.713,"low":0.704,"high":0.722,"n":50000,"unit":"share","where":{"policy":"table","scenario":"fraud_alert"}}"#
        );
        assert_eq!(
            Record::new(
                "outcome/machine",
                Estimate::point(0.1),
                9,
                &Unit::share(),
                place
            )
            .to_json(),
            r#"{"metric":"outcome","value":0.1,"n":9,"unit":"share","where":{"outcome":"machine","policy":"table","scenario":"fraud_alert"}}"#
        );
        let unit = Unit::plain("ns", 1);
        assert_eq!(
            Record::new(
                "env.ns_per_step",
                Estimate::point(71.5),
                9,
                &unit,
                [("threads", 2)]
            )
            .to_json(),
            r#"{"metric":"env.ns_per_step","value":71.5,"n":9,"unit":"ns","where":{"threads":2}}"#
        );
    }
}

//! Callers told apart by a feature that is on file of them before the call.

use offhook_env::belief::caller::UNKNOWN;
use offhook_env::call::World;
use offhook_env::call::customer::Customers;
use offhook_env::call::outcome::CallSummary;
use offhook_env::call::record_of;
use offhook_env::rng::Stream;
use offhook_env::scenario::Scenario;

use crate::error::Failure;

/// A caller feature of a scenario, by whose values callers are told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segments {
    /// The feature.
    pub feature: String,
    /// Its values; the last one is that nothing is known.
    pub values: Vec<String>,
    /// Its place among the scenario's.
    at: usize,
}

impl Segments {
    /// The feature of that name.
    ///
    /// # Errors
    /// If the scenario has none; the message says which it has.
    pub fn find(scenario: &Scenario, feature: &str) -> Result<Self, Failure> {
        let found = scenario.caller.iter().position(|own| own.name == feature);
        let Some(at) = found else {
            return Err(Failure::usage(format!(
                "no caller feature '{feature}': {}",
                known(scenario)
            )));
        };
        let values = scenario.caller[at].values.iter().map(String::as_str);
        Ok(Self {
            feature: feature.to_owned(),
            values: values.chain([UNKNOWN]).map(str::to_owned).collect(),
            at,
        })
    }

    /// The place of the value of every call's caller, who is drawn again from the call's episode of (`seed`,
    /// `stream`); the call is not played.
    pub fn of_calls<C: Customers>(
        &self,
        world: &World<C>,
        (seed, stream): (u64, Stream),
        calls: &[CallSummary],
    ) -> Vec<usize> {
        let place = |call: &CallSummary| {
            let record = record_of(world, seed, stream, call.episode);
            // The first level is that nothing is known.
            let level = usize::from(record.features[self.at]);
            level.checked_sub(1).unwrap_or(self.values.len() - 1)
        };
        calls.iter().map(place).collect()
    }
}

/// What a scenario knows of its callers, for messages.
pub fn known(scenario: &Scenario) -> String {
    let names: Vec<&str> = scenario
        .caller
        .iter()
        .map(|own| own.name.as_str())
        .collect();
    let names = if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    };
    format!("scenario '{}' has {names}", scenario.name)
}

//! The scenarios, sub-processes and channels that are part of the package, so that it runs from any folder.

use pyo3::prelude::*;

macro_rules! bundle {
    ($folder:literal: $($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../experiments/", $folder, "/", $name, ".toml"))),)*]
    };
}

/// Scenarios with customers, by name; the environments' ids are derived from this list.
pub const SCENARIOS: &[(&str, &str)] = bundle!(
    "scenarios":
    "fraud_alert", "insurance_renewal", "fund_notice", "compliance_followup",
    "merchant_promotion", "arrears_reminder",
);

/// Sub-processes by name.
pub const LIBRARY: &[(&str, &str)] = bundle!(
    "scenarios/library":
    "callback", "identity", "identity_card", "opt_out", "questions", "repair", "transfer",
    "voicemail", "wrong_person",
);

/// Channels by name.
pub const CHANNELS: &[(&str, &str)] = bundle!("channels": "dstc2");

/// Names of the bundled scenarios.
#[pyfunction]
pub fn scenarios() -> Vec<&'static str> {
    SCENARIOS.iter().map(|(name, _)| *name).collect()
}

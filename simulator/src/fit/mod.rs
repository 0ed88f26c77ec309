//! Fitting the simulator to labelled calls.

pub mod channel;
pub mod error_rate;

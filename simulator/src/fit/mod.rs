//! Fitting the simulator to labelled calls, and a tracker to the simulator.

pub mod channel;
pub mod error_rate;
pub mod tracker;

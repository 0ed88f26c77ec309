//! The speeds that matter, measured on this machine.
//!
//! Measuring takes seconds to minutes, so every measurement hands its findings over one by one.

pub mod agent;
mod clock;
pub mod env;
pub mod learn;
mod speed;
pub mod table;

pub use clock::Cost;
pub use speed::{OnSpeed, Place, Speed};

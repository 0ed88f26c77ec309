//! A particle filter over the hidden customer of a call: many agenda customers who hear what the robot says, each
//! weighed by how likely it is that its answer was heard as it was.
//!
//! - [`ParticleFilter`] is the model; [`Particles`] is what is believed of one call.
//! - `set` has the particles and their resampling, `renew` what is drawn anew after it.
//!
//! The filter knows what a robot knows: what is on file, what it said, what it heard, that the call goes on. It
//! supposes the scenario's own population, agenda customers and the line without further noise, whoever really
//! answers; where others do, its posterior is that of a wrong model.

mod filter;
mod renew;
mod set;

pub use filter::{FilterConfig, ParticleFilter, Particles};

#[cfg(test)]
mod tests;

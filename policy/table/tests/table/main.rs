//! The table as production uses it: without allocating, and playing whole calls. One binary for the
//! crate.

#[cfg(feature = "agent")]
mod agent;
mod allocations;
#[cfg(feature = "agent")]
mod phone;
#[cfg(feature = "agent")]
mod release;

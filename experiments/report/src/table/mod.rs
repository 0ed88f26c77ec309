//! What was found of decision tables: the table itself, its proof, its decisions, its traffic, what a new one
//! changes, what distilling loses.

pub mod decide;
pub mod diff;
pub mod distill;
pub mod drift;
pub mod show;
pub mod verify;

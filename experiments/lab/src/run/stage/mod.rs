//! The stages of a training seed, one file each.

mod distill;
mod imitation;
mod reinforcement;
mod teacher;

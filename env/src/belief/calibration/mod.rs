//! A calibrated tracker: how likely every value and every fact is, given all that was heard.
//!
//! Tables say how often each thing is heard when a value, or a fact, is true and when it is not; they are counted in
//! calls whose truth is known ([`Counts`](crate::belief::count::Counts)): simulated ones, or labelled logs. The tracker multiplies what they
//! say (Bayes' rule; turns are taken as independent given the truth, which they are not quite: who is hard to
//! understand is misheard again, so that probabilities come out somewhat too sure).
//!
//! | file | holds |
//! |---|---|
//! | `tables.rs` | the tables of a scenario and the text they are kept in |
//! | `slot_table.rs` | what is heard of a slot, against each of its values |
//! | `fact.rs` | what is so or not, such as an open question: which facts there are, which acts are about them |
//! | `fact_table.rs` | two states and what is heard while they stay or change |
//! | `patience.rs` | how much of a customer's patience is used up |
//! | `group.rs` | which of it policies see, as features of a few levels |
//! | `packed.rs` | probabilities as text |

pub(crate) mod fact;
pub(crate) mod fact_table;
mod group;
mod packed;
pub(crate) mod patience;
pub(crate) mod slot_table;
mod tables;

pub use group::Group;
pub(crate) use tables::digest;
pub use tables::{Tables, TablesError};

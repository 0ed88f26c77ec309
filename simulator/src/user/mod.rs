//! User models, one file or folder each: who answers the robot.

pub mod agenda;

pub use agenda::{AgendaCustomer, AgendaCustomers};

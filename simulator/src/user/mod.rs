//! User models, one file or folder each: who answers the robot.
//!
//! - [`model`] is the list of them: [`UserModel`] is any one; [`name`] is how the command line names one.
//! - [`from_people`] is what a model of the list says of itself, besides the environment's
//!   [`Customers`](offhook_env::call::customer::Customers).
//! - [`agenda`] follows a goal; all other models draw their persons, moods and ratings from it.
//! - [`logged`] reads the customers of a log, whom [`bigram`] and [`replay`] imitate; [`adversarial`] probes the
//!   rules of conduct.

pub mod from_people;
pub mod model;
pub mod name;

pub mod adversarial;
pub mod agenda;
pub mod bigram;
mod form;
pub mod logged;
pub mod replay;
mod situation;

pub use adversarial::{AdversarialCustomer, AdversarialCustomers};
pub use agenda::{AgendaCustomer, AgendaCustomers};
pub use bigram::{BigramCustomer, BigramCustomers};
pub use logged::{LoggedCalls, LoggedError};
pub use model::{UserCustomer, UserModel, UserModelKind};
pub use name::UserModelName;
pub use replay::{ReplayCustomer, ReplayCustomers};

#[cfg(test)]
mod tests;

//! User models, one file or folder each: who answers the robot.

pub mod adversarial;
pub mod agenda;
pub mod bigram;
mod form;
pub mod logged;
pub mod replay;
mod situation;

use offhook_env::act::Utterance;
use offhook_env::call::customer::{Customers, Goal, Mood, SystemUtterance, Truth};
use offhook_env::call::outcome::Outcome;
use offhook_env::rng::Rng;
use offhook_env::scenario::Scenario;

pub use adversarial::{AdversarialCustomer, AdversarialCustomers};
pub use agenda::{AgendaCustomer, AgendaCustomers};
pub use bigram::{BigramCustomer, BigramCustomers};
pub use logged::{LoggedCalls, LoggedError};
pub use replay::{ReplayCustomer, ReplayCustomers};

/// Any of the user models, so that a world of them has one type.
#[derive(Clone, Debug)]
pub enum UserModel {
    /// A goal and an agenda (Schatzmann et al., 2007).
    Agenda(AgendaCustomers),
    /// What customers of a log said to the same action (Eckert et al., 1997).
    Bigram(BigramCustomers),
    /// The customers of a log, one by one.
    Replay(ReplayCustomers),
    /// Probes the rules of conduct.
    Adversarial(AdversarialCustomers),
}

/// A customer of a [`UserModel`].
#[derive(Clone, Copy, Debug)]
pub enum UserCustomer {
    /// See [`UserModel::Agenda`].
    Agenda(AgendaCustomer),
    /// See [`UserModel::Bigram`].
    Bigram(BigramCustomer),
    /// See [`UserModel::Replay`].
    Replay(ReplayCustomer),
    /// See [`UserModel::Adversarial`].
    Adversarial(AdversarialCustomer),
}

/// Evaluates an expression with the model and its own customer.
macro_rules! with {
    ($model:expr, $customer:expr, $m:ident, $c:ident => $do:expr) => {
        match ($model, $customer) {
            (UserModel::Agenda($m), UserCustomer::Agenda($c)) => $do,
            (UserModel::Bigram($m), UserCustomer::Bigram($c)) => $do,
            (UserModel::Replay($m), UserCustomer::Replay($c)) => $do,
            (UserModel::Adversarial($m), UserCustomer::Adversarial($c)) => $do,
            (
                UserModel::Agenda(_)
                | UserModel::Bigram(_)
                | UserModel::Replay(_)
                | UserModel::Adversarial(_),
                _,
            ) => unreachable!("customers answer to the model that drew them"),
        }
    };
}

impl Customers for UserModel {
    type Customer = UserCustomer;

    #[inline]
    fn call(&self, scenario: &Scenario, rng: &mut Rng) -> UserCustomer {
        match self {
            Self::Agenda(m) => UserCustomer::Agenda(m.call(scenario, rng)),
            Self::Bigram(m) => UserCustomer::Bigram(m.call(scenario, rng)),
            Self::Replay(m) => UserCustomer::Replay(m.call(scenario, rng)),
            Self::Adversarial(m) => UserCustomer::Adversarial(m.call(scenario, rng)),
        }
    }

    #[inline]
    fn truth<'c>(&self, customer: &'c UserCustomer) -> &'c Truth {
        with!(self, customer, m, c => m.truth(c))
    }

    #[inline]
    fn difficulty(&self, customer: &UserCustomer) -> u8 {
        with!(self, customer, m, c => m.difficulty(c))
    }

    fn goal(&self, customer: &UserCustomer) -> Goal {
        with!(self, customer, m, c => m.goal(c))
    }

    fn mood(&self, customer: &UserCustomer) -> Mood {
        with!(self, customer, m, c => m.mood(c))
    }

    #[inline]
    fn respond(
        &self,
        scenario: &Scenario,
        customer: &mut UserCustomer,
        spoken: SystemUtterance<'_>,
        rng: &mut Rng,
    ) -> Utterance {
        with!(self, customer, m, c => m.respond(scenario, c, spoken, rng))
    }

    /// The formula stands with each model's own `rating`.
    fn rating(&self, customer: &UserCustomer, outcome: Outcome) -> u8 {
        with!(self, customer, m, c => m.rating(c, outcome))
    }
}

#[cfg(test)]
mod tests;

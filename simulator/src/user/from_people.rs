//! How a user model comes about: from the persons whom a scenario calls, and where it is fitted, from calls.

use offhook_env::call::customer::Customers;
use offhook_env::scenario::Scenario;

use super::agenda::AgendaCustomers;
use super::logged::LoggedCalls;

/// A user model that can be had by name.
pub trait FromPeople: Customers + Sized {
    /// Its name on the command line, in metrics and files.
    const NAME: &'static str;
    /// Whether it is fitted to calls, so that a log may be named for it.
    const IS_FITTED: bool;

    /// The model of `scenario` whose persons are drawn as `people`; `calls` gets the calls to fit to, which
    /// may mean to play them first.
    ///
    /// # Errors
    /// Those of `calls`.
    fn from_people<E>(
        people: AgendaCustomers,
        scenario: &Scenario,
        calls: impl FnOnce() -> Result<LoggedCalls, E>,
    ) -> Result<Self, E>;
}

impl FromPeople for AgendaCustomers {
    const NAME: &'static str = "agenda";
    const IS_FITTED: bool = false;

    fn from_people<E>(
        people: AgendaCustomers,
        _: &Scenario,
        _: impl FnOnce() -> Result<LoggedCalls, E>,
    ) -> Result<Self, E> {
        Ok(people)
    }
}

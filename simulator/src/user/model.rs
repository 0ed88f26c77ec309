//! The list of user models, and any of them behind one type, so that a world of them has one type too.

use offhook_env::act::Utterance;
use offhook_env::belief::caller::CallerRecord;
use offhook_env::call::customer::{AnsweredBy, Customers, Goal, Mood, SystemUtterance, Truth};
use offhook_env::call::outcome::Outcome;
use offhook_env::rng::Rng;
use offhook_env::scenario::Scenario;

use super::adversarial::AdversarialCustomers;
use super::agenda::AgendaCustomers;
use super::bigram::BigramCustomers;
use super::from_people::FromPeople;
use super::logged::LoggedCalls;
use super::replay::ReplayCustomers;

/// Makes the three enums of a list of models, `UserModel`, `UserCustomer` and `UserModelKind`, and passes
/// every method on to the model itself: dispatch is a `match`, and nothing is boxed.
macro_rules! user_models {
    ($($(#[$doc:meta])* $name:ident($customers:ty),)+) => {
        /// Any of the user models.
        #[derive(Clone, Debug)]
        pub enum UserModel {
            $($(#[$doc])* $name($customers),)+
        }

        /// A customer of a [`UserModel`].
        #[derive(Clone, Copy, Debug)]
        pub enum UserCustomer {
            $($(#[$doc])* $name(<$customers as Customers>::Customer),)+
        }

        /// Which user model.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum UserModelKind {
            $($(#[$doc])* $name,)+
        }

        impl UserModelKind {
            /// Every kind, in the order of the list.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The name on the command line, in metrics and files.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => <$customers as FromPeople>::NAME,)+
                }
            }

            /// Whether the model is fitted to calls, so that a log may be named for it.
            pub const fn is_fitted(self) -> bool {
                match self {
                    $(Self::$name => <$customers as FromPeople>::IS_FITTED,)+
                }
            }
        }

        impl UserModel {
            /// The model of that kind whose persons are drawn as `people`; a fitted one gets its `calls`.
            ///
            /// # Errors
            /// Those of `calls`.
            pub fn new<E>(
                kind: UserModelKind,
                people: AgendaCustomers,
                scenario: &Scenario,
                calls: impl FnOnce() -> Result<LoggedCalls, E>,
            ) -> Result<Self, E> {
                Ok(match kind {
                    $(UserModelKind::$name => {
                        Self::$name(<$customers>::from_people(people, scenario, calls)?)
                    })+
                })
            }
        }

        impl Customers for UserModel {
            type Customer = UserCustomer;

            #[inline]
            fn call(&self, scenario: &Scenario, rng: &mut Rng) -> UserCustomer {
                match self {
                    $(Self::$name(model) => UserCustomer::$name(model.call(scenario, rng)),)+
                }
            }

            #[inline]
            fn truth<'c>(&self, customer: &'c UserCustomer) -> &'c Truth {
                user_models!(@pass self, customer, model, one => model.truth(one); $($name)+)
            }

            #[inline]
            fn difficulty(&self, customer: &UserCustomer) -> u8 {
                user_models!(@pass self, customer, model, one => model.difficulty(one); $($name)+)
            }

            fn record(&self, scenario: &Scenario, rng: Rng) -> CallerRecord {
                match self {
                    $(Self::$name(model) => model.record(scenario, rng),)+
                }
            }

            fn goal(&self, customer: &UserCustomer) -> Goal {
                user_models!(@pass self, customer, model, one => model.goal(one); $($name)+)
            }

            fn answered_by(&self, customer: &UserCustomer) -> AnsweredBy {
                user_models!(@pass self, customer, model, one => model.answered_by(one); $($name)+)
            }

            fn mood(&self, customer: &UserCustomer) -> Mood {
                user_models!(@pass self, customer, model, one => model.mood(one); $($name)+)
            }

            #[inline]
            fn respond(
                &self,
                scenario: &Scenario,
                customer: &mut UserCustomer,
                spoken: SystemUtterance<'_>,
                rng: &mut Rng,
            ) -> Utterance {
                user_models!(
                    @pass self, customer, model, one => model.respond(scenario, one, spoken, rng);
                    $($name)+
                )
            }

            #[inline]
            fn seconds(&self, said: &Utterance) -> f32 {
                match self {
                    $(Self::$name(model) => model.seconds(said),)+
                }
            }

            /// The formula stands with each model's own `rating`.
            fn rating(&self, customer: &UserCustomer, outcome: Outcome) -> u8 {
                user_models!(@pass self, customer, model, one => model.rating(one, outcome); $($name)+)
            }
        }
    };
    (@pass $self:expr, $customer:expr, $model:ident, $one:ident => $do:expr; $($name:ident)+) => {
        match ($self, $customer) {
            $((UserModel::$name($model), UserCustomer::$name($one)) => $do,)+
            _ => unreachable!("customers answer to the model that drew them"),
        }
    };
}

user_models! {
    /// A goal and an agenda (Schatzmann et al., 2007).
    Agenda(AgendaCustomers),
    /// What customers of a log said to the same action (Eckert et al., 1997).
    Bigram(BigramCustomers),
    /// The customers of a log, one by one.
    Replay(ReplayCustomers),
    /// Probes the rules of conduct.
    Adversarial(AdversarialCustomers),
}

#[cfg(test)]
mod tests;

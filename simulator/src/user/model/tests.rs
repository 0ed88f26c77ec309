//! The list is open: one more model is one file and one line in it.

/// A model as a file of its own would hold it: customers who pick up and say nothing.
mod silent {
    use super::super::*;

    #[derive(Clone, Debug)]
    pub struct SilentCustomers(AgendaCustomers);

    impl FromPeople for SilentCustomers {
        const NAME: &'static str = "silent";
        const IS_FITTED: bool = false;

        fn from_people<E>(
            people: AgendaCustomers,
            _: &Scenario,
            _: impl FnOnce() -> Result<LoggedCalls, E>,
        ) -> Result<Self, E> {
            Ok(Self(people))
        }
    }

    impl Customers for SilentCustomers {
        type Customer = Truth;

        fn call(&self, scenario: &Scenario, rng: &mut Rng) -> Truth {
            *self.0.truth(&self.0.call(scenario, rng))
        }

        fn truth<'c>(&self, customer: &'c Truth) -> &'c Truth {
            customer
        }

        fn difficulty(&self, _: &Truth) -> u8 {
            0
        }

        fn mood(&self, _: &Truth) -> Mood {
            Mood {
                patience: 1.0,
                trust: 1.0,
                satisfaction: 3.0,
            }
        }

        fn respond(
            &self,
            _: &Scenario,
            _: &mut Truth,
            _: SystemUtterance<'_>,
            _: &mut Rng,
        ) -> Utterance {
            Utterance::SILENCE
        }

        fn seconds(&self, said: &Utterance) -> f32 {
            self.0.seconds(said)
        }

        fn rating(&self, _: &Truth, _: Outcome) -> u8 {
            3
        }
    }
}

/// The list with one line more.
mod longer {
    use super::super::*;
    use super::silent::SilentCustomers;

    user_models! {
        Agenda(AgendaCustomers),
        Silent(SilentCustomers),
    }
}

#[test]
fn one_more_model_is_a_file_and_a_line() {
    use std::sync::Arc;

    use offhook_env::call::customer::{Customers, PerfectChannel};
    use offhook_env::call::outcome::Outcome;
    use offhook_env::call::{Call, World};
    use offhook_env::rng::Stream;

    use super::AgendaCustomers;
    use crate::testing::shop;

    let kinds = longer::UserModelKind::ALL.iter();
    let names: Vec<_> = kinds.map(|kind| (kind.name(), kind.is_fitted())).collect();
    assert_eq!(names, [("agenda", false), ("silent", false)]);

    let (scenario, population) = shop();
    let people = AgendaCustomers::new(population, &scenario);
    let kind = longer::UserModelKind::Silent;
    let unasked = || Err("silence is not fitted");
    let customers = longer::UserModel::new(kind, people, &scenario, unasked)
        .expect("it needs no calls to be fitted to");
    let world = World {
        scenario: Arc::new(scenario),
        customers,
        channel: Arc::new(PerfectChannel),
    };
    let mut call = Call::start(&world, 1, Stream::Train, 0);
    let summary = loop {
        let turn = call.step(&world, call.belief.mask().nth(0));
        assert!(turn.said.acts().is_empty());
        if let Some(summary) = turn.summary {
            break summary;
        }
    };
    let rating = world.customers.rating(call.customer(), summary.outcome);
    assert_eq!((rating, summary.satisfaction), (3, 3));
    assert_ne!(summary.outcome, Outcome::HungUp);
}

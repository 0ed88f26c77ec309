//! Agenda customers behind the environment's seam: who picks up, what is answered, how the call is rated.

use offhook_env::act::{NONE, Utterance};
use offhook_env::belief::caller::CallerRecord;
use offhook_env::call::customer::{AnsweredBy, Customers, Goal, Mood, SystemUtterance, Truth};
use offhook_env::call::outcome::Outcome;
use offhook_env::rng::Rng;
use offhook_env::scenario::Scenario;

use super::reply::Reply;
use super::{AgendaCustomer, AgendaCustomers, habit, machine};
use crate::dice::Coins;
use crate::population::{Line, Person, Population, Time, Wish};
use crate::variation::N_CLASSES;

impl Customers for AgendaCustomers {
    type Customer = AgendaCustomer;

    fn call(&self, _scenario: &Scenario, rng: &mut Rng) -> AgendaCustomer {
        self.picks_up(self.population.draw(&mut Coins::new(rng)))
    }

    fn record(&self, _scenario: &Scenario, mut rng: Rng) -> CallerRecord {
        self.population.draw_record(&mut Coins::new(&mut rng))
    }

    #[inline]
    fn truth<'c>(&self, customer: &'c AgendaCustomer) -> &'c Truth {
        &customer.truth
    }

    #[inline]
    fn difficulty(&self, customer: &AgendaCustomer) -> u8 {
        customer.difficulty
    }

    fn respond(
        &self,
        scenario: &Scenario,
        customer: &mut AgendaCustomer,
        spoken: SystemUtterance<'_>,
        rng: &mut Rng,
    ) -> Utterance {
        if customer.line != Line::Person {
            return machine::respond(self, scenario, customer, spoken, &mut Coins::new(rng));
        }
        let manner = &self.manners[usize::from(spoken.action)];
        customer.weigh(spoken.action, manner);
        let mut reply = Reply::new(self, scenario, customer, rng);
        if manner.addresses != 0 {
            reply.weigh_addressed(manner.addresses);
        }
        if scenario.ending().allows(spoken.action) {
            return Utterance::SILENCE;
        }
        reply.compose(spoken, manner)
    }

    #[inline]
    fn seconds(&self, said: &Utterance) -> f32 {
        habit::SECONDS_PER_ACT * said.acts().len().max(1) as f32
    }

    /// The nearest whole number to
    /// `RATING_BEST - RATING_ANNOYANCE a / patience - RATING_OPEN n_open - RATING_WISH w + rating_of`,
    /// within 1 to 5, and 3 while a machine answers: `a` is the annoyance, `n_open` counts open questions and unmet raised concerns,
    /// and `w` is 1 when a human was asked for and none came. The constants stand in [`habit`].
    fn rating(&self, customer: &AgendaCustomer, outcome: Outcome) -> u8 {
        (self.points(customer, outcome) + 0.5).clamp(1.0, 5.0) as u8
    }

    fn goal(&self, customer: &AgendaCustomer) -> Goal {
        Goal {
            reachable: customer.expected && customer.line != Line::Voicemail,
            questions: customer.questions,
            offers: customer.willing,
            wants_human: customer.wish == Wish::Human,
            wants_opt_out: customer.wish == Wish::OptOut,
        }
    }

    fn answered_by(&self, customer: &AgendaCustomer) -> AnsweredBy {
        match customer.line {
            Line::Person => AnsweredBy::Human,
            Line::Voicemail => AnsweredBy::Voicemail,
            Line::Screening => AnsweredBy::Screening,
        }
    }

    fn mood(&self, customer: &AgendaCustomer) -> Mood {
        Mood {
            patience: (1.0 - customer.annoyance / customer.patience).clamp(0.0, 1.0),
            trust: customer.trust,
            satisfaction: self.points(customer, Outcome::Incomplete).clamp(1.0, 5.0),
        }
    }
}

impl AgendaCustomers {
    /// The person at the begin of a call.
    #[inline(always)]
    pub(super) fn picks_up(&self, person: Person) -> AgendaCustomer {
        AgendaCustomer {
            truth: Truth {
                right_person: person.right_person && person.line == Line::Person,
                machine: person.line != Line::Person,
                unavailable: person.time != Time::Free,
                slots: person.slots,
                concerns: person.concerns,
                ..Truth::default()
            },
            heard: 0,
            patience: person.patience,
            trust: person.trust,
            talkativeness: person.talkativeness,
            annoyance: 0.0,
            questions: person.questions,
            willing: person.willing,
            raised: 0,
            raised_again: 0,
            told: 0,
            time: person.time,
            wish: person.wish,
            difficulty: person.difficulty + N_CLASSES * person.noise,
            turns: 0,
            knows_purpose: false,
            told_time: false,
            told_wrong: false,
            forgave: false,
            foreign: person.foreign,
            line: person.line,
            signaled: false,
            expected: person.right_person,
            meant: NONE,
            meant_value: NONE,
            last: Utterance::SILENCE,
            last_kinds: 0,
        }
    }

    /// A customer of whom `record` is on file, and the probability of that record given the customer's features and
    /// everything else.
    pub(crate) fn call_given(
        &self,
        record: &CallerRecord,
        coins: &mut Coins<'_>,
    ) -> (AgendaCustomer, f64) {
        let (person, active) = self.population.draw_given(record, coins);
        let chance = self.population.chance_of_record(&person, active, record);
        (self.picks_up(person), chance)
    }

    /// Who is called.
    pub(crate) fn population(&self) -> &Population {
        &self.population
    }

    /// Rating points before rounding.
    fn points(&self, customer: &AgendaCustomer, outcome: Outcome) -> f32 {
        let truth = &customer.truth;
        if truth.machine {
            return habit::RATING_NOBODY;
        }
        let open = truth.asked & !truth.answered;
        let unmet = truth.concerns & customer.raised;
        let n_open = (open.count_ones() + unmet.count_ones()) as f32;
        let ignored = truth.asked_human && outcome != Outcome::Transferred;
        habit::RATING_BEST
            - habit::RATING_ANNOYANCE * customer.annoyance / customer.patience
            - habit::RATING_OPEN * n_open
            - habit::RATING_WISH * f32::from(u8::from(ignored))
            + habit::rating_of(outcome, truth.asked_human)
    }
}

//! A logged customer, who answers an action with what was said to it in the log.
//!
//! The next occurrence of the action in the call that was not used yet answers, else the last one; an
//! action that the call never had is answered by the bigram table of the whole log.

use std::sync::Arc;

use offhook_env::act::{NONE, SystemActKind, UserAct, UserActKind, Utterance};
use offhook_env::action::ActionId;
use offhook_env::belief::caller::CallerRecord;
use offhook_env::call::customer::{AnsweredBy, Customers, Goal, Mood, SystemUtterance, Truth};
use offhook_env::call::outcome::Outcome;
use offhook_env::rng::Rng;
use offhook_env::scenario::Scenario;
use rand::Rng as _;

use super::agenda::voice::Prompt;
use super::agenda::{AgendaCustomer, AgendaCustomers};
use super::bigram::BigramTable;
use super::form::FormAct;
use super::from_people::FromPeople;
use super::logged::{LoggedCall, LoggedCalls};
use super::situation::Situation;
use crate::population::Line;

/// Draws until a person is found who fits a logged call of the right person.
const N_DRAWS: usize = 16;

/// Customers of a log.
#[derive(Clone, Debug)]
pub struct ReplayCustomers {
    people: AgendaCustomers,
    table: BigramTable,
    calls: Arc<[LoggedCall]>,
}

/// One logged customer during one call.
#[derive(Clone, Copy, Debug)]
pub struct ReplayCustomer {
    /// Persona, annoyance, and the truth as the log shows it.
    person: AgendaCustomer,
    /// Position of the call.
    call: u32,
    /// Turns of the call that have answered, one bit each; those beyond the last bit always may.
    used: u64,
}

impl ReplayCustomers {
    /// The customers of `calls`; what a call does not show of its customer (persona, slots that were
    /// not told) is drawn as `people`.
    pub fn new(people: AgendaCustomers, scenario: &Scenario, calls: LoggedCalls) -> Self {
        Self {
            table: BigramTable::fit(scenario, &calls),
            people,
            calls: calls.calls.into(),
        }
    }

    /// The customer of call `call_idx`, who has just picked up.
    pub(super) fn customer(
        &self,
        scenario: &Scenario,
        call_idx: usize,
        rng: &mut Rng,
    ) -> ReplayCustomer {
        let logged = &self.calls[call_idx];
        let right = logged.situation != Situation::Another;
        let mut person = self.people.call(scenario, rng);
        for _ in 1..N_DRAWS {
            if !right || person.is_expected() {
                break;
            }
            person = self.people.call(scenario, rng);
        }
        self.people
            .place(&mut person, logged.line, logged.situation);
        for (slot, &value) in (0..).zip(&logged.slots) {
            if value != NONE {
                person.set_slot(slot, value);
            }
        }
        ReplayCustomer {
            person: person.without_agenda(),
            call: call_idx as u32,
            used: 0,
        }
    }

    /// What the logged customer said to `action`, if the call had it.
    fn logged_reply(&self, customer: &mut ReplayCustomer, action: ActionId) -> Option<Utterance> {
        let turns = &self.calls[customer.call as usize].turns;
        let same = || {
            let turns = turns.iter().enumerate();
            turns.filter(|(_, turn)| turn.action == action)
        };
        let bit = |k: usize| 1u64.checked_shl(k as u32).unwrap_or(0);
        let (k, turn) = same()
            .find(|&(k, _)| customer.used & bit(k) == 0)
            .or_else(|| same().next_back())?;
        customer.used |= bit(k);
        Some(turn.said)
    }

    /// A logged act, unless it would be a lie here: another value may be read out than in the log.
    fn fit_in(
        &self,
        scenario: &Scenario,
        customer: &ReplayCustomer,
        asked: Prompt,
        act: UserAct,
    ) -> UserAct {
        let slots = &self.calls[customer.call as usize].slots;
        let as_logged = match (act.kind, asked.act.kind) {
            // A slot may be told anew with another value; the customer has then changed it.
            (UserActKind::Inform, _) => act.about != NONE,
            (UserActKind::Affirm | UserActKind::Deny, SystemActKind::Confirm) => {
                slots[asked.act.about as usize] == NONE
            }
            _ => false,
        };
        if as_logged {
            act
        } else {
            FormAct::of(scenario, asked, act).put(scenario, asked, customer.person.truth())
        }
    }
}

impl FromPeople for ReplayCustomers {
    const NAME: &'static str = "replay";
    const IS_FITTED: bool = true;

    fn from_people<E>(
        people: AgendaCustomers,
        scenario: &Scenario,
        calls: impl FnOnce() -> Result<LoggedCalls, E>,
    ) -> Result<Self, E> {
        Ok(Self::new(people, scenario, calls()?))
    }
}

impl ReplayCustomers {
    /// One of the calls.
    fn draw(&self, rng: &mut Rng) -> usize {
        let draw = (rng.next_u64() >> 32) * self.calls.len() as u64;
        (draw >> 32) as usize
    }
}

impl Customers for ReplayCustomers {
    type Customer = ReplayCustomer;

    fn call(&self, scenario: &Scenario, rng: &mut Rng) -> ReplayCustomer {
        let call = self.draw(rng);
        self.customer(scenario, call, rng)
    }

    fn truth<'c>(&self, customer: &'c ReplayCustomer) -> &'c Truth {
        customer.person.truth()
    }

    fn difficulty(&self, customer: &ReplayCustomer) -> u8 {
        self.people.difficulty(&customer.person)
    }

    fn record(&self, _scenario: &Scenario, mut rng: Rng) -> CallerRecord {
        self.calls[self.draw(&mut rng)].record
    }

    /// Decisions are what the words say, so no offer is refused beforehand.
    fn goal(&self, customer: &ReplayCustomer) -> Goal {
        Goal {
            offers: u16::MAX,
            ..self.people.goal(&customer.person)
        }
    }

    fn answered_by(&self, customer: &ReplayCustomer) -> AnsweredBy {
        self.people.answered_by(&customer.person)
    }

    fn mood(&self, customer: &ReplayCustomer) -> Mood {
        self.people.mood(&customer.person)
    }

    fn respond(
        &self,
        scenario: &Scenario,
        customer: &mut ReplayCustomer,
        spoken: SystemUtterance<'_>,
        rng: &mut Rng,
    ) -> Utterance {
        let person = &mut customer.person;
        if person.line() != Line::Person {
            return self.people.respond(scenario, person, spoken, rng);
        }
        let Some(asked) = self.people.listen(scenario, person, spoken, rng) else {
            return Utterance::SILENCE;
        };
        let said = match self.logged_reply(customer, spoken.action) {
            Some(logged) => logged
                .acts()
                .iter()
                .map(|&act| self.fit_in(scenario, customer, asked, act))
                .collect(),
            None => self
                .table
                .draw(scenario, &self.people, &customer.person, asked, rng),
        };
        for act in said.acts() {
            if act.kind == UserActKind::Inform && act.about != NONE {
                customer.person.set_slot(act.about, act.value);
            }
        }
        customer.person.speak(scenario, asked, &said);
        said
    }

    #[inline]
    fn seconds(&self, said: &Utterance) -> f32 {
        self.people.seconds(said)
    }

    /// The logged rating where the call ends as in the log, else the agenda's formula.
    fn rating(&self, customer: &ReplayCustomer, outcome: Outcome) -> u8 {
        let logged = &self.calls[customer.call as usize];
        match logged.satisfaction {
            Some(rating) if logged.outcome == Some(outcome) => rating,
            _ => self.people.rating(&customer.person, outcome),
        }
    }
}

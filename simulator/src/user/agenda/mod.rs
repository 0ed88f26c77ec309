//! A goal-conditioned customer with an agenda: what the goal still needs is said when it fits,
//! manners of the robot move annoyance, and annoyance moves the hazard of hanging up.
//!
//! The idea of an agenda on top of a goal is Schatzmann et al. (2007), "Agenda-based user
//! simulation for bootstrapping a POMDP dialogue system"; here the agenda is a few bit sets.

pub mod habit;
mod machine;
pub(super) mod manners;
mod reply;
pub(in crate::user) mod voice;

use offhook_env::act::{NONE, UserActKind, Utterance};
use offhook_env::action::ActionId;
use offhook_env::call::customer::{Customers, Goal, Mood, Spoken, Truth};
use offhook_env::call::outcome::Outcome;
use offhook_env::rng::Rng;
use offhook_env::scenario::Scenario;

use crate::dice::Coins;
use crate::population::{Line, Person, Population, Time, Wish};
use crate::variation::{N_CLASSES, Variation};
use manners::Manner;
use reply::Reply;

/// Steps of the hazard table per unpleasant turn.
const HAZARD_STEPS: f32 = 4.0;
/// Size of the hazard table; its middle is where annoyance equals patience.
const N_HAZARDS: usize = 64;

/// One customer during one call.
#[derive(Clone, Copy, Debug)]
pub struct AgendaCustomer {
    /// What is truly so.
    truth: Truth,
    /// Actions heard so far, one bit each.
    heard: u64,
    patience: f32,
    trust: f32,
    talkativeness: f32,
    /// In unpleasant turns.
    annoyance: f32,
    /// Questions still to ask.
    questions: u16,
    /// Offers that would be taken once no concern stands in the way.
    willing: u16,
    /// Concerns voiced once, and voiced again.
    raised: u16,
    raised_again: u16,
    /// Slots told.
    told: u8,
    time: Time,
    wish: Wish,
    /// Class and steps of noise, as the channel reads them.
    difficulty: u8,
    turns: u8,
    knows_purpose: bool,
    told_time: bool,
    told_wrong: bool,
    forgave: bool,
    foreign: bool,
    /// Who or what is on the line.
    line: Line,
    /// The person to whom a screening robot puts the call through is the right one.
    expected: bool,
    /// The last action that was no repetition, and the value it read out.
    meant: ActionId,
    meant_value: u8,
    /// What was said last.
    last: Utterance,
    /// Its kinds, one bit each.
    last_kinds: u32,
}

/// Customers of one population who follow an agenda.
#[derive(Clone, Debug)]
pub struct AgendaCustomers {
    population: Population,
    /// Hang-up hazard by annoyance minus patience.
    hazards: [f32; N_HAZARDS],
    /// How the scenario's customers say each kind of act; silence where they cannot.
    words: [UserActKind; UserActKind::ALL.len()],
    /// By action.
    manners: Vec<Manner>,
    early_questions: u16,
    distrust: u16,
}

impl AgendaCustomers {
    /// Customers drawn from `population`, in the words of its `scenario`.
    pub fn new(population: Population, scenario: &Scenario) -> Self {
        let mut words = [UserActKind::Silence; UserActKind::ALL.len()];
        for &kind in UserActKind::ALL {
            words[kind as usize] = said_as(kind, scenario);
        }
        let hazards = std::array::from_fn(|k| {
            let above = (k as f32 - N_HAZARDS as f32 / 2.0) / HAZARD_STEPS;
            habit::HANG_UP_MOST / (1.0 + (-above / habit::HANG_UP_WIDTH).exp())
        });
        let early_questions = population.early_questions();
        let distrust = scenario
            .distrust_concern()
            .map_or(0, |concern| 1 << concern);
        let manners = (0..scenario.layout.n_actions() as ActionId)
            .map(|action| Manner::new(scenario.acts(action), scenario.callback_slot()))
            .collect();
        Self {
            population,
            hazards,
            words,
            manners,
            early_questions,
            distrust,
        }
    }

    /// The same customers, but calls vary around their population.
    pub fn varied(self, variation: Variation) -> Self {
        Self {
            population: self.population.varied(variation),
            ..self
        }
    }

    /// Chance that the customer hangs up now.
    #[inline]
    fn hazard(&self, customer: &AgendaCustomer) -> f32 {
        let above =
            (customer.annoyance - customer.patience) * HAZARD_STEPS + N_HAZARDS as f32 / 2.0;
        self.hazards[above.clamp(0.0, (N_HAZARDS - 1) as f32) as i32 as usize % N_HAZARDS]
    }
}

/// The kind itself, or what comes closest among the acts that customers have words for.
fn said_as(kind: UserActKind, scenario: &Scenario) -> UserActKind {
    let nearest = match kind {
        UserActKind::Accept => UserActKind::Affirm,
        UserActKind::Decline | UserActKind::WrongPerson => UserActKind::Deny,
        UserActKind::Driving | UserActKind::RequestCallback => UserActKind::Busy,
        UserActKind::Voicemail | UserActKind::Screening => UserActKind::Silence,
        UserActKind::Abuse | UserActKind::Unrelated | UserActKind::Thank => UserActKind::Silence,
        UserActKind::HangUp => return kind,
        UserActKind::Affirm
        | UserActKind::Deny
        | UserActKind::Inform
        | UserActKind::Ask
        | UserActKind::Object
        | UserActKind::Busy
        | UserActKind::RequestHuman
        | UserActKind::OptOut
        | UserActKind::Distrust
        | UserActKind::Repeat
        | UserActKind::Silence => UserActKind::Silence,
    };
    [kind, nearest]
        .into_iter()
        .find(|&kind| scenario.customers_do(kind))
        .unwrap_or(UserActKind::Silence)
}

impl Customers for AgendaCustomers {
    type Customer = AgendaCustomer;

    fn call(&self, _scenario: &Scenario, rng: &mut Rng) -> AgendaCustomer {
        let person: Person = self.population.draw(&mut Coins::new(rng));
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
            expected: person.right_person,
            meant: NONE,
            meant_value: NONE,
            last: Utterance::SILENCE,
            last_kinds: 0,
        }
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
        spoken: Spoken<'_>,
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

    fn mood(&self, customer: &AgendaCustomer) -> Mood {
        Mood {
            patience: (1.0 - customer.annoyance / customer.patience).clamp(0.0, 1.0),
            trust: customer.trust,
            satisfaction: self.points(customer, Outcome::Incomplete).clamp(1.0, 5.0),
        }
    }
}

impl AgendaCustomers {
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

#[cfg(test)]
mod tests;

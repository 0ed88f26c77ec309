//! A goal-conditioned customer with an agenda: what the goal still needs is said when it fits,
//! manners of the robot move annoyance, and annoyance moves the hazard of hanging up.
//!
//! The idea of an agenda on top of a goal is Schatzmann et al. (2007), "Agenda-based user
//! simulation for bootstrapping a POMDP dialogue system"; here the agenda is a few bit sets.

mod answer;
mod evidence;
pub mod habit;
mod machine;
pub(super) mod manners;
mod mood;
mod reply;
pub(in crate::user) mod voice;

use offhook_env::act::{UserActKind, Utterance};
use offhook_env::action::ActionId;
use offhook_env::call::customer::Truth;
use offhook_env::scenario::Scenario;

use crate::population::{Line, Population, Time, Wish};
use crate::variation::Variation;
pub(crate) use evidence::Strain;
use manners::Manner;

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
    told: u32,
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
    /// Whether a recorder has given its tone, or a screening robot has asked to hold the line.
    signaled: bool,

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
    /// Whether machines have a dialog of their own: a recorder's tone, a robot's wait.
    machines_talk: bool,
}

impl AgendaCustomers {
    /// Customers drawn from `population`, in the words of its `scenario`.
    pub fn new(population: Population, scenario: &Scenario) -> Self {
        let mut words = [UserActKind::Silence; UserActKind::ALL.len()];
        for &kind in UserActKind::ALL {
            words[kind as usize] = said_as(kind, scenario);
        }
        let hazards = std::array::from_fn(hazard_at);
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
            machines_talk: scenario.customers_do(UserActKind::Beep),
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

/// Hang-up hazard of one step of the table.
fn hazard_at(step: usize) -> f32 {
    let above = (step as f32 - N_HAZARDS as f32 / 2.0) / HAZARD_STEPS;
    habit::HANG_UP_MOST / (1.0 + (-above / habit::HANG_UP_WIDTH).exp())
}

/// Chance per turn that somebody hangs up whose patience nothing can use up.
pub(crate) fn least_hazard() -> f32 {
    hazard_at(0)
}

/// The kind itself, or what comes closest among the acts that customers have words for.
fn said_as(kind: UserActKind, scenario: &Scenario) -> UserActKind {
    let nearest = match kind {
        UserActKind::Accept => UserActKind::Affirm,
        UserActKind::Decline | UserActKind::WrongPerson => UserActKind::Deny,
        UserActKind::Driving | UserActKind::RequestCallback => UserActKind::Busy,
        UserActKind::Voicemail | UserActKind::Screening | UserActKind::Beep => UserActKind::Silence,
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

#[cfg(test)]
mod tests;

//! The seams to whoever plays the customer, and to the line between customer and robot.

use serde::{Deserialize, Serialize};

use crate::act::{NBest, NONE, SystemAct, Utterance};
use crate::action::ActionId;
use crate::belief::caller::CallerRecord;
use crate::call::outcome::Outcome;
use crate::rng::Rng;
use crate::scenario::{MAX_SLOTS, Scenario};

/// What is truly so in a call, hidden from the policy: completion and harms are judged by it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Truth {
    /// Whether the person on the line is the one called; `false` while a machine answers.
    pub right_person: bool,
    /// Whether a machine answers: a recorder, or a screening robot that has not put the call through.
    pub machine: bool,
    /// Whether a message was taken by another person or a recorder.
    pub message_taken: bool,
    /// Whether the person has no time now.
    pub unavailable: bool,
    /// Whether the person agreed to another call.
    pub callback_agreed: bool,
    /// Whether the person has said not to call again.
    pub opted_out: bool,
    /// Whether the person has asked for a human.
    pub asked_human: bool,
    /// True value of each slot, or [`NONE`] where there is none.
    pub slots: [u8; MAX_SLOTS],
    /// Questions asked so far, one bit each.
    pub asked: u16,
    /// Questions answered so far.
    pub answered: u16,
    /// Concerns that stand in the way, said or not.
    pub concerns: u16,
    /// Offers truly taken.
    pub accepted: u16,
    /// Offers truly refused.
    pub declined: u16,
}

impl Default for Truth {
    fn default() -> Self {
        Self {
            right_person: true,
            machine: false,
            message_taken: false,
            unavailable: false,
            callback_agreed: false,
            opted_out: false,
            asked_human: false,
            slots: [NONE; MAX_SLOTS],
            asked: 0,
            answered: 0,
            concerns: 0,
            accepted: 0,
            declined: 0,
        }
    }
}

/// What a customer is going to want, said or not; for privileged learners, a policy never sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Goal {
    /// Whether the person called is on the line, or behind the machine that is.
    pub reachable: bool,
    /// Questions still to be asked, one bit each.
    pub questions: u16,
    /// Offers that would be taken once no concern stands in the way, one bit each.
    pub offers: u16,
    /// Whether a human is wanted.
    pub wants_human: bool,
    /// Whether no call at all is wanted.
    pub wants_opt_out: bool,
}

/// How a customer feels, for analysis; a policy never sees it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mood {
    /// Share of patience that is left, `[0, 1]`.
    pub patience: f32,
    /// Faith in the caller, `[0, 1]`.
    pub trust: f32,
    /// The rating that the call would get if it ended now without success, 1 to 5.
    pub satisfaction: f32,
}

/// Who or what answers a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnsweredBy {
    /// A person.
    Human,
    /// A recorder that takes a message.
    Voicemail,
    /// A robot that asks who calls and why, and may put the call through.
    Screening,
    /// A menu of a company's telephone system.
    Ivr,
    /// Nobody can tell.
    Unknown,
}

/// What the robot says, as the customer hears it.
#[derive(Clone, Copy, Debug)]
pub struct SystemUtterance<'a> {
    /// The action.
    pub action: ActionId,
    /// Its acts; never empty.
    pub acts: &'a [SystemAct],
    /// The value that a `confirm` act reads out, or [`NONE`].
    pub value: u8,
}

/// A user model: it draws customers and lets them answer.
pub trait Customers: Send + Sync {
    /// One customer during one call.
    type Customer: Clone + Send;

    /// Draws a customer who has just picked up.
    fn call(&self, scenario: &Scenario, rng: &mut Rng) -> Self::Customer;

    /// What is on file of the customer whom [`call`](Self::call) draws from the same state of the generator; asked
    /// only where the scenario has anything on file.
    fn record(&self, _scenario: &Scenario, _rng: Rng) -> CallerRecord {
        CallerRecord::EMPTY
    }

    /// What is true of the customer.
    fn truth<'c>(&self, customer: &'c Self::Customer) -> &'c Truth;

    /// How hard the customer is to understand: 0 is easy, the channel says what else there is.
    fn difficulty(&self, customer: &Self::Customer) -> u8;

    /// How the customer feels now.
    fn mood(&self, customer: &Self::Customer) -> Mood;

    /// What the customer is going to want; a model without goals knows who is on the line.
    fn goal(&self, customer: &Self::Customer) -> Goal {
        Goal {
            reachable: self.truth(customer).right_person,
            ..Goal::default()
        }
    }

    /// Who or what answers a customer who was just drawn; a model without lines does not tell machines apart.
    fn answered_by(&self, customer: &Self::Customer) -> AnsweredBy {
        match self.truth(customer).machine {
            true => AnsweredBy::Unknown,
            false => AnsweredBy::Human,
        }
    }

    /// The customer's answer; an utterance with `hang_up` ends the call, an empty one is silence.
    fn respond(
        &self,
        scenario: &Scenario,
        customer: &mut Self::Customer,
        spoken: SystemUtterance<'_>,
        rng: &mut Rng,
    ) -> Utterance;

    /// How long saying `said` takes, the pause before it included, seconds.
    fn seconds(&self, said: &Utterance) -> f32;

    /// The rating after the call, 1 to 5; 3 where there is nobody to rate it.
    fn rating(&self, customer: &Self::Customer, outcome: Outcome) -> u8;
}

/// The line between customer and robot, recogniser included.
pub trait Channel: Send + Sync {
    /// What the robot understands of `said`, in place of what `heard` held before.
    fn transmit(&self, said: &Utterance, difficulty: u8, rng: &mut Rng, heard: &mut NBest);

    /// How likely it is that [`transmit`](Self::transmit) makes `heard` of `said`: a probability where readings are
    /// few, a density over confidences where there are many. Only ratios between values of `said` and
    /// `difficulty` with the same `heard` mean anything; never negative.
    fn likelihood(&self, said: &Utterance, difficulty: u8, heard: &NBest) -> f64;
}

/// A line that loses nothing: one reading, surely right.
#[derive(Clone, Copy, Debug)]
pub struct PerfectChannel;

impl Channel for PerfectChannel {
    fn transmit(&self, said: &Utterance, _difficulty: u8, _rng: &mut Rng, heard: &mut NBest) {
        heard.clear();
        if !said.acts().is_empty() {
            heard.push(crate::act::Hypothesis {
                utterance: *said,
                confidence: 1.0,
            });
        }
    }

    fn likelihood(&self, said: &Utterance, _difficulty: u8, heard: &NBest) -> f64 {
        let is_same = match heard.hypotheses() {
            [] => said.acts().is_empty(),
            [only] => only.utterance == *said && only.confidence == 1.0,
            _ => false,
        };
        f64::from(u8::from(is_same))
    }
}

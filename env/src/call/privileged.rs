//! What a privileged learner sees on top of an observation: the hidden truth, goal and mood as codes.
//!
//! A teacher or a critic that only exists in the simulator may look at the customer (Pinto et al.,
//! 2018, arXiv:1710.06542). Its layout is the scenario's with features named [`HIDDEN`]`...` behind it,
//! so that what a policy on the phone sees is a prefix. Tracker, logs and tables know nothing of them.

use crate::act::NONE;
use crate::belief::layout::{Feature, HIDDEN, Layout, MAX_LEVELS};
use crate::call::customer::{Customers, Goal, Truth};
use crate::call::{Call, World};
use crate::scenario::Scenario;

const PERSON: &[&str] = &["right", "another", "behind_machine", "unreachable"];
const TIME: &[&str] = &["free", "unavailable"];
const WISH: &[&str] = &["none", "human", "human_asked", "opt_out", "opted_out"];
const CALLBACK: &[&str] = &["open", "agreed"];
const MESSAGE: &[&str] = &["none", "taken"];
const DIFFICULTY: &[&str] = &["easy", "average", "hard"];
const QUESTION: &[&str] = &["never", "to_come", "open", "answered"];
const CONCERN: &[&str] = &["none", "stands"];
const OFFER: &[&str] = &[
    "unwilling",
    "willing",
    "accepted",
    "declined",
    "declined_willing",
];
/// Bins of patience and trust, each an eighth of `[0, 1]`.
const SHARE: &[&str] = &["1/8", "2/8", "3/8", "4/8", "5/8", "6/8", "7/8", "8/8"];
/// Bins of satisfaction, each half a point from 1 to 5.
const RATING: &[&str] = &["1", "1.5", "2", "2.5", "3", "3.5", "4", "4.5"];

/// The features behind those of a scenario that only a privileged learner sees.
#[derive(Clone, Debug)]
pub struct HiddenFeatures {
    layout: Layout,
    n_observed: usize,
    n_slots: usize,
    n_questions: usize,
    n_concerns: usize,
    n_offers: usize,
}

impl HiddenFeatures {
    /// The hidden features of `scenario`'s calls.
    pub fn new(scenario: &Scenario) -> Self {
        let mut layout = scenario.layout.clone();
        let n_observed = layout.n_features();
        let mut add = |name: &str, levels: Vec<String>| {
            let name = format!("{HIDDEN}{name}");
            layout.features.push(Feature { name, levels });
        };
        let own = |levels: &[&str]| levels.iter().map(|l| (*l).to_owned()).collect::<Vec<_>>();
        for (name, levels) in [
            ("person", PERSON),
            ("time", TIME),
            ("wish", WISH),
            ("callback", CALLBACK),
            ("message", MESSAGE),
            ("difficulty", DIFFICULTY),
            ("patience", SHARE),
            ("trust", SHARE),
            ("satisfaction", RATING),
        ] {
            add(name, own(levels));
        }
        let names = &scenario.names;
        for (name, slot) in names.slots.iter().zip(&scenario.slots) {
            let values = slot.values.iter().take(MAX_LEVELS - 1).cloned();
            let levels = std::iter::once(slot.unknown()).chain(values);
            add(&format!("slot.{name}"), levels.collect());
        }
        for (class, list, levels) in [
            ("question", &names.questions, QUESTION),
            ("concern", &names.concerns, CONCERN),
            ("offer", &names.offers, OFFER),
        ] {
            for name in list {
                add(&format!("{class}.{name}"), own(levels));
            }
        }
        Self {
            layout,
            n_observed,
            n_slots: names.slots.len(),
            n_questions: names.questions.len(),
            n_concerns: names.concerns.len(),
            n_offers: names.offers.len(),
        }
    }

    /// The scenario's layout with the hidden features behind it.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Writes the observation of `call` and its hidden codes into `row`.
    ///
    /// # Panics
    /// If `row` has another length than the layout has features.
    pub fn copy_codes<C: Customers>(
        &self,
        world: &World<C>,
        call: &Call<C::Customer>,
        row: &mut [u8],
    ) {
        let (observed, hidden) = row.split_at_mut(self.n_observed);
        call.belief.copy_codes(observed);
        self.copy_hidden(world, call, hidden);
    }

    /// Writes the hidden codes of `call` alone.
    pub(crate) fn copy_hidden<C: Customers>(
        &self,
        world: &World<C>,
        call: &Call<C::Customer>,
        hidden: &mut [u8],
    ) {
        let customer = call.customer();
        let truth = world.customers.truth(customer);
        let goal = world.customers.goal(customer);
        let mood = world.customers.mood(customer);
        let bit = |set: u16, k: usize| (set >> k & 1) as u8;
        let bin = |share: f32| (share * 8.0).clamp(0.0, 7.0) as u8;
        let persona = [
            person(truth, goal),
            u8::from(truth.unavailable),
            wish(truth, goal),
            u8::from(truth.callback_agreed),
            u8::from(truth.message_taken),
            // What the simulator adds to the class tells further noise on the line.
            world.customers.difficulty(customer) % DIFFICULTY.len() as u8,
            bin(mood.patience),
            bin(mood.trust),
            bin((mood.satisfaction - 1.0) / 4.0),
        ];
        let slots = truth.slots[..self.n_slots].iter();
        let features = self.layout.features[self.n_observed + persona.len()..].iter();
        let slots = slots.zip(features).map(|(&value, feature)| match value {
            NONE => 0,
            // Values beyond the most a feature can hold share its last level.
            value => (value + 1).min(feature.levels.len() as u8 - 1),
        });
        let questions = (0..self.n_questions).map(|k| {
            match (
                bit(truth.answered, k),
                bit(truth.asked, k),
                bit(goal.questions, k),
            ) {
                (1, _, _) => 3,
                (_, 1, _) => 2,
                (_, _, to_come) => to_come,
            }
        });
        let concerns = (0..self.n_concerns).map(|k| bit(truth.concerns, k));
        let offers = (0..self.n_offers).map(|k| {
            match (
                bit(truth.accepted, k),
                bit(truth.declined, k),
                bit(goal.offers, k),
            ) {
                (1, _, _) => 2,
                (_, 1, willing) => 3 + willing,
                (_, _, willing) => willing,
            }
        });
        let codes = persona.into_iter().chain(slots);
        let codes = codes.chain(questions).chain(concerns).chain(offers);
        hidden
            .iter_mut()
            .zip(codes)
            .for_each(|(out, code)| *out = code);
    }
}

fn person(truth: &Truth, goal: Goal) -> u8 {
    match (truth.machine, truth.right_person, goal.reachable) {
        (false, true, _) => 0,
        (false, false, _) => 1,
        (true, _, true) => 2,
        (true, _, false) => 3,
    }
}

fn wish(truth: &Truth, goal: Goal) -> u8 {
    if truth.opted_out {
        4
    } else if goal.wants_opt_out {
        3
    } else if truth.asked_human {
        2
    } else {
        u8::from(goal.wants_human)
    }
}

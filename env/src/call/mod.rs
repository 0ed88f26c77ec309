//! One call: the turn loop, what it costs, and how it ends.

mod attainable;
pub mod batch;
mod believed;
pub mod customer;
mod imagined;
pub mod outcome;
pub mod posterior;
pub mod privileged;
pub mod vector_env;

use std::sync::Arc;

pub use attainable::is_attainable;
pub use believed::believed_outcome;
pub use imagined::harms_of;

use crate::act::{NBest, NONE, UserActKind, Utterance};
use crate::action::ActionId;
use crate::belief::caller::CallerRecord;
use crate::belief::tracker::BeliefState;
use crate::call::customer::{Channel, Customers, Mood, SystemUtterance, Truth};
use crate::call::outcome::{CallSummary, N_TERMS, Outcome, RewardTerm};
use crate::rng::{Rng, Stream, derive};
use crate::scenario::{Need, Scenario};

/// A slot counts as recorded from this belief on.
pub(crate) const RECORDED: f32 = 0.5;

/// Details told to another person.
const HARM_DISCLOSURE: u8 = 1;
/// Talk that went on after "do not call again".
const HARM_IGNORED_OPT_OUT: u8 = 2;

/// Everything calls of one kind share.
pub struct World<C> {
    /// The kind of call.
    pub scenario: Arc<Scenario>,
    /// Who is called.
    pub customers: C,
    /// The line.
    pub channel: Arc<dyn Channel>,
}

/// A call that is going on.
#[derive(Clone, Debug)]
pub struct Call<P> {
    /// What the robot believes.
    pub belief: BeliefState,
    customer: P,
    rng: Rng,
    episode: u64,
    seconds: f32,
    machine_seconds: f32,
    harms: u8,
    rules_broken: u8,
    attainable: bool,
}

/// One turn of a call: what happened, to learn from, to log and to show.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// Reward of the turn.
    pub reward: f32,
    /// Talk of both sides in this turn, seconds.
    pub seconds: f32,
    /// The value of a slot that the robot read out, or [`NONE`].
    pub value: u8,
    /// What the customer truly said.
    pub said: Utterance,
    /// What the robot understood.
    pub heard: NBest,
    /// The figures of the call, if it ended with this turn.
    pub summary: Option<CallSummary>,
}

impl Turn {
    /// A turn in which nothing happened.
    pub const EMPTY: Self = Self {
        reward: 0.0,
        seconds: 0.0,
        value: NONE,
        said: Utterance::SILENCE,
        heard: NBest::EMPTY,
        summary: None,
    };
}

impl<P: Clone> Call<P> {
    /// Starts episode `episode` of (`seed`, `stream`).
    pub fn start<C: Customers<Customer = P>>(
        world: &World<C>,
        seed: u64,
        stream: Stream,
        episode: u64,
    ) -> Self {
        let mut rng = derive(seed, stream, episode);
        let customer = world.customers.call(&world.scenario, &mut rng);
        let mut call = Self {
            belief: BeliefState::new(&world.scenario),
            customer,
            rng,
            episode,
            seconds: 0.0,
            machine_seconds: 0.0,
            harms: 0,
            rules_broken: 0,
            attainable: false,
        };
        call.pick_up(world, seed, stream);
        call
    }

    /// Starts another episode in place of a call that ended, so that little is copied.
    #[inline]
    pub(crate) fn restart<C: Customers<Customer = P>>(
        &mut self,
        world: &World<C>,
        seed: u64,
        stream: Stream,
        episode: u64,
    ) {
        self.rng = derive(seed, stream, episode);
        self.customer = world.customers.call(&world.scenario, &mut self.rng);
        self.belief.reset(&world.scenario);
        self.episode = episode;
        (self.seconds, self.machine_seconds) = (0.0, 0.0);
        (self.harms, self.rules_broken) = (0, 0);
        self.pick_up(world, seed, stream);
    }

    /// What the customer brings along who has just been drawn.
    #[inline]
    fn pick_up<C: Customers<Customer = P>>(&mut self, world: &World<C>, seed: u64, stream: Stream) {
        let (scenario, customers) = (&*world.scenario, &world.customers);
        let (truth, goal) = (
            customers.truth(&self.customer),
            customers.goal(&self.customer),
        );
        self.attainable = is_attainable(scenario, truth, goal);
        if scenario.has_records() {
            let record = record_of(world, seed, stream, self.episode);
            self.belief = BeliefState::with(scenario, &record);
        }
    }

    /// The same call with another future.
    pub fn fork(&self, rng: Rng) -> Self {
        Self {
            rng,
            ..self.clone()
        }
    }

    /// Number of the episode within its seed and stream.
    pub fn episode(&self) -> u64 {
        self.episode
    }

    /// The customer, hidden goal included.
    pub fn customer(&self) -> &P {
        &self.customer
    }

    /// How the customer feels now, for analysis.
    pub fn mood<C: Customers<Customer = P>>(&self, world: &World<C>) -> Mood {
        world.customers.mood(&self.customer)
    }

    /// Says one action and hears the answer.
    ///
    /// # Panics
    /// If `action` is masked: a masked action is never taken.
    pub fn step<C: Customers<Customer = P>>(&mut self, world: &World<C>, action: ActionId) -> Turn {
        let mut turn = Turn::EMPTY;
        self.step_into(world, action, &mut turn);
        turn
    }

    /// The same, in place of what `turn` held before, so that nothing is copied.
    ///
    /// # Panics
    /// If `action` is masked: a masked action is never taken.
    #[inline]
    pub fn step_into<C: Customers<Customer = P>>(
        &mut self,
        world: &World<C>,
        action: ActionId,
        turn: &mut Turn,
    ) {
        let scenario = &*world.scenario;
        let own = scenario.move_of(action);
        assert!(
            self.belief.mask().allows(action),
            "action `{}` is masked",
            scenario.layout.actions[action as usize]
        );
        self.rules_broken += u8::from(!self.belief.lawful().allows(action));

        let new_harms = harm(scenario, world.customers.truth(&self.customer), action) & !self.harms;
        self.harms |= new_harms;
        let value = match own.confirms {
            NONE => NONE,
            slot => self.belief.slot(slot as usize).value(),
        };
        let spoken = SystemUtterance {
            action,
            acts: &own.acts,
            value,
        };
        let machine = world.customers.truth(&self.customer).machine;
        let said = world
            .customers
            .respond(scenario, &mut self.customer, spoken, &mut self.rng);

        let seconds = own.seconds + world.customers.seconds(&said);
        self.seconds += seconds;
        self.machine_seconds += f32::from(u8::from(machine)) * seconds;
        let reward = &scenario.reward;
        let mut earned = reward.per_turn + reward.per_second * seconds;
        if new_harms != 0 {
            earned += reward.harm * new_harms.count_ones() as f32;
        }

        let over = scenario.ending().allows(action);
        let hung_up = said.has(UserActKind::HangUp);
        turn.heard.clear();
        if !over && !hung_up {
            let difficulty = world.customers.difficulty(&self.customer);
            (world.channel).transmit(&said, difficulty, &mut self.rng, &mut turn.heard);
        }
        self.belief.update(scenario, action, &turn.heard);
        let truncated = !over && !hung_up && self.belief.turn() >= scenario.max_turns;
        turn.summary = None;
        if over || hung_up || truncated {
            let outcome = outcome(
                scenario,
                &self.belief,
                world.customers.truth(&self.customer),
                action,
                hung_up && !over,
                truncated,
            );
            let (terms, rating) = self.final_terms(world, outcome);
            earned += terms.iter().sum::<f32>();
            turn.summary = Some(self.sum_up(world, outcome, terms, rating));
        }
        turn.reward = earned;
        turn.seconds = seconds;
        turn.value = value;
        turn.said = said;
    }

    /// What is due at the end, by term, and the customer's rating.
    fn final_terms<C: Customers<Customer = P>>(
        &self,
        world: &World<C>,
        outcome: Outcome,
    ) -> ([f32; N_TERMS], u8) {
        let scenario = &*world.scenario;
        let rating = world.customers.rating(&self.customer, outcome);
        let truth = world.customers.truth(&self.customer);
        let reward = &scenario.reward;
        let closed = !matches!(
            outcome,
            Outcome::HungUp | Outcome::Transferred | Outcome::Truncated
        );
        let mut terms = [0.0; N_TERMS];
        let mut pay = |term: RewardTerm, amount: f32| terms[term as usize] = amount;
        let worth = items(scenario, &self.belief, truth).map_or(0.0, |(held, _)| held);
        match outcome {
            Outcome::Completed => pay(RewardTerm::Completion, reward.completion + worth),
            _ if worth > 0.0 => pay(RewardTerm::Completion, worth),
            _ => {}
        }
        match outcome {
            Outcome::CallbackAgreed if truth.unavailable => {
                pay(RewardTerm::Callback, reward.callback)
            }
            Outcome::MessageLeft => pay(RewardTerm::Message, reward.message),
            Outcome::HungUp => pay(RewardTerm::HangUp, reward.hang_up),
            Outcome::Transferred => pay(RewardTerm::Handoff, reward.handoff),
            _ => {}
        }
        if outcome != Outcome::Transferred {
            let open = (truth.asked & !truth.answered).count_ones();
            pay(
                RewardTerm::UnansweredQuestion,
                reward.unanswered_question * open as f32,
            );
        }
        if closed && truth.right_person {
            let wrong = (0..scenario.names.slots.len()).filter(|&slot| {
                let belief = self.belief.slot(slot);
                belief.prob() >= RECORDED
                    && truth.slots[slot] != NONE
                    && belief.value() != truth.slots[slot]
            });
            pay(
                RewardTerm::Misinformation,
                reward.misinformation * wrong.count() as f32,
            );
        }
        pay(
            RewardTerm::Satisfaction,
            reward.satisfaction * (f32::from(rating) - 3.0),
        );
        (terms, rating)
    }

    /// The figures of the call with what is due at its end.
    fn sum_up<C: Customers<Customer = P>>(
        &self,
        world: &World<C>,
        outcome: Outcome,
        mut terms: [f32; N_TERMS],
        rating: u8,
    ) -> CallSummary {
        let reward = &world.scenario.reward;
        let truth = world.customers.truth(&self.customer);
        let n_harms = self.harms.count_ones();
        terms[RewardTerm::Turn as usize] = reward.per_turn * f32::from(self.belief.turn());
        terms[RewardTerm::Talk as usize] = reward.per_second * self.seconds;
        terms[RewardTerm::Harm as usize] = reward.harm * n_harms as f32;
        CallSummary {
            episode: self.episode,
            outcome,
            satisfaction: rating,
            turns: self.belief.turn(),
            seconds: self.seconds,
            return_: terms.iter().sum(),
            terms,
            harms: n_harms as u8,
            rules_broken: self.rules_broken,
            held_back: 0,
            attainable: self.attainable,
            right_person: truth.right_person,
            items: items(&world.scenario, &self.belief, truth).map(|(held, all)| held / all),
            machine_seconds: self.machine_seconds,
            taken_for_machine: (!truth.machine).then(|| self.belief.hears_machine(&world.scenario)),
        }
    }
}

/// What the items that hold are worth, and what all are worth that apply; `None` where none does, or another person
/// is on the line.
fn items(scenario: &Scenario, belief: &BeliefState, truth: &Truth) -> Option<(f32, f32)> {
    if !truth.right_person || !scenario.has_items() {
        return None;
    }
    let (mut held, mut all) = (0.0, 0.0);
    for (worth, needs) in scenario.items(truth) {
        let holds = needs
            .iter()
            .all(|need| holds(scenario, belief, truth, need));
        all += worth;
        held += if holds { worth } else { 0.0 };
    }
    (all > 0.0).then_some((held, all))
}

/// What is on file of the customer of episode `episode` of (`seed`, `stream`).
pub fn record_of<C: Customers>(
    world: &World<C>,
    seed: u64,
    stream: Stream,
    episode: u64,
) -> CallerRecord {
    let rng = derive(seed, stream, episode);
    world.customers.record(&world.scenario, rng)
}

/// Harms of saying `action` now, by the hidden truth; each kind counts once a call.
#[inline]
fn harm(scenario: &Scenario, truth: &Truth, action: ActionId) -> u8 {
    let mut harms = 0;
    if !truth.right_person && scenario.private().allows(action) {
        harms |= HARM_DISCLOSURE;
    }
    if truth.opted_out && !scenario.leave_taking().allows(action) {
        harms |= HARM_IGNORED_OPT_OUT;
    }
    harms
}

fn outcome(
    scenario: &Scenario,
    belief: &BeliefState,
    truth: &Truth,
    action: ActionId,
    hung_up: bool,
    truncated: bool,
) -> Outcome {
    let transferred = scenario.move_of(action).transfers;
    if hung_up {
        Outcome::HungUp
    } else if transferred {
        Outcome::Transferred
    } else if truncated {
        Outcome::Truncated
    } else if is_complete(scenario, belief, truth) {
        Outcome::Completed
    } else if truth.opted_out {
        Outcome::OptedOut
    } else if truth.message_taken {
        Outcome::MessageLeft
    } else if truth.machine {
        Outcome::Machine
    } else if !truth.right_person {
        Outcome::WrongPerson
    } else if truth.callback_agreed && callback_is_known(scenario, belief, truth) {
        Outcome::CallbackAgreed
    } else if truth.declined != 0 {
        Outcome::Declined
    } else {
        Outcome::Incomplete
    }
}

fn callback_is_known(scenario: &Scenario, belief: &BeliefState, truth: &Truth) -> bool {
    let known = |slot: u8| belief.slot(slot as usize).value() == truth.slots[slot as usize];
    belief.agreed_callback(scenario) && scenario.callback_slot().is_none_or(known)
}

/// Whether every completion condition truly holds; never with another person on the line.
fn is_complete(scenario: &Scenario, belief: &BeliefState, truth: &Truth) -> bool {
    let holds = |need: &Need| holds(scenario, belief, truth, need);
    truth.right_person && scenario.can_complete() && scenario.needs(truth).all(holds)
}

/// Whether one of them does.
fn holds(scenario: &Scenario, belief: &BeliefState, truth: &Truth, need: &Need) -> bool {
    let bit = |set: u16, about: u8| set >> about & 1 == 1;
    match *need {
        Need::Identified => belief.is_identified(scenario),
        Need::Told(topic) => belief.told(scenario, topic),
        Need::Known(slot) => {
            let slot = slot as usize;
            belief.slot(slot).value() != NONE && belief.slot(slot).value() == truth.slots[slot]
        }
        Need::Settled(offer) => bit(truth.accepted | truth.declined, offer),
        Need::Accepted(offer) => bit(truth.accepted, offer),
        Need::Sent(message) => belief.sent(scenario, message),
        Need::Met(concern) => !bit(truth.concerns, concern),
    }
}

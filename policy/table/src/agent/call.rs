//! One call: what to say, what was heard, what is recorded.

use offhook_env::act::{NBest, NONE, UserAct, UserActKind};
use offhook_env::action::{ActionId, ActionMask};
use offhook_env::belief::tracker::BeliefState;
use offhook_env::call::believed_outcome;
use offhook_env::call::outcome::{EndedBy, Outcome};
use offhook_env::log::{self, ActError, ActReader, HypothesisLog, OpenValues, Record, value_text};

use super::error::AgentError;
use super::fit::act;
use super::reply::Reply;
use super::{Agent, CallerRecord};
use crate::runtime::Decision;

/// Turns of a call at most; the laboratory has stopped watching long before.
pub const MAX_TURNS: u16 = 10_000;

/// One call: take the [`reply`](AgentCall::reply), say it, then [`hear`](AgentCall::hear) the answer, until a reply
/// [ends](Reply::ends) the call or somebody else does. Any mistake is answered by an [`AgentError`] and changes nothing.
#[derive(Clone, Debug)]
pub struct AgentCall {
    pub(super) agent: Agent,
    pub(super) belief: BeliefState,
    /// What was heard beyond the values that the scenario lists.
    pub(super) open: OpenValues,
    /// What was said and not yet answered.
    pub(super) said: Option<Decision>,
}

/// What is recorded of a slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recorded<'c> {
    /// The slot.
    pub slot: &'c str,
    /// Its likeliest value.
    pub value: &'c str,
    /// How likely it is, in `[0, 1]`.
    pub confidence: f32,
    /// Whether the customer said yes when the robot read it out.
    pub confirmed: bool,
}

impl Agent {
    /// A call that was just answered, by somebody of whom nothing is known.
    #[must_use]
    pub fn start(&self) -> AgentCall {
        self.start_with(&CallerRecord::EMPTY)
    }

    /// A call that was just answered, by somebody of whom this is on file.
    #[must_use]
    pub fn start_with(&self, record: &CallerRecord) -> AgentCall {
        AgentCall::new(self.clone(), record)
    }
}

impl AgentCall {
    fn new(agent: Agent, record: &CallerRecord) -> Self {
        let belief = BeliefState::with(agent.scenario(), record);
        let open = vec![Vec::new(); agent.scenario().slots.len()];
        Self {
            agent,
            belief,
            open,
            said: None,
        }
    }

    /// What to say now; the same until an answer was heard.
    pub fn reply(&mut self) -> Reply<'_> {
        let (table, scenario) = (self.agent.table(), self.agent.scenario());
        let decide = || act(table, self.belief.observation(scenario));
        let decision = self.said.unwrap_or_else(decide);
        self.said = Some(decision);
        Reply {
            call: self,
            decision,
        }
    }

    /// Takes in what was recognized of the answer, best reading first; no reading at all is silence.
    ///
    /// # Errors
    /// [`AgentError`] for an answer to nothing or to a goodbye, an act that the scenario does not have, or a
    /// confidence out of `[0, 1]`; nothing is taken in then.
    pub fn hear(&mut self, heard: &NBest) -> Result<(), AgentError> {
        let said = self.check_waits()?;
        for reading in heard.hypotheses() {
            check_confidence(f64::from(reading.confidence))?;
            reading
                .utterance
                .acts()
                .iter()
                .try_for_each(|act| self.check_act(act))?;
        }
        self.belief
            .update(self.agent.scenario(), said.action, heard);
        self.said = None;
        Ok(())
    }

    /// [`hear`](Self::hear) for acts by name, such as `inform(payment=yes)`. Values that the scenario does not list
    /// are kept as they are. Of more readings or acts than the tracker takes
    /// ([`MAX_HYPOTHESES`](offhook_env::act::MAX_HYPOTHESES), [`MAX_ACTS`](offhook_env::act::MAX_ACTS)) the last ones
    /// are left out.
    ///
    /// # Errors
    /// As [`hear`](Self::hear), and [`AgentError::Act`] with the slot, what was found and what it can be.
    pub fn hear_named(&mut self, heard: &[HypothesisLog]) -> Result<(), AgentError> {
        let said = self.check_waits()?;
        heard
            .iter()
            .try_for_each(|h| check_confidence(h.confidence))?;
        let mut reader = ActReader::strict(self.agent.scenario(), std::mem::take(&mut self.open));
        let read = reader.n_best(heard);
        self.open = reader.into_open();
        self.belief
            .update(self.agent.scenario(), said.action, &read?);
        self.said = None;
        Ok(())
    }

    /// What was said, if an answer to it is due.
    fn check_waits(&self) -> Result<Decision, AgentError> {
        let said = self.said.ok_or(AgentError::NothingSaid)?;
        if self.is_over() {
            let action = self.agent.table().action_name(said.action);
            return Err(AgentError::Ended(action.to_owned()));
        }
        match self.belief.turn() {
            turn if turn >= MAX_TURNS => Err(AgentError::TooLong(turn)),
            _ => Ok(said),
        }
    }

    /// Refuses numbers that stand for nothing in the scenario.
    fn check_act(&self, act: &UserAct) -> Result<(), AgentError> {
        let names = act
            .kind
            .about()
            .map_or(0, |c| self.agent.scenario().names.of(c).len());
        let fits = match (act.kind, usize::from(act.about)) {
            (UserActKind::Inform, _) if act.about == NONE => act.value == NONE || act.value <= 1,
            (UserActKind::Inform, slot) if slot < names => {
                act.value == NONE || self.text(slot, act.value).is_some()
            }
            (kind, _) if kind.about().is_none() => act.about == NONE,
            (_, about) => about < names,
        };
        match fits {
            true => Ok(()),
            false => Err(ActError::Unknown(format!(
                "act `{}` about number {} with value {}: the scenario has no such numbers",
                act.kind, act.about, act.value
            ))
            .into()),
        }
    }

    /// The agent that holds the call.
    #[must_use]
    pub fn agent(&self) -> &Agent {
        &self.agent
    }

    /// One level code per feature: what the table decides by, for a [`Monitor`](crate::Monitor).
    #[must_use]
    pub fn codes(&self) -> &[u8] {
        self.belief.codes(self.agent.scenario())
    }

    /// The actions that are allowed now; never empty.
    #[must_use]
    pub fn mask(&self) -> ActionMask {
        self.belief.mask()
    }

    /// Turns so far: what was said and answered.
    #[must_use]
    pub fn n_turns(&self) -> u16 {
        self.belief.turn()
    }

    /// Whether the call has lasted so many turns that the laboratory stopped watching: nobody has seen how the table
    /// does from here on. End it, or hand over.
    #[must_use]
    pub fn is_overdue(&self) -> bool {
        self.belief.turn() >= self.agent.scenario().max_turns
    }

    /// Whether a reply was given that [ends](Reply::ends) the call.
    #[must_use]
    pub fn is_over(&self) -> bool {
        let ending = self.agent.scenario().ending();
        self.said.is_some_and(|said| ending.allows(said.action))
    }

    /// What is recorded so far: the slots of which anything was heard, in the scenario's order.
    pub fn recorded(&self) -> impl Iterator<Item = Recorded<'_>> {
        let slots = self.agent.scenario().names.slots.iter().enumerate();
        slots.filter_map(|(idx, slot)| {
            Some(Recorded {
                slot,
                value: self.value(idx)?,
                confidence: self.belief.slot(idx).prob(),
                confirmed: self.belief.is_confirmed(idx),
            })
        })
    }

    /// Brings a log's record up to what is believed now, and says what that changed.
    pub(super) fn update_record(&self, record: &mut Record) -> Vec<log::Recorded> {
        let text = |slot, value| self.text(slot, value);
        record.update(self.agent.scenario(), text, &self.belief)
    }

    /// The likeliest value of a slot.
    pub(super) fn value(&self, slot: usize) -> Option<&str> {
        self.text(slot, self.belief.slot(slot).value())
    }

    fn text(&self, slot: usize, value: u8) -> Option<&str> {
        value_text(self.agent.scenario(), &self.open, slot, value)
    }

    /// The names of the rules of conduct and masks that forbid an action now; none where it is allowed.
    pub fn why_not(&self, action: ActionId) -> impl Iterator<Item = &str> {
        let constraints = self.agent.scenario().constraints.iter();
        constraints
            .filter(move |c| u32::from(action) < u64::BITS && c.forbidden.allows(action))
            .filter(|c| c.when.holds(self.codes()))
            .map(|c| c.name.as_str())
    }

    /// How the call ended if it ends now, as the robot can know it: a reply that [ends](Reply::ends) it counts as said,
    /// and then `by` cannot change what became of it. [`believed_outcome`] says how that differs from the truth.
    #[must_use]
    pub fn outcome(&self, by: EndedBy) -> Outcome {
        let scenario = self.agent.scenario();
        let Some(said) = self.said else {
            return believed_outcome(scenario, &self.belief, by);
        };
        let mut belief = self.belief.clone();
        belief.update(scenario, said.action, &NBest::EMPTY);
        believed_outcome(scenario, &belief, self.ended_by(by))
    }

    /// Who ended the call: the robot, where its goodbye was said before anybody else could.
    #[must_use]
    pub fn ended_by(&self, by: EndedBy) -> EndedBy {
        let scenario = self.agent.scenario();
        match self.said.filter(|_| self.is_over()) {
            Some(said) if scenario.transfers(said.action) => EndedBy::Transfer,
            Some(_) => EndedBy::Robot,
            None => by,
        }
    }
}

fn check_confidence(found: f64) -> Result<(), AgentError> {
    match (0.0..=1.0 + 1e-6).contains(&found) {
        true => Ok(()),
        false => Err(AgentError::Confidence(found)),
    }
}

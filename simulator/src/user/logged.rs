//! Logged customers: what was said in reply to what, and what it shows of the person who said it.

use offhook_env::act::{NONE, SystemActKind, UserAct, UserActKind, Utterance};
use offhook_env::action::ActionId;
use offhook_env::belief::caller::CallerRecord;
use offhook_env::call::outcome::Outcome;
use offhook_env::log::{ActReader, CallLog};
use offhook_env::scenario::{MAX_SLOTS, Scenario};

use super::agenda::manners::wanting;
use super::agenda::voice::Prompt;
use super::situation::Situation;
use crate::population::Line;

/// Why calls cannot be learned from.
#[derive(Debug, thiserror::Error)]
pub enum LoggedError {
    /// A call does not fit the scenario.
    #[error("call {call_id}: {message}")]
    Call {
        /// Identifier of the call.
        call_id: String,
        /// What was found and what was expected.
        message: String,
    },
    /// There is nothing to learn from.
    #[error("no labelled turns; `user_acts` must say what customers truly did")]
    Unlabelled,
}

/// One labelled turn that was answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct LoggedTurn {
    /// The robot's action.
    pub action: ActionId,
    /// What the answer refers to, whatever value was read out.
    pub asked: Prompt,
    /// What the customer truly said.
    pub said: Utterance,
}

/// One call, from the customer's side.
#[derive(Clone, Debug)]
pub(super) struct LoggedCall {
    /// Who or what picked up.
    pub line: Line,
    /// The labelled turns of a person in order, but for those that ended the call.
    pub turns: Vec<LoggedTurn>,
    /// What the talk shows of the customer; who never said so counts as [`Situation::Ordinary`].
    pub situation: Situation,
    /// Value of each slot as it was told first, or [`NONE`].
    pub slots: [u8; MAX_SLOTS],
    /// What was on file of the customer.
    pub record: CallerRecord,
    /// How the call ended, if logged.
    pub outcome: Option<Outcome>,
    /// The customer's rating, if logged.
    pub satisfaction: Option<u8>,
}

/// The labelled calls of a log, for [`super::BigramCustomers`] and [`super::ReplayCustomers`].
#[derive(Clone, Debug, Default)]
pub struct LoggedCalls {
    pub(super) calls: Vec<LoggedCall>,
}

impl LoggedCalls {
    /// Reads the customers' side of calls; persons' calls without a labelled turn are left out.
    ///
    /// # Errors
    /// If a call is of another scenario or does not fit it, or no turn is labelled.
    pub fn read<'c>(
        scenario: &Scenario,
        calls: impl IntoIterator<Item = &'c CallLog>,
    ) -> Result<Self, LoggedError> {
        let mut read = Self::default();
        for call in calls {
            read.add(scenario, call)?;
        }
        read.labelled()
    }

    /// Reads one more call; nothing but what was meant is kept of it.
    ///
    /// # Errors
    /// If the call is of another scenario or does not fit it.
    pub fn add(&mut self, scenario: &Scenario, call: &CallLog) -> Result<(), LoggedError> {
        let one = read_call(scenario, call).map_err(|message| LoggedError::Call {
            call_id: call.call_id.clone(),
            message,
        })?;
        if !one.turns.is_empty() || one.line != Line::Person {
            self.calls.push(one);
        }
        Ok(())
    }

    /// The calls, of which at least one must have a labelled turn.
    ///
    /// # Errors
    /// If none has.
    pub fn labelled(self) -> Result<Self, LoggedError> {
        if self.n_turns() == 0 {
            return Err(LoggedError::Unlabelled);
        }
        Ok(self)
    }

    /// Number of calls.
    pub fn n_calls(&self) -> usize {
        self.calls.len()
    }

    /// Number of labelled turns.
    pub fn n_turns(&self) -> usize {
        self.calls.iter().map(|call| call.turns.len()).sum()
    }
}

fn read_call(scenario: &Scenario, call: &CallLog) -> Result<LoggedCall, String> {
    if call.scenario != scenario.name {
        let (found, expected) = (&call.scenario, &scenario.name);
        return Err(format!(
            "it is of scenario `{found}`, expected `{expected}`"
        ));
    }
    let mut reader = ActReader::new(scenario);
    let mut turns = Vec::new();
    let mut meant = NONE;
    for (k, turn) in call.turns.iter().enumerate() {
        let at = |message: String| format!("turn {k}: {message}");
        let action = scenario.layout.action(&turn.action);
        let action = action.ok_or_else(|| at(format!("unknown action `{}`", turn.action)))?;
        if scenario.acts(action)[0].kind != SystemActKind::Repeat || meant == NONE {
            meant = action;
        }
        let labels = turn.user_acts.as_ref();
        let (Some(labels), false) = (labels, scenario.ending().allows(action)) else {
            continue;
        };
        let said = reader.utterance(labels).map_err(|e| at(e.to_string()))?;
        let act = wanting(scenario.acts(meant)).ok_or_else(|| at("no act".to_owned()))?;
        turns.push(LoggedTurn {
            action,
            asked: Prompt {
                action: meant,
                act,
                value: NONE,
            },
            said,
        });
    }
    let line = line(&mut turns);
    let wrong = call.outcome == Some(Outcome::WrongPerson);
    Ok(LoggedCall {
        line,
        situation: if wrong {
            Situation::Another
        } else {
            situation(&turns)
        },
        slots: slots(scenario, &turns),
        record: CallerRecord::read(scenario, &call.caller).0,
        turns,
        outcome: call.outcome,
        satisfaction: call.satisfaction,
    })
}

/// Who picked up, by what was said; the turns of a machine are taken out, the one included in which a
/// screening robot puts the call through.
fn line(turns: &mut Vec<LoggedTurn>) -> Line {
    let last = |kind| turns.iter().rposition(|turn| turn.said.has(kind));
    if last(UserActKind::Voicemail).is_some() {
        turns.clear();
        return Line::Voicemail;
    }
    match last(UserActKind::Screening) {
        Some(screened) => {
            turns.drain(..(screened + 2).min(turns.len()));
            Line::Screening
        }
        None => Line::Person,
    }
}

/// What a customer gave away of the situation, the first that fits: not to be the one called, having
/// no time, wanting a human, not wanting to be called.
fn situation(turns: &[LoggedTurn]) -> Situation {
    let any = |shows: &dyn Fn(&LoggedTurn, &UserAct) -> bool| {
        let mut turns = turns.iter();
        turns.any(|turn| turn.said.acts().iter().any(|act| shows(turn, act)))
    };
    let says = |kind: UserActKind| any(&|_, act| act.kind == kind);
    let another = says(UserActKind::WrongPerson)
        || any(&|turn, act| match turn.asked.act.kind {
            SystemActKind::ConfirmIdentity => act.kind == UserActKind::Deny,
            _ => *act == UserAct::inform(NONE, 0),
        });
    let unavailable = [
        UserActKind::Busy,
        UserActKind::Driving,
        UserActKind::RequestCallback,
    ]
    .into_iter()
    .any(says)
        || any(&|turn, act| {
            turn.asked.act.kind == SystemActKind::ProposeCallback
                && matches!(act.kind, UserActKind::Affirm | UserActKind::Accept)
        });
    if another {
        Situation::Another
    } else if unavailable {
        Situation::Unavailable
    } else if says(UserActKind::RequestHuman) {
        Situation::Human
    } else if says(UserActKind::OptOut) {
        Situation::OptOut
    } else {
        Situation::Ordinary
    }
}

/// The values that were told first: by `inform`, or by yes and no to the question itself.
fn slots(scenario: &Scenario, turns: &[LoggedTurn]) -> [u8; MAX_SLOTS] {
    let mut slots = [NONE; MAX_SLOTS];
    for turn in turns {
        let asked = turn.asked.act;
        let asks = asked.kind == SystemActKind::Ask;
        let yes_no = asks
            .then(|| scenario.yes_no(asked.about as usize))
            .flatten();
        for act in turn.said.acts() {
            let (slot, value) = match act.kind {
                UserActKind::Inform if act.about != NONE => (act.about, act.value),
                UserActKind::Affirm | UserActKind::Deny => match yes_no {
                    Some([yes, _]) if act.kind == UserActKind::Affirm => (asked.about, yes),
                    Some([_, no]) => (asked.about, no),
                    None => continue,
                },
                _ => continue,
            };
            let known = &mut slots[slot as usize];
            if *known == NONE {
                *known = value;
            }
        }
    }
    slots
}

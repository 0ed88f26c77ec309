//! How a call ends, and the figures that remain of it.

/// How a call ended; exactly one holds, the first that fits in this order.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The customer hung up.
    HungUp,
    /// The robot handed over to a person.
    Transferred,
    /// The turn limit was reached; we stopped watching.
    Truncated,
    /// The robot closed, and every completion condition of the scenario truly holds.
    Completed,
    /// The robot closed after the customer had asked not to be called.
    OptedOut,
    /// The robot closed after a message was left with another person or on a recorder.
    MessageLeft,
    /// The robot closed while a machine was on the line, and left no message.
    Machine,
    /// The robot closed and the person on the line was not the customer.
    WrongPerson,
    /// The robot closed after a time for another call was agreed.
    CallbackAgreed,
    /// The robot closed after the customer had truly declined the offer.
    Declined,
    /// The robot closed with none of the above.
    Incomplete,
}

impl Outcome {
    /// Every outcome, in order.
    pub const ALL: [Self; 11] = [
        Self::HungUp,
        Self::Transferred,
        Self::Truncated,
        Self::Completed,
        Self::OptedOut,
        Self::MessageLeft,
        Self::Machine,
        Self::WrongPerson,
        Self::CallbackAgreed,
        Self::Declined,
        Self::Incomplete,
    ];

    /// The outcome's name in logs, metrics and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HungUp => "hung_up",
            Self::Transferred => "transferred",
            Self::Truncated => "truncated",
            Self::Completed => "completed",
            Self::OptedOut => "opted_out",
            Self::MessageLeft => "message_left",
            Self::Machine => "machine",
            Self::WrongPerson => "wrong_person",
            Self::CallbackAgreed => "callback_agreed",
            Self::Declined => "declined",
            Self::Incomplete => "incomplete",
        }
    }

    /// Who ended a call with this outcome.
    pub const fn ended_by(self) -> EndedBy {
        match self {
            Self::HungUp => EndedBy::Customer,
            Self::Transferred => EndedBy::Transfer,
            Self::Truncated => EndedBy::Timeout,
            Self::Completed
            | Self::OptedOut
            | Self::MessageLeft
            | Self::Machine
            | Self::WrongPerson
            | Self::CallbackAgreed
            | Self::Declined
            | Self::Incomplete => EndedBy::Robot,
        }
    }
}

/// Who ended a call: the mechanism, not what became of the business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// The customer's side hung up.
    Customer,
    /// The robot closed.
    Robot,
    /// The robot handed over to a person.
    Transfer,
    /// A limit of turns or time was reached.
    Timeout,
    /// The line broke down.
    Line,
    /// Nobody was reached: no answer, busy, or no such number.
    NeverConnected,
}

impl EndedBy {
    /// Every one, in order.
    pub const ALL: [Self; 6] = [
        Self::Customer,
        Self::Robot,
        Self::Transfer,
        Self::Timeout,
        Self::Line,
        Self::NeverConnected,
    ];

    /// Its name in logs and on the phone.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Robot => "robot",
            Self::Transfer => "transfer",
            Self::Timeout => "timeout",
            Self::Line => "line",
            Self::NeverConnected => "never_connected",
        }
    }
}

/// The named terms of the reward, in the order of [`CallSummary::terms`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RewardTerm {
    /// The call reached its purpose.
    Completion,
    /// Another call was agreed.
    Callback,
    /// A message was left with another person or on a recorder.
    Message,
    /// Per system turn.
    Turn,
    /// Per second of talk, both sides.
    Talk,
    /// The customer hung up.
    HangUp,
    /// Per question that was asked and not answered.
    UnansweredQuestion,
    /// Per slot that was recorded with a value that is not true.
    Misinformation,
    /// Per harm by the hidden truth.
    Harm,
    /// The call was handed to a person.
    Handoff,
    /// Per rating point above 3.
    Satisfaction,
}

/// Number of reward terms.
pub const N_TERMS: usize = 11;

impl RewardTerm {
    /// Every term, in order.
    pub const ALL: [Self; N_TERMS] = [
        Self::Completion,
        Self::Callback,
        Self::Message,
        Self::Turn,
        Self::Talk,
        Self::HangUp,
        Self::UnansweredQuestion,
        Self::Misinformation,
        Self::Harm,
        Self::Handoff,
        Self::Satisfaction,
    ];

    /// The term's key in scenarios, logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Completion => "completion",
            Self::Callback => "callback",
            Self::Message => "message",
            Self::Turn => "per_turn",
            Self::Talk => "per_second",
            Self::HangUp => "hang_up",
            Self::UnansweredQuestion => "unanswered_question",
            Self::Misinformation => "misinformation",
            Self::Harm => "harm",
            Self::Handoff => "handoff",
            Self::Satisfaction => "satisfaction",
        }
    }
}

/// The figures of one call that ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CallSummary {
    /// Number of the episode within its seed and stream.
    pub episode: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// The customer's rating, 1 to 5.
    pub satisfaction: u8,
    /// System turns.
    pub turns: u16,
    /// Talk of both sides, seconds.
    pub seconds: f32,
    /// Undiscounted sum of rewards.
    pub return_: f32,
    /// The same sum by term, in the order of [`RewardTerm::ALL`].
    pub terms: [f32; N_TERMS],
    /// Harms by the hidden truth.
    pub harms: u8,
    /// System turns in which an action that was said broke a rule of conduct.
    pub rules_broken: u8,
    /// System turns in which the policy chose an action that is masked, so that another was said. The environment
    /// refuses such actions and cannot count them: whoever holds the policy back does.
    pub held_back: u16,
    /// Whether the call could complete at all, by the hidden truth at its start
    /// (see [`is_attainable`](super::is_attainable)); the same for every policy.
    pub attainable: bool,
    /// Whether at the end it was a conversation with the person called.
    pub right_person: bool,
    /// The share of worth, in `[0, 1]`, of the items of the scenario's completion that hold at the end; `None` where
    /// no item applies, or it was no conversation with the person called.
    pub items: Option<f32>,
    /// Talk with a machine on the line, seconds, both sides.
    pub machine_seconds: f32,
    /// Whether the robot took the person for a machine who was on the line at the end; `None` where one was.
    pub taken_for_machine: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_is_called_what_logs_call_it() {
        for outcome in Outcome::ALL {
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.name());
        }
    }
}

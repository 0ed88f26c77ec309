//! Why an answer was not taken in, or a call not resumed.

use offhook_env::log::ActError;
use thiserror::Error;

/// Why nothing happened: the call is as it was before, and the caller may try again.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum AgentError {
    /// An act that is unknown, or a value that its slot cannot have.
    #[error(transparent)]
    Act(#[from] ActError),
    /// A confidence out of bounds.
    #[error("confidence {0}, expected 0 to 1")]
    Confidence(f64),
    /// An answer to nothing: it came late, or twice.
    #[error("an answer was heard before anything was said to it; say the reply first")]
    NothingSaid,
    /// An answer to a goodbye.
    #[error("the call ended with `{0}`; start another one")]
    Ended(String),
    /// No call is so long.
    #[error("the call has {0} turns, and no call has more; end it")]
    TooLong(u16),
    /// The bytes are no state of a call of this agent.
    #[error("not the state of a call: {0}")]
    State(&'static str),
    /// What was kept beside the state is no history, or not all of this call.
    #[error("not the history of a call: {0}")]
    History(String),
    /// What is known of the caller is nothing that the scenario knows.
    #[error("the caller: {0}")]
    Caller(String),
}

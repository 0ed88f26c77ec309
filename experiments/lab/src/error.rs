//! What the laboratory says when it cannot go on: one clear message, and whose fault it is.

use std::fmt;

use offhook_env::diagnostic::Diagnostics;
use offhook_env::printable::one_line;
use offhook_simulator::bundled::FindError;
use offhook_simulator::world::LoadError;

/// Whether the request was wrong or the work could not be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The work could not be done; the program exits with 1.
    Failed,
    /// The request was not meant so; the program exits with 2.
    Usage,
    /// The work was done, and what came out is worse than what was there; the program exits with 3.
    Worse,
    /// Somebody wanted it to end early, see [`Stop`](crate::stop::Stop).
    Interrupted,
}

/// Why a piece of work ended early.
#[derive(Debug)]
pub struct Failure {
    /// One clear message: where, found, expected, remedy.
    pub message: String,
    /// Whose fault it is.
    pub kind: FailureKind,
}

impl Failure {
    /// The work could not be done.
    pub fn failed(message: impl fmt::Display) -> Self {
        Self {
            message: message.to_string(),
            kind: FailureKind::Failed,
        }
    }

    /// The work was done, and what came out is worse than what was there.
    pub fn worse(message: impl fmt::Display) -> Self {
        Self {
            message: message.to_string(),
            kind: FailureKind::Worse,
        }
    }

    /// The request was not meant so.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self {
            message: message.to_string(),
            kind: FailureKind::Usage,
        }
    }

    /// Somebody wanted it to end early; `left` is what was done or how to go on.
    pub fn interrupted(left: impl fmt::Display) -> Self {
        Self {
            message: format!("interrupted; {left}"),
            kind: FailureKind::Interrupted,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Errors of one line whose message says where; a bare `std::io::Error` is none of them, since it names no file.
macro_rules! failed {
    ($($error:ty),* $(,)?) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::failed(one_line(&error.to_string()))
            }
        })*
    };
}

failed!(
    offhook_env::log::LogError,
    offhook_policy::checkpoint::CheckpointError,
    offhook_policy::learner::LearnError,
    offhook_simulator::fit::channel::FitError,
    offhook_simulator::user::LoggedError,
    offhook_table::DecideError,
    offhook_table::TableError,
    offhook_table::sign::SignError,
    serde_json::Error,
);

impl From<Diagnostics> for Failure {
    fn from(error: Diagnostics) -> Self {
        Self::failed(error)
    }
}

impl From<FindError> for Failure {
    fn from(error: FindError) -> Self {
        match error {
            FindError::Unknown { .. } => Self::usage(error),
            _ => Self::failed(error),
        }
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Find(error) => error.into(),
            error => Self::failed(error),
        }
    }
}

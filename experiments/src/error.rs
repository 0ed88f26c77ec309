//! What the program says when it cannot go on, and the exit code that goes with it.

use std::fmt;

/// Why a command ended early.
#[derive(Debug)]
pub struct Failure {
    /// One clear message: where, found, expected, remedy.
    pub message: String,
    /// 1 failed, 2 usage.
    pub code: u8,
}

impl Failure {
    /// The work could not be done.
    pub fn failed(message: impl fmt::Display) -> Self {
        Self {
            message: message.to_string(),
            code: 1,
        }
    }

    /// The command was not meant so.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self {
            message: message.to_string(),
            code: 2,
        }
    }
}

/// Libraries' errors are failures of the work.
impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::failed(error)
    }
}

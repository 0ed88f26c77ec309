//! The call log: JSON Lines, one call a line, whether it was played, imported or recorded.
//!
//! Acts are written as in scenario files (`inform(payment=yes)`), so that a log can be read by
//! people. `env/call_log.schema.json` describes the format for other programs.
//!
//! [`read_calls`] reads a log of any version, [`replay`] sends a call through the tracker, [`PlayedLog`]
//! writes down a call while it is played, and [`dialog`] shows one to people.

mod act_error;
mod acts;
mod call;
mod caller_record;
mod check;
pub mod dialog;
mod played;
mod read;
mod record;
mod replay;
mod version_1;

pub use act_error::ActError;
pub use acts::{ActReader, OpenValues, act_names, n_best_log, value_text};
pub use call::{
    Answered, CallLog, Caller, Ended, GoalLog, HypothesisLog, Raw, Recorded, SCHEMA, Transcript,
    TurnLog,
};
pub use played::PlayedLog;
pub use read::{CallIds, LogError, parse_call, read_calls};
pub use record::Record;
pub use replay::{Episode, Step, replay};

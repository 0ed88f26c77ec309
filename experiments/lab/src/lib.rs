//! The laboratory: everything that Offhook does with calls, policies, logs and tables, as functions that take
//! typed values and return values.
//!
//! In reading order:
//!
//! - [`config`] is an experiment as written; [`run`] runs one, stage by stage, into a run directory and ends with
//!   a [`run::judge::Judgement`]; [`predict`] is the other kind of experiment, next-act prediction on a log.
//! - [`compare`] holds runs against each other.
//! - [`policies`] and [`user_models`] find by name who calls and who answers; [`play`] plays calls;
//!   [`key_figure`] says what is measured of them, [`paired`] of pairs of
//!   calls, [`segment`] tells callers apart.
//! - [`simulate`] plays one policy in one scenario, [`evaluate`] many in many, [`explain`] says where a planner
//!   departs from one; [`call_plan`] says which calls.
//! - [`logs`] reads call logs, [`import`] makes them from other people's; [`fit`] fits the line to one, [`ope`]
//!   judges a policy by one, [`answers`] counts what one recorded.
//! - [`mod@bench`] measures how fast all this is.
//! - [`scenario`] checks scenarios, draws how their calls go, and makes new ones; [`distill`] puts a policy into a
//!   table, [`table`] is all other work on tables, [`mod@release`] makes a run one file for production.
//! - [`disk`] writes files whole or not at all, [`threads`] sets how many work, [`stop`] ends it early.
//!
//! What is absent: no argument type of the command line goes in, nothing is printed, no process ends here, no
//! clock is read (times come in) but by [`mod@bench`], and nothing is drawn: a rendering of a finished run is handed in
//! as a function.

pub mod error;
pub mod unit;
pub use offhook_env::printable;

pub mod disk;
pub mod stop;
pub mod threads;

pub mod config;
pub mod progress;
pub mod run;

pub mod compare;
pub mod predict;

pub mod key_figure;
pub mod paired;
pub mod play;
pub mod policies;
pub mod segment;
pub mod user_models;

pub mod call_plan;
pub mod evaluate;
pub mod explain;
pub mod simulate;

pub mod answers;
pub mod fit;
pub mod import;
pub mod logs;
pub mod ope;

pub mod distill;

pub mod bench;
pub mod release;
pub mod table;

pub mod scenario;

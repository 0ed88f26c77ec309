//! The MDP of an outbound call: what can be said, what is believed, what it is worth.
//!
//! In reading order:
//!
//! - [`act`] lists what robot and customer do, [`names`] what it can be about; [`action`] numbers what the robot
//!   may choose.
//! - [`scenario::Scenario`] is one kind of call, read from a file, checked and compiled; [`diagnostic`] reports
//!   every mistake in such a file with its place.
//! - [`belief`]: [`belief::tracker::BeliefState`] turns what was said and heard into an observation, in the
//!   laboratory, from logs, and on the phone.
//! - [`call`]: [`call::Call`] is one call, [`call::batch::CallBatch`] many of them behind
//!   [`call::vector_env::VectorEnv`], the interface that learners know. [`call::customer`] has the seams to user
//!   models and channels; [`call::privileged`] shows the hidden customer to teachers and critics.
//! - [`policy`] is the seam to policies, [`rng`] the generators that every draw comes from.
//! - [`speech`] puts actions into words; [`log`] is the call log, played or real, and [`log::dialog`] shows it to
//!   people.
//!
//! What is absent: how customers behave, how long they speak, how a line mishears and how policies learn, which
//! come in through [`call::customer`] and [`policy`]. The crate reads no file and no clock, prints nothing, starts
//! no thread, and draws from no generator that was not handed to it. `env/README.md` is its architecture page.

pub mod act;
pub mod action;
pub mod names;

pub mod diagnostic;
pub mod scenario;

pub mod belief;
pub mod call;

pub mod policy;
pub mod printable;
pub mod rng;

pub mod log;
pub mod speech;

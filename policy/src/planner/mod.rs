//! Planning: trying every action on copies of a call, and taking the one after which a base policy gets the most.
//!
//! [`privileged`] copies the true call, hidden customer included: a bound on what knowing the customer is worth.
//! [`believing`] knows what a robot knows: its copies are of customers whom it supposes, given what it heard.

pub mod believing;
pub mod privileged;

pub use believing::BeliefPlanner;
pub use privileged::PlannerConfig;

//! What learners learn from: decisions, episodes, transitions, rollouts, and how they are stored and valued.

pub mod dataset;
pub mod experience;
pub mod replay;
pub mod returns;
pub mod rollout;
pub mod score;
pub mod trajectories;
pub mod transitions;

//! Channels between customer and robot, one file each; `PerfectChannel` stands in the environment.

mod confusion;
mod file;
mod likelihood;
mod model;
mod odds;
mod table;

pub use confusion::ConfusionChannel;
pub use model::{ChannelModel, KindModel, N_BINS, Origin, Rates, Second};

//! Flags of every command that plays calls.

use clap::Args;
use offhook_lab::call_plan::{CallPlan, SlotTracker};

/// Which calls to play.
#[derive(Debug, Args)]
pub struct CallArgs {
    /// Share of what the line hears right that is misheard on top, 0 to 0.3.
    #[arg(long, default_value_t = 0.0)]
    pub noise: f32,
    /// By which tracker policies follow the calls that were made with none of their own, such as script.
    #[arg(long, value_name = "focus|calibrated", default_value = "calibrated", value_parser = tracker)]
    pub tracker: SlotTracker,
    /// Calls to play.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub calls: u64,
    /// Seed of the calls.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Threads; results do not depend on it.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

fn tracker(name: &str) -> Result<SlotTracker, String> {
    match name {
        "focus" => Ok(SlotTracker::Focus),
        "calibrated" => Ok(SlotTracker::Calibrated),
        _ => Err("expected focus or calibrated".to_owned()),
    }
}

impl CallArgs {
    /// The same as the laboratory takes it.
    pub fn plan(&self) -> CallPlan {
        CallPlan {
            n_calls: self.calls,
            seed: self.seed,
            noise: self.noise,
            tracker: self.tracker,
            threads: self.threads,
        }
    }
}

//! Flags of every command that plays calls.

use clap::Args;
use offhook_lab::call_plan::CallPlan;

/// Which calls to play.
#[derive(Debug, Args)]
pub struct CallArgs {
    /// Share of what the line hears right that is misheard on top, 0 to 0.3.
    #[arg(long, default_value_t = 0.0)]
    pub noise: f32,
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

impl CallArgs {
    /// The same as the laboratory takes it.
    pub fn plan(&self) -> CallPlan {
        CallPlan {
            n_calls: self.calls,
            seed: self.seed,
            noise: self.noise,
            threads: self.threads,
        }
    }
}

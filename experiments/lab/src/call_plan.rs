//! Which calls to play: how many, drawn from which seed, over which line, on how many threads.

use offhook_env::rng::Stream;

pub use offhook_simulator::tracking::SlotTracker;

use crate::play::{Choice, Plan};

/// What simulation and evaluation have in common; held-out calls, numbered from 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CallPlan {
    /// How many calls.
    pub n_calls: u64,
    /// Their seed.
    pub seed: u64,
    /// Share of what the line hears right that is misheard on top, in `[0, 0.3]`.
    pub noise: f32,
    /// By which tracker policies follow them that were made with none of their own.
    pub tracker: SlotTracker,
    /// Threads, one per processor if not given; results do not depend on it.
    pub threads: Option<u16>,
}

impl CallPlan {
    /// The calls, for a policy that chooses so.
    pub fn episodes(&self, choice: Choice) -> Plan {
        Plan {
            seed: self.seed,
            stream: Stream::Evaluate,
            first: 0,
            n_calls: self.n_calls,
            choice,
        }
    }
}

//! One learner with one seed: trained to a budget of environment steps, judged on the way.

use std::ops::Range;

use offhook_env::call::outcome::Outcome;
use offhook_env::rng::Stream;
use offhook_policy::learner::Learner;
use offhook_simulator::world::CallWorld;
use offhook_stats::{Count, Moments};

use crate::bench::clock::{Cost, cost_of};
use crate::error::Failure;
use crate::play::{self, Choice, Plan};

/// Held-out calls of every look at the policy on the way.
const LOOK_CALLS: u64 = 1_000;
/// Held-out calls after the last step, other ones.
const FINAL_CALLS: u64 = 5_000;

/// The policy's best actions, judged at one moment of training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Environment steps learned from.
    pub steps: u64,
    /// What learning from them cost; judging is not counted.
    pub cost: Cost,
    /// Held-out calls that reached their purpose.
    pub completed: Count,
    /// Returns of those calls, in reward units.
    pub returns: Moments,
}

impl Point {
    /// Share of calls that reached their purpose.
    pub fn completion(&self) -> f64 {
        self.completed.hits as f64 / self.completed.n as f64
    }

    /// Processor time that learning took, in seconds.
    pub fn cpu_s(&self) -> f64 {
        self.cost.cpu.as_secs_f64()
    }

    /// Time that passed while learning, in seconds.
    pub fn wall_s(&self) -> f64 {
        self.cost.wall.as_secs_f64()
    }
}

/// How training went.
#[derive(Clone, Debug)]
pub struct Course {
    /// Looks at the policy in order of time; the first before any learning.
    pub looks: Vec<Point>,
    /// The final policy, judged by calls that no look has seen.
    pub end: Point,
}

impl Course {
    /// Trains `learner` until its budget is spent and looks at it about every `every` steps.
    ///
    /// # Errors
    /// If an update fails.
    pub fn run(
        world: &CallWorld,
        mut learner: Box<dyn Learner>,
        seed: u64,
        every: u64,
    ) -> Result<Self, Failure> {
        let (mut steps, mut cost) = (0, Cost::default());
        let judge = |learner: &dyn Learner, steps, cost, episodes: Range<u64>| {
            let plan = Plan {
                seed,
                stream: Stream::Evaluate,
                first: episodes.start,
                n_calls: episodes.end - episodes.start,
                choice: Choice::Best,
            };
            let calls = play::evaluate(world, &*learner.policy(), plan);
            let completed = calls.iter().filter(|c| c.outcome == Outcome::Completed);
            Point {
                steps,
                cost,
                completed: Count {
                    hits: completed.count() as u64,
                    n: plan.n_calls,
                },
                returns: Moments::of(calls.iter().map(|c| f64::from(c.return_))),
            }
        };
        let mut looks = vec![judge(&*learner, steps, cost, 0..LOOK_CALLS)];
        while !learner.is_done() {
            let (update, spent) = cost_of(|| learner.update());
            cost += spent;
            let before = steps;
            steps = update?.steps;
            if steps / every > before / every || learner.is_done() {
                looks.push(judge(&*learner, steps, cost, 0..LOOK_CALLS));
            }
        }
        let others = LOOK_CALLS..LOOK_CALLS + FINAL_CALLS;
        let end = judge(&*learner, steps, cost, others);
        Ok(Self { looks, end })
    }

    /// The first look at which at least `target` of the calls were completed.
    pub fn reached(&self, target: f64) -> Option<&Point> {
        self.looks.iter().find(|look| look.completion() >= target)
    }
}

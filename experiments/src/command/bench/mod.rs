//! `offhook bench`: the speeds that matter, measured on this machine.

mod clock;
mod env;
mod learn;
mod table;

use std::time::{Duration, Instant};

use clock::{Cost, cost_of};

use crate::cli::{BenchArgs, BenchTarget};
use crate::terminal::outln;
use offhook_lab::error::Failure;
use offhook_lab::unit::Unit;
use offhook_report::record::Record;
use offhook_simulator::bundled;
use offhook_simulator::world;
use offhook_stats::Estimate;

/// Least length of a window, and of all windows together; the fastest counts, since other work on the
/// machine only slows down.
const WINDOW: Duration = Duration::from_millis(10);
const ALL_WINDOWS: Duration = Duration::from_millis(2_500);

/// Runs the command.
///
/// # Errors
/// If a bundled file has mistakes.
pub fn run(args: &BenchArgs) -> Result<(), Failure> {
    let wants = |target| args.subject.is_none_or(|t| t == target);
    if wants(BenchTarget::Env) {
        for file in bundled::SCENARIOS
            .files
            .iter()
            .filter(|file| bundled::has_population(file.text))
        {
            let world = world::load(file.name, None)?.world;
            env::run(args, file.name, &world);
        }
    }
    if wants(BenchTarget::Learn) {
        learn::run(args)?;
    }
    if wants(BenchTarget::Table) {
        table::run(args)?;
    }
    Ok(())
}

/// One figure, as a line of text or JSON.
fn report(
    args: &BenchArgs,
    metric: &str,
    estimate: impl Into<Estimate>,
    n: u64,
    unit: &Unit,
    place: &[(&'static str, String)],
) {
    let estimate = estimate.into();
    if args.json {
        let place = place.iter().map(|(name, value)| (*name, value.as_str()));
        outln!(
            "{}",
            Record::new(metric, estimate, n, unit, place).to_json()
        );
    } else {
        let place: Vec<String> = place
            .iter()
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        outln!(
            "{metric:<28} {:>14} {:<12} {}",
            unit.estimate(&estimate),
            unit.name(),
            place.join(", ")
        );
    }
}

/// Fastest of several windows of `work`, which returns how much it did: amount per second of CPU time or wall time,
/// whichever `time` takes of a window's cost, and the amount in all.
fn best_rate(time: fn(Cost) -> Duration, mut work: impl FnMut() -> u64) -> (f64, u64) {
    let mut best = 0.0f64;
    let mut total = 0;
    let first = Instant::now();
    while first.elapsed() < ALL_WINDOWS {
        let start = Instant::now();
        let (done, cost) = cost_of(|| {
            let mut done = 0;
            while start.elapsed() < WINDOW {
                done += work();
            }
            done
        });
        best = best.max(done as f64 / time(cost).as_secs_f64());
        total += done;
    }
    (best, total)
}

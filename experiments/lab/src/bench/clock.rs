//! What work costs: CPU time and wall time between two looks, how often it can be done in a second, and the
//! most memory the process ever had. The laboratory's only clock: a speed is time.

use std::fs;
use std::ops::AddAssign;
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;

/// Least length of a window, and of all windows together; the fastest counts, since other work on the
/// machine only slows down.
const WINDOW: Duration = Duration::from_millis(10);
const ALL_WINDOWS: Duration = Duration::from_millis(2_500);

/// CPU time of all threads and wall time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Time that the process spent on processors.
    pub cpu: Duration,
    /// Time that passed.
    pub wall: Duration,
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.cpu += other.cpu;
        self.wall += other.wall;
    }
}

/// Does `work` and says what it cost.
pub fn cost_of<R>(work: impl FnOnce() -> R) -> (R, Cost) {
    let (cpu, wall) = (ProcessTime::now(), Instant::now());
    let result = work();
    let cost = Cost {
        cpu: cpu.elapsed(),
        wall: wall.elapsed(),
    };
    (result, cost)
}

/// Fastest of several windows of `work`, which returns how much it did: amount per second of CPU time or wall time,
/// whichever `time` takes of a window's cost, and the amount in all.
pub fn best_rate(time: fn(Cost) -> Duration, mut work: impl FnMut() -> u64) -> (f64, u64) {
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

/// The most memory that the process ever had at once, in MB of a million bytes; `None` where the system
/// does not tell as Linux does.
pub fn peak_memory_mb() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_told_on_linux_and_nowhere_made_up() {
        let plausible = |mb: f64| (1.0..1e6).contains(&mb);
        assert_eq!(
            peak_memory_mb().is_some_and(plausible),
            cfg!(target_os = "linux")
        );
    }
}

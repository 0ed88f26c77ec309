//! Which edges of the code a load went through, and how often, where the compiler counts them.
//!
//! LLVM's inline 8-bit counters (SanitizerCoverage) need flags and no library:
//!
//! ```text
//! RUSTFLAGS='-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=3
//!   -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Ccodegen-units=1'
//! ```
//!
//! Code that was compiled without them registers no counters, and nothing here ever sees anything.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, Ordering};

/// The counters of each part of the program.
static COUNTERS: Mutex<Vec<&'static [AtomicU8]>> = Mutex::new(Vec::new());

#[expect(unsafe_code, reason = "the name and the signature are LLVM's")]
#[unsafe(no_mangle)]
extern "C" fn __sanitizer_cov_8bit_counters_init(start: *const AtomicU8, stop: *const AtomicU8) {
    let n_counters = stop.addr().saturating_sub(start.addr());
    if n_counters == 0 {
        return;
    }
    // SAFETY: LLVM passes the two ends of one static array of bytes, which instrumented code adds to
    // without synchronization; it does so on the one thread that fuzzes.
    let counters = unsafe { std::slice::from_raw_parts(start, n_counters) };
    let mut all = COUNTERS.lock().unwrap_or_else(|e| e.into_inner());
    if all.iter().all(|known| known.as_ptr() != start) {
        all.push(counters);
    }
}

/// Every edge seen so far, with how often within one load: once, twice, 3, 4-7, 8-15, 16-31, 32-127
/// or more times, as AFL sorts them (M. Zalewski, technical whitepaper of AFL, section 2).
pub struct Coverage {
    counters: Vec<&'static [AtomicU8]>,
    /// Per counter, one bit for each of the eight classes.
    seen: Vec<u8>,
}

impl Coverage {
    /// Nothing seen yet.
    pub fn new() -> Self {
        let counters = COUNTERS.lock().unwrap_or_else(|e| e.into_inner()).clone();
        let n_counters = counters.iter().map(|part| part.len()).sum();
        Self {
            counters,
            seen: vec![0; n_counters],
        }
    }

    /// Counts from zero.
    pub fn clear(&self) {
        for counter in self.counters.iter().copied().flatten() {
            counter.store(0, Ordering::Relaxed);
        }
    }

    /// Whether what was counted since holds anything new, which is remembered.
    pub fn found_new(&mut self) -> bool {
        let mut any = false;
        let counters = self.counters.iter().copied().flatten();
        for (counter, seen) in counters.zip(&mut self.seen) {
            let class = class(counter.load(Ordering::Relaxed));
            any |= class & !*seen != 0;
            *seen |= class;
        }
        any
    }

    /// Whether edges are counted at all.
    pub fn is_on(&self) -> bool {
        !self.seen.is_empty()
    }

    /// Edges seen, and edges there are; `None` where none are counted.
    pub fn n_edges(&self) -> Option<(usize, usize)> {
        let n_seen = self.seen.iter().filter(|classes| **classes != 0).count();
        self.is_on().then_some((n_seen, self.seen.len()))
    }
}

/// The bit of a count; none for zero.
fn class(count: u8) -> u8 {
    match count {
        0 => 0,
        1 => 1,
        2 => 2,
        3 => 4,
        4..8 => 8,
        8..16 => 16,
        16..32 => 32,
        32..128 => 64,
        128.. => 128,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_is_new_once_per_class_of_its_count() {
        static PART: [AtomicU8; 2] = [AtomicU8::new(0), AtomicU8::new(0)];
        let mut coverage = Coverage {
            counters: vec![&PART],
            seen: vec![0; 2],
        };
        assert!(!coverage.found_new());
        for (count, is_new) in [(1, true), (1, false), (5, true), (6, false), (200, true)] {
            PART[1].store(count, Ordering::Relaxed);
            assert_eq!(coverage.found_new(), is_new, "{count}");
        }
        assert_eq!(coverage.n_edges(), Some((1, 2)));
        coverage.clear();
        assert!(!coverage.found_new());
    }
}

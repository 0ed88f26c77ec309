//! How much memory a piece of work holds at its peak.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, counting the bytes that each thread holds.
struct CountingAllocator;

fn grow(n_bytes: usize) {
    let _ = HELD.try_with(|held| {
        held.set(held.get().wrapping_add(n_bytes));
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(held.get())));
    });
}

fn shrink(n_bytes: usize) {
    // What another thread made may be freed here; nothing is measured across threads.
    let _ = HELD.try_with(|held| held.set(held.get().saturating_sub(n_bytes)));
}

#[expect(unsafe_code, reason = "an allocator cannot be written without")]
// SAFETY: every call is passed on unchanged, so the system's guarantees hold.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        shrink(layout.size());
        // SAFETY: the caller keeps the contract of `dealloc`, which is the same.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// What the work returns, and the most bytes that it held at once.
pub fn peak_of<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = HELD.with(Cell::get);
    PEAK.with(|peak| peak.set(before));
    let result = work();
    (result, PEAK.with(Cell::get).saturating_sub(before))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_peak_is_what_was_held_at_once() {
        let (_, peak) = super::peak_of(|| {
            drop(vec![0u8; 1000]);
            vec![0u8; 700]
        });
        assert!((1000..1100).contains(&peak), "{peak}");
    }
}

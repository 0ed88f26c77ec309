//! A decision asks the allocator for nothing, and neither does counting it; [`crate::agent`] says the same of
//! calls.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

use offhook_table::testing::{SplitMix, random_codes, random_table};
use offhook_table::{DecisionTable, Monitor};

thread_local! {
    static N_ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

struct CountingAllocator;

#[expect(unsafe_code, reason = "an allocator cannot be written without")]
// SAFETY: every call is passed on unchanged, so the system's guarantees hold.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = N_ALLOCATIONS.try_with(|n| n.set(n.get() + 1));
        // SAFETY: the caller keeps the contract of `alloc`, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`, which is the same.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

pub(crate) fn allocations_of(work: impl FnOnce()) -> u64 {
    let before = N_ALLOCATIONS.with(Cell::get);
    work();
    N_ALLOCATIONS.with(Cell::get) - before
}

fn names<'t>(table: &'t DecisionTable, codes: &[u8]) -> Vec<(&'t str, &'t str)> {
    let features = table.layout().features().iter().zip(codes);
    features
        .map(|(f, &code)| (f.name.as_str(), f.levels[usize::from(code)].as_str()))
        .collect()
}

#[test]
fn decisions_by_code_and_by_name_and_their_counters_allocate_nothing() {
    let table = random_table(1, 200, 12);
    let mut monitor = Monitor::new(&table);
    let mut rng = SplitMix(1);
    for _ in 0..100 {
        let codes = random_codes(table.layout(), &mut rng);
        let named = names(&table, &codes);
        let n_allocations = allocations_of(|| {
            let decision = table.decide(black_box(&codes));
            monitor.record(&codes, decision);
            monitor.record(&[255], table.decide(black_box(&[255])));
            assert_eq!(table.decide_named(black_box(&named)), Ok(decision));
        });
        assert_eq!(n_allocations, 0);
    }
    assert!(
        allocations_of(|| drop(black_box(names(&table, &[0; 12])))) > 0,
        "the count works"
    );
}

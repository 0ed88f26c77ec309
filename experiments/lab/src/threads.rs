//! The number of threads; results never depend on it.

/// Runs `work` on a pool of `n_threads`, or of one per processor.
pub fn install<R: Send>(n_threads: Option<u16>, work: impl FnOnce() -> R + Send) -> R {
    match rayon::ThreadPoolBuilder::new()
        .num_threads(n_threads.map_or(0, usize::from))
        .build()
    {
        Ok(pool) => pool.install(work),
        // A machine that grants no further threads still has this one.
        Err(_) => work(),
    }
}

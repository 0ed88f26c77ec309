//! Whether somebody wants the work to end early, such as with Ctrl-C.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::Failure;

/// Set from outside; work that sees it ends at the next point at which nothing is lost, and leaves nothing half
/// written.
#[derive(Debug, Default)]
pub struct Stop(AtomicBool);

impl Stop {
    /// Nobody wants an end yet.
    pub const fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    /// Asks for an end.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether an end is wanted.
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Ends work where nothing is lost.
    ///
    /// # Errors
    /// If an end is wanted.
    pub fn check(&self) -> Result<(), Failure> {
        match self.is_asked() {
            true => Err(Failure::interrupted(
                "what was begun is not written; start it again",
            )),
            false => Ok(()),
        }
    }
}

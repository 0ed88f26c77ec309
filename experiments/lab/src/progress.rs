//! How far an experiment is, for whoever wants to show it.

use std::cell::Cell;
use std::path::Path;

/// Shows how far each training seed is; called from the threads that train.
pub trait Progress: Sync {
    /// A stage begins: its length, and where it goes on after an interruption, in its own steps.
    fn stage(&self, seed: u64, stage: &str, length: u64, position: u64);

    /// The stage is so far.
    fn position(&self, seed: u64, position: u64);

    /// The stage is done again, since a file that it would go on from is not what the run has written.
    fn again(&self, seed: u64, stage: &str, file: &Path);

    /// The seed has gone through every stage.
    fn done(&self, seed: u64);

    /// Something that is worth a line of its own.
    fn note(&self, text: &str);
}

/// Shows nothing.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Progress for Silent {
    fn stage(&self, _seed: u64, _stage: &str, _length: u64, _position: u64) {}

    fn position(&self, _seed: u64, _position: u64) {}

    fn again(&self, _seed: u64, _stage: &str, _file: &Path) {}

    fn done(&self, _seed: u64) {}

    fn note(&self, _text: &str) {}
}

/// The progress of one seed.
pub(crate) struct SeedProgress<'a> {
    progress: &'a dyn Progress,
    seed: u64,
    position: Cell<u64>,
}

impl<'a> SeedProgress<'a> {
    pub(crate) fn new(progress: &'a dyn Progress, seed: u64) -> Self {
        Self {
            progress,
            seed,
            position: Cell::new(0),
        }
    }

    /// A stage begins.
    pub(crate) fn stage(&self, stage: &str, length: u64, position: u64) {
        self.position.set(position);
        self.progress.stage(self.seed, stage, length, position);
    }

    /// The stage is so far.
    pub(crate) fn set(&self, position: u64) {
        self.position.set(position);
        self.progress.position(self.seed, position);
    }

    /// The stage is one step further.
    pub(crate) fn step(&self) {
        self.set(self.position.get() + 1);
    }

    /// The stage is done again, since a file is not what the run has written.
    pub(crate) fn again(&self, stage: &str, file: &Path) {
        self.progress.again(self.seed, stage, file);
    }

    /// All stages are done.
    pub(crate) fn done(&self) {
        self.progress.done(self.seed);
    }
}

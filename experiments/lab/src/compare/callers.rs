//! Who was called in the held-out calls of a run, drawn again from every call's episode.

use std::path::Path;

use offhook_env::rng::Stream;

use crate::error::Failure;
use crate::run::judge::Entry;
use crate::run::stored::StoredRun;
use crate::segment::Segments;

/// Who was called in the held-out calls of a run.
pub struct Callers {
    /// The feature by which they are told apart.
    pub(super) by: Segments,
    /// Place of its value, by seed and call.
    places: Vec<Vec<usize>>,
}

impl Callers {
    /// Draws the callers of a run's calls again; every policy has played the same ones.
    ///
    /// # Errors
    /// If the run's scenario cannot be read or has no such feature.
    pub(super) fn read(
        path: &Path,
        by: &str,
        seeds: &[u64],
        entry: Option<&Entry>,
    ) -> Result<Self, Failure> {
        let no_run = || {
            Failure::failed(format!(
                "'{}' is not the directory of a run",
                path.display()
            ))
        };
        let loaded = StoredRun::of(path).ok_or_else(no_run)?.load()?;
        let by = Segments::find(&loaded.world.scenario, by)?;
        let calls = entry.map_or(&[][..], Entry::calls);
        let of_seed =
            |(seed, calls): (&u64, _)| by.of_calls(&loaded.world, (*seed, Stream::Evaluate), calls);
        let calls = calls.iter().map(Vec::as_slice);
        let places = seeds.iter().zip(calls).map(of_seed).collect();
        Ok(Self { by, places })
    }

    /// The calls of a policy with callers of one kind.
    pub(super) fn part(&self, entry: &Entry, place: usize) -> Entry {
        entry.part(|seed, call| self.places[seed][call] == place)
    }
}

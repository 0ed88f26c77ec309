//! Work on decision tables: what they decide, whether they are proved, what they meet, what a new one changes.
//!
//! - [`export`] writes a table in a format; [`sign`] signs a file and checks signatures.
//! - [`decide`] answers observations; [`verify`] proves.
//! - [`turns`] puts a log before a table: [`show`] takes examples from one, [`drift`] holds its traffic against
//!   what was expected, [`diff`] counts what another table would change.
//! - [`distill`] makes tables in several ways and says what each loses.
//!
//! A table of a run or a release finds its own scenario; another one the scenario that it names.

pub mod decide;
pub mod diff;
pub mod distill;
pub mod drift;
pub mod export;
pub mod show;
pub mod sign;
pub mod turns;
pub mod verify;

use std::path::Path;
use std::sync::Arc;

use offhook_env::scenario::{Scenario, ScenarioText};
use offhook_table::DecisionTable;

use crate::disk::release_file;
use crate::error::Failure;
use crate::policies::table_layout;
use crate::run::stored::{self, StoredRun};

/// The scenario of a table that stands at `path`: the one that is named, else the own one of the release that it is or
/// of the run that it lies in, else the one that the table names; with its text.
///
/// # Errors
/// If there is no such scenario, it has mistakes, or the table was built for another.
pub fn scenario_of(
    table: &DecisionTable,
    path: &Path,
    named: Option<&str>,
) -> Result<(Arc<Scenario>, ScenarioText), Failure> {
    let (scenario, text) = match (named, StoredRun::of(path)) {
        (Some(name), _) => stored::scenario_for(name, &path.display().to_string())?,
        (None, Some(run)) => run.scenario()?,
        (None, None) => match release_file::read(path)? {
            Some(release) => {
                let text = release.content().scenario.clone();
                (Arc::new(Scenario::parse(&text)?), text)
            }
            None => stored::scenario_for(table.scenario(), &path.display().to_string())?,
        },
    };
    table.check_built_for(&scenario.name, &table_layout(&scenario)?)?;
    Ok((scenario, text))
}

//! Putting scenario, customers and channel together.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use offhook_env::call::World;
use offhook_env::customer::{Channel, PerfectChannel};
use offhook_env::scenario::Scenario;
use offhook_simulator::channel::ConfusionChannel;
use offhook_simulator::population::Population;
use offhook_simulator::user::AgendaCustomers;
use pyo3::PyResult;
use pyo3::exceptions::{PyFileNotFoundError, PyValueError};

use crate::bundled::{CHANNELS, SCENARIOS};

/// Reads a scenario, by path or by the name of a bundled one, with its population and channel.
///
/// # Errors
/// `FileNotFoundError` if there is no such file or name, `ValueError` with every mistake in one.
pub fn load(name: &str) -> PyResult<Arc<World<AgendaCustomers>>> {
    let (file, text) = find("scenario", SCENARIOS, name, None)?;
    let scenario = Arc::new(Scenario::parse(&file, &text).map_err(mistakes)?);
    let population = Population::parse(&file, &text, &scenario).map_err(mistakes)?;
    let channel: Arc<dyn Channel> = match scenario.channel.as_deref() {
        None | Some("perfect") => Arc::new(PerfectChannel),
        Some(channel) => {
            let (file, text) = find("channel", CHANNELS, channel, Path::new(&file).parent())?;
            Arc::new(ConfusionChannel::parse(&file, &text, &scenario).map_err(mistakes)?)
        }
    };
    let customers = AgendaCustomers::new(population, &scenario);
    Ok(Arc::new(World {
        scenario,
        customers,
        channel,
    }))
}

/// File name and text: a path wins (seen from `base`, if it is not there from here), else a
/// bundled file by name.
fn find(
    what: &str,
    bundled: &[(&str, &str)],
    name: &str,
    base: Option<&Path>,
) -> PyResult<(String, String)> {
    let beside = base.map(|base| base.join(name));
    let path = [Some(Path::new(name)), beside.as_deref()]
        .into_iter()
        .flatten()
        .find(|path| path.is_file());
    if let Some(path) = path {
        let file = path.display().to_string();
        let text = fs::read_to_string(path)
            .map_err(|e| PyValueError::new_err(format!("cannot read '{file}': {e}")))?;
        return Ok((file, text));
    }
    if let Some((_, text)) = bundled.iter().find(|(known, _)| *known == name) {
        return Ok((format!("{name}.toml (bundled)"), (*text).to_owned()));
    }
    let names: Vec<_> = bundled.iter().map(|(name, _)| *name).collect();
    Err(PyFileNotFoundError::new_err(format!(
        "no {what} '{name}': neither a file nor one of the bundled {}",
        names.join(", ")
    )))
}

fn mistakes(error: impl std::fmt::Display) -> pyo3::PyErr {
    PyValueError::new_err(error.to_string())
}

//! Putting scenario, customers and channel together.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use offhook_env::call::World;
use offhook_env::call::customer::{Channel, PerfectChannel};
use offhook_env::diagnostic::Text;
use offhook_env::scenario::{Scenario, ScenarioText};
use offhook_simulator::channel::ConfusionChannel;
use offhook_simulator::population::Population;
use offhook_simulator::user::AgendaCustomers;
use pyo3::PyResult;
use pyo3::exceptions::{PyFileNotFoundError, PyValueError};

use crate::bundled::{CHANNELS, LIBRARY, SCENARIOS};

/// Reads a scenario, by path or by the name of a bundled one, with its population and channel.
///
/// # Errors
/// `FileNotFoundError` if there is no such file or name, `ValueError` with every mistake in one.
pub fn load(name: &str) -> PyResult<Arc<World<AgendaCustomers>>> {
    let text = texts(name)?;
    let scenario = Arc::new(Scenario::parse(&text).map_err(mistakes)?);
    let population = Population::parse(&text, &scenario).map_err(mistakes)?;
    let channel: Arc<dyn Channel> = match scenario.channel.as_deref() {
        None | Some("perfect") => Arc::new(PerfectChannel),
        Some(channel) => {
            let beside = Path::new(&text.main.file).parent();
            let Text { file, text } = find("channel", CHANNELS, channel, beside)?;
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

/// A scenario's text with those of its sub-processes: a file `library/<name>.toml` beside the
/// scenario wins, else a bundled one.
fn texts(name: &str) -> PyResult<ScenarioText> {
    let main = find("scenario", SCENARIOS, name, None)?;
    let folder = Path::new(&main.file).with_file_name("library");
    ScenarioText::gather(main, |name| {
        let path = folder.join(format!("{name}.toml"));
        if path.is_file() {
            return read(&path).map(Some);
        }
        let part = LIBRARY.iter().find(|(known, _)| *known == name);
        Ok(part.map(to_text))
    })
}

/// A path wins (seen from `base`, if it is not there from here), else a bundled file by name.
fn find(what: &str, bundled: &[(&str, &str)], name: &str, base: Option<&Path>) -> PyResult<Text> {
    let beside = base.map(|base| base.join(name));
    let path = [Some(Path::new(name)), beside.as_deref()]
        .into_iter()
        .flatten()
        .find(|path| path.is_file());
    if let Some(path) = path {
        return read(path);
    }
    if let Some(file) = bundled.iter().find(|(known, _)| *known == name) {
        return Ok(to_text(file));
    }
    let names: Vec<_> = bundled.iter().map(|(name, _)| *name).collect();
    Err(PyFileNotFoundError::new_err(format!(
        "no {what} '{name}': neither a file nor one of the bundled {}",
        names.join(", ")
    )))
}

fn to_text((name, text): &(&str, &str)) -> Text {
    Text {
        file: format!("{name}.toml (bundled)"),
        text: (*text).to_owned(),
    }
}

fn read(path: &Path) -> PyResult<Text> {
    let file = path.display().to_string();
    match fs::read_to_string(path) {
        Ok(text) => Ok(Text { file, text }),
        Err(e) => Err(PyValueError::new_err(format!("cannot read '{file}': {e}"))),
    }
}

fn mistakes(error: impl std::fmt::Display) -> pyo3::PyErr {
    PyValueError::new_err(error.to_string())
}

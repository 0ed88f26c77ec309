//! A scenario as Python sees it.

use std::sync::Arc;

use offhook_env::call::World;
use offhook_simulator::bundled::{FindError, SCENARIOS, has_population};
use offhook_simulator::user::AgendaCustomers;
use offhook_simulator::world::{self, LoadError};
use pyo3::exceptions::{PyFileNotFoundError, PyValueError};
use pyo3::prelude::*;

/// One kind of call with its customers and channel; environments may share it.
#[pyclass(frozen, module = "offhook")]
pub struct Scenario {
    /// The calls' world.
    pub world: Arc<World<AgendaCustomers>>,
}

#[pymethods]
impl Scenario {
    /// Reads a bundled scenario by name, or a file.
    #[new]
    fn new(name: &str) -> PyResult<Self> {
        let loaded = world::load(name, None).map_err(not_loaded)?;
        Ok(Self {
            world: Arc::new(World {
                scenario: loaded.world.scenario.clone(),
                customers: loaded.people,
                channel: loaded.world.channel.clone(),
            }),
        })
    }

    /// Its name.
    #[getter]
    fn name(&self) -> &str {
        &self.world.scenario.name
    }

    /// What the call is for, in a sentence.
    #[getter]
    fn purpose(&self) -> &str {
        &self.world.scenario.purpose
    }

    /// System turns after which a call is truncated.
    #[getter]
    fn max_turns(&self) -> u16 {
        self.world.scenario.max_turns
    }

    /// Name and level names of every feature, in the order of the observation.
    #[getter]
    fn features(&self) -> Vec<(&str, Vec<&str>)> {
        let features = self.world.scenario.layout.features.iter();
        features
            .map(|f| {
                let levels = f.levels.iter().map(String::as_str).collect();
                (f.name.as_str(), levels)
            })
            .collect()
    }

    /// Names of the actions, in the order of their numbers.
    #[getter]
    fn actions(&self) -> Vec<&str> {
        let actions = self.world.scenario.layout.actions.iter();
        actions.map(String::as_str).collect()
    }

    fn __repr__(&self) -> String {
        format!("Scenario({})", self.name())
    }
}

/// Names of the bundled scenarios whose calls can be simulated.
#[pyfunction]
pub fn scenarios() -> Vec<&'static str> {
    let played = SCENARIOS.files.iter();
    let played = played.filter(|file| has_population(file.text));
    played.map(|file| file.name).collect()
}

fn not_loaded(error: LoadError) -> PyErr {
    match error {
        LoadError::Find(error @ FindError::Unknown { .. }) => {
            PyFileNotFoundError::new_err(error.to_string())
        }
        error => PyValueError::new_err(error.to_string()),
    }
}

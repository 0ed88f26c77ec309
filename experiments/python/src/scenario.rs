//! A scenario as Python sees it.

use std::sync::Arc;

use offhook_env::call::World;
use offhook_simulator::user::AgendaCustomers;
use pyo3::prelude::*;

use crate::world;

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
        let world = world::load(name)?;
        Ok(Self { world })
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

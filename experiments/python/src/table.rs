//! A decision table as Python sees it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use numpy::PyReadonlyArray1;
use offhook_table::agent::layout_of;
use offhook_table::{DecisionTable, TableError};
use pyo3::exceptions::{PyFileNotFoundError, PyKeyError, PyOSError, PyValueError};
use pyo3::prelude::*;

use crate::scenario::Scenario;

/// A decision table, loaded and checked; it never changes, so that threads may share it.
#[pyclass(frozen, module = "offhook")]
pub struct Table {
    table: DecisionTable,
}

/// What a table says about one observation.
#[pyclass(frozen, get_all, module = "offhook")]
pub struct Decision {
    /// Number of the action to take.
    action: u8,
    /// Its name.
    name: String,
    /// Id of the rule that fired; None when none did and the default action is taken.
    rule: Option<String>,
}

fn value_error(error: TableError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// The bytes of a file.
///
/// # Errors
/// `FileNotFoundError`, or `OSError`.
pub fn read_file(path: &Path) -> PyResult<Vec<u8>> {
    std::fs::read(path).map_err(|error| {
        let message = format!("cannot read '{}': {error}", path.display());
        match error.kind() {
            std::io::ErrorKind::NotFound => PyFileNotFoundError::new_err(message),
            _ => PyOSError::new_err(message),
        }
    })
}

impl Table {
    fn decision(&self, decision: offhook_table::Decision) -> Decision {
        let rule = decision.rule.map(|rule| &self.table.rules()[rule as usize]);
        Decision {
            action: decision.action,
            name: self.table.action_name(decision.action).to_owned(),
            rule: rule.map(|rule| rule.id.clone()),
        }
    }
}

#[pymethods]
impl Table {
    /// Reads a table file: JSON, DPT, CSV or DMN.
    #[new]
    fn new(path: PathBuf) -> PyResult<Self> {
        Self::from_bytes(&read_file(&path)?)
    }

    /// Reads the bytes of a table file; any bytes are safe.
    #[staticmethod]
    fn from_bytes(bytes: &[u8]) -> PyResult<Self> {
        let table = DecisionTable::from_bytes(bytes).map_err(value_error)?;
        Ok(Self { table })
    }

    /// Name of the scenario that the table was built for.
    #[getter]
    fn scenario(&self) -> &str {
        self.table.scenario()
    }

    /// Hash of its features, levels and actions.
    #[getter]
    fn layout(&self) -> &str {
        self.table.layout().hash()
    }

    /// SHA-256 over its content.
    #[getter]
    fn checksum(&self) -> &str {
        self.table.checksum()
    }

    /// Names of the actions, in the order of their numbers.
    #[getter]
    fn actions(&self) -> Vec<&str> {
        let actions = self.table.layout().actions().iter();
        actions.map(String::as_str).collect()
    }

    /// Refuses another scenario than the one that the table was built for.
    fn check_built_for(&self, scenario: &Scenario) -> PyResult<()> {
        let scenario = &scenario.world.scenario;
        let layout = layout_of(scenario).map_err(value_error)?;
        self.table
            .check_built_for(&scenario.name, &layout)
            .map_err(value_error)
    }

    /// Decides by one level code per feature, as environments observe them.
    fn decide(&self, codes: PyReadonlyArray1<'_, u8>) -> PyResult<Decision> {
        let codes = codes.as_slice()?;
        let n_features = self.table.layout().features().len();
        if codes.len() != n_features {
            let found = codes.len();
            return Err(PyValueError::new_err(format!(
                "the observation has {found} codes, expected {n_features}, one per feature"
            )));
        }
        Ok(self.decision(self.table.decide(codes)))
    }

    /// Decides by names, feature to level; features that no rule tests may be left out.
    fn decide_named(&self, levels: HashMap<String, String>) -> PyResult<Decision> {
        // In order, so that of several mistakes always the same one is told.
        let mut named: Vec<(&str, &str)> = levels
            .iter()
            .map(|(feature, level)| (feature.as_str(), level.as_str()))
            .collect();
        named.sort_unstable();
        let decision = self.table.decide_named(&named);
        Ok(self.decision(decision.map_err(|error| PyKeyError::new_err(error.to_string()))?))
    }

    fn __len__(&self) -> usize {
        self.table.rules().len()
    }

    fn __repr__(&self) -> String {
        let (scenario, n_rules) = (self.table.scenario(), self.table.rules().len());
        format!("Table({scenario}, {n_rules} rules)")
    }
}

#[pymethods]
impl Decision {
    fn __repr__(&self) -> String {
        let rule = self.rule.as_deref().unwrap_or("none");
        format!("Decision({}, rule {rule})", self.name)
    }
}

//! One call, for `offhook.CallEnv`.

use std::sync::Arc;

use numpy::PyArray1;
use offhook_env::action::ActionMask;
use offhook_env::call::customer::Customers;
use offhook_env::call::outcome::{CallSummary, Outcome};
use offhook_env::call::{self, World};
use offhook_env::log::{PlayedLog, dialog};
use offhook_env::rng::Stream;
use offhook_simulator::user::AgendaCustomers;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::admission::{Masked, unpack};
use crate::figures;
use crate::scenario::Scenario;

type Customer = <AgendaCustomers as Customers>::Customer;
/// Observation codes and `info`.
type Seen<'py> = (Bound<'py, PyArray1<u8>>, Bound<'py, PyDict>);
/// Observation codes, reward, terminated, truncated, `info`.
type Stepped<'py> = (
    Bound<'py, PyArray1<u8>>,
    f64,
    bool,
    bool,
    Bound<'py, PyDict>,
);

/// One call at a time.
#[pyclass(module = "offhook._native")]
pub struct Call {
    world: Arc<World<AgendaCustomers>>,
    masked: Masked,
    call: Option<call::Call<Customer>>,
    keep_dialog: bool,
    /// The call's log, if the dialog is to be shown.
    log: Option<PlayedLog>,
    summary: Option<CallSummary>,
}

#[pymethods]
impl Call {
    /// `masked` is `replace` or `raise`; `keep_dialog` is needed for `dialog()`.
    #[new]
    fn new(scenario: &Scenario, masked: &str, keep_dialog: bool) -> PyResult<Self> {
        Ok(Self {
            world: scenario.world.clone(),
            masked: Masked::parse(masked)?,
            call: None,
            keep_dialog,
            log: None,
            summary: None,
        })
    }

    /// Starts training episode number `episode` of `seed`.
    fn reset<'py>(&mut self, py: Python<'py>, seed: u64, episode: u64) -> PyResult<Seen<'py>> {
        let call = call::Call::start(&self.world, seed, Stream::Train, episode);
        let record = call::record_of(&self.world, seed, Stream::Train, episode);
        let log = || PlayedLog::start(&self.world, &call, episode.to_string(), &record);
        self.log = self.keep_dialog.then(log);
        self.call = Some(call);
        self.summary = None;
        self.see(py)
    }

    /// Whether the call has begun and is not over.
    #[getter]
    fn is_running(&self) -> bool {
        self.call.is_some() && self.summary.is_none()
    }

    /// Takes one action. `RuntimeError` if the call is over, `ValueError` if there is no such
    /// action, or it is masked and masked actions are refused.
    fn step<'py>(&mut self, py: Python<'py>, action: i64) -> PyResult<Stepped<'py>> {
        let world = self.world.clone();
        let scenario = &*world.scenario;
        let Some(call) = self.call.as_mut().filter(|_| self.summary.is_none()) else {
            return Err(PyRuntimeError::new_err("reset comes before step"));
        };
        let (action, replaced) = self.masked.admit(action, call.belief.mask(), scenario)?;
        let turn = call.step(&world, action);
        if let Some(log) = &mut self.log {
            log.turn(&world, call, (action, 1.0), &turn);
        }
        self.summary = turn.summary;

        let (codes, info) = self.see(py)?;
        if replaced {
            info.set_item("masked", true)?;
        }
        if let Some(summary) = &self.summary {
            figures::add_one(&info, summary)?;
        }
        let outcome = turn.summary.map(|summary| summary.outcome);
        let truncated = outcome == Some(Outcome::Truncated);
        let terminated = outcome.is_some() && !truncated;
        Ok((codes, f64::from(turn.reward), terminated, truncated, info))
    }

    /// The allowed actions now, one bool each.
    fn action_mask<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<bool>> {
        let call = self.call.as_ref();
        let mask = call.map_or(ActionMask::default(), |call| call.belief.mask());
        let mut row = vec![false; self.world.scenario.layout.n_actions()];
        unpack(mask, &mut row);
        PyArray1::from_vec(py, row)
    }

    /// The dialog so far.
    fn dialog(&self) -> String {
        let turns = self.log.as_ref().map_or(&[][..], PlayedLog::turns);
        let turns = dialog::lines(turns);
        let last = self.summary.as_ref().map(dialog::last_line);
        turns + &last.unwrap_or_default()
    }
}

impl Call {
    fn see<'py>(&self, py: Python<'py>) -> PyResult<Seen<'py>> {
        let call = self.call.as_ref().expect("a call has begun");
        let codes = PyArray1::from_slice(py, call.belief.codes(&self.world.scenario));
        let info = PyDict::new(py);
        info.set_item("action_mask", self.action_mask(py))?;
        Ok((codes, info))
    }
}

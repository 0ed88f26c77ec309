//! Many calls at once, for `offhook.CallVectorEnv`: NumPy arrays look into the batch's own memory.

use std::sync::Arc;

use numpy::ndarray::{ArrayView1, ArrayView2};
use numpy::{Element, PyArray1, PyArray2, PyReadonlyArray1, PyUntypedArrayMethods};
use offhook_env::action::ActionId;
use offhook_env::call::World;
use offhook_env::call::batch;
use offhook_env::call::vector_env::{StepBatch, VectorEnv};
use offhook_env::rng::{Stream, mix};
use offhook_simulator::user::AgendaCustomers;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::admission::{Masked, unpack};
use crate::figures;
use crate::scenario::Scenario;

/// Calls of one scenario, stepped together, with same-step autoreset.
///
/// The arrays it hands out are made once and show what the last step wrote.
#[pyclass(module = "offhook._native")]
pub struct CallBatch {
    world: Arc<World<AgendaCustomers>>,
    masked: Masked,
    calls: batch::CallBatch<AgendaCustomers>,
    /// Its vectors keep their length, so that arrays may look into them.
    out: StepBatch,
    actions: Vec<ActionId>,
    /// Calls whose action was replaced in the last step.
    replaced: Vec<bool>,
    /// Calls that ended in the last step.
    over: Vec<bool>,
    /// Allowed actions as one bool each, `n_calls x n_actions`.
    action_mask: Vec<bool>,
    is_running: bool,
    /// Highest number of an episode that was started.
    last_episode: u64,
    /// Position in the random actions of `play_random`.
    draw: u64,
}

#[pymethods]
impl CallBatch {
    /// `n_calls` calls; `masked` is `replace` or `raise`.
    #[new]
    fn new(scenario: &Scenario, n_calls: usize, masked: &str) -> PyResult<Self> {
        if n_calls == 0 || n_calls > u32::MAX as usize {
            return Err(PyValueError::new_err(format!(
                "num_envs must be at least 1 and fit 32 bits, not {n_calls}"
            )));
        }
        let world = scenario.world.clone();
        let layout = &world.scenario.layout;
        Ok(Self {
            masked: Masked::parse(masked)?,
            calls: batch::CallBatch::new(world.clone(), n_calls, 0),
            out: StepBatch::new(n_calls, layout.n_features()),
            actions: vec![0; n_calls],
            replaced: vec![false; n_calls],
            over: vec![false; n_calls],
            action_mask: vec![false; n_calls * layout.n_actions()],
            is_running: false,
            last_episode: 0,
            draw: 0,
            world,
        })
    }

    /// Starts anew: call `i` plays training episodes `first + i`, `first + i + n_calls`, ... of
    /// `seed`.
    fn reset(&mut self, seed: u64, first: u64) {
        let n_calls = self.out.masks.len();
        self.calls = batch::CallBatch::new(self.world.clone(), n_calls, first);
        self.calls.reset(seed, Stream::Train, &mut self.out);
        self.last_episode = first + n_calls as u64 - 1;
        self.is_running = true;
        self.unpack_masks();
    }

    /// The first number behind all episodes that were started, so that none is played twice.
    #[getter]
    fn next_episode(&self) -> u64 {
        self.last_episode + u64::from(self.is_running)
    }

    /// Takes one action per call; returns how many calls ended and how many actions were replaced.
    ///
    /// `ValueError` if the actions are not one per call, there is no such action, or one is masked
    /// and masked actions are refused; then no call has moved. `RuntimeError` before `reset`.
    fn step(&mut self, actions: PyReadonlyArray1<'_, i64>) -> PyResult<(usize, usize)> {
        if !self.is_running {
            return Err(PyRuntimeError::new_err("reset comes before step"));
        }
        if actions.len() != self.actions.len() {
            return Err(PyValueError::new_err(format!(
                "{} actions for {} calls; give one each",
                actions.len(),
                self.actions.len()
            )));
        }
        let mut n_replaced = 0;
        for (slot, &action) in actions.as_array().iter().enumerate() {
            let mask = self.out.masks[slot];
            let admitted = self.masked.admit(action, mask, &self.world.scenario);
            (self.actions[slot], self.replaced[slot]) = admitted.map_err(|e| {
                let message = format!("call {slot}: {}", e.value(actions.py()));
                PyValueError::new_err(message)
            })?;
            n_replaced += usize::from(self.replaced[slot]);
        }
        self.advance();
        self.over.fill(false);
        for (slot, _) in &self.out.ended {
            self.over[*slot as usize] = true;
        }
        self.unpack_masks();
        Ok((self.out.ended.len(), n_replaced))
    }

    /// Takes `n_steps` random allowed actions in every call, all inside Rust, to measure how fast
    /// that is; arrays then show the last step.
    fn play_random(&mut self, n_steps: usize) -> PyResult<()> {
        if !self.is_running {
            return Err(PyRuntimeError::new_err("reset comes before step"));
        }
        for _ in 0..n_steps {
            for (action, mask) in self.actions.iter_mut().zip(&self.out.masks) {
                self.draw += 1;
                let bits = mix(self.draw) >> 32;
                *action = mask.nth(((bits * u64::from(mask.count())) >> 32) as u32);
            }
            self.advance();
        }
        self.unpack_masks();
        Ok(())
    }

    /// One allowed action per call: the one that `uniform` in `[0, 1)` points to.
    fn pick<'py>(
        &self,
        py: Python<'py>,
        uniform: PyReadonlyArray1<'_, f64>,
    ) -> PyResult<Bound<'py, PyArray1<i64>>> {
        if !self.is_running || uniform.len() != self.actions.len() {
            let message = "after reset, give one number per call";
            return Err(PyValueError::new_err(message));
        }
        let pick = |(mask, &at): (&offhook_env::action::ActionMask, &f64)| {
            let last = mask.count() - 1;
            i64::from(mask.nth(((at * f64::from(mask.count())) as u32).min(last)))
        };
        let uniform = uniform.as_array();
        let actions = self.out.masks.iter().zip(uniform.iter()).map(pick);
        Ok(PyArray1::from_vec(py, actions.collect()))
    }

    /// Observation codes to act on next, `n_calls x n_features`.
    #[getter]
    fn codes<'py>(this: &Bound<'py, Self>) -> Bound<'py, PyArray2<u8>> {
        look(this, |batch| (&batch.out.codes, batch.n_features()))
    }

    /// Allowed actions, `n_calls x n_actions`.
    #[getter]
    fn action_mask<'py>(this: &Bound<'py, Self>) -> Bound<'py, PyArray2<bool>> {
        look(this, |batch| (&batch.action_mask, batch.n_actions()))
    }

    /// Rewards of the last step.
    #[getter]
    fn rewards<'py>(this: &Bound<'py, Self>) -> Bound<'py, PyArray1<f32>> {
        look_along(this, |batch| &batch.out.rewards)
    }

    /// Calls that are over since the last step.
    #[getter]
    fn terminated<'py>(this: &Bound<'py, Self>) -> Bound<'py, PyArray1<bool>> {
        look_along(this, |batch| &batch.out.terminated)
    }

    /// Calls that reached the turn limit in the last step.
    #[getter]
    fn truncated<'py>(this: &Bound<'py, Self>) -> Bound<'py, PyArray1<bool>> {
        look_along(this, |batch| &batch.out.truncated)
    }

    /// Calls that ended in the last step, either way.
    #[getter]
    fn over<'py>(this: &Bound<'py, Self>) -> Bound<'py, PyArray1<bool>> {
        look_along(this, |batch| &batch.over)
    }

    /// Calls whose masked action was replaced in the last step.
    #[getter]
    fn replaced<'py>(this: &Bound<'py, Self>) -> Bound<'py, PyArray1<bool>> {
        look_along(this, |batch| &batch.replaced)
    }

    /// `final_obs` of the last step: the last observation of every call that ended, else `None`.
    fn final_obs<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<Py<PyAny>>> {
        let n_features = self.n_features();
        let mut rows: Vec<Py<PyAny>> = self.over.iter().map(|_| py.None()).collect();
        for (slot, _) in &self.out.ended {
            let slot = *slot as usize;
            let codes = &self.out.final_codes[slot * n_features..(slot + 1) * n_features];
            rows[slot] = PyArray1::from_slice(py, codes).into_any().unbind();
        }
        PyArray1::from_vec(py, rows)
    }

    /// `final_info` of the last step: figures and action mask of the calls that ended, with `over`
    /// (which they are) under every key with an underscore.
    fn final_info<'py>(
        &self,
        py: Python<'py>,
        over: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let n_calls = self.out.masks.len();
        let mut masks = vec![false; self.action_mask.len()];
        for (slot, _) in &self.out.ended {
            let slot = *slot as usize;
            let row = slot * self.n_actions()..(slot + 1) * self.n_actions();
            unpack(self.out.final_masks[slot], &mut masks[row]);
        }
        let info = PyDict::new(py);
        let masks = PyArray1::from_vec(py, masks);
        let masks = numpy::PyArrayMethods::reshape(&masks, [n_calls, self.n_actions()])?;
        info.set_item("action_mask", masks)?;
        info.set_item("_action_mask", over)?;
        figures::add_many(&info, n_calls, &self.out.ended, over)?;
        Ok(info)
    }
}

impl CallBatch {
    fn n_features(&self) -> usize {
        self.world.scenario.layout.n_features()
    }

    fn n_actions(&self) -> usize {
        self.world.scenario.layout.n_actions()
    }

    /// One step with `self.actions`, which are allowed.
    fn advance(&mut self) {
        self.calls.step(&self.actions, &mut self.out);
        for (_, summary) in &self.out.ended {
            let next = summary.episode + self.out.masks.len() as u64;
            self.last_episode = self.last_episode.max(next);
        }
    }

    fn unpack_masks(&mut self) {
        let rows = self
            .action_mask
            .chunks_exact_mut(self.world.scenario.layout.n_actions());
        for (row, mask) in rows.zip(&self.out.masks) {
            unpack(*mask, row);
        }
    }
}

/// An array of `n_calls` rows over a vector of the batch.
#[allow(unsafe_code)]
fn look<'py, T: Element>(
    this: &Bound<'py, CallBatch>,
    of: impl FnOnce(&CallBatch) -> (&Vec<T>, usize),
) -> Bound<'py, PyArray2<T>> {
    let batch = this.borrow();
    let (vector, n_columns) = of(&batch);
    let rows = ArrayView2::from_shape([vector.len() / n_columns, n_columns], vector);
    let rows = rows.expect("a vector is a whole number of rows");
    // SAFETY: the array keeps `this` alive, the vector is never resized, and Rust touches it only
    // in methods of `this`, which hold the interpreter's lock.
    unsafe { PyArray2::borrow_from_array(&rows, this.clone().into_any()) }
}

/// An array over a vector of the batch.
#[allow(unsafe_code)]
fn look_along<'py, T: Element>(
    this: &Bound<'py, CallBatch>,
    of: impl FnOnce(&CallBatch) -> &Vec<T>,
) -> Bound<'py, PyArray1<T>> {
    let batch = this.borrow();
    // SAFETY: as in `look`.
    unsafe { PyArray1::borrow_from_array(&ArrayView1::from(of(&batch)), this.clone().into_any()) }
}

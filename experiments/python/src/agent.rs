//! A release as Python sees it: it holds calls.

use std::path::PathBuf;

use offhook_table::agent::{
    self, AgentError, CallHead, Caller, EndedBy, HypothesisLog, RecordedCall,
};
use offhook_table::release::Release;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyMapping, PyString, PyTuple};
use pyo3::{create_exception, intern};

use crate::table::read_file;

create_exception!(offhook, ReleaseError, PyValueError, "Not a sound release.");
create_exception!(
    offhook,
    CallError,
    PyValueError,
    "Nothing was done; the call is as it was before."
);
create_exception!(
    offhook,
    ActError,
    CallError,
    "What was heard cannot be; the turn is kept."
);
create_exception!(
    offhook,
    TurnError,
    CallError,
    "Something out of turn: too early, too late, or after the end."
);
create_exception!(
    offhook,
    StateError,
    CallError,
    "No state of a call of this release."
);

/// A release that holds one call after the other.
#[pyclass(module = "offhook")]
pub struct Agent {
    release: Release,
    call: RecordedCall,
    head: CallHead,
    /// Who ended the call, if it was not the robot.
    ended: Option<EndedBy>,
    n_calls: u64,
}

/// What the robot does now, and what it knows.
#[pyclass(frozen, get_all, module = "offhook")]
pub struct Reply {
    /// The words to say, with the value that is read out.
    text: String,
    /// The action's name, such as `inform(payment)`.
    action: String,
    /// What is recorded so far, by slot.
    recorded: Py<PyDict>,
    /// The rule that fired, in words.
    rule: String,
    /// Its id; None where none fired.
    rule_id: Option<String>,
    /// The value that is read out, if any.
    value: Option<String>,
    /// The names of the actions that are allowed now.
    allowed: Vec<String>,
    /// The observation that the table decided by: one level code per feature.
    codes: Vec<u8>,
    /// Whether the call is over once this was said.
    ended: bool,
    /// How the call ended, as the robot can know it; None while it goes on.
    outcome: Option<&'static str>,
}

/// What is recorded of a slot.
#[pyclass(frozen, get_all, module = "offhook")]
pub struct Recorded {
    /// Its likeliest value.
    value: String,
    /// How likely it is, from 0 to 1.
    confidence: f32,
    /// Whether the customer said yes when the robot read it out.
    confirmed: bool,
}

fn call_error(error: AgentError) -> PyErr {
    let message = error.to_string();
    match error {
        AgentError::Act(_) | AgentError::Confidence(_) => ActError::new_err(message),
        AgentError::State(_) | AgentError::History(_) => StateError::new_err(message),
        _ => TurnError::new_err(message),
    }
}

#[pymethods]
impl Agent {
    /// Reads a release: the path of its file, or its bytes. Every byte is checked and the table proved again.
    #[new]
    fn new(source: &Bound<'_, PyAny>) -> PyResult<Self> {
        let release = match source.cast::<PyBytes>() {
            Ok(bytes) => Release::from_bytes(bytes.as_bytes()),
            Err(_) => Release::from_bytes(&read_file(&source.extract::<PathBuf>()?)?),
        };
        let release = release.map_err(|e| ReleaseError::new_err(e.to_string()))?;
        let mut agent = Self {
            call: RecordedCall::start(release.agent()),
            release,
            head: CallHead::default(),
            ended: None,
            n_calls: 0,
        };
        agent.start(None, None, None)?;
        Ok(agent)
    }

    /// Begins another call; the log knows it by `call_id`, or by its number. `caller` is what is known of the person
    /// called, as in a call log.
    #[pyo3(signature = (call_id=None, caller=None, start_time=None))]
    fn start(
        &mut self,
        call_id: Option<String>,
        caller: Option<&Bound<'_, PyMapping>>,
        start_time: Option<String>,
    ) -> PyResult<()> {
        let caller = caller.map_or_else(|| Ok(Caller::default()), known)?;
        self.call = RecordedCall::start_with(self.release.agent(), caller).map_err(call_error)?;
        self.n_calls += 1;
        self.ended = None;
        self.head = CallHead {
            call_id: call_id.unwrap_or_else(|| format!("call-{}", self.n_calls)),
            start_time,
        };
        Ok(())
    }

    /// One turn: takes in what was heard and says what comes next; the first one opens the call.
    #[pyo3(signature = (acts=None))]
    fn turn(&mut self, py: Python<'_>, acts: Option<&Bound<'_, PyAny>>) -> PyResult<Reply> {
        let heard = acts.map_or_else(|| Ok(Vec::new()), heard)?;
        if let Some(by) = self.ended {
            let by = by.name();
            let message = format!("the call was ended by the {by}; start another one");
            return Err(TurnError::new_err(message));
        }
        self.call.turn(&heard).map_err(call_error)?;
        let call = self.call.call();
        let scenario = call.agent().scenario();
        let actions = call.mask().iter();
        let actions = actions.map(|action| scenario.layout.actions[usize::from(action)].clone());
        let allowed = actions.collect();
        let codes = call.codes().to_vec();
        let (recorded, outcome) = (recorded(py, &self.call)?, call.outcome(EndedBy::Robot));
        let said = self.call.reply();
        Ok(Reply {
            text: said.text(),
            action: said.action_name().to_owned(),
            recorded,
            rule: said.explain(),
            rule_id: said.rule().map(str::to_owned),
            value: said.value().map(str::to_owned),
            allowed,
            codes,
            ended: said.ends(),
            outcome: said.ends().then(|| outcome.name()),
        })
    }

    /// What is recorded so far, by slot.
    #[getter]
    fn recorded(&self, py: Python<'_>) -> PyResult<Py<PyDict>> {
        recorded(py, &self.call)
    }

    /// The rules of conduct and masks that forbid an action now; none where it is allowed.
    fn why_not(&self, action: &str) -> PyResult<Vec<String>> {
        let call = self.call.call();
        let actions = &call.agent().scenario().layout;
        let known = actions.action(action).ok_or_else(|| {
            let known = actions.actions.join(", ");
            PyValueError::new_err(format!("no action '{action}', expected one of {known}"))
        })?;
        Ok(call.why_not(known).map(str::to_owned).collect())
    }

    /// Ends the call, and says how, as the robot can know it.
    #[pyo3(signature = (by="customer"))]
    fn end(&mut self, by: &str) -> PyResult<&'static str> {
        let known = EndedBy::ALL.into_iter().find(|known| known.name() == by);
        let by = known.ok_or_else(|| {
            let known = EndedBy::ALL.map(EndedBy::name).join(", ");
            PyValueError::new_err(format!(
                "nobody called '{by}' ends calls, expected one of {known}"
            ))
        })?;
        let by = self.call.call().ended_by(by);
        self.ended = Some(by);
        Ok(self.call.call().outcome(by).name())
    }

    /// The line of the call log, once the call is over.
    fn log(&self) -> PyResult<String> {
        let by = match self.ended {
            Some(by) => by,
            None if self.call.call().is_over() => EndedBy::Robot,
            None => {
                let message = "the call goes on; say who ended it: end(by)";
                return Err(TurnError::new_err(message));
            }
        };
        Ok(self.call.log_line(self.head.clone(), by))
    }

    /// The call as bytes, which `resume` goes on with, here or elsewhere.
    fn state<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.call.call().save())
    }

    /// Who was called and the turns so far as JSON, which `resume` takes beside the state where the log is to be whole.
    fn history(&self) -> String {
        self.call.history()
    }

    /// Goes on with a call that was saved.
    #[pyo3(signature = (state, history=""))]
    fn resume(&mut self, state: &[u8], history: &str) -> PyResult<()> {
        let call =
            RecordedCall::resume(self.release.agent(), state, history).map_err(call_error)?;
        self.call = call;
        self.ended = None;
        Ok(())
    }

    /// Name of the scenario.
    #[getter]
    fn scenario(&self) -> &str {
        &self.agent().scenario().name
    }

    /// Names of the actions, in the order of their numbers.
    #[getter]
    fn actions(&self) -> Vec<&str> {
        let actions = self.agent().scenario().layout.actions.iter();
        actions.map(String::as_str).collect()
    }

    /// SHA-256 of the release.
    #[getter]
    fn checksum(&self) -> &str {
        self.release.checksum()
    }

    fn __repr__(&self) -> String {
        let n_rules = self.agent().table().rules().len();
        format!("Agent({}, {n_rules} rules)", self.scenario())
    }
}

impl Agent {
    fn agent(&self) -> &agent::Agent {
        self.release.agent()
    }
}

/// What is recorded so far, in the scenario's order.
fn recorded(py: Python<'_>, call: &RecordedCall) -> PyResult<Py<PyDict>> {
    let slots = PyDict::new(py);
    for recorded in call.call().recorded() {
        let value = Recorded {
            value: recorded.value.to_owned(),
            confidence: recorded.confidence,
            confirmed: recorded.confirmed,
        };
        slots.set_item(recorded.slot, Bound::new(py, value)?)?;
    }
    Ok(slots.unbind())
}

/// What is known of a caller: a mapping with `id`, `features` and `recorded`, each of which may be left out.
fn known(caller: &Bound<'_, PyMapping>) -> PyResult<Caller> {
    let mut known = Caller::default();
    for item in caller.items()?.iter() {
        let (key, value): (String, Bound<'_, PyAny>) = item.extract()?;
        match key.as_str() {
            "id" => known.id = value.extract()?,
            "features" => known.features = value.extract()?,
            "recorded" => known.recorded = value.extract()?,
            _ => {
                let message = format!("caller has '{key}', expected id, features, recorded");
                return Err(PyValueError::new_err(message));
            }
        }
    }
    Ok(known)
}

/// What was heard: a list of readings, best first, each an act, a pair of an act or acts and a confidence, or a mapping as
/// in a call log.
fn heard(acts: &Bound<'_, PyAny>) -> PyResult<Vec<HypothesisLog>> {
    if acts.is_instance_of::<PyString>() || acts.is_instance_of::<PyMapping>() {
        return Err(PyTypeError::new_err(
            "acts must be a list of readings, best first",
        ));
    }
    acts.try_iter()?.map(|item| reading(&item?)).collect()
}

fn reading(item: &Bound<'_, PyAny>) -> PyResult<HypothesisLog> {
    if let Ok(act) = item.extract::<String>() {
        return Ok(HypothesisLog {
            acts: vec![act],
            confidence: 1.0,
            ..HypothesisLog::default()
        });
    }
    if let Ok(mapping) = item.cast::<PyMapping>() {
        let py = item.py();
        let text = mapping.get_item(intern!(py, "text")).ok();
        return Ok(HypothesisLog {
            acts: mapping.get_item(intern!(py, "acts"))?.extract()?,
            confidence: mapping.get_item(intern!(py, "confidence"))?.extract()?,
            text: text.map_or_else(|| Ok(String::new()), |text| text.extract())?,
        });
    }
    let pair = item.cast::<PyTuple>().ok().filter(|pair| pair.len() == 2);
    let pair = pair.ok_or_else(|| {
        PyTypeError::new_err(
            "a reading must be an act, a pair of an act and a confidence, or a mapping with acts and confidence",
        )
    })?;
    let (acts, confidence) = (pair.get_item(0)?, pair.get_item(1)?.extract()?);
    let acts = match acts.extract::<String>() {
        Ok(act) => vec![act],
        Err(_) => acts.extract()?,
    };
    Ok(HypothesisLog {
        acts,
        confidence,
        ..HypothesisLog::default()
    })
}

#[pymethods]
impl Reply {
    fn __repr__(&self) -> String {
        format!("Reply({}: {})", self.action, self.text)
    }
}

#[pymethods]
impl Recorded {
    fn __repr__(&self) -> String {
        format!("Recorded({}, {:.2})", self.value, self.confidence)
    }
}

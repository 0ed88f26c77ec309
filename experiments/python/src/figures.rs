//! The figures of calls that ended, as the `info` of one environment and of many.

use numpy::PyArray1;
use offhook_env::call::outcome::{CallSummary, RewardTerm};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

/// A whole number of a summary and its key in `info`.
type Count = (&'static str, fn(&CallSummary) -> i64);
/// A measured number of a summary and its key in `info`.
type Measure = (&'static str, fn(&CallSummary) -> f64);

const COUNTS: [Count; 7] = [
    ("satisfaction", |s| i64::from(s.satisfaction)),
    ("turns", |s| i64::from(s.turns)),
    ("harms", |s| i64::from(s.harms)),
    ("rules_broken", |s| i64::from(s.rules_broken)),
    ("attainable", |s| i64::from(s.attainable)),
    ("right_person", |s| i64::from(s.right_person)),
    ("episode_idx", |s| s.episode as i64),
];
const MEASURES: [Measure; 2] = [
    ("seconds", |s| f64::from(s.seconds)),
    ("return", |s| f64::from(s.return_)),
];

/// Adds the figures of one call to `info`.
///
/// # Errors
/// If Python has no memory left.
pub fn add_one(info: &Bound<'_, PyDict>, summary: &CallSummary) -> PyResult<()> {
    info.set_item("outcome", summary.outcome.name())?;
    for (key, value) in COUNTS {
        info.set_item(key, value(summary))?;
    }
    for (key, value) in MEASURES {
        info.set_item(key, value(summary))?;
    }
    let terms = PyDict::new(info.py());
    for term in RewardTerm::ALL {
        terms.set_item(term.name(), f64::from(summary.terms[term as usize]))?;
    }
    info.set_item("reward_terms", terms)
}

/// Adds the figures of the calls that ended among `n_calls` to `info`: one array a key, and `over`
/// (which calls they are) under the key with an underscore, as Gymnasium's vector environments do.
///
/// # Errors
/// If Python has no memory left.
pub fn add_many(
    info: &Bound<'_, PyDict>,
    n_calls: usize,
    ended: &[(u32, CallSummary)],
    over: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let py = info.py();
    let counts = |value: fn(&CallSummary) -> i64| {
        let mut column = vec![0; n_calls];
        for (slot, summary) in ended {
            column[*slot as usize] = value(summary);
        }
        PyArray1::from_vec(py, column)
    };
    let measures = |value: &dyn Fn(&CallSummary) -> f64| {
        let mut column = vec![0.0; n_calls];
        for (slot, summary) in ended {
            column[*slot as usize] = value(summary);
        }
        PyArray1::from_vec(py, column)
    };
    let add = |dict: &Bound<'_, PyDict>, key: &str, value: Bound<'_, PyAny>| {
        dict.set_item(PyString::intern(py, key), value)?;
        dict.set_item(PyString::intern(py, &format!("_{key}")), over)
    };

    let mut outcomes: Vec<Py<PyAny>> = (0..n_calls).map(|_| py.None()).collect();
    for (slot, summary) in ended {
        outcomes[*slot as usize] = PyString::intern(py, summary.outcome.name()).into();
    }
    let outcomes = PyArray1::from_vec(py, outcomes);
    add(info, "outcome", outcomes.into_any())?;
    for (key, value) in COUNTS {
        add(info, key, counts(value).into_any())?;
    }
    for (key, value) in MEASURES {
        add(info, key, measures(&value).into_any())?;
    }
    let terms = PyDict::new(py);
    for term in RewardTerm::ALL {
        let value = |s: &CallSummary| f64::from(s.terms[term as usize]);
        add(&terms, term.name(), measures(&value).into_any())?;
    }
    add(info, "reward_terms", terms.into_any())
}

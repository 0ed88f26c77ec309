//! The native half of the Python package `offhook`: scenarios, one call, many calls at once, tables, and the phone.
//!
//! Everything here is thin: calls are played by `offhook-env`, customers, channels and bundled scenarios come
//! from `offhook-simulator`, and the Gymnasium classes stand in `python/offhook/`.

mod admission;
mod agent;
mod batch;
mod call;
mod figures;
mod scenario;
mod table;

/// The module `offhook._native`.
#[pyo3::pymodule(gil_used = true)]
mod _native {
    #[pymodule_export]
    use crate::agent::{
        ActError, Agent, CallError, Recorded, ReleaseError, Reply, StateError, TurnError,
    };
    #[pymodule_export]
    use crate::batch::CallBatch;
    #[pymodule_export]
    use crate::call::Call;
    #[pymodule_export]
    use crate::scenario::{Scenario, scenarios};
    #[pymodule_export]
    use crate::table::{Decision, Table};
}

//! The phone: a table with the tracker of [`offhook_env`] in front, which holds whole calls as in the laboratory.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use offhook_table::release::Release;
//!
//! let release = Release::from_bytes(&std::fs::read("fraud_alert.offhook")?)?;
//! let mut call = release.agent().start();
//! let mut words = String::new();
//! loop {
//!     let reply = call.reply();
//!     words.clear();
//!     reply.write_text(&mut words); // say it
//!     if reply.ends() {
//!         break;
//!     }
//! #   let heard = offhook_env::act::NBest::EMPTY;
//!     call.hear(&heard)?; // what the recognizer understood, or `hear_named`
//! }
//! # Ok(())
//! # }
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `fit.rs` | what a scenario demands of a table |
//! | `call.rs`, `reply.rs` | one call: what to say, what was heard, what is recorded |
//! | `state.rs` | a call as a few hundred bytes, to go on elsewhere |
//! | `recorder.rs` | a call that keeps its log, in one step a turn: what C and Python drive |
//! | `error.rs` | why an answer was not taken in |

mod call;
mod error;
mod fit;
mod recorder;
mod reply;
mod state;

use std::sync::Arc;

use offhook_env::scenario::Scenario;
use sha2::{Digest, Sha256};

use crate::table::{DecisionTable, TableError};

pub use call::{AgentCall, MAX_TURNS, Recorded};
pub use error::AgentError;
pub use fit::{act, constraints, layout_of, prove, prove_with};
pub use offhook_env::belief::caller::CallerRecord;
pub use offhook_env::call::outcome::{EndedBy, Outcome};
pub use offhook_env::log::{CallLog, Caller, HypothesisLog};
pub use recorder::{CallHead, RecordedCall, caller_of};
pub use reply::Reply;

/// A table and the scenario it was built for. Clones share both, and any number of threads may use them.
#[derive(Clone, Debug)]
pub struct Agent(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    table: Arc<DecisionTable>,
    scenario: Arc<Scenario>,
    /// What states of calls belong to.
    identity: [u8; 8],
}

impl Agent {
    /// Puts a table to work; a [`Release`](crate::release::Release) brings both.
    ///
    /// # Errors
    /// [`TableError::Scenario`] or [`TableError::Layout`] if the table was built for another
    /// scenario, with both sides named.
    pub fn new(
        table: impl Into<Arc<DecisionTable>>,
        scenario: impl Into<Arc<Scenario>>,
    ) -> Result<Self, TableError> {
        let (table, scenario) = (table.into(), scenario.into());
        table.check_built_for(&scenario.name, &layout_of(&scenario)?)?;
        Ok(Self(Arc::new(Shared {
            identity: identity(&table, &scenario),
            table,
            scenario,
        })))
    }

    /// The table.
    #[must_use]
    pub fn table(&self) -> &DecisionTable {
        &self.0.table
    }

    /// The scenario.
    #[must_use]
    pub fn scenario(&self) -> &Scenario {
        &self.0.scenario
    }
}

/// A state goes on under any table of the same layout, for the same slots with the same values.
fn identity(table: &DecisionTable, scenario: &Scenario) -> [u8; 8] {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    add(&scenario.name);
    add(table.layout().hash());
    for (name, slot) in scenario.names.slots.iter().zip(&scenario.slots) {
        add(name);
        add(&slot.expected());
        add(&slot.values.len().to_string());
        slot.values.iter().for_each(|value| add(value));
    }
    let hash: [u8; 32] = hash.finalize().into();
    std::array::from_fn(|k| hash[k])
}

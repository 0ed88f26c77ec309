//! Why something refused to learn: a setting, the data, a figure or a checkpoint, with the remedy.

use crate::checkpoint::CheckpointError;

/// Why a learner refused to start or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LearnError {
    /// A setting is out of range.
    #[error("{key} is {found}, expected {expected}")]
    Config {
        /// The setting, such as `ppo.gamma`.
        key: String,
        /// Its value.
        found: String,
        /// What would be right.
        expected: String,
    },
    /// The shape of the network is out of range; the text names the setting.
    #[error("{0}")]
    Network(String),
    /// Data to learn from does not fit.
    #[error("the data to learn from does not fit{}: {reason}", at_row(*row))]
    Dataset {
        /// Row number, counted from 0, if one is to blame.
        row: Option<usize>,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// A figure became infinite or not a number; training cannot go on from here.
    #[error(
        "{metric} became {value} in {unit} {at}; lower the learning rate or scale the reward down"
    )]
    NotFinite {
        /// The figure, named as in the metrics.
        metric: &'static str,
        /// Its value.
        value: f32,
        /// What `at` counts: `iteration`, `epoch` or `update`.
        unit: &'static str,
        /// Where it happened, counted from 0.
        at: u64,
    },
    /// A checkpoint to resume from does not fit.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

fn at_row(row: Option<usize>) -> String {
    row.map(|row| format!(" in row {row}")).unwrap_or_default()
}

/// `Ok` if `holds`, else an error that names the setting.
pub(crate) fn require(
    holds: bool,
    key: impl Into<String>,
    found: impl ToString,
    expected: &'static str,
) -> Result<(), LearnError> {
    match holds {
        true => Ok(()),
        false => Err(LearnError::Config {
            key: key.into(),
            found: found.to_string(),
            expected: expected.to_owned(),
        }),
    }
}

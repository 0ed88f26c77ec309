//! Why a checkpoint is refused.

/// Why a checkpoint was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file ends early or goes on too long.
    #[error(
        "the checkpoint has {found} bytes, expected {expected}; it was cut off or appended to, \
         take an earlier one"
    )]
    Length {
        /// Bytes there are.
        found: u64,
        /// Bytes there should be.
        expected: u64,
    },
    /// The header cannot be understood.
    #[error("the checkpoint's header is not valid: {reason}")]
    Header {
        /// What is wrong with it.
        reason: String,
    },
    /// Another version of the format.
    #[error(
        "the checkpoint has format version {found}, expected {expected}; it was written by another \
         version of the program, use that one or train again"
    )]
    Version {
        /// Version of the file.
        found: u32,
        /// Version that this program reads.
        expected: u32,
    },
    /// The contents were changed after they were written.
    #[error(
        "the checkpoint's checksum is {found}, expected {expected}; it was changed by hand or damaged"
    )]
    Checksum {
        /// Checksum of what is there.
        found: String,
        /// Checksum that the file names.
        expected: String,
    },
    /// An array is missing, superfluous or of another shape.
    #[error("the checkpoint's array '{name}' has shape {found}, expected {expected}")]
    Array {
        /// Name of the array.
        name: String,
        /// Its shape, or `none`.
        found: String,
        /// The shape that the network asks for, or `none`.
        expected: String,
    },
    /// Made for another scenario or another version of it.
    #[error("the checkpoint does not fit the scenario: {0}")]
    Layout(String),
    /// Another network shape than asked for.
    #[error("the checkpoint's network is {found}, expected {expected}")]
    Network {
        /// Shape in the file.
        found: String,
        /// Shape asked for.
        expected: String,
    },
    /// It holds a policy only.
    #[error("the checkpoint holds a policy but no progress of a learner; it cannot be resumed")]
    NoProgress,
    /// Its learner's progress lacks a part.
    #[error("the checkpoint's progress has no {kind} '{name}'; it cannot be resumed")]
    Missing {
        /// `network`, `numbers` or `bytes`.
        kind: &'static str,
        /// Name of the part.
        name: String,
    },
    /// Another run's progress.
    #[error("the checkpoint belongs to another run: its {what} is {found}, expected {expected}")]
    Run {
        /// `learner`, `seed` or the name of a setting.
        what: String,
        /// In the file.
        found: String,
        /// In this run.
        expected: String,
    },
}

//! Why a release was not made or not read.

use thiserror::Error;

use crate::table::TableError;

/// Why a release was refused: what was found, what was expected.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// The file is larger than any release may be, so nothing of it was read.
    #[error("the release has {found} bytes, expected at most {limit}; is it the right file?")]
    TooLarge {
        /// Bytes found.
        found: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// The bytes are no release at all.
    #[error("not a release: {0}; was the file cut? get it again")]
    Syntax(String),
    /// It was written by another version of this program.
    #[error(
        "release schema version is {found}, expected {expected}; make it again with this version"
    )]
    Version {
        /// The version in the file.
        found: u64,
        /// The version that this crate reads.
        expected: u32,
    },
    /// The content is not what was written.
    #[error(
        "checksum: found {found}, expected {computed} for this content; the release was changed after it was made: get \
         it again"
    )]
    Checksum {
        /// The checksum in the file.
        found: String,
        /// The checksum of what the file holds.
        computed: String,
    },
    /// The bytes around the content are not what was written.
    #[error("the release was changed after it was made, outside of its content: get it again")]
    Altered,
    /// The scenario has mistakes.
    #[error("the release's scenario: {0}")]
    Scenario(String),
    /// The table is none, or is for another scenario.
    #[error("the release's table: {0}")]
    Table(#[from] TableError),
    /// Something does not hold; there is no release of such a table.
    #[error("the table is not proved: {0}")]
    NotProved(String),
    /// Nobody has signed it.
    #[error("the release is not signed; make it with `offhook release RUN --key PRIV`")]
    NotSigned,
    /// It was not signed by this key, or the key is none.
    #[cfg(feature = "sign")]
    #[error(transparent)]
    Signature(#[from] crate::sign::SignError),
}

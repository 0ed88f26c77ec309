//! Why a table was refused, or a decision could not be made: where, what was found, what was
//! expected.

use thiserror::Error;

/// Why a table, a table file or a constraint was refused.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum TableError {
    /// One place in a table holds something it must not.
    #[error("{place}: found {found}, expected {expected}")]
    Invalid {
        /// Where, such as `rule 'r7', feature 'identity'` or `line 3, column 'action'`.
        place: String,
        /// What stands there.
        found: String,
        /// What would be right.
        expected: String,
    },
    /// The bytes are not a document of the format at all.
    #[error("not a table in {format}: {reason}; export the table again")]
    Syntax {
        /// `JSON`, `CSV` or `DMN`.
        format: &'static str,
        /// The parser's words, with line and column.
        reason: String,
    },
    /// The file is larger than any table may be, so nothing of it was read.
    #[error("the table file has {found} bytes, expected at most {limit}; is it the right file?")]
    TooLarge {
        /// Bytes found.
        found: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// The file was written by another version of this program.
    #[error(
        "table schema version is {found}, expected {expected}; export the table again with this \
         version"
    )]
    Version {
        /// The version in the file.
        found: u64,
        /// The version that this crate reads.
        expected: u32,
    },
    /// The content is not what was written; typically a file edited by hand.
    #[error(
        "checksum: found {found}, expected {computed} for this content; the file was changed after \
         it was written (by hand?), so no proof holds for it: undo the edit or export the table \
         again"
    )]
    Checksum {
        /// The checksum in the file.
        found: String,
        /// The checksum of what the file holds.
        computed: String,
    },
    /// The table was built for another scenario than the one it is asked to serve.
    #[error(
        "the table is for scenario '{found}', expected '{expected}'; export a table of that scenario"
    )]
    Scenario {
        /// Scenario of the table.
        found: String,
        /// Scenario wanted.
        expected: String,
    },
    /// The bytes are not those that were written; typically a file harmed on its way.
    #[error(
        "CRC-32: found {found:08x}, expected {computed:08x} for these bytes; the file was damaged: \
         copy it again, or export the table again"
    )]
    Damaged {
        /// The CRC-32 in the file.
        found: u32,
        /// The CRC-32 of what the file holds.
        computed: u32,
    },
    /// The table was built for other features or actions than those it is asked to serve.
    #[error(
        "the table has layout {found}, expected {expected}: {difference}; \
         train and export the table again for this scenario"
    )]
    Layout {
        /// Layout hash of the table.
        found: String,
        /// Layout hash wanted.
        expected: String,
        /// The first difference, in words.
        difference: String,
    },
}

impl TableError {
    pub(crate) fn invalid(
        place: impl Into<String>,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self::Invalid {
            place: place.into(),
            found: found.into(),
            expected: expected.into(),
        }
    }

    /// The same error with an outer place put before its own.
    pub(crate) fn within(self, outer: &str) -> Self {
        match self {
            Self::Invalid {
                place,
                found,
                expected,
            } => Self::Invalid {
                place: format!("{outer}, {place}"),
                found,
                expected,
            },
            other => other,
        }
    }
}

/// Why named levels could not be turned into a decision.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum DecideError {
    /// A feature that the layout does not have.
    #[error("unknown feature '{found}', expected one of {allowed}")]
    UnknownFeature {
        /// The name given.
        found: String,
        /// The features of the layout.
        allowed: String,
    },
    /// A level that the feature does not have.
    #[error("feature '{feature}' has no level '{found}', expected one of {allowed}")]
    UnknownLevel {
        /// The feature.
        feature: String,
        /// The level given.
        found: String,
        /// The levels of the feature.
        allowed: String,
    },
    /// The same feature twice.
    #[error("feature '{feature}' is given twice, expected once")]
    Repeated {
        /// The feature.
        feature: String,
    },
    /// Features that rules test but that were not given.
    #[error("missing features: {features}; give a level for each")]
    Missing {
        /// Their names.
        features: String,
    },
}

/// At most 80 characters of something that came from outside, so that messages stay readable.
pub(crate) fn shorten(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

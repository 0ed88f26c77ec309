//! The file formats of a table, one file each; all work on bytes in memory.
//!
//! | format | reads back | what for |
//! |---|---|---|
//! | [`json`](mod@json) | yes | the canonical file |
//! | [`dpt`] | yes | the same in a few kilobytes, for production |
//! | [`csv`](mod@csv) | yes | spreadsheets |
//! | [`dmn`] | yes | DMN 1.3 tools and engines; with test cases beside it, [`tck`] |
//! | [`jdm`] | no | GoRules |
//! | [`jsonlogic`] | no | JSON Logic, in almost any language |
//!
//! What reads back gives the same table, down to its checksum, or is refused; see
//! [`DecisionTable::from_bytes`].
//!
//! # Any bytes
//!
//! A load never panics, and at its peak it holds at most [`MEMORY_PER_BYTE`] for each byte of its
//! input and [`MEMORY_MORE`]. Input that is longer than any table is refused unread; each loader says
//! from where on. A fuzzer (`experiments/fuzz`) holds every loader to both.
//!
//! # Outside engines
//!
//! In DMN, JDM and JSON Logic the inputs are the features that some rule tests, as strings that
//! name a level. Their identifiers have `_` for every character but ASCII letters and digits:
//! `slot.payment` is `slot_payment`; each file lists the original name beside. The outputs are
//! `action` and `rule`, the id of the rule that fired.
//!
//! **Missing and unknown values.** A value that is absent, null or no level of its feature meets no
//! condition on that feature. So no rule that tests the feature fires; one that does not may; and
//! where none does, the answer is the default action and no rule. Our own runtime is stricter:
//! [`DecisionTable::decide_named`] refuses such an observation by name, and
//! [`DecisionTable::decide`] takes the default action at once. Prefer to stop such an observation
//! before an engine sees it.

use std::fmt;
use std::str::FromStr;

use crate::table::{DecisionTable, MAX_CONTENT_BYTES, TableError};

pub mod csv;
pub mod dmn;
pub mod dpt;
pub(crate) mod feel;
pub mod jdm;
pub mod json;
pub mod jsonlogic;
pub mod tck;
mod xml;

/// Most bytes of memory that a load holds for each byte of its input, ...
pub const MEMORY_PER_BYTE: usize = 128;
/// ... beside so many bytes for what every table needs.
pub const MEMORY_MORE: usize = 1 << 20;

/// Most bytes that any format is read from.
pub const MAX_BYTES: usize = 16 * MAX_CONTENT_BYTES;

/// A format that a table can be exported to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// The canonical, lossless one: [`json`](mod@json).
    Json,
    /// Compact and lossless: [`dpt`].
    Dpt,
    /// One row per rule, for spreadsheets, lossless: [`csv`](mod@csv).
    Csv,
    /// DMN 1.3, lossless: [`dmn`].
    Dmn,
    /// The JSON Decision Model of GoRules: [`jdm`].
    Jdm,
    /// JSON Logic: [`jsonlogic`].
    JsonLogic,
}

impl Format {
    /// Every format, in the order that help texts list them.
    pub const ALL: [Self; 6] = [
        Self::Json,
        Self::Dpt,
        Self::Csv,
        Self::Dmn,
        Self::Jdm,
        Self::JsonLogic,
    ];

    /// The name on the command line, which is the usual file extension as well.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Dpt => "dpt",
            Self::Csv => "csv",
            Self::Dmn => "dmn",
            Self::Jdm => "jdm",
            Self::JsonLogic => "jsonlogic",
        }
    }

    /// What it is for, in a line of help.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::Json => "The canonical format",
            Self::Dpt => "The same in a few kilobytes, for production",
            Self::Csv => "One row a rule, for spreadsheets",
            Self::Dmn => "DMN 1.3, for rule engines and modelers",
            Self::Jdm => "The JSON Decision Model of GoRules; export only",
            Self::JsonLogic => "JSON Logic as nested ifs; export only",
        }
    }

    /// The table in this format; equal tables give equal bytes.
    #[must_use]
    pub fn export(self, table: &DecisionTable) -> Vec<u8> {
        match self {
            Self::Json => table.to_json().into_bytes(),
            Self::Dpt => table.to_dpt(),
            Self::Csv => table.to_csv().into_bytes(),
            Self::Dmn => table.to_dmn().into_bytes(),
            Self::Jdm => table.to_jdm().into_bytes(),
            Self::JsonLogic => table.to_json_logic().into_bytes(),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|format| format.name() == name)
            .ok_or_else(|| {
                let names = Self::ALL.map(Self::name).join(", ");
                format!(
                    "unknown table format '{}', expected one of {names}",
                    crate::table::shorten(name)
                )
            })
    }
}

impl DecisionTable {
    /// Reads a table from a file of any format that reads back, told apart by its first bytes.
    ///
    /// Any bytes are safe; [`format`](mod@crate::format) bounds the memory.
    ///
    /// # Errors
    /// [`TableError`] of the format, and for bytes that look like none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TableError> {
        if bytes.starts_with(&dpt::MAGIC) {
            return Self::from_dpt(bytes);
        }
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        match text.trim_ascii_start().first() {
            Some(b'{') => Self::from_json(text),
            Some(b'<') => Self::from_dmn(text),
            Some(b'r' | b'"') => Self::from_csv(text),
            _ => Err(TableError::invalid(
                "table file",
                "none of the formats that tables are read from",
                "JSON, DPT, CSV or DMN",
            )),
        }
    }
}

/// Refuses input that is larger than any table, before anything is read of it.
pub(crate) fn check_len(bytes: &[u8], limit: usize) -> Result<(), TableError> {
    if bytes.len() <= limit {
        return Ok(());
    }
    Err(TableError::TooLarge {
        found: bytes.len(),
        limit,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{awkward_table, cases};

    /// The formats that read back.
    const LOSSLESS: [Format; 4] = [Format::Json, Format::Dpt, Format::Csv, Format::Dmn];

    #[test]
    fn every_format_is_found_by_its_name() {
        for format in Format::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        assert_eq!(
            "xls".parse::<Format>(),
            Err(
                "unknown table format 'xls', expected one of json, dpt, csv, dmn, jdm, jsonlogic"
                    .to_owned()
            )
        );
    }

    #[test]
    fn a_file_of_no_known_format_is_called_that() {
        for bytes in [&b""[..], b"  ", b"PK\x03\x04", b"\xff\xfe"] {
            let message = DecisionTable::from_bytes(bytes).unwrap_err().to_string();
            assert!(
                message.ends_with("expected JSON, DPT, CSV or DMN"),
                "{message}"
            );
        }
    }

    proptest! {
        #![proptest_config(cases(128))]

        #[test]
        fn a_table_comes_back_from_every_lossless_format(
            seed: u64, n_rules in 0..80usize, n_features in 1..48usize
        ) {
            let table = awkward_table(seed, n_rules, n_features);
            for format in LOSSLESS {
                let bytes = format.export(&table);
                let back = DecisionTable::from_bytes(&bytes);
                prop_assert!(back.is_ok(), "{}: {:?}", format, back);
                let back = back.unwrap();
                prop_assert_eq!(back.to_json(), table.to_json(), "{}", format);
                prop_assert_eq!(format.export(&back), bytes, "{}", format);
                prop_assert_eq!(&back, &table, "{}", format);
            }
        }
    }
}

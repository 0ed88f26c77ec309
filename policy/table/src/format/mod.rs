//! The file formats of a table, one file each; all work on bytes in memory.

use std::fmt;
use std::str::FromStr;

use crate::table::DecisionTable;

pub mod csv;
pub(crate) mod document;
pub mod json;

/// A format that a table can be exported to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// The canonical, lossless one: [`json`](mod@json).
    Json,
    /// One row per rule, for spreadsheets: [`csv`](mod@csv).
    Csv,
}

impl Format {
    /// Every format, in the order that help texts list them.
    pub const ALL: [Self; 2] = [Self::Json, Self::Csv];

    /// The name on the command line, which is the file extension as well.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
        }
    }

    /// The table in this format; equal tables give equal bytes.
    #[must_use]
    pub fn export(self, table: &DecisionTable) -> Vec<u8> {
        match self {
            Self::Json => table.to_json().into_bytes(),
            Self::Csv => table.to_csv().into_bytes(),
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
                    crate::error::shorten(name)
                )
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_found_by_its_name() {
        for format in Format::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        assert_eq!(
            "xls".parse::<Format>(),
            Err("unknown table format 'xls', expected one of json, csv".to_owned())
        );
    }
}

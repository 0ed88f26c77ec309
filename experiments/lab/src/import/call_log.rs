//! Call logs of our own format, checked line by line.

use super::importer::Importer;

/// Imports our own call logs.
pub const IMPORTER: Importer = Importer {
    name: "log",
    about: "Call logs of our own format, to be checked",
    line: |bytes, _tally| offhook_env::log::parse_call(bytes),
};

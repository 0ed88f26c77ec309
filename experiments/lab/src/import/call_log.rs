//! Call logs of our own format, of any version, checked line by line; what is written is of the newest.

use super::importer::Importer;

/// Imports our own call logs.
pub const IMPORTER: Importer = Importer {
    name: "log",
    about: "Call logs of our own format, to be checked; older versions are converted",
    line: |bytes, _tally| offhook_env::log::parse_call(bytes),
};

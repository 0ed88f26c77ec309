//! Files: read with a bound, written whole or not at all.

pub mod atomic;
pub mod csv;
pub mod jsonl;
pub(crate) mod lock;
pub mod out_file;
pub mod release_file;

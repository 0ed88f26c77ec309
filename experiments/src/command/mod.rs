//! One file per subcommand.

pub mod bench;
pub mod compare;
pub mod fit;
pub mod import;
pub mod scenario;
pub mod simulate;
pub mod table;

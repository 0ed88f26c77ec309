//! One file per subcommand.

pub mod answers;
pub mod bench;
pub mod compare;
pub mod evaluate;
pub mod explain;
pub mod fit;
pub mod import;
pub mod ope;
pub mod release;
pub mod run;
pub mod scenario;
pub mod simulate;
pub mod table;

//! The program; its parts follow.
fn main() {}

//! Printing to standard output, which may be a pipe that nobody reads any more.

use std::fmt;
use std::io::{self, Write};

/// Prints without panicking: when the reader has gone (`| head`), the program ends quietly.
pub fn print(text: fmt::Arguments<'_>) {
    match io::stdout().lock().write_fmt(text) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        // Nothing can be said about a standard output that cannot be written.
        _ => {}
    }
}

/// `print!` that bears a closed pipe.
macro_rules! out {
    ($($text:tt)*) => { $crate::terminal::print(format_args!($($text)*)) };
}

/// `println!` that bears a closed pipe.
macro_rules! outln {
    () => { $crate::terminal::print(format_args!("\n")) };
    ($($text:tt)*) => { $crate::terminal::print(format_args!("{}\n", format_args!($($text)*))) };
}

pub(crate) use {out, outln};

//! Standard output, which may be a pipe that nobody reads any more or a disk that is full; and standard error.
//!
//! Nothing that comes from a file controls the terminal: control characters are shown in escapes.
//!
//! Work is not cut short by either: what is printed after the first failure is dropped, files are finished, and
//! [`finish`] says at the end what the exit status is to be.

use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::sync::OnceLock;

use offhook_lab::error::Failure;
use offhook_lab::printable;

/// Why standard output could not be written, once it could not.
static FAILED: OnceLock<io::Error> = OnceLock::new();

/// Standard output as a writer; after the first failure every write fails.
pub struct Stdout;

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        attempt(|stdout| stdout.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        attempt(Write::flush)
    }
}

fn attempt<T>(write: impl FnOnce(&mut io::StdoutLock<'static>) -> io::Result<T>) -> io::Result<T> {
    if is_closed() {
        return Err(ErrorKind::BrokenPipe.into());
    }
    write(&mut io::stdout().lock()).map_err(|error| {
        let kind = error.kind();
        FAILED.get_or_init(|| error);
        kind.into()
    })
}

/// Whether nothing that is printed arrives any more.
pub fn is_closed() -> bool {
    FAILED.get().is_some()
}

/// Prints, or does nothing where that is in vain.
pub fn print(text: fmt::Arguments<'_>) {
    // What failed is kept, for the end.
    let _ = Stdout.write_all(printable::lines(&text.to_string()).as_bytes());
}

/// Prints a line on standard error, or does nothing where that is in vain, as after the terminal has gone.
pub fn complain(text: fmt::Arguments<'_>) {
    let line = format!("{text}\n");
    let _ = io::stderr().write_all(printable::lines(&line).as_bytes());
}

/// Whether everything that was printed arrived. A reader who has gone (`| head`) has seen enough.
///
/// # Errors
/// If standard output could not be written for another reason.
pub fn finish() -> Result<(), Failure> {
    // What failed is kept.
    let _ = Stdout.flush();
    match FAILED.get() {
        Some(error) if error.kind() != ErrorKind::BrokenPipe => {
            let message = format!(
                "cannot write standard output: {error}; what was written to files is whole"
            );
            Err(Failure::failed(message))
        }
        _ => Ok(()),
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

/// `eprintln!` that bears a terminal that has gone.
macro_rules! errln {
    ($($text:tt)*) => { $crate::terminal::complain(format_args!($($text)*)) };
}

pub(crate) use {errln, out, outln};

//! Signals that ask the program to end: the first one lets the work end where nothing is lost, a second one ends
//! it at once.

use std::sync::atomic::{AtomicU8, Ordering};

use offhook_lab::error::{Failure, FailureKind};
use offhook_lab::stop::Stop;

static STOP: Stop = Stop::new();
/// The number of the first signal.
static FIRST: AtomicU8 = AtomicU8::new(0);

/// From now on a signal asks for what is returned to stop. Commands that leave nothing behind do without, and end
/// as every process does.
pub fn watch() -> &'static Stop {
    #[cfg(unix)]
    unix::watch();
    &STOP
}

/// The exit status of a program that a signal has ended, as shells have it.
pub fn exit_code() -> u8 {
    code(FIRST.load(Ordering::Relaxed))
}

fn code(signal: u8) -> u8 {
    128 + signal
}

/// Says how to go on with a run that was interrupted: by the same command with `--resume`.
pub fn with_resume(failure: Failure) -> Failure {
    if failure.kind != FailureKind::Interrupted {
        return failure;
    }
    let words = std::env::args_os().skip(1);
    let words = words.filter(|word| word != "--force");
    let mut words: Vec<String> = words.map(|word| quoted(&word.to_string_lossy())).collect();
    if !words.iter().any(|word| word == "--resume") {
        words.push("--resume".to_owned());
    }
    Failure::interrupted(format!("go on with `offhook {}`", words.join(" ")))
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./=,:".contains(c);
    match word.chars().all(is_plain) && !word.is_empty() {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(unix)]
mod unix {
    use std::sync::Once;
    use std::sync::atomic::Ordering;
    use std::{process, thread};

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    use super::{FIRST, STOP, code};
    use crate::terminal::errln;

    pub fn watch() {
        static WATCHED: Once = Once::new();
        WATCHED.call_once(|| {
            let mut asking = vec![SIGINT, SIGTERM];
            // `nohup` keeps it from us.
            if !is_ignored(SIGHUP) {
                asking.push(SIGHUP);
            }
            // Signals that cannot be watched end the process as ever.
            if let Ok(mut signals) = Signals::new(asking) {
                thread::spawn(move || signals.forever().for_each(on_signal));
            }
        });
    }

    fn on_signal(signal: i32) {
        let number = u8::try_from(signal).unwrap_or_default();
        if STOP.is_asked() {
            process::exit(i32::from(code(number)));
        }
        FIRST.store(number, Ordering::Relaxed);
        STOP.ask();
        errln!("ending what is under way; a second signal ends it at once");
    }

    /// Whether the process was started with a signal ignored, by the kernel's word, where it gives one.
    fn is_ignored(signal: i32) -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
    }
}

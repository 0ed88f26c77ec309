//! The program `offhook`: learns and simulates dialog policies for outbound calls.

mod allocator;
mod cli;
mod command;
mod revision;
mod signals;
mod terminal;

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Parser;

use cli::{Cli, Command};
use offhook_lab::error::FailureKind;

#[global_allocator]
static ALLOCATOR: allocator::Counting = allocator::Counting;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match &cli.command {
        Command::Run(args) => command::run::run(args, seconds_since_1970),
        Command::Compare(args) => command::compare::run(args),
        Command::Simulate(args) => command::simulate::run(args),
        Command::Evaluate(args) => command::evaluate::run(args),
        Command::Explain(args) => command::explain::run(args),
        Command::Answers(args) => command::answers::run(args),
        Command::Import(args) => command::import::run(args),
        Command::Fit(args) => command::fit::run(args),
        Command::Ope(args) => command::ope::run(args),
        Command::Release(args) => command::release::run(args),
        Command::Table(command) => command::table::run(command),
        Command::Scenario(command) => command::scenario::run(command),
        Command::Bench(args) => command::bench::run(args),
    };
    match done.and_then(|()| terminal::finish()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let (kind, code) = match failure.kind {
                FailureKind::Failed => ("error: ", 1),
                FailureKind::Usage => ("error: ", 2),
                FailureKind::Worse => ("error: ", 3),
                FailureKind::Interrupted => ("", signals::exit_code()),
            };
            terminal::errln!("{kind}{}", failure.message);
            ExitCode::from(code)
        }
    }
}

/// The clock, read in this one place.
fn seconds_since_1970() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_secs())
}

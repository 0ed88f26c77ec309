//! `offhook scenario`: check, graph, list, new, schema.

mod check;
mod flow;
mod form;
mod graph;
mod new;
mod reward_lint;
mod schema;

use offhook_env::scenario::Scenario;

use crate::cli::ScenarioCommand;
use crate::terminal::outln;
use offhook_lab::error::Failure;
use offhook_simulator::bundled;

pub use form::Identity;

/// Runs a subcommand.
///
/// # Errors
/// If a file has mistakes; all of them are in the message.
pub fn run(command: &ScenarioCommand) -> Result<(), Failure> {
    match command {
        ScenarioCommand::Check(args) => check::run(args),
        ScenarioCommand::Graph(args) => graph::run(args),
        ScenarioCommand::New(args) => new::run(args),
        ScenarioCommand::Schema { out } => schema::run(out.as_deref()),
        ScenarioCommand::List { json } => list(*json),
    }
}

fn list(json: bool) -> Result<(), Failure> {
    for file in bundled::SCENARIOS.files.iter() {
        let scenario = Scenario::parse(&bundled::scenario(file.name, None)?)?;
        if json {
            outln!(
                "{}",
                serde_json::json!({ "name": scenario.name, "purpose": scenario.purpose })
            );
        } else {
            outln!("{:<20} {}", scenario.name, scenario.purpose);
        }
    }
    Ok(())
}

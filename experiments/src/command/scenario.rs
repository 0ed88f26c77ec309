//! `offhook scenario`: check and list.

use offhook_env::scenario::Scenario;
use offhook_simulator::population::Population;

use crate::bundled;
use crate::cli::ScenarioCommand;
use crate::error::Failure;
use crate::terminal::outln;
use crate::world;

/// Runs a subcommand.
///
/// # Errors
/// If a file has mistakes; all of them are in the message.
pub fn run(command: &ScenarioCommand) -> Result<(), Failure> {
    match command {
        ScenarioCommand::Check { files } => check(files),
        ScenarioCommand::List { json } => list(*json),
    }
}

fn check(files: &[String]) -> Result<(), Failure> {
    let mut mistakes = Vec::new();
    let mut n_mistakes = 0;
    for name in files {
        match check_one(name) {
            Ok(line) => outln!("{line}"),
            Err(failure) => {
                n_mistakes += failure.message.lines().count();
                mistakes.push(failure.message);
            }
        }
    }
    if mistakes.is_empty() {
        return Ok(());
    }
    let s = if n_mistakes == 1 { "" } else { "s" };
    Err(Failure::failed(format!(
        "{n_mistakes} mistake{s}\n{}",
        mistakes.join("\n")
    )))
}

fn check_one(name: &str) -> Result<String, Failure> {
    let text = bundled::scenario(name, None)?;
    let scenario = Scenario::parse(&text)?;
    let has_population = text.main.text.contains("[population]");
    if has_population {
        Population::parse(&text, &scenario)?;
        world::load(name, None)?;
    }
    let n_rules = scenario.constraints.iter().filter(|c| c.conduct).count();
    Ok(format!(
        "{}: fine, {} actions, {} features, {n_rules} rules of conduct{}",
        text.main.file,
        scenario.layout.n_actions(),
        scenario.layout.n_features(),
        if has_population {
            ""
        } else {
            ", no [population]: for logs only"
        },
    ))
}

fn list(json: bool) -> Result<(), Failure> {
    for file in bundled::list("scenarios") {
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

//! `offhook scenario`: check, config, features, graph, list, new, schema.

mod check;
mod graph;
mod new;

use std::path::Path;

use offhook_lab::disk::atomic;
use offhook_lab::error::Failure;
use offhook_lab::scenario::features::{FeatureList, reference};
use offhook_lab::scenario::{self, starter};
use offhook_report::scenario::{features, list};
use offhook_simulator::bundled::SCENARIO_SCHEMA;

use crate::cli::{ConfigArgs, ScenarioCommand};
use crate::terminal::{out, outln};

/// Runs a subcommand.
///
/// # Errors
/// If a file has mistakes; all of them are in the message.
pub fn run(command: &ScenarioCommand) -> Result<(), Failure> {
    match command {
        ScenarioCommand::Check(args) => check::run(args),
        ScenarioCommand::Graph(args) => graph::run(args),
        ScenarioCommand::New(args) => new::run(args),
        ScenarioCommand::Config(args) => config(args),
        ScenarioCommand::Features { scenario, json } => {
            let shown = match scenario {
                Some(name) => features::present(&FeatureList::of(name)?),
                None => features::present_reference(&reference()?),
            };
            out!("{}", shown.show(*json));
            Ok(())
        }
        ScenarioCommand::Schema { out } => schema(out.as_deref()),
        ScenarioCommand::List { json } => {
            out!("{}", list(&scenario::bundled()?).show(*json));
            Ok(())
        }
    }
}

/// Writes the experiment of a scenario.
fn config(args: &ConfigArgs) -> Result<(), Failure> {
    let out = match &args.out {
        Some(out) => out.clone(),
        None => starter::config_path(&args.scenario),
    };
    atomic::check_free(&out, args.force)?;
    starter::write_config(&args.scenario, &out)?;
    outln!("written: {}", out.display());
    outln!("train:   offhook run {}", out.display());
    Ok(())
}

/// Prints or writes the JSON Schema of scenario files.
fn schema(path: Option<&Path>) -> Result<(), Failure> {
    match path {
        None => out!("{SCENARIO_SCHEMA}"),
        Some(path) => {
            atomic::write(path, SCENARIO_SCHEMA.as_bytes())?;
            outln!("written to {}", path.display());
        }
    }
    Ok(())
}

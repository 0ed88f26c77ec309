//! `offhook simulate`: play calls, print the key figures, write and show them.

use offhook_lab::disk::out_file::OutFile;
use offhook_lab::error::Failure;
use offhook_lab::simulate::{SimulationPlan, simulate};
use offhook_report::simulate::{present, present_preview};

use crate::cli::SimulateArgs;
use crate::signals;
use crate::terminal::out;

/// Runs the command.
///
/// # Errors
/// If scenario or policy cannot be loaded or the log not be written.
pub fn run(args: &SimulateArgs) -> Result<(), Failure> {
    let log = args.out.clone().map(|path| OutFile {
        path,
        force: args.force,
    });
    let plan = SimulationPlan {
        scenario: args.scenario.clone(),
        policy: args.policy.clone(),
        explore: args.explore,
        user_model: args.user_model.clone(),
        calls: args.calls.plan(),
        log,
        n_shown: args.show,
    };
    let simulation = simulate(&plan, signals::watch(), |preview| {
        out!("{}", present_preview(preview).show(args.json));
    })?;
    out!("{}", present(&simulation).show(args.json));
    Ok(())
}

//! `offhook ope`: what a policy is worth by the calls of another, and whether it beats a baseline.

use offhook_lab::error::Failure;
use offhook_lab::ope::{OpePlan, evaluate};
use offhook_report::ope::present;

use crate::cli::OpeArgs;
use crate::terminal::out;

/// Runs the command.
///
/// # Errors
/// If the log or a policy cannot be used; that the log cannot tell is no error.
pub fn run(args: &OpeArgs) -> Result<(), Failure> {
    let found = evaluate(&OpePlan {
        log: args.log.clone(),
        policy: args.policy.clone(),
        baseline: args.baseline.clone(),
        confidence: args.confidence,
        behavior: args.behavior.clone(),
        gamma: args.gamma,
        wanted: args.wanted.iter().cloned().collect(),
        scenario: args.scenario.clone(),
        seed: args.seed,
    })?;
    out!("{}", present(&found).show(args.json));
    Ok(())
}

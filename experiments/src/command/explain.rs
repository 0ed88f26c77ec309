//! `offhook explain`: where a planner that knows no more than a phone departs from a policy.

use offhook_lab::error::Failure;
use offhook_lab::explain::{ExplainPlan, explain};
use offhook_report::explain::present;

use crate::cli::ExplainArgs;
use crate::terminal::out;

/// Runs the command.
///
/// # Errors
/// If policy or scenario cannot be read or do not fit.
pub fn run(args: &ExplainArgs) -> Result<(), Failure> {
    let explanation = explain(&ExplainPlan {
        policy: args.policy.clone(),
        scenario: args.scenario.clone(),
        calls: args.calls.plan(),
        n_examples: args.examples,
    })?;
    out!("{}", present(&explanation).show(args.json));
    Ok(())
}

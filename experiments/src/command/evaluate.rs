//! `offhook evaluate`: policies against scenarios and user models, and how far user models agree on
//! which policy is better.

use offhook_lab::error::Failure;
use offhook_lab::evaluate::{Evaluation, EvaluationPlan};
use offhook_report::evaluate::present;

use crate::cli::EvaluateArgs;
use crate::terminal::{out, outln};

/// Runs the command.
///
/// # Errors
/// If a name is neither policy nor scenario or both, something cannot be read, or a policy fits none
/// of the scenarios.
pub fn run(args: &EvaluateArgs) -> Result<(), Failure> {
    let evaluation = Evaluation::open(EvaluationPlan {
        names: args.names.clone(),
        user_models: args.user_models.clone(),
        calls: args.calls.plan(),
        ranked_by: args.metric,
        by: args.by.clone(),
    })?;
    for (k, matrix) in evaluation.matrices().enumerate() {
        if k > 0 && !args.json {
            outln!();
        }
        out!("{}", present(&matrix?).show(args.json));
    }
    Ok(())
}

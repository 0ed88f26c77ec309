//! `offhook table verify`: proof, signature, and the test of the verifier itself.

use offhook_lab::error::Failure;
use offhook_lab::table::verify::{VerifyPlan, verify};
use offhook_report::table::verify::present;

use crate::cli::VerifyArgs;
use crate::terminal::out;

/// Runs the subcommand.
///
/// # Errors
/// If a file cannot be read, the table was built for another scenario, the signature does not hold,
/// or anything is not proved.
pub fn run(args: &VerifyArgs) -> Result<(), Failure> {
    let verification = verify(VerifyPlan {
        table: &args.table,
        scenario: args.scenario.as_deref(),
        min_support: args.min_support,
        self_test: args.self_test,
        key: args.key.as_deref(),
        signature: args.signature.as_deref(),
    })?;
    out!("{}", present(&verification).show(args.json));
    if !verification.report.ok() {
        let table = args.table.display();
        return Err(Failure::failed(format!("'{table}' is not proved")));
    }
    if !verification.ok() {
        return Err(Failure::failed(
            "the verifier did not name exactly what was broken",
        ));
    }
    Ok(())
}

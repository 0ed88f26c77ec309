//! `offhook table verify`: proof, signature, and the test of the verifier itself.

use offhook_table::{DecisionTable, self_test, verify_with};

use super::constraints;
use super::sign::check_file;
use super::turns::scenario_of;
use crate::cli::VerifyArgs;
use crate::error::Failure;
use crate::policies::open_table;
use crate::terminal::outln;

/// Seed of the self-test, so that it passes always or never.
const SEED: u64 = 1;

/// Runs the subcommand.
///
/// # Errors
/// If a file cannot be read, the table was built for another scenario, the signature does not hold,
/// or anything is not proved.
pub fn run(args: &VerifyArgs) -> Result<(), Failure> {
    if let Some(key) = &args.key {
        check_file(&args.table, key, args.signature.as_deref())?;
        if args.json {
            outln!("{}", serde_json::json!({ "signature": "holds" }));
        } else {
            outln!("signature: holds");
        }
    }
    let table = open_table(&args.table)?;
    let scenario = scenario_of(&table, args.scenario.as_deref())?;
    let (rules, masks) = constraints(&scenario);
    let (n_rules, n_masks) = (rules.len(), masks.len());
    let constraints = [rules, masks].concat();
    let report = verify_with(&table, &constraints, args.min_support)?;
    if args.json {
        outln!("{}", serde_json::to_string(&report)?);
    } else {
        outln!("{report}");
    }
    let failed = || Failure::failed(format!("'{}' is not proved", args.table.display()));
    if !report.ok() {
        return Err(failed());
    }
    if !args.json {
        outln!("{n_rules} rules of conduct and {n_masks} masks hold in every cell");
    }
    match args.self_test {
        Some(n_each) => test_verifier(&table, &constraints, n_each, args.json),
        None => Ok(()),
    }
}

fn test_verifier(
    table: &DecisionTable,
    constraints: &[offhook_table::Constraint],
    n_each: u64,
    json: bool,
) -> Result<(), Failure> {
    let result = self_test(table, constraints, n_each, SEED)?;
    if json {
        outln!("{}", serde_json::to_string(&result)?);
    } else {
        outln!("{result}");
    }
    if result.ok() {
        Ok(())
    } else {
        Err(Failure::failed(
            "the verifier did not name exactly what was broken",
        ))
    }
}

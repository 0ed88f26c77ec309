//! `offhook table verify`: proof, signature, and the test of the verifier itself.

use offhook_table::agent::constraints;
use offhook_table::{DecisionTable, Proof, ProofReport, SelfTest, self_test, verify_with};
use serde::Serialize;

use super::sign::check;
use super::turns::check_built_for;
use crate::cli::VerifyArgs;
use crate::terminal::outln;
use offhook_lab::error::Failure;
use offhook_lab::policies::{read_table, table_file, table_of};
use offhook_lab::run::manifest::{hashes, scenario_hash};
use offhook_simulator::world;

/// Seed of the self-test, so that it passes always or never.
const SEED: u64 = 1;
/// Version of the JSON.
const SCHEMA: u32 = 1;

/// What `--json` prints: one object on one line.
#[derive(Serialize)]
struct Verified<'a> {
    /// [`SCHEMA`].
    schema: u32,
    /// Whether nothing failed: the exit code is 0.
    ok: bool,
    /// "holds", if a signature was asked for.
    signature: Option<&'a str>,
    /// Whether the scenario is word for word the one that the table was made for; null where the
    /// table does not say which.
    scenario_unchanged: Option<bool>,
    /// The rules of conduct, in the order of the scenario.
    rules_of_conduct: &'a [Proof],
    /// The scenario's masks.
    masks: &'a [Proof],
    /// The whole proof; its `constraints` are rules of conduct and masks.
    report: &'a ProofReport,
    /// The test of the verifier, if it was asked for and the table was proved.
    self_test: Option<&'a SelfTest>,
}

/// Runs the subcommand.
///
/// # Errors
/// If a file cannot be read, the table was built for another scenario, the signature does not hold,
/// or anything is not proved.
pub fn run(args: &VerifyArgs) -> Result<(), Failure> {
    let file = table_file(&args.table)?;
    // Read once, so that what is proved is what was signed.
    let bytes = read_table(&file)?;
    if let Some(key) = &args.key {
        check(&file, &bytes, key, args.signature.as_deref())?;
    }
    let table = table_of(&file, &bytes)?;
    let name = args.scenario.as_deref().unwrap_or(table.scenario());
    let (scenario, text) = world::load_scenario(name, None)?;
    check_built_for(&table, &scenario)?;
    let (rules, masks) = constraints(&scenario);
    let n_rules = rules.len();
    let constraints = [rules, masks].concat();
    let report = verify_with(&table, &constraints, args.min_support)?;
    let tested = match args.self_test.filter(|_| report.ok()) {
        Some(n_each) => Some(self_test(&table, &constraints, n_each, SEED)?),
        None => None,
    };
    let (rules_of_conduct, masks) = report.constraints.split_at(n_rules);
    let verified = Verified {
        schema: SCHEMA,
        ok: report.ok() && tested.as_ref().is_none_or(SelfTest::ok),
        signature: args.key.as_ref().map(|_| "holds"),
        scenario_unchanged: made_for(&table).map(|hash| hash == scenario_hash(&hashes(&text))),
        rules_of_conduct,
        masks,
        report: &report,
        self_test: tested.as_ref(),
    };
    match args.json {
        true => outln!("{}", serde_json::to_string(&verified)?),
        false => print(&verified),
    }
    if !report.ok() {
        let table = args.table.display();
        return Err(Failure::failed(format!("'{table}' is not proved")));
    }
    if !verified.ok {
        return Err(Failure::failed(
            "the verifier did not name exactly what was broken",
        ));
    }
    Ok(())
}

/// Hash of the scenario that the table was made for.
fn made_for(table: &DecisionTable) -> Option<&str> {
    table.provenance().get("scenario")?.as_str()
}

fn print(verified: &Verified<'_>) {
    if let Some(signature) = verified.signature {
        outln!("signature: {signature}");
    }
    if verified.scenario_unchanged == Some(false) {
        outln!(
            "scenario: its text has changed since the table was made; the proof is for the new one"
        );
    }
    for rule in verified.rules_of_conduct {
        let words = if rule.n_violations == 0 {
            "proved"
        } else {
            "BROKEN"
        };
        outln!("rule of conduct: {}: {words}", rule.constraint);
    }
    let n_masks = verified.masks.len();
    let n_hold = verified
        .masks
        .iter()
        .filter(|mask| mask.n_violations == 0)
        .count();
    outln!("masks: {n_hold} of {n_masks} proved");
    outln!("{}", verified.report);
    if let Some(tested) = verified.self_test {
        outln!("{tested}");
    }
}

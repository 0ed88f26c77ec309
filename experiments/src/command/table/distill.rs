//! `offhook table distill`: policies as tables by several methods and budgets, and what each loses.

use indicatif::{ProgressBar, ProgressStyle};
use offhook_lab::disk::atomic;
use offhook_lab::error::Failure;
use offhook_lab::table::distill::{DistillPlan, Distillation};
use offhook_report::table::distill::present;

use crate::cli::DistillArgs;
use crate::revision::REVISION;
use crate::terminal::out;

/// Runs the subcommand.
///
/// # Errors
/// If a file cannot be read, a policy was made for another scenario, or a setting is out of range.
pub fn run(args: &DistillArgs) -> Result<(), Failure> {
    if let Some(out) = &args.out {
        atomic::check_free(out, args.force)?;
        if args.policies.len() * args.method.len().max(1) * args.max_rules.len().max(1) > 1 {
            return Err(Failure::usage(
                "--out takes one table: expected one policy, one --method and one --max-rules",
            ));
        }
    }
    let distillation = Distillation::open(DistillPlan {
        policies: &args.policies,
        scenario: args.scenario.as_deref(),
        config: args.config.as_deref(),
        methods: &args.method,
        max_rules: &args.max_rules,
        n_calls: args.calls,
        seed: args.seed,
        revision: REVISION,
    })?;
    let bar = ProgressBar::new(distillation.n_rounds()).with_style(
        ProgressStyle::with_template("{msg:14} {wide_bar} {pos}/{len} rounds {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let comparison = distillation.run(args.threads, &mut |method, n_rounds| {
        bar.set_message(method.name());
        bar.inc(n_rounds);
    })?;
    bar.finish_and_clear();
    if let (Some(out), [one]) = (&args.out, &comparison.trials[..]) {
        atomic::write(out, one.tables[0].to_json().as_bytes())?;
    }
    out!("{}", present(&comparison).show(args.json));
    Ok(())
}

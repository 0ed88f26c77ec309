//! `offhook bench`: the speeds that matter, measured on this machine.

use offhook_lab::bench::learn::LearnBench;
use offhook_lab::bench::{Speed, agent, env, table};
use offhook_lab::error::Failure;
use offhook_report::bench::{present, present_learning};

use crate::allocator::n_allocations;
use crate::cli::{BenchArgs, BenchTarget, LearnBenchArgs};
use crate::terminal::out;

/// Runs the command.
///
/// # Errors
/// If a scenario has mistakes, an update fails, or the table cannot be written.
pub fn run(args: &BenchArgs) -> Result<(), Failure> {
    let wants = |target| args.subject.is_none_or(|t| t == target);
    let mut show = |speed: &Speed| out!("{}", present(speed).show(args.json));
    if wants(BenchTarget::Env) {
        env::measure(n_allocations, &mut show)?;
    }
    if wants(BenchTarget::Learn) {
        let bench = learn_bench(&args.learn);
        bench.measure(&mut |finding| out!("{}", present_learning(finding).show(args.json)))?;
    }
    if wants(BenchTarget::Table) {
        table::measure(args.table.out.as_deref(), &mut show)?;
        agent::measure(n_allocations, &mut show)?;
    }
    Ok(())
}

fn learn_bench(args: &LearnBenchArgs) -> LearnBench {
    LearnBench {
        scenario: args.scenario.clone(),
        steps: args.steps,
        every: args.every,
        seeds: args.seeds,
        target: args.target,
    }
}

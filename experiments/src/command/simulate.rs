//! `offhook simulate`: play calls, print the key figures, write and show them.

use offhook_env::log::CallLog;
use offhook_env::outcome::CallSummary;
use offhook_env::rng::Stream;

use crate::cli::SimulateArgs;
use crate::error::Failure;
use crate::figures::FIGURES;
use crate::play::{self, Plan};
use crate::record::Record;
use crate::table_print::{Cell, Table};
use crate::terminal::{out, outln};
use crate::{jsonl, policies, threads, world};

/// Calls that are logged at a time, so that long logs need little memory.
const CHUNK: u64 = 10_000;

/// Runs the command.
///
/// # Errors
/// If scenario or policy cannot be loaded or the log not be written.
pub fn run(args: &SimulateArgs) -> Result<(), Failure> {
    let loaded = world::load(&args.scenario, None)?;
    let world = &*loaded.world;
    let (policy, choice) = policies::find(&args.policy, &world.scenario)?;
    let plan = Plan {
        seed: args.seed,
        stream: Stream::Evaluate,
        first: 0,
        n_calls: args.calls,
        choice,
    };
    let mut log = match &args.out {
        Some(path) => Some(jsonl::Writer::create(path, args.force)?),
        None => None,
    };
    let summaries = threads::install(args.threads, || -> Result<Vec<CallSummary>, Failure> {
        for (call, summary) in play::record(
            world,
            &*policy,
            Plan {
                n_calls: args.show.min(args.calls),
                ..plan
            },
        ) {
            if !args.json {
                outln!("{}", play::dialog(&call, &summary));
            }
        }
        let Some(log) = &mut log else {
            return Ok(play::evaluate(world, &*policy, plan));
        };
        let mut summaries = Vec::new();
        let mut first = 0;
        while first < args.calls {
            let n_calls = CHUNK.min(args.calls - first);
            let (calls, part): (Vec<CallLog>, Vec<_>) = play::record(
                world,
                &*policy,
                Plan {
                    first,
                    n_calls,
                    ..plan
                },
            )
            .into_iter()
            .unzip();
            for call in &calls {
                log.write(call)?;
            }
            summaries.extend(part);
            first += n_calls;
        }
        Ok(summaries)
    })?;
    if let Some(log) = log {
        log.finish()?;
    }
    print(args, &summaries);
    Ok(())
}

fn print(args: &SimulateArgs, summaries: &[CallSummary]) {
    let mut rows = Vec::new();
    for figure in FIGURES {
        let estimate = figure.estimate(&[summaries]);
        if args.json {
            let Some(estimate) = estimate else { continue };
            let place = [
                ("scenario", args.scenario.as_str()),
                ("policy", args.policy.as_str()),
                ("user_model", "agenda"),
            ];
            outln!(
                "{}",
                Record::new(figure.name, estimate, args.calls, &figure.unit(), place).to_json()
            );
        } else {
            rows.push(vec![
                Cell::from(figure.name),
                Cell::value(estimate, &figure.unit()),
                Cell::from(figure.unit().name()),
            ]);
        }
    }
    if !args.json {
        let columns = ["figure", &format!("{} calls", args.calls), "unit"]
            .map(str::to_owned)
            .to_vec();
        out!("{}", Table { columns, rows }.to_text());
        if let Some(path) = &args.out {
            outln!("log: {}", path.display());
        }
    }
}

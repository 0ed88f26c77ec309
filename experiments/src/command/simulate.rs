//! `offhook simulate`: play calls, print the key figures, write and show them.

use std::sync::Arc;

use offhook_env::call::outcome::CallSummary;
use offhook_env::policy::Policy;
use offhook_env::rng::Stream;

use crate::cli::SimulateArgs;
use crate::terminal::{out, outln};
use offhook_lab::disk::jsonl;
use offhook_lab::error::Failure;
use offhook_lab::key_figure::{KEY_FIGURES, Tally};
use offhook_lab::play::{self, Choice, Plan};
use offhook_lab::policies::Exploring;
use offhook_lab::run::stored;
use offhook_lab::{policies, threads, user_models};
use offhook_report::record::Record;
use offhook_report::text_table::{Cell, TextTable};
use offhook_simulator::world::CallWorld;

/// Calls that are played at a time, so that any number of them needs little memory.
const CHUNK: u64 = 10_000;

/// Runs the command.
///
/// # Errors
/// If scenario or policy cannot be loaded or the log not be written.
pub fn run(args: &SimulateArgs) -> Result<(), Failure> {
    threads::install(args.threads, || simulate(args))
}

fn simulate(args: &SimulateArgs) -> Result<(), Failure> {
    let (scenario, loaded) = stored::load(args.scenario.as_deref(), &args.policy)?;
    let loaded = loaded.with_noise(args.noise)?;
    let populated = user_models::populate(&loaded, &args.user_model, args.seed)?;
    let world = &*populated.world;
    let (mut policy, mut choice) = policies::find(&args.policy, &world.scenario)?;
    if args.explore > 0.0 {
        policy = Arc::new(Exploring::new(policy, choice, args.explore)?);
        choice = Choice::Sample;
    }
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
    if let (Some(source), false) = (&populated.source, args.json) {
        outln!("{}: fitted to {source}", args.user_model);
    }
    let shown = Plan {
        n_calls: args.show.min(args.calls),
        ..plan
    };
    for (call, summary) in play::record(world, &*policy, shown) {
        if !args.json {
            outln!("{}", play::dialog(&call, &summary));
        }
    }
    let tallies = play_all(world, &*policy, plan, log.as_mut())?;
    if let Some(log) = log {
        log.finish()?;
    }
    print(args, &scenario, &tallies);
    Ok(())
}

/// Plays calls a chunk at a time, logs them if there is a log, and tallies each figure.
fn play_all(
    world: &CallWorld,
    policy: &dyn Policy,
    plan: Plan,
    mut log: Option<&mut jsonl::Writer>,
) -> Result<Vec<Tally>, Failure> {
    let mut tallies: Vec<Tally> = KEY_FIGURES.iter().map(|figure| figure.tally(&[])).collect();
    let mut first = 0;
    while first < plan.n_calls {
        let n_calls = CHUNK.min(plan.n_calls - first);
        let chunk = Plan {
            first,
            n_calls,
            ..plan
        };
        let summaries = match &mut log {
            None => play::evaluate(world, policy, chunk),
            Some(log) => {
                let played = play::record(world, policy, chunk);
                let logged = played.into_iter().map(|(call, summary)| {
                    log.write(&call)?;
                    Ok(summary)
                });
                logged.collect::<Result<Vec<CallSummary>, Failure>>()?
            }
        };
        for (figure, tally) in KEY_FIGURES.iter().zip(&mut tallies) {
            *tally = tally.merged(figure.tally(&summaries));
        }
        first += n_calls;
    }
    Ok(tallies)
}

fn print(args: &SimulateArgs, scenario: &str, tallies: &[Tally]) {
    let mut rows = Vec::new();
    for (figure, tally) in KEY_FIGURES.iter().zip(tallies) {
        let estimate = figure.of_tallies(&[*tally]);
        if args.json {
            let Some(estimate) = estimate else { continue };
            let place = [
                ("scenario", scenario.to_owned()),
                ("policy", args.policy.clone()),
                ("user_model", args.user_model.to_string()),
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
        out!("{}", TextTable { columns, rows }.to_text());
        if let Some(path) = &args.out {
            outln!("log: {}", path.display());
        }
    }
}

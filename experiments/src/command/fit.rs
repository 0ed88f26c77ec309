//! `offhook fit`: a channel from labelled calls.

use std::sync::Arc;

use offhook_env::act::{NBest, Utterance};
use offhook_env::log::{ActReader, read_calls};
use offhook_env::rng::{Stream, derive};
use offhook_env::scenario::Scenario;
use offhook_simulator::channel::ConfusionChannel;
use offhook_simulator::fit::channel::fit_channel;
use offhook_simulator::fit::error_rate::{act_error_rate, channel_error_rate};

use crate::cli::FitArgs;
use crate::terminal::{out, outln};
use offhook_lab::disk::{atomic, jsonl};
use offhook_lab::error::Failure;
use offhook_lab::unit::Unit;
use offhook_report::record::Record;
use offhook_report::text_table::{Cell, TextTable};
use offhook_simulator::world;
use offhook_stats::{self as stats, Count, Estimate};

/// Runs the command.
///
/// # Errors
/// If the log has mistakes or no labels, or the file cannot be written.
pub fn run(args: &FitArgs) -> Result<(), Failure> {
    atomic::check_free(&args.out, args.force)?;
    let (scenario, turns) = labelled_turns(args)?;
    // Only turns with one act are fitted, and only they are compared.
    let lone: Vec<_> = turns
        .into_iter()
        .filter(|(said, _)| said.acts().len() <= 1)
        .collect();
    let name = args
        .out
        .file_stem()
        .map_or("channel".into(), |stem| stem.to_string_lossy());
    let log = args
        .log
        .file_name()
        .map_or("a log".into(), |file| file.to_string_lossy());
    let source = format!(
        "{} labelled turns with one act of {log}; half a count added everywhere",
        lone.len()
    );
    let model = fit_channel(&name, &source, lone.iter().copied())?;
    atomic::write(&args.out, model.to_toml().as_bytes())?;

    let channel = ConfusionChannel::new(&model, &scenario);
    let mut rng = derive(1, Stream::Choose, 0);
    let rates = [
        ("fit.act_error", "log", act_error_rate(lone.iter().copied())),
        (
            "fit.act_error",
            "channel",
            channel_error_rate(&channel, lone.iter().map(|(said, _)| *said), 1, &mut rng),
        ),
    ];
    let n = lone.len() as u64;
    let mut rows = Vec::new();
    for (metric, place, rate) in rates {
        let Some(rate) = rate else { continue };
        let estimate = stats::share(Count {
            hits: (rate * n as f64).round() as u64,
            n,
        })
        .unwrap_or(Estimate::point(rate));
        if args.json {
            outln!(
                "{}",
                Record::new(metric, estimate, n, &Unit::share(), [("of", place)]).to_json()
            );
        }
        rows.push(vec![
            Cell::from(place),
            Cell::Value(estimate, Unit::share()),
        ]);
    }
    if !args.json {
        out!(
            "{}",
            TextTable {
                columns: vec![format!("{n} turns with one act"), "act error".into()],
                rows
            }
            .to_text()
        );
        outln!("written to {}", args.out.display());
    }
    Ok(())
}

/// What was truly said and what was heard.
type LabelledTurn = (Utterance, NBest);

/// What was truly said and what was heard, turn by turn, in the scenario of the log's first call.
fn labelled_turns(args: &FitArgs) -> Result<(Arc<Scenario>, Vec<LabelledTurn>), Failure> {
    let place =
        |e: &dyn std::fmt::Display| Failure::failed(format!("'{}' {e}", args.log.display()));
    let mut scenario = None;
    let mut turns = Vec::new();
    for call in read_calls(jsonl::open(&args.log)?) {
        let (line, call) = call.map_err(|e| place(&e))?;
        let scenario = match &mut scenario {
            Some(scenario) => scenario,
            none => none.insert(world::load_scenario(&call.scenario, None)?.0),
        };
        let mut reader = ActReader::new(scenario);
        for turn in &call.turns {
            let Some(labels) = &turn.user_acts else {
                continue;
            };
            let read = reader
                .utterance(labels)
                .and_then(|said| Ok((said, reader.n_best(&turn.n_best)?)));
            turns.push(read.map_err(|e| place(&format!("line {line}: {e}")))?);
        }
    }
    match scenario {
        Some(scenario) if !turns.is_empty() => Ok((scenario, turns)),
        _ => Err(place(
            &"holds no labelled turns; `user_acts` must say what customers truly did",
        )),
    }
}

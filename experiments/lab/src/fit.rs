//! Fitting: a channel from calls whose customer acts are labelled.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use offhook_env::act::{NBest, Utterance};
use offhook_env::log::ActReader;
use offhook_env::rng::{Stream, derive};
use offhook_env::scenario::Scenario;
use offhook_simulator::channel::ConfusionChannel;
use offhook_simulator::fit::channel::fit_channel;
use offhook_simulator::fit::error_rate::{act_error_rate, channel_error_rate};
use offhook_simulator::world;
use offhook_stats::{self as stats, Count, Estimate};

use crate::disk::out_file::OutFile;
use crate::disk::{atomic, jsonl};
use crate::error::Failure;
use crate::logs::TurnBudget;

/// A channel that was fitted, beside the calls that it was fitted to.
#[derive(Clone, Debug)]
pub struct ChannelFit {
    /// The channel file.
    pub path: PathBuf,
    /// Labelled turns with at most one act: only they are fitted, and only they are compared.
    pub n_turns: u64,
    /// Share of them in which another act was heard than was said; none without turns.
    pub log_error: Option<Estimate>,
    /// The same where the channel hears what was said.
    pub channel_error: Option<Estimate>,
}

/// Fits a channel to a log, and writes it as a file that is called like the channel.
///
/// # Errors
/// If the log has mistakes or no labels, or the file cannot be written.
pub fn fit(log: &Path, out: &OutFile) -> Result<ChannelFit, Failure> {
    out.check_free()?;
    let (scenario, turns) = labelled_turns(log)?;
    let lone: Vec<_> = turns
        .into_iter()
        .filter(|(said, _)| said.acts().len() <= 1)
        .collect();
    let name = out
        .path
        .file_stem()
        .map_or("channel".into(), |stem| stem.to_string_lossy());
    let file = log
        .file_name()
        .map_or("a log".into(), |file| file.to_string_lossy());
    let source = format!(
        "{} labelled turns with one act of {file}; half a count added everywhere",
        lone.len()
    );
    let model = fit_channel(&name, &source, lone.iter().copied())?;
    atomic::write(&out.path, model.to_toml().as_bytes())?;

    let channel = ConfusionChannel::new(&model, &scenario);
    let mut rng = derive(1, Stream::Choose, 0);
    let n = lone.len() as u64;
    let said = lone.iter().map(|(said, _)| *said);
    Ok(ChannelFit {
        path: out.path.clone(),
        n_turns: n,
        log_error: act_error_rate(lone.iter().copied()).map(|rate| share(rate, n)),
        channel_error: channel_error_rate(&channel, said, 1, &mut rng).map(|rate| share(rate, n)),
    })
}

/// A rate over `n` turns with its interval.
fn share(rate: f64, n: u64) -> Estimate {
    let hits = (rate * n as f64).round() as u64;
    stats::share(Count { hits, n }).unwrap_or(Estimate::point(rate))
}

/// What was truly said and what was heard.
type LabelledTurn = (Utterance, NBest);

/// What was truly said and what was heard, turn by turn, in the scenario of the log's first call.
fn labelled_turns(log: &Path) -> Result<(Arc<Scenario>, Vec<LabelledTurn>), Failure> {
    let place = |e: &dyn std::fmt::Display| Failure::failed(format!("'{}' {e}", log.display()));
    let mut scenario = None;
    let mut turns = Vec::new();
    let mut budget = TurnBudget::default();
    for call in jsonl::calls(log)? {
        let (line, call) = call?;
        budget.take(log, call.turns.len())?;
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

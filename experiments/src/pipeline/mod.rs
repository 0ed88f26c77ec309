//! An experiment from its config to its run directory.

mod cloning;
mod confusions;
mod curve;
mod gap;
mod judge;
pub mod metrics;
mod outcome;
pub mod provenance;
mod seed;
mod stability;
mod stage;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use rayon::prelude::*;

use crate::bundled;
use crate::cli::RunArgs;
use crate::config::Config;
use crate::error::Failure;
use crate::logs::{Log, Where};
use crate::manifest::{Manifest, rfc3339, sha256};
use crate::run_dir::{Mode, Progress, RunDir};
use crate::terminal::outln;
use crate::{threads, world};
use offhook_env::diagnostic::Text;
use seed::{SeedResult, SeedRun};

pub use curve::{collect as collect_curve, to_csv as curve_csv};

/// Runs an experiment; `now` tells the time in seconds since 1970.
///
/// # Errors
/// If an input has mistakes, the run directory is refused, learning diverges, or a file cannot be
/// written.
pub fn run(args: &RunArgs, now: fn() -> u64) -> Result<(), Failure> {
    let text = bundled::find("configs", &args.config, None)?;
    let mut config = Config::parse(&text)?;
    if let Some(n_seeds) = args.seeds {
        config.seeds = (1..=n_seeds).collect();
    }
    if args.quick {
        config = config.quick();
    }
    let out = args
        .out
        .clone()
        .unwrap_or_else(|| default_out(&config, args.quick));
    let base = Path::new(&text.file).parent().map(Path::to_path_buf);
    match config.imitation.log.clone() {
        Some(log) => cloning::run(
            args,
            &config,
            &text,
            base.as_deref(),
            Path::new(&log),
            &out,
            now,
        ),
        None => simulate_and_learn(args, &config, &text, base.as_deref(), &out, now),
    }
}

fn default_out(config: &Config, quick: bool) -> PathBuf {
    Path::new("results").join(if quick {
        format!("{}-quick", config.name)
    } else {
        config.name.clone()
    })
}

/// Takes the run directory for what goes in; the config is kept as it was run.
fn take_dir(
    args: &RunArgs,
    config: &Config,
    text: &Text,
    inputs: BTreeMap<String, String>,
    out: &Path,
    now: fn() -> u64,
) -> Result<RunDir, Failure> {
    let mode = match (args.force, args.resume) {
        (true, _) => Mode::Force,
        (_, true) => Mode::Resume,
        _ => Mode::Fresh,
    };
    // What the command line changed belongs to the config as run.
    let mut as_run = text.text.clone();
    as_run += &format!(
        "\n# as run: seeds = {:?}{}\n",
        config.seeds,
        if args.quick { ", --quick" } else { "" }
    );
    let n_threads = args
        .threads
        .map_or_else(rayon::current_num_threads, usize::from);
    let inputs = inputs
        .into_iter()
        .chain([("config".to_owned(), sha256(as_run.as_bytes()))])
        .collect();
    let manifest = Manifest::begin(inputs, config.seeds.clone(), n_threads, rfc3339(now()));
    Ok(RunDir::create(out, mode, as_run.as_bytes(), manifest)?)
}

fn simulate_and_learn(
    args: &RunArgs,
    config: &Config,
    text: &Text,
    base: Option<&Path>,
    out: &Path,
    now: fn() -> u64,
) -> Result<(), Failure> {
    let loaded = world::load(&config.scenario, base)?;
    let mut inputs = loaded.inputs.clone();
    let log = match &config.offline {
        Some(offline) => {
            let path = Path::new(&offline.log);
            let calls = Log::read(&loaded.world.scenario, path, &Where::new())?;
            let hash = sha256(&std::fs::read(path)?);
            inputs.insert(format!("data/{}", offline.log), hash);
            Some(calls.trajectories()?.0)
        }
        None => None,
    };
    let dir = take_dir(args, config, text, inputs, out, now)?;
    if dir.progress() == Progress::Finished {
        outln!("'{}' is finished; nothing is left to do", out.display());
        return Ok(());
    }
    let bars = MultiProgress::new();
    let (results, summary) = threads::install(args.threads, || -> Result<_, Failure> {
        let train = |&seed: &u64| {
            let bar = bars.add(progress_bar(seed));
            SeedRun {
                config,
                loaded: &loaded,
                log: log.as_ref(),
                dir: &dir,
                seed,
                bar,
            }
            .run()
        };
        let results: Vec<SeedResult> = config
            .seeds
            .par_iter()
            .with_max_len(1)
            .map(train)
            .collect::<Result<_, _>>()?;
        let summary = judge::judge(config, &loaded, &results)?;
        Ok((results, summary))
    })?;
    bars.clear()?;
    outcome::write(config, &loaded, &dir, &results, &summary)?;
    summary.print(config, args.json);
    if !args.json {
        outln!("\nwritten to {}:", out.display());
        for file in outcome::FILES {
            outln!("  {}", out.join(file).display());
        }
    }
    dir.finish(rfc3339(now()))?;
    Ok(())
}

fn progress_bar(seed: u64) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{prefix:8} {msg:14} {wide_bar} {pos}/{len} {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(1)
        .with_style(style)
        .with_prefix(format!("seed {seed}"))
}

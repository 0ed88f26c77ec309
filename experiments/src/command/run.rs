//! `offhook run`: an experiment, with a progress bar per seed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use offhook_lab::error::Failure;
use offhook_lab::progress::Progress;
use offhook_lab::run::run_dir::Mode;
use offhook_lab::run::verdict::VerdictStatus;
use offhook_lab::run::{Experiment, RunEnd, RunPlan, files};

use crate::cli::RunArgs;
use crate::revision::REVISION;
use crate::signals;
use crate::terminal::{errln, out, outln};

/// Runs the command; `now` tells the time in seconds since 1970.
///
/// # Errors
/// If an input has mistakes, the run directory is refused, learning diverges, a file cannot be written, or, with
/// `--strict`, the verdict is `worse`.
pub fn run(args: &RunArgs, now: fn() -> u64) -> Result<(), Failure> {
    let experiment = Experiment::load(&args.config, args.seeds, args.quick)?;
    let dir = args.out.clone().unwrap_or_else(|| experiment.default_out());
    let bars = Bars::default();
    let end = experiment.run(&RunPlan {
        out: &dir,
        mode: match (args.force, args.resume) {
            (true, _) => Mode::Force,
            (_, true) => Mode::Resume,
            _ => Mode::Fresh,
        },
        threads: args.threads,
        revision: REVISION,
        now,
        progress: &bars,
        stop: signals::watch(),
        render: &offhook_report::run::render,
    });
    bars.clear();
    let verdict = match end.map_err(signals::with_resume)? {
        RunEnd::NothingLeft(verdict) => {
            outln!("'{}' is finished; nothing is left to do", dir.display());
            verdict
        }
        RunEnd::Trained(result) => {
            out!("{}", offhook_report::run::present(&result).show(args.json));
            if !args.json {
                outln!("\nwritten to {}:", dir.display());
                for file in files::SHOWN {
                    outln!("  {}", dir.join(file.name()).display());
                }
            }
            Some(result.verdict)
        }
        RunEnd::Predicted(prediction) => {
            let shown = offhook_report::predict::present(&prediction);
            out!("{}", shown.show(args.json));
            if !args.json {
                outln!("\nwritten to {}", dir.display());
            }
            None
        }
    };
    let Some(verdict) = verdict else {
        return Ok(());
    };
    if !args.json {
        outln!("{}", verdict.line());
    }
    match args.strict && verdict.status == VerdictStatus::Worse {
        true => Err(Failure::worse(verdict.line())),
        false => Ok(()),
    }
}

/// A progress bar per seed; lines on standard error where nobody watches.
#[derive(Default)]
struct Bars {
    all: MultiProgress,
    by_seed: Mutex<BTreeMap<u64, ProgressBar>>,
}

impl Bars {
    fn of(&self, seed: u64) -> ProgressBar {
        let style =
            ProgressStyle::with_template("{prefix:8} {msg:14} {wide_bar} {pos}/{len} {elapsed}")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
        let new = || {
            let bar = ProgressBar::new(1)
                .with_style(style)
                .with_prefix(format!("seed {seed}"));
            self.all.add(bar)
        };
        let mut bars = self.by_seed.lock().unwrap_or_else(|e| e.into_inner());
        bars.entry(seed).or_insert_with(new).clone()
    }

    fn clear(&self) {
        // What cannot be cleared stays on the screen.
        let _ = self.all.clear();
    }
}

impl Progress for Bars {
    fn stage(&self, seed: u64, stage: &str, length: u64, position: u64) {
        let bar = self.of(seed);
        bar.set_message(stage.to_owned());
        bar.set_length(length);
        bar.set_position(position);
        if bar.is_hidden() {
            errln!("seed {seed}: {stage}");
        }
    }

    fn position(&self, seed: u64, position: u64) {
        self.of(seed).set_position(position);
    }

    fn again(&self, seed: u64, stage: &str, file: &Path) {
        let file = file.display();
        self.all.suspend(|| {
            errln!("seed {seed}: '{file}' is not what this run has written; {stage} is done again");
        });
    }

    fn done(&self, seed: u64) {
        self.of(seed).finish_with_message("done");
    }

    fn note(&self, text: &str) {
        self.all.suspend(|| errln!("{text}"));
    }
}

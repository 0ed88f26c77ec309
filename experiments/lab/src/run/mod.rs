//! An experiment from its config to its run directory.
//!
//! [`Experiment::run`] trains every seed ([`seed`], one file per stage in `stage/`), judges what came out on
//! held-out calls ([`judge`]), and leaves a directory ([`run_dir`]) that holds all that went in and came out.

pub mod curve;
pub mod files;
pub mod gap;
pub mod hash;
pub mod held_out;
pub mod judge;
pub mod manifest;
pub mod metrics;
pub mod provenance;
mod result;
pub mod run_dir;
mod run_file;
pub mod seed;
mod seed_files;
pub mod seed_result;
mod shipped;
pub mod stability;
mod stage;
pub mod stored;
pub mod summary;
pub mod verdict;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use offhook_env::diagnostic::Text;
use offhook_simulator::world::{self, LoadedScenario};
use rayon::prelude::*;

use crate::config::{CONFIGS, Config};
use crate::error::Failure;
use crate::logs::{Log, Where};
use crate::predict::{self, Prediction};
use crate::progress::{Progress, SeedProgress};
use crate::scenario::{check, reward_lint};
use crate::stop::Stop;
use crate::threads;
use hash::{sha256, sha256_of};
use judge::Judgement;
use manifest::{Manifest, rfc3339};
pub use result::TrainResult;
use run_dir::{Mode, RunDir, RunFile};
use seed::SeedRun;
use seed_files::SeedFiles;
use seed_result::SeedResult;
use verdict::Verdict;

/// A config, and what the command line changed of it.
pub struct Experiment {
    /// The config as it is run.
    pub config: Config,
    text: Text,
    quick: bool,
}

/// Where and how an experiment is run, and who watches.
pub struct RunPlan<'a> {
    /// The run directory.
    pub out: &'a Path,
    /// What to do with a run that is already there.
    pub mode: Mode,
    /// Threads; results do not depend on it. One per processor if not given.
    pub threads: Option<u16>,
    /// Revision of the code that built the program.
    pub revision: &'a str,
    /// The time in seconds since 1970; it goes into the manifest alone.
    pub now: fn() -> u64,
    /// Who is told how far it is.
    pub progress: &'a dyn Progress,
    /// Who can end it early.
    pub stop: &'a Stop,
    /// Draws a finished run: pictures and pages that the laboratory writes and hashes with the rest.
    pub render: &'a Render,
}

/// Draws what was found, as files of the run.
pub type Render = dyn Fn(&TrainResult) -> Result<Vec<(RunFile, Vec<u8>)>, Failure> + Sync;

/// How a run ended.
pub enum RunEnd {
    /// It was finished before, with this verdict if it had one; nothing was done.
    NothingLeft(Option<Verdict>),
    /// Policies were trained and judged.
    Trained(Box<TrainResult>),
    /// A log's next acts were predicted.
    Predicted(Box<Prediction>),
}

impl Experiment {
    /// Reads a config by path or by the name of a bundled one; `seeds` trains the first N of 1, 2, 3, ...,
    /// `quick` one seed on a small budget.
    ///
    /// # Errors
    /// If there is no such config, or every mistake in it.
    pub fn load(name: &str, seeds: Option<u64>, quick: bool) -> Result<Self, Failure> {
        let text = CONFIGS.find(name, None)?;
        let mut config = Config::parse(&text)?;
        if let Some(n_seeds) = seeds {
            config.seeds = (1..=n_seeds).collect();
        }
        if quick {
            config = config.quick();
        }
        Ok(Self {
            config,
            text,
            quick,
        })
    }

    /// The run directory if no other is given: `results/<name>`.
    pub fn default_out(&self) -> PathBuf {
        let quick = if self.quick { "-quick" } else { "" };
        Path::new("results").join(format!("{}{quick}", self.config.name))
    }

    /// Where the config lies; scenarios are looked for beside it too.
    pub(crate) fn base(&self) -> Option<&Path> {
        Path::new(&self.text.file).parent()
    }

    /// Runs every stage into the run directory.
    ///
    /// # Errors
    /// If an input has mistakes, the run directory is refused, learning diverges, a file cannot be written, or an end
    /// is asked for.
    pub fn run(&self, plan: &RunPlan<'_>) -> Result<RunEnd, Failure> {
        match self.config.imitation.log.clone() {
            Some(log) => predict::run(self, plan, Path::new(&log)),
            None => self.train(plan),
        }
    }

    /// Takes the run directory for what goes in; what the command line changed belongs to the config as run.
    pub(crate) fn take_dir(
        &self,
        plan: &RunPlan<'_>,
        inputs: BTreeMap<String, String>,
    ) -> Result<RunDir, Failure> {
        let quick = if self.quick { ", --quick" } else { "" };
        let as_run =
            |seeds: &[u64]| format!("{}\n# as run: seeds = {seeds:?}{quick}\n", self.text.text);
        let n_threads = plan
            .threads
            .map_or_else(rayon::current_num_threads, usize::from);
        let seeds = self.config.seeds.clone();
        let manifest = Manifest::begin(
            inputs,
            seeds,
            n_threads,
            plan.revision,
            rfc3339((plan.now)()),
        );
        Ok(RunDir::create(plan.out, plan.mode, &as_run, manifest)?)
    }

    fn train(&self, plan: &RunPlan<'_>) -> Result<RunEnd, Failure> {
        let config = &self.config;
        let loaded = world::load_tracked(&config.scenario, self.base(), &config.tracker)?;
        check::refuse_faults(&loaded.text)?;
        let mut inputs = hash::hashes(&loaded.text);
        if let Some(channel) = &loaded.channel {
            inputs.insert("channel".to_owned(), sha256(channel.text.as_bytes()));
        }
        let log = match &config.offline {
            Some(offline) => {
                let path = Path::new(&offline.own.log);
                let calls = Log::read(&loaded.world.scenario, path, &Where::new())?;
                inputs.insert(format!("data/{}", offline.own.log), sha256_of(path)?);
                Some(calls.trajectories()?.0)
            }
            None => None,
        };
        let dir = self.take_dir(plan, inputs)?;
        if dir.progress() == run_dir::Progress::Finished {
            return Ok(RunEnd::NothingLeft(dir.manifest().verdict.clone()));
        }
        files::write_inputs(&dir, &loaded.text, loaded.channel.as_ref())?;
        let (results, judgement, exploits) = threads::install(plan.threads, || {
            let exploits = reward_lint::exploits(&loaded);
            for exploit in &exploits {
                plan.progress.note(&exploit.to_string());
            }
            let train = |&seed: &u64| {
                SeedRun {
                    config,
                    loaded: &loaded,
                    log: log.as_ref(),
                    dir: &dir,
                    seed,
                    files: SeedFiles::open(&dir, seed)?,
                    stop: plan.stop,
                    progress: SeedProgress::new(plan.progress, seed),
                }
                .run()
            };
            let results: Vec<SeedResult> = config
                .seeds
                .par_iter()
                .with_max_len(1)
                .map(train)
                .collect::<Result<_, _>>()?;
            let judgement = judge::judge(config, &loaded, &results, plan.stop)?;
            Ok::<_, Failure>((results, judgement, exploits))
        })?;
        let verdict = verdict::verdict(&judgement, &loaded.world.scenario, &exploits, self.quick);
        let result = self.result(&loaded, &results, judgement, verdict);
        files::write(&dir, &loaded.world.scenario, &results, &result)?;
        for (file, bytes) in (plan.render)(&result)? {
            dir.write(file, &bytes)?;
        }
        dir.finish(rfc3339((plan.now)()), Some(result.verdict.clone()))?;
        Ok(RunEnd::Trained(Box::new(result)))
    }

    fn result(
        &self,
        loaded: &LoadedScenario,
        results: &[SeedResult],
        judgement: Judgement,
        verdict: Verdict,
    ) -> TrainResult {
        let scenario = &loaded.world.scenario;
        let rows: Vec<_> = results.iter().flat_map(|r| r.rows.clone()).collect();
        TrainResult {
            name: self.config.name.clone(),
            scenario: self.config.scenario.clone(),
            scenario_name: scenario.name.clone(),
            purpose: scenario.purpose.clone(),
            curve_calls: self.config.evaluation.curve_calls,
            curve: curve::of_run(&rows, &judgement),
            judgement,
            verdict,
        }
    }
}

//! One training seed: its stages in order, and what they share; each leaves a checkpoint to resume from.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use offhook_env::belief::layout::Layout;
use offhook_env::call::outcome::{CallSummary, Outcome};
use offhook_env::call::privileged::HiddenFeatures;
use offhook_env::policy::Policy;
use offhook_env::rng::Stream;
use offhook_policy::checkpoint::Checkpoint;
use offhook_policy::data::trajectories::Trajectories;
use offhook_policy::network::fused::FusedPolicy;
use offhook_policy::network::weights::Weights;
use offhook_simulator::world::LoadedScenario;
use offhook_table::DecisionTable;

use super::metrics::{self, Row, Stage};
use super::run_dir::{RunDir, RunFile};
use crate::config::Config;
use crate::disk::atomic::FileError;
use crate::error::Failure;
use crate::play::{self, Choice, Plan};
use crate::progress::SeedProgress;

/// Calls of the learning curve start here, so that they are none of the final evaluation's.
pub const CURVE_FIRST: u64 = 1 << 40;

/// What one seed has learned.
pub struct SeedResult {
    /// The seed.
    pub seed: u64,
    /// The clone of the hand-written flow.
    pub imitation: Arc<dyn Policy>,
    /// A policy that sees the hidden customer.
    pub teacher: Option<Arc<dyn Policy>>,
    /// What an expert made of the clone.
    pub student: Option<Arc<dyn Policy>>,
    /// What reinforcement made of either.
    pub reinforcement: Arc<dyn Policy>,
    /// The table distilled from it.
    pub table: DecisionTable,
    /// Every number measured on the way.
    pub rows: Vec<Row>,
}

/// The work on one seed.
pub struct SeedRun<'a> {
    /// The experiment.
    pub config: &'a Config,
    /// Scenario, customers, channel.
    pub loaded: &'a LoadedScenario,
    /// The log of an offline experiment.
    pub log: Option<&'a Trajectories>,
    /// Where files go.
    pub dir: &'a RunDir,
    /// The seed.
    pub seed: u64,
    /// Who is told how far it is.
    pub(crate) progress: SeedProgress<'a>,
}

impl SeedRun<'_> {
    /// Where a file of this seed lies.
    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.dir.join(RunFile::Checkpoints).join(self.name(file))
    }

    fn name(&self, file: &str) -> String {
        format!("seed_{}/{file}", self.seed)
    }

    /// Writes a file of this seed.
    pub(super) fn write(&self, file: &str, bytes: &[u8]) -> Result<(), FileError> {
        self.dir
            .write_in(RunFile::Checkpoints, &self.name(file), bytes)
    }

    /// A checkpoint that an interrupted run has left, if any.
    pub(super) fn stored(&self, file: &str) -> Result<Option<Checkpoint>, Failure> {
        self.stored_for(file, &self.loaded.world.scenario.layout)
    }

    /// The same for a network over `layout`.
    pub(super) fn stored_for(
        &self,
        file: &str,
        layout: &Layout,
    ) -> Result<Option<Checkpoint>, Failure> {
        let path = self.path(file);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => {
                return Err(Failure::failed(format!(
                    "cannot read '{}': {e}",
                    path.display()
                )));
            }
        };
        let broken = |e: &dyn std::fmt::Display| {
            Failure::failed(format!(
                "'{}': {e}; start over with --force",
                path.display()
            ))
        };
        let checkpoint = Checkpoint::from_bytes(&bytes).map_err(|e| broken(&e))?;
        checkpoint.check_layout(layout).map_err(|e| broken(&e))?;
        checkpoint
            .check_network(&self.config.network)
            .map_err(|e| broken(&e))?;
        Ok(Some(checkpoint))
    }

    /// Rows measured before an interruption.
    pub(super) fn stored_rows(&self, stage: Stage, through: u64) -> Result<Vec<Row>, Failure> {
        let path = self.path(&format!("{stage}.csv"));
        let text = fs::read_to_string(&path).map_err(|e| {
            Failure::failed(format!(
                "cannot read '{}': {e}; start over with --force",
                path.display()
            ))
        })?;
        let rows = metrics::from_csv(&path.display().to_string(), &text)?;
        Ok(rows.into_iter().filter(|row| row.step <= through).collect())
    }

    pub(super) fn save(
        &self,
        stage: Stage,
        rows: &[Row],
        checkpoint: &Checkpoint,
    ) -> Result<(), Failure> {
        // The rows come first: those beyond the checkpoint are left out when it is read again.
        self.write(&format!("{stage}.csv"), metrics::to_csv(rows).as_bytes())?;
        self.write(&format!("{stage}.safetensors"), &checkpoint.to_bytes())?;
        Ok(())
    }

    pub(super) fn row(&self, stage: Stage, step: u64, calls: u64, metric: &str, value: f64) -> Row {
        Row {
            seed: self.seed,
            stage,
            step,
            calls,
            metric: metric.to_owned(),
            value,
        }
    }

    /// One point of the learning curve.
    pub(super) fn judge(
        &self,
        policy: &dyn Policy,
        stage: Stage,
        step: u64,
        calls: u64,
    ) -> Vec<Row> {
        self.judge_as(policy, Choice::Best, stage, step, calls)
    }

    /// The same for a policy that chooses otherwise than by its best action.
    pub(super) fn judge_as(
        &self,
        policy: &dyn Policy,
        choice: Choice,
        stage: Stage,
        step: u64,
        calls: u64,
    ) -> Vec<Row> {
        let n_calls = self.config.evaluation.curve_calls;
        let plan = Plan {
            seed: self.seed,
            stream: Stream::Evaluate,
            first: CURVE_FIRST,
            n_calls,
            choice,
        };
        let summaries = play::evaluate(&self.loaded.world, policy, plan);
        let mean = |value: fn(&CallSummary) -> f64| {
            summaries.iter().map(value).sum::<f64>() / n_calls as f64
        };
        [
            (
                metrics::CURVE,
                mean(|c| f64::from(c.outcome == Outcome::Completed)),
            ),
            ("evaluate/return", mean(|c| f64::from(c.return_))),
            ("evaluate/satisfaction", mean(|c| f64::from(c.satisfaction))),
            ("evaluate/harms_per_call", mean(|c| f64::from(c.harms))),
        ]
        .into_iter()
        .map(|(metric, value)| self.row(stage, step, calls, metric, value))
        .collect()
    }

    /// Every stage.
    ///
    /// # Errors
    /// If learning diverges or a file cannot be read or written.
    pub fn run(&self) -> Result<SeedResult, Failure> {
        let (mut weights, mut rows) = self.imitate()?;
        let scenario = &self.loaded.world.scenario;
        let layout = &scenario.layout;
        let fused = |weights: &Weights, layout: &Layout| -> Arc<dyn Policy> {
            Arc::new(FusedPolicy::new(weights, layout))
        };
        let imitation = fused(&weights, layout);
        let mut taught_by = None;
        if let Some(teacher) = &self.config.teacher {
            let (trained, more) = self.train_teacher(teacher, &weights)?;
            rows.extend(more);
            taught_by = Some(trained);
        }
        let mut student = None;
        if let Some(dagger) = &self.config.imitation.dagger {
            let more;
            (weights, more) = self.learn_from_expert(dagger, weights, taught_by.as_ref())?;
            rows.extend(more);
            student = Some(fused(&weights, layout));
        }
        let teacher = (taught_by.as_ref())
            .map(|weights| fused(weights, HiddenFeatures::new(scenario).layout()));
        let (reinforcement, more) = match self.config.evaluate_every() {
            Some(evaluate_every) => self.reinforce(evaluate_every, weights, taught_by)?,
            None => (imitation.clone(), Vec::new()),
        };
        rows.extend(more);
        let config = self.config.distill.clone().unwrap_or_default();
        let (table, more) = self.distill(&config, &*reinforcement)?;
        rows.extend(more);
        self.progress.done();
        Ok(SeedResult {
            seed: self.seed,
            imitation,
            teacher,
            student,
            reinforcement,
            table,
            rows,
        })
    }
}

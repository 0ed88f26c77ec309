//! One training seed: its stages in order, and what they share; each leaves a checkpoint to resume from.

use std::sync::Arc;

use offhook_env::belief::layout::Layout;
use offhook_env::call::outcome::{CallSummary, Outcome};
use offhook_env::call::privileged::HiddenFeatures;
use offhook_env::policy::Policy;
use offhook_env::rng::Stream;
use offhook_policy::checkpoint::{Checkpoint, CheckpointError};
use offhook_policy::data::trajectories::Trajectories;
use offhook_policy::network::fused::FusedPolicy;
use offhook_policy::network::weights::Weights;
use offhook_simulator::world::LoadedScenario;

use super::metrics::{self, Row, Stage};
use super::run_dir::RunDir;
use super::seed_files::{Found, SeedFiles};
use super::seed_result::SeedResult;
use crate::config::Config;
use crate::error::Failure;
use crate::play::{self, Choice, Plan};
use crate::progress::SeedProgress;
use crate::stop::Stop;

/// Calls of the learning curve start here, so that they are none of the final evaluation's.
pub const CURVE_FIRST: u64 = 1 << 40;

/// The work on one seed.
pub struct SeedRun<'a> {
    /// The experiment.
    pub config: &'a Config,
    /// Scenario, customers, channel.
    pub loaded: &'a LoadedScenario,
    /// The log of an offline experiment.
    pub log: Option<&'a Trajectories>,
    /// The run.
    pub dir: &'a RunDir,
    /// The seed.
    pub seed: u64,
    /// Where its files lie.
    pub(super) files: SeedFiles<'a>,
    /// Whether the work is to end early.
    pub stop: &'a Stop,
    /// Who is told how far it is.
    pub(crate) progress: SeedProgress<'a>,
}

impl SeedRun<'_> {
    /// The checkpoint and the numbers of a stage that an interrupted run has left, if it has. A stage is done again,
    /// and that is said, where either file is not what the run has written.
    pub(super) fn stored(
        &self,
        stage: Stage,
        layout: &Layout,
    ) -> Result<Option<(Checkpoint, Vec<Row>)>, Failure> {
        let (name, rows) = (format!("{stage}.safetensors"), format!("{stage}.csv"));
        let Some([bytes, rows]) = self.stored_files(stage, [&name, &rows])? else {
            return Ok(None);
        };
        let path = self.files.path(&name);
        let broken = |e: CheckpointError| {
            let path = path.display();
            Failure::failed(format!("'{path}': {e}; start over with --force"))
        };
        let checkpoint = Checkpoint::from_bytes(&bytes).map_err(broken)?;
        checkpoint.check_layout(layout).map_err(broken)?;
        let network = &self.config.network;
        checkpoint.check_network(network).map_err(broken)?;
        // Rows come first when a checkpoint is replaced, so that there may be some beyond it.
        let progress = checkpoint.progress.as_ref();
        let through = progress.map_or(u64::MAX, |progress| progress.iteration);
        let rows = self.rows(stage, &rows)?.into_iter();
        let rows = rows.filter(|row| row.step <= through).collect();
        Ok(Some((checkpoint, rows)))
    }

    /// Two files that a stage goes on from: both or none.
    pub(super) fn stored_files(
        &self,
        stage: Stage,
        names: [&str; 2],
    ) -> Result<Option<[Vec<u8>; 2]>, Failure> {
        match [self.files.read(names[0])?, self.files.read(names[1])?] {
            [Found::Own(first), Found::Own(second)] => Ok(Some([first, second])),
            [Found::Nothing, _] => Ok(None),
            [first, _] => {
                let foreign = usize::from(matches!(first, Found::Own(_)));
                let path = self.files.path(names[foreign]);
                self.progress.again(stage.name(), &path);
                Ok(None)
            }
        }
    }

    /// The rows that a file of a stage holds.
    pub(super) fn rows(&self, stage: Stage, bytes: &[u8]) -> Result<Vec<Row>, Failure> {
        let path = self.files.path(&format!("{stage}.csv"));
        metrics::from_csv(&path.display().to_string(), &String::from_utf8_lossy(bytes))
    }

    pub(super) fn save(
        &self,
        stage: Stage,
        rows: &[Row],
        checkpoint: &Checkpoint,
    ) -> Result<(), Failure> {
        // The rows come first: those beyond the checkpoint are left out when it is read again.
        let (csv, checkpoint) = (metrics::to_csv(rows), checkpoint.to_bytes());
        let names = [format!("{stage}.csv"), format!("{stage}.safetensors")];
        let files = [(&*names[0], csv.as_bytes()), (&*names[1], &*checkpoint)];
        Ok(self.files.write(&files)?)
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
    /// If learning diverges, a file cannot be read or written, or an end is asked for; all that was learned is kept then.
    pub fn run(&self) -> Result<SeedResult, Failure> {
        let (mut weights, mut rows) = self.imitate()?;
        let scenario = &self.loaded.world.scenario;
        let layout = &scenario.layout;
        let fused = |weights: &Weights, layout: &Layout| -> Arc<dyn Policy> {
            Arc::new(FusedPolicy::new(weights, layout))
        };
        let imitation = fused(&weights, layout);
        self.stop.check()?;
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
        self.stop.check()?;
        let teacher = (taught_by.as_ref())
            .map(|weights| fused(weights, HiddenFeatures::new(scenario).layout()));
        let (reinforcement, more) = match self.config.evaluate_every() {
            Some(evaluate_every) => self.reinforce(evaluate_every, weights, taught_by)?,
            None => (imitation.clone(), Vec::new()),
        };
        rows.extend(more);
        self.stop.check()?;
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

//! One training seed: imitate, reinforce, distill; each stage leaves a checkpoint to resume from.

use std::fs;
use std::path::PathBuf;

use indicatif::ProgressBar;
use offhook_env::batch::CallBatch;
use offhook_env::log::replay;
use offhook_env::outcome::{CallSummary, Outcome};
use offhook_env::policy::Policy;
use offhook_env::rng::Stream;
use offhook_policy::checkpoint::Checkpoint;
use offhook_policy::dataset::Dataset;
use offhook_policy::distill::{DistillConfig, distill};
use offhook_policy::fused::FusedPolicy;
use offhook_policy::learner::imitation::imitate;
use offhook_policy::learner::ppo::Ppo;
use offhook_policy::returns::discounted_returns;
use offhook_policy::weights::Weights;
use offhook_table::DecisionTable;
use serde_json::json;

use super::metrics::{self, Row};
use crate::config::{Config, Reinforcement};
use crate::error::Failure;
use crate::play::{self, Choice, Plan};
use crate::policies::{self, table_layout};
use crate::run_dir::RunDir;
use crate::world::Loaded;

/// Calls of the learning curve start here, so that they are none of the final evaluation's.
pub const CURVE_FIRST: u64 = 1 << 40;

/// What one seed has learned.
pub struct SeedResult {
    /// The seed.
    pub seed: u64,
    /// The clone of the hand-written flow.
    pub imitation: FusedPolicy,
    /// The network after reinforcement.
    pub reinforcement: FusedPolicy,
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
    pub loaded: &'a Loaded,
    /// Where files go.
    pub dir: &'a RunDir,
    /// The seed.
    pub seed: u64,
    /// Shows how far it is; hidden where nobody watches.
    pub bar: ProgressBar,
}

impl SeedRun<'_> {
    /// Says what comes next: on the bar, or as a line where no bar is drawn.
    fn announce(&self, stage: &str, length: u64, position: u64) {
        self.bar.set_message(stage.to_owned());
        self.bar.set_length(length);
        self.bar.set_position(position);
        if self.bar.is_hidden() {
            eprintln!("seed {}: {stage}", self.seed);
        }
    }

    fn name(&self, file: &str) -> String {
        format!("checkpoints/seed_{}/{file}", self.seed)
    }

    fn path(&self, file: &str) -> PathBuf {
        self.dir.join(&self.name(file))
    }

    /// A checkpoint that an interrupted run has left, if any.
    fn stored(&self, file: &str) -> Result<Option<Checkpoint>, Failure> {
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
        checkpoint
            .check_layout(&self.loaded.world.scenario.layout)
            .map_err(|e| broken(&e))?;
        checkpoint
            .check_network(&self.config.network)
            .map_err(|e| broken(&e))?;
        Ok(Some(checkpoint))
    }

    /// Rows measured before an interruption.
    fn stored_rows(&self, stage: &str, through: u64) -> Result<Vec<Row>, Failure> {
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

    fn save(&self, stage: &str, rows: &[Row], checkpoint: &Checkpoint) -> Result<(), Failure> {
        // The rows come first: those beyond the checkpoint are left out when it is read again.
        self.dir.write(
            &self.name(&format!("{stage}.csv")),
            metrics::to_csv(rows).as_bytes(),
        )?;
        self.dir.write(
            &self.name(&format!("{stage}.safetensors")),
            &checkpoint.to_bytes(),
        )?;
        Ok(())
    }

    fn row(&self, stage: &str, step: u64, calls: u64, metric: &str, value: f64) -> Row {
        Row {
            seed: self.seed,
            stage: stage.to_owned(),
            step,
            calls,
            metric: metric.to_owned(),
            value,
        }
    }

    /// One point of the learning curve.
    fn judge(&self, policy: &dyn Policy, stage: &str, step: u64, calls: u64) -> Vec<Row> {
        let n_calls = self.config.evaluation.curve_calls;
        let plan = Plan {
            seed: self.seed,
            stream: Stream::Evaluate,
            first: CURVE_FIRST,
            n_calls,
            choice: Choice::Best,
        };
        let summaries = play::evaluate(&self.loaded.world, policy, plan);
        let mean = |value: fn(&CallSummary) -> f64| {
            summaries.iter().map(value).sum::<f64>() / n_calls as f64
        };
        [
            (
                "evaluate/completion",
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
        let (weights, mut rows) = self.imitate()?;
        let layout = &self.loaded.world.scenario.layout;
        let imitation = FusedPolicy::new(&weights, layout);
        let (reinforced, more) = match &self.config.reinforcement {
            Some(reinforcement) => self.reinforce(reinforcement, weights)?,
            None => (weights, Vec::new()),
        };
        rows.extend(more);
        let reinforcement = FusedPolicy::new(&reinforced, layout);
        let config = self.config.distill.clone().unwrap_or_default();
        let (table, more) = self.distill(&config, &reinforcement)?;
        rows.extend(more);
        self.bar.finish_with_message("done");
        Ok(SeedResult {
            seed: self.seed,
            imitation,
            reinforcement,
            table,
            rows,
        })
    }

    /// Clones the hand-written flow from calls that it has played and logged.
    fn imitate(&self) -> Result<(Weights, Vec<Row>), Failure> {
        const STAGE: &str = "imitation";
        if let Some(checkpoint) = self.stored("imitation.safetensors")? {
            return Ok((checkpoint.weights, self.stored_rows(STAGE, u64::MAX)?));
        }
        let imitation = &self.config.imitation;
        self.announce(STAGE, imitation.behavior_cloning.n_epochs, 0);
        let world = &*self.loaded.world;
        let layout = &world.scenario.layout;
        let plan = Plan {
            seed: self.seed,
            stream: Stream::Demonstrate,
            first: 0,
            n_calls: imitation.calls,
            choice: Choice::Best,
        };
        let gamma = self
            .config
            .reinforcement
            .as_ref()
            .map_or(1.0, |r| r.ppo.gamma);
        let scale = self
            .config
            .reinforcement
            .as_ref()
            .map_or(1.0, |r| r.ppo.reward_scale);
        let mut data = Dataset {
            returns: Some(Vec::new()),
            ..Dataset::default()
        };
        for (k, (call, _)) in play::record(world, &world.scenario.script(), plan)
            .iter()
            .enumerate()
        {
            let episode = replay(&world.scenario, call).map_err(Failure::failed)?;
            let rewards: Vec<f32> = episode
                .steps
                .iter()
                .map(|s| s.reward.unwrap_or(0.0) * scale)
                .collect();
            for step in &episode.steps {
                data.codes.extend(&step.codes);
                data.masks.push(step.mask);
                data.actions.push(step.action);
                data.groups.push(k as u32);
                data.weights.push(1.0);
            }
            data.returns
                .get_or_insert_default()
                .extend(discounted_returns(&rewards, gamma, 0.0));
        }
        let initial = Weights::initial(&self.config.network, layout, self.seed);
        let imitated = imitate(
            &data,
            layout,
            initial,
            &imitation.behavior_cloning,
            self.seed,
            &mut |_| self.bar.inc(1),
        )?;
        let mut rows = Vec::new();
        for epoch in &imitated.epochs {
            let mut add = |metric: &str, value: f32| {
                rows.push(self.row(
                    STAGE,
                    epoch.epoch,
                    imitation.calls,
                    metric,
                    f64::from(value),
                ));
            };
            add("train/loss", epoch.train.loss);
            add("train/accuracy", epoch.train.top_1);
            if let Some(validation) = &epoch.validation {
                add("validation/loss", validation.loss);
                add("validation/accuracy", validation.top_1);
                add("validation/calibration_error", validation.calibration_error);
            }
        }
        let policy = FusedPolicy::new(&imitated.weights, layout);
        rows.extend(self.judge(&policy, STAGE, imitated.best as u64, imitation.calls));
        let checkpoint = Checkpoint {
            layout: layout.clone(),
            weights: imitated.weights,
            progress: None,
        };
        self.save(STAGE, &rows, &checkpoint)?;
        Ok((checkpoint.weights, rows))
    }

    /// Improves the clone in simulation.
    fn reinforce(
        &self,
        config: &Reinforcement,
        weights: Weights,
    ) -> Result<(Weights, Vec<Row>), Failure> {
        const STAGE: &str = "reinforcement";
        let env = Box::new(CallBatch::new(
            self.loaded.world.clone(),
            config.ppo.n_calls,
            0,
        ));
        let (mut ppo, mut rows) = match self.stored("reinforcement.safetensors")? {
            Some(checkpoint) => {
                let ppo = Ppo::resume(env, &checkpoint, config.ppo.clone(), self.seed)?;
                let rows = self.stored_rows(STAGE, ppo.iteration())?;
                (ppo, rows)
            }
            None => (
                Ppo::new(env, weights, config.ppo.clone(), self.seed)?,
                Vec::new(),
            ),
        };
        self.announce(STAGE, config.ppo.n_iterations(), ppo.iteration());
        let mut calls = rows.last().map_or(0, |row| row.calls);
        if rows.is_empty() {
            rows.extend(self.judge(&ppo.policy(), STAGE, 0, 0));
        }
        while !ppo.is_done() {
            let figures = ppo.update()?;
            calls += figures.n_calls_ended;
            let step = ppo.iteration();
            rows.extend(
                figures
                    .named()
                    .iter()
                    .map(|(name, value)| self.row(STAGE, step, calls, name, *value)),
            );
            rows.push(self.row(STAGE, step, calls, "steps", figures.steps as f64));
            self.bar.set_position(step);
            if step % config.evaluate_every == 0 || ppo.is_done() {
                rows.extend(self.judge(&ppo.policy(), STAGE, step, calls));
                self.save(STAGE, &rows, &ppo.checkpoint()?)?;
            }
        }
        Ok((ppo.weights(), rows))
    }

    /// Puts the policy into a table, chosen on calls of its own.
    fn distill(
        &self,
        config: &DistillConfig,
        policy: &FusedPolicy,
    ) -> Result<(DecisionTable, Vec<Row>), Failure> {
        const STAGE: &str = "distill";
        let path = self.path("table.json");
        if path.is_file() {
            return Ok((
                policies::open_table(&path)?,
                self.stored_rows(STAGE, u64::MAX)?,
            ));
        }
        self.announce(STAGE, config.rounds, 0);
        let scenario = &*self.loaded.world.scenario;
        let mut env = CallBatch::new(self.loaded.world.clone(), config.n_calls, 0);
        let (rules, masks) = crate::command::table::constraints(scenario);
        let distilled = distill(
            &mut env,
            policy,
            &rules,
            &masks,
            config,
            self.seed,
            &mut |_| self.bar.inc(1),
        )?;
        let close = scenario.layout.action("close").unwrap_or(0);
        let provenance = [
            ("config", json!(self.config.name)),
            (
                "program",
                json!(concat!("offhook ", env!("CARGO_PKG_VERSION"))),
            ),
            ("seed", json!(self.seed)),
            ("inputs", json!(self.loaded.inputs)),
        ];
        let provenance = provenance
            .map(|(key, value)| (key.to_owned(), value))
            .into();
        let table = DecisionTable::new(
            &scenario.name,
            table_layout(scenario)?,
            distilled.rules,
            close,
            provenance,
        )?;
        let mut rows = Vec::new();
        for (round, figures) in distilled.rounds.iter().enumerate() {
            for (metric, value) in figures.named() {
                rows.push(self.row(STAGE, round as u64, 0, metric, value));
            }
        }
        self.dir
            .write(&self.name("distill.csv"), metrics::to_csv(&rows).as_bytes())?;
        self.dir
            .write(&self.name("table.json"), table.to_json().as_bytes())?;
        Ok((table, rows))
    }
}

//! Second stage: improve the clone, in simulation or on a log.

use std::sync::Arc;

use offhook_env::call::batch::CallBatch;
use offhook_env::policy::Policy;
use offhook_policy::checkpoint::Checkpoint;
use offhook_policy::learner::Learner;
use offhook_policy::learner::config::OfflineLearnerConfig;
use offhook_policy::learner::settings::{OfflineStart, OnlineStart};
use offhook_policy::network::weights::Weights;

use crate::config::{Offline, WithLearner};
use crate::error::Failure;
use crate::run::metrics::{Row, Stage};
use crate::run::seed::SeedRun;

const STAGE: Stage = Stage::Reinforcement;

impl SeedRun<'_> {
    /// Improves the clone in simulation or on a log, judged every `evaluate_every` iterations.
    pub(in crate::run) fn reinforce(
        &self,
        evaluate_every: u64,
        weights: Weights,
        teacher: Option<Weights>,
    ) -> Result<(Arc<dyn Policy>, Vec<Row>), Failure> {
        let (stored, rows) = self
            .stored(STAGE, &self.loaded.world.scenario.layout)?
            .unzip();
        let mut learner = self.learner(weights, teacher, stored.as_ref())?;
        let mut rows = rows.unwrap_or_else(|| self.judge(&*learner.policy(), STAGE, 0, 0));
        self.progress
            .stage(STAGE.name(), learner.n_iterations(), learner.iteration());
        let mut calls = rows.last().map_or(0, |row| row.calls);
        while !learner.is_done() {
            let update = learner.update().map_err(|e| self.stopped(&e))?;
            calls += update.n_calls_ended;
            let step = learner.iteration();
            let measured = update
                .metrics
                .into_iter()
                .chain([("steps", update.steps as f64)]);
            rows.extend(measured.map(|(name, value)| self.row(STAGE, step, calls, name, value)));
            self.progress.set(step);
            let is_judged = step.is_multiple_of(evaluate_every) || learner.is_done();
            if is_judged {
                rows.extend(self.judge(&*learner.policy(), STAGE, step, calls));
            }
            if is_judged || self.stop.is_asked() {
                if let Some(checkpoint) = learner.checkpoint()? {
                    self.save(STAGE, &rows, &checkpoint)?;
                }
                self.stop.check()?;
            }
        }
        Ok((learner.policy(), rows))
    }

    /// Why learning cannot go on, and what is kept of it.
    fn stopped(&self, error: &dyn std::fmt::Display) -> Failure {
        let path = self.files.path("reinforcement.safetensors");
        let kept = match path.is_file() {
            true => format!("; the last good checkpoint is '{}'", path.display()),
            false => String::new(),
        };
        Failure::failed(format!("seed {}: {error}{kept}", self.seed))
    }

    /// The learner of the config: a new one from `weights`, or one that goes on. Tabular learners
    /// start from nothing, and over.
    fn learner(
        &self,
        weights: Weights,
        teacher: Option<Weights>,
        stored: Option<&Checkpoint>,
    ) -> Result<Box<dyn Learner>, Failure> {
        let seed = self.seed;
        if let Some(offline) = &self.config.offline {
            return self.offline_learner(offline, &weights, stored);
        }
        let missing = || Failure::failed("the config names no learner".to_owned());
        let section = self.config.reinforcement.as_ref().ok_or_else(missing)?;
        let learner = section.learner().ok_or_else(missing)?.settings();
        let teacher = teacher.filter(|_| section.own.kickstart);
        let world = match &section.own.randomize {
            Some(variation) => self.loaded.varied(*variation)?,
            None => self.loaded.world.clone(),
        };
        let needs = learner.needs();
        // Who learns is shown the hidden customer only if something is to look at it.
        let env = match needs.sees_hidden || teacher.is_some() {
            true => CallBatch::privileged(world, needs.n_calls, 0),
            false => CallBatch::new(world, needs.n_calls, 0),
        };
        let env = Box::new(env);
        if let Some(stored) = stored {
            return Ok(learner.resume(env, stored, seed)?);
        }
        let demonstrations = match needs.n_demonstrations {
            0 => None,
            n => Some(self.demonstrations(n)?),
        };
        Ok(learner.start(OnlineStart {
            env,
            weights,
            teacher,
            demonstrations,
            seed,
        })?)
    }

    fn offline_learner(
        &self,
        section: &WithLearner<Offline, OfflineLearnerConfig>,
        weights: &Weights,
        stored: Option<&Checkpoint>,
    ) -> Result<Box<dyn Learner>, Failure> {
        let missing = || Failure::failed("the config names no offline learner".to_owned());
        let learner = section.learner().ok_or_else(missing)?.settings();
        let start = OfflineStart {
            log: self.log.ok_or_else(missing)?,
            layout: &self.loaded.world.scenario.layout,
            weights,
            seed: self.seed,
        };
        Ok(match stored {
            Some(stored) => learner.resume(start, stored)?,
            None => learner.start(start)?,
        })
    }
}

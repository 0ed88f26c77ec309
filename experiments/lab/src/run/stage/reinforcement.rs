//! Second stage: improve the clone, in simulation or on a log.

use std::sync::Arc;

use offhook_env::call::batch::CallBatch;
use offhook_env::policy::Policy;
use offhook_policy::checkpoint::Checkpoint;
use offhook_policy::learner::Learner;
use offhook_policy::learner::bcq::Bcq;
use offhook_policy::learner::cql::Cql;
use offhook_policy::learner::dqn::Dqn;
use offhook_policy::learner::ppo::Ppo;
use offhook_policy::learner::q_learning::QLearning;
use offhook_policy::learner::sarsa::Sarsa;
use offhook_policy::network::weights::Weights;

use crate::config::Offline;
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
        let stored = self.stored("reinforcement.safetensors")?;
        let mut learner = self.learner(weights, teacher, stored.as_ref())?;
        let mut rows = match stored {
            Some(_) => self.stored_rows(STAGE, learner.iteration())?,
            None => self.judge(&*learner.policy(), STAGE, 0, 0),
        };
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
            if step.is_multiple_of(evaluate_every) || learner.is_done() {
                rows.extend(self.judge(&*learner.policy(), STAGE, step, calls));
                if let Some(checkpoint) = learner.checkpoint()? {
                    self.save(STAGE, &rows, &checkpoint)?;
                }
            }
        }
        Ok((learner.policy(), rows))
    }

    /// Why learning cannot go on, and what is kept of it.
    fn stopped(&self, error: &dyn std::fmt::Display) -> Failure {
        let path = self.path("reinforcement.safetensors");
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
        let config = self.config.reinforcement.as_ref().ok_or_else(missing)?;
        let teacher = teacher.filter(|_| config.kickstart);
        let world = match &config.randomize {
            Some(variation) => self.loaded.varied(*variation)?,
            None => self.loaded.world.clone(),
        };
        let env = |n_calls| Box::new(CallBatch::new(world.clone(), n_calls, 0));
        if let Some(config) = config.ppo.clone() {
            // Who learns is shown the hidden customer only if something is to look at it.
            let env = match config.privileged_critic || teacher.is_some() {
                true => Box::new(CallBatch::privileged(world, config.n_calls, 0)),
                false => env(config.n_calls),
            };
            return Ok(Box::new(match (stored, teacher) {
                (Some(stored), _) => Ppo::resume(env, stored, config, seed)?,
                (None, None) => Ppo::new(env, weights, config, seed)?,
                (None, Some(teacher)) => Ppo::new(env, weights, config, seed)?.taught_by(teacher),
            }));
        }
        if let Some(config) = config.dqn.clone() {
            let env = env(config.n_calls);
            if let Some(stored) = stored {
                return Ok(Box::new(Dqn::resume(env, stored, config, seed)?));
            }
            let shown = match config.n_demonstrations {
                0 => None,
                n => Some(self.demonstrations(n)?),
            };
            let dqn = Dqn::new(env, &weights, shown.as_ref(), config, seed)?;
            return Ok(Box::new(dqn));
        }
        if let Some(config) = config.q_learning.clone() {
            let env = env(config.n_calls);
            return Ok(Box::new(QLearning::new(env, config, seed)?));
        }
        let config = config.sarsa.clone().ok_or_else(missing)?;
        let env = env(config.tabular.n_calls);
        Ok(Box::new(Sarsa::new(env, config, seed)?))
    }

    fn offline_learner(
        &self,
        config: &Offline,
        weights: &Weights,
        stored: Option<&Checkpoint>,
    ) -> Result<Box<dyn Learner>, Failure> {
        let missing = || Failure::failed("the config names no offline learner".to_owned());
        let log = self.log.ok_or_else(missing)?;
        let (layout, seed) = (&self.loaded.world.scenario.layout, self.seed);
        if let Some(config) = config.cql.clone() {
            return Ok(Box::new(match stored {
                Some(stored) => Cql::resume(log, layout, stored, config, seed)?,
                None => Cql::new(log, layout, weights, config, seed)?,
            }));
        }
        let config = config.bcq.clone().ok_or_else(missing)?;
        Ok(Box::new(match stored {
            Some(stored) => Bcq::resume(log, layout, stored, config, seed)?,
            None => Bcq::new(log, layout, weights, config, seed)?,
        }))
    }
}

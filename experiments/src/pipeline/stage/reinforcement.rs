//! Second stage: improve the clone in simulation.

use std::sync::Arc;

use offhook_env::batch::CallBatch;
use offhook_env::policy::Policy;
use offhook_policy::checkpoint::Checkpoint;
use offhook_policy::learner::Learner;
use offhook_policy::learner::ppo::Ppo;
use offhook_policy::weights::Weights;

use crate::config::Reinforcement;
use crate::error::Failure;
use crate::pipeline::metrics::Row;
use crate::pipeline::seed::SeedRun;

const STAGE: &str = "reinforcement";

impl SeedRun<'_> {
    /// Improves the clone in simulation.
    pub(in crate::pipeline) fn reinforce(
        &self,
        config: &Reinforcement,
        weights: Weights,
        teacher: Option<Weights>,
    ) -> Result<(Arc<dyn Policy>, Vec<Row>), Failure> {
        let stored = self.stored("reinforcement.safetensors")?;
        let mut learner = self.learner(config, weights, teacher, stored.as_ref())?;
        let mut rows = match stored {
            Some(_) => self.stored_rows(STAGE, learner.iteration())?,
            None => self.judge(&*learner.policy(), STAGE, 0, 0),
        };
        self.announce(STAGE, learner.n_iterations(), learner.iteration());
        let mut calls = rows.last().map_or(0, |row| row.calls);
        while !learner.is_done() {
            let update = learner.update()?;
            calls += update.n_calls_ended;
            let step = learner.iteration();
            let measured = update
                .metrics
                .into_iter()
                .chain([("steps", update.steps as f64)]);
            rows.extend(measured.map(|(name, value)| self.row(STAGE, step, calls, name, value)));
            self.bar.set_position(step);
            if step.is_multiple_of(config.evaluate_every) || learner.is_done() {
                rows.extend(self.judge(&*learner.policy(), STAGE, step, calls));
                if let Some(checkpoint) = learner.checkpoint()? {
                    self.save(STAGE, &rows, &checkpoint)?;
                }
            }
        }
        Ok((learner.policy(), rows))
    }

    /// The learner of the config: a new one from `weights`, or one that goes on.
    fn learner(
        &self,
        config: &Reinforcement,
        weights: Weights,
        teacher: Option<Weights>,
        stored: Option<&Checkpoint>,
    ) -> Result<Box<dyn Learner>, Failure> {
        let world = match &config.randomize {
            Some(variation) => self.loaded.varied(*variation)?,
            None => self.loaded.world.clone(),
        };
        // Who learns is shown the hidden customer only if something is to look at it.
        let teacher = teacher.filter(|_| config.kickstart);
        let env = if config.ppo.privileged_critic || teacher.is_some() {
            CallBatch::privileged(world, config.ppo.n_calls, 0)
        } else {
            CallBatch::new(world, config.ppo.n_calls, 0)
        };
        let (config, seed) = (config.ppo.clone(), self.seed);
        Ok(Box::new(match (stored, teacher) {
            (Some(checkpoint), _) => Ppo::resume(Box::new(env), checkpoint, config, seed)?,
            (None, None) => Ppo::new(Box::new(env), weights, config, seed)?,
            (None, Some(teacher)) => {
                Ppo::new(Box::new(env), weights, config, seed)?.taught_by(teacher)
            }
        }))
    }
}

//! First stage: clone the hand-written flow, or what is in a log.

use offhook_env::rng::Stream;
use offhook_policy::checkpoint::Checkpoint;
use offhook_policy::data::trajectories::Trajectories;
use offhook_policy::learner::imitation::imitate;
use offhook_policy::network::fused::FusedPolicy;
use offhook_policy::network::weights::Weights;

use crate::error::Failure;
use crate::logs::Log;
use crate::play::{self, Choice, Plan};
use crate::run::metrics::{Row, Stage};
use crate::run::seed::SeedRun;

const STAGE: Stage = Stage::Imitation;

impl SeedRun<'_> {
    /// Clones the hand-written flow from calls that it has played and logged, or the policy that
    /// wrote the log of an offline experiment.
    pub(in crate::run) fn imitate(&self) -> Result<(Weights, Vec<Row>), Failure> {
        let layout = &self.loaded.world.scenario.layout;
        if let Some((checkpoint, rows)) = self.stored(STAGE, layout)? {
            return Ok((checkpoint.weights, rows));
        }
        let imitation = &self.config.imitation;
        self.progress
            .stage(STAGE.name(), imitation.behavior_cloning.n_epochs, 0);
        let mut calls = match self.log {
            Some(log) => log.clone(),
            None => self.demonstrations(imitation.calls)?,
        };
        let (gamma, scale) = self.config.units();
        calls.rewards.iter_mut().for_each(|reward| *reward *= scale);
        let n_calls = calls.n_episodes() as u64;
        let data = calls.to_dataset(gamma);
        let initial = Weights::initial(&self.config.network, layout, self.seed);
        let imitated = imitate(
            &data,
            layout,
            initial,
            &imitation.behavior_cloning,
            self.seed,
            &mut |_| self.progress.step(),
        )?;
        let mut rows = Vec::new();
        for epoch in &imitated.epochs {
            let mut add = |metric: &str, value: f32| {
                rows.push(self.row(STAGE, epoch.epoch, n_calls, metric, f64::from(value)));
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
        rows.extend(self.judge(&policy, STAGE, imitated.best as u64, n_calls));
        let checkpoint = Checkpoint {
            layout: layout.clone(),
            weights: imitated.weights,
            progress: None,
        };
        self.save(STAGE, &rows, &checkpoint)?;
        Ok((checkpoint.weights, rows))
    }

    /// Calls that the hand-written flow has played and logged.
    pub(super) fn demonstrations(&self, n_calls: u64) -> Result<Trajectories, Failure> {
        let world = &*self.loaded.world;
        let plan = Plan {
            seed: self.seed,
            stream: Stream::Demonstrate,
            first: 0,
            n_calls,
            choice: Choice::Best,
        };
        let played = play::record(world, &world.scenario.script(), plan);
        let calls = played.into_iter().map(|(call, _)| call).collect();
        Ok(Log::of_played(&world.scenario, calls)?.trajectories()?.0)
    }
}

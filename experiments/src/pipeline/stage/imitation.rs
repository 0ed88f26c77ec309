//! First stage: clone the hand-written flow.

use offhook_env::log::replay;
use offhook_env::rng::Stream;
use offhook_policy::checkpoint::Checkpoint;
use offhook_policy::dataset::Dataset;
use offhook_policy::fused::FusedPolicy;
use offhook_policy::learner::imitation::imitate;
use offhook_policy::returns::discounted_returns;
use offhook_policy::weights::Weights;

use crate::error::Failure;
use crate::pipeline::metrics::Row;
use crate::pipeline::seed::SeedRun;
use crate::play::{self, Choice, Plan};

const STAGE: &str = "imitation";

impl SeedRun<'_> {
    /// Clones the hand-written flow from calls that it has played and logged.
    pub(in crate::pipeline) fn imitate(&self) -> Result<(Weights, Vec<Row>), Failure> {
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
}

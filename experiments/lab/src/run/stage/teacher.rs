//! Between the first stage and the second: a teacher that sees the hidden customer, and the student
//! that an expert corrects while it plays.

use std::sync::Arc;

use offhook_env::call::batch::CallBatch;
use offhook_env::call::privileged::HiddenFeatures;
use offhook_env::policy::Policy;
use offhook_policy::checkpoint::Checkpoint;
use offhook_policy::learner::Learner;
use offhook_policy::learner::dagger::{
    ByObservation, ByPlanning, Dagger, DaggerConfig, Expert, ExpertName,
};
use offhook_policy::learner::ppo::Ppo;
use offhook_policy::network::fused::FusedPolicy;
use offhook_policy::network::weights::Weights;

use crate::config::Teacher;
use crate::error::Failure;
use crate::play::Choice;
use crate::run::metrics::{Row, Stage};
use crate::run::seed::SeedRun;

const TEACHER: Stage = Stage::Teacher;
const STUDENT: Stage = Stage::Student;
/// Calls that play side by side while an expert watches.
const N_CALLS: usize = 64;

impl SeedRun<'_> {
    /// Trains the teacher: PPO from the clone on observations that show the hidden customer.
    pub(in crate::run) fn train_teacher(
        &self,
        config: &Teacher,
        clone: &Weights,
    ) -> Result<(Weights, Vec<Row>), Failure> {
        let world = &self.loaded.world;
        let hidden = HiddenFeatures::new(&world.scenario);
        let layout = hidden.layout();
        let stored = self.stored(TEACHER, layout)?;
        let env = Box::new(CallBatch::privileged(world.clone(), config.ppo.n_calls, 0));
        let (ppo, seed) = (config.ppo.clone(), self.seed);
        let (mut learner, mut rows) = match stored {
            Some((checkpoint, rows)) => (Ppo::resume(env, &checkpoint, ppo, seed)?, rows),
            None => (Ppo::new(env, clone.widened(layout), ppo, seed)?, Vec::new()),
        };
        self.progress
            .stage(TEACHER.name(), learner.n_iterations(), learner.iteration());
        let mut calls = rows.last().map_or(0, |row| row.calls);
        while !learner.is_done() {
            let metrics = learner.update()?;
            calls += metrics.n_calls_ended;
            let step = learner.iteration();
            let named = metrics.named().into_iter();
            rows.extend(named.map(|(name, value)| self.row(TEACHER, step, calls, name, value)));
            self.progress.set(step);
            let is_judged = step.is_multiple_of(config.evaluate_every) || learner.is_done();
            if is_judged {
                let policy = learner.policy();
                rows.extend(self.judge_as(&policy, Choice::Told, TEACHER, step, calls));
            }
            if is_judged || self.stop.is_asked() {
                self.save(TEACHER, &rows, &learner.checkpoint()?)?;
                self.stop.check()?;
            }
        }
        Ok((learner.weights(), rows))
    }

    /// Lets the clone play and learn what an expert would have done (DAgger).
    pub(in crate::run) fn learn_from_expert(
        &self,
        config: &DaggerConfig,
        clone: Weights,
        teacher: Option<&Weights>,
    ) -> Result<(Weights, Vec<Row>), Failure> {
        let world = &self.loaded.world;
        let scenario = &*world.scenario;
        if let Some((checkpoint, rows)) = self.stored(STUDENT, &scenario.layout)? {
            return Ok((checkpoint.weights, rows));
        }
        self.progress.stage(STUDENT.name(), config.rounds, 0);
        let script = scenario.script();
        let hidden = HiddenFeatures::new(scenario);
        let taught = teacher.map(|weights| FusedPolicy::new(weights, hidden.layout()));
        let expert: Box<dyn Expert<CallBatch<_>>> = match (config.expert, &taught) {
            (ExpertName::Teacher, Some(taught)) => Box::new(ByObservation {
                policy: taught,
                n_features: taught.n_features(),
            }),
            (ExpertName::Teacher, None) => {
                return Err(Failure::failed(
                    "imitation.dagger asks the teacher, but section [teacher] is missing",
                ));
            }
            (ExpertName::Planner, _) => Box::new(ByPlanning {
                config: config.planner,
                base: &script,
                seed: self.seed,
            }),
            (ExpertName::Script, _) => Box::new(ByObservation {
                policy: &script,
                n_features: scenario.layout.n_features(),
            }),
        };
        let (gamma, reward_scale) = self.config.units();
        let dagger = Dagger {
            config,
            cloning: &self.config.imitation.behavior_cloning,
            gamma,
            reward_scale,
            seed: self.seed,
        };
        let mut env = CallBatch::privileged(world.clone(), N_CALLS, 0);
        let mut rows = Vec::new();
        let weights = dagger.teach(&mut env, &*expert, clone, &mut |round| {
            let calls = (round.round + 1) * config.calls;
            for (metric, value) in round.named() {
                rows.push(self.row(STUDENT, round.round, calls, metric, value));
            }
            self.progress.step();
        })?;
        let layout = &scenario.layout;
        let policy: Arc<dyn Policy> = Arc::new(FusedPolicy::new(&weights, layout));
        let calls = config.rounds * config.calls;
        rows.extend(self.judge(&*policy, STUDENT, config.rounds, calls));
        let checkpoint = Checkpoint {
            layout: layout.clone(),
            weights,
            progress: None,
        };
        self.save(STUDENT, &rows, &checkpoint)?;
        Ok((checkpoint.weights, rows))
    }
}

//! Speed of learning: what it costs on one thread, and how far a budget of steps leads.

mod contender;
pub mod course;

use std::sync::Arc;

use offhook_env::call::batch::CallBatch;
use offhook_env::rng::Stream;
use offhook_policy::evaluate::{Choice, Plan, collect};
use offhook_policy::learner::imitation::{ImitationConfig, imitate};
use offhook_policy::network::engine::Engine;
use offhook_policy::network::weights::{NetworkConfig, Weights};
use offhook_simulator::bundled;
use offhook_simulator::tracking::TrackerConfig;
use offhook_simulator::world::{self, CallWorld};
use offhook_stats::{self as stats, Count, Estimate, Moments};

use self::contender::{Contender, ENGINES, contenders, name};
use self::course::{Course, Point};
use super::clock::{cost_of, peak_memory_mb};
use super::{Place, Speed};
use crate::error::Failure;
use crate::threads;
use crate::unit::Unit;

/// A rule that lets learners start from scratch; see the file.
const GUARDED: &str = include_str!("../../../benches/guarded.toml");
/// Shares of the best final success that count as having learned: on the way up, and nearly all.
const ENOUGH: [f64; 2] = [0.8, 0.95];

/// What every learner trains on, and how long.
#[derive(Clone, Debug)]
pub struct LearnBench {
    /// A path or the name of a bundled scenario; if not given, the fraud alert with one rule more, under which a
    /// learner gets somewhere from scratch.
    pub scenario: Option<String>,
    /// Environment steps that every learner learns from.
    pub steps: u64,
    /// Environment steps between two looks at the policy.
    pub every: u64,
    /// Seeds 1 to `seeds` are trained.
    pub seeds: u64,
    /// Share of calls completed that counts as learned, in `[0, 1]`; 80 and 95 % of the best learner's if not
    /// given.
    pub target: Option<f64>,
}

/// What is found on the way.
#[derive(Clone, Debug)]
pub enum LearnFinding {
    /// A figure over all seeds.
    Speed(Speed),
    /// How the training of one seed went.
    Course(SeedCourse),
}

/// How one learner with one seed learned.
#[derive(Clone, Debug)]
pub struct SeedCourse {
    /// Learner and settings.
    pub place: Place,
    /// The seed.
    pub seed: u64,
    /// How training went.
    pub course: Course,
}

/// Takes each finding as soon as it is there.
pub type OnFinding<'a> = &'a mut (dyn FnMut(&LearnFinding) + Send);

impl LearnBench {
    /// Measures every learner, on one thread.
    ///
    /// # Errors
    /// If the scenario has mistakes or an update fails.
    pub fn measure(&self, on_finding: OnFinding<'_>) -> Result<(), Failure> {
        let name = self.scenario.as_deref().unwrap_or("fraud_alert");
        let mut text = bundled::scenario(name, None)?;
        if self.scenario.is_none() {
            text.main.text += GUARDED;
        }
        let world = world::build(text, &TrackerConfig::FOCUS)?.world;
        threads::install(Some(1), || self.measure_in(&world, on_finding))
    }

    fn measure_in(&self, world: &Arc<CallWorld>, on_finding: OnFinding<'_>) -> Result<(), Failure> {
        for engine in ENGINES {
            let speed = self.imitation(world, engine)?;
            speed
                .into_iter()
                .for_each(|speed| on_finding(&LearnFinding::Speed(speed)));
        }
        let mut all = Vec::new();
        for contender in contenders() {
            let courses = self.train(world, &contender, on_finding)?;
            for speed in self.figures(&contender, &courses) {
                on_finding(&LearnFinding::Speed(speed));
            }
            all.push((contender, courses));
        }
        let best = all
            .iter()
            .map(|(_, courses)| median_success(courses))
            .fold(0.0, f64::max);
        let targets = match self.target {
            Some(target) => vec![target],
            None => ENOUGH.map(|share| share * best).to_vec(),
        };
        for (contender, courses) in &all {
            for &target in &targets {
                for speed in self.time_to(contender, courses, target) {
                    on_finding(&LearnFinding::Speed(speed));
                }
            }
        }
        Ok(())
    }

    fn place(&self, learner: &str, engine: Engine) -> Place {
        let scenario = self.scenario.as_deref().unwrap_or("fraud_alert, guarded");
        vec![
            ("scenario", scenario.to_owned()),
            ("learner", learner.to_owned()),
            ("engine", name(engine).to_owned()),
            ("threads", "1".to_owned()),
        ]
    }

    /// Trains with every seed.
    fn train(
        &self,
        world: &Arc<CallWorld>,
        contender: &Contender,
        on_finding: OnFinding<'_>,
    ) -> Result<Vec<Course>, Failure> {
        let mut courses = Vec::new();
        for seed in 1..=self.seeds {
            let learner = (contender.start)(world.clone(), contender.engine, self.steps, seed)?;
            let course = Course::run(world, learner, seed, self.every)?;
            on_finding(&LearnFinding::Course(SeedCourse {
                place: self.place(contender.learner, contender.engine),
                seed,
                course: course.clone(),
            }));
            courses.push(course);
        }
        Ok(courses)
    }

    /// What the whole budget cost and what it led to.
    fn figures(&self, contender: &Contender, courses: &[Course]) -> Vec<Speed> {
        let of_end = |value: fn(&Point) -> f64| median(courses.iter().map(|c| Some(value(&c.end))));
        let completed: Vec<Count> = courses.iter().map(|c| c.end.completed).collect();
        let returns: Vec<Moments> = courses.iter().map(|c| c.end.returns).collect();
        let point = |value: Option<f64>| value.map(Estimate::point);
        let figures = [
            (
                "learn.steps_per_s",
                point(of_end(|end| end.steps as f64 / end.cpu_s())),
                Unit::plain("steps/s", 0),
            ),
            (
                "learn.cpu_s",
                point(of_end(Point::cpu_s)),
                Unit::plain("s", 2),
            ),
            (
                "learn.wall_s",
                point(of_end(Point::wall_s)),
                Unit::plain("s", 2),
            ),
            (
                "learn.peak_memory_mb",
                point(peak_memory_mb()),
                Unit::plain("MB", 0),
            ),
            (
                "learn.completion",
                stats::clustered_share(&completed),
                Unit::share(),
            ),
            (
                "learn.return",
                stats::clustered_mean(&returns),
                Unit::plain("reward", 2),
            ),
        ];
        let place = self.place(contender.learner, contender.engine);
        let speed = |(metric, estimate, unit): (_, Option<Estimate>, _)| {
            Some(Speed {
                metric,
                estimate: estimate?,
                n: self.seeds,
                unit,
                place: place.clone(),
            })
        };
        figures.into_iter().filter_map(speed).collect()
    }

    /// What it took to reach the target; nothing where most seeds did not.
    fn time_to(&self, contender: &Contender, courses: &[Course], target: f64) -> Vec<Speed> {
        let mut place = self.place(contender.learner, contender.engine);
        place.push(("target", format!("{target:.4}")));
        type Value = fn(&Point) -> f64;
        let figures: [(&'static str, Value, Unit); 3] = [
            ("learn.cpu_s_to_target", Point::cpu_s, Unit::plain("s", 2)),
            ("learn.wall_s_to_target", Point::wall_s, Unit::plain("s", 2)),
            (
                "learn.steps_to_target",
                |point| point.steps as f64,
                Unit::plain("steps", 0),
            ),
        ];
        let speed = |(metric, value, unit): (&'static str, Value, Unit)| {
            let reached = courses
                .iter()
                .map(|course| course.reached(target).map(value));
            Some(Speed {
                metric,
                estimate: median(reached)?.into(),
                n: self.seeds,
                unit,
                place: place.clone(),
            })
        };
        figures.into_iter().filter_map(speed).collect()
    }

    /// How fast decisions of the hand-written flow are cloned; scoring after every pass included.
    fn imitation(&self, world: &Arc<CallWorld>, engine: Engine) -> Result<Option<Speed>, Failure> {
        let layout = &world.scenario.layout;
        let plan = Plan {
            seed: 1,
            stream: Stream::Demonstrate,
            first: 0,
            n_calls: 2_000,
            choice: Choice::Best,
        };
        let mut env = CallBatch::new(world.clone(), 64, 0);
        let (data, _) = collect(&mut env, &world.scenario.script(), plan, 1.0);
        let config = ImitationConfig {
            engine,
            batch_size: 512,
            n_epochs: 10,
            validation_share: 0.0,
            ..ImitationConfig::default()
        };
        let mut speeds = Vec::new();
        for seed in 1..=self.seeds {
            let weights = Weights::initial(&NetworkConfig::default(), layout, seed);
            let (imitated, cost) =
                cost_of(|| imitate(&data, layout, weights, &config, seed, &mut |_| {}));
            imitated?;
            speeds.push(Some(
                (data.len() as u64 * config.n_epochs) as f64 / cost.cpu.as_secs_f64(),
            ));
        }
        Ok(median(speeds.into_iter()).map(|speed| Speed {
            metric: "learn.transitions_per_s",
            estimate: speed.into(),
            n: self.seeds,
            unit: Unit::plain("transitions/s", 0),
            place: self.place("imitation", engine),
        }))
    }
}

fn median_success(courses: &[Course]) -> f64 {
    median(courses.iter().map(|course| Some(course.end.completion()))).unwrap_or(0.0)
}

/// The middle value, the upper of two; what never happened counts as infinite.
fn median(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let mut values: Vec<f64> = values.map(|value| value.unwrap_or(f64::INFINITY)).collect();
    values.sort_unstable_by(f64::total_cmp);
    values
        .get(values.len() / 2)
        .copied()
        .filter(|value| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_most_seeds_miss_has_no_time() {
        assert_eq!(median([Some(3.0), None, Some(1.0)].into_iter()), Some(3.0));
        assert_eq!(median([Some(3.0), None, None].into_iter()), None);
        assert_eq!(median([].into_iter()), None);
    }
}

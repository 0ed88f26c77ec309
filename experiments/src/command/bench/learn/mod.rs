//! `offhook bench learn`: what learning costs on one thread, and how far a budget of steps leads.

mod contender;
mod course;

use std::sync::Arc;

use offhook_env::call::batch::CallBatch;
use offhook_env::rng::Stream;
use offhook_policy::evaluate::{Choice, Plan, collect};
use offhook_policy::learner::imitation::{ImitationConfig, imitate};
use offhook_policy::network::engine::Engine;
use offhook_policy::network::weights::{NetworkConfig, Weights};
use serde_json::Value;

use self::contender::{Contender, ENGINES, contenders, name};
use self::course::{Course, Point};
use super::clock::{cost_of, peak_memory_mb};
use super::report;
use crate::cli::{BenchArgs, LearnBenchArgs};
use crate::terminal::outln;
use offhook_lab::error::Failure;
use offhook_lab::threads;
use offhook_lab::unit::Unit;
use offhook_report::record::Record;
use offhook_simulator::bundled;
use offhook_simulator::world::{self, CallWorld};
use offhook_stats::{self as stats, Count, Estimate, Moments};

/// A rule that lets learners start from scratch; see the file.
const GUARDED: &str = include_str!("../../../../benches/guarded.toml");
/// Shares of the best final success that count as having learned: on the way up, and nearly all.
const ENOUGH: [f64; 2] = [0.8, 0.95];

type Place = Vec<(&'static str, String)>;

/// Measures every learner, on one thread.
///
/// # Errors
/// If the scenario has mistakes or an update fails.
pub fn run(args: &BenchArgs) -> Result<(), Failure> {
    let mut text = bundled::scenario(
        args.learn.scenario.as_deref().unwrap_or("fraud_alert"),
        None,
    )?;
    if args.learn.scenario.is_none() {
        text.main.text += GUARDED;
    }
    let world = world::build(text)?.world;
    threads::install(Some(1), || {
        for engine in ENGINES {
            imitation(args, &world, engine)?;
        }
        let mut all = Vec::new();
        for contender in contenders() {
            let courses = train(args, &world, &contender)?;
            all.push((contender, courses));
        }
        let best = all
            .iter()
            .map(|(_, courses)| median_success(courses))
            .fold(0.0, f64::max);
        let targets = match args.learn.target {
            Some(target) => vec![target],
            None => ENOUGH.map(|share| share * best).to_vec(),
        };
        for (contender, courses) in &all {
            targets
                .iter()
                .for_each(|&target| time_to(args, contender, courses, target));
        }
        Ok(())
    })
}

fn place(args: &LearnBenchArgs, learner: &str, engine: Engine) -> Place {
    [
        (
            "scenario",
            args.scenario
                .clone()
                .unwrap_or_else(|| "fraud_alert, guarded".to_owned()),
        ),
        ("learner", learner.to_owned()),
        ("engine", name(engine).to_owned()),
        ("threads", "1".to_owned()),
    ]
    .into()
}

/// Trains with every seed and reports what the whole budget cost and what it led to.
fn train(
    args: &BenchArgs,
    world: &Arc<CallWorld>,
    contender: &Contender,
) -> Result<Vec<Course>, Failure> {
    let LearnBenchArgs {
        steps,
        every,
        seeds,
        ..
    } = args.learn;
    let place = place(&args.learn, contender.learner, contender.engine);
    let mut courses = Vec::new();
    for seed in 1..=seeds {
        let learner = (contender.start)(world.clone(), contender.engine, steps, seed)?;
        let course = Course::run(world, learner, seed, every)?;
        if args.json {
            for look in &course.looks {
                say_point("learn.curve", seed, look, &place);
            }
            say_point("learn.final", seed, &course.end, &place);
        }
        courses.push(course);
    }
    let of_end = |value: fn(&Point) -> f64| median(courses.iter().map(|c| Some(value(&c.end))));
    let speed = |end: &Point| end.steps as f64 / cpu_s(end);
    let completed: Vec<Count> = courses.iter().map(|c| c.end.completed).collect();
    let returns: Vec<Moments> = courses.iter().map(|c| c.end.returns).collect();
    let point = |value: Option<f64>| value.map(Estimate::point);
    for (metric, estimate, unit) in [
        (
            "learn.steps_per_s",
            point(of_end(speed)),
            Unit::plain("steps/s", 0),
        ),
        ("learn.cpu_s", point(of_end(cpu_s)), Unit::plain("s", 2)),
        ("learn.wall_s", point(of_end(wall_s)), Unit::plain("s", 2)),
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
    ] {
        if let Some(estimate) = estimate {
            report(args, metric, estimate, seeds, &unit, &place);
        }
    }
    Ok(courses)
}

/// One judgement of one seed, for those who draw curves or compare with learners of their own.
fn say_point(metric: &str, seed: u64, point: &Point, place: &Place) {
    let numbers = [
        ("seed", Value::from(seed)),
        ("steps", Value::from(point.steps)),
        ("cpu_s", Value::from(cpu_s(point))),
        ("wall_s", Value::from(wall_s(point))),
    ];
    let texts = place
        .iter()
        .map(|(name, text)| (*name, Value::from(text.as_str())));
    let place: Vec<_> = texts.chain(numbers).collect();
    for (name, value, unit) in [
        ("completion", point.completion(), Unit::share()),
        ("return", point.returns.mean, Unit::plain("reward", 2)),
    ] {
        let (metric, n) = (format!("{metric}.{name}"), point.completed.n);
        let record = Record::new(&metric, value.into(), n, &unit, place.clone());
        outln!("{}", record.to_json());
    }
}

/// Reports what it took to reach the target; nothing where most seeds did not.
fn time_to(args: &BenchArgs, contender: &Contender, courses: &[Course], target: f64) {
    let mut place = place(&args.learn, contender.learner, contender.engine);
    place.push(("target", format!("{target:.4}")));
    type Value = fn(&Point) -> f64;
    let figures: [(&str, Value, Unit); 3] = [
        ("learn.cpu_s_to_target", cpu_s, Unit::plain("s", 2)),
        ("learn.wall_s_to_target", wall_s, Unit::plain("s", 2)),
        (
            "learn.steps_to_target",
            |point| point.steps as f64,
            Unit::plain("steps", 0),
        ),
    ];
    for (metric, value, unit) in figures {
        let reached = courses
            .iter()
            .map(|course| course.reached(target).map(value));
        if let Some(value) = median(reached) {
            report(args, metric, value, args.learn.seeds, &unit, &place);
        }
    }
}

fn cpu_s(point: &Point) -> f64 {
    point.cost.cpu.as_secs_f64()
}

fn wall_s(point: &Point) -> f64 {
    point.cost.wall.as_secs_f64()
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

/// Reports how fast decisions of the hand-written flow are cloned; scoring after every pass included.
fn imitation(args: &BenchArgs, world: &Arc<CallWorld>, engine: Engine) -> Result<(), Failure> {
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
    for seed in 1..=args.learn.seeds {
        let weights = Weights::initial(&NetworkConfig::default(), layout, seed);
        let (imitated, cost) =
            cost_of(|| imitate(&data, layout, weights, &config, seed, &mut |_| {}));
        imitated?;
        speeds.push(Some(
            (data.len() as u64 * config.n_epochs) as f64 / cost.cpu.as_secs_f64(),
        ));
    }
    if let Some(speed) = median(speeds.into_iter()) {
        let unit = Unit::plain("transitions/s", 0);
        let place = place(&args.learn, "imitation", engine);
        report(
            args,
            "learn.transitions_per_s",
            speed,
            args.learn.seeds,
            &unit,
            &place,
        );
    }
    Ok(())
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

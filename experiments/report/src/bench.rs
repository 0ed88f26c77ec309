//! Measured speeds: one line each, and one JSON record.

use offhook_lab::bench::learn::course::Point;
use offhook_lab::bench::learn::{LearnFinding, SeedCourse};
use offhook_lab::bench::{Place, Speed};
use offhook_lab::unit::Unit;
use serde_json::Value;

use crate::Presentation;
use crate::record::Record;

/// A speed.
pub fn present(speed: &Speed) -> Presentation {
    let place = speed.place.iter();
    let place = place.map(|(name, value)| format!("{name} {value}"));
    Presentation {
        text: format!(
            "{:<28} {:>14} {:<12} {}\n",
            speed.metric,
            speed.unit.estimate(&speed.estimate),
            speed.unit.name(),
            place.collect::<Vec<_>>().join(", ")
        ),
        records: vec![Record::new(
            speed.metric,
            speed.estimate,
            speed.n,
            &speed.unit,
            texts(&speed.place),
        )],
    }
}

/// What was found of a learner: a line for a speed; how a seed learned is for machines alone, which draw curves
/// or compare with learners of their own.
pub fn present_learning(finding: &LearnFinding) -> Presentation {
    match finding {
        LearnFinding::Speed(speed) => present(speed),
        LearnFinding::Course(SeedCourse {
            place,
            seed,
            course,
        }) => {
            let looks = course.looks.iter().map(|look| ("learn.curve", look));
            let points = looks.chain([("learn.final", &course.end)]);
            Presentation {
                text: String::new(),
                records: points
                    .flat_map(|(metric, point)| point_records(metric, *seed, point, place))
                    .collect(),
            }
        }
    }
}

/// One judgement of one seed.
fn point_records(metric: &str, seed: u64, point: &Point, place: &Place) -> [Record; 2] {
    let numbers = [
        ("seed", Value::from(seed)),
        ("steps", Value::from(point.steps)),
        ("cpu_s", Value::from(point.cpu_s())),
        ("wall_s", Value::from(point.wall_s())),
    ];
    let place: Vec<_> = texts(place).chain(numbers).collect();
    let record = |name: &str, value: f64, unit: Unit| {
        let (metric, n) = (format!("{metric}.{name}"), point.completed.n);
        Record::new(&metric, value.into(), n, &unit, place.clone())
    };
    [
        record("completion", point.completion(), Unit::share()),
        record("return", point.returns.mean, Unit::plain("reward", 2)),
    ]
}

fn texts(place: &Place) -> impl Iterator<Item = (&'static str, Value)> {
    let texts = place.iter();
    texts.map(|(name, text)| (*name, Value::from(text.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speed_is_one_line_and_one_record() {
        let shown = present(&Speed {
            metric: "env.ns_per_step",
            estimate: 71.52.into(),
            n: 9,
            unit: Unit::plain("ns", 1),
            place: vec![("scenario", "fraud_alert".into()), ("threads", "1".into())],
        });
        assert_eq!(
            shown.text,
            "env.ns_per_step                        71.5 ns           scenario fraud_alert, threads 1\n"
        );
        assert_eq!(
            shown.show(true),
            "{\"metric\":\"env.ns_per_step\",\"value\":71.52,\"n\":9,\"unit\":\"ns\",\
             \"where\":{\"scenario\":\"fraud_alert\",\"threads\":\"1\"}}\n"
        );
    }
}

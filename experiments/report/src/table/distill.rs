//! Ways to distill, and what their tables lose.

use offhook_lab::key_figure::KeyFigure;
use offhook_lab::table::distill::{DistillComparison, DistillTrial, LOST};
use offhook_lab::unit::Unit;
use offhook_stats::Estimate;
use serde_json::Value;

use crate::Presentation;
use crate::record::Record;
use crate::text_table::{Cell, TextTable};

/// One row, or several records, for each way.
pub fn present(comparison: &DistillComparison) -> Presentation {
    let trials = comparison.trials.iter();
    Presentation {
        text: format!("{}\n{}", head(comparison), table(comparison).to_text()),
        records: trials
            .flat_map(|trial| records(comparison, trial))
            .collect(),
    }
}

fn head(comparison: &DistillComparison) -> String {
    let n_policies = comparison.n_policies;
    format!(
        "{}: {n_policies} {}, {} held-out calls each for table and network, 95 % intervals",
        comparison.scenario,
        if n_policies == 1 {
            "policy"
        } else {
            "policies"
        },
        comparison.n_calls,
    )
}

fn table(comparison: &DistillComparison) -> TextTable {
    let columns = [
        "method",
        "budget",
        "rules",
        "bytes",
        "completion lost",
        "return lost",
        "agreement",
    ];
    let row = |trial: &DistillTrial| {
        let budget = Estimate::point(trial.config.max_rules as f64);
        let figures = figures(trial)
            .into_iter()
            .map(|(_, estimate, unit)| Cell::Value(estimate, unit));
        [
            Cell::from(trial.config.method.name()),
            Cell::Value(budget, Unit::plain("rules", 0)),
        ]
        .into_iter()
        .chain(figures)
        .collect()
    };
    TextTable {
        columns: columns.map(str::to_owned).to_vec(),
        rows: comparison.trials.iter().map(row).collect(),
    }
}

fn records(comparison: &DistillComparison, trial: &DistillTrial) -> Vec<Record> {
    let record = |(metric, estimate, unit): (String, Estimate, Unit)| {
        let place = [
            ("scenario", Value::from(comparison.scenario.as_str())),
            ("method", Value::from(trial.config.method.name())),
            ("max_rules", Value::from(trial.config.max_rules)),
            ("n_policies", Value::from(comparison.n_policies)),
        ];
        Record::new(&metric, estimate, comparison.n_calls, &unit, place)
    };
    figures(trial).into_iter().map(record).collect()
}

fn figures(trial: &DistillTrial) -> Vec<(String, Estimate, Unit)> {
    let count = |name: &'static str, n: usize| {
        let estimate = Estimate::point(n as f64);
        (name.to_owned(), estimate, Unit::plain(name, 0))
    };
    let mut figures = vec![
        count("rules", trial.most_rules()),
        count("bytes", trial.most_bytes()),
    ];
    for metric in LOST {
        let unit = KeyFigure::named(metric).unit();
        let lost = trial.lost(metric);
        figures.extend(lost.map(|lost| (format!("{metric}_lost"), lost, unit)));
    }
    let agreement = Estimate::point(trial.agreement());
    figures.push(("agreement".to_owned(), agreement, Unit::share()));
    figures
}

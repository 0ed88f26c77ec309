//! One verdict on the table that ships: whether it may replace the hand-written flow, and why.
//!
//! It speaks of that table alone: of its own seed, paired with the script call by call over its held-out calls,
//! with intervals over calls. A second seed would have become another table; what the method does over seeds
//! stands beside it. A loss is said whatever else was gained.

use offhook_env::diagnostic::finding::Finding;
use serde::{Deserialize, Serialize};

use super::judge::Contestant::{self, Imitation, Reinforcement, Script, Student, Table};
use super::judge::Judgement;
use crate::key_figure::{ENDED_EARLY, KeyFigure};
use crate::unit::Unit;
use offhook_env::scenario::Scenario;
use offhook_stats::Estimate;

/// A table may complete this much less than the network it was made from, as a share of the calls; and its return
/// may be lower by what so many completed calls are worth.
const LOSS_OF_TABLE: f64 = 0.02;

/// What became of the calls with the table instead of the script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictStatus {
    /// Completion or return is better beyond its interval, and nothing was lost.
    Better,
    /// Neither is.
    NoDifference,
    /// Completion or harms are worse beyond their intervals, something was lost on the way from stage to stage,
    /// or the table is not proved.
    Worse,
}

impl VerdictStatus {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::NoDifference => "no_difference",
            Self::Worse => "worse",
        }
    }
}

/// The verdict, as `manifest.json` has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// In a word.
    pub status: VerdictStatus,
    /// Why, with numbers and what to do: losses first.
    pub reasons: Vec<String>,
}

impl Verdict {
    /// In one line.
    pub fn line(&self) -> String {
        format!(
            "verdict: {}: {}",
            self.status.name(),
            self.reasons.join("; ")
        )
    }
}

/// One figure of two policies on the held-out calls of the table that ships.
struct Comparison {
    figure: &'static KeyFigure,
    difference: Estimate,
    n_calls: usize,
}

/// Figures of which less is better.
const LESS_IS_BETTER: [&str; 2] = ["harms", ENDED_EARLY.name];

impl Comparison {
    fn is_worse(&self) -> bool {
        self.goes_down(!LESS_IS_BETTER.contains(&self.figure.name))
    }

    fn is_better(&self) -> bool {
        self.goes_down(LESS_IS_BETTER.contains(&self.figure.name))
    }

    /// Whether the whole interval lies below 0, or else above it.
    fn goes_down(&self, down: bool) -> bool {
        let bounds = self.difference.bounds;
        bounds.is_some_and(|(low, high)| if down { high < 0.0 } else { low > 0.0 })
    }

    /// `-6.3 points of completion [-7.0, -5.6] on the same 10000 calls`
    fn text(&self) -> String {
        let (unit, n_calls) = (self.figure.unit(), self.n_calls);
        let name = match self.figure.name {
            "harms" => "harms per 10,000 calls".to_owned(),
            name if unit == Unit::share() => format!("points of {name}"),
            name => name.to_owned(),
        };
        let sign = if self.difference.value > 0.0 { "+" } else { "" };
        let number = unit.text(self.difference.value);
        let number = number.trim_end_matches(" %");
        let bounds = unit.bounds(&self.difference);
        format!("{sign}{number} {name} {bounds} on the same {n_calls} calls")
    }
}

/// What a longer or another training may mend.
const TRAIN: &str = "train longer, or look at what the reward pays for (`offhook scenario check`)";
/// The same of a run that was never meant to be judged.
const TRAIN_AT_ALL: &str = "a --quick run only tries every stage: train without --quick";
/// What a larger table may mend.
const ENLARGE: &str = "raise [distill] max_rules, or ship the network";

/// The verdict on what a run found; `is_quick` runs train too little to be judged by, and `exploits` are ways to
/// earn the scenario's reward without working.
pub fn verdict(
    judgement: &Judgement,
    scenario: &Scenario,
    exploits: &[Finding],
    is_quick: bool,
) -> Verdict {
    let compare = |a, b, figure: &'static KeyFigure| {
        Some(Comparison {
            figure,
            difference: judgement.difference_for_exported(a, b, figure)?,
            n_calls: judgement.n_calls_of_exported(),
        })
    };
    let [completion, returned, harms] = ["completion", "return", "harms"].map(KeyFigure::named);
    let remedy = if is_quick { TRAIN_AT_ALL } else { TRAIN };
    let mut losses = of_table(judgement, remedy);
    let (mut gains, mut others) = (Vec::new(), Vec::new());
    for figure in [completion, returned, harms] {
        let Some(found) = compare(Table, Script, figure) else {
            continue;
        };
        let text = format!("the table has {} against the script", found.text());
        if found.is_worse() && figure.name != returned.name {
            losses.push((format!("{text}: keep the script"), remedy));
        } else if found.is_better() && figure.name != harms.name {
            gains.push(text);
        } else {
            others.push(text);
        }
    }
    for (figure, what) in [
        (completion, "it completes less"),
        (&ENDED_EARLY, "more calls end before their business is done"),
    ] {
        if let Some(found) = compare(Reinforcement, Script, figure).filter(Comparison::is_worse) {
            let text = found.text();
            let loss = format!("the network has {text} against the script: {what}");
            losses.push((loss, remedy));
        }
    }
    for (figure, most) in [
        (completion, LOSS_OF_TABLE),
        (
            returned,
            LOSS_OF_TABLE * f64::from(scenario.reward.completion.abs()),
        ),
    ] {
        if let Some(found) = compare(Table, Reinforcement, figure).filter(Comparison::is_worse)
            && found.difference.value < -most
        {
            let text = found.text();
            losses.push((format!("the table has {text} against its network"), ENLARGE));
        }
    }
    let stages: Vec<_> = ([Imitation, Student, Reinforcement].into_iter())
        .filter(|&stage| judgement.entry(stage).is_some())
        .collect();
    for pair in stages.windows(2) {
        for figure in [completion, returned] {
            if let Some(found) = compare(pair[1], pair[0], figure).filter(Comparison::is_worse) {
                let (text, [before, after]) =
                    (found.text(), [pair[0], pair[1]].map(Contestant::name));
                let loss = format!("{after} has {text} against {before}, the stage before it");
                losses.push((loss, remedy));
            }
        }
    }
    let status = match (losses.is_empty(), gains.is_empty()) {
        (false, _) => VerdictStatus::Worse,
        (true, false) => VerdictStatus::Better,
        (true, true) => VerdictStatus::NoDifference,
    };
    let exploits = exploits.iter().map(|found| {
        let (file, line, message) = (&found.file, found.line, &found.message);
        format!("the reward can be exploited: {file}:{line}: {message}")
    });
    let mut remedies: Vec<&str> = losses.iter().map(|(_, remedy)| *remedy).collect();
    remedies.sort_unstable();
    remedies.dedup();
    let to_do = format!("what to do: {}", remedies.join("; "));
    let to_do = (!remedies.is_empty()).then_some(to_do);
    let reasons = (losses.into_iter().map(|(loss, _)| loss))
        .chain(to_do)
        .chain(exploits)
        .chain(gains)
        .chain(others);
    Verdict {
        status,
        reasons: reasons.chain(over_seeds(judgement)).collect(),
    }
}

/// What is wrong with the table that ships, whatever the script does, each with what to do.
fn of_table<'a>(judgement: &Judgement, remedy: &'a str) -> Vec<(String, &'a str)> {
    let mut losses = Vec::new();
    if !judgement.proof.ok() {
        let loss = "the table is not proved and must not ship";
        losses.push((loss.to_owned(), "see where by `offhook table verify`"));
    }
    let n_calls = judgement.n_calls_of_exported();
    let completion = judgement.of_exported(Table, KeyFigure::named("completion"));
    if completion.is_some_and(|share| share.value == 0.0) {
        let loss = format!("the table completes 0 % of {n_calls} calls");
        losses.push((loss, remedy));
    }
    losses
}

/// What the method does, beside the one table that it shipped.
fn over_seeds(judgement: &Judgement) -> Option<String> {
    let n_seeds = judgement.n_seeds();
    let found = judgement
        .difference(Table, Script, "completion")
        .filter(|_| n_seeds > 1)?;
    let unit = KeyFigure::named("completion").unit();
    let number = unit.text(found.value);
    let (number, bounds) = (number.trim_end_matches(" %"), unit.bounds(&found));
    Some(format!(
        "over {n_seeds} seeds tables have {number} points of completion {bounds} against the script"
    ))
}

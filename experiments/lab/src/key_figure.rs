//! The key figures of played calls, with intervals: the one place that says what each of them is.

use offhook_env::call::outcome::{CallSummary, Outcome};

use crate::unit::Unit;
use offhook_stats::{self as stats, Count, Estimate, Moments};

/// How the values of a figure spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Happened or did not.
    Share,
    /// A number per call.
    Mean,
    /// Rare events, shown per 10,000 calls.
    Rate,
    /// A plain count over all calls, without interval.
    Count,
}

/// How many calls rates are shown per.
const PER_CALLS: f64 = 10_000.0;
/// What the names of the outcomes' shares begin with.
const OUTCOME: &str = "outcome/";

/// One key figure: its name, which calls it is of, and what each of them contributes.
#[derive(Clone, Copy, Debug)]
pub struct KeyFigure {
    /// Name in tables and files; that of an outcome's share is `outcome/NAME`.
    pub name: &'static str,
    unit: &'static str,
    decimals: usize,
    kind: Kind,
    /// Whether a call is among those that the figure speaks of.
    among: fn(&CallSummary) -> bool,
    value: Value,
}

/// What a call contributes.
#[derive(Clone, Copy, Debug)]
enum Value {
    /// 1 if it ended so.
    Ended(Outcome),
    /// Whatever the function says.
    Of(fn(&CallSummary) -> f64),
}

impl Value {
    fn of(self, call: &CallSummary) -> f64 {
        match self {
            Self::Ended(outcome) => f64::from(call.outcome == outcome),
            Self::Of(value) => value(call),
        }
    }
}

/// Every call.
fn all(_: &CallSummary) -> bool {
    true
}

/// A share of all calls.
const fn share(name: &'static str, value: Value) -> KeyFigure {
    KeyFigure {
        name,
        unit: "share",
        decimals: 1,
        kind: Kind::Share,
        among: all,
        value,
    }
}

/// A mean over all calls.
const fn mean(
    name: &'static str,
    unit: &'static str,
    decimals: usize,
    value: fn(&CallSummary) -> f64,
) -> KeyFigure {
    KeyFigure {
        name,
        unit,
        decimals,
        kind: Kind::Mean,
        among: all,
        value: Value::Of(value),
    }
}

/// A count over all calls.
const fn count(name: &'static str, value: fn(&CallSummary) -> f64) -> KeyFigure {
    KeyFigure {
        name,
        unit: "count",
        decimals: 0,
        kind: Kind::Count,
        among: all,
        value: Value::Of(value),
    }
}

/// The key figures in the order they are shown; last how calls end, a closed list whose shares sum to 1.
pub const KEY_FIGURES: &[KeyFigure] = &[
    share("completion", Value::Ended(Outcome::Completed)),
    // The share of calls that can complete at all; the same for every policy.
    share("attainable", Value::Of(|c| f64::from(c.attainable))),
    // Among these.
    KeyFigure {
        among: |c| c.attainable,
        ..share("completion_attainable", Value::Ended(Outcome::Completed))
    },
    mean("satisfaction", "rating 1-5", 2, |c| {
        f64::from(c.satisfaction)
    }),
    // Among conversations with the person called: nobody else is there to be satisfied.
    KeyFigure {
        among: |c| c.right_person,
        ..share("satisfied", Value::Of(|c| f64::from(c.satisfaction >= 4)))
    },
    // Among conversations with the person called, where parts of the business are worth something by themselves.
    KeyFigure {
        among: |c| c.items.is_some(),
        ..mean("items", "share of worth", 3, |c| {
            f64::from(c.items.unwrap_or_default())
        })
    },
    share("hang_up", Value::Ended(Outcome::HungUp)),
    share("handoff", Value::Ended(Outcome::Transferred)),
    share("opt_out", Value::Ended(Outcome::OptedOut)),
    mean("turns", "turns", 2, |c| f64::from(c.turns)),
    mean("call_seconds", "s", 1, |c| f64::from(c.seconds)),
    mean("machine_seconds", "s", 1, |c| f64::from(c.machine_seconds)),
    // Among calls that a person was on at the end.
    KeyFigure {
        among: |c| c.taken_for_machine.is_some(),
        ..share(
            "taken_for_machine",
            Value::Of(|c| f64::from(c.taken_for_machine == Some(true))),
        )
    },
    mean("return", "reward", 2, |c| f64::from(c.return_)),
    count("rules_broken", |c| f64::from(c.rules_broken)),
    count("held_back", |c| f64::from(c.held_back)),
    KeyFigure {
        kind: Kind::Rate,
        decimals: 1,
        ..mean("harms", "per 10,000 calls", 1, |c| f64::from(c.harms))
    },
    share("outcome/completed", Value::Ended(Outcome::Completed)),
    share("outcome/incomplete", Value::Ended(Outcome::Incomplete)),
    share("outcome/declined", Value::Ended(Outcome::Declined)),
    share("outcome/hung_up", Value::Ended(Outcome::HungUp)),
    share("outcome/transferred", Value::Ended(Outcome::Transferred)),
    share(
        "outcome/callback_agreed",
        Value::Ended(Outcome::CallbackAgreed),
    ),
    share("outcome/message_left", Value::Ended(Outcome::MessageLeft)),
    share("outcome/machine", Value::Ended(Outcome::Machine)),
    share("outcome/wrong_person", Value::Ended(Outcome::WrongPerson)),
    share("outcome/opted_out", Value::Ended(Outcome::OptedOut)),
    share("outcome/truncated", Value::Ended(Outcome::Truncated)),
];

/// The share of calls that ended before their business was done, whoever took leave. A goodbye that only comes
/// before a hang-up loses nothing, so neither is counted without the other.
pub const ENDED_EARLY: KeyFigure = share(
    "ended_early",
    Value::Of(|c| f64::from(matches!(c.outcome, Outcome::Incomplete | Outcome::HungUp))),
);

/// What some calls contribute to one figure; tallies add up, so that calls need not be kept.
#[derive(Clone, Copy, Debug)]
pub struct Tally {
    count: Count,
    moments: Moments,
}

impl Tally {
    /// Both together.
    pub fn merged(self, other: Self) -> Self {
        Self {
            count: Count {
                hits: self.count.hits + other.count.hits,
                n: self.count.n + other.count.n,
            },
            moments: self.moments.merged(other.moments),
        }
    }
}

/// A tally of each of [`KEY_FIGURES`].
#[derive(Clone, Debug)]
pub struct Tallies(Vec<Tally>);

impl Default for Tallies {
    fn default() -> Self {
        Self(KEY_FIGURES.iter().map(|figure| figure.tally(&[])).collect())
    }
}

impl Tallies {
    /// Adds what more calls contribute.
    pub fn add(&mut self, calls: &[CallSummary]) {
        for (figure, tally) in KEY_FIGURES.iter().zip(&mut self.0) {
            *tally = tally.merged(figure.tally(calls));
        }
    }

    /// One estimate for each of [`KEY_FIGURES`].
    pub fn estimates(&self) -> Vec<Option<Estimate>> {
        let figures = KEY_FIGURES.iter().zip(&self.0);
        figures.map(|(f, tally)| f.of_tallies(&[*tally])).collect()
    }
}

impl KeyFigure {
    /// The figure of that name.
    ///
    /// # Panics
    /// If there is none.
    pub fn named(name: &str) -> &'static Self {
        KEY_FIGURES
            .iter()
            .find(|f| f.name == name)
            .expect("the name is one of KEY_FIGURES")
    }

    /// The outcome whose share it is, by name; `None` for all other figures.
    pub fn outcome(&self) -> Option<&'static str> {
        self.name.strip_prefix(OUTCOME)
    }

    /// What each call contributes, for paired comparisons; the mean of the list is the figure.
    ///
    /// A figure among some calls only is a ratio of two means, `R = mean(v d) / mean(d)` with `d` 1 for the calls
    /// among which it is; a call then contributes `R + d (v - R) / mean(d)`, the linearised ratio (Cochran, 1977,
    /// Sampling Techniques, section 6.4), so that pairs of calls can be subtracted.
    pub fn values(&self, calls: &[CallSummary]) -> Vec<f32> {
        let n_among = calls.iter().filter(|call| (self.among)(call)).count();
        if n_among == calls.len() {
            return (calls.iter().map(|call| self.value.of(call) as f32)).collect();
        }
        let sum: f64 = (calls.iter().filter(|call| (self.among)(call)))
            .map(|call| self.value.of(call))
            .sum();
        let ratio = sum / n_among.max(1) as f64;
        let weight = calls.len() as f64 / n_among.max(1) as f64;
        let linear = |call: &CallSummary| match (self.among)(call) {
            true => ratio + weight * (self.value.of(call) - ratio),
            false => ratio,
        };
        calls.iter().map(|call| linear(call) as f32).collect()
    }

    /// What a call contributes; `None` where it is not among those that the figure speaks of.
    pub(crate) fn contribution(&self, call: &CallSummary) -> Option<f64> {
        (self.among)(call).then(|| self.value.of(call))
    }

    /// What a mean over calls is multiplied by to be shown.
    pub(crate) fn scale(&self) -> f64 {
        match self.kind {
            Kind::Share | Kind::Mean | Kind::Count => 1.0,
            Kind::Rate => PER_CALLS,
        }
    }

    /// Whether it is a plain count over all calls.
    pub fn is_count(&self) -> bool {
        self.kind == Kind::Count
    }

    /// How much more of it `a` has than `b` on the same calls, in the figure's own scale; clusters as in
    /// [`estimate`](Self::estimate). `None` where one of them has no such figure; no interval where no call differs.
    ///
    /// # Panics
    /// If `a` and `b` differ in shape.
    pub fn difference<C: AsRef<[CallSummary]>>(&self, a: &[C], b: &[C]) -> Option<Estimate> {
        self.simultaneous_difference(a, b, 1)
    }

    /// The same with an interval that is one of `n` which hold together (Bonferroni).
    ///
    /// # Panics
    /// If `a` and `b` differ in shape.
    pub fn simultaneous_difference<C: AsRef<[CallSummary]>>(
        &self,
        a: &[C],
        b: &[C],
        n: usize,
    ) -> Option<Estimate> {
        self.estimate(a).and(self.estimate(b))?;
        let values = |calls: &[C]| -> Vec<Vec<f32>> {
            calls.iter().map(|c| self.values(c.as_ref())).collect()
        };
        let (values_a, values_b) = (values(a), values(b));
        if values_a == values_b {
            return Some(Estimate::point(0.0));
        }
        let n_calls: usize = a.iter().map(|calls| calls.as_ref().len()).sum();
        let scale = match self.kind {
            Kind::Count => n_calls as f64,
            _ => self.scale(),
        };
        let moments = stats::paired(&values_a, &values_b);
        stats::simultaneous_mean(&moments, n).map(|e| e.scaled(scale))
    }

    /// The unit it is shown in.
    pub fn unit(&self) -> Unit {
        if self.kind == Kind::Share {
            Unit::share()
        } else {
            Unit::plain(self.unit, self.decimals)
        }
    }

    /// What these calls contribute.
    pub fn tally(&self, calls: &[CallSummary]) -> Tally {
        let values = (calls.iter())
            .filter(|call| (self.among)(call))
            .map(|call| self.value.of(call));
        match self.kind {
            Kind::Share | Kind::Rate | Kind::Count => Tally {
                count: values.fold(Count::default(), |sum, value| Count {
                    hits: sum.hits + value as u64,
                    n: sum.n + 1,
                }),
                moments: Moments::default(),
            },
            Kind::Mean => Tally {
                count: Count::default(),
                moments: Moments::of(values),
            },
        }
    }

    /// The estimate over clusters of calls: one cluster per trained policy.
    pub fn estimate<C: AsRef<[CallSummary]>>(&self, clusters: &[C]) -> Option<Estimate> {
        let tallies: Vec<Tally> = clusters.iter().map(|c| self.tally(c.as_ref())).collect();
        self.of_tallies(&tallies)
    }

    /// The same from tallies, one per cluster.
    pub fn of_tallies(&self, clusters: &[Tally]) -> Option<Estimate> {
        let counts = || clusters.iter().map(|c| c.count).collect::<Vec<_>>();
        match self.kind {
            Kind::Share => stats::clustered_share(&counts()),
            Kind::Rate => stats::clustered_rate(&counts()).map(|e| e.scaled(PER_CALLS)),
            Kind::Count => Some(Estimate::point(
                counts().iter().map(|c| c.hits as f64).sum(),
            )),
            Kind::Mean => {
                let moments: Vec<_> = clusters.iter().map(|c| c.moments).collect();
                stats::clustered_mean(&moments)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use offhook_env::call::outcome::N_TERMS;

    fn call(
        outcome: Outcome,
        satisfaction: u8,
        attainable: bool,
        right_person: bool,
    ) -> CallSummary {
        CallSummary {
            episode: 0,
            outcome,
            satisfaction,
            turns: 4,
            seconds: 20.0,
            return_: 1.0,
            terms: [0.0; N_TERMS],
            harms: 0,
            rules_broken: 0,
            held_back: 0,
            attainable,
            right_person,
            items: None,
            machine_seconds: 0.0,
            taken_for_machine: None,
        }
    }

    fn calls() -> Vec<CallSummary> {
        vec![
            call(Outcome::Completed, 5, true, true),
            call(Outcome::Incomplete, 4, true, true),
            call(Outcome::HungUp, 1, true, true),
            call(Outcome::CallbackAgreed, 4, false, true),
            call(Outcome::WrongPerson, 4, false, false),
            call(Outcome::Machine, 3, false, false),
        ]
    }

    #[test]
    fn a_figure_is_of_the_calls_that_it_speaks_of() {
        let value = |name| {
            let estimate = KeyFigure::named(name).estimate(&[calls()]);
            estimate.map(|e| (e.value * 1e6).round() / 1e6)
        };
        assert_eq!(value("completion"), Some(0.166667));
        assert_eq!(value("attainable"), Some(0.5));
        assert_eq!(value("completion_attainable"), Some(0.333333));
        assert_eq!(value("satisfied"), Some(0.75));
        let nobody = KeyFigure::named("satisfied").estimate(&[&calls()[5..]]);
        assert_eq!(nobody, None);
    }

    #[test]
    fn what_calls_contribute_has_the_figure_as_its_mean() {
        for figure in KEY_FIGURES {
            let values = figure.values(&calls());
            let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / values.len() as f64;
            let value = figure.estimate(&[calls()]).map_or(0.0, |e| e.value);
            let per_call = match figure.kind {
                Kind::Share | Kind::Mean => value,
                Kind::Rate => value / 10_000.0,
                Kind::Count => value / values.len() as f64,
            };
            assert!((mean - per_call).abs() < 1e-6, "{}: {mean}", figure.name);
        }
    }

    #[test]
    fn the_outcomes_are_a_closed_list_that_sums_to_1() {
        let mut named: Vec<&str> = KEY_FIGURES.iter().filter_map(KeyFigure::outcome).collect();
        let mut all: Vec<&str> = Outcome::ALL.iter().map(|o| o.name()).collect();
        named.sort_unstable();
        all.sort_unstable();
        assert_eq!(named, all);
        for outcome in Outcome::ALL {
            let name = format!("{OUTCOME}{}", outcome.name());
            let of_it = [call(outcome, 3, true, true)];
            let share = KeyFigure::named(&name).estimate(&[of_it]);
            assert_eq!(share.map(|e| e.value), Some(1.0), "{name}");
        }
    }
}

//! Whether a table still sees what it was made for: the population stability index of its rules and
//! of its features.
//!
//! With shares `e` expected and `f` found, the index is the sum over bins of `(f - e) ln(f / e)`.
//! By a rule of thumb of credit scoring nothing moved below 0.1, and from 0.25 on the population is
//! another one (`perf_psi` in the manual of the R package `scorecard`; Siddiqi, 2006, Credit Risk
//! Scorecards). Small samples move by chance: of two samples of `n` and `m` from one population the
//! index is about `(1/n + 1/m)` times a chi-square variable with one degree of freedom less than bins
//! (Yurdakul, 2018, Statistical Properties of Population Stability Index,
//! <https://scholarworks.wmich.edu/dissertations/3208>); an index within the 95 % bound of that counts
//! as stable. Bins that the smaller sample should meet less than [`MIN_COUNT`] times are one bin, as
//! is usual for chi-square tests (Cochran, 1954, Biometrics 10(4); he asks for 5 independent
//! observations, and the turns of a call depend on each other).

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::runtime::Monitor;
use crate::table::{DecisionTable, TableError};

/// From here on something moved.
pub const PSI_MOVED: f64 = 0.1;
/// From here on the population is another one.
pub const PSI_SHIFTED: f64 = 0.25;
/// Rules and levels that the smaller side should meet less often are taken together.
pub const MIN_COUNT: f64 = 10.0;
/// Most rules and levels that `Display` prints.
const MAX_PRINTED: usize = 10;

/// What an index says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// One of the sides saw nothing.
    Unknown,
    /// Below [`PSI_MOVED`], or within chance.
    Stable,
    /// From [`PSI_MOVED`] on: look at it.
    Moved,
    /// From [`PSI_SHIFTED`] on: train again.
    Shifted,
}

impl Verdict {
    fn words(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Stable => "stable",
            Self::Moved => "moved",
            Self::Shifted => "shifted",
        }
    }
}

/// One bin of a distribution.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Share {
    /// The rule's id, or the level's name; `rare, together` for those below [`MIN_COUNT`].
    pub name: String,
    /// The rule's action; `None` for a level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Share expected, in `[0, 1]`.
    pub expected: f64,
    /// Share found.
    pub found: f64,
    /// What the bin adds to the index.
    pub psi: f64,
}

/// A distribution beside the one that was expected.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Drift {
    /// The feature's name, or `rules`.
    pub name: String,
    /// Population stability index; `None` where one of the sides saw nothing.
    pub psi: Option<f64>,
    /// What chance alone stays below, 19 times of 20.
    pub by_chance: Option<f64>,
    /// What the index says.
    pub verdict: Verdict,
    /// Every bin that either side saw, the one that moved most first.
    pub shares: Vec<Share>,
}

/// The outcome of [`drift`](crate::drift).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DriftReport {
    /// Checksum of the table.
    pub checksum: String,
    /// Decisions that the expectation rests on.
    pub n_expected: u64,
    /// Decisions found.
    pub n_found: u64,
    /// Share of decisions that no rule made, in `[0, 1]`.
    pub default_share: f64,
    /// Features with values out of their domain, and how often.
    pub out_of_domain: Vec<(String, u64)>,
    /// Traffic by rule.
    pub rules: Drift,
    /// Traffic by feature, the one that moved most first.
    pub features: Vec<Drift>,
}

/// Holds what a table saw against what was expected of it:
/// [`Monitor::expected`], or the counters of an earlier time.
///
/// # Errors
/// [`TableError::Invalid`] if either was counted for another table.
pub fn drift(
    table: &DecisionTable,
    expected: &Monitor,
    found: &Monitor,
) -> Result<DriftReport, TableError> {
    for monitor in [expected, found] {
        if monitor.checksum() != table.checksum() {
            let counted = format!("counters of table {}", monitor.checksum());
            return Err(TableError::invalid("drift", counted, table.checksum()));
        }
    }
    let ids = table.rules().iter().map(|rule| rule.id.as_str());
    let counts = |monitor: &Monitor| [monitor.rules(), &[monitor.n_default()]].concat();
    let mut rules = compare(
        "rules",
        ids.chain(["default action"]),
        &counts(expected),
        &counts(found),
    );
    let actions: BTreeMap<&str, u8> = table
        .rules()
        .iter()
        .map(|rule| (rule.id.as_str(), rule.action))
        .collect();
    for share in &mut rules.shares {
        let action = actions.get(share.name.as_str());
        share.action = action.map(|&action| table.action_name(action).to_owned());
    }
    let levels = expected
        .traffic()
        .levels()
        .iter()
        .zip(found.traffic().levels());
    let mut features: Vec<Drift> = table
        .layout()
        .features()
        .iter()
        .zip(levels)
        .map(|(feature, (expected, found))| {
            let names = feature.levels.iter().map(String::as_str);
            compare(&feature.name, names, expected, found)
        })
        .collect();
    features.sort_by(|a, b| b.psi.unwrap_or(0.0).total_cmp(&a.psi.unwrap_or(0.0)));
    let names = table.layout().features().iter().map(|f| f.name.clone());
    let out_of_domain = names.zip(found.out_of_domain().iter().copied());
    let decisions = |monitor: &Monitor| monitor.rules().iter().sum::<u64>() + monitor.n_default();
    let n_found = decisions(found);
    Ok(DriftReport {
        checksum: table.checksum().to_owned(),
        n_expected: decisions(expected),
        n_found,
        default_share: found.n_default() as f64 / n_found.max(1) as f64,
        out_of_domain: out_of_domain.filter(|&(_, n)| n > 0).collect(),
        rules,
        features,
    })
}

fn compare<'a>(
    name: &str,
    names: impl Iterator<Item = &'a str>,
    expected: &[u64],
    found: &[u64],
) -> Drift {
    let sum = |counts: &[u64]| counts.iter().map(|&n| n as f64).sum::<f64>();
    let (n, m) = (sum(expected), sum(found));
    let known = n > 0.0 && m > 0.0;
    let counts = expected.iter().zip(found);
    let counts = counts.map(|(&e, &f)| (e as f64, f as f64));
    let seen = names.zip(counts).filter(|(_, (e, f))| e + f > 0.0);
    let is_rare =
        |&(_, (e, f)): &(&str, (f64, f64))| known && (e + f) / (n + m) * n.min(m) < MIN_COUNT;
    let (rare, mut bins): (Vec<_>, Vec<_>) = seen.partition(is_rare);
    match rare[..] {
        [] => {}
        [alone] => bins.push(alone),
        _ => {
            let together = rare
                .iter()
                .fold((0.0, 0.0), |(e, f), (_, bin)| (e + bin.0, f + bin.1));
            bins.push(("rare, together", together));
        }
    }
    let n_bins = bins.len() as f64;
    let share = |(name, (e, f)): (&str, (f64, f64))| {
        // Further observations on each side, one per bin and spread as both together are: an empty
        // bin then has a small share instead of an infinite logarithm.
        let more = n_bins * (e + f) / (n + m);
        let (p, q) = ((e + more) / (n + n_bins), (f + more) / (m + n_bins));
        Share {
            name: name.to_owned(),
            action: None,
            expected: e / n.max(1.0),
            found: f / m.max(1.0),
            psi: (q - p) * (q / p).ln(),
        }
    };
    let mut shares: Vec<Share> = bins.into_iter().map(share).collect();
    shares.sort_by(|a, b| b.psi.total_cmp(&a.psi));
    let psi = known.then(|| shares.iter().map(|share| share.psi).sum());
    let freedom = (n_bins - 1.0).max(0.0);
    // The normal approximation of the chi-square quantile; good enough for a hint.
    let quantile = freedom + 1.645 * (2.0 * freedom).sqrt();
    let by_chance = known.then(|| (1.0 / n + 1.0 / m) * quantile);
    Drift {
        name: name.to_owned(),
        psi,
        by_chance,
        verdict: verdict(psi, by_chance),
        shares,
    }
}

fn verdict(psi: Option<f64>, by_chance: Option<f64>) -> Verdict {
    match (psi, by_chance) {
        (Some(psi), Some(by_chance)) if psi < by_chance.max(PSI_MOVED) => Verdict::Stable,
        (Some(psi), Some(_)) if psi < PSI_SHIFTED => Verdict::Moved,
        (Some(_), Some(_)) => Verdict::Shifted,
        _ => Verdict::Unknown,
    }
}

impl DriftReport {
    /// Whether rules and features, as far as known, are where they were expected, and every value
    /// lay in its domain.
    #[must_use]
    pub fn ok(&self) -> bool {
        let moved = |drift: &Drift| matches!(drift.verdict, Verdict::Moved | Verdict::Shifted);
        self.out_of_domain.is_empty() && !moved(&self.rules) && !self.features.iter().any(moved)
    }
}

impl fmt::Display for DriftReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} decisions against {} expected; population stability index: moved from {PSI_MOVED} \
             on, shifted from {PSI_SHIFTED} on",
            self.n_found, self.n_expected
        )?;
        writeln!(
            f,
            "default action: {:.2} % of decisions",
            self.default_share * 100.0
        )?;
        for (feature, n) in &self.out_of_domain {
            writeln!(f, "out of domain: {feature}, {n} times")?;
        }
        print(f, &self.rules)?;
        let unknown = self
            .features
            .iter()
            .filter(|d| d.verdict == Verdict::Unknown)
            .count();
        let stable = self
            .features
            .iter()
            .filter(|d| d.verdict == Verdict::Stable)
            .count();
        for drift in &self.features {
            if matches!(drift.verdict, Verdict::Moved | Verdict::Shifted) {
                print(f, drift)?;
            }
        }
        write!(f, "{stable} of {} features are stable", self.features.len())?;
        if unknown > 0 {
            write!(
                f,
                "; {unknown} are unknown, since the table does not say what traffic to expect"
            )?;
        }
        Ok(())
    }
}

fn print(f: &mut fmt::Formatter<'_>, drift: &Drift) -> fmt::Result {
    let (Some(psi), Some(by_chance)) = (drift.psi, drift.by_chance) else {
        return writeln!(f, "{}: nothing to compare", drift.name);
    };
    let words = drift.verdict.words();
    writeln!(
        f,
        "{}: {words}, index {psi:.3} (chance: up to {by_chance:.3})",
        drift.name
    )?;
    if drift.verdict == Verdict::Stable {
        return Ok(());
    }
    for share in drift.shares.iter().take(MAX_PRINTED) {
        let (expected, found) = (share.expected * 100.0, share.found * 100.0);
        let action = share
            .action
            .as_ref()
            .map_or(String::new(), |action| format!(" ({action})"));
        writeln!(
            f,
            "  {}{action}: {expected:.2} % -> {found:.2} % (adds {:.3})",
            share.name, share.psi
        )?;
    }
    match drift.shares.len().saturating_sub(MAX_PRINTED) {
        0 => Ok(()),
        n_more => writeln!(f, "  and {n_more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{SplitMix, random_codes, random_table};

    fn played(table: &DecisionTable, seed: u64, n: u64, bend: impl Fn(&mut Vec<u8>)) -> Monitor {
        let mut rng = SplitMix(seed);
        let mut monitor = Monitor::new(table);
        for _ in 0..n {
            let mut codes = random_codes(table.layout(), &mut rng);
            bend(&mut codes);
            monitor.record(&codes, table.decide(&codes));
        }
        monitor
    }

    #[test]
    fn the_index_of_a_known_example_is_right() {
        // 20/30/50 % against 30/30/40 %: 0.1 ln(1.5) + 0.1 ln(1.25) = 0.06286.
        let drift = compare(
            "x",
            ["a", "b", "c"].into_iter(),
            &[20_000, 30_000, 50_000],
            &[30_000, 30_000, 40_000],
        );
        assert!((drift.psi.unwrap() - 0.062_86).abs() < 1e-4, "{drift:?}");
        assert_eq!(drift.verdict, Verdict::Stable);
        assert_eq!(
            (drift.shares[0].name.as_str(), drift.shares[2].name.as_str()),
            ("a", "b")
        );
    }

    #[test]
    fn what_the_smaller_side_hardly_meets_is_one_bin() {
        let names = ["a", "b", "c", "d"].into_iter();
        let drift = compare("x", names.clone(), &[90, 4, 0, 6], &[900, 0, 40, 60]);
        let names_of = |drift: &Drift| -> Vec<String> {
            drift
                .shares
                .iter()
                .map(|share| share.name.clone())
                .collect()
        };
        let together = drift.shares.iter().find(|s| s.name == "rare, together");
        assert_eq!(names_of(&drift).len(), 2, "{drift:?}");
        assert!(together.is_some_and(|s| s.expected == 0.1 && s.found == 0.1));
        let unknown = compare("x", names, &[0; 4], &[900, 0, 40, 60]);
        assert_eq!(names_of(&unknown), ["a", "c", "d"]);
    }

    #[test]
    fn two_samples_of_one_population_are_stable_however_small() {
        let table = random_table(5, 150, 8);
        let many = played(&table, 1, 20_000, |_| {});
        for n in [20, 200, 5_000] {
            let few = played(&table, 2, n, |_| {});
            let report = drift(&table, &many, &few).unwrap();
            assert!(report.ok(), "{n}: {report}");
        }
    }

    #[test]
    fn a_feature_that_moved_is_named_first_and_the_rules_that_test_it_move_with_it() {
        let table = random_table(5, 150, 8);
        let expected = played(&table, 1, 20_000, |_| {});
        let found = played(&table, 2, 20_000, |codes| codes[3] = 0);
        let report = drift(&table, &expected, &found).unwrap();
        assert_eq!(report.features[0].name, "feature_3");
        assert_eq!(report.features[0].verdict, Verdict::Shifted);
        assert_eq!(report.features[1].verdict, Verdict::Stable);
        assert_ne!(report.rules.verdict, Verdict::Stable);
        assert!(!report.ok());
        assert!(
            report.to_string().contains("feature_3: shifted"),
            "{report}"
        );
    }

    #[test]
    fn a_table_without_traffic_is_compared_by_its_rules_alone() {
        let table = random_table(5, 20, 3);
        let found = played(&table, 1, 100, |codes| codes[1] = 99);
        let report = drift(&table, &Monitor::expected(&table), &found).unwrap();
        assert!(
            report
                .features
                .iter()
                .all(|drift| drift.verdict == Verdict::Unknown)
        );
        assert_eq!(report.out_of_domain, [("feature_1".to_owned(), 100)]);
        assert_eq!(report.default_share, 1.0);
        assert!(report.to_string().contains("3 are unknown"), "{report}");
        let other = random_table(6, 20, 3);
        assert!(drift(&other, &Monitor::expected(&table), &found).is_err());
    }
}

//! Whether a table still sees what it was made for: the population stability index of its rules and
//! of its features.
//!
//! With shares `e` expected and `f` found, the index is the sum over bins of `(f - e) ln(f / e)`.
//! By a rule of thumb of credit scoring nothing moved below 0.1, and from 0.25 on the population is
//! another one (`perf_psi` in the manual of the R package `scorecard`; Siddiqi, 2006, Credit Risk
//! Scorecards). Small samples move by chance, and turns come in calls: a call of twenty turns with a
//! deaf customer is one observation, not twenty. What chance does is therefore seen on the calls
//! ([`chance`]), for rules and all features together, so that one report in twenty raises a false
//! alarm, not one feature in twenty. Bins that are not worth [`MIN_CALLS`] calls are one bin, as is
//! usual for chi-square tests (Cochran, 1954, Biometrics 10(4)).

mod binned;

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::runtime::Monitor;
use crate::table::{DecisionTable, TableError};
use binned::{Binned, Counted, chance};

/// From here on something moved.
pub const PSI_MOVED: f64 = 0.1;
/// From here on the population is another one.
pub const PSI_SHIFTED: f64 = 0.25;
/// Rules and levels whose share comes to less than as many of the calls found are taken together.
pub const MIN_CALLS: f64 = 5.0;
/// Most rules and levels that `Display` prints.
const MAX_PRINTED: usize = 10;

/// What an index says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// One of the sides saw nothing.
    Unknown,
    /// The calls are too few: even another population would lie within chance.
    TooFew,
    /// Below [`PSI_MOVED`], or within chance.
    Stable,
    /// From [`PSI_MOVED`] on: look at it.
    Moved,
    /// From [`PSI_SHIFTED`] on: train again.
    Shifted,
}

impl Verdict {
    fn is_change(self) -> bool {
        matches!(self, Self::Moved | Self::Shifted)
    }

    fn words(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::TooFew => "too few calls to tell",
            Self::Stable => "stable",
            Self::Moved => "moved",
            Self::Shifted => "shifted",
        }
    }
}

/// One bin of a distribution.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Share {
    /// The rule's id, or the level's name; `rare, together` for those below [`MIN_CALLS`].
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
    /// What chance alone stays below, with all of the report, 19 times of 20; `None` where nothing is
    /// left to compare.
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
    /// Calls, or groups of whole calls, that they were found in.
    pub n_groups: usize,
    /// Share of decisions that no rule made, in `[0, 1]`.
    pub default_share: f64,
    /// Features with values out of their domain, and how often.
    pub out_of_domain: Vec<(String, u64)>,
    /// Traffic by rule.
    pub rules: Drift,
    /// Traffic by feature, the one that moved most first.
    pub features: Vec<Drift>,
}

/// Holds what a table saw against what was expected of it: [`Monitor::expected`], or the counters of
/// an earlier time.
///
/// - `found`: one for every call, since calls are what chance is seen on; where there are many, any
///   groups of whole calls that do not depend on what was said will do, such as a hundred by call number.
///
/// # Errors
/// [`TableError::Invalid`] if one of them was counted for another table.
pub fn drift(
    table: &DecisionTable,
    expected: &Monitor,
    found: &[Monitor],
) -> Result<DriftReport, TableError> {
    let mut all = Monitor::new(table);
    for monitor in [expected].into_iter().chain(found) {
        if monitor.checksum() != table.checksum() {
            let counted = format!("counters of table {}", monitor.checksum());
            return Err(TableError::invalid("drift", counted, table.checksum()));
        }
    }
    for monitor in found {
        all.merge(monitor)?;
    }
    let groups: Vec<&Monitor> = found.iter().filter(|found| decisions(found) > 0).collect();

    let features = table.layout().features();
    let ids = table.rules().iter().map(|rule| rule.id.as_str());
    let mut compared = vec![Binned::new(
        ids.chain(["default action"]).collect(),
        Counted::Rules,
    )];
    compared.extend(features.iter().enumerate().map(|(idx, feature)| {
        let names = feature.levels.iter().map(String::as_str).collect();
        Binned::new(names, Counted::Feature(idx))
    }));
    for binned in &mut compared {
        binned.bin(expected, &all, groups.len());
    }
    let by_chance = chance(&compared, &groups);
    let mut drifts = compared.iter().zip(by_chance).map(|(binned, by_chance)| {
        let name = match binned.counted {
            Counted::Rules => "rules",
            Counted::Feature(idx) => &features[idx].name,
        };
        binned.drift(name, by_chance)
    });
    let mut rules = drifts.next().expect("the rules come first");
    let mut features: Vec<Drift> = drifts.collect();
    features.sort_by(|a, b| b.psi.unwrap_or(0.0).total_cmp(&a.psi.unwrap_or(0.0)));

    let actions: BTreeMap<&str, u8> = table
        .rules()
        .iter()
        .map(|rule| (rule.id.as_str(), rule.action))
        .collect();
    for share in &mut rules.shares {
        let action = actions.get(share.name.as_str());
        share.action = action.map(|&action| table.action_name(action).to_owned());
    }
    let names = table.layout().features().iter().map(|f| f.name.clone());
    let out_of_domain = names.zip(all.out_of_domain().iter().copied());
    let n_found = decisions(&all);
    Ok(DriftReport {
        checksum: table.checksum().to_owned(),
        n_expected: decisions(expected),
        n_found,
        n_groups: groups.len(),
        default_share: all.n_default() as f64 / n_found.max(1) as f64,
        out_of_domain: out_of_domain.filter(|&(_, n)| n > 0).collect(),
        rules,
        features,
    })
}

fn decisions(monitor: &Monitor) -> u64 {
    monitor.rules().iter().sum::<u64>() + monitor.n_default()
}

fn verdict(psi: f64, by_chance: f64) -> Verdict {
    if psi >= by_chance.max(PSI_SHIFTED) {
        Verdict::Shifted
    } else if psi >= by_chance.max(PSI_MOVED) {
        Verdict::Moved
    } else if by_chance >= PSI_SHIFTED {
        Verdict::TooFew
    } else {
        Verdict::Stable
    }
}

impl DriftReport {
    /// Whether rules and features, as far as known, are where they were expected, and every value
    /// lay in its domain.
    #[must_use]
    pub fn ok(&self) -> bool {
        let mut all = [&self.rules].into_iter().chain(&self.features);
        self.out_of_domain.is_empty() && !all.any(|drift| drift.verdict.is_change())
    }
}

impl fmt::Display for DriftReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} decisions of {} calls (or groups of them) against {} expected; population stability index: moved from \
             {PSI_MOVED} on, shifted from {PSI_SHIFTED} on",
            self.n_found, self.n_groups, self.n_expected
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
        for drift in &self.features {
            if drift.verdict.is_change() {
                print(f, drift)?;
            }
        }
        let n = |verdict| {
            self.features
                .iter()
                .filter(|d| d.verdict == verdict)
                .count()
        };
        let n_stable = n(Verdict::Stable);
        write!(
            f,
            "{n_stable} of {} features are stable",
            self.features.len()
        )?;
        match n(Verdict::TooFew) {
            0 => {}
            n => write!(f, "; of {n} the calls are too few to tell, more are needed")?,
        }
        match n(Verdict::Unknown) {
            0 => Ok(()),
            n => write!(
                f,
                "; {n} are unknown, since the table does not say what traffic to expect"
            ),
        }
    }
}

fn print(f: &mut fmt::Formatter<'_>, drift: &Drift) -> fmt::Result {
    let Some(psi) = drift.psi else {
        return writeln!(f, "{}: nothing to compare", drift.name);
    };
    write!(
        f,
        "{}: {}, index {psi:.3}",
        drift.name,
        drift.verdict.words()
    )?;
    match drift.by_chance {
        Some(by_chance) => writeln!(f, " (chance: up to {by_chance:.3})")?,
        None => writeln!(f)?,
    }
    if !drift.verdict.is_change() {
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
mod tests;

//! What a proof found: overlaps, gaps and violations, for machines (serde) and for operators
//! (`Display`).

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::table::{Cell, Layout};

/// The version of the [`ProofReport`] as JSON; a program that reads it refuses others.
pub const REPORT_SCHEMA: u32 = 2;
/// Most overlaps, gaps and violations that a report lists, each; beyond it they are only counted or
/// called incomplete.
pub const MAX_LISTED: usize = 1000;
/// Most entries of a list that `Display` prints.
const MAX_PRINTED: usize = 20;

/// A box of observations, by name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Region {
    /// The box as level masks, for programs that hold the layout.
    #[serde(skip)]
    pub cell: Cell,
    /// Feature to levels allowed; a feature that may take any level is absent.
    pub when: BTreeMap<String, Vec<String>>,
    /// The same in words: `when identity is claimed or doubted`, or `always`.
    pub words: String,
}

impl Region {
    /// Names a cell of a layout.
    #[must_use]
    pub fn new(layout: &Layout, cell: Cell) -> Self {
        Self {
            when: layout.conditions(&cell),
            words: layout.words(&cell),
            cell,
        }
    }
}

/// Two rules that apply to the same observations.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Overlap {
    /// The ids of both, the one that takes precedence first.
    pub rules: [String; 2],
    /// The action of each.
    pub actions: [String; 2],
    /// Where both apply.
    pub region: Region,
}

/// A constraint that a rule breaks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Violation {
    /// Name of the constraint.
    pub constraint: String,
    /// Id of the rule; `None` for the default action, taken in a gap.
    pub rule: Option<String>,
    /// The forbidden action that is taken.
    pub action: String,
    /// Where it is taken although forbidden.
    pub region: Region,
}

/// Whether a constraint holds in every cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// Name of the constraint.
    pub constraint: String,
    /// Rules (and gaps) that break it; 0 where it is proved.
    pub n_violations: u64,
}

/// A rule that rests on few visits: what it does was hardly tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ThinRule {
    /// Id of the rule.
    pub rule: String,
    /// Visits when the rule was made, in system turns.
    pub support: u64,
}

/// The outcome of [`verify`](crate::verify); as JSON an object with exactly these keys.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProofReport {
    /// [`REPORT_SCHEMA`].
    pub schema: u32,
    /// Whether everything is proved, as [`ProofReport::ok`] says.
    pub proved: bool,
    /// Scenario of the table.
    pub scenario: String,
    /// Layout hash of the table.
    pub layout: String,
    /// Checksum of the table: what was proved is proved of this content.
    pub checksum: String,
    /// Rules looked at.
    pub n_rules: usize,
    /// Every constraint by name, in the order given, and whether it holds.
    pub constraints: Vec<Proof>,
    /// Pairs of rules that overlap.
    pub n_overlaps: u64,
    /// The first [`MAX_LISTED`] of them, by rule.
    pub overlaps: Vec<Overlap>,
    /// Boxes without a rule, disjoint; all of them if `gaps_exhaustive`, else at most
    /// [`MAX_LISTED`].
    pub gaps: Vec<Region>,
    /// Whether the search for gaps came to its end, so that `gaps` is complete.
    pub gaps_exhaustive: bool,
    /// Share of all observations (each counted once, however often it occurs) without a rule, in
    /// `[0, 1]`; `None` when the search was stopped among overlapping rules.
    pub uncovered_share: Option<f64>,
    /// The action taken in gaps.
    pub default_action: String,
    /// Whether that action reveals account details: an unknown value, of which nothing is known, would lead to it,
    /// so it fails the proof. Known where a scenario is at hand; `false` of a table alone.
    pub private_default: bool,
    /// Pairs of constraint and rule (or gap) that clash.
    pub n_violations: u64,
    /// The first [`MAX_LISTED`] of them, by constraint, then by rule.
    pub violations: Vec<Violation>,
    /// Ids of rules that never fire, since earlier rules cover their whole cell. Only overlapping
    /// rules can be so; they do not fail a proof by themselves.
    pub unreachable: Vec<String>,
    /// Rules with fewer visits than this are thin.
    pub min_support: u64,
    /// The thin rules, in the order of the table; flagged, not a failure.
    pub thin: Vec<ThinRule>,
    /// Constraints that somewhere forbid the default action, which is what an *unknown value* (a
    /// code that no level of a tested feature has) leads to, and where they do; flagged, not a
    /// failure, since no level is wrong there.
    pub unknown_values: Vec<Violation>,
}

impl ProofReport {
    /// Whether everything is proved: exactly one rule for each observation, no constraint broken, and no private
    /// default action.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.proved
    }

    /// What is no failure but worth a look, a line each.
    fn flags(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.unreachable.is_empty() {
            writeln!(f, "unreachable rules: {}", few(&self.unreachable))?;
        }
        let thin: Vec<String> = self.thin.iter().map(|thin| thin.rule.clone()).collect();
        if !thin.is_empty() {
            let (n_thin, min_support) = (thin.len(), self.min_support);
            writeln!(
                f,
                "thin rules (fewer than {min_support} visits): {n_thin}: {}",
                few(&thin)
            )?;
        }
        let mut names: Vec<String> = Vec::new();
        for clash in &self.unknown_values {
            if !names.contains(&clash.constraint) {
                names.push(clash.constraint.clone());
            }
        }
        write!(
            f,
            "unknown values: are refused by name; as codes they take the default action, {}, ",
            self.default_action
        )?;
        if names.is_empty() {
            writeln!(f, "which no constraint ever forbids")
        } else {
            writeln!(f, "which is forbidden somewhere by {}", few(&names))
        }
    }
}

/// The first names, and how many follow.
fn few(names: &[String]) -> String {
    let listed = names[..names.len().min(MAX_PRINTED)].join(", ");
    match names.len().saturating_sub(MAX_PRINTED) {
        0 => listed,
        n_more => format!("{listed} and {n_more} more"),
    }
}

impl fmt::Display for ProofReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "table for {} (layout {}, checksum {}): {} rules, {} constraints",
            self.scenario,
            self.layout,
            self.checksum.get(..16).unwrap_or(&self.checksum),
            self.n_rules,
            self.constraints.len()
        )?;
        writeln!(f, "overlaps: {}", none_or(self.n_overlaps))?;
        list(f, &self.overlaps, self.n_overlaps, |overlap| {
            let ([a, b], [act_a, act_b]) = (&overlap.rules, &overlap.actions);
            format!(
                "rules {a} ({act_a}) and {b} ({act_b}) both apply {}",
                overlap.region.words
            )
        })?;
        let n_gaps = none_or(self.gaps.len() as u64);
        let share = self
            .uncovered_share
            .map_or("an unknown share".to_owned(), |share| {
                format!("{:.3} %", share * 100.0)
            });
        match (self.gaps.is_empty(), self.gaps_exhaustive) {
            (true, true) => writeln!(f, "gaps: none")?,
            (_, true) => writeln!(
                f,
                "gaps: {n_gaps} ({share} of states take the default action, {})",
                self.default_action
            )?,
            (_, false) => writeln!(
                f,
                "gaps: {n_gaps} found before the search was stopped, perhaps more \
                 ({share} of states take the default action, {}); \
                 remove the overlaps first",
                self.default_action
            )?,
        }
        list(f, &self.gaps, self.gaps.len() as u64, |gap| {
            format!("no rule applies {}", gap.words)
        })?;
        writeln!(f, "violations: {}", none_or(self.n_violations))?;
        list(f, &self.violations, self.n_violations, |violation| {
            let by = violation
                .rule
                .as_ref()
                .map_or("the default action".to_owned(), |id| format!("rule {id}"));
            format!(
                "{}: {by} takes {} {}",
                violation.constraint, violation.action, violation.region.words
            )
        })?;
        if self.private_default {
            let action = &self.default_action;
            writeln!(
                f,
                "default action: {action} reveals account details, and an unknown value leads to it; choose one that \
                 does not"
            )?;
        }
        self.flags(f)?;
        f.write_str(if self.ok() {
            "proved: exactly one rule applies to every state, and none breaks a constraint"
        } else {
            "not proved"
        })
    }
}

fn none_or(n: u64) -> String {
    if n == 0 {
        "none".to_owned()
    } else {
        n.to_string()
    }
}

/// The first entries, one a line, and how many follow.
fn list<T>(
    f: &mut fmt::Formatter<'_>,
    entries: &[T],
    n_entries: u64,
    line: impl Fn(&T) -> String,
) -> fmt::Result {
    for entry in entries.iter().take(MAX_PRINTED) {
        writeln!(f, "  {}", line(entry))?;
    }
    let n_printed = entries.len().min(MAX_PRINTED) as u64;
    if n_entries > n_printed {
        writeln!(f, "  and {} more", n_entries - n_printed)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::{Cell, Constraint, DecisionTable, Feature, Layout, Provenance, Rule, verify};

    #[test]
    fn an_operator_reads_what_is_wrong_and_where() {
        let layout = Layout::new(
            vec![
                Feature::new("identity", &["unknown", "claimed", "confirmed"]),
                Feature::new("opt_out", &["no", "yes"]),
            ],
            vec!["close".into(), "offer".into(), "greet".into()],
        )
        .unwrap();
        let rules = vec![
            Rule::new("r1", Cell::new(vec![0b011, 0b11]), 1),
            Rule::new("r2", Cell::new(vec![0b110, 0b01]), 2),
        ];
        let table = DecisionTable::new("mock", layout, rules, 0, Provenance::new()).unwrap();
        let opt_out = Constraint {
            name: "opt_out_is_final".into(),
            when: vec![(1, 0b10)],
            forbidden: 0b110,
        };
        let report = verify(&table, &[opt_out]).unwrap();
        let expected = "overlaps: 1
  rules r1 (offer) and r2 (greet) both apply when identity is claimed and opt_out is no
gaps: 1 (16.667 % of states take the default action, close)
  no rule applies when identity is confirmed and opt_out is yes
violations: 1
  opt_out_is_final: rule r1 takes offer when identity is unknown or claimed and opt_out is yes
thin rules (fewer than 30 visits): 2: r1, r2
unknown values: are refused by name; as codes they take the default action, close, which no \
                        constraint ever forbids
not proved";
        assert!(report.to_string().ends_with(expected), "{report}");
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(
            json["gaps"][0]["when"]["identity"],
            serde_json::json!(["confirmed"])
        );
    }
}

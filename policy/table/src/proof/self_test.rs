//! A test of the verifier itself: a sound table is broken in known ways, and what
//! [`verify`](crate::verify) says is held against a scan of the rules, state by state.

use std::fmt;

use serde::Serialize;

use crate::proof::proof_report::ProofReport;
use crate::proof::scan::compare;
use crate::proof::split_mix::{SplitMix, pick};
use crate::proof::verify::{Constraint, verify};
use crate::table::{Cell, DecisionTable, Layout, Rule, TableError, levels_in};

/// Most differences that are told.
const MAX_TOLD: usize = 20;

/// A way to break a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// A rule is gone: its cell is a gap.
    RuleDeleted,
    /// A rule also takes a level that others decide: they overlap there.
    CellWidened,
    /// A rule takes an action that a constraint forbids somewhere in its cell.
    ActionSwapped,
    /// A rule lost the conditions that keep it out of where a constraint forbids its action.
    GuardRemoved,
}

impl Fault {
    /// Every way, in the order of reports.
    pub const ALL: [Self; 4] = [
        Self::RuleDeleted,
        Self::CellWidened,
        Self::ActionSwapped,
        Self::GuardRemoved,
    ];

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::RuleDeleted => "rule deleted",
            Self::CellWidened => "cell widened",
            Self::ActionSwapped => "action swapped",
            Self::GuardRemoved => "guard removed",
        }
    }
}

/// How the verifier did on tables broken in one way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FaultResult {
    /// The way.
    pub fault: Fault,
    /// Tables broken; 0 where the table offers no place for it.
    pub n_tables: u64,
    /// Those that were refused with exactly the affected states named.
    pub n_exact: u64,
    /// States compared one by one.
    pub n_states: u64,
}

/// The outcome of [`self_test`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SelfTest {
    /// One for each [`Fault`].
    pub faults: Vec<FaultResult>,
    /// The first differences, in words; empty when all is well.
    pub differences: Vec<String>,
}

impl SelfTest {
    /// Whether every broken table was refused with exactly the affected states named.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.faults.iter().all(|f| f.n_exact == f.n_tables)
    }
}

impl fmt::Display for SelfTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for result in &self.faults {
            let (words, n_tables) = (result.fault.words(), result.n_tables);
            if n_tables == 0 {
                writeln!(f, "self-test, {words}: the table has no place for it")?;
                continue;
            }
            writeln!(
                f,
                "self-test, {words}: {} of {n_tables} broken tables refused with exactly the \
                 affected states ({} compared one by one)",
                result.n_exact, result.n_states
            )?;
        }
        for difference in &self.differences {
            writeln!(f, "  {difference}")?;
        }
        f.write_str(if self.ok() {
            "self-test passed"
        } else {
            "self-test failed: the verifier cannot be trusted"
        })
    }
}

/// Breaks copies of a table, `n_each` in each way, and checks that the verifier names exactly the
/// affected states. A function of its arguments alone.
///
/// # Errors
/// [`TableError`] for a constraint about another layout, and for a table that is not sound to begin
/// with.
pub fn self_test(
    table: &DecisionTable,
    constraints: &[Constraint],
    n_each: u64,
    seed: u64,
) -> Result<SelfTest, TableError> {
    self_test_of(table, constraints, n_each, seed, &|broken| {
        verify(broken, constraints)
    })
}

fn self_test_of(
    table: &DecisionTable,
    constraints: &[Constraint],
    n_each: u64,
    seed: u64,
    verifier: &dyn Fn(&DecisionTable) -> Result<ProofReport, TableError>,
) -> Result<SelfTest, TableError> {
    if !verify(table, constraints)?.ok() {
        let expected = "a table that is proved, to be broken";
        return Err(TableError::invalid(
            "self-test",
            "an unsound table",
            expected,
        ));
    }
    let mut rng = SplitMix(seed);
    let mut differences = Vec::new();
    let mut faults = Vec::new();
    for fault in Fault::ALL {
        let breaker = Breaker::new(table, constraints, fault);
        let mut result = FaultResult {
            fault,
            n_tables: 0,
            n_exact: 0,
            n_states: 0,
        };
        for _ in 0..n_each {
            let Some((rules, affected)) = breaker.break_one(&mut rng) else {
                break;
            };
            let broken = table.with_rules(rules)?;
            let report = verifier(&broken)?;
            result.n_tables += 1;
            match compare(&broken, constraints, &report, &affected, &mut rng) {
                Ok(n_states) => {
                    result.n_exact += 1;
                    result.n_states += n_states;
                }
                Err(difference) if differences.len() < MAX_TOLD => {
                    differences.push(format!("{}: {difference}", fault.words()));
                }
                Err(_) => {}
            }
        }
        faults.push(result);
    }
    Ok(SelfTest {
        faults,
        differences,
    })
}

/// The places where a table can be broken in one way.
struct Breaker<'a> {
    table: &'a DecisionTable,
    constraints: &'a [Constraint],
    fault: Fault,
    /// (rule, feature or constraint), as the fault needs it.
    places: Vec<(usize, usize)>,
}

impl<'a> Breaker<'a> {
    fn new(table: &'a DecisionTable, constraints: &'a [Constraint], fault: Fault) -> Self {
        let layout = table.layout();
        let mut places = Vec::new();
        for (rule_idx, rule) in table.rules().iter().enumerate() {
            let forbids = |c: &Constraint| c.forbidden >> rule.action & 1 == 1;
            let meets = |c: &Constraint| box_of(c, layout).overlaps(&rule.when);
            match fault {
                Fault::RuleDeleted => places.push((rule_idx, 0)),
                Fault::CellWidened => {
                    let any = layout.any();
                    let narrow = (0..layout.features().len())
                        .filter(|&idx| rule.when.masks()[idx] != any.masks()[idx]);
                    places.extend(narrow.map(|feature_idx| (rule_idx, feature_idx)));
                }
                Fault::ActionSwapped => {
                    let other = |c: &Constraint| c.forbidden != 0 && !forbids(c) && meets(c);
                    let found = (0..constraints.len()).filter(|&idx| other(&constraints[idx]));
                    places.extend(found.map(|idx| (rule_idx, idx)));
                }
                Fault::GuardRemoved => {
                    let kept_out =
                        |c: &Constraint| forbids(c) && !meets(c) && !box_of(c, layout).is_empty();
                    let found = (0..constraints.len()).filter(|&idx| kept_out(&constraints[idx]));
                    places.extend(found.map(|idx| (rule_idx, idx)));
                }
            }
        }
        Self {
            table,
            constraints,
            fault,
            places,
        }
    }

    /// The rules of a broken copy and the box that is affected; `None` where there is no place.
    fn break_one(&self, rng: &mut SplitMix) -> Option<(Vec<Rule>, Cell)> {
        let &(rule_idx, place) = self.places.get(rng.below(self.places.len().max(1)))?;
        let layout = self.table.layout();
        let mut rules = self.table.rules().to_vec();
        let when = rules[rule_idx].when.clone();
        let affected = match self.fault {
            Fault::RuleDeleted => {
                rules.remove(rule_idx);
                return Some((rules, when));
            }
            Fault::CellWidened => {
                let absent = layout.any().masks()[place] & !when.masks()[place];
                let level = pick(levels_in(absent), rng)?;
                when.with(place, when.masks()[place] | 1 << level)
            }
            Fault::ActionSwapped => {
                let forbidden = self.constraints[place].forbidden;
                let actions = (0..layout.actions().len()).filter(|a| forbidden >> a & 1 == 1);
                rules[rule_idx].action = pick(actions, rng)? as u8;
                when
            }
            Fault::GuardRemoved => {
                let forbidden = box_of(&self.constraints[place], layout);
                let any = layout.any();
                let open = |(idx, &mask): (usize, &u16)| match mask & forbidden.masks()[idx] {
                    0 => any.masks()[idx],
                    _ => mask,
                };
                Cell::new(when.masks().iter().enumerate().map(open).collect())
            }
        };
        rules[rule_idx].when = affected.clone();
        Some((rules, affected))
    }
}

/// Where a constraint that [`verify`](crate::verify) has accepted forbids.
fn box_of(constraint: &Constraint, layout: &Layout) -> Cell {
    let narrowed = |cell: Cell, &(idx, mask): &(usize, u16)| {
        let both = cell.masks()[idx] & mask;
        cell.with(idx, both)
    };
    constraint.when.iter().fold(layout.any(), narrowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::random_table;

    /// A sound table of 14 actions with two constraints that hold in it.
    fn guarded(seed: u64) -> (DecisionTable, Vec<Constraint>) {
        let table = random_table(seed, 60, 6);
        let level = |mask: u16| mask & 1 == 1;
        let rules = table.rules().iter().map(|rule| Rule {
            // Action 12 is never taken, action 13 only where the first level of feature 0 is out.
            action: if level(rule.when.masks()[0]) {
                rule.action % 12
            } else {
                13
            },
            ..rule.clone()
        });
        let constraints = vec![
            Constraint {
                name: "never_12".into(),
                when: vec![],
                forbidden: 1 << 12,
            },
            Constraint {
                name: "not_yet".into(),
                when: vec![(0, 1)],
                forbidden: 1 << 13,
            },
        ];
        (table.with_rules(rules.collect()).unwrap(), constraints)
    }

    #[test]
    fn every_broken_table_is_refused_with_exactly_the_affected_states() {
        for seed in 0..4 {
            let (table, constraints) = guarded(seed);
            let result = self_test(&table, &constraints, 10, seed).unwrap();
            assert!(result.ok(), "{result}");
            assert!(
                result
                    .faults
                    .iter()
                    .all(|f| f.n_tables == 10 && f.n_states > 2560),
                "{result}"
            );
        }
    }

    #[test]
    fn a_verifier_that_names_too_little_or_too_much_is_found_out() {
        let (table, constraints) = guarded(7);
        type Bend = dyn Fn(&mut ProofReport);
        let run = |bend: &Bend| {
            let verifier = |broken: &DecisionTable| {
                let mut report = verify(broken, &constraints)?;
                bend(&mut report);
                Ok(report)
            };
            let result = self_test_of(&table, &constraints, 5, 1, &verifier).unwrap();
            let failed = result.faults.iter().filter(|f| f.n_exact < f.n_tables);
            failed.map(|f| f.fault).collect::<Vec<_>>()
        };
        assert_eq!(run(&|_| {}), []);
        assert_eq!(run(&|report| drop(report.gaps.pop())), [Fault::RuleDeleted]);
        let overlapping = [Fault::CellWidened, Fault::GuardRemoved];
        assert_eq!(run(&|report| drop(report.overlaps.pop())), overlapping);
        let forbidden = [Fault::ActionSwapped, Fault::GuardRemoved];
        assert_eq!(
            run(&|report| report.violations.retain(|v| v.constraint != "not_yet")).last(),
            forbidden.last()
        );
        // A region that is too large is as wrong as one that is missing.
        let widen = |report: &mut ProofReport| {
            for gap in &mut report.gaps {
                gap.cell = Cell::new(vec![u16::MAX; 6]);
            }
        };
        assert_eq!(run(&widen), [Fault::RuleDeleted]);
    }

    #[test]
    fn an_unsound_table_is_not_broken_further() {
        let (table, constraints) = guarded(1);
        let gap = table.with_rules(table.rules()[1..].to_vec()).unwrap();
        let message = self_test(&gap, &constraints, 1, 1).unwrap_err().to_string();
        assert!(message.contains("an unsound table"), "{message}");
    }

    #[test]
    fn a_fault_without_a_place_is_said_to_be_so() {
        let result = self_test(&random_table(3, 5, 2), &[], 3, 1).unwrap();
        assert!(result.ok());
        let text = result.to_string();
        assert!(
            text.contains("action swapped: the table has no place for it"),
            "{text}"
        );
    }
}

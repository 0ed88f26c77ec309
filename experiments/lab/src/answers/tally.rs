//! Counts of what calls recorded, by slot and by value of a caller feature; no call is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use offhook_env::belief::caller::UNKNOWN;
use offhook_env::call::outcome::Outcome;
use offhook_env::log::{CallLog, Recorded};
use offhook_env::scenario::Scenario;
use offhook_stats::{Count, Moments};

use super::values::{Names, SlotValues};

/// Most slots that are counted, so that no log fills the memory.
const MAX_SLOTS: usize = 64;

/// What is known of the true value where one was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Truth {
    /// Its place among the values.
    Value(usize),
    /// That there is none: nobody has a day since when of a fever that is not there.
    Nothing,
    /// Nothing.
    Unknown,
}

/// What was counted of one slot and one kind of caller, all among calls with the right person.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    /// Calls in which the robot asked for it.
    pub asked: u64,
    /// Calls that ended with a value on record.
    pub answered: u64,
    /// Those of which the customer confirmed it.
    pub confirmed: u64,
    /// Calls in which it was asked for and not on record at the end.
    pub refused: u64,
    /// Records that are not true, among those whose truth is known.
    pub wrong: Count,
    /// What the recognizer's confidence leaves, `1 - confidence`, of records whose truth is not known.
    pub doubt: Moments,
    /// By part of the slot.
    pub parts: Vec<PartCounts>,
}

/// Counts of the values of one part of a slot.
#[derive(Clone, Debug, Default)]
pub struct PartCounts {
    /// Records by true and recorded value.
    pub recorded: BTreeMap<(Truth, usize), u64>,
    /// Calls with the right person by true value, whether answered or not.
    pub truth: BTreeMap<usize, u64>,
}

/// Counts of a log so far.
#[derive(Clone, Debug)]
pub struct Tallies {
    /// Calls read.
    pub n_calls: u64,
    /// Values of the caller feature, or one name for all callers.
    pub segments: Names,
    /// Calls with the right person, by segment.
    pub n_right: Vec<u64>,
    /// The slots.
    pub slots: Vec<SlotValues>,
    /// By segment and slot.
    pub cells: Vec<Vec<Cell>>,
    by: Option<String>,
    /// Whether any call so far, or the scenario, knows the feature.
    pub knows_feature: bool,
}

impl Tallies {
    /// No call yet; `by` is a caller feature.
    pub fn new(scenario: Option<&Arc<Scenario>>, by: Option<&str>, exact: bool) -> Self {
        let n_slots = scenario.map_or(0, |scenario| scenario.slots.len());
        let slots = scenario
            .map(|scenario| (0..n_slots).map(move |slot| SlotValues::known(scenario, slot, exact)));
        let declared = scenario.and_then(|scenario| {
            let mut features = scenario.caller.iter();
            features.find(|feature| Some(&*feature.name) == by)
        });
        let segments = match by {
            None => Names::new(["all"]),
            Some(_) => Names::new(declared.map_or(&[][..], |feature| &feature.values)),
        };
        let mut tallies = Self {
            n_calls: 0,
            segments,
            n_right: Vec::new(),
            slots: slots.into_iter().flatten().collect(),
            cells: Vec::new(),
            by: by.map(str::to_owned),
            knows_feature: declared.is_some(),
        };
        tallies.make_room();
        tallies
    }

    /// Cells for every segment and slot.
    fn make_room(&mut self) {
        let n_segments = self.segments.list().len();
        self.n_right.resize(n_segments, 0);
        self.cells.resize_with(n_segments, Vec::new);
        for row in &mut self.cells {
            for slot in &self.slots[row.len()..] {
                row.push(Cell {
                    parts: vec![PartCounts::default(); slot.parts.len()],
                    ..Cell::default()
                });
            }
        }
    }

    /// Adds a call.
    ///
    /// # Errors
    /// If its slots are more than can be counted.
    pub fn add(&mut self, call: &CallLog) -> Result<(), String> {
        self.n_calls += 1;
        let segment = match &self.by {
            None => 0,
            Some(by) => {
                let value = call.caller.features.get(by);
                self.knows_feature |= value.is_some();
                self.segments.place(value.map_or(UNKNOWN, String::as_str))
            }
        };
        let record = last_record(call);
        for name in record.keys() {
            if self.slots.iter().any(|slot| slot.name == **name) {
                continue;
            }
            if self.slots.len() == MAX_SLOTS {
                return Err(format!(
                    "slot '{name}' is one too many, at most {MAX_SLOTS} are counted"
                ));
            }
            self.slots.push(SlotValues::unknown(name));
        }
        self.make_room();
        if !is_right_person(call) {
            return Ok(());
        }
        self.n_right[segment] += 1;
        let asked = asked_slots(call);
        for (slot, cell) in self.slots.iter_mut().zip(&mut self.cells[segment]) {
            let found = record.get(&*slot.name).copied();
            let is_asked = asked.contains(&*slot.name);
            cell.asked += u64::from(is_asked);
            cell.refused += u64::from(is_asked && found.is_none());
            let goal = call.goal.as_ref().filter(|goal| !goal.slots.is_empty());
            let truth = goal.map(|goal| goal.slots.get(&slot.name).map(|text| slot.count(text)));
            if let Some(Some(truth)) = &truth {
                for (part, place) in cell.parts.iter_mut().zip(&truth.places) {
                    *part.truth.entry(*place).or_default() += 1;
                }
            }
            let Some((entry, value)) = found else {
                continue;
            };
            let value = slot.count(value);
            cell.answered += 1;
            cell.confirmed += u64::from(entry.confirmed);
            match &truth {
                Some(truth) => {
                    cell.wrong.n += 1;
                    let is_true = truth.as_ref().is_some_and(|t| t.exact == value.exact);
                    cell.wrong.hits += u64::from(!is_true);
                }
                None => {
                    let doubt = Moments::of([1.0 - f64::from(entry.confidence)]);
                    cell.doubt = cell.doubt.merged(doubt);
                }
            }
            for (k, (part, place)) in cell.parts.iter_mut().zip(&value.places).enumerate() {
                let truth = match &truth {
                    None => Truth::Unknown,
                    Some(None) => Truth::Nothing,
                    Some(Some(truth)) => Truth::Value(truth.places[k]),
                };
                *part.recorded.entry((truth, *place)).or_default() += 1;
            }
        }
        Ok(())
    }
}

/// What is on record when the call ends: slot to entry and value.
fn last_record(call: &CallLog) -> BTreeMap<&str, (&Recorded, &str)> {
    let mut record = BTreeMap::new();
    for entry in call.turns.iter().flat_map(|turn| &turn.recorded) {
        match &entry.value {
            Some(value) => record.insert(&*entry.slot, (entry, &**value)),
            None => record.remove(&*entry.slot),
        };
    }
    record
}

/// Slots that the robot asked for.
fn asked_slots(call: &CallLog) -> BTreeSet<&str> {
    const ASK: &str = "ask(";
    let in_action = |action: &'_ str| -> Vec<(usize, usize)> {
        let starts = action.match_indices(ASK).filter(|(at, _)| {
            let before = action[..*at].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
        });
        let inside = starts.filter_map(|(at, _)| {
            let from = at + ASK.len();
            Some((from, from + action[from..].find(')')?))
        });
        inside.collect()
    };
    let turns = call.turns.iter().flat_map(|turn| {
        let places = in_action(&turn.action).into_iter();
        places.map(|(from, to)| &turn.action[from..to])
    });
    turns.collect()
}

/// Whether the person called was on the line: by the goal where it says so, else by what became of the call; where
/// neither tells, they were.
fn is_right_person(call: &CallLog) -> bool {
    let by_goal = call.goal.as_ref().and_then(|goal| goal.right_person);
    let nobody = [Outcome::WrongPerson, Outcome::Machine, Outcome::MessageLeft];
    let by_outcome = || {
        call.outcome
            .is_none_or(|outcome| !nobody.contains(&outcome))
    };
    by_goal.unwrap_or_else(|| !call.turns.is_empty() && by_outcome())
}

#[cfg(test)]
mod tests {
    use super::*;
    use offhook_env::log::TurnLog;

    #[test]
    fn slots_are_asked_for_in_any_act_of_an_action() {
        let call = |actions: &[&str]| CallLog {
            turns: (actions.iter())
                .map(|action| TurnLog {
                    action: (*action).to_owned(),
                    ..TurnLog::default()
                })
                .collect(),
            ..CallLog::default()
        };
        let asked = call(&["greet", "apologize+ask(fever)", "task(no)", "ask(since"]);
        assert_eq!(
            asked_slots(&asked).into_iter().collect::<Vec<_>>(),
            ["fever"]
        );
    }
}

//! What the values of a slot are counted as: as they are listed, in bins, item by item, or as they come.

use std::collections::HashMap;
use std::sync::Arc;

use offhook_env::scenario::Scenario;
use offhook_env::scenario::slot::{Reading, Slot, SlotKind};

/// What values beyond those that are told apart are counted as.
pub const OTHERS: &str = "other values";
/// Most values that are told apart, so that no log fills the memory.
const MAX_VALUES: usize = 256;
/// The answer that an item of several was not named.
const NOT_NAMED: &str = "not named";

/// Names by number, in the order in which they came; those beyond a limit are one.
#[derive(Clone, Debug, Default)]
pub struct Names {
    list: Vec<String>,
    places: HashMap<String, usize>,
}

impl Names {
    /// These names, in this order.
    pub fn new<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        let mut found = Self::default();
        for name in names {
            found.place(name.as_ref());
        }
        found
    }

    /// The names.
    pub fn list(&self) -> &[String] {
        &self.list
    }

    /// The number of a name.
    pub fn place(&mut self, name: &str) -> usize {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let is_full = self.list.len() >= MAX_VALUES && name != OTHERS;
        if is_full {
            return self.place(OTHERS);
        }
        let place = self.list.len();
        self.list.push(name.to_owned());
        self.places.insert(name.to_owned(), place);
        place
    }
}

/// A slot of a scenario, or one of which nothing is known but its name.
#[derive(Clone, Debug)]
pub struct SlotValues {
    /// The slot.
    pub name: String,
    /// The questions that its answers are counted by: one, or of several values one for each item, whose first
    /// value is that it was named.
    pub parts: Vec<Names>,
    known: Option<(Arc<Scenario>, usize)>,
    counting: Counting,
}

/// How the values are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    /// Each by itself.
    Values,
    /// By the bins of the scenario.
    Bins,
    /// Of several values that are told together, each by itself.
    Items,
}

/// One value as it is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The value itself, in the one text that all that mean the same have.
    pub exact: String,
    /// Its place in every part.
    pub places: Vec<usize>,
}

impl SlotValues {
    /// A slot of the scenario; `exact` numbers, days and times are not counted by bins.
    pub fn known(scenario: &Arc<Scenario>, at: usize, exact: bool) -> Self {
        let slot = &scenario.slots[at];
        let counting = match slot.kind {
            SlotKind::Several => Counting::Items,
            _ if !slot.bins().is_empty() && !exact => Counting::Bins,
            _ => Counting::Values,
        };
        let parts = match counting {
            Counting::Items => (slot.items().into_iter())
                .map(|item| Names::new([item, NOT_NAMED]))
                .collect(),
            Counting::Bins => vec![Names::new(slot.bins())],
            // Texts are listed for simulated customers only, and a grid is longer than what is heard.
            Counting::Values if slot.kind != SlotKind::Choice => vec![Names::default()],
            Counting::Values => vec![Names::new(&slot.values)],
        };
        Self {
            name: scenario.names.slots[at].clone(),
            parts,
            known: Some((scenario.clone(), at)),
            counting,
        }
    }

    /// A slot of which no scenario says anything: every text is a value.
    pub fn unknown(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            parts: vec![Names::default()],
            known: None,
            counting: Counting::Values,
        }
    }

    /// How its values are told apart.
    pub fn counting(&self) -> Counting {
        self.counting
    }

    fn slot(&self) -> Option<&Slot> {
        let (scenario, at) = self.known.as_ref()?;
        Some(&scenario.slots[*at])
    }

    /// Whether values come in no order but that in which they were heard.
    pub fn is_open(&self) -> bool {
        let listed = |slot: &Slot| slot.kind == SlotKind::Choice;
        self.counting == Counting::Values && !self.slot().is_some_and(listed)
    }

    /// What a value is counted as.
    pub fn count(&mut self, text: &str) -> Counted {
        let read = self.slot().and_then(|slot| Some((slot, slot.read(text)?)));
        let (exact, bin, set) = match &read {
            Some((slot, reading)) => {
                let (exact, set) = match reading {
                    Reading::Listed(value) => (&slot.values[usize::from(*value)], *value),
                    Reading::Open(text, _) => (text, 0),
                };
                (exact.clone(), slot.bin(reading), usize::from(set))
            }
            // What the slot cannot have is counted all the same: the log says that it was recorded.
            None => (text.to_owned(), None, 0),
        };
        let places = match (self.counting, bin) {
            (Counting::Items, _) => {
                let places = (0..self.parts.len()).map(|item| usize::from(set >> item & 1 == 0));
                places.collect()
            }
            (Counting::Bins, Some(bin)) => vec![bin],
            (Counting::Bins, None) => vec![self.parts[0].place(OTHERS)],
            (Counting::Values, _) => vec![self.parts[0].place(&exact)],
        };
        Counted { exact, places }
    }
}

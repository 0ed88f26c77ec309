//! Slots: the values that customers can tell, and what of a value the policy sees.
//!
//! A value is a small number in acts and beliefs. Those that a scenario lists, or that a range has on its grid, come
//! first; numbers, days, times and words beyond them are numbered call by call as they are heard, so that belief and
//! log keep each exactly (see [`ActReader`](crate::log::ActReader)).

pub use super::slot_kind::SlotKind;
use crate::act::NONE;
use crate::belief::layout::Feature;

/// Most values of a slot that customers are drawn from where a range says which; the other numbers stand for what is
/// heard beyond them.
pub const MAX_GRID: usize = 128;
/// Most values of a slot that may be told together, since a set of them is one value.
pub const MAX_SEVERAL: usize = 7;
/// What is told where none of several values applies.
pub const NOTHING: &str = "none";
/// Joins values that are told together.
pub const AND: char = '+';

/// One feature that shows the value of a slot.
#[derive(Clone, Debug)]
pub(crate) struct ValueFeature {
    /// Name and levels; the first level is that nothing is known.
    pub feature: Feature,
    /// The level of each value, [`NONE`] included.
    pub levels: Box<[u8; 256]>,
}

/// The numbers that a slot's values may be, and the bins that the policy sees.
#[derive(Clone, Debug)]
pub(super) struct Measure {
    pub least: f64,
    pub most: f64,
    /// Least and most of each bin.
    pub bins: Vec<(f64, f64)>,
}

impl Measure {
    /// The bin of a number: the one that holds it, else the last one below it, else the lowest.
    fn bin(&self, number: f64) -> usize {
        let holds = |(low, high): &(f64, f64)| *low <= number && number <= *high;
        let by_low = |a: &usize, b: &usize| self.bins[*a].0.total_cmp(&self.bins[*b].0);
        let below = (0..self.bins.len()).filter(|&k| self.bins[k].0 <= number);
        let found = self.bins.iter().position(holds);
        found
            .or_else(|| below.max_by(by_low))
            .or_else(|| (0..self.bins.len()).min_by(by_low))
            .unwrap_or(0)
    }
}

/// Something that the customer tells.
#[derive(Clone, Debug)]
pub struct Slot {
    /// What its values are.
    pub kind: SlotKind,
    /// The values by number: as listed, on the grid of a range, or every set of several.
    pub values: Vec<String>,
    /// Whether the answer of an earlier call is known to a later one.
    pub carried: bool,
    pub(super) measure: Option<Measure>,
    pub(crate) features: Vec<ValueFeature>,
    /// The values that "yes" and "no" stand for.
    yes_no: Option<[u8; 2]>,
}

/// A value as it was heard.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// One of [`Slot::values`].
    Listed(u8),
    /// Another one that the slot may have: its text, and the bin that it falls in.
    Open(String, u8),
}

impl Slot {
    /// A slot with the names of its bins, or of the values that the policy sees; empty where it sees none.
    pub(super) fn new(
        name: &str,
        kind: SlotKind,
        values: Vec<String>,
        items: &[String],
        measure: Option<Measure>,
    ) -> Self {
        let at = |wanted: &str| values.iter().position(|v| v == wanted).map(|v| v as u8);
        let yes_no = match (kind, at("yes"), at("no")) {
            (SlotKind::Choice, Some(yes), Some(no)) => Some([yes, no]),
            _ => None,
        };
        let features = features(name, kind, &values, items, measure.as_ref());
        Self {
            kind,
            values,
            carried: false,
            measure,
            features,
            yes_no,
        }
    }

    /// The values that "yes" and "no" stand for, if those are answers.
    #[inline]
    pub fn yes_no(&self) -> Option<[u8; 2]> {
        self.yes_no
    }

    /// The values that a text names: one, all in a bin, or every set that holds one of several; none where it names
    /// nothing.
    pub fn named(&self, text: &str) -> Vec<u8> {
        let all = 0..self.values.len() as u8;
        if self.kind == SlotKind::Several
            && let Some(item) = self.items().iter().position(|item| *item == text)
        {
            return all.filter(|set| set >> item & 1 == 1).collect();
        }
        if let Some(Reading::Listed(value)) = self.read(text) {
            return vec![value];
        }
        let Some((low, high)) = self.kind.interval(text) else {
            return Vec::new();
        };
        let inside = |value: &u8| self.number(*value).is_some_and(|n| low <= n && n <= high);
        all.filter(inside).collect()
    }

    /// The number that a value is: itself, minutes from midnight, or days from the day of the call.
    pub fn number(&self, value: u8) -> Option<f64> {
        self.kind.measure(self.values.get(usize::from(value))?)
    }

    /// The single values of which several may be told.
    pub fn items(&self) -> Vec<&str> {
        let sets = self.values.iter().map(String::as_str);
        // A set of one has a power of two for its number.
        let single = (0usize..)
            .zip(sets)
            .filter(|(set, _)| set.is_power_of_two());
        single.map(|(_, item)| item).collect()
    }

    /// The name of the level where no value is known.
    pub(crate) fn unknown(&self) -> String {
        unknown(&self.values)
    }

    /// How many bins open values are told apart by.
    pub fn n_bins(&self) -> usize {
        self.measure.as_ref().map_or(1, |m| m.bins.len().max(1))
    }

    /// The names of its bins, as the scenario lists them; none where it has no bins.
    pub fn bins(&self) -> &[String] {
        let shown = self.measure.as_ref().and(self.features.first());
        shown.map_or(&[], |shown| &shown.feature.levels[1..])
    }

    /// The place among [`bins`](Self::bins) of the one that a value falls in.
    pub fn bin(&self, value: &Reading) -> Option<usize> {
        let measure = self.measure.as_ref().filter(|m| !m.bins.is_empty())?;
        match value {
            Reading::Listed(value) => Some(measure.bin(self.number(*value)?)),
            Reading::Open(_, bin) => Some(usize::from(*bin)),
        }
    }

    /// What a text says; `None` where the slot cannot have such a value.
    pub fn read(&self, text: &str) -> Option<Reading> {
        let listed = |text: &str| self.values.iter().position(|v| v == text);
        if let Some(value) = listed(text) {
            return Some(Reading::Listed(value as u8));
        }
        match self.kind {
            SlotKind::Text if !text.is_empty() => Some(Reading::Open(text.to_owned(), 0)),
            SlotKind::Several => {
                let told: Vec<&str> = text.split(AND).collect();
                let has = |set: &str| {
                    let set: Vec<&str> = set.split(AND).collect();
                    set.len() == told.len() && set.iter().all(|item| told.contains(item))
                };
                let found = self.values.iter().position(|set| has(set));
                found.map(|value| Reading::Listed(value as u8))
            }
            SlotKind::Number | SlotKind::Time | SlotKind::Day => {
                let (measure, number) = (self.measure.as_ref()?, self.kind.measure(text)?);
                if !(measure.least..=measure.most).contains(&number) {
                    return None;
                }
                let text = self.kind.text(number);
                Some(match listed(&text) {
                    Some(value) => Reading::Listed(value as u8),
                    None => Reading::Open(text, measure.bin(number) as u8),
                })
            }
            SlotKind::Choice | SlotKind::Text => None,
        }
    }

    /// What a text has to be, for messages.
    pub fn expected(&self) -> String {
        let ends = self.measure.as_ref().map(|m| {
            let [least, most] = [m.least, m.most].map(|number| self.kind.text(number));
            (least, most)
        });
        match (self.kind, ends) {
            (SlotKind::Number, Some((least, most))) => format!("a number from {least} to {most}"),
            (SlotKind::Time, Some((least, most))) => format!("a time from {least} to {most}"),
            (SlotKind::Day, Some((least, most))) => format!("a day from {least} to {most}"),
            (SlotKind::Several, _) => {
                let single = self.values.iter().filter(|v| !v.contains(AND));
                let single: Vec<&str> = single.map(String::as_str).collect();
                format!("any of {} joined by `{AND}`", single.join(", "))
            }
            (SlotKind::Text, _) => "any words".to_owned(),
            _ => format!("one of {}", self.values.join(", ")),
        }
    }

    /// A value's text as it is said.
    pub fn spoken(&self, value: &str) -> String {
        let mut words = String::new();
        self.speak(value, &mut words);
        words
    }

    /// Appends a value's text as it is said.
    pub fn speak(&self, value: &str, words: &mut String) {
        for c in value.chars() {
            match c {
                '_' => words.push(' '),
                AND if self.kind == SlotKind::Several => words.push_str(" and "),
                c => words.push(c),
            }
        }
    }

    /// The number of a set that holds every value of some sets, or `None` where a value is no set.
    pub fn union(&self, a: u8, b: u8) -> Option<u8> {
        let sets = self.kind == SlotKind::Several;
        // The number of a set has a bit for each of its values.
        (sets && usize::from(a | b) < self.values.len()).then_some(a | b)
    }
}

/// The texts of every set of `items`, bit `k` of a set's number for item `k`.
pub(super) fn sets(items: &[String]) -> Vec<String> {
    let text = |set: usize| {
        let told = (0..items.len()).filter(|k| set >> k & 1 == 1);
        let told: Vec<&str> = told.map(|k| items[k].as_str()).collect();
        match told.is_empty() {
            true => NOTHING.to_owned(),
            false => told.join(&AND.to_string()),
        }
    };
    (0..1 << items.len()).map(text).collect()
}

/// The name of the level where no value is known: `none`, unless that is a value.
fn unknown(levels: &[String]) -> String {
    let free = |name: &&str| levels.iter().all(|level| level != name);
    let found = ["none", "unknown", "not_known"].into_iter().find(free);
    found.unwrap_or("nothing_known").to_owned()
}

/// The features that show a slot's value.
fn features(
    name: &str,
    kind: SlotKind,
    values: &[String],
    items: &[String],
    measure: Option<&Measure>,
) -> Vec<ValueFeature> {
    if items.is_empty() {
        return Vec::new();
    }
    let table = |level: &dyn Fn(usize) -> usize| {
        let of = |value: usize| match value == usize::from(NONE) {
            true => 0,
            false => level(value) as u8,
        };
        Box::new(std::array::from_fn(of))
    };
    if kind == SlotKind::Several {
        let item = |(k, item): (usize, &String)| ValueFeature {
            feature: Feature {
                name: format!("value.{name}.{item}"),
                levels: ["unknown", "no", "yes"].map(str::to_owned).to_vec(),
            },
            levels: table(&|set| 1 + (set >> k & 1)),
        };
        return items.iter().enumerate().map(item).collect();
    }
    let mut levels = vec![unknown(items)];
    levels.extend(items.iter().cloned());
    let of_value = |value: usize| match (measure, values.get(value)) {
        (Some(measure), Some(text)) => measure.bin(kind.measure(text).unwrap_or(0.0)),
        (None, Some(_)) => value,
        // Those that were heard beyond the grid are numbered by bins in turn.
        (_, None) => (value - values.len()) % items.len(),
    };
    vec![ValueFeature {
        feature: Feature {
            name: format!("value.{name}"),
            levels,
        },
        levels: table(&|value| 1 + of_value(value)),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_beyond_the_grid_is_kept_and_falls_in_its_bin() {
        let measure = Measure {
            least: 0.0,
            most: 1000.0,
            bins: vec![(0.0, 99.0), (100.0, f64::INFINITY)],
        };
        let values: Vec<String> = (0..=10).map(|k| (k * 100).to_string()).collect();
        let bins = ["0-99", "100+"].map(str::to_owned);
        let slot = Slot::new("amount", SlotKind::Number, values, &bins, Some(measure));
        assert_eq!(slot.read("200.0"), Some(Reading::Listed(2)));
        assert_eq!(
            slot.read("137.20"),
            Some(Reading::Open("137.2".to_owned(), 1))
        );
        assert_eq!(slot.read("5"), Some(Reading::Open("5".to_owned(), 0)));
        assert_eq!(slot.read("1001"), None);
        let bin = |text: &str| {
            slot.bin(&slot.read(text)?)
                .map(|bin| slot.bins()[bin].as_str())
        };
        assert_eq!([bin("200"), bin("5")], [Some("100+"), Some("0-99")]);
        let level = |value: usize| slot.features[0].levels[value];
        assert_eq!(
            [level(0), level(2), level(11), level(12), level(255)],
            [1, 2, 1, 2, 0]
        );
    }

    #[test]
    fn several_values_are_one_set_in_any_order() {
        let items = ["food", "medicine", "water"].map(str::to_owned);
        let slot = Slot::new("needs", SlotKind::Several, sets(&items), &items, None);
        assert_eq!(slot.values.len(), 8);
        assert_eq!(slot.read("medicine+food"), Some(Reading::Listed(3)));
        assert_eq!(slot.read("none"), Some(Reading::Listed(0)));
        assert_eq!(slot.read("food+food"), None);
        assert_eq!(slot.union(1, 4), Some(5));
        assert_eq!(slot.spoken("food+water"), "food and water");
        let medicine = &slot.features[1];
        assert_eq!(medicine.feature.name, "value.needs.medicine");
        assert_eq!(
            [medicine.levels[1], medicine.levels[3], medicine.levels[255]],
            [1, 2, 0]
        );
    }

    #[test]
    fn a_value_named_none_leaves_its_level_to_the_value() {
        let values = ["none", "some"].map(str::to_owned).to_vec();
        let slot = Slot::new("pain", SlotKind::Choice, values.clone(), &values, None);
        assert_eq!(slot.features[0].feature.levels, ["unknown", "none", "some"]);
    }
}

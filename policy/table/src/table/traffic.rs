//! What a policy sees: how often each level of each feature was observed.

use std::collections::BTreeMap;

use crate::table::error::{TableError, shorten};
use crate::table::layout::Layout;

/// Observations counted by feature and level.
///
/// A table may carry the traffic that its rules were made on
/// ([`DecisionTable::traffic`](crate::DecisionTable::traffic)), so that what production sees later
/// can be held against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traffic {
    levels: Vec<Vec<u64>>,
}

impl Traffic {
    /// Nothing observed yet.
    #[must_use]
    pub fn new(layout: &Layout) -> Self {
        let levels = layout.features().iter();
        Self {
            levels: levels
                .map(|feature| vec![0; feature.levels.len()])
                .collect(),
        }
    }

    /// Counts one observation, given as one level code per feature in layout order. A code that its
    /// feature does not have is not counted.
    #[inline]
    pub fn record(&mut self, codes: &[u8]) {
        for (counts, &code) in self.levels.iter_mut().zip(codes) {
            if let Some(count) = counts.get_mut(usize::from(code)) {
                *count = count.saturating_add(1);
            }
        }
    }

    /// Adds what was counted elsewhere for the same layout.
    pub fn merge(&mut self, other: &Self) {
        for (counts, others) in self.levels.iter_mut().zip(&other.levels) {
            for (count, n) in counts.iter_mut().zip(others) {
                *count = count.saturating_add(*n);
            }
        }
    }

    /// One list per feature, in layout order: how often each of its levels was observed.
    #[must_use]
    pub fn levels(&self) -> &[Vec<u64>] {
        &self.levels
    }

    /// Counts that [`Traffic::check`] is still to check.
    pub(crate) fn from_levels(levels: Vec<Vec<u64>>) -> Self {
        Self { levels }
    }

    /// Reads what [`Traffic::named`] wrote.
    ///
    /// # Errors
    /// [`TableError::Invalid`] for a feature that is missing, unknown or has another number of
    /// levels.
    pub(crate) fn from_named(
        named: &BTreeMap<String, Vec<u64>>,
        layout: &Layout,
    ) -> Result<Self, TableError> {
        if let Some(name) = named.keys().find(|name| layout.feature_idx(name).is_none()) {
            let found = format!("feature '{}'", shorten(name));
            let expected = format!("one of {}", layout.feature_names());
            return Err(TableError::invalid("traffic", found, expected));
        }
        let counts = |feature: &crate::table::Feature| {
            let place = format!("traffic, feature '{}'", feature.name);
            let counts = named.get(&feature.name).ok_or_else(|| {
                TableError::invalid(place.as_str(), "no counts", "one count per level")
            })?;
            if counts.len() != feature.levels.len() {
                let found = format!("{} counts", counts.len());
                let expected = format!("one per level, {}", feature.levels.len());
                return Err(TableError::invalid(place, found, expected));
            }
            Ok(counts.clone())
        };
        let levels = layout.features().iter().map(counts);
        Ok(Self {
            levels: levels.collect::<Result<_, _>>()?,
        })
    }

    /// The counts by feature name, as files hold them.
    pub(crate) fn named(&self, layout: &Layout) -> BTreeMap<String, Vec<u64>> {
        let names = layout.features().iter().map(|feature| feature.name.clone());
        names.zip(self.levels.iter().cloned()).collect()
    }

    /// Refuses counts that belong to another layout.
    pub(crate) fn check(&self, layout: &Layout) -> Result<(), TableError> {
        if self.levels.len() != layout.features().len() {
            let found = format!("counts for {} features", self.levels.len());
            let expected = format!("one list per feature, {}", layout.features().len());
            return Err(TableError::invalid("traffic", found, expected));
        }
        Self::from_named(&self.named(layout), layout).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::random_table;
    use crate::{DecisionTable, Format};

    #[test]
    fn counts_add_up_and_a_code_without_a_level_is_not_counted() {
        let table = random_table(1, 5, 2);
        let mut traffic = Traffic::new(table.layout());
        traffic.record(&[1, 0]);
        traffic.record(&[255, 0]);
        let mut both = traffic.clone();
        both.merge(&traffic);
        assert_eq!((both.levels()[0][1], both.levels()[1][0]), (2, 4));
        assert_eq!(both.levels()[0].iter().sum::<u64>(), 2);
    }

    #[test]
    fn a_table_keeps_its_traffic_in_its_file_and_refuses_that_of_another_layout() {
        let table = random_table(1, 5, 2);
        let mut traffic = Traffic::new(table.layout());
        traffic.record(&[1, 0]);
        let counted = table.clone().with_traffic(traffic.clone()).unwrap();
        assert_ne!(counted.checksum(), table.checksum());
        for format in Format::ALL {
            if let Ok(back) = DecisionTable::from_bytes(&format.export(&counted)) {
                assert_eq!(
                    (back.traffic(), &back),
                    (Some(&traffic), &counted),
                    "{format}"
                );
            } else {
                assert!(
                    matches!(format, Format::Jdm | Format::JsonLogic),
                    "{format}"
                );
            }
        }
        let other = Traffic::new(random_table(2, 5, 3).layout());
        let message = table.with_traffic(other).unwrap_err().to_string();
        assert_eq!(
            message,
            "traffic: found counts for 3 features, expected one list per feature, 2"
        );
    }

    #[test]
    fn counts_that_do_not_fit_are_named() {
        let table = random_table(1, 5, 2);
        let named = Traffic::new(table.layout()).named(table.layout());
        type Change = dyn Fn(&mut BTreeMap<String, Vec<u64>>);
        let check = |change: &Change, expected: &str| {
            let mut named = named.clone();
            change(&mut named);
            let message = Traffic::from_named(&named, table.layout()).unwrap_err();
            assert!(message.to_string().contains(expected), "{message}");
        };
        check(
            &|n| drop(n.remove("feature_0")),
            "feature 'feature_0': found no counts",
        );
        check(
            &|n| n.get_mut("feature_1").unwrap().push(1),
            "feature 'feature_1': found",
        );
        check(
            &|n| drop(n.insert("mood".into(), vec![])),
            "found feature 'mood'",
        );
    }
}

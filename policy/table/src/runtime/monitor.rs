//! Counters of a table at work: which rules fired, what was observed, and what could not be.

use crate::runtime::decision::Decision;
use crate::table::{DecisionTable, TableError, Traffic};

/// What a table did and saw. Counting a decision takes some additions and never allocates; keep one
/// per thread and [`merge`](Monitor::merge) them when they are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Monitor {
    /// Checksum of the table: rules are counted by their place in it.
    checksum: String,
    rules: Vec<u64>,
    n_default: u64,
    out_of_domain: Vec<u64>,
    traffic: Traffic,
}

impl Monitor {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(table: &DecisionTable) -> Self {
        Self {
            checksum: table.checksum().to_owned(),
            rules: vec![0; table.rules().len()],
            n_default: 0,
            out_of_domain: vec![0; table.layout().features().len()],
            traffic: Traffic::new(table.layout()),
        }
    }

    /// What the table's makers counted: the support of its rules and its traffic. Without traffic
    /// in the table the features are as if never observed.
    #[must_use]
    pub fn expected(table: &DecisionTable) -> Self {
        let mut monitor = Self::new(table);
        for (count, rule) in monitor.rules.iter_mut().zip(table.rules()) {
            *count = rule.support;
        }
        if let Some(traffic) = table.traffic() {
            monitor.traffic = traffic.clone();
        }
        monitor
    }

    /// Counts an observation, one level code per feature in layout order, and what the table
    /// decided. Codes that a feature does not have are counted as out of its domain; so is every
    /// feature that a short observation lacks.
    #[inline]
    pub fn record(&mut self, codes: &[u8], decision: Decision) {
        let rule = decision
            .rule
            .and_then(|idx| self.rules.get_mut(idx as usize));
        *rule.unwrap_or(&mut self.n_default) += 1;
        self.traffic.record(codes);
        let levels = self.traffic.levels().iter();
        for (idx, (count, levels)) in self.out_of_domain.iter_mut().zip(levels).enumerate() {
            let known = codes
                .get(idx)
                .is_some_and(|&code| usize::from(code) < levels.len());
            *count += u64::from(!known);
        }
    }

    /// Adds what was counted elsewhere for the same table.
    ///
    /// # Errors
    /// [`TableError::Invalid`] if it was counted for another table; both checksums are named.
    pub fn merge(&mut self, other: &Self) -> Result<(), TableError> {
        if self.checksum != other.checksum {
            let found = format!("counters of table {}", other.checksum);
            return Err(TableError::invalid("monitor", found, &*self.checksum));
        }
        let add = |counts: &mut [u64], others: &[u64]| {
            for (count, n) in counts.iter_mut().zip(others) {
                *count = count.saturating_add(*n);
            }
        };
        add(&mut self.rules, &other.rules);
        add(&mut self.out_of_domain, &other.out_of_domain);
        self.n_default = self.n_default.saturating_add(other.n_default);
        self.traffic.merge(&other.traffic);
        Ok(())
    }

    /// How often each rule fired, in the order of the table.
    #[must_use]
    pub fn rules(&self) -> &[u64] {
        &self.rules
    }

    /// How often no rule applied and the default action was taken.
    #[must_use]
    pub fn n_default(&self) -> u64 {
        self.n_default
    }

    /// How often each feature, in layout order, had a code that no level of it has.
    #[must_use]
    pub fn out_of_domain(&self) -> &[u64] {
        &self.out_of_domain
    }

    /// What was observed, by feature and level.
    #[must_use]
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// Checksum of the table that is counted.
    #[must_use]
    pub fn checksum(&self) -> &str {
        &self.checksum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{observations, random_table};

    #[test]
    fn merged_counters_are_those_of_one_that_saw_everything() {
        let table = random_table(3, 20, 4);
        let mut whole = Monitor::new(&table);
        let mut parts = [Monitor::new(&table), Monitor::new(&table)];
        for (idx, codes) in observations(table.layout()).iter().enumerate() {
            let decision = table.decide(codes);
            whole.record(codes, decision);
            parts[idx % 2].record(codes, decision);
        }
        let [mut a, b] = parts;
        a.merge(&b).unwrap();
        assert_eq!(a, whole);
        let n_states = observations(table.layout()).len() as u64;
        assert_eq!(a.rules().iter().sum::<u64>(), n_states);
        assert!(
            a.traffic()
                .levels()
                .iter()
                .all(|levels| levels.iter().sum::<u64>() == n_states)
        );
    }

    #[test]
    fn values_out_of_a_domain_are_counted_by_feature() {
        let table = random_table(3, 20, 4);
        let mut monitor = Monitor::new(&table);
        for codes in [&[0, 200, 0, 0][..], &[0, 0, 0]] {
            monitor.record(codes, table.decide(codes));
        }
        assert_eq!(monitor.out_of_domain(), [0, 1, 0, 1]);
        assert!(monitor.n_default() >= 1);
    }

    #[test]
    fn counters_of_another_table_are_refused() {
        let mut monitor = Monitor::new(&random_table(3, 20, 4));
        let before = monitor.clone();
        let error = monitor
            .merge(&Monitor::new(&random_table(4, 20, 4)))
            .unwrap_err();
        assert!(error.to_string().contains(before.checksum()), "{error}");
        assert_eq!(monitor, before);
    }
}

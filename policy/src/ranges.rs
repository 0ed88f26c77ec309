//! Checking settings: every one that is out of range, named by its key, before any work is done.

use crate::error::LearnError;

/// Most calls that are played side by side; a call and its row of outputs take about a kilobyte.
pub const MAX_CALLS: usize = 1 << 16;
/// Most steps of every call between two updates.
pub const MAX_STEPS: usize = 1 << 16;
/// Most transitions that are kept between two updates; they take about 200 bytes each, 3 GB at most.
pub const MAX_TRANSITIONS: usize = 1 << 24;

/// A setting that is out of range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeError {
    /// Its key within its section: `gamma`, `policy_iteration.calls`.
    pub key: String,
    /// Its value.
    pub found: String,
    /// What would be right.
    pub expected: String,
}

/// The settings of a section that are out of range, all of them.
#[derive(Clone, Debug, Default)]
pub struct Ranges {
    /// Tables within the section that lead to what is being checked, each with a dot behind it.
    prefix: String,
    list: Vec<RangeError>,
}

impl Ranges {
    /// What `check` finds in a section.
    pub fn of(check: impl FnOnce(&mut Self)) -> Vec<RangeError> {
        let mut ranges = Self::default();
        check(&mut ranges);
        ranges.list
    }

    /// `Ok` if `check` finds nothing; `section` stands in front of the key in the message.
    ///
    /// # Errors
    /// The first setting that is out of range.
    pub(crate) fn first(section: &str, check: impl FnOnce(&mut Self)) -> Result<(), LearnError> {
        match Self::of(check).into_iter().next() {
            None => Ok(()),
            Some(RangeError {
                key,
                found,
                expected,
            }) => Err(LearnError::Config {
                key: format!("{section}.{key}"),
                found,
                expected,
            }),
        }
    }

    /// Checks a table within the section.
    pub fn within(&mut self, table: &str, check: impl FnOnce(&mut Self)) {
        let n = self.prefix.len();
        self.prefix.push_str(table);
        self.prefix.push('.');
        check(self);
        self.prefix.truncate(n);
    }

    /// Notes a setting unless `holds`.
    pub fn require(
        &mut self,
        holds: bool,
        key: &str,
        found: impl ToString,
        expected: impl Into<String>,
    ) {
        if !holds {
            self.list.push(RangeError {
                key: format!("{}{key}", self.prefix),
                found: found.to_string(),
                expected: expected.into(),
            });
        }
    }

    /// A number of 1 to `most`.
    pub fn count(&mut self, key: &str, n: u64, most: u64) {
        self.require((1..=most).contains(&n), key, n, format!("1 to {most}"));
    }

    /// Numbers of at least 1.
    pub fn at_least_1<const N: usize>(&mut self, counts: [(&str, u64); N]) {
        for (key, n) in counts {
            self.require(n > 0, key, n, "at least 1");
        }
    }

    /// Notes a number as it was written, though it may have passed through `f32`.
    fn require_number(&mut self, holds: bool, key: &str, x: f64, expected: &str) {
        let short = x as f32;
        let found = match f64::from(short) == x {
            true => short.to_string(),
            false => x.to_string(),
        };
        self.require(holds, key, found, expected);
    }

    /// Numbers above 0.
    pub fn positive<const N: usize>(&mut self, values: [(&str, f64); N]) {
        for (key, x) in values {
            let holds = x > 0.0 && x.is_finite();
            self.require_number(holds, key, x, "a number above 0");
        }
    }

    /// Numbers of at least 0.
    pub fn at_least_0<const N: usize>(&mut self, values: [(&str, f64); N]) {
        for (key, x) in values {
            let holds = x >= 0.0 && x.is_finite();
            self.require_number(holds, key, x, "a number of at least 0");
        }
    }

    /// Numbers from 0 to 1.
    pub fn shares<const N: usize>(&mut self, values: [(&str, f64); N]) {
        for (key, x) in values {
            self.require_number((0.0..=1.0).contains(&x), key, x, "in [0, 1]");
        }
    }

    /// Calls side by side, and steps of each between two updates.
    pub fn rollout(&mut self, n_calls: usize, n_steps: usize) {
        self.count("n_calls", n_calls as u64, MAX_CALLS as u64);
        self.count("n_steps", n_steps as u64, MAX_STEPS as u64);
        let fits = n_calls.saturating_mul(n_steps) <= MAX_TRANSITIONS;
        let both = n_calls <= MAX_CALLS && n_steps <= MAX_STEPS;
        self.require(
            fits || !both,
            "n_steps",
            n_steps,
            format!("at most {MAX_TRANSITIONS} with n_calls multiplied in, for the memory"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_out_of_range_is_named_with_its_table() {
        let found = Ranges::of(|ranges| {
            ranges.shares([("gamma", 1.5), ("tau", 0.5)]);
            ranges.within("planner", |ranges| ranges.at_least_1([("n_first", 0)]));
            ranges.rollout(usize::MAX, usize::MAX);
            ranges.rollout(MAX_CALLS, MAX_STEPS);
        });
        let keys: Vec<&str> = found.iter().map(|e| e.key.as_str()).collect();
        assert_eq!(
            keys,
            ["gamma", "planner.n_first", "n_calls", "n_steps", "n_steps"]
        );
    }
}

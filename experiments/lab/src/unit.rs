//! How numbers are shown: the unit of a metric, its scale and its number of decimals.

use offhook_stats::Estimate;

/// Unit of a metric. Values are kept raw (a share is `0.713`) and scaled only when shown (`71.3 %`).
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    name: String,
    suffix: String,
    factor: f64,
    decimals: usize,
}

impl Unit {
    /// A share in `[0, 1]`, shown in percent.
    pub fn share() -> Self {
        Self {
            name: "share".into(),
            suffix: " %".into(),
            factor: 100.0,
            decimals: 1,
        }
    }

    /// A unit that is shown as it is, such as `turns`; its name is left to headings and axes.
    pub fn plain(name: &str, decimals: usize) -> Self {
        Self {
            name: name.into(),
            suffix: String::new(),
            factor: 1.0,
            decimals,
        }
    }

    /// Name for machines, as in the `unit` of a JSON line.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `value` as shown, without suffix: a share of `0.713` is `71.3`.
    pub fn shown(&self, value: f64) -> f64 {
        value * self.factor
    }

    /// `71.3 %`
    pub fn text(&self, value: f64) -> String {
        format!("{}{}", self.number(value), self.suffix)
    }

    /// `[70.4, 72.2]`, empty without interval.
    pub fn bounds(&self, estimate: &Estimate) -> String {
        match estimate.bounds {
            Some((low, high)) => format!("[{}, {}]", self.number(low), self.number(high)),
            None => String::new(),
        }
    }

    /// `71.3 % [70.4, 72.2]`
    pub fn estimate(&self, estimate: &Estimate) -> String {
        let text = format!("{} {}", self.text(estimate.value), self.bounds(estimate));
        text.trim_end().to_string()
    }

    /// A tick label: an already scaled number with as many decimals as the axis needs.
    pub fn tick(&self, shown: f64, decimals: usize) -> String {
        format!("{}{}", decimal(shown, decimals), self.suffix)
    }

    fn number(&self, value: f64) -> String {
        decimal(self.shown(value), self.decimals)
    }
}

/// `number` with fixed decimals, and never a negative zero.
pub fn decimal(number: f64, decimals: usize) -> String {
    let text = format!("{number:.decimals$}");
    match text.strip_prefix('-') {
        Some(digits) if digits.chars().all(|c| c == '0' || c == '.') => digits.into(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_shown_in_percent() {
        let unit = Unit::share();
        assert_eq!(
            unit.estimate(&Estimate::new(0.713, 0.704, 0.722)),
            "71.3 % [70.4, 72.2]"
        );
        assert_eq!(unit.estimate(&Estimate::point(0.5)), "50.0 %");
    }

    #[test]
    fn there_is_no_negative_zero() {
        assert_eq!(Unit::plain("reward", 2).text(-0.001), "0.00");
        assert_eq!(Unit::plain("reward", 2).text(-0.01), "-0.01");
    }
}

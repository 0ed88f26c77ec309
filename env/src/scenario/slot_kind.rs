//! Kinds of slots: what their values are, and how a text is a number, a time or a day.

const MINUTES: f64 = 60.0;

/// What the values of a slot are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotKind {
    /// One of a list.
    Choice,
    /// Any of a list together, or none.
    Several,
    /// A number that is not negative.
    Number,
    /// A time of day, `HH:MM`.
    Time,
    /// A day, counted from the day of the call: `today`, `3 days ago`, `in 2 days`.
    Day,
    /// Any words; recorded, never branched on.
    Text,
}

impl SlotKind {
    /// Every kind but [`SlotKind::Several`], which is written as a choice of many, with its name in files.
    pub(super) const NAMED: [(&str, Self); 5] = [
        ("choice", Self::Choice),
        ("number", Self::Number),
        ("time", Self::Time),
        ("day", Self::Day),
        ("text", Self::Text),
    ];

    /// The kind that files call so.
    pub fn named(name: &str) -> Option<Self> {
        let found = Self::NAMED.iter().find(|(known, _)| *known == name);
        found.map(|(_, kind)| *kind)
    }

    /// Whether its values are numbers on a line, so that bins can hold them.
    pub fn is_measured(self) -> bool {
        matches!(self, Self::Number | Self::Time | Self::Day)
    }

    /// The number that a text stands for: itself, minutes from midnight, or days from the day of the call.
    pub fn measure(self, text: &str) -> Option<f64> {
        match self {
            Self::Number => {
                let plain = |c: char| c.is_ascii_digit() || c == '.';
                let number: f64 = text.chars().all(plain).then(|| text.parse().ok())??;
                number.is_finite().then_some(number)
            }
            Self::Time => {
                let (hours, minutes) = text.split_once(':')?;
                let two = |text: &str, most: u8| {
                    let digits = text.len() <= 2 && text.chars().all(|c| c.is_ascii_digit());
                    text.parse().ok().filter(|n: &u8| digits && *n <= most)
                };
                let minutes = two(minutes, 59).filter(|_| minutes.len() == 2)?;
                Some(f64::from(two(hours, 23)?) * MINUTES + f64::from(minutes))
            }
            Self::Day => {
                let count = |text: &str| text.parse().ok().map(|n: u16| f64::from(n));
                let days = |text: &str| {
                    let number = text.strip_suffix("days").or(text.strip_suffix("day"))?;
                    count(number.trim_end())
                };
                match text {
                    "today" => Some(0.0),
                    "yesterday" => Some(-1.0),
                    "tomorrow" => Some(1.0),
                    _ => match (text.strip_prefix('-'), text.strip_prefix('+')) {
                        (Some(ago), _) => count(ago).map(|n| -n),
                        (_, Some(ahead)) => count(ahead),
                        _ => match (text.strip_suffix(" ago"), text.strip_prefix("in ")) {
                            (Some(ago), None) => days(ago).map(|n| -n),
                            (None, Some(ahead)) => days(ahead),
                            _ => count(text),
                        },
                    },
                }
            }
            Self::Choice | Self::Several | Self::Text => None,
        }
    }

    /// The text of a number, the same for all that stand for it.
    pub(super) fn text(self, number: f64) -> String {
        match self {
            Self::Time => {
                let minutes = number as u32;
                format!("{:02}:{:02}", minutes / 60, minutes % 60)
            }
            Self::Day => match number as i32 {
                0 => "today".to_owned(),
                -1 => "1 day ago".to_owned(),
                1 => "in 1 day".to_owned(),
                ago @ ..0 => format!("{} days ago", -ago),
                ahead => format!("in {ahead} days"),
            },
            // Millionths, so that steps of a tenth add up to what people write.
            _ => format!("{}", (number * 1e6).round() / 1e6),
        }
    }

    /// The numbers that a bin holds, from least to most: `7`, `2-4`, `5+`; `08:00-11:59`; `1-3 days ago`.
    pub(super) fn interval(self, text: &str) -> Option<(f64, f64)> {
        if let Some(number) = self.measure(text) {
            return Some((number, number));
        }
        if self == Self::Day {
            let (inside, sign) = match (text.strip_suffix(" days ago"), text.strip_prefix("in ")) {
                (Some(inside), None) => (inside, -1.0),
                (None, Some(rest)) => (rest.strip_suffix(" days")?, 1.0),
                _ => return None,
            };
            let (a, b) = Self::Number.interval(inside)?;
            let (a, b) = (a * sign, b * sign);
            return Some((a.min(b), a.max(b)));
        }
        if let Some(least) = text.strip_suffix('+') {
            return Some((self.measure(least)?, f64::INFINITY));
        }
        let (least, most) = text.split_once('-')?;
        Some((self.measure(least)?, self.measure(most)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_mean_the_same_number_have_one_text() {
        for (kind, texts, expected) in [
            (SlotKind::Number, &["7", "07", "7.0"][..], "7"),
            (SlotKind::Number, &["12.50", "12.5"], "12.5"),
            (SlotKind::Time, &["9:30", "09:30"], "09:30"),
            (
                SlotKind::Day,
                &["yesterday", "-1", "1 day ago"],
                "1 day ago",
            ),
            (SlotKind::Day, &["in 2 days", "+2", "2"], "in 2 days"),
            (SlotKind::Day, &["today", "0"], "today"),
        ] {
            for text in texts {
                let number = kind.measure(text).unwrap_or_else(|| panic!("{text}"));
                assert_eq!(kind.text(number), expected);
            }
        }
        for (kind, text) in [
            (SlotKind::Number, "-1"),
            (SlotKind::Number, "1e3"),
            (SlotKind::Number, "inf"),
            (SlotKind::Number, ""),
            (SlotKind::Time, "25:00"),
            (SlotKind::Time, "7"),
            (SlotKind::Time, "7:5"),
            (SlotKind::Day, "soon"),
        ] {
            assert_eq!(kind.measure(text), None, "{text}");
        }
    }

    #[test]
    fn bins_hold_what_they_say() {
        for (kind, text, expected) in [
            (SlotKind::Number, "2-4", (2.0, 4.0)),
            (SlotKind::Number, "5+", (5.0, f64::INFINITY)),
            (SlotKind::Time, "08:00-11:59", (480.0, 719.0)),
            (SlotKind::Day, "1-3 days ago", (-3.0, -1.0)),
            (SlotKind::Day, "4+ days ago", (f64::NEG_INFINITY, -4.0)),
            (SlotKind::Day, "in 2-7 days", (2.0, 7.0)),
            (SlotKind::Day, "today", (0.0, 0.0)),
        ] {
            assert_eq!(kind.interval(text), Some(expected), "{text}");
        }
        assert_eq!(SlotKind::Number.interval("many"), None);
    }
}

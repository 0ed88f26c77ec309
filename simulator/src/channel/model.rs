//! What a channel file says: how each kind of customer act is heard, and how surely.

use std::fmt::Write as _;

use offhook_env::act::UserActKind;

/// Bins of confidence and of its shares: `[0, 0.1), .., [0.9, 1]`.
pub const N_BINS: usize = 10;

/// A channel as data: one entry per kind of act that crosses it.
#[derive(Clone, Debug, PartialEq)]
pub struct ChannelModel {
    /// Its name, the same as the file's.
    pub name: String,
    /// Where the numbers come from, in a sentence.
    pub source: String,
    /// Factors on the odds of error for customers who are easy, average and hard to understand.
    pub difficulty_odds: [f64; 3],
    /// How each kind is heard, in the order of [`UserActKind::ALL`].
    pub kinds: Vec<KindModel>,
}

/// Where the rates of a kind come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Counted in this many labelled acts.
    Measured(u64),
    /// Made up, for a problem that is known by its numbers.
    Stated,
    /// Taken over from another kind, which has rates of its own.
    Assumed(UserActKind),
}

/// How one kind of act is heard.
#[derive(Clone, Debug, PartialEq)]
pub struct KindModel {
    /// The kind that was said.
    pub kind: UserActKind,
    /// Where its rates come from.
    pub origin: Origin,
    /// Its rates.
    pub rates: Rates,
}

/// What the second reading is, given whether the first one is right.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Second {
    /// What was truly said; only behind a wrong first reading.
    pub truth: f64,
    /// The kind that was said, about something else or with another value.
    pub same: f64,
    /// Another kind.
    pub other: f64,
    /// Nothing.
    pub silence: f64,
    /// There is none; the first reading is then certain.
    pub absent: f64,
}

/// Rates of one kind, all probabilities or weights that are not negative.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rates {
    /// Kinds heard, with probabilities that sum to 1; `silence` is nothing heard.
    pub heard: Vec<(UserActKind, f64)>,
    /// Chance that the right kind is heard about something else.
    pub about_error: f64,
    /// Chance that the right kind and slot are heard with another value.
    pub value_error: f64,
    /// Confidence when the act is right, weights of the bins.
    pub right: [f64; N_BINS],
    /// Confidence when another act is heard.
    pub wrong: [f64; N_BINS],
    /// Confidence when nothing is heard.
    pub lost: [f64; N_BINS],
    /// What stands second behind a right reading.
    pub second_right: Second,
    /// What stands second behind a wrong or empty one.
    pub second_wrong: Second,
    /// The second's share of what confidence the first leaves, behind a right reading.
    pub share_right: [f64; N_BINS],
    /// The same behind a wrong or empty one.
    pub share_wrong: [f64; N_BINS],
}

impl ChannelModel {
    /// The entry of a kind; `hang_up` may have none, since nothing is heard after it.
    pub fn kind(&self, kind: UserActKind) -> Option<&KindModel> {
        self.kinds.iter().find(|entry| entry.kind == kind)
    }

    /// The file that [`ChannelModel::parse`] reads back, with comments that say what was measured.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let names = |of: fn(Origin) -> bool| {
            let kinds = self.kinds.iter().filter(|k| of(k.origin));
            let names: Vec<_> = kinds.map(|k| k.kind.name()).collect();
            names.join(", ")
        };
        let measured = names(|origin| matches!(origin, Origin::Measured(_)));
        let stated = names(|origin| matches!(origin, Origin::Stated));
        let assumed = names(|origin| matches!(origin, Origin::Assumed(_)));
        writeln!(out, "# How customers' acts are heard, and how surely.")?;
        if stated.is_empty() {
            writeln!(out, "# Measured: {measured}.")?;
            writeln!(
                out,
                "# Assumed, since there were too few examples: {assumed}."
            )?;
        }
        writeln!(
            out,
            "schema = 1\nname = {}\nsource = {}",
            quoted(&self.name),
            quoted(&self.source)
        )?;
        writeln!(
            out,
            "# Factors on the odds of error for customers easy, average and hard to understand."
        )?;
        let [easy, average, hard] = self.difficulty_odds;
        writeln!(out, "difficulty_odds = [{easy:?}, {average:?}, {hard:?}]")?;
        for entry in &self.kinds {
            writeln!(out, "\n[[kind]]\nname = \"{}\"", entry.kind)?;
            match entry.origin {
                Origin::Assumed(like) => writeln!(out, "source = \"assumed\"\nlike = \"{like}\"")?,
                Origin::Measured(n) => {
                    writeln!(out, "source = \"measured\"\nn = {n}")?;
                    write_rates(out, &entry.rates)?;
                }
                Origin::Stated => {
                    writeln!(out, "source = \"stated\"")?;
                    write_rates(out, &entry.rates)?;
                }
            }
        }
        Ok(())
    }
}

fn write_rates(out: &mut String, rates: &Rates) -> std::fmt::Result {
    let heard: Vec<_> = rates
        .heard
        .iter()
        .map(|(kind, p)| format!("{kind} = {p:?}"))
        .collect();
    writeln!(out, "heard = {{ {} }}", heard.join(", "))?;
    if rates.about_error > 0.0 || rates.value_error > 0.0 {
        writeln!(
            out,
            "about_error = {:?}\nvalue_error = {:?}",
            rates.about_error, rates.value_error
        )?;
    }
    for (name, bins) in [
        ("right", &rates.right),
        ("wrong", &rates.wrong),
        ("lost", &rates.lost),
    ] {
        writeln!(out, "{name} = {bins:?}")?;
    }
    for (name, second) in [
        ("right", &rates.second_right),
        ("wrong", &rates.second_wrong),
    ] {
        let Second {
            truth,
            same,
            other,
            silence,
            absent,
        } = second;
        let values = [
            ("truth", truth),
            ("same", same),
            ("other", other),
            ("silence", silence),
            ("absent", absent),
        ];
        let values: Vec<_> = values
            .iter()
            .filter(|(_, p)| **p > 0.0)
            .map(|(key, p)| format!("{key} = {p:?}"))
            .collect();
        writeln!(out, "second_{name} = {{ {} }}", values.join(", "))?;
    }
    writeln!(
        out,
        "share_right = {:?}\nshare_wrong = {:?}",
        rates.share_right, rates.share_wrong
    )
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DSTC2: &str = crate::bundled::CHANNELS.files[0].text;

    fn mistakes(text: &str) -> String {
        ChannelModel::parse("c.toml", text)
            .expect_err("the text is faulty")
            .to_string()
    }

    #[test]
    fn a_written_channel_reads_back_the_same() {
        for file in crate::bundled::CHANNELS.files {
            let parse = |text| ChannelModel::parse(file.name, text);
            let model = parse(file.text).unwrap_or_else(|e| panic!("{e}"));
            let again = parse(&model.to_toml()).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(model, again);
        }
    }

    #[test]
    fn what_is_stated_was_not_counted() {
        let text = DSTC2
            .replacen("source = \"measured\"", "source = \"stated\"", 2)
            .replacen("\nshare_wrong", "\n# share_wrong", 1);
        let found = mistakes(&text);
        for part in [
            "`affirm` is stated, not counted in 365 acts; leave `n` out",
            "`affirm` is stated and has no `share_wrong`; add it",
            "`deny` is stated, not counted in 94 acts; leave `n` out",
        ] {
            assert!(found.contains(part), "`{part}` is not in\n{found}");
        }
    }

    #[test]
    fn every_mistake_is_named_at_once() {
        let text = DSTC2
            .replacen("schema = 1", "schema = 2", 1)
            .replacen("name = \"thank\"", "name = \"thanks\"", 1)
            .replacen("like = \"ask\"", "like = \"asks\"", 1)
            .replacen("heard = { affirm = 0.", "heard = { affirm = 5.", 1)
            .replacen("\nright = [", "\nright = [0.5, ", 1);
        let found = mistakes(&text);
        for part in [
            "schema is 2",
            "unknown customer act `thanks`: did you mean `thank`?",
            "unknown customer act `asks`: did you mean `ask`?",
            "expected a probability in [0, 1]",
            "right has 11 bins, expected 10",
            "no entry for `thank`",
        ] {
            assert!(found.contains(part), "`{part}` is not in\n{found}");
        }
    }

    #[test]
    fn what_borrows_must_borrow_from_what_was_measured() {
        let text = DSTC2.replacen("like = \"ask\"", "like = \"busy\"", 1);
        assert!(
            mistakes(&text).contains("`busy` is not measured"),
            "{}",
            mistakes(&text)
        );
    }
}

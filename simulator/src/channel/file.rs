//! A channel file as it is written, and the check of its numbers and names.

use std::ops::Range;

use offhook_env::act::UserActKind;
use offhook_env::diagnostic::{Diagnostics, OrderedMap, Source, suggestion};
use serde::Deserialize;
use toml::Spanned;

use super::model::{ChannelModel, KindModel, N_BINS, Origin, Rates, Second};

/// Largest distance of a sum of probabilities from 1: files round to a few digits.
const ROUNDING: f64 = 1e-3;

/// A channel file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChannelFile {
    /// Version of this format; 1.
    schema: Spanned<u32>,
    name: Spanned<String>,
    source: String,
    #[serde(default = "default_odds")]
    difficulty_odds: Spanned<Vec<f64>>,
    #[serde(default)]
    kind: Vec<KindFile>,
}

/// Without a word in the file, everybody is average.
fn default_odds() -> Spanned<Vec<f64>> {
    Spanned::new(0..0, vec![1.0; 3])
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum SourceOf {
    Measured,
    Stated,
    Assumed,
}

impl SourceOf {
    fn name(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Stated => "stated",
            Self::Assumed => "assumed",
        }
    }
}

/// One kind of act; an assumed one has `like` and nothing else, a stated one has no `n`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct KindFile {
    name: Spanned<String>,
    source: SourceOf,
    like: Option<Spanned<String>>,
    n: Option<u64>,
    heard: Option<OrderedMap<Spanned<f64>>>,
    about_error: Option<Spanned<f64>>,
    value_error: Option<Spanned<f64>>,
    right: Option<Spanned<Vec<f64>>>,
    wrong: Option<Spanned<Vec<f64>>>,
    lost: Option<Spanned<Vec<f64>>>,
    second_right: Option<Spanned<SecondFile>>,
    second_wrong: Option<Spanned<SecondFile>>,
    share_right: Option<Spanned<Vec<f64>>>,
    share_wrong: Option<Spanned<Vec<f64>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SecondFile {
    truth: f64,
    same: f64,
    other: f64,
    silence: f64,
    absent: f64,
}

impl ChannelModel {
    /// Reads and checks a channel file; `file` is the name that messages show.
    ///
    /// # Errors
    /// Every mistake in the text, with line and column.
    pub fn parse(file: &str, text: &str) -> Result<Self, Diagnostics> {
        let mut source = Source::new(file, text);
        let model = source
            .parse()
            .and_then(|parsed| check(&mut source, &parsed));
        if model.is_none() {
            source.report_if_clean("not a channel");
        }
        source.finish()?;
        Ok(model.expect("a channel without mistakes is complete"))
    }
}

/// Checks a file; `None` only when mistakes were reported.
fn check(source: &mut Source<'_>, file: &ChannelFile) -> Option<ChannelModel> {
    if *file.schema.get_ref() != 1 {
        let found = file.schema.get_ref();
        source.report(
            file.schema.span(),
            format!("schema is {found}, this program reads schema 1"),
        );
    }
    let odds = file.difficulty_odds.get_ref();
    if odds.len() != 3 || odds.iter().any(|odd| !(odd.is_finite() && *odd > 0.0)) {
        let message = "difficulty_odds must be three numbers above 0: easy, average, hard";
        source.report(file.difficulty_odds.span(), message);
    }
    let mut measured: Vec<KindModel> = Vec::new();
    let mut borrowed: Vec<(UserActKind, &Spanned<String>, UserActKind)> = Vec::new();
    let mut named = Vec::new();
    for entry in &file.kind {
        let Some(kind) = kind_of(source, &entry.name) else {
            continue;
        };
        if named.contains(&kind) {
            source.report(
                entry.name.span(),
                format!("`{kind}` has two entries; leave one out"),
            );
            continue;
        }
        named.push(kind);
        match (entry.source, &entry.like) {
            (SourceOf::Assumed, Some(like)) => {
                if entry.heard.is_some() || entry.right.is_some() || entry.n.is_some() {
                    let message = format!(
                        "`{kind}` is assumed to be like `{}` and has rates of its own; leave one out",
                        like.get_ref()
                    );
                    source.report(entry.name.span(), message);
                }
                borrowed.extend(kind_of(source, like).map(|other| (kind, like, other)));
            }
            (SourceOf::Measured | SourceOf::Stated, None) => {
                measured.extend(own_kind(source, kind, entry));
            }
            (SourceOf::Assumed, None) => {
                source.report(
                    entry.name.span(),
                    format!("`{kind}` is assumed; add `like = \"kind\"`, a measured kind"),
                );
            }
            (own @ (SourceOf::Measured | SourceOf::Stated), Some(like)) => {
                let own = own.name();
                source.report(like.span(), format!("`{kind}` is {own}; leave `like` out"));
            }
        }
    }
    let mut kinds = Vec::new();
    for &kind in UserActKind::ALL {
        if let Some(entry) = measured.iter().find(|entry| entry.kind == kind) {
            kinds.push(entry.clone());
        } else if let Some((_, place, like)) =
            borrowed.iter().find(|(borrower, ..)| *borrower == kind)
        {
            match measured.iter().find(|entry| entry.kind == *like) {
                Some(lender) => {
                    kinds.push(KindModel {
                        kind,
                        origin: Origin::Assumed(*like),
                        rates: lender.rates.lent(*like, kind),
                    });
                }
                None => source.report(
                    place.span(),
                    format!("`{like}` is not measured; name a measured kind"),
                ),
            }
        } else if !matches!(kind, UserActKind::HangUp | UserActKind::Beep) && !named.contains(&kind)
        {
            let message = format!(
                "no entry for `{kind}`; add [[kind]] with name = \"{kind}\", source = \"assumed\", like = .."
            );
            source.report(file.name.span(), message);
        }
    }
    let difficulty_odds = <[f64; 3]>::try_from(odds.clone()).ok()?;
    Some(ChannelModel {
        name: file.name.get_ref().clone(),
        source: file.source.clone(),
        difficulty_odds,
        kinds,
    })
}

impl Rates {
    /// The rates for another kind: what was heard as itself is now heard as that kind.
    pub(crate) fn lent(&self, from: UserActKind, to: UserActKind) -> Self {
        let mut lent = self.clone();
        lent.heard.retain(|(kind, _)| *kind != to || from == to);
        for (kind, _) in lent.heard.iter_mut().filter(|(kind, _)| *kind == from) {
            *kind = to;
        }
        let sum: f64 = lent.heard.iter().map(|(_, p)| p).sum();
        lent.heard.iter_mut().for_each(|(_, p)| *p /= sum);
        lent
    }
}

fn kind_of(source: &mut Source<'_>, name: &Spanned<String>) -> Option<UserActKind> {
    let kind = UserActKind::from_name(name.get_ref());
    if kind.is_none() {
        let hint = suggestion(
            name.get_ref(),
            UserActKind::ALL.iter().map(|kind| kind.name()),
        );
        source.report(
            name.span(),
            format!("unknown customer act `{}`: {hint}", name.get_ref()),
        );
    }
    kind
}

/// A kind with rates of its own.
fn own_kind(source: &mut Source<'_>, kind: UserActKind, entry: &KindFile) -> Option<KindModel> {
    let place = entry.name.span();
    let heard = needed(source, &place, entry, "heard", entry.heard.as_ref());
    let mut probs = Vec::new();
    let mut sum = 0.0;
    for (name, found) in heard.map_or(&[][..], |heard| &heard.0) {
        let prob = probability(
            source,
            &format!("`{}` in heard of `{kind}`", name.get_ref()),
            Some(found),
        );
        sum += prob;
        probs.extend(kind_of(source, name).map(|heard| (heard, prob)));
    }
    if heard.is_some() && (sum - 1.0).abs() > ROUNDING {
        source.report(
            place.clone(),
            format!("heard of `{kind}` sums to {sum:.4}, expected 1"),
        );
    }
    let mut bins = |name, found: &Option<Spanned<Vec<f64>>>| {
        let found = needed(source, &place, entry, name, found.as_ref())?;
        let list = found.get_ref();
        let sound =
            list.iter().all(|w| w.is_finite() && *w >= 0.0) && list.iter().sum::<f64>() > 0.0;
        let array = <[f64; N_BINS]>::try_from(&list[..]).ok().filter(|_| sound);
        if array.is_none() && list.len() != N_BINS {
            let n = list.len();
            source.report(
                found.span(),
                format!("{name} has {n} bins, expected {N_BINS} of [0, 1]"),
            );
        } else if array.is_none() {
            source.report(
                found.span(),
                format!("{name} needs weights of at least 0, not all 0"),
            );
        }
        array
    };
    let right = bins("right", &entry.right);
    let wrong = bins("wrong", &entry.wrong);
    let lost = bins("lost", &entry.lost);
    let share_right = bins("share_right", &entry.share_right);
    let share_wrong = bins("share_wrong", &entry.share_wrong);
    let mut second = |name, found: &Option<Spanned<SecondFile>>| {
        let found = needed(source, &place, entry, name, found.as_ref())?;
        let SecondFile {
            truth,
            same,
            other,
            silence,
            absent,
        } = *found.get_ref();
        let all = [truth, same, other, silence, absent];
        let sum: f64 = all.iter().sum();
        if all.iter().any(|p| !(0.0..=1.0).contains(p)) || (sum - 1.0).abs() > ROUNDING {
            source.report(
                found.span(),
                format!("{name} sums to {sum:.4}, expected probabilities that sum to 1"),
            );
        }
        Some(Second {
            truth,
            same,
            other,
            silence,
            absent,
        })
    };
    let second_right = second("second_right", &entry.second_right);
    let second_wrong = second("second_wrong", &entry.second_wrong);
    if let (SourceOf::Stated, Some(n)) = (entry.source, entry.n) {
        let message = format!("`{kind}` is stated, not counted in {n} acts; leave `n` out");
        source.report(place.clone(), message);
    }
    let about_error = probability(source, "about_error", entry.about_error.as_ref());
    let value_error = probability(source, "value_error", entry.value_error.as_ref());
    if about_error + value_error > 1.0 {
        source.report(
            place,
            format!("about_error and value_error of `{kind}` sum to more than 1"),
        );
    }
    let rates = Rates {
        heard: probs,
        about_error,
        value_error,
        right: right?,
        wrong: wrong?,
        lost: lost?,
        second_right: second_right?,
        second_wrong: second_wrong?,
        share_right: share_right?,
        share_wrong: share_wrong?,
    };
    let origin = match entry.source {
        SourceOf::Measured => Origin::Measured(entry.n.unwrap_or(0)),
        SourceOf::Stated | SourceOf::Assumed => Origin::Stated,
    };
    Some(KindModel {
        kind,
        origin,
        rates,
    })
}

fn needed<'f, T>(
    source: &mut Source<'_>,
    place: &Range<usize>,
    entry: &KindFile,
    name: &str,
    found: Option<&'f T>,
) -> Option<&'f T> {
    if found.is_none() {
        let (kind, own) = (entry.name.get_ref(), entry.source.name());
        source.report(
            place.clone(),
            format!("`{kind}` is {own} and has no `{name}`; add it"),
        );
    }
    found
}

fn probability(source: &mut Source<'_>, name: &str, found: Option<&Spanned<f64>>) -> f64 {
    let Some(found) = found else { return 0.0 };
    let value = *found.get_ref();
    if !(0.0..=1.0).contains(&value) {
        source.report(
            found.span(),
            format!("{name} is {value}, expected a probability in [0, 1]"),
        );
    }
    value
}

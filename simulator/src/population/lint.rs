//! Checks of a `[population]` that can be read: what nobody asks, has, takes or does.

use std::ops::Range;

use offhook_env::act::{AboutClass, UserActKind};
use offhook_env::diagnostic::OrderedMap;
use offhook_env::diagnostic::finding::{Finding, Findings, Severity};
use offhook_env::scenario::{Need, Scenario, ScenarioText};
use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

use super::Population;
use super::file::{PopulationFile, Shares, read};

/// A scenario file of which only the places are looked at that a population speaks of.
#[derive(Deserialize)]
struct Root {
    #[serde(default)]
    questions: Vec<Spanned<String>>,
    #[serde(default)]
    concerns: Vec<Spanned<String>>,
    #[serde(default)]
    offers: Vec<Spanned<String>>,
    #[serde(default)]
    customer: OrderedMap<IgnoredAny>,
}

/// Reports everything that is wrong with the `[population]` section of a scenario's text: the
/// mistakes that keep it from being read or else, if there are none, what no customer ever does.
pub fn check(text: &ScenarioText, scenario: &Scenario) -> Vec<Finding> {
    if let Err(mistakes) = Population::parse(text, scenario) {
        return Finding::list(mistakes, Severity::Error);
    }
    let (mut source, _) = text.source();
    let mut found = Findings::new(text);
    if let (Some(root), Some(section)) = (source.parse::<Root>(), read(text).1) {
        unshared(&mut found, &root, &section, scenario);
        unwanted(&mut found, &root, &section, scenario);
        unsaid(&mut found, &root, &section);
        values(&mut found, &section);
    }
    found.finish()
}

/// Where a share stands, or the name that has none; `None` where there is a share above 0.
fn without_share(shares: &Shares, name: &Spanned<String>) -> Option<(Range<usize>, &'static str)> {
    let entry = shares
        .0
        .iter()
        .find(|(key, _)| key.get_ref() == name.get_ref());
    match entry {
        None => Some((name.span(), "it has no share")),
        Some((_, share)) if *share.get_ref() == 0.0 => Some((share.span(), "its share is 0")),
        Some(_) => None,
    }
}

/// Questions and concerns that nobody has, offers that nobody takes.
fn unshared(found: &mut Findings<'_>, root: &Root, section: &PopulationFile, scenario: &Scenario) {
    for (class, names, shares, trouble) in [
        (
            AboutClass::Question,
            &root.questions,
            &section.questions,
            "nobody asks",
        ),
        (
            AboutClass::Concern,
            &root.concerns,
            &section.concerns,
            "nobody has",
        ),
        (
            AboutClass::Offer,
            &root.offers,
            &section.offers,
            "nobody takes",
        ),
    ] {
        for (k, name) in names.iter().enumerate() {
            let Some((span, why)) = without_share(shares, name) else {
                continue;
            };
            let (prefix, text) = (class.prefix(), name.get_ref());
            let message = format!(
                "{trouble} {prefix} `{text}`: {why} in [population.{prefix}s]; give it one or leave the {prefix} out"
            );
            let needed = class == AboutClass::Offer
                && scenario
                    .completion
                    .iter()
                    .any(|c| c.when.is_empty() && c.need.contains(&Need::Accepted(k as u8)));
            if needed {
                found.error(span, format!("no call can be complete, for {message}"));
            } else {
                found.warning(span, message);
            }
        }
    }
}

/// A population without the person called.
fn unwanted(found: &mut Findings<'_>, root: &Root, section: &PopulationFile, scenario: &Scenario) {
    if *section.right_person.get_ref() == 0.0 {
        let message = "right_person is 0, so no call can be complete; expected a share above 0";
        found.error(section.right_person.span(), message);
    }
    for name in &section.early_questions {
        let known = root
            .questions
            .iter()
            .find(|q| q.get_ref() == name.get_ref());
        let asked = known.is_none_or(|name| without_share(&section.questions, name).is_none());
        if !asked {
            let message = format!("nobody asks question `{}`, early or late", name.get_ref());
            found.warning(name.span(), message);
        }
    }
    let machines = section.voicemail.get_ref() + section.screening.get_ref();
    if machines >= 1.0 && scenario.customers_do(UserActKind::Voicemail) {
        let message = "voicemail and screening leave no call to a person; lower one";
        found.error(section.voicemail.span(), message);
    }
}

/// Words for what nobody does.
fn unsaid(found: &mut Findings<'_>, root: &Root, section: &PopulationFile) {
    let none = |share: &Spanned<f64>| *share.get_ref() == 0.0;
    let (busy, driving) = (none(&section.busy), none(&section.driving));
    for (kind, never, key) in [
        (UserActKind::Busy, busy, "busy"),
        (UserActKind::Driving, driving, "driving"),
        (UserActKind::RequestCallback, busy && driving, "busy"),
        (
            UserActKind::RequestHuman,
            none(&section.wants_human),
            "wants_human",
        ),
        (
            UserActKind::OptOut,
            none(&section.wants_opt_out),
            "wants_opt_out",
        ),
        (
            UserActKind::Voicemail,
            none(&section.voicemail),
            "voicemail",
        ),
        (
            UserActKind::Screening,
            none(&section.screening),
            "screening",
        ),
    ] {
        let words = root
            .customer
            .0
            .iter()
            .find(|(act, _)| act.get_ref() == kind.name());
        if let (true, Some((act, _))) = (never, words) {
            found.warning(
                act.span(),
                format!("nobody says `{kind}`: [population] has no `{key}` above 0; add a share or leave the words out"),
            );
        }
    }
    let another = root
        .customer
        .0
        .iter()
        .find(|(act, _)| act.get_ref() == UserActKind::WrongPerson.name());
    if let (true, Some((act, _))) = (*section.right_person.get_ref() == 1.0, another) {
        found.warning(
            act.span(),
            "nobody says `wrong_person`: right_person is 1; lower it or leave the words out",
        );
    }
}

/// Values of slots that nobody has.
fn values(found: &mut Findings<'_>, section: &PopulationFile) {
    for (slot, shares) in &section.slots.0 {
        for (value, share) in shares.0.iter().filter(|(_, share)| *share.get_ref() == 0.0) {
            let message = format!(
                "nobody's `{}` is `{}`: its share is 0; leave the value out",
                slot.get_ref(),
                value.get_ref()
            );
            found.warning(share.span(), message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::SHOP;

    /// The shop's text with somebody for all of its customers' words.
    fn shop_text() -> String {
        SHOP.replace(
            "busy = 0.1\n",
            "busy = 0.1\nvoicemail = 0.1\nscreening = 0.05\n",
        )
    }

    fn check_shop(from: &str, to: &str, at: &str, words: &str) {
        let text = shop_text();
        assert_eq!(
            text.matches(from).count(),
            1,
            "`{from}` stands once in the shop"
        );
        let text = text.replace(from, to);
        let text = ScenarioText::new("shop.toml", text);
        let scenario = Scenario::parse(&text).unwrap_or_else(|e| panic!("{e}"));
        let line = 1 + text
            .main
            .text
            .lines()
            .position(|l| l.contains(at))
            .expect("`at` is in the text");
        let found = check(&text, &scenario);
        let hit = found
            .iter()
            .any(|f| f.line == line && f.message.contains(words));
        assert!(hit, "expected line {line} with `{words}`, found {found:#?}");
    }

    #[test]
    fn the_shop_has_no_fault() {
        let text = shop_text();
        let text = ScenarioText::new("shop.toml", text);
        let scenario = Scenario::parse(&text).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(check(&text, &scenario), []);
    }

    #[test]
    fn what_no_customer_does_is_reported_at_its_line() {
        for (from, to, at, words) in [
            (
                "price = 0.3\n",
                "",
                "questions = [",
                "nobody asks question `price`: it has no share",
            ),
            (
                "price = 0.3",
                "price = 0.0",
                "price = 0.0",
                "nobody asks question `price`: its share is 0",
            ),
            (
                "late = 0.2\n",
                "",
                "concerns = [",
                "nobody has concern `late`",
            ),
            (
                "delivery = 0.8",
                "delivery = 0.0",
                "delivery = 0.0",
                "nobody takes offer `delivery`",
            ),
            (
                "right_person = 0.9",
                "right_person = 0.0",
                "right_person",
                "no call can be complete",
            ),
            (
                "right_person = 0.9",
                "right_person = 1.0",
                "\"wrong_person\"",
                "nobody says `wrong_person`",
            ),
            ("busy = 0.1\n", "", "\"busy\"", "nobody says `busy`"),
            (
                "driving = 0.05\n",
                "",
                "\"driving\"",
                "nobody says `driving`",
            ),
            (
                "voicemail = 0.1\n",
                "",
                "\"voicemail\"",
                "nobody says `voicemail`",
            ),
            (
                "wants_human = 0.06",
                "wants_human = 0",
                "\"request_human\"",
                "nobody says `request_human`",
            ),
            (
                "wants_opt_out = 0.04\n",
                "",
                "\"opt_out\"",
                "nobody says `opt_out`",
            ),
            (
                "yes = 0.6, no = 0.4",
                "yes = 1.0, no = 0.0",
                "no = 0.0",
                "nobody's `wish` is `no`",
            ),
            (
                "who = 0.2\n",
                "",
                "early_questions",
                "nobody asks question `who`, early or late",
            ),
        ] {
            check_shop(from, to, at, words);
        }
    }
}

//! Names that nobody uses: topics that are not told, questions without an answer, words that cannot be
//! right.

use std::ops::Range;

use super::super::Scenario;
use super::super::file::{Name, ScenarioFile};
use crate::act::{AboutClass, SystemActKind, UserActKind};
use crate::diagnostic::finding::Findings;

/// Reports them. A scenario without customers is for logs alone, whose robot is as it is.
pub(super) fn check(found: &mut Findings<'_>, file: &ScenarioFile, scenario: &Scenario) {
    if file.population.is_none() {
        return;
    }
    spoken_of(found, file, scenario);
    slots(found, file, scenario);
    placeholders(found, file, scenario);
    control_characters(found, file);
}

/// Names that need an act of the robot, and those that need one of the customers.
fn spoken_of(found: &mut Findings<'_>, file: &ScenarioFile, scenario: &Scenario) {
    let mut robot = |list: &[Name], kind: SystemActKind, trouble: &str| {
        for (k, name) in list.iter().enumerate() {
            if !scenario.can_say(kind, k as u8) {
                let (class, name, span) = (class_of(kind), name.get_ref(), name.span());
                let message = format!(
                    "{class} `{name}` {trouble}; add `\"{kind}({name})\" = \"..\"` to [robot] or leave it out"
                );
                found.warning(span, message);
            }
        }
    };
    robot(&file.topics, SystemActKind::Inform, "is never told");
    robot(&file.questions, SystemActKind::Answer, "has no answer");
    robot(&file.concerns, SystemActKind::Address, "is never met");
    robot(&file.offers, SystemActKind::Offer, "is never made");
    robot(&file.messages, SystemActKind::SendMessage, "is never sent");

    let hears = |kind: UserActKind, k: usize| {
        let mut acts = scenario.customer.iter().map(|(act, _)| act);
        acts.any(|act| act.kind == kind && usize::from(act.about) == k)
    };
    for (k, name) in file.questions.iter().enumerate() {
        if !hears(UserActKind::Ask, k) {
            nobody_says(found, name.span(), "question", name, "ask");
        }
    }
    for (k, name) in file.concerns.iter().enumerate() {
        let distrusts = scenario.distrust_concern() == Some(k as u8);
        if !(hears(UserActKind::Object, k)
            || distrusts && scenario.customers_do(UserActKind::Distrust))
        {
            nobody_says(found, name.span(), "concern", name, "object");
        }
    }
    if scenario.customers_do(UserActKind::Distrust) && file.distrust.is_none() {
        let words = file
            .customer
            .0
            .iter()
            .find(|(act, _)| act.get_ref() == "distrust");
        let span = words.map_or(0..0, |(act, _)| act.span());
        found.warning(
            span,
            "`distrust` raises no concern; name one with `distrust = \"..\"` above",
        );
    }
}

fn class_of(kind: SystemActKind) -> &'static str {
    kind.about().map_or("act", AboutClass::prefix)
}

fn nobody_says(found: &mut Findings<'_>, span: Range<usize>, class: &str, name: &Name, act: &str) {
    let name = name.get_ref();
    let message = format!(
        "{class} `{name}` is never raised; add `\"{act}({name})\" = [\"..\"]` to [customer] or leave it out"
    );
    found.warning(span, message);
}

/// Slots that the robot never speaks of, or customers never tell.
fn slots(found: &mut Findings<'_>, file: &ScenarioFile, scenario: &Scenario) {
    for (k, (name, _)) in file.slots.0.iter().enumerate() {
        let slot = k as u8;
        let asks = scenario.can_say(SystemActKind::Ask, slot);
        let callback = scenario.callback_slot() == Some(slot)
            && scenario.can_say(SystemActKind::ProposeCallback, crate::act::NONE);
        let text = name.get_ref();
        if !asks && !callback {
            let message = format!(
                "nothing asks for slot `{text}`; add `\"ask({text})\" = \"..\"` to [robot] or leave it out"
            );
            found.warning(name.span(), message);
        }
        let told = scenario
            .customer
            .iter()
            .any(|(act, _)| act.kind == UserActKind::Inform && act.about == slot);
        let by_yes_no =
            asks && scenario.yes_no(k).is_some() && scenario.customers_do(UserActKind::Affirm);
        if !told && !by_yes_no {
            let message = format!(
                "no customer tells slot `{text}`; add `\"inform({text}=..)\" = [\"..\"]` to [customer]"
            );
            found.warning(name.span(), message);
        }
    }
}

/// Words that no voice can say, and that would control a terminal which showed them.
fn control_characters(found: &mut Findings<'_>, file: &ScenarioFile) {
    let robot = file.robot.0.iter().map(|(_, phrase)| phrase);
    let customer = file.customer.0.iter().flat_map(|(_, phrases)| phrases);
    for phrase in robot.chain(customer).chain([&file.purpose]) {
        if let Some(c) = phrase.get_ref().chars().find(|c| c.is_control()) {
            let message = format!(
                "has the control character U+{:04X}; leave it out",
                u32::from(c)
            );
            found.warning(phrase.span(), message);
        }
    }
}

/// Words in braces are filled in by what the robot believes.
fn placeholders(found: &mut Findings<'_>, file: &ScenarioFile, scenario: &Scenario) {
    for ((_, phrase), acts) in file.robot.0.iter().zip(scenario.acts_of_all()) {
        let text = phrase.get_ref();
        let confirms = acts.iter().find(|act| act.kind == SystemActKind::Confirm);
        for part in text.split('{').skip(1) {
            let inside = part.split('}').next().unwrap_or_default();
            let slot = scenario.names.slots.iter().any(|slot| slot == inside);
            if !(slot || inside == "value" && confirms.is_some()) {
                found.warning(
                    phrase.span(),
                    format!("nothing fills in `{{{inside}}}`; only `confirm` has a {{value}}"),
                );
            }
        }
        let open = confirms.is_some_and(|act| scenario.yes_no(usize::from(act.about)).is_none());
        if open && !text.contains('{') {
            found.warning(
                phrase.span(),
                "does not say what it confirms; put `{value}` where the value belongs",
            );
        }
    }
}

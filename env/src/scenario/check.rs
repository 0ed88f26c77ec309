//! Looking up the names of a scenario file: features, levels, actions, acts; each miss is reported.

use std::ops::Range;

use super::condition::Condition;
use super::file::{Levels, Name, When};
use super::slot::Slot;
use crate::act::{AboutClass, NONE, SystemAct, SystemActKind, UserAct, UserActKind};
use crate::action::{ActionId, ActionMask};
use crate::belief::features::OPTIONAL;
use crate::belief::layout::Feature;
use crate::diagnostic::{Source, suggestion};
use crate::names::{MAX_NAME, Names, is_name};

/// Features that a scenario has only by certain acts, and the bundled sub-process that has those.
const BROUGHT_BY: [(&str, &str); 8] = [
    ("identity", "identity"),
    ("answered_by", "voicemail"),
    ("left_message", "voicemail"),
    ("beep", "answering_machine"),
    ("availability", "callback"),
    ("callback", "callback"),
    ("human", "transfer"),
    ("opt_out", "opt_out"),
];

/// As much of a text as a message shows.
pub(super) fn shown(text: &str) -> String {
    let start: String = text.chars().take(MAX_NAME).collect();
    start.escape_debug().to_string()
}

/// Reports a text that cannot be a name.
pub(super) fn check_name(source: &mut Source<'_>, name: &Name) {
    if !is_name(name.get_ref()) {
        let message = format!(
            "`{}` is no name, expected at most {MAX_NAME} lowercase letters, digits and `_`",
            shown(name.get_ref())
        );
        source.report(name.span(), message);
    }
}

/// Position of a name in its class.
pub(super) fn lookup(
    source: &mut Source<'_>,
    class: AboutClass,
    names: &[String],
    name: Option<&Name>,
) -> Option<u8> {
    let name = name?;
    let at = names.iter().position(|n| n == name.get_ref());
    if at.is_none() {
        let hint = suggestion(name.get_ref(), names.iter().map(String::as_str));
        source.report(
            name.span(),
            format!("unknown {} `{}`: {hint}", class.prefix(), name.get_ref()),
        );
    }
    at.map(|k| k as u8)
}

/// Splits `kind(about)` into its parts; acts are compared by their text, so that blanks count.
fn split_call(text: &str) -> Option<(&str, Option<&str>)> {
    match text.split_once('(') {
        None => (!text.contains(')')).then_some((text, None)),
        Some((kind, rest)) => rest.strip_suffix(')').map(|about| (kind, Some(about))),
    }
}

/// Position of `about` among the names of `class`.
fn about(
    source: &mut Source<'_>,
    span: Range<usize>,
    names: &Names,
    kind: &str,
    class: Option<AboutClass>,
    about: Option<&str>,
) -> Option<u8> {
    match (class, about) {
        (None, None) => Some(NONE),
        (None, Some(found)) => {
            source.report(
                span,
                format!("`{kind}` is about nothing, found `{found}`; write `{kind}`"),
            );
            None
        }
        (Some(class), None) => {
            let hint = suggestion("", names.of(class).iter().map(String::as_str));
            source.report(
                span,
                format!("`{kind}` needs a {} in brackets: {hint}", class.prefix()),
            );
            None
        }
        (Some(class), Some(found)) => {
            let at = names.of(class).iter().position(|name| name == found);
            if at.is_none() {
                let hint = suggestion(found, names.of(class).iter().map(String::as_str));
                source.report(
                    span,
                    format!(
                        "unknown {} `{found}` in `{kind}({found})`: {hint}",
                        class.prefix()
                    ),
                );
            }
            at.map(|k| k as u8)
        }
    }
}

/// The acts of a robot's action: `ask(payment)` or `offer(venue)+answer(phone)`.
pub(super) fn system_acts(
    source: &mut Source<'_>,
    names: &Names,
    text: &Name,
) -> Option<Vec<SystemAct>> {
    let mut acts = Vec::new();
    for part in text.get_ref().split('+') {
        let Some((kind, what)) = split_call(part) else {
            source.report(
                text.span(),
                format!("`{part}` is no act, expected `kind` or `kind(about)`"),
            );
            return None;
        };
        let Some(kind) = SystemActKind::from_name(kind) else {
            let hint = suggestion(kind, SystemActKind::ALL.iter().map(|k| k.name()));
            source.report(text.span(), format!("unknown robot act `{kind}`: {hint}"));
            return None;
        };
        let about = about(source, text.span(), names, kind.name(), kind.about(), what)?;
        acts.push(SystemAct { kind, about });
    }
    Some(acts)
}

/// A customer's act: `affirm`, `ask(price)`, `inform(payment=yes)`; `inform` alone is the proof of
/// identity.
pub(super) fn user_act(
    source: &mut Source<'_>,
    names: &Names,
    slots: &[Slot],
    text: &Name,
) -> Option<UserAct> {
    let Some((kind, what)) = split_call(text.get_ref()) else {
        source.report(
            text.span(),
            format!(
                "`{}` is no act, expected `kind` or `kind(about)`",
                text.get_ref()
            ),
        );
        return None;
    };
    let Some(kind) = UserActKind::from_name(kind) else {
        let hint = suggestion(kind, UserActKind::ALL.iter().map(|k| k.name()));
        source.report(
            text.span(),
            format!("unknown customer act `{kind}`: {hint}"),
        );
        return None;
    };
    if kind == UserActKind::Inform && what.is_none() {
        return Some(UserAct::new(kind));
    }
    let (what, value) = match what.and_then(|w| w.split_once('=')) {
        Some((slot, value)) => (Some(slot), Some(value)),
        None => (what, None),
    };
    let about = about(source, text.span(), names, kind.name(), kind.about(), what)?;
    let Some(value) = value else {
        return Some(UserAct::about(kind, about));
    };
    let values = if kind == UserActKind::Inform {
        &slots[about as usize].values[..]
    } else {
        &[]
    };
    let at = values.iter().position(|v| v == value);
    if at.is_none() {
        let hint = suggestion(value, values.iter().map(String::as_str));
        source.report(
            text.span(),
            format!("unknown value `{value}` in `{}`: {hint}", text.get_ref()),
        );
    }
    at.map(|value| UserAct {
        kind,
        about,
        value: value as u8,
    })
}

/// Whether a pattern stands in a sub-process and names an act of the robot, so that the scenario need
/// not have it.
pub(super) fn is_optional(source: &Source<'_>, pattern: &Name) -> bool {
    let parts = pattern.get_ref().split('+').map(split_call);
    source.is_included(&pattern.span())
        && parts
            .into_iter()
            .all(|part| part.is_some_and(|(kind, _)| SystemActKind::from_name(kind).is_some()))
}

/// Actions by pattern: a name, all of a kind as `offer(*)`, or `private`.
///
/// A sub-process may name actions that this scenario does not have.
pub(super) fn actions(
    source: &mut Source<'_>,
    action_names: &[String],
    acts: &[Vec<SystemAct>],
    private: Option<ActionMask>,
    pattern: &Name,
) -> ActionMask {
    let text = pattern.get_ref().as_str();
    let optional = is_optional(source, pattern);
    if let (Some(mask), "private") = (private, text) {
        return mask;
    }
    if let Some(kind) = text.strip_suffix("(*)") {
        let of_kind = |list: &Vec<SystemAct>| list.iter().any(|act| act.kind.name() == kind);
        let mask: ActionMask = (0..acts.len() as ActionId)
            .filter(|&a| of_kind(&acts[a as usize]))
            .collect();
        if mask.0 == 0 && !optional {
            let hint = suggestion(kind, acts.iter().flatten().map(|act| act.kind.name()));
            source.report(
                pattern.span(),
                format!("no action of kind `{kind}` in [robot]: {hint}"),
            );
        }
        return mask;
    }
    match action_names.iter().position(|name| name == text) {
        Some(action) => ActionMask(1 << action),
        None if optional => ActionMask::default(),
        None => {
            let hint = suggestion(text, action_names.iter().map(String::as_str));
            source.report(
                pattern.span(),
                format!("unknown action `{text}`, not in [robot]: {hint}"),
            );
            ActionMask::default()
        }
    }
}

/// Conditions by names, one for each alternative; `fill` is put for `X` in feature names. Never empty.
pub(super) fn condition(
    source: &mut Source<'_>,
    features: &[Feature],
    when: &When,
    fill: Option<&str>,
) -> Vec<Condition> {
    let all = together(source, features, &when.all, fill);
    if when.any.is_empty() {
        return vec![all];
    }
    let mut either = Vec::new();
    for levels in &when.any {
        if levels.0.is_empty() {
            source.report(
                when.any_at.clone(),
                "an empty alternative always holds; leave `any` out",
            );
        }
        // Alternatives that contradict what must hold anyway never do.
        either.extend(all.and(&together(source, features, levels, fill)));
    }
    if either.is_empty() {
        source.report(
            when.any_at.clone(),
            "no alternative of `any` can hold together with the rest",
        );
        either.push(all);
    }
    either
}

/// A condition whose levels must hold together.
fn together(
    source: &mut Source<'_>,
    features: &[Feature],
    when: &Levels,
    fill: Option<&str>,
) -> Condition {
    let mut terms = Vec::new();
    for (name, levels) in &when.0 {
        let wanted = match fill {
            Some(about) => name.get_ref().replace('X', about),
            None => name.get_ref().clone(),
        };
        let Some(at) = features.iter().position(|f| f.name == wanted) else {
            // What a scenario does not have is never at any level.
            let negated = levels.iter().all(|level| level.get_ref().starts_with('!'));
            if negated && OPTIONAL.contains(&&*wanted) && source.is_included(&name.span()) {
                continue;
            }
            let brought = BROUGHT_BY.iter().find(|(feature, _)| *feature == wanted);
            let (span, message) = match (source.included(&name.span()), brought) {
                // Said once, where it is mended.
                (Some((part, span)), Some((_, by))) => {
                    let message = format!("`{part}` speaks of `{wanted}`: include `{by}` too");
                    (span.clone(), message)
                }
                _ => {
                    let hint = suggestion(&wanted, features.iter().map(|f| f.name.as_str()));
                    (name.span(), format!("unknown feature `{wanted}`: {hint}"))
                }
            };
            source.report(span, message);
            continue;
        };
        if let Some(set) = level_set(source, &features[at], name, levels) {
            terms.push((at as u8, set));
        }
    }
    Condition { terms }
}

/// A set of levels: all named ones, or all but those named with `!`.
fn level_set(
    source: &mut Source<'_>,
    feature: &Feature,
    name: &Name,
    levels: &[Name],
) -> Option<u16> {
    let full = ((1u32 << feature.levels.len()) - 1) as u16;
    let negated = levels
        .iter()
        .filter(|level| level.get_ref().starts_with('!'))
        .count();
    if levels.is_empty() || negated != 0 && negated != levels.len() {
        let message = format!(
            "`{}` needs a list of levels, all plain or all with `!`",
            name.get_ref()
        );
        source.report(name.span(), message);
        return None;
    }
    let mut set = 0;
    for level in levels {
        let plain = level.get_ref().trim_start_matches('!');
        match feature.levels.iter().position(|l| l == plain) {
            Some(code) => set |= 1 << code,
            None => {
                let hint = suggestion(plain, feature.levels.iter().map(String::as_str));
                source.report(
                    level.span(),
                    format!("unknown level `{plain}` of `{}`: {hint}", feature.name),
                );
                return None;
            }
        }
    }
    let set = if negated == 0 { set } else { full & !set };
    if set == 0 || set == full {
        let all = if set == 0 { "no level" } else { "every level" };
        source.report(
            name.span(),
            format!(
                "`{}` names {all}, so it says nothing; leave it out",
                name.get_ref()
            ),
        );
        return None;
    }
    Some(set)
}

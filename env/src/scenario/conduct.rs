//! Rules of conduct and masks of a scenario, as constraints over feature levels.

use super::check::{actions, condition, is_optional};
use super::condition::{Condition, Constraint, MAX_CONSTRAINTS, dead_end};
use super::file::{Name, ScenarioFile};
use crate::act::{SystemAct, SystemActKind};
use crate::action::ActionMask;
use crate::belief::layout::{Feature, Layout};
use crate::diagnostic::{Source, suggestion};
use crate::names::Names;

/// Rules of conduct, then masks; masks of several actions that speak in the same place are one.
pub(super) fn constraints(
    source: &mut Source<'_>,
    file: &ScenarioFile,
    names: &Names,
    layout: &Layout,
    acts: &[Vec<SystemAct>],
    private: ActionMask,
) -> Vec<Constraint> {
    let all = ActionMask::all(acts.len());
    let mut list: Vec<Constraint> = Vec::new();
    // Those beyond what fits are refused below, all together.
    for rule in file.rules.iter().take(MAX_CONSTRAINTS + 1) {
        let either = condition(source, &layout.features, &rule.when, None);
        let mut resolve = |patterns: &[Name]| {
            let masks = patterns
                .iter()
                .map(|p| actions(source, &layout.actions, acts, Some(private), p).0);
            masks.fold(0, |all, mask| all | mask)
        };
        let forbidden = match (rule.forbid.is_empty(), rule.only.is_empty()) {
            (false, true) => resolve(&rule.forbid),
            (true, false) => all.0 & !resolve(&rule.only),
            _ => {
                let message = format!(
                    "rule `{}` needs either `forbid` or `only`",
                    rule.name.get_ref()
                );
                source.report(rule.name.span(), message);
                continue;
            }
        };
        if list
            .iter()
            .any(|c| c.conduct && c.name == *rule.name.get_ref())
        {
            source.report(
                rule.name.span(),
                format!("two rules are named `{}`", rule.name.get_ref()),
            );
        }
        let forbidden = ActionMask(forbidden);
        for (k, when) in either.into_iter().enumerate() {
            let name = rule.name.get_ref();
            list.push(Constraint {
                name: match k {
                    0 => name.clone(),
                    k => format!("{name} (case {})", k + 1),
                },
                when,
                forbidden,
                conduct: true,
            });
        }
    }
    let n_rules = list.len();
    for (pattern, when) in &file.masks.0 {
        if list.len() > MAX_CONSTRAINTS {
            break;
        }
        for (action, fill) in of_pattern(source, pattern, names, layout, acts) {
            let either = condition(source, &layout.features, when, fill);
            for when in forbidding(&layout.features, &either) {
                match list[n_rules..].iter_mut().find(|c| c.when == when) {
                    Some(same) => {
                        same.forbidden.0 |= 1 << action;
                        same.name += &format!(", {}", layout.actions[action]);
                    }
                    None => list.push(Constraint {
                        name: format!("mask of {}", layout.actions[action]),
                        when,
                        forbidden: ActionMask(1 << action),
                        conduct: false,
                    }),
                }
            }
        }
    }
    if list.len() > MAX_CONSTRAINTS {
        source.report(
            file.name.span(),
            format!("more than {MAX_CONSTRAINTS} rules and masks, leave some out"),
        );
        list.truncate(MAX_CONSTRAINTS);
    }
    if let Some((used, _)) = dead_end(&list, acts.len()) {
        let rules: Vec<_> = used
            .iter()
            .map(|&k| format!("`{}`", list[k].name))
            .collect();
        let span = file
            .rules
            .iter()
            .find(|r| used.iter().any(|&k| list[k].name == *r.name.get_ref()));
        let span = span.map_or(file.name.span(), |r| r.name.span());
        source.report(
            span,
            format!(
                "these leave no action where they meet: {}; narrow one of them",
                rules.join(", ")
            ),
        );
    }
    list
}

/// Where none of the alternatives holds, as conditions of which one must hold: each names one term of every
/// alternative that fails.
pub(super) fn forbidding(features: &[Feature], either: &[Condition]) -> Vec<Condition> {
    let mut list = vec![Condition::default()];
    for alternative in either {
        let fails = alternative.terms.iter().map(|&(feature, levels)| {
            let full = ((1u32 << features[usize::from(feature)].levels.len()) - 1) as u16;
            Condition {
                terms: vec![(feature, full & !levels)],
            }
        });
        let fails: Vec<Condition> = fails.collect();
        list = (list.iter())
            .flat_map(|one| fails.iter().filter_map(|fails| one.and(fails)))
            .collect();
        // More could not be kept anyway, and are refused with the rest.
        list.truncate(MAX_CONSTRAINTS + 1);
    }
    list
}

/// The actions that a mask's key or a script line speaks of, with what stands for `X` in its
/// condition: one action by its name, or all with an act of a kind as `confirm(X)`. A sub-process may
/// name actions that this scenario does not have.
pub(super) fn of_pattern<'n>(
    source: &mut Source<'_>,
    pattern: &Name,
    names: &'n Names,
    layout: &Layout,
    acts: &[Vec<SystemAct>],
) -> Vec<(usize, Option<&'n str>)> {
    let text = pattern.get_ref();
    if let Some(action) = layout.action(text) {
        return vec![(action as usize, None)];
    }
    let kind = text.strip_suffix("(X)").and_then(SystemActKind::from_name);
    let Some((kind, class)) = kind.and_then(|kind| Some((kind, kind.about()?))) else {
        if is_optional(source, pattern) {
            return Vec::new();
        }
        let known = layout.actions.iter().map(String::as_str).chain([
            "ask(X)",
            "confirm(X)",
            "answer(X)",
            "address(X)",
        ]);
        let message = format!(
            "`{text}` is no action and no `kind(X)`: {}",
            suggestion(text, known)
        );
        source.report(pattern.span(), message);
        return Vec::new();
    };
    let of_kind = |(action, list): (usize, &Vec<SystemAct>)| {
        let act = list.iter().find(|act| act.kind == kind)?;
        Some((
            action,
            names.of(class).get(act.about as usize).map(String::as_str),
        ))
    };
    acts.iter().enumerate().filter_map(of_kind).collect()
}

//! What can never happen in a flow: actions nobody may take, rules that never speak, script lines that are
//! never reached, calls that cannot be completed or ended.

use super::super::check::condition;
use super::super::condition::{Condition, Constraint};
use super::super::conduct::{forbidding, of_pattern};
use super::super::file::{Name, ScenarioFile};
use super::super::{Need, Scenario};
use super::reach::{Reach, allowed};
use super::solve::{Clause, Domain, negation, within};
use crate::act::SystemActKind;
use crate::action::{ActionId, ActionMask};
use crate::belief::features::{SPARE, availability, identity, offer, slot, spoken, wish};
use crate::diagnostic::Source;
use crate::diagnostic::finding::Findings;

/// Reports them; `scratch` is for looking up names that were looked up before without a mistake.
pub(super) fn check(
    found: &mut Findings<'_>,
    scratch: &mut Source<'_>,
    file: &ScenarioFile,
    scenario: &Scenario,
    reach: &Reach,
) {
    actions(found, file, scenario, reach);
    let entries = entries(scratch, file, scenario);
    speaking(found, scenario, reach, &entries);
    superfluous(found, reach, &entries);
    script(found, scratch, file, scenario, reach);
    if file.population.is_some() {
        endings(found, file, scenario, reach);
        completion(found, file, scenario, reach);
    }
}

/// The names of constraints in a message: the first few, in backquotes.
fn quoted<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let mut names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    let n_more = names.len().saturating_sub(3);
    names.truncate(3);
    let more = if n_more > 0 {
        format!(" and {n_more} more")
    } else {
        String::new()
    };
    names.join(", ") + &more
}

/// Actions that no observation allows.
fn actions(found: &mut Findings<'_>, file: &ScenarioFile, scenario: &Scenario, reach: &Reach) {
    for (action, (name, _)) in (0..).zip(&file.robot.0) {
        if reach.actions.allows(action) {
            continue;
        }
        let against: Vec<&Constraint> = scenario
            .constraints
            .iter()
            .filter(|c| c.forbidden.allows(action))
            .collect();
        // Those whose absence alone would set it free are to blame; else all together are.
        let frees = |one: &&&Constraint| {
            let others = scenario
                .constraints
                .iter()
                .filter(|c| !std::ptr::eq(*c, **one));
            reach.satisfiable(&reach.levels, &allowed(others, action))
        };
        let blame: Vec<&Constraint> = against.iter().filter(frees).copied().collect();
        let blame = if blame.is_empty() { against } else { blame };
        found.error(
            name.span(),
            format!(
                "`{}` is never allowed: nothing that can come up satisfies {}",
                name.get_ref(),
                quoted(blame.iter().map(|c| c.name.as_str()))
            ),
        );
    }
}

/// A rule or mask as the file has it, with the constraints it stands for.
struct Entry<'f> {
    name: &'f Name,
    conduct: bool,
    constraints: Vec<Constraint>,
}

fn entries<'f>(
    scratch: &mut Source<'_>,
    file: &'f ScenarioFile,
    scenario: &Scenario,
) -> Vec<Entry<'f>> {
    let mut left = scenario.constraints.iter().filter(|c| c.conduct).cloned();
    let mut list: Vec<Entry<'f>> = Vec::new();
    let layout = &scenario.layout;
    for rule in &file.rules {
        let n_cases = condition(scratch, &layout.features, &rule.when, None).len();
        list.push(Entry {
            name: &rule.name,
            conduct: true,
            constraints: left.by_ref().take(n_cases).collect(),
        });
    }
    let acts = scenario.acts_of_all();
    for (pattern, when) in &file.masks.0 {
        let mut constraints = Vec::new();
        for (action, fill) in of_pattern(scratch, pattern, &scenario.names, layout, &acts) {
            let wanted = condition(scratch, &layout.features, when, fill);
            constraints.extend(
                forbidding(&layout.features, &wanted)
                    .into_iter()
                    .map(|when| Constraint {
                        name: format!("mask of {}", layout.actions[action]),
                        when,
                        forbidden: ActionMask(1 << action),
                        conduct: false,
                    }),
            );
        }
        list.push(Entry {
            name: pattern,
            conduct: false,
            constraints,
        });
    }
    list
}

/// The first feature of a condition that has none of the wanted levels in a domain.
fn impossible(scenario: &Scenario, domain: &Domain, when: &Condition) -> Option<String> {
    let (feature, levels) = *when
        .terms
        .iter()
        .find(|&&(f, levels)| domain[usize::from(f)] & levels == 0)?;
    let feature = &scenario.layout.features[usize::from(feature)];
    let wanted: Vec<String> = (0..feature.levels.len())
        .filter(|level| levels >> level & 1 == 1)
        .map(|level| format!("`{}`", feature.levels[level]))
        .collect();
    Some(format!(
        "`{}` is never {} here",
        feature.name,
        wanted.join(" or ")
    ))
}

/// Rules and masks that no observation calls up.
fn speaking(found: &mut Findings<'_>, scenario: &Scenario, reach: &Reach, entries: &[Entry<'_>]) {
    for entry in entries {
        let silent: Vec<String> = entry
            .constraints
            .iter()
            .map_while(|c| impossible(scenario, &reach.levels, &c.when))
            .collect();
        if let (true, [why, ..]) = (silent.len() == entry.constraints.len(), &silent[..]) {
            if entry.conduct && found.is_included(&entry.name.span()) {
                // What a sub-process guards against may be unknown here.
            } else if entry.conduct {
                let name = entry.name.get_ref();
                found.error(
                    entry.name.span(),
                    format!("rule `{name}` can never speak: {why}"),
                );
            } else {
                let name = entry.name.get_ref();
                found.warning(
                    entry.name.span(),
                    format!("the mask of `{name}` takes nothing away: {why}"),
                );
            }
        } else if entry.constraints.is_empty() {
            found.warning(
                entry.name.span(),
                format!("the mask of `{}` fits no action", entry.name.get_ref()),
            );
        }
    }
}

/// Rules and masks that take away only what others take away wherever they speak; of two that say the
/// same, the later one.
fn superfluous(found: &mut Findings<'_>, reach: &Reach, entries: &[Entry<'_>]) {
    let mut needed = vec![true; entries.len()];
    for k in (0..entries.len()).rev() {
        let others = || {
            let others = entries.iter().zip(&needed).enumerate();
            others
                .filter(|(i, (_, needed))| *i != k && **needed)
                .flat_map(|(_, (entry, _))| &entry.constraints)
        };
        let speaks: Vec<(&Constraint, Domain)> = entries[k]
            .constraints
            .iter()
            .filter_map(|c| Some((c, within(&reach.levels, &c.when)?)))
            .collect();
        let takes = speaks.iter().any(|(constraint, domain)| {
            let mut forbidden = constraint.forbidden.iter();
            forbidden.any(|action| reach.satisfiable(domain, &allowed(others(), action)))
        });
        // One that cannot speak was reported with the reason.
        if speaks.is_empty() || takes {
            continue;
        }
        needed[k] = false;
        let (what, name) = match (entries[k].conduct, entries[k].name.get_ref()) {
            (true, name) => ("rule", name),
            (false, name) => ("the mask of", name),
        };
        found.warning(
            entries[k].name.span(),
            format!(
                "{what} `{name}` takes nothing away: wherever it speaks, others forbid as much; leave it out"
            ),
        );
    }
}

/// Script lines that never decide anything.
fn script(
    found: &mut Findings<'_>,
    scratch: &mut Source<'_>,
    file: &ScenarioFile,
    scenario: &Scenario,
    reach: &Reach,
) {
    // A line may stand for several, as `say = "answer(X)"` does.
    let mut lines: Vec<&Name> = Vec::new();
    let acts = scenario.acts_of_all();
    for line in &file.script {
        let Some(say) = &line.say else { continue };
        for (_, fill) in of_pattern(scratch, say, &scenario.names, &scenario.layout, &acts) {
            let cases = condition(scratch, &scenario.layout.features, &line.when, fill);
            lines.extend(cases.iter().map(|_| say));
        }
    }
    // Where a line decides, every earlier one either does not apply or names a masked action.
    let mut passed: Vec<Clause> = Vec::new();
    for (k, (line, (when, action))) in lines.iter().zip(&scenario.script).enumerate() {
        let say = &scenario.layout.actions[usize::from(*action)];
        let open = allowed(&scenario.constraints, *action);
        let message = match within(&reach.levels, when) {
            None => impossible(scenario, &reach.levels, when)
                .map(|why| format!("this line never applies: {why}")),
            Some(domain) if !reach.satisfiable(&domain, &open) => {
                let against = scenario
                    .constraints
                    .iter()
                    .filter(|c| c.forbidden.allows(*action) && within(&domain, &c.when).is_some());
                Some(format!(
                    "`{say}` is forbidden wherever this line applies, by {}",
                    quoted(against.map(|c| c.name.as_str()))
                ))
            }
            Some(domain) => {
                let all: Vec<Clause> = open.iter().chain(&passed).cloned().collect();
                (!reach.satisfiable(&domain, &all)).then(|| {
                    let covers = (0..k).find(|&i| {
                        let pair: Vec<Clause> = open.iter().chain([&passed[i]]).cloned().collect();
                        !reach.satisfiable(&domain, &pair)
                    });
                    let by = match covers {
                        Some(i) => format!("`say = \"{}\"` above decides", lines[i].get_ref()),
                        None => "lines above decide".to_owned(),
                    };
                    format!("`{say}` is never reached: {by} wherever this line applies")
                })
            }
        };
        if let Some(message) = message {
            found.warning(line.span(), message);
        }
        let mut not_taken = negation(when);
        let forbidding = scenario.constraints.iter();
        not_taken.extend(
            forbidding
                .filter(|c| c.forbidden.allows(*action))
                .map(|c| c.when.clone()),
        );
        passed.push(not_taken);
    }
    let Some(last) = lines.last() else {
        if file.population.is_some() {
            found.warning(
                file.name.span(),
                "there is no [[script]]: the hand-written flow would only close",
            );
        }
        return;
    };
    if let Some(example) = reach.example(&reach.levels, &passed) {
        let narrowed = scenario
            .layout
            .features
            .iter()
            .zip(example.iter().zip(&reach.levels));
        let narrowed = narrowed.filter(|(_, (levels, all))| levels != all);
        let place: Vec<String> = narrowed
            .map(|(feature, (levels, _))| {
                let level = levels.trailing_zeros() as usize;
                format!("{} = {}", feature.name, feature.levels[level])
            })
            .collect();
        // Who forbids there what the last line says is to blame, if anybody does.
        let domain: Domain = example.clone();
        let (_, action) = &scenario.script[scenario.script.len() - 1];
        let against = scenario
            .constraints
            .iter()
            .filter(|c| c.forbidden.allows(*action) && within(&domain, &c.when).is_some());
        let against: Vec<&str> = against.map(|c| c.name.as_str()).collect();
        let blamed = match against.is_empty() {
            true => "end with a line that always applies".to_owned(),
            false => format!(
                "there its last line is forbidden by {}: narrow that, or add a line that is not",
                quoted(against.into_iter())
            ),
        };
        found.warning(
            last.span(),
            format!(
                "a call may come past the last line of the script, as where {}; {blamed}",
                place.join(", ")
            ),
        );
    }
}

/// Calls that cannot be ended: no action closes, or a level that never goes away forbids all that do.
fn endings(found: &mut Findings<'_>, file: &ScenarioFile, scenario: &Scenario, reach: &Reach) {
    let closes = |action: &ActionId| {
        let mut acts = scenario.acts(*action).iter();
        acts.any(|act| act.kind == SystemActKind::Close)
    };
    if !reach.actions.iter().any(|action| closes(&action)) {
        found.error(
            file.name.span(),
            "no action closes the call, so none can be complete; add `\"close\" = \"..\"` to [robot]",
        );
        return;
    }
    let f = &scenario.index;
    let told = f
        .topics
        .iter()
        .chain(&f.messages)
        .chain([&f.purpose, &f.left_message]);
    let lasting = [
        (f.opt_out, wish::ASKED),
        (f.human, wish::ASKED),
        (f.availability, availability::DRIVING),
    ]
    .into_iter()
    .chain(told.map(|&feature| (feature, spoken::YES)));
    for (feature, level) in lasting.filter(|(feature, _)| *feature != SPARE) {
        let at = Condition {
            terms: vec![(feature as u8, 1 << level)],
        };
        let Some(domain) = within(&reach.levels, &at) else {
            continue;
        };
        let ends = |action| reach.satisfiable(&domain, &allowed(&scenario.constraints, action));
        if scenario.ending().iter().any(ends) {
            continue;
        }
        let feature = &scenario.layout.features[feature];
        let rules = || scenario.constraints.iter().take_while(|c| c.conduct);
        let ending = scenario.ending().0;
        let blamed =
            rules().find(|c| c.forbidden.0 & ending != 0 && within(&domain, &c.when).is_some());
        let place = blamed.and_then(|c| {
            let mut rules = file.rules.iter();
            rules.find(|rule| c.name.starts_with(rule.name.get_ref().as_str()))
        });
        found.error(
            place.map_or(file.name.span(), |rule| rule.name.span()),
            format!(
                "once `{}` is `{}` nothing may end the call: {}",
                feature.name,
                feature.levels[usize::from(level)],
                quoted(
                    rules()
                        .filter(|c| c.forbidden.0 & ending != 0)
                        .map(|c| c.name.as_str())
                )
            ),
        );
    }
}

/// Completion conditions that can never hold.
fn completion(found: &mut Findings<'_>, file: &ScenarioFile, scenario: &Scenario, reach: &Reach) {
    if file.completion.is_empty() {
        found.error(
            file.name.span(),
            "there is no [[completion]], so no call is ever complete; say what a call is for",
        );
    }
    let f = &scenario.index;
    for (entry, compiled) in file.completion.iter().zip(&scenario.completion) {
        for (name, need) in entry.need.iter().zip(&compiled.need) {
            let (feature, least, remedy) = match *need {
                Need::Identified => (
                    f.identity,
                    identity::CONFIRMED,
                    "`confirm_identity` or `verify_identity`",
                ),
                Need::Told(k) => (f.topics[usize::from(k)], spoken::YES, "an `inform` of it"),
                Need::Known(k) => (
                    f.slots[usize::from(k)],
                    slot::FAINT,
                    "an `ask` for it and words that tell it",
                ),
                Need::Settled(k) => (
                    f.offers[usize::from(k)],
                    offer::MAYBE,
                    "an `offer` of it and `accept` or `decline`",
                ),
                Need::Accepted(k) => (
                    f.offers[usize::from(k)],
                    offer::MAYBE,
                    "an `offer` of it and `accept`",
                ),
                Need::Sent(k) => (
                    f.messages[usize::from(k)],
                    spoken::YES,
                    "a `send_message` of it",
                ),
                // Holds as well where there never was a concern.
                Need::Met(_) => continue,
            };
            let most = if matches!(need, Need::Accepted(_)) {
                offer::ACCEPTED
            } else {
                15
            };
            let wanted = (u16::MAX << least) & (u16::MAX >> (15 - most));
            if feature == SPARE || reach.levels[feature] & wanted == 0 {
                found.error(
                    name.span(),
                    format!(
                        "`{}` can never hold; it takes {remedy} that is allowed somewhere",
                        name.get_ref()
                    ),
                );
            }
        }
    }
}

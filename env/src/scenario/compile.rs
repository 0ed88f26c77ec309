//! From a scenario file to dense tables; what cannot be is reported with its place.

use super::check::{actions, condition, system_acts, user_act};
use super::condition::MaskTable;
use super::conduct::{constraints, of_pattern};
use super::file::{Name, ScenarioFile};
use super::include::{self, ScenarioText};
use super::moves::Move;
use super::{Completion, MAX_NAMES, MAX_SLOTS, Need, Scenario, reward};
use crate::act::{AboutClass, SystemAct, SystemActKind, UserActKind};
use crate::action::{ActionId, ActionMask, MAX_ACTIONS};
use crate::belief::effects::Hearing;
use crate::belief::features::{Needs, build};
use crate::belief::layout::{Layout, MAX_FEATURES, MAX_LEVELS};
use crate::diagnostic::{Diagnostics, Source, suggestion};
use crate::names::{MAX_NAME, Names, is_name, value_fault};

/// Most lines of a script once its patterns are written out; the checks of a flow look at all lines before each.
const MAX_LINES: usize = 1_000;

/// Words a robot speaks per second: 150 a minute, the usual pace of recorded speech (assumption).
const WORDS_PER_SECOND: f32 = 2.5;
/// Pause before the customer answers, seconds (assumption).
const PAUSE_SECONDS: f32 = 0.5;

impl Scenario {
    /// Reads, checks and compiles a scenario.
    ///
    /// # Errors
    /// Every mistake in its texts, with file, line and column.
    pub fn parse(text: &ScenarioText) -> Result<Self, Diagnostics> {
        let (mut source, file) = include::read(text);
        let scenario = file.and_then(|file| compile(&mut source, &file));
        if scenario.is_none() {
            // `finish` reports what was found; a scenario is only withheld with a reason.
            source.report_if_clean("not a scenario");
        }
        source.finish()?;
        Ok(scenario.expect("a scenario without mistakes compiles"))
    }
}

/// Compiles what could be read; `None` when too little is left to go on.
pub(super) fn compile(source: &mut Source<'_>, file: &ScenarioFile) -> Option<Scenario> {
    if *file.schema.get_ref() != 1 {
        let found = file.schema.get_ref();
        source.report(
            file.schema.span(),
            format!("schema is {found}, this program reads schema 1"),
        );
    }
    if !(1..=1000).contains(file.max_turns.get_ref()) {
        source.report(
            file.max_turns.span(),
            "max_turns must lie between 1 and 1000",
        );
    }
    if !is_scenario_name(file.name.get_ref()) {
        let message = format!(
            "`{}` cannot be a scenario's name, expected at most {MAX_NAME} letters, digits, `_` and `-`",
            shown(file.name.get_ref())
        );
        source.report(file.name.span(), message);
    }
    let names = Names {
        topics: names_of(source, AboutClass::Topic, &file.topics),
        slots: names_of(
            source,
            AboutClass::Slot,
            &file
                .slots
                .0
                .iter()
                .map(|(name, _)| name.clone())
                .collect::<Vec<_>>(),
        ),
        questions: names_of(source, AboutClass::Question, &file.questions),
        concerns: names_of(source, AboutClass::Concern, &file.concerns),
        offers: names_of(source, AboutClass::Offer, &file.offers),
        messages: names_of(source, AboutClass::Message, &file.messages),
    };
    let slot_values: Vec<Vec<String>> = file
        .slots
        .0
        .iter()
        .map(|(name, slot)| slot_values(source, name, &slot.values, slot.branch))
        .collect();

    let mut action_names = Vec::new();
    let mut acts: Vec<Vec<SystemAct>> = Vec::new();
    let mut phrases = Vec::new();
    for (name, phrase) in &file.robot.0 {
        let Some(parsed) = system_acts(source, &names, name) else {
            continue;
        };
        if phrase.get_ref().trim().is_empty() {
            source.report(
                phrase.span(),
                format!("`{}` has no words; say what the robot says", name.get_ref()),
            );
        }
        if name.get_ref().len() > 2 * MAX_NAME {
            let message = format!("an action of more than {} characters", 2 * MAX_NAME);
            source.report(name.span(), message);
            continue;
        }
        action_names.push(name.get_ref().clone());
        acts.push(parsed);
        phrases.push(phrase.get_ref().clone());
    }
    if acts.is_empty() || acts.len() > MAX_ACTIONS {
        let found = acts.len();
        source.report(
            file.name.span(),
            format!("[robot] has {found} actions, expected 1 to {MAX_ACTIONS}"),
        );
        return None;
    }
    let customer: Vec<_> = file
        .customer
        .0
        .iter()
        .filter_map(|(name, words)| {
            if words.is_empty() {
                source.report(
                    name.span(),
                    format!(
                        "`{}` has no words; give at least one phrase",
                        name.get_ref()
                    ),
                );
            }
            let act = user_act(source, &names, &slot_values, name)?;
            Some((act, words.iter().map(|w| w.get_ref().clone()).collect()))
        })
        .collect();
    let kinds: Vec<UserActKind> = customer
        .iter()
        .map(|(act, _): &(_, Vec<String>)| act.kind)
        .collect();

    let branch_values = file
        .slots
        .0
        .iter()
        .zip(&slot_values)
        .map(|((_, slot), values)| {
            if slot.branch {
                values.clone()
            } else {
                Vec::new()
            }
        })
        .collect();
    let (features, index) = build(&Needs {
        names: &names,
        branch_values,
        robot: &acts,
        customer: &kinds,
    });
    if features.len() > MAX_FEATURES {
        let found = features.len();
        let message = format!(
            "the scenario needs {found} features, at most {MAX_FEATURES} fit; name fewer things"
        );
        source.report(file.name.span(), message);
        return None;
    }

    let private: ActionMask = file
        .private
        .iter()
        .map(|pattern| actions(source, &action_names, &acts, None, pattern))
        .fold(ActionMask::default(), |all, mask| {
            ActionMask(all.0 | mask.0)
        });
    let layout = Layout {
        scenario: file.name.get_ref().clone(),
        features,
        actions: action_names,
    };
    let constraints = constraints(source, file, &names, &layout, &acts, private);
    let completion = completion(source, file, &names, &slot_values);
    let mut script = Vec::new();
    for line in &file.script {
        let Some(say) = &line.say else { continue };
        for (action, fill) in of_pattern(source, say, &names, &layout, &acts) {
            let when = condition(source, &layout.features, &line.when, fill);
            script.push((when, action as ActionId));
        }
        if script.len() > MAX_LINES {
            let message = format!("the script has more than {MAX_LINES} lines, expected fewer");
            source.report(say.span(), message);
            break;
        }
    }
    let mut yes_no = [false; MAX_SLOTS];
    for (flag, values) in yes_no.iter_mut().zip(&slot_values) {
        *flag = values.len() == 2 && values[0] == "yes" && values[1] == "no";
    }
    let actions_where = |fits: &dyn Fn(&[SystemAct]) -> bool| -> ActionMask {
        let fitting = (0..).zip(&acts).filter(|(_, acts)| fits(acts));
        fitting.map(|(action, _)| action).collect()
    };
    let ends = |act: &SystemAct| matches!(act.kind, SystemActKind::Close | SystemActKind::Transfer);
    let parts =
        |act: &SystemAct| matches!(act.kind, SystemActKind::Apologize | SystemActKind::Close);
    let reward = reward::checked(source, file.reward.as_ref().map(|reward| *reward.get_ref()));
    let seconds = |phrase: &String| {
        PAUSE_SECONDS + phrase.split_whitespace().count() as f32 / WORDS_PER_SECOND
    };
    let moves = (acts.iter().zip(&phrases))
        .map(|(acts, phrase)| Move::new(&index, acts, &yes_no, seconds(phrase)))
        .collect();
    let distrust = lookup(
        source,
        AboutClass::Concern,
        &names.concerns,
        file.distrust.as_ref(),
    );
    let hearings = (UserActKind::ALL.iter())
        .map(|&kind| Hearing::new(&index, kind, distrust))
        .collect();
    let mask_table = MaskTable::new(&constraints, acts.len());
    Some(Scenario {
        name: file.name.get_ref().clone(),
        purpose: file.purpose.get_ref().clone(),
        max_turns: *file.max_turns.get_ref(),
        channel: file.channel.as_ref().map(|c| c.get_ref().clone()),
        callback_slot: lookup(
            source,
            AboutClass::Slot,
            &names.slots,
            file.callback.as_ref(),
        ),
        distrust_concern: distrust,
        ending: actions_where(&|acts| acts.iter().any(ends)),
        leave_taking: actions_where(&|acts| acts.iter().all(parts)),
        first_masks: mask_table.masks(&[0; 64]),
        mask_table,
        slot_values,
        constraints,
        reward,
        completion,
        customer,
        index,
        yes_no,
        moves,
        hearings,
        phrases,
        private,
        script,
        layout,
        names,
    })
}

/// A scenario's name is a folder's as well.
fn is_scenario_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    (1..=MAX_NAME).contains(&text.len()) && text.chars().all(plain)
}

/// As much of a text as a message shows.
fn shown(text: &str) -> String {
    let start: String = text.chars().take(MAX_NAME).collect();
    start.escape_debug().to_string()
}

fn names_of(source: &mut Source<'_>, class: AboutClass, list: &[Name]) -> Vec<String> {
    let most = if class == AboutClass::Slot {
        MAX_SLOTS
    } else {
        MAX_NAMES
    };
    if let Some(extra) = list.get(most) {
        source.report(
            extra.span(),
            format!(
                "more than {most} names for a {}, leave some out",
                class.prefix()
            ),
        );
    }
    for (k, name) in list.iter().take(most).enumerate() {
        let text = name.get_ref();
        if !is_name(text) {
            source.report(
                name.span(),
                format!(
                    "`{}` is no name, expected at most {MAX_NAME} lowercase letters, digits and `_`",
                    shown(text)
                ),
            );
        }
        if list[..k].iter().any(|other| other.get_ref() == text) {
            source.report(
                name.span(),
                format!("{} `{text}` is named twice", class.prefix()),
            );
        }
    }
    list.iter()
        .take(most)
        .map(|name| name.get_ref().clone())
        .collect()
}

fn slot_values(source: &mut Source<'_>, slot: &Name, values: &[Name], branch: bool) -> Vec<String> {
    if branch && !(1..MAX_LEVELS).contains(&values.len()) {
        let found = values.len();
        let message = format!(
            "slot `{}` branches on {found} values, expected 1 to {}",
            slot.get_ref(),
            MAX_LEVELS - 1
        );
        source.report(slot.span(), message);
        return Vec::new();
    }
    if let Some(extra) = values.get(254) {
        source.report(extra.span(), "a slot has at most 254 values");
    }
    for (k, value) in values.iter().take(254).enumerate() {
        let (slot, text) = (slot.get_ref(), value.get_ref());
        if let Some(why) = value_fault(text) {
            let text = shown(text);
            let message = format!("`{text}` cannot be a value of slot `{slot}`: {why}");
            source.report(value.span(), message);
        } else if values[..k].iter().any(|other| other.get_ref() == text) {
            let message = format!("value `{text}` of slot `{slot}` is named twice");
            source.report(value.span(), message);
        }
    }
    values
        .iter()
        .take(254)
        .map(|value| value.get_ref().clone())
        .collect()
}

fn lookup(
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

fn completion(
    source: &mut Source<'_>,
    file: &ScenarioFile,
    names: &Names,
    slot_values: &[Vec<String>],
) -> Vec<Completion> {
    let mut list = Vec::new();
    for entry in &file.completion {
        let when = entry.when.0.iter().filter_map(|(slot, value)| {
            let at = lookup(source, AboutClass::Slot, &names.slots, Some(slot))?;
            let values = &slot_values[at as usize];
            let found = values.iter().position(|v| v == value.get_ref());
            if found.is_none() {
                let hint = suggestion(value.get_ref(), values.iter().map(String::as_str));
                source.report(
                    value.span(),
                    format!(
                        "unknown value `{}` of slot `{}`: {hint}",
                        value.get_ref(),
                        slot.get_ref()
                    ),
                );
            }
            Some((at, found? as u8))
        });
        let when = when.collect();
        let need = entry
            .need
            .iter()
            .filter_map(|need| parse_need(source, names, need))
            .collect();
        list.push(Completion { when, need });
    }
    list
}

fn parse_need(source: &mut Source<'_>, names: &Names, text: &Name) -> Option<Need> {
    const KINDS: [&str; 7] = [
        "identified",
        "told",
        "known",
        "settled",
        "accepted",
        "sent",
        "met",
    ];
    let (kind, about) = match text.get_ref().split_once('(') {
        None => (text.get_ref().as_str(), None),
        Some((kind, rest)) => (kind, Some(rest.trim_end_matches(')'))),
    };
    let (class, make): (_, fn(u8) -> Need) = match kind {
        "identified" => return Some(Need::Identified),
        "told" => (AboutClass::Topic, Need::Told),
        "known" => (AboutClass::Slot, Need::Known),
        "settled" => (AboutClass::Offer, Need::Settled),
        "accepted" => (AboutClass::Offer, Need::Accepted),
        "sent" => (AboutClass::Message, Need::Sent),
        "met" => (AboutClass::Concern, Need::Met),
        _ => {
            source.report(
                text.span(),
                format!("unknown need `{kind}`: {}", suggestion(kind, KINDS)),
            );
            return None;
        }
    };
    let name = Name::new(text.span(), about.unwrap_or_default().to_owned());
    lookup(source, class, names.of(class), Some(&name)).map(make)
}

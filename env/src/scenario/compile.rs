//! From a scenario file to dense tables; what cannot be is reported with its place.

use std::sync::Arc;

use super::check::{actions, check_name, condition, lookup, shown, system_acts, user_act};
use super::condition::MaskTable;
use super::conduct::{constraints, of_pattern};
use super::counter::MAX_COUNTERS;
use super::file::{Name, ScenarioFile};
use super::include::{self, ScenarioText};
use super::moves::Move;
use super::slot::Slot;
use super::{
    MAX_NAMES, MAX_OWN_SLOTS, MAX_SLOTS, Scenario, caller, completion, counter, reward, slot_file,
};
use crate::act::{AboutClass, SystemAct, SystemActKind, UserActKind};
use crate::action::{ActionId, ActionMask, MAX_ACTIONS};
use crate::belief::calibration::fact::facts_of;
use crate::belief::calibration::{Tables, digest};
use crate::belief::effects::Hearing;
use crate::belief::features::{N_CODES, Needs, build};
use crate::belief::layout::{Layout, MAX_FEATURES};
use crate::diagnostic::{Diagnostics, Source, Text};
use crate::names::{MAX_NAME, Names};

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
        let scenario = file.and_then(|file| compile(&mut source, &file, text.tracker.as_ref()));
        if scenario.is_none() {
            // `finish` reports what was found; a scenario is only withheld with a reason.
            source.report_if_clean("not a scenario");
        }
        source.finish()?;
        Ok(scenario.expect("a scenario without mistakes compiles"))
    }
}

/// Compiles what could be read; `None` when too little is left to go on.
pub(super) fn compile(
    source: &mut Source<'_>,
    file: &ScenarioFile,
    tracker: Option<&Text>,
) -> Option<Scenario> {
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
    let mut slots: Vec<Slot> = (file.slots.0.iter().take(MAX_SLOTS))
        .map(|(name, slot)| slot_file::slot(source, name, slot))
        .collect();
    for name in &file.carry {
        if let Some(slot) = lookup(source, AboutClass::Slot, &names.slots, Some(name)) {
            slots[usize::from(slot)].carried = true;
        }
    }
    let caller = caller::compile(source, &file.caller);

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
            let act = user_act(source, &names, &slots, name)?;
            Some((act, words.iter().map(|w| w.get_ref().clone()).collect()))
        })
        .collect();
    let kinds: Vec<UserActKind> = customer
        .iter()
        .map(|(act, _): &(_, Vec<String>)| act.kind)
        .collect();

    let counters = file.counters.0.iter().take(MAX_COUNTERS);
    let counters: Vec<String> = counters.map(|(name, _)| name.get_ref().clone()).collect();
    let facts = facts_of(
        &names,
        |kind| acts.iter().flatten().any(|act| act.kind == kind),
        |kind| kinds.contains(&kind),
    );
    let tables = tracker.map(|text| Tables::parse(&text.text, &names, &slots, &facts));
    let tables = match tables.transpose() {
        Ok(tables) => tables,
        Err(error) => {
            let file_name = tracker.map_or("", |text| &text.file);
            source.report(file.name.span(), format!("`{file_name}`: {error}"));
            return None;
        }
    };
    let (features, index) = build(&Needs {
        facts: &facts,
        groups: tables.as_ref().map_or(&[], |tables| &tables.groups),
        names: &names,
        slots: &slots,
        caller: &caller,
        counters: &counters,
        robot: &acts,
        customer: &kinds,
    });
    if features.len() > MAX_FEATURES {
        let found = features.len();
        let message = format!(
            "the scenario needs {found} features, at most {MAX_FEATURES} fit; name fewer things, or let fewer slots \
             branch"
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
        tracker: tracker.map(|text| digest(&text.text)),
    };
    let counters = counter::compile(source, file, &layout, &acts, private);
    let constraints = constraints(source, file, &names, &layout, &acts, private);
    let completion = completion::compile(source, file, &names, &slots);
    let mut script = Vec::new();
    for line in &file.script {
        let Some(say) = &line.say else { continue };
        for (action, fill) in of_pattern(source, say, &names, &layout, &acts) {
            for when in condition(source, &layout.features, &line.when, fill) {
                script.push((when, action as ActionId));
            }
        }
        if script.len() > MAX_LINES {
            let message = format!("the script has more than {MAX_LINES} lines, expected fewer");
            source.report(say.span(), message);
            break;
        }
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
        .map(|(acts, phrase)| Move::new(&index, acts, (&slots, &facts), seconds(phrase)))
        .collect();
    let distrust = lookup(
        source,
        AboutClass::Concern,
        &names.concerns,
        file.distrust.as_ref(),
    );
    let callback = lookup(
        source,
        AboutClass::Slot,
        &names.slots,
        file.callback.as_ref(),
    );
    let hearings = (UserActKind::ALL.iter())
        .map(|&kind| Hearing::new(&index, kind, distrust).naming(kind, &facts, distrust, callback))
        .collect();
    let mask_table = MaskTable::new(&constraints, acts.len());
    Some(Scenario {
        name: file.name.get_ref().clone(),
        purpose: file.purpose.get_ref().clone(),
        max_turns: *file.max_turns.get_ref(),
        channel: file.channel.as_ref().map(|c| c.get_ref().clone()),
        callback_slot: callback,
        distrust_concern: distrust,
        calibration: tables.map(Arc::new),
        facts,
        ending: actions_where(&|acts| acts.iter().any(ends)),
        leave_taking: actions_where(&|acts| acts.iter().all(parts)),
        first_masks: mask_table.masks(&[0; N_CODES]),
        mask_table,
        slots,
        caller,
        counters,
        constraints,
        reward,
        completion,
        customer,
        index,
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

fn names_of(source: &mut Source<'_>, class: AboutClass, list: &[Name]) -> Vec<String> {
    let (most, own) = match class {
        AboutClass::Slot => (MAX_SLOTS, MAX_OWN_SLOTS),
        _ => (MAX_NAMES, MAX_NAMES),
    };
    // The scenario's own names stand first: it is they that can be changed.
    let n_own = list
        .iter()
        .filter(|name| !source.is_included(&name.span()))
        .count();
    let n_included = list.len() - n_own;
    let fit = own.min(most.saturating_sub(n_included));
    if let Some(extra) = list[..n_own].get(fit) {
        let beside = match n_included {
            0 => String::new(),
            n => format!(" beside the {n} of included sub-processes"),
        };
        let message = format!(
            "{n_own} names for a {}, at most {fit} fit{beside}; leave some out",
            class.prefix()
        );
        source.report(extra.span(), message);
    }
    for (k, name) in list.iter().take(most).enumerate() {
        let text = name.get_ref();
        check_name(source, name);
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

//! Played calls as logs and as dialogs to read: words of both sides, what was meant and understood.

use std::fmt::Write as _;

use crate::act::{SystemAct, SystemActKind, UserAct, UserActKind, Utterance};
use crate::action::ActionId;
use crate::call::customer::Customers;
use crate::call::outcome::CallSummary;
use crate::call::{Call, Turn, World};
use crate::log::{TurnLog, act_names, n_best_log};
use crate::printable::one_line;
use crate::scenario::Scenario;

/// Logs the turn of a call that was just played: `action` was chosen with probability `prob`, the
/// turn began `start_seconds` into the call.
pub fn played_turn<C: Customers>(
    world: &World<C>,
    call: &Call<C::Customer>,
    start_seconds: f32,
    (action, prob): (ActionId, f32),
    turn: &Turn,
) -> TurnLog {
    let scenario = &*world.scenario;
    TurnLog {
        action: scenario.layout.actions[action as usize].clone(),
        action_prob: Some(f64::from(prob)),
        system_text: spoken(scenario, action, turn.value),
        user_text: words(scenario, &turn.said, call.episode()),
        n_best: n_best_log(scenario, &turn.heard),
        user_acts: Some(act_names(scenario, &turn.said)),
        mood: Some(call.mood(world)),
        reward: Some(turn.reward),
        start_seconds: Some(f64::from(start_seconds)),
        end_seconds: Some(f64::from(start_seconds + turn.seconds)),
    }
}

/// The robot's words, with the value that it reads out.
fn spoken(scenario: &Scenario, action: ActionId, value: u8) -> String {
    let phrase = scenario.phrase(action);
    let confirms = |act: &&SystemAct| act.kind == SystemActKind::Confirm;
    let slot = scenario.acts(action).iter().find(confirms);
    let slot = slot.map(|act| &scenario.slots[act.about as usize]);
    match slot.and_then(|slot| Some((slot, slot.values.get(value as usize)?))) {
        Some((slot, value)) => phrase.replace("{value}", &slot.spoken(value)),
        None => phrase.to_owned(),
    }
}

/// Words for what the customer did, chosen among the scenario's phrases.
fn words(scenario: &Scenario, said: &Utterance, episode: u64) -> String {
    let phrase = |(k, act): (usize, &UserAct)| {
        let exact = scenario.customer.iter().find(|(known, _)| known == act);
        let kind = || {
            scenario
                .customer
                .iter()
                .find(|(known, _)| known.kind == act.kind && known.about == act.about)
        };
        let (_, phrases) = exact.or_else(kind)?;
        let phrase = phrases.get((episode as usize + k) % phrases.len().max(1))?;
        let slot = scenario.slots.get(usize::from(act.about));
        let told = slot.filter(|_| act.kind == UserActKind::Inform);
        let value =
            told.and_then(|slot| Some(slot.spoken(slot.values.get(usize::from(act.value))?)));
        Some(value.map_or_else(|| phrase.clone(), |value| phrase.replace("{value}", &value)))
    };
    let list: Vec<String> = said.acts().iter().enumerate().filter_map(phrase).collect();
    list.join(" ")
}

/// Logged turns as lines to read: words, true acts, and what was understood where it differs.
pub fn lines(turns: &[TurnLog]) -> String {
    let mut text = String::new();
    for turn in turns {
        // Words may come from anybody's log.
        let words = one_line(&turn.system_text);
        let _ = writeln!(text, "  robot     {words}   [{}]", one_line(&turn.action));
        let acts = turn.user_acts.as_deref().unwrap_or_default();
        if acts.is_empty() && turn.n_best.is_empty() {
            continue;
        }
        let said = if acts.is_empty() {
            "silence".to_owned()
        } else {
            acts.join(", ")
        };
        let heard = match turn.n_best.first() {
            Some(top) if top.acts == acts => format!("{:.2}", top.confidence),
            Some(top) if top.acts.is_empty() => "heard nothing".to_owned(),
            Some(top) => format!("heard {} {:.2}", top.acts.join(", "), top.confidence),
            None => "heard nothing".to_owned(),
        };
        let words = match one_line(&turn.user_text) {
            words if words.is_empty() => "...".into(),
            words => words,
        };
        let understood = format!("{said}; {heard}");
        let _ = writeln!(text, "  customer  {words}   [{}]", one_line(&understood));
    }
    text
}

/// How the call ended, as the last line of its dialog.
pub fn last_line(summary: &CallSummary) -> String {
    format!(
        "  => {}, rating {}, {} turns, {:.0} s, return {:.1}{}\n",
        summary.outcome.name(),
        summary.satisfaction,
        summary.turns,
        summary.seconds,
        summary.return_,
        if summary.harms > 0 { ", HARM" } else { "" },
    )
}

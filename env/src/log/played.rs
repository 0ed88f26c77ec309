//! The log of a call that is being played: all that the simulator knows of it.

use super::acts::{act_names, n_best_log};
use super::call::{Answered, CallLog, Caller, Ended, GoalLog, TurnLog};
use super::record::Record;
use crate::act::{NONE, UserAct, UserActKind, Utterance};
use crate::action::ActionId;
use crate::belief::caller::CallerRecord;
use crate::call::customer::Customers;
use crate::call::outcome::{CallSummary, Outcome};
use crate::call::{Call, Turn, World};
use crate::scenario::Scenario;
use crate::speech;

/// A call's log while the call goes on.
#[derive(Clone, Debug)]
pub struct PlayedLog {
    log: CallLog,
    record: Record,
    seconds: f32,
}

impl PlayedLog {
    /// The log of a call that was just answered, by a customer of whom `record` was on file.
    pub fn start<C: Customers>(
        world: &World<C>,
        call: &Call<C::Customer>,
        call_id: String,
        record: &CallerRecord,
    ) -> Self {
        Self {
            log: CallLog {
                call_id,
                scenario: world.scenario.name.clone(),
                caller: Caller {
                    id: call.episode().to_string(),
                    ..record.log(&world.scenario)
                },
                answered_by: Some(Answered {
                    by: world.customers.answered_by(call.customer()),
                    score: None,
                }),
                goal: Some(goal(world, call)),
                ..CallLog::default()
            },
            record: Record::EMPTY,
            seconds: 0.0,
        }
    }

    /// Adds the turn that was just played; its action was chosen with probability `prob`.
    pub fn turn<C: Customers>(
        &mut self,
        world: &World<C>,
        call: &Call<C::Customer>,
        (action, prob): (ActionId, f32),
        turn: &Turn,
    ) {
        let scenario = &*world.scenario;
        let start = self.seconds;
        let spoken = start + scenario.seconds(action);
        self.seconds += turn.seconds;
        let read_out = read_out(scenario, action, turn.value);
        self.log.turns.push(TurnLog {
            action: scenario.layout.actions[action as usize].clone(),
            action_prob: Some(f64::from(prob)),
            system_text: words(scenario, action, read_out),
            values: (read_out.into_iter())
                .map(|(slot, value)| (slot.to_owned(), value.to_owned()))
                .collect(),
            user_text: reply(scenario, &turn.said, call.episode()),
            n_best: n_best_log(scenario, &turn.heard),
            user_acts: Some(act_names(scenario, &turn.said)),
            recorded: (self.record).update(
                scenario,
                |slot, v| listed(scenario, slot, v),
                &call.belief,
            ),
            mood: Some(call.mood(world)),
            reward: Some(turn.reward),
            system_start_seconds: Some(seconds(start)),
            system_end_seconds: Some(seconds(spoken)),
            user_start_seconds: Some(seconds(spoken)),
            user_end_seconds: Some(seconds(self.seconds)),
            ..TurnLog::default()
        });
    }

    /// The turns so far.
    pub fn turns(&self) -> &[TurnLog] {
        &self.log.turns
    }

    /// The log of the call that ended with these figures.
    pub fn finish(self, summary: &CallSummary) -> CallLog {
        CallLog {
            ended: Some(Ended::from(summary.outcome.ended_by())),
            outcome: Some(summary.outcome),
            success: Some(summary.outcome == Outcome::Completed),
            satisfaction: Some(summary.satisfaction),
            ..self.log
        }
    }
}

/// Seconds to the millisecond, for nobody reads more digits.
fn seconds(exact: f32) -> f64 {
    (f64::from(exact) * 1000.0).round() / 1000.0
}

/// What the customer wants who has just picked up.
fn goal<C: Customers>(world: &World<C>, call: &Call<C::Customer>) -> GoalLog {
    let scenario = &*world.scenario;
    let truth = world.customers.truth(call.customer());
    let goal = world.customers.goal(call.customer());
    let named = |names: &[String], set: u16| -> Vec<String> {
        let named = names.iter().enumerate();
        let named = named.filter(|(k, _)| set >> k & 1 == 1);
        named.map(|(_, name)| name.clone()).collect()
    };
    let slots = scenario.names.slots.iter().zip(truth.slots).enumerate();
    let slots = slots.filter_map(|(slot, (name, value))| {
        Some((name.clone(), listed(scenario, slot, value)?.to_owned()))
    });
    GoalLog {
        text: String::new(),
        slots: slots.collect(),
        questions: named(&scenario.names.questions, goal.questions),
        concerns: named(&scenario.names.concerns, truth.concerns),
        offers: named(&scenario.names.offers, goal.offers),
        right_person: Some(goal.reachable),
        available: Some(!truth.unavailable),
        wants_human: Some(goal.wants_human),
        wants_opt_out: Some(goal.wants_opt_out),
    }
}

/// The slot that the robot read out, and its value, if it did.
fn read_out(scenario: &Scenario, action: ActionId, value: u8) -> Option<(&str, &str)> {
    let slot = usize::from(speech::read_out(scenario, action)?);
    Some((&scenario.names.slots[slot], listed(scenario, slot, value)?))
}

/// The text of a value that the scenario lists.
fn listed(scenario: &Scenario, slot: usize, value: u8) -> Option<&str> {
    let value = scenario.slots[slot].values.get(usize::from(value))?;
    Some(value)
}

/// The robot's words, with the value that it reads out.
fn words(scenario: &Scenario, action: ActionId, read_out: Option<(&str, &str)>) -> String {
    let mut words = String::new();
    let value = read_out.map(|(_, value)| value);
    speech::say(scenario, action, value, &mut words);
    words
}

/// Words for what the customer did, chosen among the scenario's phrases.
fn reply(scenario: &Scenario, said: &Utterance, episode: u64) -> String {
    let phrase = |(k, act): (usize, &UserAct)| {
        // Words for the value itself, else for any value, else whatever is said of the kind.
        let of_kind = |(known, _): &&(UserAct, Vec<String>)| {
            known.kind == act.kind && known.about == act.about
        };
        let mut words = scenario.customer.iter();
        let exact = words.find(|(known, _)| known == act);
        let any = || {
            let mut words = scenario.customer.iter().filter(of_kind);
            words.find(|(known, _)| known.value == NONE)
        };
        let kind = || any().or_else(|| scenario.customer.iter().find(of_kind));
        let (_, phrases) = exact.or_else(kind)?;
        let phrase = phrases.get((episode as usize + k) % phrases.len().max(1))?;
        let slot = usize::from(act.about);
        let told = (act.kind == UserActKind::Inform && slot < scenario.slots.len())
            .then(|| listed(scenario, slot, act.value))
            .flatten();
        Some(match told {
            Some(value) => phrase.replace("{value}", &scenario.slots[slot].spoken(value)),
            None => phrase.clone(),
        })
    };
    let list: Vec<String> = said.acts().iter().enumerate().filter_map(phrase).collect();
    list.join(" ")
}

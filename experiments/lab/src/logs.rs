//! Logs of calls, replayed through the tracker: what imitation and off-policy evaluation read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use offhook_env::call::outcome::Outcome;
use offhook_env::log::{CallLog, Episode, replay};
use offhook_env::scenario::Scenario;
use offhook_policy::data::trajectories::Trajectories;
use offhook_policy::learner::LearnError;

use crate::disk::jsonl;
use crate::error::Failure;

/// Caller features that a call must have, by name: all calls if empty.
pub type Where = BTreeMap<String, String>;

/// Reads `dialog_manager=0`.
///
/// # Errors
/// If there is no `=`, or nothing before it.
pub fn parse_where(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected FEATURE=VALUE, as in dialog_manager=0".to_owned()),
    }
}

/// Most turns of a log that is kept in memory, where `ope` has some 600 bytes for each, all others less.
pub const MAX_TURNS: usize = 2_000_000;
/// Values of a caller feature that a message lists.
const N_LISTED: usize = 50;

/// A call and how the tracker saw it; words and readings are let go, for they are most of a log.
pub struct LoggedCall {
    /// Its line in the file, counted from 1.
    pub line: usize,
    /// The call as a learner sees it; every action is allowed where it was taken.
    pub episode: Episode,
    outcome: Option<Outcome>,
    success: Option<bool>,
}

impl LoggedCall {
    fn new(line: usize, call: &CallLog, episode: Episode) -> Self {
        Self {
            line,
            episode,
            outcome: call.outcome,
            success: call.success,
        }
    }
}

/// Counts the turns that are kept of a log.
#[derive(Default)]
pub struct TurnBudget(usize);

impl TurnBudget {
    /// Adds those of a call.
    ///
    /// # Errors
    /// If they are more than [`MAX_TURNS`].
    pub fn take(&mut self, path: &Path, n_turns: usize) -> Result<(), Failure> {
        self.0 += n_turns;
        if self.0 <= MAX_TURNS {
            return Ok(());
        }
        let message = format!(
            "has more than {MAX_TURNS} turns, which is the most that is kept in memory; take a part of it, as with \
             `head -n 100000`"
        );
        Err(at(path, &message))
    }
}

/// The calls of a log that were asked for.
pub struct Log {
    path: PathBuf,
    /// The calls in the order of their lines.
    pub calls: Vec<LoggedCall>,
    /// Number of the caller of every call, in the order of their names.
    pub callers: Vec<u32>,
}

/// What the rewards of a log are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reward {
    /// The logged rewards of the turns.
    Turns,
    /// 1 at the end of a successful call, by the caller's own judgment or the hidden truth.
    Success,
}

/// The scenario that the first call of a log names.
///
/// # Errors
/// If the log cannot be read or is empty.
pub fn scenario_name(path: &Path) -> Result<String, Failure> {
    match jsonl::calls(path)?.next() {
        Some(call) => Ok(call?.1.scenario),
        None => Err(too_few(path, 0, &Where::new())),
    }
}

impl Log {
    /// Reads the calls that have the caller features in `wanted`.
    ///
    /// # Errors
    /// Names the line of a call that is broken, of another scenario, or takes an action that is not
    /// allowed there; or if fewer than two calls are left.
    pub fn read(scenario: &Scenario, path: &Path, wanted: &Where) -> Result<Self, Failure> {
        let mut calls = Vec::new();
        let mut budget = TurnBudget::default();
        // Callers by their numbers in the order in which they come.
        let mut found_callers: BTreeMap<String, u32> = BTreeMap::new();
        let mut callers = Vec::new();
        let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for call in jsonl::calls(path)? {
            let (line, call) = call?;
            for (name, value) in &call.caller.features {
                let values = seen.entry(name.clone()).or_default();
                if wanted.get(name) == Some(value) || values.len() < N_LISTED {
                    values.insert(value.clone());
                }
            }
            let has =
                |(name, value): (&String, &String)| call.caller.features.get(name) == Some(value);
            if !wanted.iter().all(has) {
                continue;
            }
            budget.take(path, call.turns.len())?;
            let episode = replay(scenario, &call);
            let episode = episode.map_err(|e| at(path, &format!("line {line}: {e}")))?;
            // Nobody was reached, so that nothing was decided.
            if episode.steps.is_empty() {
                continue;
            }
            let masked = |step: &offhook_env::log::Step| !step.mask.allows(step.action);
            if let Some(turn) = episode.steps.iter().position(masked) {
                let action = &call.turns[turn].action;
                return Err(at(
                    path,
                    &format!(
                        "line {line}: call '{}' turn {turn}: action `{action}` is not allowed there \
                         by scenario `{}`; leave the call out, or correct the scenario's rules",
                        call.call_id, scenario.name
                    ),
                ));
            }
            let next = found_callers.len() as u32;
            let logged = LoggedCall::new(line, &call, episode);
            callers.push(*found_callers.entry(call.caller.id).or_insert(next));
            calls.push(logged);
        }
        for (name, value) in wanted {
            let values = seen.get(name);
            if !values.is_some_and(|values| values.contains(value)) {
                let known = values.map_or_else(
                    || format!("callers have {}", list(seen.keys())),
                    |values| format!("`{name}` is {}", list(values)),
                );
                let message = format!("holds no call with {name}={value}; {known}");
                return Err(at(path, &message));
            }
        }
        if calls.len() < 2 {
            return Err(too_few(path, calls.len(), wanted));
        }
        let mut by_name = vec![0; found_callers.len()];
        for (number, &found) in (0..).zip(found_callers.values()) {
            by_name[found as usize] = number;
        }
        Ok(Self {
            path: path.to_owned(),
            callers: callers.into_iter().map(|k| by_name[k as usize]).collect(),
            calls,
        })
    }

    /// Calls that were just played; each has a caller of its own.
    ///
    /// # Errors
    /// If a call does not fit the scenario, which none does that was played in it.
    pub fn of_played(scenario: &Scenario, calls: Vec<CallLog>) -> Result<Self, Failure> {
        let callers = (0..calls.len() as u32).collect();
        let replayed = calls.into_iter().zip(1..).map(|(call, line)| {
            let episode = replay(scenario, &call).map_err(Failure::failed)?;
            Ok(LoggedCall::new(line, &call, episode))
        });
        Ok(Self {
            path: PathBuf::from("calls just played"),
            calls: replayed.collect::<Result<_, Failure>>()?,
            callers,
        })
    }

    /// Number of callers.
    pub fn n_callers(&self) -> usize {
        self.callers
            .iter()
            .max()
            .map_or(0, |last| *last as usize + 1)
    }

    /// The calls as episodes with their rewards: those of the turns where all turns have one, else
    /// [`Reward::Success`]. Probabilities are there if all turns have one.
    ///
    /// # Errors
    /// Names the line of a call with neither rewards nor success.
    pub fn trajectories(&self) -> Result<(Trajectories, Reward), Failure> {
        let turns = || self.calls.iter().flat_map(|c| &c.episode.steps);
        let reward = match turns().all(|turn| turn.reward.is_some()) {
            true => Reward::Turns,
            false => Reward::Success,
        };
        let mut out = Trajectories {
            action_probs: turns().all(|t| t.action_prob.is_some()).then(Vec::new),
            starts: vec![0],
            groups: self.callers.clone(),
            ..Default::default()
        };
        for call in &self.calls {
            for step in &call.episode.steps {
                out.codes.extend(&step.codes);
                out.masks.push(step.mask);
                out.actions.push(step.action);
                out.rewards.push(
                    step.reward
                        .filter(|_| reward == Reward::Turns)
                        .unwrap_or(0.0),
                );
                if let (Some(probs), Some(prob)) = (&mut out.action_probs, step.action_prob) {
                    probs.push(prob as f32);
                }
            }
            if reward == Reward::Success {
                let success = call.success.ok_or_else(|| {
                    let line = call.line;
                    let what = "the call has neither `reward` in every turn nor `success`";
                    at(&self.path, &format!("line {line}: {what}"))
                })?;
                if let Some(last) = out.rewards.last_mut() {
                    *last = f32::from(u8::from(success));
                }
            }
            out.starts.push(out.actions.len() as u32);
            out.truncated.push(call.outcome == Some(Outcome::Truncated));
        }
        Ok((out, reward))
    }

    /// The first turn that lacks its probability or has one of 0, in words.
    pub fn without_prob(&self) -> Option<String> {
        let lacks = |call: &LoggedCall| {
            let turns = call.episode.steps.iter();
            let (turn, found) = turns
                .enumerate()
                .find(|(_, t)| t.action_prob.is_none_or(|prob| prob <= 0.0))?;
            let found = match found.action_prob {
                None => "no `action_prob`".to_owned(),
                Some(prob) => format!("`action_prob` {prob}"),
            };
            let (path, line) = (self.path.display(), call.line);
            Some(format!(
                "'{path}' line {line}: turn {turn} has {found}, expected above 0"
            ))
        };
        self.calls.iter().find_map(lacks)
    }

    /// What a learner says of [`trajectories`](Self::trajectories), with line and turn instead of the
    /// row.
    pub fn failure(&self, error: LearnError) -> Failure {
        let LearnError::Dataset {
            row: Some(row),
            reason,
        } = error
        else {
            return at(&self.path, &format!("cannot be used: {error}"));
        };
        let mut turn = row;
        for call in &self.calls {
            if turn < call.episode.steps.len() {
                let message = format!("line {}: turn {turn}: {reason}", call.line);
                return at(&self.path, &message);
            }
            turn -= call.episode.steps.len();
        }
        at(&self.path, &reason)
    }
}

fn at(path: &Path, what: &dyn fmt::Display) -> Failure {
    Failure::failed(format!("'{}' {what}", path.display()))
}

fn too_few(path: &Path, found: usize, wanted: &Where) -> Failure {
    let only = if wanted.is_empty() {
        ""
    } else {
        " of those asked for"
    };
    let calls = if found == 1 { "call" } else { "calls" };
    at(
        path,
        &format!(
            "holds {found} {calls}{only}, expected at least 2; make a log with `offhook simulate --out` or \
             `offhook import`"
        ),
    )
}

fn list<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
    if names.is_empty() {
        "no features".to_owned()
    } else {
        names.join(", ")
    }
}

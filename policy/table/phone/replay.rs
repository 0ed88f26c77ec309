//! Replays logged calls by a release and holds every turn against the log and the tracker: act, words, observation, what is
//! recorded. Writes what it saw as a trace, line by line, and what was heard for those who read no JSON:
//!
//!     replay RELEASE LOG TRACE HEARD

use std::fmt::Write as _;
use std::io::BufReader;
use std::process::ExitCode;

use offhook_env::belief::tracker::BeliefState;
use offhook_env::log::{ActReader, CallLog, OpenValues, read_calls, value_text};
use offhook_env::scenario::Scenario;
use offhook_table::agent::{Agent, AgentCall, CallerRecord, EndedBy};
use offhook_table::release::Release;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let done = match &args[..] {
        [release, log, trace, heard] => run([release, log, trace, heard]),
        _ => Err("usage: replay RELEASE LOG TRACE HEARD".to_owned()),
    };
    match done {
        Ok(found) => {
            println!("{found}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// What was seen in all calls.
#[derive(Default)]
struct Seen {
    trace: String,
    heard: String,
    n_calls: usize,
    n_turns: usize,
    n_recorded: usize,
    n_same_outcome: usize,
    most_bytes: usize,
}

fn run([release, log, trace, heard]: [&String; 4]) -> Result<String, String> {
    let file = |path: &str| std::fs::read(path).map_err(|e| format!("cannot read '{path}': {e}"));
    let release = Release::from_bytes(&file(release)?).map_err(|e| format!("'{release}': {e}"))?;
    let mut seen = Seen::default();
    for call in read_calls(BufReader::new(&file(log)?[..])) {
        let (line, call) = call.map_err(|e| format!("'{log}': {e}"))?;
        seen.replay(release.agent(), &call)
            .map_err(|e| format!("'{log}' line {line}: {e}"))?;
    }
    for (path, text) in [(trace, &seen.trace), (heard, &seen.heard)] {
        std::fs::write(path, text).map_err(|e| format!("cannot write '{path}': {e}"))?;
    }
    Ok(format!(
        "{} calls, {} turns: every act, word and observation and {} recorded values as logged and tracked; a state has at \
         most {} bytes; the robot knew the true outcome of {:.1} %",
        seen.n_calls,
        seen.n_turns,
        seen.n_recorded,
        seen.most_bytes,
        100.0 * seen.n_same_outcome as f64 / seen.n_calls.max(1) as f64
    ))
}

impl Seen {
    fn replay(&mut self, agent: &Agent, call: &CallLog) -> Result<(), String> {
        let scenario = agent.scenario();
        let (record, _) = CallerRecord::read(scenario, &call.caller);
        let mut belief = BeliefState::with(scenario, &record);
        let mut values = vec![Vec::new(); scenario.slots.len()];
        let mut phone = agent.start_with(&record);
        let caller = serde_json::to_string(&call.caller).map_err(|e| e.to_string())?;
        self.line_heard(&format!("call\t{}", call.call_id), &caller);
        for (k, turn) in call.turns.iter().enumerate() {
            let differ =
                |what: &str, found: &dyn std::fmt::Debug, expected: &dyn std::fmt::Debug| {
                    Err(format!(
                        "turn {k}: {what}: found {found:?}, expected {expected:?}"
                    ))
                };
            self.line_heard("turn", "");
            let reply = phone.reply();
            let (action, text, ends) = (reply.action_name().to_owned(), reply.text(), reply.ends());
            if action != turn.action {
                return differ("act", &action, &turn.action);
            }
            if text != turn.system_text {
                return differ("words", &text, &turn.system_text);
            }
            if phone.codes() != belief.codes(scenario) {
                return differ("observation", &phone.codes(), &belief.codes(scenario));
            }
            let (found, expected) = (of_phone(&phone), of_tracker(scenario, &belief, &values));
            if found != expected {
                return differ("recorded", &found, &expected);
            }
            // Every call goes on elsewhere after every turn.
            let state = phone.save();
            phone = agent.resume(&state).map_err(|e| format!("turn {k}: {e}"))?;
            self.most_bytes = self.most_bytes.max(state.len());
            self.n_turns += 1;
            self.n_recorded += found.len();
            self.trace(&call.call_id, &action, phone.codes(), &text, &found);
            if ends || k + 1 == call.turns.len() {
                break;
            }
            for reading in &turn.n_best {
                let acts = reading.acts.join("\t");
                self.line_heard(&format!("heard\t{}", reading.confidence), &acts);
            }
            phone
                .hear_named(&turn.n_best)
                .map_err(|e| format!("turn {k}: {e}"))?;
            let mut reader = ActReader::strict(scenario, values);
            let n_best = reader
                .n_best(&turn.n_best)
                .map_err(|e| format!("turn {k}: {e}"))?;
            values = reader.into_open();
            let action = scenario
                .layout
                .action(&turn.action)
                .ok_or("unknown action")?;
            belief.update(scenario, action, &n_best);
        }
        let by = match phone.n_turns() + 1 >= scenario.max_turns {
            true => EndedBy::Timeout,
            false => EndedBy::Customer,
        };
        self.n_same_outcome += usize::from(call.outcome == Some(phone.outcome(by)));
        self.n_calls += 1;
        Ok(())
    }

    fn line_heard(&mut self, what: &str, rest: &str) {
        self.heard += what;
        if !rest.is_empty() {
            self.heard.push('\t');
            self.heard += rest;
        }
        self.heard.push('\n');
    }

    /// One line a turn, the same from every language.
    fn trace(&mut self, id: &str, action: &str, codes: &[u8], text: &str, recorded: &[Recorded]) {
        // A String takes every write.
        let _ = write!(self.trace, "{id}\t{action}\t");
        for code in codes {
            let _ = write!(self.trace, "{code:x}");
        }
        let _ = write!(self.trace, "\t{text}");
        for (slot, value, confidence, confirmed) in recorded {
            let _ = write!(
                self.trace,
                "\t{slot}={value} {confidence:08x} {}",
                u8::from(*confirmed)
            );
        }
        self.trace.push('\n');
    }
}

/// Slot, value, the bits of the confidence, and whether it was confirmed.
type Recorded = (String, String, u32, bool);

fn of_phone(phone: &AgentCall) -> Vec<Recorded> {
    let recorded = phone.recorded();
    let recorded = recorded.map(|r| {
        (
            r.slot.to_owned(),
            r.value.to_owned(),
            r.confidence.to_bits(),
            r.confirmed,
        )
    });
    recorded.collect()
}

fn of_tracker(scenario: &Scenario, belief: &BeliefState, open: &OpenValues) -> Vec<Recorded> {
    let slots = scenario.names.slots.iter().enumerate();
    let recorded = slots.filter_map(|(k, slot)| {
        let known = belief.slot(k);
        let value = value_text(scenario, open, k, known.value())?;
        Some((
            slot.clone(),
            value.to_owned(),
            known.prob().to_bits(),
            belief.is_confirmed(k),
        ))
    });
    recorded.collect()
}

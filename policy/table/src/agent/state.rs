//! The state of a call as bytes: some two hundred of them, so that a server need not remember its calls.
//!
//! Numbers are little-endian: `OHCS`, version, 8 bytes of the scenario's identity, what was said and not yet answered (an
//! action or 255), values that were heard and that the scenario does not list (how many, then slot, number, length in
//! bytes (2) and text of each), the [belief](BeliefState::write), and 4 bytes of the SHA-256 of all before.
//!
//! Equal calls give equal bytes. What is damaged is found; what is forged is not: a state that leaves the house is to be
//! signed by whoever sends it. The turns for the log are no part of it.

use offhook_env::act::NONE;
use offhook_env::belief::tracker::BeliefState;
use offhook_env::log::{OpenValues, value_text};
use offhook_env::scenario::slot::Reading;
use sha2::{Digest, Sha256};

use super::Agent;
use super::call::AgentCall;
use super::error::AgentError;
use super::fit::act;
use crate::runtime::Decision;

const MAGIC: &[u8] = b"OHCS";
const VERSION: u8 = 2;
/// Bytes of the SHA-256 that are kept.
const CHECK_BYTES: usize = 4;

impl AgentCall {
    /// The call as bytes, which [`Agent::resume`] goes on with.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        let scenario = self.agent.scenario();
        let mut bytes = [MAGIC, &[VERSION], &self.agent.0.identity].concat();
        bytes.push(self.said.map_or(NONE, |said| said.action));
        // What is no longer believed never comes up again.
        let mut heard: Vec<(u8, &(u8, String))> = Vec::new();
        for (slot, open) in self.open.iter().enumerate() {
            let is_believed = |value: u8| self.belief.slot(slot).known().any(|(v, _)| v == value);
            let believed = open.iter().filter(|(value, _)| is_believed(*value));
            heard.extend(believed.map(|value| (slot as u8, value)));
        }
        heard.sort_unstable();
        bytes.push(heard.len() as u8);
        for (slot, (value, text)) in heard {
            bytes.extend([slot, *value]);
            bytes.extend((text.len() as u16).to_le_bytes());
            bytes.extend(text.as_bytes());
        }
        self.belief.write(scenario, &mut bytes);
        let check = check_of(&bytes);
        bytes.extend(check);
        bytes
    }
}

impl Agent {
    /// Goes on with a call that was [saved](AgentCall::save), in this process or another.
    ///
    /// # Errors
    /// [`AgentError::State`] where the bytes are not what was saved, or the state is of another version or scenario;
    /// any bytes are safe.
    pub fn resume(&self, state: &[u8]) -> Result<AgentCall, AgentError> {
        read(self, state)
    }
}

/// The call that was saved.
fn read(agent: &Agent, state: &[u8]) -> Result<AgentCall, AgentError> {
    let damaged = AgentError::State("the bytes are not those that were saved; were they cut?");
    let mut bytes = state;
    if bytes.split_off(..MAGIC.len()) != Some(MAGIC) {
        return Err(AgentError::State("it does not begin as one"));
    }
    let check = bytes.len().checked_sub(CHECK_BYTES);
    let check = check
        .and_then(|at| bytes.split_off(at..))
        .ok_or(damaged.clone())?;
    if check != check_of(&state[..state.len() - CHECK_BYTES]) {
        return Err(damaged);
    }
    if bytes.split_off(..1) != Some(&[VERSION]) {
        return Err(AgentError::State("it is of another version of the program"));
    }
    if bytes.split_off(..8) != Some(&agent.0.identity) {
        let message = "it is of another scenario, or of another layout or other values of this one";
        return Err(AgentError::State(message));
    }
    read_content(agent, bytes).ok_or(damaged)
}

/// What stands behind the head; `None` where it cannot be.
fn read_content(agent: &Agent, mut bytes: &[u8]) -> Option<AgentCall> {
    let scenario = agent.scenario();
    let [said, n_heard] = bytes.split_off(..2)?.try_into().ok()?;
    let mut open: OpenValues = vec![Vec::new(); scenario.slots.len()];
    for _ in 0..n_heard {
        let [slot, value, low, high] = bytes.split_off(..4)?.try_into().ok()?;
        let text = bytes.split_off(..usize::from(u16::from_le_bytes([low, high])))?;
        let text = std::str::from_utf8(text).ok()?;
        let slot = usize::from(slot);
        let (of, known) = (scenario.slots.get(slot)?, open.get_mut(slot)?);
        let beyond = usize::from(value).checked_sub(of.values.len())?;
        let Reading::Open(text, bin) = of.read(text)? else {
            return None;
        };
        // The number says the bin, and each stands for one value.
        let is_new = known
            .iter()
            .all(|(own, other)| *own != value && *other != text);
        if beyond % of.n_bins() != usize::from(bin) || value == NONE || !is_new {
            return None;
        }
        known.push((value, text));
    }
    let is_value = |slot, value| value_text(scenario, &open, slot, value).is_some();
    let belief = BeliefState::read(scenario, is_value, &mut bytes)?;
    let said = match said {
        NONE => None,
        action if action < 64 && belief.mask().allows(action) => {
            // Another table may have said it.
            let decision = act(agent.table(), belief.observation(scenario));
            let rule = decision.rule.filter(|_| decision.action == action);
            Some(Decision { action, rule })
        }
        _ => return None,
    };
    bytes.is_empty().then(|| AgentCall {
        agent: agent.clone(),
        belief,
        open,
        said,
    })
}

fn check_of(bytes: &[u8]) -> [u8; CHECK_BYTES] {
    let hash: [u8; 32] = Sha256::digest(bytes).into();
    std::array::from_fn(|k| hash[k])
}

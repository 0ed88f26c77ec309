//! Acts in the notation of files and logs, `inform(payment=yes)`, read and written.

use super::ActError;
use super::call::HypothesisLog;
use crate::act::{
    AboutClass, Hypothesis, MAX_ACTS, MAX_HYPOTHESES, NBest, NONE, UserAct, UserActKind, Utterance,
};
use crate::scenario::slot::Reading;
use crate::scenario::{MAX_SLOTS, Scenario};

/// By slot the values that were heard in a call beyond those that it lists, with their numbers.
pub type OpenValues = Vec<Vec<(u8, String)>>;

/// The text of a value of a call in which these open ones were heard.
pub fn value_text<'v>(
    scenario: &'v Scenario,
    open: &'v OpenValues,
    slot: usize,
    value: u8,
) -> Option<&'v str> {
    let listed = scenario.slots[slot].values.get(usize::from(value));
    let open = || open[slot].iter().find(|(own, _)| *own == value);
    let text = listed.or_else(|| open().map(|(_, text)| text));
    text.map(String::as_str)
}

/// Reads the acts of one call; slot values that the scenario does not list are numbered as they
/// come, so that "the same value again" is known even where the list of values is open.
#[derive(Debug)]
pub struct ActReader<'s> {
    scenario: &'s Scenario,
    open: OpenValues,
    n_dropped: usize,
    strict: bool,
}

impl<'s> ActReader<'s> {
    /// A reader for one call, which leaves out values that a closed list does not have.
    pub fn new(scenario: &'s Scenario) -> Self {
        Self {
            scenario,
            open: vec![Vec::new(); scenario.slots.len()],
            n_dropped: 0,
            strict: false,
        }
    }

    /// A reader that refuses impossible values, and goes on with the [open values](Self::into_open) of another; one
    /// list for each slot.
    pub fn strict(scenario: &'s Scenario, open: OpenValues) -> Self {
        Self {
            scenario,
            open,
            n_dropped: 0,
            strict: true,
        }
    }

    /// The values that were heard beyond those that each slot lists.
    pub fn into_open(self) -> OpenValues {
        self.open
    }

    /// What was left out so far: acts and hypotheses beyond [`MAX_ACTS`] and [`MAX_HYPOTHESES`], and
    /// values that a closed list does not have.
    pub fn n_dropped(&self) -> usize {
        self.n_dropped
    }

    /// An n-best list.
    ///
    /// # Errors
    /// The first act that cannot be; it is as if nothing had been read then.
    pub fn n_best(&mut self, list: &[HypothesisLog]) -> Result<NBest, ActError> {
        let n_dropped = self.n_dropped;
        let n_open: [_; MAX_SLOTS] =
            std::array::from_fn(|slot| self.open.get(slot).map_or(0, Vec::len));
        let mut n_best = NBest::EMPTY;
        for hypothesis in list.iter().take(MAX_HYPOTHESES) {
            let utterance = self.utterance(&hypothesis.acts).inspect_err(|_| {
                self.n_dropped = n_dropped;
                let open = self.open.iter_mut().zip(n_open);
                open.for_each(|(values, n)| values.truncate(n));
            })?;
            n_best.push(Hypothesis {
                utterance,
                confidence: hypothesis.confidence.min(1.0) as f32,
            });
        }
        self.n_dropped += list.len().saturating_sub(MAX_HYPOTHESES);
        Ok(n_best)
    }

    /// The acts of one utterance.
    ///
    /// # Errors
    /// The first act that cannot be.
    pub fn utterance(&mut self, acts: &[String]) -> Result<Utterance, ActError> {
        self.n_dropped += acts.len().saturating_sub(MAX_ACTS);
        let mut utterance = Utterance::SILENCE;
        for text in acts.iter().take(MAX_ACTS) {
            let act = self.act(text)?;
            if !self.join(&mut utterance, act) {
                utterance.push(act);
            }
        }
        Ok(utterance)
    }

    /// Joins several values of one slot, told one by one, to the set that they are.
    fn join(&self, utterance: &mut Utterance, act: UserAct) -> bool {
        let same = |told: &&mut UserAct| {
            told.kind == UserActKind::Inform && act.kind == told.kind && told.about == act.about
        };
        let slot = self.scenario.slots.get(usize::from(act.about));
        let told = utterance.acts_mut().iter_mut().find(same);
        let joined = slot.zip(told).and_then(|(slot, told)| {
            told.value = slot.union(told.value, act.value)?;
            Some(())
        });
        joined.is_some()
    }

    fn act(&mut self, text: &str) -> Result<UserAct, ActError> {
        let (kind, rest) = match text.split_once('(') {
            None => (text, None),
            Some((kind, rest)) => {
                let rest = rest.strip_suffix(')');
                (kind, Some(rest.ok_or_else(|| ActError::unclosed(text))?))
            }
        };
        let kind = UserActKind::from_name(kind).ok_or_else(|| ActError::unknown(text))?;
        let (about, value) =
            match rest.map(|r| r.split_once('=').map_or((r, None), |(a, v)| (a, Some(v)))) {
                None => return if_about_nothing(kind, text),
                Some(("", Some(proof))) if kind == UserActKind::Inform => {
                    if self.strict && !matches!(proof, "match" | "mismatch") {
                        let allowed = "match, mismatch".to_owned();
                        return Err(ActError::value("proof of identity", proof, allowed));
                    }
                    return Ok(UserAct {
                        value: u8::from(proof == "match"),
                        ..UserAct::new(kind)
                    });
                }
                Some(parts) => parts,
            };
        let class = (kind.about()).ok_or_else(|| ActError::about_nothing(text, kind))?;
        let names = self.scenario.names.of(class);
        let known = names.iter().position(|name| name == about);
        let about = known.ok_or_else(|| ActError::unknown_name(text, class, about, names))?;
        let value = match value {
            Some(value) if class == AboutClass::Slot => self.value(about, value)?,
            _ => NONE,
        };
        Ok(UserAct {
            kind,
            about: about as u8,
            value,
        })
    }

    /// The number of a value; [`NONE`] for one that the slot cannot have, so that it has no level to be encoded as.
    fn value(&mut self, slot: usize, text: &str) -> Result<u8, ActError> {
        let scenario = self.scenario;
        let (of, known) = (&scenario.slots[slot], &mut self.open[slot]);
        let read = of.read(text);
        let is_told = !matches!(read, Some(Reading::Open(..))) || ActError::can_be_heard(text);
        if self.strict && (read.is_none() || !is_told) {
            let name = &scenario.names.slots[slot];
            let allowed = match read {
                None => of.expected(),
                Some(_) => ActError::TOLD.to_owned(),
            };
            return Err(ActError::value(name, text, allowed));
        }
        let value = match read {
            Some(Reading::Listed(value)) => return Ok(value),
            None => NONE,
            Some(Reading::Open(text, bin)) => match known.iter().find(|(_, own)| *own == text) {
                Some(&(value, _)) => value,
                None => {
                    // Numbers beyond the list stand for the bins in turn, so that each has a level.
                    let first = of.values.len() + usize::from(bin);
                    let mut free = (first..usize::from(NONE)).step_by(of.n_bins());
                    let free = free.find(|&v| known.iter().all(|(own, _)| usize::from(*own) != v));
                    let value = free.map_or(NONE, |value| value as u8);
                    if value != NONE {
                        known.push((value, text));
                    }
                    value
                }
            },
        };
        self.n_dropped += usize::from(value == NONE);
        Ok(value)
    }

    /// The text of a value of this call.
    pub fn value_text(&self, slot: usize, value: u8) -> Option<&str> {
        value_text(self.scenario, &self.open, slot, value)
    }
}

fn if_about_nothing(kind: UserActKind, text: &str) -> Result<UserAct, ActError> {
    match kind.about() {
        Some(class) if kind != UserActKind::Inform => Err(ActError::needs_name(text, class)),
        _ => Ok(UserAct::new(kind)),
    }
}

/// Writes acts in the notation that [`ActReader`] reads.
pub fn act_names(scenario: &Scenario, utterance: &Utterance) -> Vec<String> {
    utterance
        .acts()
        .iter()
        .map(|&act| scenario.user_act_name(act))
        .collect()
}

/// Writes an n-best list.
pub fn n_best_log(scenario: &Scenario, n_best: &NBest) -> Vec<HypothesisLog> {
    let entry = |h: &Hypothesis| HypothesisLog {
        acts: act_names(scenario, &h.utterance),
        confidence: f64::from(h.confidence),
        ..HypothesisLog::default()
    };
    n_best.hypotheses().iter().map(entry).collect()
}

//! A channel that confuses acts: what is heard, how surely, and what stands second, all by tables.
//!
//! Every act of an utterance passes on its own; what is lost vanishes, and the utterance is as sure
//! as its least sure act.

use offhook_env::act::{Hypothesis, NBest, NONE, UserAct, UserActKind, Utterance};
use offhook_env::call::customer::Channel;
use offhook_env::diagnostic::Diagnostics;
use offhook_env::rng::Rng;
use offhook_env::scenario::Scenario;
use offhook_env::scenario::slot::SlotKind;
use rand::Rng as _;

use super::model::{ChannelModel, N_BINS, Rates};
use super::odds::Odds;
use super::table::{Fate, KindTable, SecondReading, is_quiet, noisier, scaled, weights};
use crate::dice::Pick;
use crate::variation::{N_NOISES, NOISE_STEP};

pub(super) const N_KINDS: usize = UserActKind::ALL.len();

/// A confusion channel, compiled for one scenario.
#[derive(Clone, Debug)]
pub struct ConfusionChannel {
    /// What becomes of each kind, by difficulty: class by class, for one step of noise after the other.
    fates: Vec<[Pick<Fate>; N_KINDS]>,
    kinds: [KindTable; N_KINDS],
    /// Acts that the scenario's customers do, kind by kind; silence always among them.
    pub(super) acts: Vec<UserAct>,
    /// Where the acts of each kind begin among them, and how many they are.
    pub(super) places: [(u32, u32); N_KINDS],
    /// Slots whose values are misheard as what is near them, with the number of values.
    pub(super) near: Vec<(u8, Near)>,
    /// The same tables as probabilities, to tell how likely it is to hear something.
    pub(super) odds: Box<Odds>,
}

/// What the values of a slot are near to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Near {
    /// Numbers: to those next to them.
    OnALine(u8),
    /// Sets of so many: to those with one more or one less.
    Sets(u8),
}

impl Near {
    /// How many values of `bits`, from 0, stand for all of them.
    pub(super) fn n_choices(self) -> u32 {
        match self {
            Self::OnALine(_) => 2 * NEIGHBORS,
            Self::Sets(n) => u32::from(n.max(1)),
        }
    }

    /// A value near `value`, chosen by `bits`.
    pub(super) fn choose(self, value: u8, bits: u32) -> u8 {
        match self {
            Self::OnALine(n_values) => {
                let away = 1 + (bits >> 1) % NEIGHBORS;
                let (value, last) = (i32::from(value), i32::from(n_values) - 1);
                let away = if bits & 1 == 1 {
                    away as i32
                } else {
                    -(away as i32)
                };
                let near = if (0..=last).contains(&(value + away)) {
                    value + away
                } else {
                    value - away
                };
                near.clamp(0, last.max(0)) as u8
            }
            Self::Sets(n) => value ^ 1 << (bits % u32::from(n.max(1))),
        }
    }
}

/// How far a number that is misheard is from the one that was said, steps (assumption).
const NEIGHBORS: u32 = 3;

impl ConfusionChannel {
    /// Compiles a model for the acts that the customers of `scenario` do: confusions with other
    /// acts count as lost.
    pub fn new(model: &ChannelModel, scenario: &Scenario) -> Self {
        Self::with_noises(model, scenario, 1)
    }

    /// The same line, on which the difficulty of a call tells further noise; see
    /// [`Variation`](crate::variation::Variation).
    pub fn varied(model: &ChannelModel, scenario: &Scenario) -> Self {
        Self::with_noises(model, scenario, N_NOISES)
    }

    fn with_noises(model: &ChannelModel, scenario: &Scenario, n_noises: usize) -> Self {
        let mut acts: [Vec<UserAct>; N_KINDS] = std::array::from_fn(|_| Vec::new());
        for (act, _) in &scenario.customer {
            let list = &mut acts[act.kind as usize];
            // A proof of identity is never made up by the line.
            let proof = act.kind == UserActKind::Inform && act.about == NONE;
            let open = act.kind == UserActKind::Inform && act.value == NONE && !proof;
            if open {
                let n_values = scenario.slots[act.about as usize].values.len() as u8;
                list.extend((0..n_values).map(|value| UserAct::inform(act.about, value)));
            } else if !proof {
                list.push(*act);
            }
        }
        let can =
            |kind: UserActKind| kind != UserActKind::HangUp && !acts[kind as usize].is_empty();
        // Only `hang_up` may be missing, after which nothing is heard, and a tone, which is heard as well as a
        // recorder's greeting.
        let unknown = Rates::default();
        let greeting = model.kind(UserActKind::Voicemail);
        let tone =
            greeting.map(|entry| entry.rates.lent(UserActKind::Voicemail, UserActKind::Beep));
        let rates = |kind| match (model.kind(kind), &tone) {
            (None, Some(tone)) if kind == UserActKind::Beep => tone,
            (entry, _) => {
                let entry = entry.or(model.kind(UserActKind::Silence));
                entry.map_or(&unknown, |entry| &entry.rates)
            }
        };
        let weights = by_kind(|kind| weights(kind, rates(kind), can));
        let fates = (0..n_noises).flat_map(|step| {
            let weights = &weights;
            let noise = step as f64 * NOISE_STEP;
            model.difficulty_odds.map(|odds| {
                by_kind(|kind| {
                    let scaled = scaled(kind, &weights[kind as usize], odds);
                    Pick::new(if step == 0 {
                        scaled
                    } else {
                        noisier(&scaled, noise)
                    })
                })
            })
        });
        let fates: Vec<_> = fates.collect();
        let kinds = by_kind(|kind| KindTable::new(kind, rates(kind), &weights[kind as usize]));
        acts[UserActKind::Silence as usize] = vec![UserAct::new(UserActKind::Silence)];
        let mut n_before = 0;
        let places = acts.each_ref().map(|list| {
            let n_acts = list.len() as u32;
            n_before += n_acts;
            (n_before - n_acts, n_acts)
        });
        let near = (0..)
            .zip(&scenario.slots)
            .filter_map(|(slot, of)| match of.kind {
                SlotKind::Number | SlotKind::Time | SlotKind::Day => {
                    Some((slot, Near::OnALine(of.values.len() as u8)))
                }
                SlotKind::Several => Some((slot, Near::Sets(of.items().len() as u8))),
                SlotKind::Choice | SlotKind::Text => None,
            });
        let odds = Box::new(Odds::new(
            &fates,
            &kinds,
            &acts[UserActKind::Inform as usize],
        ));
        Self {
            fates,
            kinds,
            odds,
            acts: acts.concat(),
            places,
            near: near.collect(),
        }
    }

    /// Reads a channel file and compiles it for `scenario`; `file` is the name that messages show.
    ///
    /// # Errors
    /// Every mistake in the text, with line and column.
    pub fn parse(file: &str, text: &str, scenario: &Scenario) -> Result<Self, Diagnostics> {
        Ok(Self::new(&ChannelModel::parse(file, text)?, scenario))
    }

    /// The act that `act` becomes; one that is not loud when nothing is left of it.
    #[inline]
    fn hear<'a>(&'a self, act: &'a UserAct, fate: Fate, bits: u32) -> &'a UserAct {
        if matches!(fate, Fate::About | Fate::Value) {
            return self.mishear(act, fate, bits);
        }
        // Right, lost or another kind is a matter of chance: chosen without a branch.
        let kind = match fate {
            Fate::As(kind) => kind,
            _ => UserActKind::Silence,
        };
        let (begin, n_acts) = self.places[kind as usize];
        let other = &self.acts[begin as usize + start(bits, n_acts)];
        if matches!(fate, Fate::Right) {
            act
        } else {
            other
        }
    }

    /// Another act of the same kind, about something else or with another value.
    #[cold]
    fn mishear(&self, act: &UserAct, fate: Fate, bits: u32) -> &UserAct {
        // A proof of identity that is misheard does not match.
        if fate == Fate::Value && act.about == NONE {
            return const { &UserAct::inform(NONE, 0) };
        }
        let near = self
            .near
            .iter()
            .find(|(slot, _)| *slot == act.about && act.value != NONE);
        let near =
            near.map(|(_, near)| near.choose(act.value, bits.wrapping_mul(0x9E37_79B9) >> 16));
        let fits = |other: &&UserAct| match fate {
            Fate::Value if near.is_some_and(|near| near != act.value) => {
                other.about == act.about && Some(other.value) == near
            }
            Fate::Value => other.about == act.about && other.value != act.value,
            _ => other.about != act.about,
        };
        let (begin, n_acts) = self.places[act.kind as usize];
        let list = &self.acts[begin as usize..(begin + n_acts) as usize];
        let (before, behind) = list.split_at(start(bits, n_acts));
        let found = behind.iter().chain(before).find(fits);
        found.unwrap_or(const { &UserAct::new(UserActKind::Silence) })
    }
}

/// A place among `n_acts` that `bits` choose: those that chose the fate, whose lowest ones still choose
/// evenly.
#[inline]
fn start(bits: u32, n_acts: u32) -> usize {
    ((u64::from(bits.wrapping_mul(0x9E37_79B9)) * u64::from(n_acts)) >> 32) as usize
}

/// What became of one act.
struct Part<'a> {
    /// What is heard of it.
    act: &'a UserAct,
    /// Whether that is an act that matters, rather than silence.
    loud: bool,
    right: bool,
    confidence: f32,
}

/// What stands behind the first reading.
struct Rival<'a> {
    /// The act that stands in the place of the doubted one.
    instead: &'a UserAct,
    /// Whether it is anything but silence.
    says: bool,
    /// Whether there is no second reading at all.
    absent: bool,
    confidence: f32,
}

impl ConfusionChannel {
    /// Lets one act pass.
    #[inline(always)]
    fn pass<'a>(&'a self, act: &'a UserAct, difficulty: u8, rng: &mut Rng) -> Part<'a> {
        let (bits, more) = halves(rng.next_u64());
        let kind = act.kind as usize;
        let fates = &self.fates[usize::from(difficulty).min(self.fates.len() - 1)];
        let fate = fates[kind].at(bits).unwrap_or(Fate::Right);
        let part = self.hear(act, fate, bits);
        let (right, loud) = (matches!(fate, Fate::Right), is_loud(part));
        let table = &self.kinds[kind];
        let wrong = if loud { &table.wrong } else { &table.lost };
        let confidence = if right { &table.right } else { wrong };
        Part {
            act: part,
            loud,
            right,
            confidence: confidence.at(more),
        }
    }

    /// What stands second when `doubted` is the first wrong act, or the first where all are right.
    #[inline(always)]
    fn rival<'a>(
        &'a self,
        doubted: &'a UserAct,
        all_right: bool,
        sure: f32,
        rng: &mut Rng,
    ) -> Rival<'a> {
        let table = &self.kinds[doubted.kind as usize];
        let behind = if all_right {
            &table.behind_right
        } else {
            &table.behind_wrong
        };
        let (bits, more) = halves(rng.next_u64());
        let reading = behind.readings[usize::from(sure >= HIGHEST)].at(bits);
        let (fate, says) = match reading {
            Some(SecondReading::Altered(fate)) => (fate, true),
            Some(SecondReading::Missing | SecondReading::Silence) | None => (Fate::Lost, false),
        };
        Rival {
            instead: self.hear(doubted, fate, bits),
            says,
            absent: matches!(reading, Some(SecondReading::Missing)),
            confidence: lesser(behind.share.at(more) * (1.0 - sure), sure),
        }
    }

    /// Several acts in one utterance.
    fn transmit_all(&self, acts: &[UserAct], difficulty: u8, rng: &mut Rng, heard: &mut NBest) {
        let (mut top, mut sure) = (Utterance::SILENCE, 1.0);
        let (mut doubted, mut all_right) = (0, true);
        for (k, act) in acts.iter().enumerate() {
            let part = self.pass(act, difficulty, rng);
            sure = lesser(part.confidence, sure);
            if !part.right && all_right {
                (doubted, all_right) = (k, false);
            }
            top.push_if(part.loud, *part.act);
        }
        let rival = self.rival(&acts[doubted], all_right, sure, rng);
        let mut second = Utterance::SILENCE;
        for (k, act) in acts.iter().enumerate() {
            let part = if k == doubted { rival.instead } else { act };
            second.push_if(rival.says & is_loud(act) & is_loud(part), *part);
        }
        write(heard, (top, sure), second, second != top, &rival);
    }
}

impl Channel for ConfusionChannel {
    fn transmit(&self, said: &Utterance, difficulty: u8, rng: &mut Rng, heard: &mut NBest) {
        heard.clear();
        if said.acts().len() > 1 {
            return self.transmit_all(said.acts(), difficulty, rng, heard);
        }
        // Nearly always one act, or none: the same without loops.
        let act = &said.first();
        let part = self.pass(act, difficulty, rng);
        let rival = self.rival(act, part.right, part.confidence, rng);
        let loud = rival.says & is_loud(act) & is_loud(rival.instead);
        let top = Utterance::single_if(part.loud, *part.act);
        let second = Utterance::single_if(loud, *rival.instead);
        let differs = (loud != part.loud) | loud & (rival.instead != part.act);
        write(heard, (top, part.confidence), second, differs, &rival);
    }

    fn likelihood(&self, said: &Utterance, difficulty: u8, heard: &NBest) -> f64 {
        self.likelihood_of(said, difficulty, heard)
    }
}

/// Notes the first reading, and the second where it `differs`.
#[inline(always)]
fn write(
    heard: &mut NBest,
    (utterance, sure): (Utterance, f32),
    second: Utterance,
    differs: bool,
    rival: &Rival<'_>,
) {
    heard.push(Hypothesis {
        utterance,
        confidence: if rival.absent { 1.0 } else { sure },
    });
    let behind = Hypothesis {
        utterance: second,
        confidence: rival.confidence,
    };
    heard.push_if(differs & !rival.absent, behind);
}

/// A table with an entry for each kind.
fn by_kind<T>(entry: impl Fn(UserActKind) -> T) -> [T; N_KINDS] {
    std::array::from_fn(|k| entry(UserActKind::ALL[k]))
}

/// The lesser of two numbers.
#[inline]
fn lesser(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

/// Where the highest bin of confidence begins.
const HIGHEST: f32 = (N_BINS - 1) as f32 / N_BINS as f32;

/// Whether the act matters to anybody.
#[inline]
pub(super) fn is_loud(act: &UserAct) -> bool {
    !is_quiet(act.kind)
}

fn halves(bits: u64) -> (u32, u32) {
    (bits as u32, (bits >> 32) as u32)
}

#[cfg(test)]
mod tests;

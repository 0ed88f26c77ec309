//! How likely it is to hear something on a confusion channel: what [`transmit`](super::ConfusionChannel) draws, summed
//! over all draws that end in the same n-best list.
//!
//! Of an utterance of several acts every way is followed in which its acts can have become those of the first
//! reading. Confidences lie on a grid of 256 steps a bin, so the chance of the least one of several is exact:
//! `P(min = g) = prod P(c_k >= g) - prod P(c_k > g)`.

use offhook_env::act::{NBest, NONE, UserAct, UserActKind, Utterance};

use super::confusion::{ConfusionChannel, N_KINDS, Near, is_loud};
use super::odds::{BinOdds, CERTAIN, FateOdds, HIGHEST, ReadingOdds};

/// The step of a number in `[0, 1]`, short of certainty.
fn step(number: f32) -> u32 {
    ((number * CERTAIN as f32).round() as u32).min(CERTAIN - 1)
}

/// What was heard, made ready.
struct Heard<'a> {
    top: &'a [UserAct],
    /// How sure the least sure act was: at least the first step, and not as sure as the second.
    sure: [u32; 2],
    behind: Behind,
}

/// What stands second.
enum Behind {
    /// Nobody knows: nothing was heard at all.
    Anything,
    /// Nothing, and the first reading is certain.
    Missing,
    /// The same as the first reading, so that it is left out.
    Same,
    /// Another reading.
    Other(Utterance, Share),
}

/// The second's share of what confidence the first leaves.
enum Share {
    Step(u32),
    /// So large that it was cut to the first's.
    AtLeast(u32),
}

impl<'a> Heard<'a> {
    fn new(heard: &'a NBest) -> Self {
        let (top, behind) = match heard.hypotheses() {
            [] => {
                return Self {
                    top: &[],
                    sure: [0, CERTAIN],
                    behind: Behind::Anything,
                };
            }
            [top, behind @ ..] => (top, behind.first()),
        };
        let sure = step(top.confidence);
        let behind = match behind {
            None if top.confidence >= 1.0 => Behind::Missing,
            None => Behind::Same,
            Some(second) => {
                let left = (1.0 - top.confidence).max(f32::MIN_POSITIVE);
                let share = if second.confidence == top.confidence {
                    Share::AtLeast((top.confidence / left * CERTAIN as f32).ceil() as u32)
                } else {
                    Share::Step(step((second.confidence / left).min(1.0)))
                };
                Behind::Other(second.utterance, share)
            }
        };
        let sure = match behind {
            Behind::Missing => [HIGHEST, CERTAIN],
            _ => [sure, sure + 1],
        };
        Self {
            top: top.utterance.acts(),
            sure,
            behind,
        }
    }
}

/// How far the acts of an utterance have been followed.
#[derive(Clone, Copy)]
struct Path {
    /// Acts said, and acts of the first reading, that are done with.
    n_said: usize,
    n_heard: usize,
    chance: f64,
    /// Chance that all confidences are at least either step of [`Heard::sure`].
    sure: [f64; 2],
    /// The first act that is wrong.
    doubted: Option<usize>,
}

impl ConfusionChannel {
    /// See [`Channel::likelihood`](offhook_env::call::customer::Channel::likelihood).
    pub(super) fn likelihood_of(&self, said: &Utterance, difficulty: u8, heard: &NBest) -> f64 {
        let silence = [UserAct::new(UserActKind::Silence)];
        let acts = match said.acts() {
            [] => &silence,
            acts => acts,
        };
        let fates = &self.odds.fates;
        let fates = &fates[usize::from(difficulty).min(fates.len() - 1)];
        let start = Path {
            n_said: 0,
            n_heard: 0,
            chance: 1.0,
            sure: [1.0; 2],
            doubted: None,
        };
        self.follow(fates, acts, &Heard::new(heard), start)
    }

    fn follow(
        &self,
        fates: &[FateOdds; N_KINDS],
        acts: &[UserAct],
        heard: &Heard<'_>,
        path: Path,
    ) -> f64 {
        let next = heard.top.get(path.n_heard);
        let Some(act) = acts.get(path.n_said) else {
            let sure = path.sure[0] - path.sure[1];
            if next.is_some() || sure <= 0.0 {
                return 0.0;
            }
            return path.chance * sure * self.behind(acts, heard, path.doubted);
        };
        if heard.top.len() - path.n_heard > acts.len() - path.n_said {
            return 0.0;
        }
        let (odds, kind) = (
            &fates[act.kind as usize],
            &self.odds.kinds[act.kind as usize],
        );
        let go = |chance: f64, bins: &BinOdds, loud: bool, right: bool| {
            if chance <= 0.0 {
                return 0.0;
            }
            let [least, most] = heard.sure;
            let on = Path {
                n_said: path.n_said + 1,
                n_heard: path.n_heard + usize::from(loud),
                chance: path.chance * chance,
                sure: [
                    path.sure[0] * bins.at_least(least),
                    path.sure[1] * bins.at_least(most),
                ],
                doubted: match right {
                    true => path.doubted,
                    false => path.doubted.or(Some(path.n_said)),
                },
            };
            self.follow(fates, acts, heard, on)
        };
        let loud = is_loud(act);
        let mut sum = go(self.misses(odds, act), &kind.lost, false, false);
        if !loud || next == Some(act) {
            sum += go(odds.right, &kind.right, loud, true);
        }
        if let Some(next) = next {
            sum += go(self.mistakes(odds, act, next), &kind.wrong, true, false);
        }
        sum
    }

    /// Chance of what stands second; the first act stands for none that is `doubted`.
    fn behind(&self, acts: &[UserAct], heard: &Heard<'_>, doubted: Option<usize>) -> f64 {
        let place = doubted.unwrap_or(0);
        let kind = &self.odds.kinds[acts[place].kind as usize];
        let behind = &kind.behind[usize::from(doubted.is_some())];
        let reading = &behind.readings[usize::from(heard.sure[0] >= HIGHEST)];
        let wanted = match &heard.behind {
            Behind::Anything => return 1.0,
            Behind::Missing => return reading.missing,
            Behind::Same => heard.top,
            Behind::Other(second, _) if second.acts() == heard.top => return 0.0,
            Behind::Other(second, _) => second.acts(),
        };
        let reads = self.reads(reading, acts, place, wanted);
        reads
            * match &heard.behind {
                Behind::Other(_, Share::Step(step)) => behind.share.at(*step),
                Behind::Other(_, Share::AtLeast(step)) => behind.share.at_least(*step),
                Behind::Anything | Behind::Missing | Behind::Same => 1.0,
            }
    }

    /// Chance that the second reading is `wanted`: what was said, with the act at `place` altered.
    fn reads(
        &self,
        reading: &ReadingOdds,
        acts: &[UserAct],
        place: usize,
        wanted: &[UserAct],
    ) -> f64 {
        let silent = match wanted {
            [] => reading.silent,
            _ => 0.0,
        };
        let (before, doubted, behind) = (&acts[..place], &acts[place], &acts[place + 1..]);
        let loud = |acts: &[UserAct]| acts.iter().filter(|act| is_loud(act)).count();
        let (n_before, n_behind) = (loud(before), loud(behind));
        let n_instead = wanted.len().wrapping_sub(n_before + n_behind);
        let agree =
            |acts: &[UserAct], with: &[UserAct]| acts.iter().filter(|act| is_loud(act)).eq(with);
        if n_instead > 1
            || !agree(before, &wanted[..n_before])
            || !agree(behind, &wanted[n_before + n_instead..])
        {
            return silent;
        }
        let altered = &reading.altered;
        silent
            + match wanted[n_before..].first().filter(|_| n_instead == 1) {
                None if is_loud(doubted) => self.misses(altered, doubted),
                None => altered.sum(),
                Some(_) if !is_loud(doubted) => 0.0,
                Some(instead) => {
                    let right = f64::from(u8::from(instead == doubted));
                    altered.right * right + self.mistakes(altered, doubted, instead)
                }
            }
    }

    /// Chance that nothing that matters is heard in place of `act`, by a mistake.
    fn misses(&self, odds: &FateOdds, act: &UserAct) -> f64 {
        let mut chance = odds.lost;
        if odds.about > 0.0 {
            let others = self.listed(act.kind).iter();
            let any = others.rev().any(|other| other.about != act.about);
            chance += odds.about * f64::from(u8::from(!any));
        }
        if odds.value > 0.0 && act.about != NONE {
            chance += odds.value * self.misses_value(act);
        }
        chance
    }

    /// Chance that `heard` is heard in place of `act`, by a mistake.
    fn mistakes(&self, odds: &FateOdds, act: &UserAct, heard: &UserAct) -> f64 {
        let is_proof = heard.kind == UserActKind::Inform && heard.about == NONE;
        if heard.kind != act.kind {
            let n = self.listed(heard.kind).len().max(1) as f64;
            return odds.other[heard.kind as usize] / n * f64::from(u8::from(!is_proof));
        }
        let mut chance = 0.0;
        if odds.about > 0.0 && heard.about != act.about && !is_proof {
            chance += odds.about * self.found(heard, |other| other.about != act.about);
        }
        if odds.value > 0.0 && heard.about == act.about {
            chance += odds.value * self.mistakes_value(act, heard);
        }
        chance
    }

    /// The acts of a kind that may be heard by mistake.
    fn listed(&self, kind: UserActKind) -> &[UserAct] {
        let (begin, n_acts) = self.places[kind as usize];
        &self.acts[begin as usize..(begin + n_acts) as usize]
    }

    /// Chance to find `wanted`, which `fits`, when the first act that fits is taken from any place on, around the end.
    fn found(&self, wanted: &UserAct, fits: impl Fn(&UserAct) -> bool) -> f64 {
        let list = self.listed(wanted.kind);
        let Some(place) = list.iter().position(|act| act == wanted) else {
            return 0.0;
        };
        let before = list[..place].iter().rev().chain(list[place..].iter().rev());
        let n_starts = 1 + before.take_while(|act| !fits(act)).count();
        n_starts as f64 / list.len() as f64
    }

    /// Values near the one of `act`, each as likely as another, where its slot has such.
    fn near_to<'a>(&'a self, act: &'a UserAct) -> Option<impl ExactSizeIterator<Item = u8> + 'a> {
        let of = |(slot, near): &(u8, Near)| (*slot == act.about).then_some(*near);
        let near = self.near.iter().find_map(of);
        let near = near.filter(|_| act.value != NONE)?;
        Some((0..near.n_choices()).map(move |bits| near.choose(act.value, bits)))
    }

    /// Chance that no other value is found where one is to be.
    fn misses_value(&self, act: &UserAct) -> f64 {
        let n_values = self.odds.n_values.get(usize::from(act.about));
        let n_values = n_values.copied().unwrap_or(0);
        let is_listed = |value| {
            let act = UserAct { value, ..*act };
            self.listed(act.kind).contains(&act)
        };
        let no_other = || {
            let others = n_values - u32::from(n_values > 0 && is_listed(act.value));
            f64::from(u8::from(others == 0))
        };
        match self.near_to(act) {
            None => no_other(),
            Some(near) => {
                let each = 1.0 / near.len() as f64;
                let missed = near.map(|value| match value == act.value {
                    true => no_other(),
                    false => f64::from(u8::from(!is_listed(value))),
                });
                missed.sum::<f64>() * each
            }
        }
    }

    /// Chance that a wrong value is the one of `heard`.
    fn mistakes_value(&self, act: &UserAct, heard: &UserAct) -> f64 {
        if act.about == NONE {
            // A proof of identity that is misheard does not match.
            return f64::from(u8::from(heard.value == 0));
        }
        if heard.value == act.value {
            return 0.0;
        }
        let any = || {
            let fits = |other: &UserAct| other.about == act.about && other.value != act.value;
            self.found(heard, fits)
        };
        match self.near_to(act) {
            None => any(),
            Some(near) => {
                let each = 1.0 / near.len() as f64;
                let chances = near.map(|value| match value {
                    value if value == act.value => any(),
                    value => f64::from(u8::from(value == heard.value)),
                });
                chances.sum::<f64>() * each
            }
        }
    }
}

#[cfg(test)]
mod tests;

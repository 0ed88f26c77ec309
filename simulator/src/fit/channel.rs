//! Fits a confusion channel to labelled turns: what was said beside what the recognizer read.
//!
//! Only turns with at most one act are counted, since only there it is plain which act was misheard.

use std::collections::BTreeMap;

use offhook_env::act::{NBest, UserAct, UserActKind, Utterance};

use super::error_rate::is_quiet;
use crate::channel::{ChannelModel, KindModel, N_BINS, Origin, Rates, Second};

/// Fewest labelled acts of a kind from which its own rates are taken.
pub const MIN_EXAMPLES: u64 = 30;
/// Added to every count of a heard kind, of an error and of a second reading.
const SMOOTHING: f64 = 0.5;
/// Acts' worth of the shape over all kinds that is added to each histogram.
const SHAPE_COUNTS: f64 = 5.0;
/// Factors on the odds of error by difficulty: with half of the customers easy and 15 % hard, the
/// mean stays near the measured rate, and the spread over calls near DSTC2's (intraclass
/// correlation of errors 0.12, callers between 10 and 38 %).
const DIFFICULTY_ODDS: [f64; 3] = [0.55, 1.0, 3.5];

/// Why no channel could be fitted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no channel can be fitted: found {found} labelled turns with one act, and fewer than {MIN_EXAMPLES} of any kind that `{kind}` may be likened to ({wanted}); label more turns"
)]
pub struct FitError {
    /// Labelled turns with at most one act.
    pub found: u64,
    /// The kind that is left without rates.
    pub kind: UserActKind,
    /// The kinds that would do.
    pub wanted: String,
}

/// What is counted for one kind.
#[derive(Clone, Debug, Default)]
struct Counts {
    n: u64,
    heard: BTreeMap<UserActKind, f64>,
    about: f64,
    value: f64,
    histograms: [[f64; N_BINS]; N_HISTOGRAMS],
    second_right: Second,
    second_wrong: Second,
}

const RIGHT: usize = 0;
const WRONG: usize = 1;
const LOST: usize = 2;
const SHARE_RIGHT: usize = 3;
const SHARE_WRONG: usize = 4;
const N_HISTOGRAMS: usize = 5;

/// Fits a channel to turns of (what was truly said, what the recognizer read).
///
/// Counts are smoothed by half a count each, and histograms by five acts of their shape over all
/// kinds. A kind with fewer than [`MIN_EXAMPLES`] examples takes the rates of the nearest kind that
/// has enough, and is marked as assumed.
///
/// # Errors
/// When some kind has neither examples nor a nearest kind with enough of them.
pub fn fit_channel(
    name: &str,
    source: &str,
    turns: impl IntoIterator<Item = (Utterance, NBest)>,
) -> Result<ChannelModel, FitError> {
    let mut counts: BTreeMap<UserActKind, Counts> = BTreeMap::new();
    for (said, heard) in turns {
        if said.acts().len() <= 1 {
            counts
                .entry(said.first().kind)
                .or_default()
                .add(said.first(), &heard);
        }
    }
    let found = counts.values().map(|c| c.n).sum();
    let mut pooled = [[0.0; N_BINS]; N_HISTOGRAMS];
    for (sum, one) in counts.values().flat_map(pooled_pairs) {
        for (total, count) in pooled[sum].iter_mut().zip(one) {
            *total += count;
        }
    }
    let enough: Vec<_> = UserActKind::ALL
        .iter()
        .copied()
        .filter(|k| counts.get(k).is_some_and(|c| c.n >= MIN_EXAMPLES))
        .collect();
    let fitted: BTreeMap<_, _> = enough
        .iter()
        .map(|kind| (*kind, counts[kind].rates(*kind, &enough, &pooled)))
        .collect();
    let mut kinds = Vec::new();
    for &kind in UserActKind::ALL {
        if let Some(rates) = fitted.get(&kind) {
            kinds.push(KindModel {
                kind,
                origin: Origin::Measured(counts[&kind].n),
                rates: rates.clone(),
            });
        } else if kind == UserActKind::Beep {
            // A line need not say how a tone is heard: as other machines are.
        } else if let Some(like) = nearest(kind).iter().find(|like| fitted.contains_key(like)) {
            kinds.push(KindModel {
                kind,
                origin: Origin::Assumed(*like),
                rates: fitted[like].lent(*like, kind),
            });
        } else {
            let wanted = nearest(kind)
                .iter()
                .map(|k| k.name())
                .collect::<Vec<_>>()
                .join(", ");
            return Err(FitError {
                found,
                kind,
                wanted,
            });
        }
    }
    Ok(ChannelModel {
        name: name.to_owned(),
        source: source.to_owned(),
        difficulty_odds: DIFFICULTY_ODDS,
        kinds,
    })
}

fn pooled_pairs(counts: &Counts) -> impl Iterator<Item = (usize, &[f64; N_BINS])> {
    counts.histograms.iter().enumerate()
}

/// Kinds whose rates a kind may take over, the nearest first. Whole sentences are likened to
/// questions and statements rather than to a lone "no", which is far harder to hear.
fn nearest(kind: UserActKind) -> &'static [UserActKind] {
    use UserActKind as User;
    match kind {
        User::Affirm | User::Accept | User::Thank => &[User::Affirm, User::Inform, User::Ask],
        User::Deny => &[User::Decline, User::Inform, User::Ask],
        User::Decline => &[User::Inform, User::Ask, User::Deny],
        User::Inform => &[User::Ask, User::Object],
        User::Ask | User::Object => &[User::Ask, User::Inform],
        User::Voicemail | User::Screening => &[User::Inform, User::Ask],
        User::Busy
        | User::Driving
        | User::WrongPerson
        | User::RequestHuman
        | User::RequestCallback
        | User::OptOut
        | User::Distrust
        | User::Repeat => &[User::Ask, User::Inform],
        User::Abuse => &[User::Unrelated, User::Ask, User::Inform],
        User::Silence => &[User::Unrelated],
        User::Unrelated => &[User::Silence],
        User::Beep => &[],
        User::HangUp => &[User::Thank, User::Affirm, User::Inform, User::Ask],
    }
}

impl Counts {
    fn add(&mut self, act: UserAct, n_best: &NBest) {
        self.n += 1;
        let none = (Utterance::SILENCE, 0.0);
        let list = n_best.hypotheses();
        let (top, sure) = list
            .first()
            .map_or(none, |h| (h.utterance, f64::from(h.confidence)));
        let kind = heard_kind(act, &top);
        *self.heard.entry(kind).or_default() += 1.0;
        let right = is_right(act, &top);
        if !right && kind == act.kind {
            let same_about = top
                .acts()
                .iter()
                .any(|other| other.kind == kind && other.about == act.about);
            *(if same_about {
                &mut self.value
            } else {
                &mut self.about
            }) += 1.0;
        }
        let class = match (right, kind) {
            (true, _) => RIGHT,
            (false, UserActKind::Silence) => LOST,
            (false, _) => WRONG,
        };
        if !list.is_empty() {
            self.histograms[class][bin(sure)] += 1.0;
        }
        let second = if right {
            &mut self.second_right
        } else {
            &mut self.second_wrong
        };
        let Some(next) = list.get(1) else {
            second.absent += 1.0;
            return;
        };
        let place = match heard_kind(act, &next.utterance) {
            _ if !right && is_right(act, &next.utterance) => &mut second.truth,
            UserActKind::Silence => &mut second.silence,
            kind if kind == act.kind => &mut second.same,
            _ => &mut second.other,
        };
        *place += 1.0;
        let share = if right { SHARE_RIGHT } else { SHARE_WRONG };
        self.histograms[share][bin(f64::from(next.confidence) / (1.0 - sure).max(1e-6))] += 1.0;
    }

    fn rates(
        &self,
        kind: UserActKind,
        kinds: &[UserActKind],
        pooled: &[[f64; N_BINS]; N_HISTOGRAMS],
    ) -> Rates {
        let mut heard = self.heard.clone();
        for known in kinds.iter().chain([&kind, &UserActKind::Silence]) {
            heard.entry(*known).or_default();
        }
        let as_itself = heard.get(&kind).copied().unwrap_or(0.0);
        let all: f64 = heard.values().map(|n| n + SMOOTHING).sum();
        let of_itself = |n: f64, possible: bool| {
            if possible {
                digits((n + SMOOTHING) / (as_itself + 2.0 * SMOOTHING), 4)
            } else {
                0.0
            }
        };
        let [right, wrong, lost, share_right, share_wrong] =
            std::array::from_fn(|h| self.histogram(h, pooled));
        Rates {
            heard: heard
                .iter()
                .map(|(kind, n)| (*kind, digits((n + SMOOTHING) / all, 5)))
                .collect(),
            about_error: of_itself(self.about, kind.about().is_some()),
            value_error: of_itself(self.value, kind == UserActKind::Inform),
            right,
            wrong,
            lost,
            second_right: smoothed(&self.second_right, false),
            second_wrong: smoothed(&self.second_wrong, true),
            share_right,
            share_wrong,
        }
    }

    fn histogram(&self, class: usize, pooled: &[[f64; N_BINS]; N_HISTOGRAMS]) -> [f64; N_BINS] {
        let sum: f64 = pooled[class].iter().sum();
        // Where nothing was ever seen, any confidence is as likely as any other.
        let shape = |k: usize| {
            if sum > 0.0 {
                pooled[class][k] / sum
            } else {
                1.0 / N_BINS as f64
            }
        };
        std::array::from_fn(|k| digits(self.histograms[class][k] + SHAPE_COUNTS * shape(k), 3))
    }
}

/// Shares of what stands second; `truth` only where the first reading is wrong.
fn smoothed(counts: &Second, wrong: bool) -> Second {
    let Second {
        truth,
        same,
        other,
        silence,
        absent,
    } = *counts;
    let n_choices = if wrong { 5.0 } else { 4.0 };
    let all = truth + same + other + silence + absent + n_choices * SMOOTHING;
    let share = |n: f64| digits((n + SMOOTHING) / all, 5);
    Second {
        truth: if wrong { share(truth) } else { 0.0 },
        same: share(same),
        other: share(other),
        silence: share(silence),
        absent: share(absent),
    }
}

fn bin(share: f64) -> usize {
    ((share * N_BINS as f64) as usize).min(N_BINS - 1)
}

fn digits(value: f64, n: i32) -> f64 {
    let unit = 10f64.powi(n);
    (value * unit).round() / unit
}

/// Whether the reading holds the one act that was said; what else it holds is left aside.
fn is_right(act: UserAct, read: &Utterance) -> bool {
    if is_quiet(&act) {
        read.acts().iter().all(is_quiet)
    } else {
        read.acts().contains(&act)
    }
}

/// The kind that a reading counts as: the kind that was said if it is there, else the first.
fn heard_kind(act: UserAct, read: &Utterance) -> UserActKind {
    if read.acts().iter().all(is_quiet) {
        UserActKind::Silence
    } else if read.has(act.kind) {
        act.kind
    } else {
        read.first().kind
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::ConfusionChannel;
    use crate::fit::error_rate::{act_error_rate, channel_error_rate};
    use crate::testing::shop;
    use offhook_env::call::customer::Channel as _;
    use offhook_env::rng::{Stream, derive};

    const DSTC2: &str = crate::bundled::CHANNELS.files[0].text;

    /// Acts in the shares of a plain call, heard through the committed channel.
    fn turns(n: usize, channel: &ConfusionChannel) -> Vec<(Utterance, NBest)> {
        let acts = [
            UserAct::new(UserActKind::Affirm),
            UserAct::new(UserActKind::Deny),
            UserAct::inform(0, 1),
            UserAct::inform(1, 2),
            UserAct::about(UserActKind::Ask, 0),
            UserAct::new(UserActKind::Silence),
            UserAct::new(UserActKind::Thank),
            UserAct::new(UserActKind::Unrelated),
        ];
        let mut rng = derive(4, Stream::Train, 0);
        let said = acts.iter().cycle().take(n).map(|act| Utterance::from(*act));
        said.map(|said| {
            let mut heard = NBest::EMPTY;
            channel.transmit(&said, 1, &mut rng, &mut heard);
            (said, heard)
        })
        .collect()
    }

    #[test]
    fn a_channel_fitted_to_its_own_output_errs_as_often() {
        let (scenario, _) = shop();
        let channel = ConfusionChannel::parse("dstc2.toml", DSTC2, &scenario)
            .unwrap_or_else(|e| panic!("{e}"));
        let data = turns(40_000, &channel);
        let model =
            fit_channel("again", "a test", data.iter().copied()).unwrap_or_else(|e| panic!("{e}"));
        let fitted = ConfusionChannel::new(&model, &scenario);
        let measured = act_error_rate(data.iter().copied()).expect("there are turns");
        let mut rng = derive(4, Stream::Evaluate, 0);
        let sampled = channel_error_rate(&fitted, data.iter().map(|(said, _)| *said), 1, &mut rng)
            .expect("there are turns");
        assert!(
            (measured - sampled).abs() < 0.01,
            "{measured} in the data, {sampled} by the channel"
        );
        let text = model.to_toml();
        let read =
            ChannelModel::parse("again.toml", &text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        assert_eq!(read.to_toml(), text);
    }

    #[test]
    fn what_is_rare_is_assumed_and_says_so() {
        let (scenario, _) = shop();
        let channel = ConfusionChannel::parse("dstc2.toml", DSTC2, &scenario)
            .unwrap_or_else(|e| panic!("{e}"));
        let model =
            fit_channel("few", "a test", turns(2_000, &channel)).unwrap_or_else(|e| panic!("{e}"));
        let origin = |kind| model.kind(kind).expect("every kind has an entry").origin;
        assert_eq!(origin(UserActKind::Affirm), Origin::Measured(250));
        assert_eq!(
            origin(UserActKind::OptOut),
            Origin::Assumed(UserActKind::Ask)
        );
        assert!(
            model
                .to_toml()
                .contains("# Assumed, since there were too few examples: object, accept,")
        );
    }

    #[test]
    fn too_few_turns_are_refused() {
        let error = fit_channel("none", "a test", []).expect_err("there is nothing to fit");
        assert!(
            error
                .to_string()
                .starts_with("no channel can be fitted: found 0 labelled turns"),
            "{error}"
        );
    }
}

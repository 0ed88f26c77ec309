//! A channel that confuses acts: what is heard, how surely, and what stands second, all by tables.
//!
//! Every act of an utterance passes on its own; what is lost vanishes, and the utterance is as sure
//! as its least sure act.

use offhook_env::act::{Hypothesis, NBest, NONE, UserAct, UserActKind, Utterance};
use offhook_env::customer::Channel;
use offhook_env::diagnostic::Diagnostics;
use offhook_env::rng::Rng;
use offhook_env::scenario::Scenario;
use rand::Rng as _;

use super::model::{ChannelModel, N_BINS};
use super::table::{Behind, Heard, KindTable, is_quiet, scaled, weights};
use crate::dice::Pick;

const N_KINDS: usize = UserActKind::ALL.len();

/// A confusion channel, compiled for one scenario.
#[derive(Clone, Debug)]
pub struct ConfusionChannel {
    /// What becomes of each kind, by difficulty.
    fates: [Vec<Pick<Heard>>; 3],
    kinds: Vec<KindTable>,
    /// Acts that the scenario's customers do, by kind.
    acts: [Vec<UserAct>; N_KINDS],
}

impl ConfusionChannel {
    /// Compiles a model for the acts that the customers of `scenario` do: confusions with other
    /// acts count as lost.
    pub fn new(model: &ChannelModel, scenario: &Scenario) -> Self {
        let mut acts: [Vec<UserAct>; N_KINDS] = std::array::from_fn(|_| Vec::new());
        for (act, _) in &scenario.customer {
            let list = &mut acts[act.kind as usize];
            // A proof of identity is never made up by the line.
            let proof = act.kind == UserActKind::Inform && act.about == NONE;
            let open = act.kind == UserActKind::Inform && act.value == NONE && !proof;
            if open {
                let n_values = scenario.slot_values[act.about as usize].len() as u8;
                list.extend((0..n_values).map(|value| UserAct::inform(act.about, value)));
            } else if !proof {
                list.push(*act);
            }
        }
        let can =
            |kind: UserActKind| kind != UserActKind::HangUp && !acts[kind as usize].is_empty();
        let mut fates: [Vec<Pick<Heard>>; 3] = std::array::from_fn(|_| Vec::new());
        let mut kinds = Vec::new();
        for &kind in UserActKind::ALL {
            // Only `hang_up` may be missing, and nothing is heard after it.
            let entry = model
                .kind(kind)
                .or(model.kind(UserActKind::Silence))
                .or(model.kinds.first());
            let Some(entry) = entry else { break };
            let weights = weights(kind, &entry.rates, can);
            for (list, odds) in fates.iter_mut().zip(model.difficulty_odds) {
                list.push(Pick::new(scaled(kind, &weights, odds)));
            }
            kinds.push(KindTable::new(kind, &entry.rates, &weights));
        }
        Self { fates, kinds, acts }
    }

    /// Reads a channel file and compiles it for `scenario`; `file` is the name that messages show.
    ///
    /// # Errors
    /// Every mistake in the text, with line and column.
    pub fn parse(file: &str, text: &str, scenario: &Scenario) -> Result<Self, Diagnostics> {
        Ok(Self::new(&ChannelModel::parse(file, text)?, scenario))
    }

    /// The act that `act` becomes; `None` when nothing is left of it.
    fn hear(&self, act: UserAct, fate: Heard, bits: u32) -> Option<UserAct> {
        match fate {
            Heard::Right => (!is_quiet(act.kind)).then_some(act),
            Heard::Lost => None,
            Heard::As(kind) => self.any(kind, bits, |_| true),
            Heard::About => self.any(act.kind, bits, |other| other.about != act.about),
            // A proof of identity that is misheard does not match.
            Heard::Value if act.about == NONE => Some(UserAct { value: 0, ..act }),
            Heard::Value => self.any(act.kind, bits, |other| {
                other.about == act.about && other.value != act.value
            }),
        }
    }

    /// An act of `kind` that `fits`, from a place that `bits` choose: those that chose the fate, whose
    /// lowest ones still choose evenly.
    fn any(
        &self,
        kind: UserActKind,
        bits: u32,
        fits: impl Fn(&UserAct) -> bool,
    ) -> Option<UserAct> {
        let list = &self.acts[kind as usize];
        let bits = bits.wrapping_mul(0x9E37_79B9);
        let start = ((u64::from(bits) * list.len() as u64) >> 32) as usize;
        list[start..]
            .iter()
            .chain(&list[..start])
            .find(|act| fits(act))
            .copied()
    }
}

impl Channel for ConfusionChannel {
    fn transmit(&self, said: &Utterance, difficulty: u8, rng: &mut Rng, heard: &mut NBest) {
        heard.clear();
        let silence = [UserAct::new(UserActKind::Silence)];
        let acts = if said.acts().is_empty() {
            &silence[..]
        } else {
            said.acts()
        };
        let fates = &self.fates[usize::from(difficulty).min(2)];
        let (mut top, mut sure) = (Utterance::SILENCE, 1.0f32);
        // The act that the second reading doubts: the first wrong one, else the first.
        let (mut doubted, mut all_right) = (0, true);
        for (k, &act) in acts.iter().enumerate() {
            let (bits, more) = halves(rng.next_u64());
            let kind = act.kind as usize;
            let fate = fates[kind].at(bits).unwrap_or(Heard::Right);
            let part = self.hear(act, fate, bits);
            let table = &self.kinds[kind];
            let confidence = match (fate, part) {
                (Heard::Right, _) => &table.right,
                (_, None) => &table.lost,
                _ => &table.wrong,
            };
            sure = sure.min(confidence.at(more));
            if fate != Heard::Right && all_right {
                (doubted, all_right) = (k, false);
            }
            if let Some(part) = part {
                top.push(part);
            }
        }
        let act = acts[doubted];
        let table = &self.kinds[act.kind as usize];
        let behind = if all_right {
            &table.behind_right
        } else {
            &table.behind_wrong
        };
        let (bits, more) = halves(rng.next_u64());
        let which = behind.which[usize::from(sure >= HIGHEST)].at(bits);
        let mut second = Utterance::SILENCE;
        match which {
            Some(Behind::Nothing) => {
                heard.push(Hypothesis {
                    utterance: top,
                    confidence: 1.0,
                });
                return;
            }
            None | Some(Behind::Silence) => {}
            Some(Behind::Truth) => second = acts.iter().filter(|a| is_loud(a)).copied().collect(),
            Some(Behind::Error(fate)) => {
                let instead = self.hear(act, fate, bits);
                for (k, &other) in acts.iter().enumerate().filter(|(_, a)| is_loud(a)) {
                    if let Some(part) = if k == doubted { instead } else { Some(other) } {
                        second.push(part);
                    }
                }
            }
        }
        heard.push(Hypothesis {
            utterance: top,
            confidence: sure,
        });
        if second != top {
            heard.push(Hypothesis {
                utterance: second,
                confidence: (behind.share.at(more) * (1.0 - sure)).min(sure),
            });
        }
    }
}

/// Where the highest bin of confidence begins.
const HIGHEST: f32 = (N_BINS - 1) as f32 / N_BINS as f32;

/// Whether the act matters to anybody.
fn is_loud(act: &UserAct) -> bool {
    !is_quiet(act.kind)
}

fn halves(bits: u64) -> (u32, u32) {
    (bits as u32, (bits >> 32) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::shop;
    use offhook_env::rng::{Stream, derive};

    const DSTC2: &str = include_str!("../../../experiments/channels/dstc2.toml");
    const N: usize = 40_000;

    fn tops(act: UserAct, difficulty: u8) -> Vec<NBest> {
        let (scenario, _) = shop();
        let channel = ConfusionChannel::parse("dstc2.toml", DSTC2, &scenario)
            .unwrap_or_else(|e| panic!("{e}"));
        let mut rng = derive(2, Stream::Evaluate, u64::from(difficulty));
        (0..N)
            .map(|_| {
                let mut heard = NBest::EMPTY;
                channel.transmit(&act.into(), difficulty, &mut rng, &mut heard);
                heard
            })
            .collect()
    }

    fn share(list: &[NBest], holds: impl Fn(&NBest) -> bool) -> f64 {
        list.iter().filter(|n_best| holds(n_best)).count() as f64 / list.len() as f64
    }

    fn is_right(n_best: &NBest, act: UserAct) -> bool {
        n_best.hypotheses()[0].utterance == act.into()
    }

    #[test]
    fn an_average_customer_is_heard_at_the_rates_of_the_file() {
        let model = ChannelModel::parse("dstc2.toml", DSTC2).unwrap_or_else(|e| panic!("{e}"));
        for act in [
            UserAct::new(UserActKind::Affirm),
            UserAct::new(UserActKind::Deny),
            UserAct::inform(1, 2),
        ] {
            let rates = &model.kind(act.kind).expect("every kind has an entry").rates;
            let kind = rates
                .heard
                .iter()
                .find(|(kind, _)| *kind == act.kind)
                .expect("heard as itself")
                .1;
            let told = if act.about == NONE {
                kind
            } else {
                kind * (1.0 - rates.about_error - rates.value_error)
            };
            let heard = share(&tops(act, 1), |n_best| is_right(n_best, act));
            assert!(
                (told - heard).abs() < 0.01,
                "{act:?}: {told} in the file, {heard} heard"
            );
        }
    }

    #[test]
    fn the_harder_to_understand_the_more_is_misheard() {
        let act = UserAct::inform(0, 1);
        let rights = [0, 1, 2]
            .map(|difficulty| share(&tops(act, difficulty), |n_best| is_right(n_best, act)));
        assert!(
            rights[0] > rights[1] + 0.05 && rights[1] > rights[2] + 0.1,
            "{rights:?}"
        );
    }

    #[test]
    fn a_lone_no_is_heard_worse_than_a_full_sentence() {
        let no = UserAct::new(UserActKind::Deny);
        let sentence = UserAct::inform(0, 1);
        assert!(
            share(&tops(no, 1), |n| is_right(n, no)) + 0.3
                < share(&tops(sentence, 1), |n| is_right(n, sentence))
        );
    }

    #[test]
    fn readings_are_in_order_and_only_of_acts_that_customers_do() {
        let (scenario, _) = shop();
        for kind in [UserActKind::Thank, UserActKind::Silence, UserActKind::Busy] {
            for n_best in tops(UserAct::new(kind), 2) {
                let list = n_best.hypotheses();
                assert!((1..=2).contains(&list.len()));
                assert!(list.is_sorted_by(|a, b| a.confidence >= b.confidence));
                assert!(list.iter().map(|h| h.confidence).sum::<f32>() <= 1.0 + 1e-6);
                for act in list.iter().flat_map(|h| h.utterance.acts()) {
                    assert!(
                        scenario.customers_do(act.kind) && act.kind != UserActKind::HangUp,
                        "{act:?}"
                    );
                    assert!(
                        act.kind != UserActKind::Inform || act.about != NONE,
                        "a proof was made up"
                    );
                }
            }
        }
    }

    #[test]
    fn a_false_proof_is_never_heard_as_a_true_one() {
        let proof = UserAct::inform(NONE, 0);
        let matches = |n_best: &NBest| {
            n_best
                .hypotheses()
                .iter()
                .flat_map(|h| h.utterance.acts())
                .any(|act| act.kind == UserActKind::Inform && act.about == NONE && act.value == 1)
        };
        assert_eq!(share(&tops(proof, 2), matches), 0.0);
    }

    #[test]
    fn a_single_reading_is_certain() {
        let list = tops(UserAct::inform(1, 0), 1);
        let certain = share(&list, |n_best| n_best.hypotheses()[0].confidence == 1.0);
        assert!((0.15..0.4).contains(&certain), "{certain}");
    }
}

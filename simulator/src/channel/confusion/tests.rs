//! The rates at which a line mishears.

use super::*;
use crate::testing::shop;
use offhook_env::rng::{Stream, derive};

const DSTC2: &str = crate::bundled::CHANNELS.files[0].text;
const N: usize = 40_000;

fn tops(act: UserAct, difficulty: u8) -> Vec<NBest> {
    let (scenario, _) = shop();
    let channel =
        ConfusionChannel::parse("dstc2.toml", DSTC2, &scenario).unwrap_or_else(|e| panic!("{e}"));
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
    let rights =
        [0, 1, 2].map(|difficulty| share(&tops(act, difficulty), |n_best| is_right(n_best, act)));
    assert!(
        rights[0] > rights[1] + 0.05 && rights[1] > rights[2] + 0.1,
        "{rights:?}"
    );
}

#[test]
fn noise_makes_a_share_of_what_was_right_wrong() {
    let (scenario, _) = shop();
    let model = ChannelModel::parse("dstc2.toml", DSTC2).unwrap_or_else(|e| panic!("{e}"));
    let channel = ConfusionChannel::varied(&model, &scenario);
    for act in [UserAct::new(UserActKind::Affirm), UserAct::inform(0, 1)] {
        let rights = [0, 15, 30].map(|step| {
            let mut rng = derive(2, Stream::Evaluate, 1);
            let (mut heard, difficulty) = (NBest::EMPTY, 1 + 3 * step);
            let right = |_: &usize| {
                channel.transmit(&act.into(), difficulty, &mut rng, &mut heard);
                is_right(&heard, act)
            };
            (0..N).filter(right).count() as f64 / N as f64
        });
        for (k, noise) in [(1, 0.15), (2, 0.3)] {
            let told = rights[0] * (1.0 - noise);
            assert!((rights[k] - told).abs() < 0.01, "{act:?}: {rights:?}");
        }
    }
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

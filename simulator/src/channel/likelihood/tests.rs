//! What is likely is what is heard often.

use std::collections::BTreeMap;

use super::*;
use crate::channel::N_BINS;
use crate::channel::odds::GRID;
use crate::channel::{ChannelModel, ConfusionChannel};
use crate::testing::shop;
use offhook_env::act::Hypothesis;
use offhook_env::call::customer::Channel;
use offhook_env::rng::{Stream, derive};
use offhook_env::scenario::Scenario;

const DSTC2: &str = crate::bundled::CHANNELS.files[0].text;
/// Draws of each utterance, and of those that can be heard as very many others.
const N: usize = 1_000_000;
const FEW: usize = 100_000;
/// Pairs of readings that came up less often are left out.
const RARE: u64 = 300;

/// First reading, second reading, bin of confidence (`N_BINS` where certain), bin of share (`N_BINS` where cut).
type Class = (String, Option<String>, usize, usize);

fn channel(scenario: &Scenario) -> ConfusionChannel {
    let model = ChannelModel::parse("dstc2.toml", DSTC2).unwrap_or_else(|e| panic!("{e}"));
    ConfusionChannel::varied(&model, scenario)
}

fn sure_at(step: u32) -> f32 {
    (step / GRID) as f32 / N_BINS as f32 + (step % GRID) as f32 / 256.0 / N_BINS as f32
}

fn class(heard: &NBest) -> (Class, Utterance, Option<Utterance>) {
    let list = heard.hypotheses();
    let (top, second) = (list[0], list.get(1));
    let sure = match top.confidence {
        1.0 => N_BINS,
        sure => (step(sure) / GRID) as usize,
    };
    let share = second.map_or(0, |second| match second.confidence == top.confidence {
        true => N_BINS,
        false => (step(second.confidence / (1.0 - top.confidence)) / GRID) as usize,
    });
    let name = |said: &Utterance| format!("{:?}", said.acts());
    let second = second.map(|second| second.utterance);
    let key = (name(&top.utterance), second.as_ref().map(name), sure, share);
    (key, top.utterance, second)
}

/// Probability of everything that is heard as these readings, class by class.
fn told(
    channel: &ConfusionChannel,
    (said, difficulty): (&Utterance, u8),
    (top, second): (Utterance, Option<Utterance>),
) -> BTreeMap<(usize, usize), f64> {
    let mut found = BTreeMap::new();
    let hypothesis = |utterance, confidence| Hypothesis {
        utterance,
        confidence,
    };
    let chance = |readings: &[Hypothesis]| {
        channel.likelihood(said, difficulty, &readings.iter().copied().collect())
    };
    let Some(second) = second else {
        found.insert((N_BINS, 0), chance(&[hypothesis(top, 1.0)]));
        for step in 0..CERTAIN {
            let bin = (step / GRID) as usize;
            *found.entry((bin, 0)).or_default() += chance(&[hypothesis(top, sure_at(step))]);
        }
        return found;
    };
    for step in 0..CERTAIN {
        let (bin, sure) = ((step / GRID) as usize, sure_at(step));
        let cut = (sure / (1.0 - sure) * CERTAIN as f32).ceil() as u32;
        for share_bin in 0..N_BINS as u32 {
            let n = cut.saturating_sub(share_bin * GRID).min(GRID);
            if n > 0 {
                let share = sure_at(share_bin * GRID);
                let heard = [
                    hypothesis(top, sure),
                    hypothesis(second, share * (1.0 - sure)),
                ];
                let entry = found.entry((bin, share_bin as usize)).or_default();
                *entry += f64::from(n) * chance(&heard);
            }
        }
        if cut < CERTAIN {
            let heard = [hypothesis(top, sure), hypothesis(second, sure)];
            *found.entry((bin, N_BINS)).or_default() += chance(&heard);
        }
    }
    found
}

/// Plays `said` `n_draws` times, and compares what is heard with what is told to be likely.
fn check_often(channel: &ConfusionChannel, said: &[UserAct], difficulty: u8, n_draws: usize) {
    let utterance: Utterance = said.iter().copied().collect();
    let mut rng = derive(11, Stream::Evaluate, u64::from(difficulty));
    let (mut counts, mut pairs) = (BTreeMap::new(), BTreeMap::new());
    let mut heard = NBest::EMPTY;
    for _ in 0..n_draws {
        channel.transmit(&utterance, difficulty, &mut rng, &mut heard);
        let (key, top, second) = class(&heard);
        let pair = (key.0.clone(), key.1.clone());
        pairs.entry(pair).or_insert((0, (top, second))).0 += 1;
        *counts.entry(key).or_insert(0u64) += 1;
    }
    let (mut sum, mut chi, mut n_cells) = (0.0, 0.0, 0.0f64);
    // Cells too rare for the test, together.
    let (mut rare, mut n_rare) = (0.0, 0.0f64);
    for ((first, second), (n, readings)) in pairs {
        if n < RARE {
            counts.retain(|key, _| (&key.0, &key.1) != (&first, &second));
            continue;
        }
        for ((sure, share), chance) in told(channel, (&utterance, difficulty), readings) {
            sum += chance;
            let key = (first.clone(), second.clone(), sure, share);
            let n = counts.remove(&key).unwrap_or(0) as f64;
            let expected = chance * n_draws as f64;
            if expected < 20.0 {
                rare += expected;
                n_rare += n;
                continue;
            }
            chi += (n - expected).powi(2) / expected;
            n_cells += 1.0;
        }
    }
    assert!(
        counts.is_empty(),
        "{said:?}: heard, but impossible: {counts:?}"
    );
    chi += (n_rare - rare).powi(2) / rare.max(1.0);
    let bound = n_cells + 5.0 * (2.0 * n_cells).sqrt() + 25.0;
    assert!(
        chi < bound,
        "{said:?}: {chi} in {n_cells} cells, at most {bound}"
    );
    assert!((0.8..1.0 + 1e-9).contains(&sum), "{said:?}: sum {sum}");
}

fn check(channel: &ConfusionChannel, said: &[UserAct], difficulty: u8) {
    check_often(channel, said, difficulty, N);
}

fn scenario(name: &str) -> std::sync::Arc<Scenario> {
    let loaded = crate::world::load(name, None);
    loaded
        .unwrap_or_else(|e| panic!("{e}"))
        .world
        .scenario
        .clone()
}

const fn kind(kind: UserActKind) -> UserAct {
    UserAct::new(kind)
}

#[test]
fn single_acts_are_heard_as_often_as_told() {
    let (scenario, _) = shop();
    let channel = channel(&scenario);
    for (act, difficulty) in [
        (kind(UserActKind::Affirm), 0),
        (kind(UserActKind::Silence), 1),
        (kind(UserActKind::Unrelated), 2),
        (UserAct::inform(0, 1), 1),
        (UserAct::inform(1, 2), 2),
        (UserAct::inform(NONE, 1), 1),
        (UserAct::inform(NONE, 0), 2),
        (UserAct::about(UserActKind::Ask, 1), 2),
        (UserAct::about(UserActKind::Object, 1), 1),
        (kind(UserActKind::Deny), 1 + 3 * 12),
    ] {
        check(&channel, &[act], difficulty);
    }
    check(&channel, &[], 1);
}

#[test]
fn several_acts_are_heard_as_often_as_told() {
    let (scenario, _) = shop();
    let channel = channel(&scenario);
    let (yes, no) = (kind(UserActKind::Affirm), kind(UserActKind::Deny));
    check(&channel, &[yes, UserAct::about(UserActKind::Ask, 0)], 1);
    check(&channel, &[no, UserAct::inform(1, 0)], 2);
    check(
        &channel,
        &[kind(UserActKind::Unrelated), UserAct::inform(0, 0)],
        1,
    );
    check(&channel, &[yes, yes], 0);
    check(
        &channel,
        &[no, UserAct::inform(1, 1), kind(UserActKind::Distrust)],
        1,
    );
}

#[test]
fn near_values_are_heard_as_often_as_told() {
    let scenario = scenario("epidemic_survey");
    let channel = channel(&scenario);
    let mut kinds = Vec::new();
    for (slot, of) in (0..).zip(&scenario.slots) {
        let act = UserAct::inform(slot, (of.values.len() / 2) as u8);
        let is_heard = channel.listed(UserActKind::Inform).contains(&act);
        if is_heard && of.values.len() < 16 && !kinds.contains(&of.kind) {
            kinds.push(of.kind);
            check_often(&channel, &[act], 1 + slot % 2, FEW);
        }
    }
    assert!(kinds.len() > 1, "{kinds:?}");
}

#[test]
fn all_that_can_be_heard_of_one_act_sums_to_one() {
    let (scenario, _) = shop();
    let channel = channel(&scenario);
    let proof = UserAct::inform(NONE, 0);
    let mut all: Vec<Utterance> = vec![Utterance::SILENCE, proof.into()];
    let loud = channel.acts.iter().filter(|act| is_loud(act));
    all.extend(loud.map(|act| Utterance::from(*act)));
    for said in [kind(UserActKind::Affirm), proof, UserAct::inform(1, 0)] {
        let said = Utterance::from(said);
        let mut sum = 0.0;
        for &top in &all {
            let seconds = all.iter().map(|second| Some(*second)).chain([None]);
            for second in seconds.filter(|second| *second != Some(top)) {
                // Flat within a bin, so that a step of each stands for all; shares of 1 hold whatever the confidence.
                let told = told(&channel, (&said, 1), (top, second));
                sum += told.values().sum::<f64>();
            }
        }
        assert!((sum - 1.0).abs() < 1e-6, "{said:?}: {sum}");
    }
}

#[test]
fn after_nothing_at_all_the_loss_of_everything_counts() {
    let (scenario, _) = shop();
    let channel = channel(&scenario);
    let lost = |said: UserAct| channel.likelihood(&said.into(), 1, &NBest::EMPTY);
    assert!((lost(kind(UserActKind::Silence)) - 0.9).abs() < 0.1 + 1e-9);
    assert!(lost(kind(UserActKind::Affirm)) < 0.2);
}

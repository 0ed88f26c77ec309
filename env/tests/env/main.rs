//! The environment with a customer who says what the test tells: one binary for the crate.

use std::sync::Arc;

use offhook_env::act::{Hypothesis, NBest, NONE, SystemActKind, UserAct, UserActKind, Utterance};
use offhook_env::belief::tracker::BeliefState;
use offhook_env::call::batch::CallBatch;
use offhook_env::call::customer::{Customers, Mood, PerfectChannel, SystemUtterance, Truth};
use offhook_env::call::outcome::{CallSummary, Outcome, RewardTerm};
use offhook_env::call::vector_env::{StepBatch, VectorEnv};
use offhook_env::call::{Call, World};
use offhook_env::log::{self, CallLog};
use offhook_env::policy::{Policy, RandomPolicy};
use offhook_env::rng::{Rng, Stream, uniform_at};
use offhook_env::scenario::{Scenario, ScenarioText};
use rand::Rng as _;

mod attainable;
mod bounds;
mod faults;
mod language;
mod logs;
mod privileged;

/// The values of the fixture's slot that is answered by yes and no.
const YES: u8 = 0;
const NO: u8 = 1;

fn scenario() -> Scenario {
    Scenario::parse(&ScenarioText::new(
        "fixture.toml",
        include_str!("fixture.toml"),
    ))
    .unwrap_or_else(|e| panic!("{e}"))
}

/// Answers plainly; a share of them is somebody else, asks why, or hangs up.
struct Plain;

impl Customers for Plain {
    type Customer = Truth;

    fn call(&self, _: &Scenario, rng: &mut Rng) -> Truth {
        let draw = rng.next_u64();
        let mut truth = Truth {
            right_person: draw & 3 != 0,
            ..Truth::default()
        };
        truth.slots[0] = if draw & 4 == 0 { YES } else { NO };
        truth
    }

    fn truth<'c>(&self, customer: &'c Truth) -> &'c Truth {
        customer
    }

    fn difficulty(&self, _: &Truth) -> u8 {
        0
    }

    fn mood(&self, _customer: &Self::Customer) -> Mood {
        Mood {
            patience: 1.0,
            trust: 1.0,
            satisfaction: 3.0,
        }
    }

    fn respond(
        &self,
        _: &Scenario,
        truth: &mut Truth,
        spoken: SystemUtterance<'_>,
        rng: &mut Rng,
    ) -> Utterance {
        let yes_no = |yes| {
            UserAct::new(if yes {
                UserActKind::Affirm
            } else {
                UserActKind::Deny
            })
        };
        let said = match spoken.acts[0].kind {
            SystemActKind::ConfirmIdentity => yes_no(truth.right_person),
            SystemActKind::Ask if spoken.acts[0].about == 0 => UserAct::inform(0, truth.slots[0]),
            SystemActKind::Greet if rng.next_u64() & 1 == 0 => {
                truth.asked |= 1;
                UserAct::about(UserActKind::Ask, 0)
            }
            SystemActKind::Answer => {
                truth.answered |= 1;
                return Utterance::SILENCE;
            }
            SystemActKind::Repeat => UserAct::new(UserActKind::HangUp),
            _ => return Utterance::SILENCE,
        };
        said.into()
    }

    fn seconds(&self, said: &Utterance) -> f32 {
        1.5 * said.acts().len().max(1) as f32
    }

    fn rating(&self, _: &Truth, outcome: Outcome) -> u8 {
        if outcome == Outcome::Completed { 5 } else { 2 }
    }
}

fn world() -> Arc<World<Plain>> {
    Arc::new(World {
        scenario: Arc::new(scenario()),
        customers: Plain,
        channel: Arc::new(PerfectChannel),
    })
}

/// Tells the tracker one exchange: the action, then readings with their confidence.
fn exchange(
    scenario: &Scenario,
    belief: &mut BeliefState,
    action: &str,
    readings: &[(UserAct, f32)],
) {
    let action = scenario
        .layout
        .action(action)
        .expect("the fixture has the action");
    let reading = |&(act, confidence): &(UserAct, f32)| Hypothesis {
        utterance: act.into(),
        confidence,
    };
    belief.update(
        scenario,
        action,
        &readings.iter().map(reading).collect::<NBest>(),
    );
}

fn level<'s>(scenario: &'s Scenario, belief: &BeliefState, feature: &str) -> &'s str {
    let at = scenario
        .layout
        .feature(feature)
        .expect("the fixture has the feature");
    &scenario.layout.features[at].levels[belief.codes(scenario)[at] as usize]
}

const AFFIRM: UserAct = UserAct::new(UserActKind::Affirm);
const DENY: UserAct = UserAct::new(UserActKind::Deny);

#[test]
fn two_half_heard_yeses_make_a_likely_identity_and_a_no_undoes_it() {
    let scenario = scenario();
    let mut belief = BeliefState::new(&scenario);
    assert_eq!(level(&scenario, &belief, "identity"), "unknown");
    exchange(&scenario, &mut belief, "confirm_identity", &[(AFFIRM, 0.5)]);
    assert_eq!(level(&scenario, &belief, "identity"), "claimed");
    exchange(&scenario, &mut belief, "confirm_identity", &[(AFFIRM, 0.5)]);
    assert_eq!(level(&scenario, &belief, "identity"), "likely");
    exchange(&scenario, &mut belief, "confirm_identity", &[(DENY, 0.4)]);
    assert_eq!(level(&scenario, &belief, "identity"), "doubted");
}

#[test]
fn account_details_are_masked_until_identity_is_confirmed() {
    let scenario = scenario();
    let tell = scenario
        .layout
        .action("inform(news)")
        .expect("the fixture has the action");
    let mut belief = BeliefState::new(&scenario);
    exchange(&scenario, &mut belief, "confirm_identity", &[(AFFIRM, 0.7)]);
    assert!(!belief.observation(&scenario).mask.allows(tell));
    assert_eq!(
        scenario.broken_rules(belief.codes(&scenario), tell).count(),
        1
    );
    exchange(
        &scenario,
        &mut belief,
        "verify_identity",
        &[(
            UserAct {
                value: 1,
                ..UserAct::new(UserActKind::Inform)
            },
            0.9,
        )],
    );
    assert_eq!(level(&scenario, &belief, "identity"), "verified");
    assert!(belief.observation(&scenario).mask.allows(tell));
    assert_eq!(
        scenario.broken_rules(belief.codes(&scenario), tell).count(),
        0
    );
}

#[test]
fn an_opt_out_is_for_ever_and_a_faint_one_is_remembered() {
    let scenario = scenario();
    let mut belief = BeliefState::new(&scenario);
    let opt_out = UserAct::new(UserActKind::OptOut);
    exchange(
        &scenario,
        &mut belief,
        "greet",
        &[(AFFIRM, 0.6), (opt_out, 0.3)],
    );
    assert_eq!(level(&scenario, &belief, "opt_out"), "maybe");
    exchange(&scenario, &mut belief, "greet", &[(opt_out, 0.8)]);
    exchange(&scenario, &mut belief, "apologize", &[(AFFIRM, 1.0)]);
    assert_eq!(level(&scenario, &belief, "opt_out"), "asked");
    let allowed: Vec<_> = belief
        .observation(&scenario)
        .mask
        .iter()
        .map(|a| &scenario.layout.actions[a as usize])
        .collect();
    assert_eq!(allowed, ["apologize", "close"]);
}

#[test]
fn yes_after_a_repetition_answers_the_question_before_it() {
    let scenario = scenario();
    let mut belief = BeliefState::new(&scenario);
    exchange(&scenario, &mut belief, "ask(agrees)", &[]);
    exchange(&scenario, &mut belief, "repeat", &[(AFFIRM, 0.97)]);
    assert_eq!(level(&scenario, &belief, "value.agrees"), "yes");
    assert_eq!(level(&scenario, &belief, "slot.agrees"), "sure");
    exchange(&scenario, &mut belief, "confirm(agrees)", &[(DENY, 0.9)]);
    assert_eq!(level(&scenario, &belief, "slot.agrees"), "faint");
}

#[test]
fn a_call_is_complete_only_if_it_truly_is() {
    let world = world();
    let actions = [
        "greet",
        "confirm_identity",
        "inform(news)",
        "ask(agrees)",
        "close",
    ];
    let mut completed = 0;
    for episode in 0..40 {
        let mut call = Call::start(&world, 1, Stream::Evaluate, episode);
        let right = call.customer().right_person;
        for name in actions {
            let action = world
                .scenario
                .layout
                .action(name)
                .expect("the fixture has the action");
            if !call.belief.observation(&world.scenario).mask.allows(action) {
                assert!(!right, "only another person's identity stays unconfirmed");
                continue;
            }
            let turn = call.step(&world, action);
            if let Some(summary) = turn.summary {
                assert_eq!(
                    summary.outcome,
                    if right {
                        Outcome::Completed
                    } else {
                        Outcome::WrongPerson
                    }
                );
                let open = call.customer().asked != 0;
                let expected = if right {
                    10.0 + 2.0 - 5.0
                } else {
                    -1.0 - f32::from(summary.turns)
                };
                assert_eq!(summary.return_, expected - if open { 2.0 } else { 0.0 });
                assert_eq!(
                    summary.terms[RewardTerm::Turn as usize],
                    -f32::from(summary.turns)
                );
                assert_eq!(summary.return_, summary.terms.iter().sum::<f32>());
                completed += u32::from(right);
            }
        }
    }
    assert!(completed > 10, "three in four are the right person");
}

/// Plays the first `n_episodes` with random legal actions in batches of `n_calls`.
fn play(n_calls: usize, n_episodes: u64) -> Vec<CallSummary> {
    let world = world();
    let mut env = CallBatch::new(world.clone(), n_calls, 0);
    let mut out = StepBatch::default();
    env.reset(7, Stream::Evaluate, &mut out);
    let n_features = env.layout().n_features();
    let n_actions = env.layout().n_actions();
    let mut turns = vec![0; n_calls];
    let mut episodes: Vec<u64> = (0..n_calls as u64).collect();
    let mut summaries = Vec::new();
    while (summaries.len() as u64) < n_episodes {
        let actions: Vec<u8> = (0..n_calls)
            .map(|slot| {
                let uniform = uniform_at(7, Stream::Act, episodes[slot], turns[slot]);
                RandomPolicy.sample(out.observation(slot, n_features), n_actions, uniform)
            })
            .collect();
        env.step(&actions, &mut out);
        turns.iter_mut().for_each(|turn| *turn += 1);
        for (slot, summary) in &out.ended {
            (turns[*slot as usize], episodes[*slot as usize]) =
                (0, summary.episode + n_calls as u64);
            if summary.episode < n_episodes {
                summaries.push(*summary);
            }
        }
    }
    summaries.sort_by_key(|s| s.episode);
    summaries
}

#[test]
fn an_episode_does_not_depend_on_the_batch_it_is_played_in() {
    let one = play(1, 60);
    assert_eq!(one, play(16, 60));
    assert!(
        one.iter().any(|s| s.outcome == Outcome::Truncated),
        "the turn limit truncates"
    );
    assert!(one.iter().any(|s| s.outcome == Outcome::HungUp));
}

#[test]
fn a_truncated_call_is_not_terminated_and_keeps_its_last_observation() {
    let mut env = CallBatch::new(world(), 1, 0);
    let mut out = StepBatch::default();
    env.reset(1, Stream::Train, &mut out);
    let greet = env
        .layout()
        .action("greet")
        .expect("the fixture has the action");
    for turn in 1..=6 {
        env.step(&[greet], &mut out);
        assert_eq!((out.terminated[0], out.truncated[0]), (false, turn == 6));
    }
    let turn = env.layout().feature("turn").expect("every layout has it");
    assert_eq!(out.codes[turn], 0, "the next call has begun");
    assert_eq!(
        env.layout().features[turn].levels[out.final_codes[turn] as usize],
        "7-8",
        "the last one is kept"
    );
}

#[test]
fn forks_share_the_past_and_not_the_future() {
    let mut env = CallBatch::new(world(), 4, 0);
    let mut out = StepBatch::default();
    env.reset(1, Stream::Train, &mut out);
    env.step(&[0; 4], &mut out);
    let mut forked = StepBatch::default();
    let fork = env.fork(&[2, 2, 0], 9, &mut forked);
    let n = env.layout().n_features();
    assert_eq!(fork.n_calls(), 3);
    assert_eq!(forked.codes[..n], out.codes[2 * n..3 * n]);
    assert_eq!(forked.codes[2 * n..], out.codes[..n]);
}

#[test]
#[should_panic(expected = "is masked")]
fn a_masked_action_is_never_taken() {
    let world = world();
    let mut call = Call::start(&world, 1, Stream::Train, 0);
    call.step(
        &world,
        world
            .scenario
            .layout
            .action("inform(news)")
            .expect("the fixture has the action"),
    );
}

//! Fitted customers beside the log they were fitted to.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// Turns, and how often which kinds of acts were said, by the action that was meant.
type Shares = BTreeMap<ActionId, (f64, BTreeMap<Vec<UserActKind>, f64>)>;

/// Counts of what is said to each action that is meant.
fn shares(scenario: &Scenario, calls: &[Vec<PlayedTurn>]) -> Shares {
    let mut counts = Shares::new();
    for turns in calls {
        let mut meant = 0;
        for turn in turns {
            if scenario.acts(turn.action)[0].kind != SystemActKind::Repeat {
                meant = turn.action;
            }
            if !scenario.ending().allows(turn.action) {
                let kinds: Vec<_> = turn.said.acts().iter().map(|act| act.kind).collect();
                let (n, of) = counts.entry(meant).or_default();
                *n += 1.0;
                *of.entry(kinds).or_default() += 1.0;
            }
        }
    }
    counts
}

/// Total variation distance of what is said given the action that is meant, `[0, 1]`, averaged over
/// the actions as often as the first calls have them.
fn distance(scenario: &Scenario, calls: &[Vec<PlayedTurn>], others: &[Vec<PlayedTurn>]) -> f64 {
    let (calls, others) = (shares(scenario, calls), shares(scenario, others));
    let n_turns: f64 = calls.values().map(|(n, _)| n).sum();
    let share = |of: &BTreeMap<_, f64>, n: f64, form| of.get(form).copied().unwrap_or(0.0) / n;
    let nothing = (0.0, BTreeMap::new());
    let distances = calls.iter().map(|(action, (n, of))| {
        let (m, other) = others.get(action).unwrap_or(&nothing);
        let forms: BTreeSet<_> = of.keys().chain(other.keys()).collect();
        let apart = |form| (share(of, *n, form) - share(other, m.max(1.0), form)).abs() / 2.0;
        forms.into_iter().map(apart).sum::<f64>() * n / n_turns
    });
    distances.sum()
}

#[test]
fn the_bigram_says_what_its_log_says_as_often() {
    let text = shop_text();
    let (scenario, people) = scenario(&text);
    let (calls, logs) = logged(&text, 6_000, true);
    let fitted = LoggedCalls::read(&scenario, &logs).unwrap_or_else(|e| panic!("{e}"));
    let bigram = UserModel::Bigram(BigramCustomers::fit(people.clone(), &scenario, &fitted));
    let again = |model| -> Vec<_> {
        let world = world(&scenario, model);
        (0..6_000).map(|k| play(&world, 6, k, true)).collect()
    };
    // The floor is how far other calls of the very same model are.
    let floor = distance(&scenario, &calls, &again(UserModel::Agenda(people)));
    let apart = distance(&scenario, &calls, &again(bigram));
    println!("bigram {apart}, floor {floor}");
    assert!(
        apart < 2.0 * floor && apart < 0.05,
        "{apart}, floor {floor}"
    );
}

#[test]
fn a_replayed_customer_says_to_the_logged_actions_what_the_log_says() {
    let (scenario, people) = scenario(&shop_text());
    let (calls, logs) = logged(&shop_text(), 1_000, true);
    let fitted = LoggedCalls::read(&scenario, &logs).unwrap_or_else(|e| panic!("{e}"));
    let replies = |turns: &[PlayedTurn]| {
        let mut turns = turns.iter();
        turns.any(|turn| !scenario.ending().allows(turn.action))
    };
    let kept: Vec<_> = calls
        .iter()
        .zip(&logs)
        .filter(|(t, _)| replies(t))
        .collect();
    assert_eq!(kept.len(), fitted.n_calls());
    let replay = ReplayCustomers::new(people, &scenario, fitted);
    let mut n_turns = 0;
    for (k, (turns, log)) in kept.into_iter().enumerate() {
        let machine = [UserActKind::Voicemail, UserActKind::Screening];
        let said = |kind| turns.iter().any(|turn| turn.said.has(kind));
        if machine.into_iter().any(said) {
            continue;
        }
        let mut rng: Rng = derive(1, Stream::Train, k as u64);
        let mut customer = replay.customer(&scenario, k, &mut rng);
        for turn in turns {
            let spoken = SystemUtterance {
                action: turn.action,
                acts: scenario.acts(turn.action),
                value: turn.value,
            };
            let said = replay.respond(&scenario, &mut customer, spoken, &mut rng);
            assert_eq!(said, turn.said, "call {k}");
            n_turns += 1;
        }
        let outcome = log.outcome.expect("it ended");
        let rating = replay.rating(&customer, outcome);
        assert_eq!(Some(rating), log.satisfaction, "call {k}");
    }
    assert!(n_turns > 3_000, "{n_turns}");
}

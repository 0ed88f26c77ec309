//! Which calls can complete, of customers that are made for it.

use offhook_env::act::NONE;
use offhook_env::call::customer::{Goal, Truth};
use offhook_env::call::is_attainable;
use offhook_env::scenario::{Scenario, ScenarioText};

use super::YES;

/// The fixture, whose calls need a `yes`-or-`no` slot to be known and an offer to be taken.
fn scenario() -> Scenario {
    let text = include_str!("fixture.toml").replace(
        "need = [\"identified\", \"told(news)\", \"known(agrees)\"]",
        "need = [\"identified\", \"told(news)\", \"known(agrees)\", \"accepted(gift)\"]",
    );
    Scenario::parse(&ScenarioText::new("fixture.toml", text)).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn a_call_can_complete_with_the_right_person_who_has_time_and_refuses_nothing_that_is_needed() {
    let scenario = scenario();
    let offer = scenario.names.offers.iter().position(|o| o == "gift");
    let offer = offer.expect("an offer");
    let mut willing = Truth::default();
    willing.slots[0] = YES;
    let goal = Goal {
        reachable: true,
        offers: 1 << offer,
        ..Goal::default()
    };
    let can = |truth: Truth, goal: Goal| is_attainable(&scenario, &truth, goal);
    let truth = |change: fn(&mut Truth)| {
        let mut truth = willing;
        change(&mut truth);
        truth
    };
    let wants = |change: fn(&mut Goal)| {
        let mut goal = goal;
        change(&mut goal);
        goal
    };
    assert!(can(willing, goal));
    // Concerns, questions and moods are for the robot to deal with.
    assert!(can(truth(|t| t.concerns = 1), wants(|g| g.questions = 1)));
    for (hindered, why) in [
        (truth(|t| t.right_person = false), "another person"),
        (truth(|t| t.machine = true), "a machine"),
        (truth(|t| t.unavailable = true), "no time"),
        (truth(|t| t.slots[0] = NONE), "nothing to be known"),
    ] {
        assert!(!can(hindered, goal), "{why}");
    }
    for (other, why) in [
        (wants(|g| g.wants_human = true), "a human is wanted"),
        (wants(|g| g.wants_opt_out = true), "no calls are wanted"),
        (wants(|g| g.offers = 0), "what is needed is refused"),
    ] {
        assert!(!can(willing, other), "{why}");
    }
}

//! What can come up in a call at all: the levels that the tracker can give each feature of a scenario,
//! and the actions that some such observation allows.

use super::super::Scenario;
use super::super::condition::{Condition, Constraint};
use super::solve::{Clause, Domain, negation, solution};
use crate::act::{NONE, SystemActKind, UserActKind};
use crate::action::{ActionId, ActionMask};
use crate::belief::bounds::turn_level;
use crate::belief::features::{
    SPARE, answered_by, availability, beep, callback, concern, heard_level, identity, offer,
    question, role, slot, spoken, spoken_level,
};

/// What can come up in calls of a scenario; it errs on the side of too much, never of too little.
#[derive(Clone, Debug)]
pub struct Reach {
    /// The levels of each feature as a set, bit `c` for level `c`.
    pub levels: Vec<u16>,
    /// The actions that some observation allows.
    pub actions: ActionMask,
    /// What holds in every observation.
    always: Vec<Clause>,
}

/// What must hold for `action` to be allowed, one clause per constraint that forbids it.
pub(super) fn allowed<'c>(
    constraints: impl IntoIterator<Item = &'c Constraint>,
    action: ActionId,
) -> Vec<Clause> {
    constraints
        .into_iter()
        .filter(|c| c.forbidden.allows(action))
        .map(|c| negation(&c.when))
        .collect()
}

impl Reach {
    /// Starts from the first observation of a call and adds, until nothing is new, the actions that
    /// are allowed somewhere and the levels that they and the customers' acts bring about.
    pub fn of(scenario: &Scenario) -> Self {
        let n_actions = scenario.layout.n_actions() as ActionId;
        let mut reach = Self {
            levels: vec![1; scenario.layout.n_features()],
            actions: ActionMask::default(),
            always: always(scenario),
        };
        loop {
            let levels = produced(scenario, reach.actions);
            let open = |&action: &ActionId| {
                reach.satisfiable(&levels, &allowed(&scenario.constraints, action))
            };
            let actions: ActionMask = (0..n_actions).filter(open).collect();
            let grown = actions != reach.actions || levels != reach.levels;
            (reach.levels, reach.actions) = (levels, actions);
            if !grown {
                return reach;
            }
        }
    }

    /// Whether an observation with these codes, one per feature, can come up.
    pub fn contains(&self, codes: &[u8]) -> bool {
        let holds = |clause: &Clause| clause.iter().any(|when| when.holds(codes));
        let mut levels = self.levels.iter().zip(codes);
        levels.all(|(set, code)| set >> code & 1 == 1) && self.always.iter().all(holds)
    }

    /// Whether an observation of `domain` that can come up satisfies every clause; see [`solution`].
    pub(super) fn satisfiable(&self, domain: &Domain, clauses: &[Clause]) -> bool {
        self.example(domain, clauses).is_some()
    }

    /// Such observations, if there are any.
    pub(super) fn example(&self, domain: &Domain, clauses: &[Clause]) -> Option<Domain> {
        let all: Vec<Clause> = clauses.iter().chain(&self.always).cloned().collect();
        solution(domain, &all)
    }
}

/// What the tracker always keeps together: a slot's value is known where the slot is, and before the
/// first turn nothing is known at all.
fn always(scenario: &Scenario) -> Vec<Clause> {
    let f = &scenario.index;
    let zero = |feature: usize| (feature as u8, 1);
    let other = |feature: usize| (feature as u8, !1);
    let both = |terms: Vec<(u8, u16)>| Condition { terms };
    let shown = f.slots.iter().zip(&f.values);
    let shown =
        shown.flat_map(|(&slot, values)| values.iter().map(move |(value, _)| (slot, *value)));
    let mut list: Vec<Clause> = shown
        .map(|(slot, value)| {
            vec![
                both(vec![zero(slot), zero(value)]),
                both(vec![other(slot), other(value)]),
            ]
        })
        .collect();
    // What is on file of a caller is known before the first turn.
    let on_file = |feature: usize| {
        let slots = scenario.slots.iter().zip(f.slots.iter().zip(&f.values));
        let mut carried = slots.filter(|(slot, _)| slot.carried);
        f.caller.contains(&feature)
            || carried.any(|(_, (&slot, values))| {
                slot == feature || values.iter().any(|(value, _)| *value == feature)
            })
    };
    let unheard = (0..scenario.layout.n_features()).filter(|&feature| !on_file(feature));
    list.push(vec![
        both(unheard.map(zero).collect()),
        both(vec![other(f.turn), other(f.said)]),
    ]);
    list
}

/// The levels that some acts of the robot and all acts of the customers bring about, following what
/// the tracker does with each.
fn produced(scenario: &Scenario, actions: ActionMask) -> Domain {
    let (f, names) = (&scenario.index, &scenario.names);
    let full =
        |feature: usize| ((1u32 << scenario.layout.features[feature].levels.len()) - 1) as u16;
    // A feature that is not told of below may take any of its levels.
    let mut levels: Domain = (0..scenario.layout.n_features()).map(full).collect();
    let mut set = |feature: usize, list: &[(u8, bool)]| {
        if feature != SPARE {
            let possible = list.iter().filter(|(_, possible)| *possible);
            levels[feature] = possible.fold(1, |set, (level, _)| set | 1 << level) & full(feature);
        }
    };
    // After an action that ends the call nothing is observed any more.
    let going_on = ActionMask(actions.0 & !scenario.ending().0);
    let spoken_acts = || going_on.iter().map(|action| scenario.acts(action));
    let says = |kind: SystemActKind, about: usize| {
        spoken_acts()
            .flatten()
            .any(|act| act.kind == kind && (act.about == NONE || usize::from(act.about) == about))
    };
    let heard = |kind: UserActKind, about: usize| {
        let mut acts = scenario.customer.iter().map(|(act, _)| act);
        acts.any(|act| act.kind == kind && usize::from(act.about) == about)
    };
    let hears = |kind: UserActKind| scenario.customers_do(kind);
    let yes = hears(UserActKind::Affirm) || hears(UserActKind::Accept);
    let no = hears(UserActKind::Deny) || hears(UserActKind::Decline);

    let last_turn = turn_level(scenario.max_turns.saturating_sub(1));
    set(
        f.turn,
        &(0..=last_turn).map(|t| (t, true)).collect::<Vec<_>>(),
    );
    let firsts: Vec<_> = spoken_acts()
        .map(|acts| (spoken_level(acts[0].kind), true))
        .collect();
    set(f.said, &firsts);
    set(f.said_before, &firsts);
    let lasts: Vec<_> = spoken_acts()
        .filter_map(|acts| Some((spoken_level(acts.last()?.kind), true)))
        .collect();
    set(f.said_last, &lasts);
    let kinds: Vec<_> = scenario
        .customer
        .iter()
        .map(|(act, _)| (heard_level(act.kind), true))
        .chain([(heard_level(UserActKind::Silence), true)])
        .collect();
    set(f.heard, &kinds);
    set(f.heard_also, &kinds);

    let asked = says(SystemActKind::ConfirmIdentity, 0);
    let proof = scenario
        .customer
        .iter()
        .any(|(act, _)| act.kind == UserActKind::Inform && act.about == NONE);
    let another = asked && no || hears(UserActKind::WrongPerson);
    set(
        f.identity,
        &[
            (identity::WRONG, another),
            (identity::DOUBTED, another || proof),
            (identity::CLAIMED, asked && yes),
            (identity::LIKELY, asked && yes || proof),
            (identity::CONFIRMED, asked && yes),
            (identity::VERIFIED, proof),
        ],
    );
    let (busy, driving) = (hears(UserActKind::Busy), hears(UserActKind::Driving));
    set(
        f.availability,
        &[
            (availability::MAYBE, busy || driving),
            (availability::BUSY, busy),
            (availability::DRIVING, driving),
        ],
    );
    let (voicemail, screening) = (hears(UserActKind::Voicemail), hears(UserActKind::Screening));
    set(
        f.answered_by,
        &[
            (answered_by::MAYBE, voicemail || screening),
            (answered_by::VOICEMAIL, voicemail),
            (answered_by::SCREENING, screening),
            (answered_by::PERSON, voicemail || screening),
        ],
    );
    let beeps = hears(UserActKind::Beep);
    set(f.beep, &[(beep::MAYBE, beeps), (beep::HEARD, beeps)]);
    let proposed = says(SystemActKind::ProposeCallback, 0);
    let wanted = hears(UserActKind::RequestCallback);
    let time = scenario
        .callback_slot()
        .is_some_and(|slot| heard(UserActKind::Inform, usize::from(slot)));
    set(
        f.callback,
        &[
            (callback::WANTED, wanted),
            (callback::PROPOSED, proposed),
            (callback::AGREED, (proposed || wanted) && (time || yes)),
            (callback::DECLINED, proposed && no),
        ],
    );
    set(
        f.purpose,
        &[(spoken::YES, says(SystemActKind::StatePurpose, 0))],
    );
    set(
        f.left_message,
        &[(spoken::YES, says(SystemActKind::LeaveMessage, 0))],
    );
    for (topic, &feature) in f.topics.iter().enumerate() {
        set(
            feature,
            &[(spoken::YES, says(SystemActKind::Inform, topic))],
        );
    }
    for k in 0..names.slots.len() {
        let slot = &scenario.slots[k];
        let by_yes_no = match slot.yes_no() {
            Some(values) if says(SystemActKind::Ask, k) => [(values[0], yes), (values[1], no)],
            _ => [(NONE, false); 2],
        };
        let by_yes_no = |value: u8| by_yes_no.contains(&(value, true));
        let informs = |value: u8| {
            scenario.customer.iter().any(|(act, _)| {
                act.kind == UserActKind::Inform
                    && usize::from(act.about) == k
                    && (act.value == value || act.value == NONE)
            })
        };
        let listed = 0..slot.values.len() as u8;
        let told = slot.carried || heard(UserActKind::Inform, k) || listed.clone().any(by_yes_no);
        set(
            f.slots[k],
            &[slot::FAINT, slot::LOW, slot::FAIR, slot::HIGH, slot::SURE].map(|l| (l, told)),
        );
        for (feature, levels) in &f.values[k] {
            let open = slot.kind.is_measured() && heard(UserActKind::Inform, k);
            let beyond = (0..NONE).skip(slot.values.len()).filter(|_| open);
            let possible = listed
                .clone()
                .filter(|&v| slot.carried || informs(v) || by_yes_no(v));
            let values: Vec<_> = possible
                .chain(beyond)
                .map(|value| (levels[usize::from(value)], true))
                .collect();
            set(*feature, &values);
        }
        let asks = says(SystemActKind::Ask, k);
        let confirms = says(SystemActKind::Confirm, k);
        let tells = f
            .topic_slot
            .iter()
            .enumerate()
            .any(|(topic, &s)| s == Some(k as u8) && says(SystemActKind::Inform, topic));
        set(
            f.roles[k],
            &[
                (role::ASKED, asks),
                (role::CONFIRMED, confirms),
                (role::CHOICE, asks && confirms),
                (role::TOLD, tells),
                (role::UNAVAILABLE, tells),
            ],
        );
    }
    for (k, &feature) in f.questions.iter().enumerate() {
        let asked = heard(UserActKind::Ask, k);
        let answered = says(SystemActKind::Answer, k);
        set(
            feature,
            &[
                (question::MAYBE, asked),
                (question::OPEN, asked),
                (question::ANSWERED, answered),
            ],
        );
    }
    for (k, &feature) in f.concerns.iter().enumerate() {
        let raised = heard(UserActKind::Object, k)
            || scenario.distrust_concern() == Some(k as u8) && hears(UserActKind::Distrust);
        let addressed = says(SystemActKind::Address, k);
        set(
            feature,
            &[
                (concern::MAYBE, raised),
                (concern::RAISED, raised),
                (concern::ADDRESSED, addressed),
                (concern::RAISED_AGAIN, raised && addressed),
                (concern::ADDRESSED_AGAIN, raised && addressed),
            ],
        );
    }
    for (k, &feature) in f.offers.iter().enumerate() {
        let offered = says(SystemActKind::Offer, k);
        set(
            feature,
            &[
                (offer::OFFERED, offered),
                (offer::MAYBE, offered && yes),
                (offer::ACCEPTED, offered && yes),
                (offer::DECLINED, offered && no),
                (offer::DECLINED_TWICE, offered && no),
            ],
        );
    }
    for (k, &feature) in f.messages.iter().enumerate() {
        set(
            feature,
            &[(spoken::YES, says(SystemActKind::SendMessage, k))],
        );
    }
    levels
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::act::{Hypothesis, NBest};
    use crate::belief::tracker::BeliefState;
    use crate::rng::{Stream, derive};
    use crate::scenario::ScenarioText;

    // The simulator tests the same on every scenario that it bundles.
    #[test]
    fn nothing_comes_up_that_was_held_impossible() {
        let text = include_str!("../../../tests/env/fixture.toml");
        let text = ScenarioText::new("fixture.toml", text);
        let scenario = Scenario::parse(&text).unwrap_or_else(|e| panic!("{e}"));
        let reach = Reach::of(&scenario);
        let mut rng = derive(3, Stream::Act, 0);
        for _ in 0..2_000 {
            let mut belief = BeliefState::new(&scenario);
            // After the last turn nobody decides any more.
            for _ in 1..scenario.max_turns {
                let mask = belief.mask();
                assert_eq!(mask.0 & !reach.actions.0, 0);
                let action = mask.nth(rng.random_range(0..mask.count()));
                if scenario.ending().allows(action) {
                    break;
                }
                let act = scenario.customer[rng.random_range(0..scenario.customer.len())].0;
                let hypothesis = Hypothesis {
                    utterance: act.into(),
                    confidence: rng.random(),
                };
                let heard: NBest = [hypothesis].into_iter().collect();
                belief.update(&scenario, action, &heard);
                let codes = belief.codes(&scenario);
                assert!(reach.contains(codes), "{codes:?}");
            }
        }
    }
}

//! Does the reward want what it says? By simulation: no act that is simply repeated, and no call that is
//! given up, at once or once it gets difficult, may earn more than the hand-written flow.

use offhook_env::act::SystemActKind;
use offhook_env::action::{ActionId, ActionMask};
use offhook_env::call::outcome::{CallSummary, RewardTerm};
use offhook_env::diagnostic::finding::{Finding, Findings, Severity};
use offhook_env::policy::{Observation, Policy};
use offhook_env::rng::Stream;
use offhook_env::scenario::condition::Condition;
use offhook_env::scenario::{Scenario, ScriptPolicy, lint};

use crate::play::{self, Choice, Plan};
use crate::unit::Unit;
use offhook_simulator::world::LoadedScenario;
use offhook_stats::{self as stats, Estimate, Moments};

/// Takes an action of its own whenever one is allowed, else the first that does not end the call.
struct Insist {
    wanted: ActionMask,
    ending: ActionMask,
}

impl Policy for Insist {
    fn probabilities(&self, observation: Observation<'_>, out: &mut [f32]) {
        out.fill(0.0);
        out[self.best(observation, out.len()) as usize] = 1.0;
    }

    fn best(&self, observation: Observation<'_>, _n_actions: usize) -> ActionId {
        let mask = observation.mask.0;
        let going_on = mask & !self.ending.0;
        let choices = [mask & self.wanted.0, going_on, mask];
        let allowed = choices.into_iter().find(|&choice| choice != 0);
        ActionMask(allowed.unwrap_or(mask)).nth(0)
    }
}

/// Follows the hand-written flow, but closes where one of the conditions holds and closing is allowed.
struct GiveUp {
    script: ScriptPolicy,
    closing: ActionMask,
    when: Vec<Condition>,
}

impl Policy for GiveUp {
    fn probabilities(&self, observation: Observation<'_>, out: &mut [f32]) {
        out.fill(0.0);
        out[self.best(observation, out.len()) as usize] = 1.0;
    }

    fn best(&self, observation: Observation<'_>, n_actions: usize) -> ActionId {
        let closing = observation.mask.0 & self.closing.0;
        let holds = |when: &Condition| when.holds(observation.codes);
        match closing != 0 && self.when.iter().any(holds) {
            true => ActionMask(closing).nth(0),
            false => self.script.best(observation, n_actions),
        }
    }
}

/// For every feature of that name, or of that kind, that it is at one of the levels.
fn at_levels(scenario: &Scenario, feature: &str, levels: &[&str]) -> Vec<Condition> {
    let features = scenario.layout.features.iter().enumerate();
    let named = features.filter(|(_, f)| f.name.split('.').next() == Some(feature));
    named
        .map(|(at, f)| {
            let own = f.levels.iter().enumerate();
            let set = own.filter(|(_, level)| levels.contains(&level.as_str()));
            Condition {
                terms: vec![(at as u8, set.fold(0, |set, (code, _)| set | 1 << code))],
            }
        })
        .collect()
}

/// After a doubt, a question or a miss; a doubt or a question counts as long as it is remembered.
fn once_difficult(scenario: &Scenario) -> Vec<Condition> {
    let doubt = ["raised", "addressed", "raised_again", "addressed_again"];
    [
        at_levels(scenario, "concern", &doubt),
        at_levels(scenario, "question", &["open", "answered"]),
        at_levels(scenario, "misses", &["1", "2", "3+"]),
        at_levels(scenario, "heard", &["distrust", "object", "ask"]),
    ]
    .concat()
}

/// The ways to earn without working, by name.
fn temptations(scenario: &Scenario) -> Vec<(String, Box<dyn Policy>)> {
    let actions = 0..scenario.layout.n_actions() as ActionId;
    let with = |kind: SystemActKind| -> ActionMask {
        let has = |&a: &ActionId| scenario.acts(a).iter().any(|act| act.kind == kind);
        actions.clone().filter(has).collect()
    };
    let ending = scenario.ending();
    let mut list: Vec<(String, Box<dyn Policy>)> = Vec::new();
    let mut insist = |name: String, wanted: ActionMask| {
        if wanted.0 != 0 {
            list.push((name, Box::new(Insist { wanted, ending })));
        }
    };
    let closing = with(SystemActKind::Close);
    insist("closing at once".to_owned(), closing);
    let transfer = with(SystemActKind::Transfer);
    insist("handing off at once".to_owned(), transfer);
    for a in actions.clone().filter(|&a| !ending.allows(a)) {
        let name = &scenario.layout.actions[usize::from(a)];
        insist(format!("repeating `{name}`"), ActionMask(1 << a));
    }
    let identified = at_levels(scenario, "identity", &["confirmed", "verified"]);
    for (name, when) in [
        ("closing once it gets difficult", once_difficult(scenario)),
        ("closing after identity", identified),
    ] {
        if closing.0 != 0 && !when.is_empty() {
            let script = scenario.script();
            let policy = GiveUp {
                script,
                closing,
                when,
            };
            list.push((name.to_owned(), Box::new(policy)));
        }
    }
    list
}

/// Calls that tell an exploit before a run.
const N_CALLS: u64 = 2_000;

/// What surely earns more than the script.
pub(crate) fn exploits(loaded: &LoadedScenario) -> Vec<Finding> {
    let mut found = check(loaded, N_CALLS);
    found.retain(|f| f.severity == Severity::Error);
    found
}

/// Plays `n_calls` calls with the script and the same calls with each temptation, and reports those that
/// earn more, at the reward that makes the difference.
pub fn check(loaded: &LoadedScenario, n_calls: u64) -> Vec<Finding> {
    let scenario = &*loaded.world.scenario;
    let plan = Plan {
        seed: 1,
        stream: Stream::Choose,
        first: 0,
        n_calls,
        choice: Choice::Best,
    };
    let mut found = Findings::new(&loaded.text);
    let script = play::evaluate(&loaded.world, &scenario.script(), plan);
    for (name, policy) in temptations(scenario) {
        let calls = play::evaluate(&loaded.world, &*policy, plan);
        judge(&mut found, &loaded.text.main.text, &name, &calls, &script);
    }
    found.finish()
}

fn returns(calls: &[CallSummary]) -> Vec<f32> {
    calls.iter().map(|call| call.return_).collect()
}

/// An error where the temptation surely earns more, a warning where it may.
fn judge(
    found: &mut Findings<'_>,
    text: &str,
    name: &str,
    calls: &[CallSummary],
    script: &[CallSummary],
) {
    let (own, other) = (returns(calls), returns(script));
    let Some(gain) = stats::paired_difference(&[&own], &[&other]).filter(|gain| gain.value > 0.0)
    else {
        return;
    };
    let mean_gain = |term: RewardTerm| {
        let of = |calls: &[CallSummary]| {
            Moments::of(
                calls
                    .iter()
                    .map(|call| f64::from(call.terms[term as usize])),
            )
            .mean
        };
        of(calls) - of(script)
    };
    let mut by_gain = RewardTerm::ALL.map(|term| (mean_gain(term), term));
    by_gain.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (most, term) = by_gain[0];
    let unit = Unit::plain("reward", 2);
    let shown = |estimate: Option<Estimate>| {
        estimate.map_or_else(String::new, |e| {
            format!("{} {}", unit.text(e.value), unit.bounds(&e))
        })
    };
    let mean = |values: &[f32]| {
        let values: Vec<f64> = values.iter().map(|&value| f64::from(value)).collect();
        shown(stats::mean(&values))
    };
    let surely = gain.bounds.is_some_and(|(low, _)| low > 0.0);
    let message = format!(
        "{name} {} {} a call, the script {}, over {} calls; look at `{}`, which makes {} of the difference",
        if surely { "earns" } else { "may earn more:" },
        mean(&own),
        mean(&other),
        calls.len(),
        term.name(),
        unit.text(most),
    );
    let place = lint::reward_place(text, term);
    if surely {
        found.error(place, message);
    } else {
        found.warning(place, message);
    }
}

//! A customer who says to an action what customers of a log said to it: a conditional table fitted
//! from calls (Eckert, Levin and Pieraccini, 1997, "User modeling for spoken dialogue system
//! evaluation"), made consistent with a drawn person (as in Pietquin, 2004, "A framework for
//! unsupervised learning of dialogue strategies").
//!
//! There is one table per situation, for otherwise somebody with time would say to be busy now and
//! then. The person called, the values of slots and proofs of identity come from the population; what
//! else is said (questions, concerns, wishes, decisions) becomes true by being said. Machines answer as
//! the agenda's do.

use std::collections::BTreeMap;

use offhook_env::act::{SystemActKind, UserAct, UserActKind, Utterance};
use offhook_env::action::ActionId;
use offhook_env::belief::caller::CallerRecord;
use offhook_env::call::customer::{AnsweredBy, Customers, Goal, Mood, SystemUtterance, Truth};
use offhook_env::call::outcome::Outcome;
use offhook_env::rng::Rng;
use offhook_env::scenario::Scenario;
use rand::Rng as _;

use super::agenda::voice::Prompt;
use super::agenda::{AgendaCustomer, AgendaCustomers};
use super::form::FormAct;
use super::from_people::FromPeople;
use super::logged::LoggedCalls;
use super::situation::Situation;
use crate::dice::Pick;
use crate::population::Line;

/// Turns that a table is worth beside the counts of the finer one: the smoothing mass.
const PRIOR_TURNS: f64 = 1.0;

/// What is said in one turn, without whose truth it is.
type Form = Vec<FormAct>;

/// Counts of forms by their number.
type Counts = BTreeMap<u32, f64>;

/// `P(form | action, situation)` of a log.
#[derive(Clone, Debug)]
pub(super) struct BigramTable {
    forms: Vec<Form>,
    /// By situation, then by the action that the answer refers to.
    picks: Vec<Pick<u32>>,
    n_actions: usize,
}

impl BigramTable {
    /// Fits the table; a finer count is smoothed by the next coarser one, as
    ///
    /// `P(f | action) = (n(f, action) + m P(f | kind)) / (n(action) + m)`,
    /// `P(f | kind) = (n(f, kind) + m P(f)) / (n(kind) + m)`, `P(f) = n(f) / n`,
    ///
    /// where `kind` is that of the action's first act and `m` is one turn: additive smoothing whose
    /// pseudo-counts follow the coarser table (MacKay and Peto, 1995). A situation that the log does
    /// not show takes the counts of all situations together.
    pub(super) fn fit(scenario: &Scenario, calls: &LoggedCalls) -> Self {
        let n_actions = scenario.layout.n_actions();
        let mut numbers: BTreeMap<Form, u32> = BTreeMap::new();
        let mut turns: Vec<(Situation, ActionId, u32)> = Vec::new();
        for call in &calls.calls {
            for turn in &call.turns {
                let acts = turn.said.acts().iter();
                let form: Form = acts
                    .map(|&act| FormAct::of(scenario, turn.asked, act))
                    .collect();
                let next = numbers.len() as u32;
                let number = *numbers.entry(form).or_insert(next);
                turns.push((call.situation, turn.asked.action, number));
            }
        }
        let mut forms = vec![Form::new(); numbers.len()];
        for (form, number) in numbers {
            forms[number as usize] = form;
        }
        let mut picks = Vec::with_capacity(Situation::ALL.len() * n_actions);
        for situation in Situation::ALL {
            let shown = turns.iter().any(|turn| turn.0 == situation);
            let own = turns
                .iter()
                .filter(|turn| !shown || turn.0 == situation)
                .map(|&(_, action, form)| (action, form));
            picks.extend(smoothed(scenario, own));
        }
        Self {
            forms,
            picks,
            n_actions,
        }
    }

    /// What a person says to `asked`, made consistent with the person.
    pub(super) fn draw(
        &self,
        scenario: &Scenario,
        people: &AgendaCustomers,
        person: &AgendaCustomer,
        asked: Prompt,
        rng: &mut Rng,
    ) -> Utterance {
        let row = person.situation() as usize * self.n_actions + asked.action as usize;
        let Some(form) = self.picks[row].at((rng.next_u64() >> 32) as u32) else {
            return Utterance::SILENCE;
        };
        let acts = self.forms[form as usize].iter();
        acts.map(|act| act.put(scenario, asked, person.truth()))
            .map(|act| UserAct {
                kind: people.word(act.kind),
                ..act
            })
            .filter(|act| act.kind != UserActKind::Silence)
            .collect()
    }
}

/// One pick per action of the scenario, from the turns of one situation.
fn smoothed(
    scenario: &Scenario,
    turns: impl Iterator<Item = (ActionId, u32)>,
) -> impl Iterator<Item = Pick<u32>> {
    let kind = |action: ActionId| scenario.acts(action)[0].kind;
    let n_actions = scenario.layout.n_actions();
    let mut all = Counts::new();
    let mut by_kind = vec![Counts::new(); SystemActKind::ALL.len()];
    let mut by_action = vec![Counts::new(); n_actions];
    for (action, form) in turns {
        for counts in [
            &mut all,
            &mut by_kind[kind(action) as usize],
            &mut by_action[action as usize],
        ] {
            *counts.entry(form).or_default() += 1.0;
        }
    }
    let kinds: Vec<usize> = (0..n_actions)
        .map(|a| kind(a as ActionId) as usize)
        .collect();
    let n_all: f64 = all.values().sum();
    by_action.into_iter().zip(kinds).map(move |(own, kind)| {
        let of_kind = &by_kind[kind];
        let n_kind: f64 = of_kind.values().sum();
        let count = |counts: &Counts, form: &u32| counts.get(form).copied().unwrap_or(0.0);
        Pick::new(all.iter().map(|(form, n)| {
            let base = n / n_all;
            let coarse = (count(of_kind, form) + PRIOR_TURNS * base) / (n_kind + PRIOR_TURNS);
            (count(&own, form) + PRIOR_TURNS * coarse, *form)
        }))
    })
}

/// Customers who talk by a fitted table.
#[derive(Clone, Debug)]
pub struct BigramCustomers {
    people: AgendaCustomers,
    table: BigramTable,
}

/// One customer during one call: a person whose words come from the table.
#[derive(Clone, Copy, Debug)]
pub struct BigramCustomer(AgendaCustomer);

impl BigramCustomers {
    /// Customers drawn as `people` who talk as those of `calls`.
    pub fn fit(people: AgendaCustomers, scenario: &Scenario, calls: &LoggedCalls) -> Self {
        Self {
            people,
            table: BigramTable::fit(scenario, calls),
        }
    }
}

impl FromPeople for BigramCustomers {
    const NAME: &'static str = "bigram";
    const IS_FITTED: bool = true;

    fn from_people<E>(
        people: AgendaCustomers,
        scenario: &Scenario,
        calls: impl FnOnce() -> Result<LoggedCalls, E>,
    ) -> Result<Self, E> {
        Ok(Self::fit(people, scenario, &calls()?))
    }
}

impl Customers for BigramCustomers {
    type Customer = BigramCustomer;

    fn call(&self, scenario: &Scenario, rng: &mut Rng) -> BigramCustomer {
        BigramCustomer(self.people.call(scenario, rng).without_agenda())
    }

    fn truth<'c>(&self, customer: &'c BigramCustomer) -> &'c Truth {
        customer.0.truth()
    }

    fn difficulty(&self, customer: &BigramCustomer) -> u8 {
        self.people.difficulty(&customer.0)
    }

    fn record(&self, scenario: &Scenario, rng: Rng) -> CallerRecord {
        self.people.record(scenario, rng)
    }

    /// Decisions are what the words say, so no offer is refused beforehand.
    fn goal(&self, customer: &BigramCustomer) -> Goal {
        Goal {
            offers: u16::MAX,
            ..self.people.goal(&customer.0)
        }
    }

    fn answered_by(&self, customer: &BigramCustomer) -> AnsweredBy {
        self.people.answered_by(&customer.0)
    }

    fn mood(&self, customer: &BigramCustomer) -> Mood {
        self.people.mood(&customer.0)
    }

    fn respond(
        &self,
        scenario: &Scenario,
        customer: &mut BigramCustomer,
        spoken: SystemUtterance<'_>,
        rng: &mut Rng,
    ) -> Utterance {
        let person = &mut customer.0;
        if person.line() != Line::Person {
            return self.people.respond(scenario, person, spoken, rng);
        }
        let Some(asked) = self.people.listen(scenario, person, spoken, rng) else {
            return Utterance::SILENCE;
        };
        let said = self.table.draw(scenario, &self.people, person, asked, rng);
        person.speak(scenario, asked, &said);
        said
    }

    #[inline]
    fn seconds(&self, said: &Utterance) -> f32 {
        self.people.seconds(said)
    }

    /// The agenda's formula: manners annoy whoever hears them, whatever is said in reply.
    fn rating(&self, customer: &BigramCustomer, outcome: Outcome) -> u8 {
        self.people.rating(&customer.0, outcome)
    }
}

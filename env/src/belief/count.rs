//! Counting, in calls whose truth is known, how often things are heard: what a tracker is calibrated by.

use crate::act::{NBest, NONE};
use crate::action::ActionId;
use crate::belief::calibration::fact::{Fact, FactKind, MAX_FACTS};
use crate::belief::calibration::fact_table::{FactTable, N_CONTEXTS, N_SYMBOLS};
use crate::belief::calibration::slot_table::{self, N_ROLES, SlotTable};
use crate::belief::calibration::{Group, Tables, patience};
use crate::belief::tracker::BeliefState;
use crate::belief::tracker::fact_signs::{FactSigns, meant_move};
use crate::belief::tracker::slot_signs::{Prompt, SlotSigns};
use crate::call::customer::Truth;
use crate::scenario::Scenario;

/// What is known of a customer at one moment of a call.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// What is true.
    pub truth: &'a Truth,
    /// Share of patience that is used up, `[0, 1]`; `None` where nobody can tell.
    pub patience_used: Option<f32>,
}

/// One turn that went on.
#[derive(Clone, Copy, Debug)]
pub struct CountedTurn<'a> {
    /// What the robot did.
    pub action: ActionId,
    /// What was heard in reply.
    pub n_best: &'a NBest,
    /// What any tracker believed before, and after.
    pub belief: [&'a BeliefState; 2],
    /// What was so before, and after.
    pub known: [Known<'a>; 2],
}

/// How often everything was heard; whole numbers, so that parts may be counted apart and in any order.
#[derive(Clone, Debug)]
pub struct Counts {
    n_calls: u64,
    /// By role and symbol.
    slots: Vec<u64>,
    /// By slot and value.
    values: Vec<Vec<u64>>,
    /// By kind, context, symbol and arc.
    arcs: Vec<[u64; 4]>,
    /// By fact: how often it was so when somebody picked up.
    starts: Vec<u64>,
    /// By context: millionths of patience, and turns.
    patience: Vec<(i64, u64)>,
}

const MILLION: f32 = 1e6;
/// A context of fewer turns says nothing.
const FEWEST: u64 = 50;
/// Weight of what is known of less detailed counts, turns.
const BACK_OFF: f64 = 10.0;

impl Counts {
    /// Nothing counted yet.
    pub fn new(scenario: &Scenario) -> Self {
        let n_facts = FactKind::ALL.len();
        Self {
            n_calls: 0,
            slots: vec![0; N_ROLES * slot_table::N_SYMBOLS],
            values: scenario
                .slots
                .iter()
                .map(|slot| vec![0; slot.values.len()])
                .collect(),
            arcs: vec![[0; 4]; n_facts * N_CONTEXTS * N_SYMBOLS],
            starts: vec![0; scenario.facts.len()],
            patience: vec![(0, 0); patience::N_CONTEXTS],
        }
    }

    /// Takes in a call that begins.
    pub fn begin(&mut self, scenario: &Scenario, truth: &Truth) {
        self.n_calls += 1;
        for (n, fact) in self.starts.iter_mut().zip(&scenario.facts) {
            *n += u64::from(holds(*fact, truth));
        }
    }

    /// Takes in a turn after which the call went on.
    pub fn turn(&mut self, scenario: &Scenario, turn: &CountedTurn<'_>) {
        let [before, after] = turn.belief;
        let [known, then] = turn.known;
        let own = scenario.move_of(turn.action);
        let meant = after.meant();
        if then.truth.right_person {
            for (k, (slot, of)) in (0..).zip(&scenario.slots).enumerate() {
                let value = then.truth.slots[k];
                let prompt = Prompt::of(scenario, meant, after.read_out(), slot);
                let signs = SlotSigns::new(scenario, slot, prompt, turn.n_best);
                if value != NONE && usize::from(value) < of.values.len() && signs.bears() {
                    let (symbol, _) = signs.symbol(of, value);
                    let role = signs.role(of, value) as usize;
                    self.slots[role * slot_table::N_SYMBOLS + symbol] += 1;
                }
            }
        }
        let signs = FactSigns::new(scenario, own, meant_move(scenario, meant, own), turn.n_best);
        for (k, fact) in scenario.facts.iter().take(MAX_FACTS).enumerate() {
            let (context, symbol) = (signs.context(k), signs.symbol(k));
            let arc =
                2 * usize::from(holds(*fact, known.truth)) + usize::from(holds(*fact, then.truth));
            self.arcs[arc_place(fact.kind, context) + symbol][arc] += 1;
        }
        if let (Some(used), Some(then), false) =
            (known.patience_used, then.patience_used, known.truth.machine)
        {
            let context = before
                .manner(scenario, turn.action)
                .context(own.wanted.kind);
            let (sum, n) = &mut self.patience[context];
            *sum += ((then - used) * MILLION).round() as i64;
            *n += 1;
        }
    }

    /// Takes in a call that is over, whose truth was this at its end.
    pub fn end(&mut self, truth: &Truth) {
        for (counts, &value) in self.values.iter_mut().zip(&truth.slots) {
            let known = truth.right_person && value != NONE;
            if let Some(n) = counts.get_mut(usize::from(value)).filter(|_| known) {
                *n += 1;
            }
        }
    }

    /// Adds what was counted elsewhere.
    pub fn add(&mut self, other: &Self) {
        let sum = |to: &mut [u64], from: &[u64]| to.iter_mut().zip(from).for_each(|(a, b)| *a += b);
        self.n_calls += other.n_calls;
        sum(&mut self.slots, &other.slots);
        sum(&mut self.starts, &other.starts);
        for (to, from) in self.values.iter_mut().zip(&other.values) {
            sum(to, from);
        }
        for (to, from) in self.arcs.iter_mut().zip(&other.arcs) {
            sum(to, from);
        }
        for (to, from) in self.patience.iter_mut().zip(&other.patience) {
            (to.0, to.1) = (to.0 + from.0, to.1 + from.1);
        }
    }

    /// The text of the tables that show `groups` to policies; `source` says what was counted, in a sentence.
    pub fn to_text(&self, scenario: &Scenario, groups: &[Group], source: &str) -> String {
        let shown = |group: Group| groups.contains(&group);
        let facts = FactKind::ALL.iter().map(|&kind| match shown(kind.group()) {
            true => self.fact_table(kind),
            false => FactTable::empty(),
        });
        let tables = Tables {
            source: source.to_owned(),
            groups: Group::ALL
                .into_iter()
                .filter(|group| shown(*group))
                .collect(),
            slots: self.slot_table(),
            facts: facts.collect(),
            starts: self.starts(&scenario.facts),
            patience: match shown(Group::Patience) {
                true => self.shares(),
                false => vec![0.0; patience::N_CONTEXTS],
            },
        };
        tables.to_text(&scenario.names)
    }

    fn starts(&self, facts: &[Fact]) -> Vec<f32> {
        let n = self.n_calls.max(1) as f32;
        let share = |(k, _): (usize, &Fact)| rounded(self.starts[k] as f32 / n);
        facts.iter().enumerate().map(share).collect()
    }

    fn shares(&self) -> Vec<f32> {
        let mean = |&(sum, n): &(i64, u64)| match n {
            0..FEWEST => 0.0,
            _ => rounded(sum as f32 / n as f32 / MILLION),
        };
        self.patience.iter().map(mean).collect()
    }

    fn slot_table(&self) -> SlotTable {
        let priors = self.values.iter().map(|counts| {
            // One call more for each value, so that none is impossible.
            let n: u64 = counts.iter().map(|n| n + 1).sum();
            let share = |k: &u64| rounded((k + 1) as f32 / n as f32);
            counts.iter().map(share).collect()
        });
        let rows = self.slots.chunks_exact(slot_table::N_SYMBOLS);
        SlotTable {
            probs: rows.flat_map(slot_table::smoothed).collect(),
            priors: priors.collect(),
        }
    }

    fn fact_table(&self, kind: FactKind) -> FactTable {
        let mut table = FactTable::empty();
        for context in 0..N_CONTEXTS {
            let place = arc_place(kind, context);
            if let Some(arcs) = smoothed(&self.arcs[place..place + N_SYMBOLS]) {
                table.set(context, &arcs);
            }
        }
        table
    }
}

/// Whether a fact is so.
fn holds(fact: Fact, truth: &Truth) -> bool {
    let bit = |set: u16| set >> (fact.about & 15) & 1 == 1;
    match fact.kind {
        FactKind::RightPerson => truth.right_person,
        FactKind::Machine => truth.machine,
        FactKind::Question => bit(truth.asked & !truth.answered),
        FactKind::Offer => bit(truth.accepted),
        FactKind::Concern => bit(truth.concerns),
        FactKind::Unavailable => truth.unavailable,
        FactKind::Callback => truth.callback_agreed,
        FactKind::Human => truth.asked_human,
        FactKind::OptOut => truth.opted_out,
    }
}

fn arc_place(kind: FactKind, context: usize) -> usize {
    (kind as usize * N_CONTEXTS + context) * N_SYMBOLS
}

/// `P(after, symbol | before)`; where little was counted of an arc, how often it is taken times how often the symbol
/// is heard in the state that it leads to.
fn smoothed(counts: &[[u64; 4]]) -> Option<Vec<[f32; 4]>> {
    let arc = |arc: usize| counts.iter().map(|n| n[arc]).sum::<u64>() as f64;
    let arcs = [arc(0), arc(1), arc(2), arc(3)];
    let before = [arcs[0] + arcs[1], arcs[2] + arcs[3]];
    let after = [arcs[0] + arcs[2], arcs[1] + arcs[3]];
    let all = before[0] + before[1];
    if all < FEWEST as f64 {
        return None;
    }
    let n_symbols = counts.len() as f64;
    let heard = |n: &[u64; 4]| {
        let both = (n.iter().sum::<u64>() as f64 + 0.1) / (all + 0.1 * n_symbols);
        let of = |state: usize| {
            let n = (n[state] + n[2 + state]) as f64;
            (n + both) / (after[state] + 1.0)
        };
        [of(0), of(1)]
    };
    let of = |n: &[u64; 4]| {
        let heard = heard(n);
        std::array::from_fn(|arc| {
            let (from, to) = (arc / 2, arc % 2);
            let stays = f64::from(u8::from(from == to));
            let taken = (arcs[arc] + 0.5 * stays) / (before[from] + 0.5);
            let known = n[arc] as f64 + BACK_OFF * taken * heard[to];
            (known / (before[from] + BACK_OFF)) as f32
        })
    };
    Some(counts.iter().map(of).collect())
}

/// Four digits behind the point are more than is known.
fn rounded(share: f32) -> f32 {
    (share * 1e4).round() / 1e4
}

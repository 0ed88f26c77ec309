//! A table and its scenario: what the scenario demands of it, and the two together on the phone.
//!
//! On the phone the tracker of [`offhook_env`] turns what was recognized into an observation, and the
//! table answers, as it did in the laboratory.

use offhook_env::act::NBest;
use offhook_env::action::ActionId;
use offhook_env::belief::tracker::BeliefState;
use offhook_env::log::{ActReader, HypothesisLog};
use offhook_env::policy::Observation;
use offhook_env::scenario::{Scenario, condition};

use crate::proof::{Constraint, MIN_SUPPORT, ProofReport, verify_with};
use crate::runtime::decision::Decision;
use crate::table::{DecisionTable, Feature, Layout, TableError};

/// The layout of a scenario as tables know it.
///
/// # Errors
/// Never for a scenario that was checked; the limits are the same.
pub fn layout_of(scenario: &Scenario) -> Result<Layout, TableError> {
    let features = scenario.layout.features.iter().map(|feature| Feature {
        name: feature.name.clone(),
        levels: feature.levels.clone(),
    });
    Layout::new(features.collect(), scenario.layout.actions.clone())
}

/// The rules of conduct of a scenario, and its masks, as tables know them.
#[must_use]
pub fn constraints(scenario: &Scenario) -> (Vec<Constraint>, Vec<Constraint>) {
    let constraint = |c: &condition::Constraint| Constraint {
        name: c.name.clone(),
        when: c
            .when
            .terms
            .iter()
            .map(|&(feature, levels)| (feature as usize, levels))
            .collect(),
        forbidden: c.forbidden.0,
    };
    let (rules, masks): (Vec<_>, Vec<_>) = scenario.constraints.iter().partition(|c| c.conduct);
    (
        rules.into_iter().map(constraint).collect(),
        masks.into_iter().map(constraint).collect(),
    )
}

/// Proves a table for a scenario: the rules of conduct first, then the masks, and that its default action reveals
/// nothing.
///
/// # Errors
/// [`TableError::Layout`] if the table was made for another layout; both are named.
pub fn prove(table: &DecisionTable, scenario: &Scenario) -> Result<ProofReport, TableError> {
    prove_with(table, scenario, MIN_SUPPORT)
}

/// [`prove`], with the number of visits below which a rule is flagged as thin.
///
/// # Errors
/// As [`prove`].
pub fn prove_with(
    table: &DecisionTable,
    scenario: &Scenario,
    min_support: u64,
) -> Result<ProofReport, TableError> {
    table.layout().check_same(&layout_of(scenario)?)?;
    let (rules, masks) = constraints(scenario);
    let mut report = verify_with(table, &[rules, masks].concat(), min_support)?;
    report.private_default = scenario.private().allows(table.default_action());
    report.proved &= !report.private_default;
    Ok(report)
}

/// What a table does with an observation, held to what is allowed there: an action that is masked
/// gives way to the first allowed one. A verified table never comes to that; an unverified one must
/// not break a rule either.
#[inline]
pub fn act(table: &DecisionTable, observation: Observation<'_>) -> Decision {
    let decision = table.decide(observation.codes);
    if observation.mask.allows(decision.action) {
        return decision;
    }
    Decision {
        action: observation.mask.nth(0),
        rule: None,
    }
}

/// A table and the scenario it was built for.
#[derive(Clone, Copy, Debug)]
pub struct Agent<'a> {
    table: &'a DecisionTable,
    scenario: &'a Scenario,
}

impl<'a> Agent<'a> {
    /// Puts a table to work.
    ///
    /// # Errors
    /// [`TableError::Scenario`] or [`TableError::Layout`] if the table was built for another
    /// scenario, with both sides named.
    pub fn new(table: &'a DecisionTable, scenario: &'a Scenario) -> Result<Self, TableError> {
        table.check_built_for(&scenario.name, &layout_of(scenario)?)?;
        Ok(Self { table, scenario })
    }

    /// A call that was just answered.
    #[must_use]
    pub fn start(&self) -> AgentCall<'a> {
        AgentCall {
            agent: *self,
            belief: BeliefState::new(self.scenario),
            reader: ActReader::new(self.scenario),
        }
    }
}

/// One call: [`decision`](AgentCall::decision), say it, then [`hear`](AgentCall::hear) the reply.
#[derive(Debug)]
pub struct AgentCall<'a> {
    agent: Agent<'a>,
    belief: BeliefState,
    reader: ActReader<'a>,
}

impl AgentCall<'_> {
    /// What to do now; the same until the next reply. `rule` is `None` where no rule applies.
    #[must_use]
    pub fn decision(&self) -> Decision {
        act(
            self.agent.table,
            self.belief.observation(self.agent.scenario),
        )
    }

    /// The name of an action, such as `inform(payment)`.
    ///
    /// # Panics
    /// If the scenario has no such action; those of decisions exist.
    #[must_use]
    pub fn action_name(&self, action: ActionId) -> &str {
        self.agent.table.action_name(action)
    }

    /// One level code per feature: what the table decides by, for a
    /// [`Monitor`](crate::Monitor).
    #[must_use]
    pub fn codes(&self) -> &[u8] {
        self.belief.codes(self.agent.scenario)
    }

    /// Takes in what the robot did and what was recognized of the reply, best reading first; no
    /// reading at all is silence.
    pub fn hear(&mut self, action: ActionId, heard: &NBest) {
        self.belief.update(self.agent.scenario, action, heard);
    }

    /// [`AgentCall::hear`] for acts by name, such as `inform(payment=yes)`, with confidences in
    /// `[0, 1]`. Returns how many acts and readings of the call so far did not fit and were left
    /// out.
    ///
    /// # Errors
    /// The act that the scenario does not know; nothing is taken in then.
    pub fn hear_named(
        &mut self,
        action: ActionId,
        heard: &[HypothesisLog],
    ) -> Result<usize, String> {
        let heard = self.reader.n_best(heard)?;
        self.hear(action, &heard);
        Ok(self.reader.n_dropped())
    }
}

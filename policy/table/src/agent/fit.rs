//! What a scenario demands of a table: its layout, its rules of conduct and masks, and the proof that they hold.

use offhook_env::policy::Observation;
use offhook_env::scenario::{Scenario, condition};

use crate::proof::{Constraint, MIN_SUPPORT, ProofReport, verify_with};
use crate::runtime::Decision;
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
    Layout::new(features.collect(), scenario.layout.actions.clone())?
        .with_tracker(scenario.layout.tracker.clone())
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

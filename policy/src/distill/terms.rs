//! The terms under which a tree is grown: features, constraints, and how splits are judged.
//!
//! A *box* holds a set of levels for every feature, one bit each; a *cell* is such a box as numbers.

use offhook_env::action::ActionMask;
use offhook_env::belief::layout::Layout;
use offhook_table::Constraint;

/// By what splits are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Criterion {
    /// By what they save, with any set of levels on either side.
    Cost,
    /// By the impurity of the cheapest actions, one level against all others (CART; Breiman et al.,
    /// 1984, section 4.3.1, on features coded as one indicator a level).
    Gini,
}

/// Where guard cells are cut before anything is learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guards {
    /// Along every rule of conduct, until it holds on all of a box or nowhere in it, or forbids only
    /// what is forbidden there already.
    Everywhere,
    /// Where no action would be left otherwise; splits set actions free where it pays. Takes fewer
    /// rules, but sees less far ahead.
    Needed,
}

/// The terms under which a tree is grown.
pub struct Terms<'a> {
    /// Features and actions.
    pub layout: &'a Layout,
    /// Rules of conduct; guard cells are cut along them before anything is learned.
    pub rules: &'a [Constraint],
    /// What else masks actions.
    pub masks: &'a [Constraint],
    /// Where guard cells are cut.
    pub guards: Guards,
    /// How splits are judged.
    pub criterion: Criterion,
    /// Most leaves.
    pub max_leaves: usize,
}

impl Terms<'_> {
    /// Rules of conduct and masks.
    pub(super) fn constraints(&self) -> impl Iterator<Item = &Constraint> {
        self.rules.iter().chain(self.masks)
    }

    /// Actions that no constraint forbids anywhere in the box.
    pub(super) fn allowed(&self, cell: &[u16]) -> ActionMask {
        let meeting = self.constraints().filter(|c| meets(c, cell));
        let forbidden = meeting.fold(0, |all, c| all | c.forbidden);
        ActionMask(ActionMask::all(self.layout.n_actions()).0 & !forbidden)
    }
}

/// Whether a constraint holds somewhere in the box.
pub(super) fn meets(constraint: &Constraint, cell: &[u16]) -> bool {
    let mut terms = constraint.when.iter();
    terms.all(|&(feature, levels)| cell[feature] & levels != 0)
}

/// Conditions of a constraint that hold in one part of the box and not in another.
pub(super) fn parting<'a>(
    constraint: &'a Constraint,
    cell: &'a [u16],
) -> impl Iterator<Item = (usize, u16)> + 'a {
    let terms = constraint.when.iter().copied();
    terms.filter(|&(feature, levels)| cell[feature] & !levels != 0)
}

//! What becomes of an action that the mask forbids: it is never taken.

use offhook_env::action::{ActionId, ActionMask};
use offhook_env::scenario::Scenario;
use pyo3::PyResult;
use pyo3::exceptions::PyValueError;

/// How masked actions are met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Masked {
    /// The next allowed action is taken, counting up and round.
    Replace,
    /// They are refused with a `ValueError`.
    Raise,
}

impl Masked {
    /// Reads the constructor argument `masked`.
    ///
    /// # Errors
    /// `ValueError` if it is neither `replace` nor `raise`.
    pub fn parse(text: &str) -> PyResult<Self> {
        match text {
            "replace" => Ok(Self::Replace),
            "raise" => Ok(Self::Raise),
            _ => Err(PyValueError::new_err(format!(
                "masked must be 'replace' or 'raise', not '{text}'"
            ))),
        }
    }

    /// The action to take for `action`, and whether it is another one.
    ///
    /// # Errors
    /// `ValueError` if there is no such action, or it is masked and masked actions are refused.
    #[inline]
    pub fn admit(
        self,
        action: i64,
        mask: ActionMask,
        scenario: &Scenario,
    ) -> PyResult<(ActionId, bool)> {
        let n_actions = scenario.layout.n_actions();
        if !(0..n_actions as i64).contains(&action) {
            return Err(PyValueError::new_err(format!(
                "no action {action}: the scenario `{}` has actions 0 to {}",
                scenario.name,
                n_actions - 1
            )));
        }
        let action = action as ActionId;
        if mask.allows(action) {
            return Ok((action, false));
        }
        if self == Self::Raise {
            let allowed: Vec<_> = mask.iter().map(|a| a.to_string()).collect();
            return Err(PyValueError::new_err(format!(
                "action {action} `{}` is masked; allowed now are {}; see action_masks()",
                scenario.layout.actions[action as usize],
                allowed.join(", ")
            )));
        }
        // A mask is never empty, so one of the two sides has an action.
        let above = mask.0 & (u64::MAX << action);
        let next = if above == 0 { mask.0 } else { above };
        Ok((next.trailing_zeros() as ActionId, true))
    }
}

/// Writes a mask as one bool per action.
#[inline]
pub fn unpack(mask: ActionMask, row: &mut [bool]) {
    for (action, allowed) in row.iter_mut().enumerate() {
        *allowed = mask.0 >> action & 1 == 1;
    }
}

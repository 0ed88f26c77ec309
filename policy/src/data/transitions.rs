//! Transitions: what value-based learners learn from, as columns.

use offhook_env::action::{ActionId, ActionMask};
use offhook_env::belief::layout::Layout;

use crate::data::returns::{Beyond, End, n_step};
use crate::data::trajectories::Trajectories;

/// A decision and what it is worth: `reward + discount * V(next)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transition<'a> {
    /// Observation, one code per feature.
    pub codes: &'a [u8],
    /// Actions allowed there.
    pub mask: ActionMask,
    /// The action taken.
    pub action: ActionId,
    /// Discounted sum of the rewards of `n` steps, in scaled reward units.
    pub reward: f32,
    /// `γ^n`, or 0 if the call terminated on the way.
    pub discount: f32,
    /// Observation `n` steps later; not read if `discount` is 0.
    pub next_codes: &'a [u8],
    /// Actions allowed then.
    pub next_mask: ActionMask,
}

/// Many transitions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transitions {
    /// Observations, `n_rows x n_features`.
    pub codes: Vec<u8>,
    /// Actions allowed there.
    pub masks: Vec<ActionMask>,
    /// Actions taken.
    pub actions: Vec<ActionId>,
    /// Discounted sums of rewards.
    pub rewards: Vec<f32>,
    /// Factors of the value beyond.
    pub discounts: Vec<f32>,
    /// Observations to bootstrap from, `n_rows x n_features`.
    pub next_codes: Vec<u8>,
    /// Actions allowed there.
    pub next_masks: Vec<ActionMask>,
}

impl Transitions {
    /// Number of transitions.
    pub fn len(&self) -> usize {
        self.actions.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// A transition.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn get(&self, row: usize) -> Transition<'_> {
        let n = self.codes.len() / self.len();
        Transition {
            codes: &self.codes[row * n..(row + 1) * n],
            mask: self.masks[row],
            action: self.actions[row],
            reward: self.rewards[row],
            discount: self.discounts[row],
            next_codes: &self.next_codes[row * n..(row + 1) * n],
            next_mask: self.next_masks[row],
        }
    }

    /// Adds a transition at the end.
    pub fn push(&mut self, new: Transition<'_>) {
        self.codes.extend_from_slice(new.codes);
        self.masks.push(new.mask);
        self.actions.push(new.action);
        self.rewards.push(new.reward);
        self.discounts.push(new.discount);
        self.next_codes.extend_from_slice(new.next_codes);
        self.next_masks.push(new.next_mask);
    }

    /// Puts a transition in the place of another.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn set(&mut self, row: usize, new: Transition<'_>) {
        let n = new.codes.len();
        self.codes[row * n..(row + 1) * n].copy_from_slice(new.codes);
        self.masks[row] = new.mask;
        self.actions[row] = new.action;
        self.rewards[row] = new.reward;
        self.discounts[row] = new.discount;
        self.next_codes[row * n..(row + 1) * n].copy_from_slice(new.next_codes);
        self.next_masks[row] = new.next_mask;
    }

    /// Transitions over up to `n_steps` steps of logged episodes; rewards are multiplied by
    /// `reward_scale`.
    ///
    /// The log of a truncated episode does not hold the observation after its last step. Its
    /// value is taken at the last observation that is there, so the last step itself is left out.
    pub fn from_trajectories(
        calls: &Trajectories,
        gamma: f32,
        n_steps: usize,
        reward_scale: f32,
    ) -> Self {
        let n = calls.codes.len() / calls.len().max(1);
        let mut out = Self::default();
        for episode in 0..calls.n_episodes() {
            let mut rows = calls.rows(episode);
            let first = rows.start;
            if calls.truncated[episode] {
                rows.end -= 1;
            }
            let rewards: Vec<f32> = (calls.rewards[rows.clone()].iter())
                .map(|reward| reward * reward_scale)
                .collect();
            let mut ends = vec![End::Running; rewards.len()];
            if let (Some(end), false) = (ends.last_mut(), calls.truncated[episode]) {
                *end = End::Terminated;
            }
            for (at, step) in n_step(1, &rewards, &ends, gamma, n_steps)
                .iter()
                .enumerate()
            {
                let row = first + at;
                let next = match step.beyond {
                    Beyond::Row(at) => first + at,
                    Beyond::Final(_) => row,
                };
                out.push(Transition {
                    codes: &calls.codes[row * n..(row + 1) * n],
                    mask: calls.masks[row],
                    action: calls.actions[row],
                    reward: step.reward,
                    discount: step.discount,
                    next_codes: &calls.codes[next * n..(next + 1) * n],
                    next_mask: calls.masks[next],
                });
            }
        }
        out
    }

    /// Whether every row fits a layout; what came from a file is checked before it is used.
    pub(crate) fn fits(&self, layout: &Layout) -> bool {
        let (n, n_features) = (self.len(), layout.n_features());
        let all = ActionMask::all(layout.n_actions());
        let lengths = [
            self.masks.len(),
            self.rewards.len(),
            self.discounts.len(),
            self.next_masks.len(),
        ];
        let codes_fit = |codes: &[u8]| {
            let mut rows = codes.chunks_exact(n_features);
            let row_fits = |row: &[u8]| {
                let mut pairs = row.iter().zip(&layout.features);
                pairs.all(|(&code, feature)| usize::from(code) < feature.levels.len())
            };
            codes.len() == n * n_features && rows.all(row_fits)
        };
        let some_of = |mask: &ActionMask| mask.0 != 0 && mask.0 & !all.0 == 0;
        // Behind a terminated call there is nothing to do, hence possibly no action.
        let next = self.next_masks.iter().zip(&self.discounts);
        lengths == [n; 4]
            && codes_fit(&self.codes)
            && codes_fit(&self.next_codes)
            && self.masks.iter().all(some_of)
            && next.into_iter().all(|(mask, d)| *d == 0.0 || some_of(mask))
            && (self.masks.iter().zip(&self.actions)).all(|(m, &a)| a < 64 && m.allows(a))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::layout;

    /// Two episodes of three and two steps, of which the second was cut off.
    fn calls() -> Trajectories {
        Trajectories {
            codes: vec![0, 1, 2, 3, 4],
            masks: vec![ActionMask(0b11); 5],
            actions: vec![0, 1, 0, 1, 0],
            rewards: vec![2.0, 4.0, 8.0, 16.0, 32.0],
            action_probs: None,
            starts: vec![0, 3, 5],
            groups: vec![0, 1],
            truncated: vec![false, true],
        }
    }

    #[test]
    fn logged_episodes_give_the_targets_computed_by_hand() {
        let found = Transitions::from_trajectories(&calls(), 0.5, 2, 0.5);
        // 1 + 0.5 * 2, then 2 + 0.5 * 4, then 4; the second episode bootstraps from its code 4.
        assert_eq!(found.rewards, [2.0, 4.0, 4.0, 8.0]);
        assert_eq!(found.discounts, [0.25, 0.0, 0.0, 0.5]);
        assert_eq!((found.next_codes[0], found.next_codes[3]), (2, 4));
        assert_eq!(found.codes, [0, 1, 2, 3]);
        assert!(found.fits(&layout(&[5], 2)));
    }

    #[test]
    fn rows_that_do_not_fit_are_noticed() {
        let good = Transitions::from_trajectories(&calls(), 0.5, 1, 1.0);
        let (layout, mut bad) = (layout(&[5], 2), good.clone());
        bad.next_codes[0] = 5;
        assert!(!bad.fits(&layout));
        let mut bad = good.clone();
        bad.actions[0] = 200;
        assert!(!bad.fits(&layout));
        let mut bad = good.clone();
        // The third row ends its call; behind the first one something must be allowed.
        bad.next_masks[2] = ActionMask(0);
        assert!(bad.fits(&layout));
        bad.next_masks[0] = ActionMask(0);
        assert!(!bad.fits(&layout));
        let mut bad = good;
        bad.rewards.pop();
        assert!(!bad.fits(&layout));
    }
}

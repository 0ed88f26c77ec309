//! Logged episodes, decision by decision: what offline learners and estimators work on.

use offhook_env::action::{ActionId, ActionMask};
use offhook_env::belief::layout::Layout;

use crate::data::dataset::Dataset;
use crate::data::returns::discounted_returns;
use crate::error::LearnError;

/// Episodes one after the other; a row is a decision with the reward that followed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trajectories {
    /// Observations, `n_rows x n_features`.
    pub codes: Vec<u8>,
    /// Allowed actions.
    pub masks: Vec<ActionMask>,
    /// The action taken, one of the allowed ones.
    pub actions: Vec<ActionId>,
    /// Reward of the step, in reward units.
    pub rewards: Vec<f32>,
    /// Probability with which the logging policy took the action, in `(0, 1]`, if all are known.
    pub action_probs: Option<Vec<f32>>,
    /// First row of every episode, and at last the number of rows: one entry more than episodes.
    /// Empty if there is no episode.
    pub starts: Vec<u32>,
    /// Number of the call or caller, per episode; a split or a bootstrap never divides a group.
    pub groups: Vec<u32>,
    /// Whether watching stopped before the call was over, per episode.
    pub truncated: Vec<bool>,
}

impl Trajectories {
    /// Number of decisions.
    pub fn len(&self) -> usize {
        self.actions.len()
    }

    /// Whether there is no decision.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// Number of episodes.
    pub fn n_episodes(&self) -> usize {
        self.groups.len()
    }

    /// Rows of an episode.
    ///
    /// # Panics
    /// If there is no such episode.
    pub fn rows(&self, episode: usize) -> std::ops::Range<usize> {
        self.starts[episode] as usize..self.starts[episode + 1] as usize
    }

    /// The decisions with their discounted returns, each row in the group of its episode.
    ///
    /// A truncated episode's return ends with its last reward.
    pub fn to_dataset(&self, gamma: f32) -> Dataset {
        let mut data = Dataset {
            codes: self.codes.clone(),
            masks: self.masks.clone(),
            actions: self.actions.clone(),
            groups: Vec::with_capacity(self.len()),
            weights: vec![1.0; self.len()],
            returns: None,
            targets: None,
        };
        let mut returns = Vec::with_capacity(self.len());
        for episode in 0..self.n_episodes() {
            let rows = self.rows(episode);
            data.groups
                .extend(rows.clone().map(|_| self.groups[episode]));
            returns.extend(discounted_returns(&self.rewards[rows], gamma, 0.0));
        }
        data.returns = Some(returns);
        data
    }

    /// Checks lengths, codes, actions, rewards and probabilities against a layout.
    ///
    /// # Errors
    /// Names the first row that does not fit.
    pub fn check(&self, layout: &Layout) -> Result<(), LearnError> {
        let n = self.len();
        let refuse = |row: Option<usize>, reason: String| Err(LearnError::Dataset { row, reason });
        let n_probs = self.action_probs.as_ref().map_or(n, Vec::len);
        let per_episode = [self.truncated.len() + 1, self.groups.len() + 1];
        let ordered = self.starts.windows(2).all(|pair| pair[0] < pair[1]);
        let whole = self.starts.first() == Some(&0) && self.starts.last() == Some(&(n as u32));
        if n == 0 {
            return refuse(
                None,
                "there is no decision in it; give at least two calls".into(),
            );
        }
        if [self.rewards.len(), n_probs] != [n, n]
            || per_episode != [self.starts.len(); 2]
            || !(ordered && whole)
        {
            return refuse(None, format!("its columns do not fit its {n} actions"));
        }
        self.to_dataset(1.0).check(layout)?;
        for row in 0..n {
            let prob = self.action_probs.as_ref().map_or(1.0, |probs| probs[row]);
            if !(prob > 0.0 && prob <= 1.0) {
                let reason = format!("the action's probability is {prob}, expected in (0, 1]");
                return refuse(Some(row), reason);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::layout;

    fn two_calls() -> Trajectories {
        Trajectories {
            codes: vec![0, 1, 0],
            masks: vec![ActionMask(0b11); 3],
            actions: vec![0, 1, 1],
            rewards: vec![1.0, 2.0, 4.0],
            action_probs: Some(vec![0.5, 0.25, 1.0]),
            starts: vec![0, 2, 3],
            groups: vec![7, 3],
            truncated: vec![false, true],
        }
    }

    #[test]
    fn returns_stay_within_their_episode() {
        let data = two_calls().to_dataset(0.5);
        assert_eq!(data.returns, Some(vec![2.0, 2.0, 4.0]));
        assert_eq!(data.groups, [7, 7, 3]);
        two_calls().check(&layout(&[2], 2)).unwrap();
    }

    #[test]
    fn a_probability_of_nothing_and_a_missing_start_are_refused() {
        let layout = layout(&[2], 2);
        let mut calls = two_calls();
        calls.action_probs = Some(vec![0.5, 0.0, 1.0]);
        let error = calls.check(&layout).unwrap_err().to_string();
        assert!(
            error.contains("row 1") && error.contains("(0, 1]"),
            "{error}"
        );
        let mut calls = two_calls();
        calls.starts.pop();
        assert!(calls.check(&layout).is_err());
        assert!(Trajectories::default().check(&layout).is_err());
    }
}

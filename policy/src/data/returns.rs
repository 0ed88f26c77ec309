//! Returns and advantages of fixed-length rollouts in which calls end at any step.

/// What became of a call at a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// It goes on.
    #[default]
    Running,
    /// It is over; the value beyond is 0.
    Terminated,
    /// We stopped watching; the value beyond is that of the last observation.
    Truncated,
}

impl End {
    /// What two flags of an environment say.
    pub fn of(terminated: bool, truncated: bool) -> Self {
        match (terminated, truncated) {
            (true, _) => Self::Terminated,
            (false, true) => Self::Truncated,
            (false, false) => Self::Running,
        }
    }
}

/// The part of a rollout that returns are made of; arrays are laid out `[step][call]`.
#[derive(Clone, Copy, Debug)]
pub struct Scored<'a> {
    /// Calls side by side.
    pub n_calls: usize,
    /// Reward of every step.
    pub rewards: &'a [f32],
    /// What became of the call at every step.
    pub ends: &'a [End],
    /// `V(o_t)` for `t = 0..=T`: one row longer than `rewards`, the last for the observation to act
    /// on after the rollout.
    pub values: &'a [f32],
    /// Value of the last observation of a call where `ends` says truncated; other entries are not
    /// read.
    pub final_values: &'a [f32],
}

/// Generalised advantage estimates, one per step and call, laid out as the rollout.
///
/// `δ_t = r_t + γ V(o_{t+1}) - V(o_t)` and `A_t = δ_t + γ λ A_{t+1}`, where a call that ended at `t`
/// adds no `A_{t+1}`, and the value after its last step is 0 only if it *terminated*; a truncated
/// call bootstraps from its last observation (Schulman et al., 2016, eq. 16, arXiv:1506.02438).
///
/// - `gamma`, `lambda`: per system turn, in `[0, 1]`.
///
/// # Panics
/// If the lengths of `scored` do not agree.
pub fn advantages(scored: Scored<'_>, gamma: f32, lambda: f32) -> Vec<f32> {
    let n = scored.n_calls;
    let len = scored.rewards.len();
    assert_eq!(
        (scored.ends.len(), scored.final_values.len()),
        (len, len),
        "one per step and call"
    );
    assert_eq!(
        scored.values.len(),
        len + n,
        "one more row of values than of rewards"
    );
    let mut out = vec![0.0; len + n];
    for at in (0..len).rev() {
        let (next_value, next_advantage) = match scored.ends[at] {
            End::Running => (scored.values[at + n], out[at + n]),
            End::Terminated => (0.0, 0.0),
            End::Truncated => (scored.final_values[at], 0.0),
        };
        let delta = scored.rewards[at] + gamma * next_value - scored.values[at];
        out[at] = delta + gamma * lambda * next_advantage;
    }
    out.truncate(len);
    out
}

/// Discounted returns of one finished episode, `G_t = r_t + γ G_{t+1}`; `beyond` is the value after
/// the last reward, 0 if the episode terminated.
pub fn discounted_returns(rewards: &[f32], gamma: f32, beyond: f32) -> Vec<f32> {
    let mut out = vec![0.0; rewards.len()];
    let mut next = beyond;
    for (out, reward) in out.iter_mut().zip(rewards).rev() {
        next = reward + gamma * next;
        *out = next;
    }
    out
}

/// What follows from a step within the next `n`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NStep {
    /// `r_t + γ r_{t+1} + ...` up to `n` rewards, fewer where the call or the rollout ended.
    pub reward: f32,
    /// Factor of the value beyond: `γ` to the number of rewards, 0 if the call terminated.
    pub discount: f32,
    /// Where that value is taken.
    pub beyond: Beyond,
}

/// The observation after the rewards of an [`NStep`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// The one acted on in this row; rows behind the last step stand for the observations to act
    /// on after the rollout.
    Row(usize),
    /// The last one of the call that ended in this row.
    Final(usize),
}

/// Returns over up to `n_steps` steps of a rollout, one per step and call (Sutton, 1988; in deep
/// Q-learning Hessel et al., 2018, arXiv:1710.02298, eq. 2).
///
/// A step less than `n_steps` before the end of the rollout, or before a call was truncated, uses
/// the rewards that there are and bootstraps from the observation behind them.
///
/// - `rewards`, `ends`: laid out `[step][call]`.
/// - `gamma`: per system turn, in `[0, 1]`; `n_steps`: at least 1.
pub fn n_step(
    n_calls: usize,
    rewards: &[f32],
    ends: &[End],
    gamma: f32,
    n_steps: usize,
) -> Vec<NStep> {
    let from = |start: usize| {
        let (mut reward, mut factor, mut at) = (0.0, 1.0, start);
        for _ in 0..n_steps {
            if at >= rewards.len() {
                break;
            }
            reward += factor * rewards[at];
            factor *= gamma;
            let (discount, beyond) = match ends[at] {
                End::Running => {
                    at += n_calls;
                    continue;
                }
                End::Terminated => (0.0, Beyond::Final(at)),
                End::Truncated => (factor, Beyond::Final(at)),
            };
            return NStep {
                reward,
                discount,
                beyond,
            };
        }
        NStep {
            reward,
            discount: factor,
            beyond: Beyond::Row(at),
        }
    };
    (0..rewards.len()).map(from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAMMA: f32 = 0.5;
    const LAMBDA: f32 = 0.5;

    /// One call of three steps with values 1, 2, 3 and 4 beyond, rewards 10, 20, 30.
    fn one_call(ends: [End; 3]) -> Vec<f32> {
        let scored = Scored {
            n_calls: 1,
            rewards: &[10.0, 20.0, 30.0],
            ends: &ends,
            values: &[1.0, 2.0, 3.0, 4.0],
            final_values: &[8.0, 8.0, 8.0],
        };
        advantages(scored, GAMMA, LAMBDA)
    }

    #[test]
    fn a_running_call_bootstraps_at_the_end_of_the_rollout() {
        // Deltas: 10 + 1 - 1, 20 + 1.5 - 2, 30 + 2 - 3.
        assert_eq!(
            one_call([End::Running; 3]),
            [10.0 + (19.5 + 29.0 / 4.0) / 4.0, 26.75, 29.0]
        );
    }

    #[test]
    fn a_terminated_call_is_worth_nothing_beyond() {
        let found = one_call([End::Running, End::Terminated, End::Running]);
        assert_eq!(found, [10.0 + 18.0 / 4.0, 18.0, 29.0]);
    }

    #[test]
    fn a_truncated_call_bootstraps() {
        let found = one_call([End::Running, End::Truncated, End::Running]);
        assert_eq!(found, [10.0 + 22.0 / 4.0, 22.0, 29.0]);
    }

    #[test]
    fn calls_side_by_side_do_not_mix() {
        let scored = Scored {
            n_calls: 2,
            rewards: &[10.0, 0.0, 20.0, 0.0, 30.0, 0.0],
            ends: &[End::Running; 6],
            values: &[1.0, 0.0, 2.0, 0.0, 3.0, 0.0, 4.0, 0.0],
            final_values: &[0.0; 6],
        };
        let found = advantages(scored, GAMMA, LAMBDA);
        let first: Vec<f32> = found.iter().copied().step_by(2).collect();
        assert_eq!(first, one_call([End::Running; 3]));
        assert!(found.iter().skip(1).step_by(2).all(|a| *a == 0.0));
    }

    #[test]
    fn returns_discount_what_comes_later() {
        assert_eq!(
            discounted_returns(&[1.0, 2.0, 4.0], 0.5, 0.0),
            [3.0, 4.0, 4.0]
        );
        assert_eq!(
            discounted_returns(&[1.0, 2.0, 4.0], 0.5, 8.0),
            [4.0, 6.0, 8.0]
        );
    }

    #[test]
    fn n_steps_stop_where_a_call_or_the_rollout_ends() {
        // Two calls, four steps; the first terminates at its third step, the second is truncated
        // at its second.
        let rewards = [1.0, 10.0, 2.0, 20.0, 4.0, 40.0, 8.0, 80.0];
        let mut ends = [End::Running; 8];
        ends[4] = End::Terminated;
        ends[3] = End::Truncated;
        let found = n_step(2, &rewards, &ends, 0.5, 3);
        let step = |reward, discount, beyond| NStep {
            reward,
            discount,
            beyond,
        };
        let first = [
            step(3.0, 0.0, Beyond::Final(4)),
            step(4.0, 0.0, Beyond::Final(4)),
            step(4.0, 0.0, Beyond::Final(4)),
            step(8.0, 0.5, Beyond::Row(8)),
        ];
        let second = [
            step(20.0, 0.25, Beyond::Final(3)),
            step(20.0, 0.5, Beyond::Final(3)),
            step(80.0, 0.25, Beyond::Row(9)),
            step(80.0, 0.5, Beyond::Row(9)),
        ];
        let of = |call: usize| {
            found
                .iter()
                .skip(call)
                .step_by(2)
                .copied()
                .collect::<Vec<_>>()
        };
        assert_eq!(of(0), first);
        assert_eq!(of(1), second);
        assert_eq!(
            n_step(2, &rewards, &ends, 0.5, 1)[0],
            step(1.0, 0.5, Beyond::Row(2))
        );
    }
}

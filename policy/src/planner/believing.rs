//! A planner that knows what a robot knows: it tries every action on customers who may be on the line.
//!
//! Each fork draws a customer from a posterior ([`CustomerBelief`]) and a future; an action is taken, and a base policy
//! goes on to the end of the call (rollout in belief space: Bertsekas and Castanon, 1999, "Rollout algorithms for
//! stochastic scheduling problems"; Silver and Veness, 2010, "Monte-Carlo planning in large POMDPs"). Fork `k` has the
//! same customer and the same future for every candidate, so that differences are between actions, not between
//! customers. Forks are shared out by sequential halving (Karnin, Koren and Somekh, 2013, "Almost optimal exploration in
//! multi-armed bandits"). The winner of a race is over-estimated, so it is compared with what the base policy would do
//! itself on forks that the race has not seen.

use offhook_env::action::ActionId;
use offhook_env::belief::tracker::BeliefState;
use offhook_env::call::customer::Customers;
use offhook_env::call::posterior::CustomerBelief;
use offhook_env::call::{Call, Turn, World};
use offhook_env::policy::Policy;
use offhook_env::rng::{Stream, derive, derive_seed, mix};
use serde::{Deserialize, Serialize};

/// How many forks are played at a turn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BeliefPlanner {
    /// Forks of the race, all candidates together.
    pub n_race: u64,
    /// Fresh forks of the winner, and of what the base policy would do itself.
    pub n_final: u64,
    /// Standard errors by which the winner must be better on those, to be taken.
    pub margin: f64,
}

impl Default for BeliefPlanner {
    fn default() -> Self {
        Self {
            n_race: 1024,
            n_final: 1024,
            margin: 2.0,
        }
    }
}

/// An action in the race, and the base policy after it.
#[derive(Clone, Copy)]
struct Candidate<'a> {
    action: ActionId,
    base: &'a dyn Policy,
    /// Whether the base policy would take this action itself.
    is_usual: bool,
    /// Of the returns of its forks.
    sum: f64,
}

/// Forks of one turn of one call.
struct Forks<'a, B: CustomerBelief> {
    believer: &'a B,
    belief: &'a B::Belief,
    state: &'a BeliefState,
    seed: u64,
    turn: Turn,
}

impl BeliefPlanner {
    /// The best action where the robot believes `state` and supposes customers as in `belief`, if the best of `bases`,
    /// of which there is one at least, goes on after it; what the best of them would do itself unless another action is
    /// better by `margin` standard errors, or where no customer explains the call. A function of `seed`, which is
    /// the call's, and the turn.
    ///
    /// # Panics
    /// If there is no base policy.
    pub fn act<B: CustomerBelief>(
        &self,
        believer: &B,
        belief: &B::Belief,
        state: &BeliefState,
        bases: &[&dyn Policy],
        seed: u64,
    ) -> ActionId {
        let scenario = &*believer.world().scenario;
        let observation = state.observation(scenario);
        let usual = |base: &dyn Policy| base.best(observation, scenario.layout.n_actions());
        if observation.mask.count() == 1 || believer.draw(belief, 0.0).is_none() {
            return usual(bases[0]);
        }
        let mut race: Vec<Candidate<'_>> = Vec::new();
        for &base in bases {
            let usual = usual(base);
            race.extend(observation.mask.iter().map(|action| Candidate {
                action,
                base,
                is_usual: action == usual,
                sum: 0.0,
            }));
        }
        let mut forks = Forks {
            believer,
            belief,
            state,
            seed: derive_seed(seed, Stream::Fork, u64::from(state.turn())),
            turn: Turn::EMPTY,
        };
        let (winner, usual, n) = self.race(race, &mut forks);
        if winner.action == usual.action {
            return usual.action;
        }
        let (mut sum, mut squares) = (0.0, 0.0);
        for k in n..n + self.n_final {
            let [new, old] = [&winner, &usual].map(|c| forks.play(c.base, c.action, k));
            let gain = new - old;
            sum += gain;
            squares += gain * gain;
        }
        if is_better(sum, squares, self.n_final as f64, self.margin) {
            winner.action
        } else {
            usual.action
        }
    }

    /// What the second of two actions returns more than the first, on average over `n_forks` forks that no choice of
    /// [`act`](Self::act) has seen.
    #[expect(
        clippy::too_many_arguments,
        reason = "those of `act`, and what is compared"
    )]
    pub fn advantage<B: CustomerBelief>(
        &self,
        believer: &B,
        belief: &B::Belief,
        state: &BeliefState,
        base: &dyn Policy,
        [usual, chosen]: [ActionId; 2],
        n_forks: u64,
        seed: u64,
    ) -> f64 {
        let mut forks = Forks {
            believer,
            belief,
            state,
            seed: derive_seed(!seed, Stream::Fork, u64::from(state.turn())),
            turn: Turn::EMPTY,
        };
        let gains = (0..n_forks).map(|k| {
            let [new, old] = [chosen, usual].map(|action| forks.play(base, action, k));
            new - old
        });
        gains.sum::<f64>() / n_forks.max(1) as f64
    }

    /// The winner, the best of the base policies' own actions after the first round, and how many forks were used up.
    fn race<'a, B: CustomerBelief>(
        &self,
        mut race: Vec<Candidate<'a>>,
        forks: &mut Forks<'_, B>,
    ) -> (Candidate<'a>, Candidate<'a>, u64) {
        let n_rounds = u64::from(race.len().next_power_of_two().trailing_zeros()).max(1);
        let (mut n, mut usual) = (0, None);
        loop {
            let each = (self.n_race / (n_rounds * race.len() as u64)).max(1);
            for candidate in &mut race {
                let returns =
                    (n..n + each).map(|k| forks.play(candidate.base, candidate.action, k));
                candidate.sum += returns.sum::<f64>();
            }
            n += each;
            // All have the same number of forks, so that sums rank as means do; the first among equals stays ahead.
            race.sort_by(|a, b| b.sum.total_cmp(&a.sum));
            let own = *usual.get_or_insert_with(|| {
                let mut own = race.iter().filter(|candidate| candidate.is_usual);
                *own.next()
                    .expect("what a base policy does itself is in the race")
            });
            race.truncate(race.len().div_ceil(2));
            if race.len() == 1 {
                return (race[0], own, n);
            }
        }
    }
}

/// Whether the mean of `n` paired differences lies so many standard errors above 0.
fn is_better(sum: f64, squares: f64, n: f64, margin: f64) -> bool {
    let mean = sum / n;
    let variance = (squares - n * mean * mean).max(0.0) / (n - 1.0).max(1.0);
    n > 1.0 && mean > margin * (variance / n).sqrt()
}

impl<B: CustomerBelief> Forks<'_, B> {
    /// Return, from now on, of fork `k` if it takes `action` and then follows `base` to the end.
    fn play(&mut self, base: &dyn Policy, action: ActionId, k: u64) -> f64 {
        let world = self.believer.world();
        let place = place(self.seed, k);
        let Some(supposed) = self.believer.draw(self.belief, place) else {
            return 0.0;
        };
        let rng = derive(self.seed, Stream::Fork, k);
        let call = Call::imagine(self.state, supposed.customer.clone(), supposed.harms, rng);
        to_the_end(world, call, base, action, &mut self.turn)
    }
}

fn to_the_end<C: Customers>(
    world: &World<C>,
    mut call: Call<C::Customer>,
    base: &dyn Policy,
    action: ActionId,
    turn: &mut Turn,
) -> f64 {
    let scenario = &*world.scenario;
    call.step_into(world, action, turn);
    let mut sum = f64::from(turn.reward);
    while turn.summary.is_none() {
        let seen = call.belief.observation(scenario);
        let next = base.best(seen, scenario.layout.n_actions());
        call.step_into(world, next, turn);
        sum += f64::from(turn.reward);
    }
    sum
}

/// The place of fork `k` in the posterior: steps of the golden ratio, so that any run of forks is spread evenly over it
/// (Kronecker's sequence), from a start that `seed` chooses.
fn place(seed: u64, k: u64) -> f64 {
    const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
    let at = mix(seed).wrapping_add(k.wrapping_mul(GOLDEN));
    (at >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gain_must_stand_out_from_its_own_error() {
        // Differences 1, 1, 1, 5: mean 2, standard deviation 2, standard error 1.
        assert!(is_better(8.0, 28.0, 4.0, 1.9));
        assert!(!is_better(8.0, 28.0, 4.0, 2.0));
        assert!(!is_better(0.0, 0.0, 4.0, 2.0));
        assert!(!is_better(1.0, 1.0, 1.0, 2.0));
    }

    #[test]
    fn places_are_spread_evenly() {
        let mut places: Vec<f64> = (40..140).map(|k| place(3, k)).collect();
        places.sort_by(f64::total_cmp);
        let widest = places.windows(2).map(|w| w[1] - w[0]).fold(0.0, f64::max);
        assert!(widest < 0.03, "{widest}");
    }
}

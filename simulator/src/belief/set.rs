//! Weighted customers, and the steps that a filter takes with all of them.

use offhook_env::act::{NBest, UserActKind};
use offhook_env::action::ActionId;
use offhook_env::call::customer::{Customers, SystemUtterance};
use offhook_env::call::{World, harms_of};
use offhook_env::rng::Rng;
use rand::Rng as _;

use crate::user::AgendaCustomers;
use crate::user::agenda::{AgendaCustomer, Strain};

/// One supposed customer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Particle {
    pub customer: AgendaCustomer,
    /// Harms done to it so far, one bit a kind.
    pub harms: u8,
}

/// What happened in one turn, as far as the robot knows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    pub action: ActionId,
    pub value: u8,
    pub heard: NBest,
}

/// Customers with weights that sum to 1.
#[derive(Clone, Debug, Default)]
pub(super) struct Set {
    pub particles: Vec<Particle>,
    pub weights: Vec<f64>,
    /// What every turn said of each one's patience: a row of `n_rows` turns a particle.
    pub strains: Vec<Strain>,
    /// Places in a row, and those that are filled.
    pub n_places: usize,
    pub n_turns: usize,
}

impl Set {
    /// What `k` went through so far.
    pub fn strains_of(&self, k: usize) -> &[Strain] {
        &self.strains[k * self.n_places..][..self.n_turns]
    }

    /// Takes particles and weights from `other`, of the same ancestors after `n_turns` turns; what they went through
    /// until then stands in both.
    pub fn take_from(&mut self, other: &Self, n_turns: usize) {
        self.particles.clone_from(&other.particles);
        self.weights.clone_from(&other.weights);
        self.n_turns = n_turns;
    }

    /// Lets every customer answer, and weighs the answer by what was heard where it is to be `weighed`; who hangs up
    /// is out, since the call goes on. Returns the probability of it all, up to a factor that is the same for all
    /// customers; where it is 0, the weights are 0 too.
    pub fn advance(
        &mut self,
        world: &World<AgendaCustomers>,
        turn: &Turn,
        weighed: bool,
        rng: &mut Rng,
    ) -> f64 {
        let scenario = &*world.scenario;
        let spoken = SystemUtterance {
            action: turn.action,
            acts: scenario.acts(turn.action),
            value: turn.value,
        };
        let mut sum = 0.0;
        for (k, (particle, weight)) in self.particles.iter_mut().zip(&mut self.weights).enumerate()
        {
            if *weight == 0.0 {
                continue;
            }
            let customer = &mut particle.customer;
            particle.harms |= harms_of(scenario, world.customers.truth(customer), turn.action);
            let (said, strain) = world
                .customers
                .respond_under_strain(scenario, customer, spoken, rng);
            if self.n_turns < self.n_places {
                self.strains[k * self.n_places + self.n_turns] = strain;
            }
            *weight *= if said.has(UserActKind::HangUp) {
                0.0
            } else if weighed {
                let difficulty = world.customers.difficulty(customer);
                world.channel.likelihood(&said, difficulty, &turn.heard)
            } else {
                1.0
            };
            sum += *weight;
        }
        self.n_turns = (self.n_turns + 1).min(self.n_places);
        if sum > 0.0 && sum.is_finite() {
            self.weights.iter_mut().for_each(|weight| *weight /= sum);
            sum
        } else {
            self.weights.fill(0.0);
            0.0
        }
    }

    /// Effective number of particles, `1 / sum of squared weights` (Kong, Liu and Wong, 1994).
    pub fn effective(&self) -> f64 {
        let squares: f64 = self.weights.iter().map(|weight| weight * weight).sum();
        if squares > 0.0 { 1.0 / squares } else { 0.0 }
    }

    /// Draws `n` particles in proportion to their weights, which are then all alike (systematic resampling: Kitagawa,
    /// 1996), into `spare`, and swaps the two.
    pub fn resample(&mut self, n: usize, rng: &mut Rng, spare: &mut Self) {
        spare.particles.clear();
        spare.strains.resize(n * self.n_places, Strain::default());
        // The highest 53 bits are a number in [0, 1).
        let start = (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        let (mut k, mut passed) = (0, self.weights[0]);
        for place in 0..n {
            let at = (place as f64 + start) / n as f64;
            while passed < at && k + 1 < self.weights.len() {
                k += 1;
                passed += self.weights[k];
            }
            spare.particles.push(self.particles[k]);
            let filled = place * self.n_places..place * self.n_places + self.n_turns;
            spare.strains[filled].copy_from_slice(self.strains_of(k));
        }
        spare.weights.clear();
        spare.weights.resize(n, 1.0 / n as f64);
        (spare.n_places, spare.n_turns) = (self.n_places, self.n_turns);
        std::mem::swap(self, spare);
    }
}

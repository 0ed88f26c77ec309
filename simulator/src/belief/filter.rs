//! The filter: how a set of particles follows a call, and what happens when none explains it.

use std::sync::Arc;

use offhook_env::act::NBest;
use offhook_env::action::ActionId;
use offhook_env::belief::caller::CallerRecord;
use offhook_env::call::World;
use offhook_env::call::customer::{Channel, PerfectChannel};
use offhook_env::call::posterior::{CustomerBelief, Supposed};
use offhook_env::rng::{Rng, Stream, derive};

use super::renew::renew;
use super::set::{Particle, Set, Turn};
use crate::channel::ConfusionChannel;
use crate::dice::Coins;
use crate::population::{Population, Redrawable};
use crate::user::AgendaCustomers;
use crate::user::agenda::{AgendaCustomer, Strain};
use crate::world::{LoadError, LoadedScenario};

/// How many customers are supposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilterConfig {
    /// Particles of every call, at least 2. Default 4,000.
    pub n_particles: usize,
    /// How often a call is played through again when no particle explains what was heard. Default 2.
    pub n_restarts: u64,
    /// Particles of such a restart, in multiples of `n_particles`. Default 4.
    pub restart_factor: usize,
}

impl Default for FilterConfig {
    fn default() -> Self {
        Self {
            n_particles: 4_000,
            n_restarts: 2,
            restart_factor: 4,
        }
    }
}

/// A bootstrap particle filter (Gordon, Salmond and Smith, 1993) over agenda customers on a line.
pub struct ParticleFilter {
    world: World<AgendaCustomers>,
    config: FilterConfig,
}

/// What a filter believes of the customer of one call.
#[derive(Clone, Debug)]
pub struct Particles {
    record: CallerRecord,
    seed: u64,
    may: Redrawable,
    set: Set,
    /// Memory for the next step.
    spare: Set,
    /// Sums of the weights, the last of which is 1.
    sums: Vec<f64>,
    history: Vec<Turn>,
    is_lost: bool,
    n_collapses: u32,
    n_in_vain: u32,
}

impl ParticleFilter {
    /// A filter that supposes the customers and the line of `world`.
    ///
    /// # Panics
    /// If there are fewer than 2 particles.
    pub fn new(world: World<AgendaCustomers>, config: FilterConfig) -> Self {
        assert!(config.n_particles >= 2, "a filter needs 2 particles");
        Self { world, config }
    }

    /// A filter that supposes what the files of `loaded` say: the population as it is and the line without further
    /// noise, whatever `loaded` was varied to.
    ///
    /// # Errors
    /// Every mistake in the files.
    pub fn of(loaded: &LoadedScenario, config: FilterConfig) -> Result<Self, LoadError> {
        let scenario = loaded.world.scenario.clone();
        let population = Population::parse(&loaded.text, &scenario)?;
        let channel: Arc<dyn Channel> = match &loaded.channel {
            None => Arc::new(PerfectChannel),
            Some(text) => Arc::new(ConfusionChannel::parse(&text.file, &text.text, &scenario)?),
        };
        let world = World {
            customers: AgendaCustomers::new(population, &scenario),
            scenario,
            channel,
        };
        Ok(Self::new(world, config))
    }

    /// So many persons drawn from the population, weighed by what is on file of them.
    fn draw_set(&self, n: usize, record: &CallerRecord, rng: &mut Rng) -> Set {
        let people = &self.world.customers;
        let n_places = usize::from(self.world.scenario.max_turns);
        let mut set = Set {
            strains: vec![Strain::default(); n * n_places],
            n_places,
            ..Set::default()
        };
        for _ in 0..n {
            let (customer, weight) = people.call_given(record, &mut Coins::new(rng));
            set.particles.push(Particle { customer, harms: 0 });
            set.weights.push(weight);
        }
        let sum: f64 = set.weights.iter().sum();
        let is_sound = sum > 0.0;
        let n = n as f64;
        for weight in &mut set.weights {
            // A record that nobody can have tells nothing.
            *weight = if is_sound { *weight / sum } else { 1.0 / n };
        }
        set
    }

    /// Resamples where few particles carry all the weight, or where there are more than the filter keeps.
    fn even_out(&self, set: &mut Set, spare: &mut Set, of: &Particles, rng: &mut Rng, keep: usize) {
        if set.particles.len() > keep || set.effective() < set.particles.len() as f64 / 2.0 {
            set.resample(keep, rng, spare);
            renew(set, &self.world.customers, &of.record, &of.may, rng);
        }
    }

    /// Plays the whole call again with new persons; `None` where nobody explains it.
    fn restart(&self, of: &Particles, attempt: u64) -> Option<Set> {
        let seed = of.seed ^ (attempt << 32 | of.history.len() as u64) << 8;
        let mut rng = derive(seed, Stream::Suppose, u64::MAX);
        let n = self.config.n_particles * self.config.restart_factor;
        let mut set = self.draw_set(n, &of.record, &mut rng);
        let mut spare = Set::default();
        for turn in &of.history {
            if set.advance(&self.world, turn, true, &mut rng) == 0.0 {
                return None;
            }
            self.even_out(&mut set, &mut spare, of, &mut rng, n);
        }
        self.even_out(&mut set, &mut spare, of, &mut rng, self.config.n_particles);
        Some(set)
    }
}

impl Particles {
    /// Whether nobody explains what was heard last, restarts included: the particles are then those of the turn
    /// before, moved on without regard to what was heard.
    pub fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// Turns in which no particle explained what was heard, so that the call was played again.
    pub fn n_collapses(&self) -> u32 {
        self.n_collapses
    }

    /// Those of them in which that was in vain.
    pub fn n_in_vain(&self) -> u32 {
        self.n_in_vain
    }

    /// Every customer with its weight; the weights sum to 1.
    pub fn customers(&self) -> impl Iterator<Item = (&AgendaCustomer, f64)> {
        let customers = self.set.particles.iter().map(|particle| &particle.customer);
        customers.zip(self.set.weights.iter().copied())
    }

    fn sum_up(&mut self) {
        self.sums.clear();
        let mut sum = 0.0;
        self.sums.extend(self.set.weights.iter().map(|weight| {
            sum += weight;
            sum
        }));
    }
}

impl CustomerBelief for ParticleFilter {
    type Customers = AgendaCustomers;
    type Belief = Particles;

    fn world(&self) -> &World<AgendaCustomers> {
        &self.world
    }

    fn start(&self, record: &CallerRecord, seed: u64) -> Particles {
        let mut rng = derive(seed, Stream::Suppose, 0);
        let set = self.draw_set(self.config.n_particles, record, &mut rng);
        let mut particles = Particles {
            record: *record,
            seed,
            may: self.world.customers.population().redrawable(record),
            set,
            spare: Set::default(),
            sums: Vec::new(),
            history: Vec::new(),
            is_lost: false,
            n_collapses: 0,
            n_in_vain: 0,
        };
        particles.sum_up();
        particles
    }

    fn update(&self, belief: &mut Particles, action: ActionId, value: u8, heard: &NBest) {
        let turn = Turn {
            action,
            value,
            heard: *heard,
        };
        belief.history.push(turn);
        let mut rng = derive(belief.seed, Stream::Suppose, belief.history.len() as u64);
        let mut set = std::mem::take(&mut belief.set);
        let mut spare = std::mem::take(&mut belief.spare);
        let n_before = set.n_turns;
        spare.take_from(&set, n_before);
        belief.is_lost = false;
        if set.advance(&self.world, &turn, true, &mut rng) == 0.0 {
            belief.n_collapses += 1;
            let mut attempts = 0..self.config.n_restarts;
            match attempts.find_map(|attempt| self.restart(belief, attempt)) {
                Some(again) => set = again,
                None => {
                    belief.is_lost = true;
                    belief.n_in_vain += 1;
                    set.take_from(&spare, n_before);
                    if set.advance(&self.world, &turn, false, &mut rng) == 0.0 {
                        set.take_from(&spare, n_before);
                    }
                }
            }
        }
        self.even_out(
            &mut set,
            &mut spare,
            belief,
            &mut rng,
            self.config.n_particles,
        );
        (belief.set, belief.spare) = (set, spare);
        belief.sum_up();
    }

    fn draw<'b>(
        &self,
        belief: &'b Particles,
        uniform: f64,
    ) -> Option<Supposed<'b, AgendaCustomer>> {
        if belief.is_lost {
            return None;
        }
        let at = belief.sums.partition_point(|sum| *sum <= uniform);
        let particle = &belief.set.particles[at.min(belief.set.particles.len() - 1)];
        Some(Supposed {
            customer: &particle.customer,
            harms: particle.harms,
        })
    }
}

//! How good beliefs are: what trackers and the particle filter say of the hidden customer against the customer, over the
//! scripted calls of a scenario, for several numbers of particles.
//!
//! `cargo run --release -p offhook-simulator --example belief [SCENARIO [CALLS [PARTICLES..]]]`

use std::time::Instant;

use offhook_env::act::NONE;
use offhook_env::belief::caller::CallerRecord;
use offhook_env::call::customer::Customers;
use offhook_env::call::posterior::CustomerBelief;
use offhook_env::call::{Call, World, record_of};
use offhook_env::policy::Policy;
use offhook_env::rng::{Stream, derive_seed};
use offhook_simulator::belief::{FilterConfig, ParticleFilter};
use offhook_simulator::tracking::SlotTracker;
use offhook_simulator::user::{AgendaCustomer, AgendaCustomers};
use offhook_simulator::world;

const SEED: u64 = 11;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let name = args.next().unwrap_or_else(|| "fraud_alert".to_owned());
    let n_calls: u64 = args.next().map_or(Ok(10_000), |n| n.parse())?;
    let mut sizes = args.map(|n| n.parse()).collect::<Result<Vec<usize>, _>>()?;
    if sizes.is_empty() {
        sizes = vec![128, 1_000, 4_000];
    }
    let few = sizes[..1].to_vec();
    for (tracker, sizes) in [(SlotTracker::Focus, few), (SlotTracker::Calibrated, sizes)] {
        let loaded = world::load_tracked(&name, None, &tracker.into())?;
        let world = World {
            scenario: loaded.world.scenario.clone(),
            customers: loaded.people.clone(),
            channel: loaded.world.channel.clone(),
        };
        println!("{name}: {n_calls} calls of the script, {tracker:?} tracker");
        for n_particles in sizes {
            let config = FilterConfig {
                n_particles,
                ..FilterConfig::default()
            };
            let filter = ParticleFilter::of(&loaded, config)?;
            let mut found = Found::default();
            for episode in 0..n_calls {
                play(&world, &filter, episode, &mut found);
            }
            found.print(n_particles);
        }
    }
    Ok(())
}

/// What was believed and what was so, turn by turn, of all calls.
#[derive(Default)]
struct Found {
    n_turns: u64,
    seconds: f64,
    n_collapses: u64,
    n_in_vain: u64,
    /// Beliefs of something that is so or not.
    right: Shares,
    /// That the recorded value of a slot is right, by the tracker and by the filter.
    recorded: [Shares; 2],
    /// That the right person is on the line, by a tracker that says so.
    right_of_tracker: Shares,
    values: Shares,
    open: Shares,
    accepted: Shares,
    /// Of numbers.
    annoyance: Numbers,
    patience_left: Numbers,
}

/// Probabilities, and whether what they are of was so.
#[derive(Default)]
struct Shares {
    /// By tenth: how many, sum of probabilities, how many were so.
    bins: [(f64, f64, f64); 10],
    log_score: f64,
    brier: f64,
}

impl Shares {
    fn add(&mut self, prob: f64, is_so: bool) {
        let so = f64::from(u8::from(is_so));
        let bin = &mut self.bins[((prob * 10.0) as usize).min(9)];
        *bin = (bin.0 + 1.0, bin.1 + prob, bin.2 + so);
        // A particle filter may say never of what is merely rare.
        let told = if is_so { prob } else { 1.0 - prob };
        self.log_score += told.max(1e-3).ln();
        self.brier += (prob - so).powi(2);
    }

    fn print(&self, name: &str) {
        let n: f64 = self.bins.iter().map(|bin| bin.0).sum();
        if n == 0.0 {
            return;
        }
        let base = self.bins.iter().map(|bin| bin.2).sum::<f64>() / n;
        let error: f64 = self.bins.iter().map(|bin| (bin.1 - bin.2).abs()).sum();
        println!(
            "  {name:32} log score {:.4}  R2 {:.3}  calibration error {:.4}",
            self.log_score / n,
            1.0 - self.brier / n / (base * (1.0 - base)).max(1e-9),
            error / n
        );
        let bins = self.bins.iter().filter(|bin| bin.0 >= 30.0);
        let bins = bins.map(|(n, said, so)| format!("{:.2}:{:.2}", said / n, so / n));
        println!("    said:so {}", bins.collect::<Vec<_>>().join(" "));
    }
}

/// Posterior means and the truth.
#[derive(Default)]
struct Numbers {
    n: f64,
    sum: f64,
    squares: f64,
    errors: f64,
}

impl Numbers {
    fn add(&mut self, mean: f64, truth: f64) {
        self.n += 1.0;
        self.sum += truth;
        self.squares += truth * truth;
        self.errors += (mean - truth).powi(2);
    }

    /// Share of the variance that the means explain.
    fn r2(&self) -> f64 {
        let mean = self.sum / self.n;
        1.0 - self.errors / (self.squares - self.n * mean * mean)
    }
}

impl Found {
    fn print(&self, n_particles: usize) {
        let share = |n: u64| 100.0 * n as f64 / self.n_turns as f64;
        println!(
            "{n_particles} particles: {:.0} turns/s of one core, {:.3} % collapsed, {:.3} % in vain",
            self.n_turns as f64 / self.seconds,
            share(self.n_collapses),
            share(self.n_in_vain)
        );
        self.recorded[0].print("recorded values, by the tracker");
        self.recorded[1].print("recorded values, by the filter");
        self.right_of_tracker.print("right person, by the tracker");
        self.right.print("right person");
        self.values.print("slot values");
        self.open.print("open questions");
        self.accepted.print("accepted");
        println!(
            "  R2 of annoyance {:.3}, of patience left {:.3}",
            self.annoyance.r2(),
            self.patience_left.r2()
        );
    }
}

fn play(world: &World<AgendaCustomers>, filter: &ParticleFilter, episode: u64, found: &mut Found) {
    let (scenario, people) = (&*world.scenario, &world.customers);
    let script = scenario.script();
    let record = match scenario.has_records() {
        true => record_of(world, SEED, Stream::Evaluate, episode),
        false => CallerRecord::EMPTY,
    };
    let start = Instant::now();
    let mut belief = filter.start(&record, derive_seed(SEED, Stream::Suppose, episode));
    found.seconds += start.elapsed().as_secs_f64();
    let mut call = Call::start(world, SEED, Stream::Evaluate, episode);
    loop {
        let action = script.best(
            call.belief.observation(scenario),
            scenario.layout.n_actions(),
        );
        let turn = call.step(world, action);
        if turn.summary.is_some() {
            break;
        }
        let start = Instant::now();
        filter.update(&mut belief, action, turn.value, &turn.heard);
        found.seconds += start.elapsed().as_secs_f64();
        found.n_turns += 1;
        let share = |is_so: &dyn Fn(&AgendaCustomer) -> bool| {
            let so = belief.customers().filter(|(customer, _)| is_so(customer));
            so.map(|(_, weight)| weight).sum::<f64>().min(1.0)
        };
        let mean = |of: &dyn Fn(&AgendaCustomer) -> f64| {
            let all = belief.customers();
            all.map(|(customer, weight)| weight * of(customer))
                .sum::<f64>()
        };
        let truth = people.truth(call.customer());
        let right = |customer: &AgendaCustomer| people.truth(customer).right_person;
        found.right.add(share(&right), truth.right_person);
        let feature = scenario.layout.feature("belief.right_person");
        if let Some(prob) = feature.and_then(|feature| call.belief.fact(scenario, feature)) {
            (found.right_of_tracker).add(f64::from(prob), truth.right_person);
        }
        if truth.right_person {
            for slot in 0..scenario.slots.len() {
                let (believed, value) = (call.belief.slot(slot), truth.slots[slot]);
                if believed.value() != NONE && value != NONE {
                    let is_right = believed.value() == value;
                    let has = |c: &AgendaCustomer| {
                        let truth = people.truth(c);
                        truth.right_person && truth.slots[slot] == believed.value()
                    };
                    let of_filter = share(&has) / share(&right).max(1e-9);
                    found.recorded[0].add(f64::from(believed.prob()), is_right);
                    found.recorded[1].add(of_filter, is_right);
                }
            }
            for (slot, of) in scenario.slots.iter().enumerate() {
                for value in 0..of.values.len().min(8) as u8 {
                    let has = |c: &AgendaCustomer| people.truth(c).slots[slot] == value;
                    found.values.add(share(&has), truth.slots[slot] == value);
                }
            }
            for offer in 0..scenario.names.offers.len() {
                let has = |c: &AgendaCustomer| people.truth(c).accepted >> offer & 1 == 1;
                found
                    .accepted
                    .add(share(&has), truth.accepted >> offer & 1 == 1);
            }
        }
        for question in 0..scenario.names.questions.len() {
            let is_open = |c: &AgendaCustomer| {
                let truth = people.truth(c);
                (truth.asked & !truth.answered) >> question & 1 == 1
            };
            found.open.add(share(&is_open), is_open(call.customer()));
        }
        let annoyance = |c: &AgendaCustomer| f64::from(c.annoyance());
        found
            .annoyance
            .add(mean(&annoyance), annoyance(call.customer()));
        let left = |c: &AgendaCustomer| f64::from(people.mood(c).patience);
        found.patience_left.add(mean(&left), left(call.customer()));
    }
    found.n_collapses += u64::from(belief.n_collapses());
    found.n_in_vain += u64::from(belief.n_in_vain());
}

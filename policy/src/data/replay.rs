//! Prioritized replay: a ring of transitions, demonstrations beside it that are kept for ever, and a
//! sum tree to draw from both (Schaul et al., 2016, arXiv:1511.05952; demonstrations after Hester et
//! al., 2018, arXiv:1704.03732).
//!
//! With `alpha` 0 all priorities are 1: that is uniform replay.

use std::collections::BTreeMap;

use offhook_env::action::ActionMask;
use offhook_env::belief::layout::Layout;
use offhook_env::rng::Rng;
use rand::Rng as _;

use crate::checkpoint::{CheckpointError, Progress};
use crate::data::transitions::{Transition, Transitions};

/// How often a transition is drawn, as a function of its error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Priorities {
    /// Exponent of the priority, in `[0, 1]`; 0 draws uniformly.
    pub alpha: f64,
    /// Added to the absolute error, so that every transition can be drawn.
    pub epsilon: f64,
    /// Added for demonstrations on top of that.
    pub demonstration_bonus: f64,
}

/// A replay buffer. Rows below [`n_demonstrations`](Self::n_demonstrations) are never replaced.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    rows: Transitions,
    n_demonstrations: usize,
    capacity: usize,
    /// Where the ring goes on once it is full.
    next: usize,
    priorities: Priorities,
    /// `priority ^ alpha` of every row.
    tree: SumTree,
    /// Largest priority given so far; new transitions get it, so that each is seen at least once.
    max_priority: f64,
}

/// Rows drawn, and how much each counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// Row numbers, possibly with repetitions.
    pub rows: Vec<usize>,
    /// Importance weights, in `(0, 1]`.
    pub weights: Vec<f32>,
}

impl Replay {
    /// A buffer for `capacity` transitions beside `demonstrations`.
    pub fn new(capacity: usize, demonstrations: Transitions, priorities: Priorities) -> Self {
        let n_demonstrations = demonstrations.len();
        let mut replay = Self {
            rows: demonstrations,
            n_demonstrations,
            capacity,
            next: 0,
            priorities,
            tree: SumTree::new(n_demonstrations + capacity),
            max_priority: 1.0,
        };
        for row in 0..n_demonstrations {
            replay.tree.set(row, 1.0);
        }
        replay
    }

    /// Number of transitions, demonstrations included.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Number of demonstrations.
    pub fn n_demonstrations(&self) -> usize {
        self.n_demonstrations
    }

    /// A transition.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn get(&self, row: usize) -> Transition<'_> {
        self.rows.get(row)
    }

    /// Adds a transition, in the place of the oldest if the ring is full.
    pub fn push(&mut self, new: Transition<'_>) {
        let row = self.n_demonstrations + self.next;
        match row < self.rows.len() {
            true => self.rows.set(row, new),
            false => self.rows.push(new),
        }
        self.next = (self.next + 1) % self.capacity;
        let leaf = self.max_priority.powf(self.priorities.alpha);
        self.tree.set(row, leaf);
    }

    /// Sets a row's priority after its temporal-difference error was measured.
    pub fn set_error(&mut self, row: usize, error: f32) {
        let Priorities {
            alpha,
            epsilon,
            demonstration_bonus,
        } = self.priorities;
        let bonus = match row < self.n_demonstrations {
            true => demonstration_bonus,
            false => 0.0,
        };
        let priority = f64::from(error.abs()) + epsilon + bonus;
        self.max_priority = self.max_priority.max(priority);
        self.tree.set(row, priority.powf(alpha));
    }

    /// Draws `n` rows, one from each of `n` equal parts of the priorities' sum, with weights
    /// `(N P(i))^-beta`, divided by the largest of the sample (Schaul et al., 2016, section 3.4 and
    /// appendix B.2.1).
    ///
    /// # Panics
    /// If the buffer is empty.
    pub fn sample(&self, n: usize, beta: f64, rng: &mut Rng) -> Sample {
        let total = self.tree.total();
        let uniform = |rng: &mut Rng| (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        let mut sample = Sample::default();
        let mut weights = Vec::with_capacity(n);
        for part in 0..n {
            let at = (part as f64 + uniform(rng)) / n as f64 * total;
            // Rounding may lead behind the last row.
            let row = self.tree.find(at).min(self.len() - 1);
            let prob = self.tree.leaf(row) / total;
            sample.rows.push(row);
            weights.push((self.len() as f64 * prob).powf(-beta));
        }
        let largest = weights.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        sample.weights = weights.iter().map(|w| (w / largest) as f32).collect();
        sample
    }

    /// Adds everything to what a checkpoint holds.
    pub fn save(
        &self,
        numbers: &mut BTreeMap<String, Vec<f64>>,
        bytes: &mut BTreeMap<String, Vec<u8>>,
    ) {
        let rows = &self.rows;
        let masks = |masks: &[ActionMask]| masks.iter().flat_map(|m| m.0.to_le_bytes()).collect();
        let wide = |xs: &[f32]| xs.iter().copied().map(f64::from).collect();
        bytes.extend([
            ("replay.codes".to_owned(), rows.codes.clone()),
            ("replay.next_codes".to_owned(), rows.next_codes.clone()),
            ("replay.actions".to_owned(), rows.actions.clone()),
            ("replay.masks".to_owned(), masks(&rows.masks)),
            ("replay.next_masks".to_owned(), masks(&rows.next_masks)),
        ]);
        let leaves = (0..self.len()).map(|row| self.tree.leaf(row)).collect();
        let ring = vec![self.n_demonstrations as f64, self.next as f64];
        numbers.extend([
            ("replay.rewards".to_owned(), wide(&rows.rewards)),
            ("replay.discounts".to_owned(), wide(&rows.discounts)),
            ("replay.leaves".to_owned(), leaves),
            ("replay.ring".to_owned(), ring),
            ("replay.max_priority".to_owned(), vec![self.max_priority]),
        ]);
    }

    /// Reads what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// If a part is missing or does not fit the others.
    pub fn restore(
        progress: &Progress,
        layout: &Layout,
        capacity: usize,
        priorities: Priorities,
    ) -> Result<Self, CheckpointError> {
        let masks = |name| -> Result<Vec<ActionMask>, CheckpointError> {
            let words = progress.bytes(name)?.as_chunks::<8>().0.iter();
            Ok(words
                .map(|word| ActionMask(u64::from_le_bytes(*word)))
                .collect())
        };
        let narrow = |name| -> Result<Vec<f32>, CheckpointError> {
            Ok(progress.numbers(name)?.iter().map(|x| *x as f32).collect())
        };
        let rows = Transitions {
            codes: progress.bytes("replay.codes")?.to_vec(),
            masks: masks("replay.masks")?,
            actions: progress.bytes("replay.actions")?.to_vec(),
            rewards: narrow("replay.rewards")?,
            discounts: narrow("replay.discounts")?,
            next_codes: progress.bytes("replay.next_codes")?.to_vec(),
            next_masks: masks("replay.next_masks")?,
        };
        let leaves = progress.numbers("replay.leaves")?;
        let ring = progress.numbers("replay.ring")?;
        let max_priority = progress.numbers("replay.max_priority")?;
        let broken = || CheckpointError::Header {
            reason: "the parts of its replay buffer do not fit together".to_owned(),
        };
        let (&[n_demonstrations, next], &[max_priority]) = (ring, max_priority) else {
            return Err(broken());
        };
        let (n_demonstrations, next) = (n_demonstrations as usize, next as usize);
        let n_ring = rows
            .len()
            .checked_sub(n_demonstrations)
            .ok_or_else(broken)?;
        let in_order = n_ring <= capacity
            && next < capacity
            && (n_ring == capacity || next == n_ring)
            && leaves.len() == rows.len()
            && leaves.iter().all(|leaf| *leaf > 0.0);
        if !in_order || !rows.fits(layout) {
            return Err(broken());
        }
        let mut tree = SumTree::new(n_demonstrations + capacity);
        for (row, leaf) in leaves.iter().enumerate() {
            tree.set(row, *leaf);
        }
        Ok(Self {
            rows,
            n_demonstrations,
            capacity,
            next,
            priorities,
            tree,
            max_priority,
        })
    }
}

/// A binary tree whose nodes are the sums of their children: setting a leaf and finding the leaf at
/// a part of the sum take `log2 n` steps. Sums are functions of the leaves, whatever their history.
#[derive(Clone, Debug, PartialEq)]
struct SumTree {
    /// Node `k` has the children `2 k` and `2 k + 1`; the leaves are the second half.
    nodes: Vec<f64>,
}

impl SumTree {
    fn new(n_leaves: usize) -> Self {
        Self {
            nodes: vec![0.0; 2 * n_leaves.next_power_of_two()],
        }
    }

    fn total(&self) -> f64 {
        self.nodes[1]
    }

    fn leaf(&self, at: usize) -> f64 {
        self.nodes[self.nodes.len() / 2 + at]
    }

    fn set(&mut self, at: usize, value: f64) {
        let mut node = self.nodes.len() / 2 + at;
        self.nodes[node] = value;
        while node > 1 {
            node /= 2;
            self.nodes[node] = self.nodes[2 * node] + self.nodes[2 * node + 1];
        }
    }

    /// The leaf in which the running sum of the leaves passes `sum`.
    fn find(&self, mut sum: f64) -> usize {
        let half = self.nodes.len() / 2;
        let mut node = 1;
        while node < half {
            node *= 2;
            if sum >= self.nodes[node] && self.nodes[node + 1] > 0.0 {
                sum -= self.nodes[node];
                node += 1;
            }
        }
        node - half
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::layout;
    use offhook_env::rng::{Stream, derive};

    const UNIFORM: Priorities = Priorities {
        alpha: 0.0,
        epsilon: 0.1,
        demonstration_bonus: 0.0,
    };

    fn transition(codes: &[u8]) -> Transition<'_> {
        Transition {
            codes,
            mask: ActionMask(0b11),
            action: 1,
            reward: 0.5,
            discount: 0.9,
            next_codes: codes,
            next_mask: ActionMask(0b10),
        }
    }

    fn demonstrations(n: u8) -> Transitions {
        let mut rows = Transitions::default();
        (0..n).for_each(|k| rows.push(transition(&[k])));
        rows
    }

    fn filled(n_demonstrations: u8, n_pushed: u8, priorities: Priorities) -> Replay {
        let mut replay = Replay::new(4, demonstrations(n_demonstrations), priorities);
        (0..n_pushed).for_each(|k| replay.push(transition(&[10 + k])));
        replay
    }

    fn codes(replay: &Replay) -> Vec<u8> {
        (0..replay.len())
            .map(|row| replay.get(row).codes[0])
            .collect()
    }

    #[test]
    fn the_ring_replaces_the_oldest_and_keeps_demonstrations() {
        assert_eq!(codes(&filled(2, 3, UNIFORM)), [0, 1, 10, 11, 12]);
        assert_eq!(codes(&filled(2, 6, UNIFORM)), [0, 1, 14, 15, 12, 13]);
    }

    /// How often each row is drawn, as a share.
    fn shares(replay: &Replay) -> Vec<f64> {
        let mut rng = derive(3, Stream::Shuffle, 0);
        let mut counts = vec![0.0; replay.len()];
        for _ in 0..2_000 {
            for row in replay.sample(10, 1.0, &mut rng).rows {
                counts[row] += 1.0 / 20_000.0;
            }
        }
        counts
    }

    #[test]
    fn rows_are_drawn_as_often_as_their_priorities_say() {
        let priorities = Priorities {
            alpha: 0.5,
            epsilon: 0.0,
            demonstration_bonus: 7.0,
        };
        let mut replay = filled(1, 3, priorities);
        for (row, error) in [(0, 2.0), (1, -1.0), (2, 4.0), (3, 16.0)] {
            replay.set_error(row, error);
        }
        // Roots of 9 (with the bonus), 1, 4 and 16.
        for (found, expected) in shares(&replay).iter().zip([0.3, 0.1, 0.2, 0.4]) {
            // 4 standard errors of a share of 20,000 draws are at most 0.014.
            assert!((found - expected).abs() < 0.014, "{found} {expected}");
        }
        let sample = replay.sample(200, 0.5, &mut derive(1, Stream::Shuffle, 1));
        for (row, weight) in sample.rows.iter().zip(&sample.weights) {
            // (1 / P)^0.5 relative to that of the rarest row, whose P is 0.1.
            let expected = (0.1 / [0.3, 0.1, 0.2, 0.4][*row] as f32).sqrt();
            assert!((weight - expected).abs() < 1e-6, "{weight} {expected}");
        }
        // A new row gets the largest priority so far, that of row 3.
        replay.push(transition(&[99]));
        assert_eq!(replay.tree.leaf(4), 4.0);
    }

    #[test]
    fn without_priorities_all_rows_are_drawn_alike() {
        let mut replay = filled(2, 2, UNIFORM);
        replay.set_error(3, 100.0);
        for share in shares(&replay) {
            assert!((share - 0.25).abs() < 0.013, "{share}");
        }
        let sample = replay.sample(8, 0.7, &mut derive(1, Stream::Shuffle, 1));
        assert_eq!(sample.weights, [1.0; 8]);
    }

    fn progress(replay: &Replay) -> Progress {
        let (mut numbers, mut bytes) = (BTreeMap::new(), BTreeMap::new());
        replay.save(&mut numbers, &mut bytes);
        Progress {
            learner: "dqn".to_owned(),
            config: serde_json::Value::Null,
            seed: 0,
            iteration: 0,
            moments: Vec::new(),
            networks: BTreeMap::new(),
            numbers,
            bytes,
        }
    }

    #[test]
    fn a_saved_buffer_goes_on_as_if_never_saved() {
        let layout = layout(&[20], 2);
        let priorities = Priorities {
            alpha: 0.6,
            ..UNIFORM
        };
        for n_pushed in [0, 3, 4, 6] {
            let mut replay = filled(2, n_pushed, priorities);
            replay.set_error(1, 0.3);
            let restored = Replay::restore(&progress(&replay), &layout, 4, priorities).unwrap();
            assert_eq!(restored, replay);
        }
    }

    #[test]
    fn a_buffer_whose_parts_disagree_is_refused() {
        let layout = layout(&[20], 2);
        let replay = filled(2, 3, UNIFORM);
        let refused = |change: &dyn Fn(&mut Progress)| {
            let mut progress = progress(&replay);
            change(&mut progress);
            Replay::restore(&progress, &layout, 4, UNIFORM).unwrap_err()
        };
        let bytes = |p: &mut Progress, name: &str| {
            p.bytes.get_mut(name).unwrap()[0] = 200;
        };
        refused(&|p| bytes(p, "replay.codes"));
        refused(&|p| bytes(p, "replay.actions"));
        refused(&|p| p.numbers.get_mut("replay.ring").unwrap()[1] = 9.0);
        refused(&|p| p.numbers.get_mut("replay.ring").unwrap()[0] = 1e300);
        refused(&|p| p.numbers.get_mut("replay.leaves").unwrap()[0] = 0.0);
        let error = refused(&|p| drop(p.bytes.remove("replay.masks"))).to_string();
        assert!(error.contains("no bytes 'replay.masks'"), "{error}");
    }
}

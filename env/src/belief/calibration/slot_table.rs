//! What is heard of a slot, against each of its values.
//!
//! Of a turn only so much counts as bears on the slot: what the robot wanted to hear, and for the first two readings
//! whether they say yes or no and which value they tell; with how sure the first one is. Seen from a value that is a
//! *symbol*: the value was told, one near it, another one. `P(symbol | value)` is counted for each [`Role`] that a value
//! can have in a turn; one of several values that look alike has its share of the symbol's probability.

/// Codes of the first reading: nothing, or a combination of polarity (3) and value (4).
pub(crate) const N_FIRST: usize = 13;
/// Codes of the second reading.
pub(crate) const N_SECOND: usize = 6;
/// Levels of confidence.
pub(crate) const N_BINS: usize = 6;
/// Symbols of a turn.
pub(crate) const N_SYMBOLS: usize = N_FIRST * N_SECOND * N_BINS;
/// What a turn is to one value of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The slot was asked for.
    Asked,
    /// The slot was asked for and "yes" stands for the value.
    AskedYes,
    /// "No" stands for it.
    AskedNo,
    /// Yes and no stand for other values.
    AskedOther,
    /// The value was read out.
    ReadOut,
    /// Another one was.
    OtherReadOut,
    /// Another call was proposed, whose time the slot is.
    Proposed,
    /// The robot wanted to hear something else.
    Unasked,
}

/// Roles of a value.
pub(crate) const N_ROLES: usize = 8;
/// Names of the roles in files.
pub(crate) const ROLES: [&str; N_ROLES] = [
    "asked",
    "asked_yes",
    "asked_no",
    "asked_other",
    "read_out",
    "other_read_out",
    "proposed",
    "unasked",
];

/// `P(symbol | role)`, and how frequent each value of each slot is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SlotTable {
    /// By role and symbol.
    pub(crate) probs: Vec<f32>,
    /// By slot and value.
    pub(crate) priors: Vec<Vec<f32>>,
}

impl SlotTable {
    /// How frequent a value is.
    pub(crate) fn prior(&self, slot: usize, value: u8) -> f32 {
        let known = &self.priors[slot];
        // What the scenario does not list is one more value beside those that it does.
        let beyond = 1.0 / (known.len() + 1) as f32;
        known.get(usize::from(value)).copied().unwrap_or(beyond)
    }
}

/// `P(symbol | role)` from the counts of a role: where little was counted of a symbol, how often its first reading is
/// heard so surely times how often its second stands behind such a first.
pub(crate) fn smoothed(counts: &[u64]) -> Vec<f32> {
    /// Weight of the less detailed counts, turns.
    const BACK_OFF: f64 = 20.0;
    /// What was never seen is as likely as so many turns.
    const UNSEEN: f64 = 0.02;
    let mut firsts = [UNSEEN; N_FIRST * N_BINS];
    let mut seconds = [UNSEEN; N_FIRST * N_SECOND];
    let parts = |symbol: usize| {
        (
            symbol / N_BINS / N_SECOND,
            symbol / N_BINS % N_SECOND,
            symbol % N_BINS,
        )
    };
    for (symbol, &n) in counts.iter().enumerate() {
        let (first, second, bin) = parts(symbol);
        firsts[first * N_BINS + bin] += n as f64;
        seconds[first * N_SECOND + second] += n as f64;
    }
    let all: f64 = firsts.iter().sum();
    let behind = |first: usize| seconds[first * N_SECOND..][..N_SECOND].iter().sum::<f64>();
    let prob = |(symbol, &n): (usize, &u64)| {
        let (first, second, bin) = parts(symbol);
        let second = seconds[first * N_SECOND + second] / behind(first);
        let expected = firsts[first * N_BINS + bin] / all * second;
        ((n as f64 + BACK_OFF * expected) / (all + BACK_OFF)) as f32
    };
    counts.iter().enumerate().map(prob).collect()
}

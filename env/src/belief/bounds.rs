//! Where the levels of features begin and end: probabilities, with a recognizer's confidence taken for one. Round
//! numbers, chosen by hand; no data was fitted.

use crate::act::NONE;
use crate::belief::features::{confidence, posterior, slot, turn};

/// A reading at least this sure is taken as said; below it only noted as possible. Even odds.
pub(crate) const TAKEN_FROM: f32 = 0.5;
/// A reading less sure than this counts among the `misses`, as if nothing was understood.
pub(crate) const MISSED_BELOW: f32 = 0.3;
/// `identity` is `likely` from this chance on that the right person claims to be on the line ..
pub(crate) const LIKELY_FROM: f32 = 0.6;
/// .. and `confirmed` from this one; one clear "yes" does, or two doubtful ones.
pub(crate) const CONFIRMED_FROM: f32 = 0.9;
/// `confidence` rises by a level at each of these, and once more above [`SURE_ABOVE`].
pub(crate) const CONFIDENCE_FROM: [f32; 4] = [0.2, 0.4, 0.6, 0.8];
/// `confidence` is `>.95` and a slot `sure` above this.
pub(crate) const SURE_ABOVE: f32 = 0.95;
/// A slot is `faint`, `low` or `fair` up to these, and `high` up to [`SURE_ABOVE`].
pub(crate) const SLOT_UP_TO: [f32; 3] = [0.2, 0.5, 0.8];
/// `posterior.` rises by a level at each of these.
pub(crate) const POSTERIOR_FROM: [f32; 7] = [0.5, 0.65, 0.8, 0.9, 0.95, 0.98, 0.99];
/// `belief.` of a fact rises by a level at each of these ..
pub(crate) const LIKELY_AT: [f32; 3] = [0.1, 0.5, 0.9];
/// .. and `belief.patience_used` at these.
pub(crate) const USED_FROM: [f32; 3] = [0.25, 0.5, 0.75];

/// Levels of `turn` by the turn that comes next; later ones are as the last.
const TURN_LEVELS: [u8; 17] = {
    use turn::{FIVE, FOUR, MANY, NINE, ONE, SEVEN, THREE, TWELVE, TWO};
    [
        ONE, ONE, TWO, THREE, FOUR, FIVE, FIVE, SEVEN, SEVEN, NINE, NINE, NINE, TWELVE, TWELVE,
        TWELVE, TWELVE, MANY,
    ]
};

/// The level of `turn` after so many system turns.
#[inline]
pub(crate) fn turn_level(n_turns: u16) -> u8 {
    TURN_LEVELS[usize::from(n_turns + 1).min(16)]
}

/// How many of the bounds a number has reached.
#[inline]
fn reached<const N: usize>(number: f32, bounds: [f32; N]) -> u8 {
    bounds.map(|from| u8::from(number >= from)).iter().sum()
}

/// The level of `posterior.` of a slot whose likeliest value, or [`NONE`], has probability `prob`.
#[inline]
pub(crate) fn posterior_level(value: u8, prob: f32) -> u8 {
    match value {
        NONE => posterior::UNKNOWN,
        _ => posterior::LEAST + reached(prob, POSTERIOR_FROM),
    }
}

/// The level of a fact of probability `prob`.
#[inline]
pub(crate) fn likely_level(prob: f32) -> u8 {
    reached(prob, LIKELY_AT)
}

/// The level of `belief.patience_used`.
#[inline]
pub(crate) fn used_level(share: f32) -> u8 {
    reached(share, USED_FROM)
}

/// The level of `confidence`.
#[inline]
pub(crate) fn confidence_level(sure: f32) -> u8 {
    // Counting the bounds that are passed takes no branch.
    let passed = CONFIDENCE_FROM.map(|from| u8::from(sure >= from));
    confidence::LOWEST + passed.iter().sum::<u8>() + u8::from(sure > SURE_ABOVE)
}

/// The level of a slot whose likeliest value, or [`NONE`], has probability `prob`.
#[inline]
pub(crate) fn slot_level(value: u8, prob: f32) -> u8 {
    let [faint, low, fair] = SLOT_UP_TO;
    match prob {
        _ if value == NONE => slot::UNKNOWN,
        p if p <= faint => slot::FAINT,
        p if p <= low => slot::LOW,
        p if p <= fair => slot::FAIR,
        p if p <= SURE_ABOVE => slot::HIGH,
        _ => slot::SURE,
    }
}

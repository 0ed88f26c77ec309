//! How much of a customer's patience is used up: what each turn takes of it on average, summed up.
//!
//! No figure of a call says how patient somebody is; how much the robot's manners have cost so far can be kept count of.

use crate::act::SystemActKind;

/// What a turn may cost depends on: the kind of act, and six questions.
pub(crate) const N_CONTEXTS: usize = SystemActKind::ALL.len() << N_BITS;
const N_BITS: usize = 6;
/// Turns after which a call is long.
const LONG_FROM: u16 = 10;

/// What is known when the robot speaks.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Manner {
    /// The same action was taken before.
    pub(crate) again: bool,
    /// The customer did not catch the last words.
    pub(crate) excused: bool,
    /// A question is open.
    pub(crate) open: bool,
    /// The customer has no time.
    pub(crate) unavailable: bool,
    /// Somebody is talked to who wants a human, no call at all, or is another person.
    pub(crate) unwilling: bool,
    /// System turns before.
    pub(crate) turn: u16,
}

impl Manner {
    /// Where it stands in the table when the robot's act that wants a reply is of `kind`.
    #[inline]
    pub(crate) fn context(&self, kind: SystemActKind) -> usize {
        let bits = [
            self.again,
            self.excused,
            self.open,
            self.unavailable,
            self.unwilling,
            self.turn >= LONG_FROM,
        ];
        let place = bits.iter().fold(0, |k, &bit| k << 1 | usize::from(bit));
        ((kind as usize) << N_BITS) | place
    }
}

//! How the robot's manners move a customer's annoyance and trust.

use offhook_env::act::UserActKind;

use super::manners::{Manner, times};
use super::{AgendaCustomer, habit};

/// The size of two sets together; they are mostly empty.
fn sizes(a: u32, b: u16) -> u8 {
    let mut left = u64::from(a) | u64::from(b) << 32;
    let mut n = 0;
    while left != 0 {
        left &= left - 1;
        n += 1;
    }
    n
}

impl AgendaCustomer {
    /// Lets the robot's manners move annoyance and trust, and takes in what was answered.
    ///
    /// Actions follow no pattern that a processor could foresee, so nothing here branches on them
    /// that can be counted.
    pub(super) fn weigh(&mut self, action: u8, manner: &Manner) {
        let bit = 1u64 << (action & 63);
        let heard_before = self.heard & bit != 0;
        self.heard |= bit;
        // What was not caught may be said again.
        let excused = self.last_was(UserActKind::Repeat);
        let denied = self.last_was(UserActKind::Deny);
        let truth = &mut self.truth;
        let open = truth.asked & !truth.answered;
        let wondered = self.questions | open;
        let unmet = self.raised & truth.concerns;
        let unasked = sizes(
            u32::from(manner.answers & !wondered),
            manner.addresses & !unmet,
        ) + u8::from(manner.repeats & !excused)
            + u8::from(manner.leaves_message & truth.right_person);
        let n_answered = sizes(u32::from(manner.answers & wondered), 0);
        self.knows_purpose |= manner.states_purpose;
        self.questions &= !manner.answers;
        truth.answered |= manner.answers;

        let n_twice = manner.n_sayings + manner.n_confirms * u8::from(!denied);
        let settled = truth.accepted | truth.declined;
        let n_stale = n_twice * u8::from(heard_before)
            + sizes(manner.asks & self.told, manner.offers & settled)
            + u8::from(manner.proposes & (self.truth.callback_agreed | heard_before));
        let n_stale = n_stale * u8::from(!excused);

        let truth = &self.truth;
        let goes_on = !(manner.parts | manner.parts_in_time & truth.unavailable);
        let silent = goes_on & (manner.answers == 0);
        let n_ignored = u8::from(silent & (open != 0))
            + u8::from(silent & (unmet != 0) & (manner.addresses & unmet == 0));
        let lost = times(n_stale + n_ignored, habit::TRUST_LOST);
        self.trust = (self.trust + times(n_answered, habit::TRUST_MET)).min(1.0);
        self.trust = (self.trust - lost).max(0.0);

        if manner.apologizes && !self.forgave {
            self.forgave = true;
            self.annoyance = (self.annoyance - habit::APOLOGY).max(0.0);
        }
        self.turns = self.turns.saturating_add(1);
        let hurry = [0.0, habit::BUSY, habit::DRIVING][self.time as usize];
        let in_vain = times(1 + u8::from(self.told_time), hurry)
            + times(self.told_wrong | truth.opted_out, habit::GOES_ON)
            + times(truth.asked_human, habit::IGNORED_WISH);
        self.annoyance += manner.burden
            + times(self.turns > habit::LONG_CALL.0, habit::LONG_CALL.1)
            + times(
                manner.proposes & !truth.unavailable,
                habit::UNWANTED_CALLBACK,
            )
            + times(unasked, habit::UNASKED)
            + times(n_stale, habit::REPETITION)
            + times(n_ignored, habit::IGNORED)
            + times(goes_on, in_vain);
    }

    /// Whether an act of `kind` was among what was said last.
    #[inline]
    fn last_was(&self, kind: UserActKind) -> bool {
        self.last_kinds >> kind as u32 & 1 == 1
    }
}

//! Persons given what is known of them: drawn from what is on file, and drawn anew in parts that nothing has
//! depended on yet.

use offhook_env::act::NONE;
use offhook_env::belief::caller::CallerRecord;
use offhook_env::scenario::MAX_SLOTS;

use super::segment::{Drawn, Layered, Subject};
use super::{Person, Population, RECORDED_WRONG};
use crate::dice::Coins;

/// Which parts of a person may be drawn anew on their own, given the rest: those that no other part was drawn by, and
/// that were drawn by nothing that changes in a call, as concerns do.
#[derive(Clone, Debug)]
pub(crate) struct Redrawable {
    /// Slots, one bit each.
    pub slots: u32,
    /// Offers, one bit each.
    pub offers: u16,
    pub patience: bool,
}

impl Population {
    /// Draws a person of whom these caller features are on file.
    pub(crate) fn draw_given(&self, record: &CallerRecord, coins: &mut Coins<'_>) -> (Person, u64) {
        let mut drawn = self.on_file(record);
        let active = self.segments.active(&drawn);
        self.draw_rest(&mut drawn, active, coins)
    }

    fn on_file(&self, record: &CallerRecord) -> Drawn {
        let mut drawn = Drawn::default();
        let n = self.caller.len();
        drawn.caller[..n].copy_from_slice(&record.features[..n]);
        drawn
    }

    /// Probability that an earlier call has recorded what it has, of a person who belongs to the segments `active`.
    pub(crate) fn chance_of_record(
        &self,
        person: &Person,
        active: u64,
        record: &CallerRecord,
    ) -> f64 {
        let share = f64::from(*self.carried.at(active));
        let mut chance = 1.0;
        for &(slot, n_values) in &self.carry {
            let slot = usize::from(slot);
            let other = f64::from(RECORDED_WRONG) / f64::from(n_values.max(1));
            chance *= match (record.slots[slot], person.slots[slot]) {
                (NONE, NONE) => 1.0,
                (NONE, _) => 1.0 - share,
                (_, NONE) => 0.0,
                (found, value) if found == value => {
                    share * (1.0 - f64::from(RECORDED_WRONG) + other)
                }
                _ => share * other,
            };
        }
        chance
    }

    /// What may be drawn anew where `record` is on file.
    pub(crate) fn redrawable(&self, record: &CallerRecord) -> Redrawable {
        let terms = || self.segments.0.iter().flatten();
        let told_by = |slot| terms().any(|term| term.subject == Subject::Slot(slot));
        let slots = (0..self.slots.len())
            .filter(|&slot| !told_by(slot) && record.slots[slot] == NONE)
            .fold(0, |set, slot| set | 1 << slot);
        let offers = (0..self.offers.len())
            .filter(|&offer| !self.by_concern(&self.offers[offer]))
            .fold(0, |set, offer| set | 1 << offer);
        Redrawable {
            slots,
            offers,
            // Where calls vary, patience has another spread than the population's.
            patience: self.variation.is_none() && !self.by_concern(&self.patience),
        }
    }

    /// Whether something is drawn by concerns.
    fn by_concern<T>(&self, layered: &Layered<T>) -> bool {
        let is_concern = |subject| matches!(subject, Subject::Concern(_));
        layered.over.iter().any(|(segment, _)| {
            let terms = &self.segments.0[usize::from(*segment)];
            terms.iter().any(|term| is_concern(term.subject))
        })
    }

    /// A value of `slot`, given the slots drawn before it.
    pub(crate) fn slot_given(
        &self,
        slot: u8,
        record: &CallerRecord,
        slots: &[u8; MAX_SLOTS],
        coins: &mut Coins<'_>,
    ) -> u8 {
        let layered = &self.slots[usize::from(slot)];
        if layered.over.is_empty() {
            return layered.base.draw(coins);
        }
        let mut drawn = self.on_file(record);
        for &before in self.slot_order.iter().take_while(|&&before| before != slot) {
            drawn.slots[usize::from(before)] = slots[usize::from(before)];
        }
        layered.at(self.segments.active(&drawn)).draw(coins)
    }

    /// The segments that a person with these slots belongs to, as far as they are not told by concerns.
    pub(crate) fn segments_given(&self, record: &CallerRecord, slots: &[u8; MAX_SLOTS]) -> u64 {
        let mut drawn = self.on_file(record);
        drawn.slots = *slots;
        self.segments.active(&drawn)
    }

    /// Whether a person of the segments `active` would take `offer`.
    pub(crate) fn offer_given(&self, offer: u8, active: u64, coins: &mut Coins<'_>) -> bool {
        coins.lands(*self.offers[usize::from(offer)].at(active))
    }

    /// The patience of a person of the segments `active`.
    pub(crate) fn patience_given(&self, active: u64, coins: &mut Coins<'_>) -> f32 {
        self.patience.at(active).draw(coins)
    }
}

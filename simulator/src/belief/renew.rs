//! What is drawn anew after resampling, so that copies of one particle part ways: parts of a customer that nothing
//! which was said can have depended on, and patience by what was endured (resample-move: Gilks and Berzuini, 2001,
//! "Following a moving target").

use offhook_env::belief::caller::CallerRecord;
use offhook_env::rng::Rng;

use super::set::Set;
use crate::dice::Coins;
use crate::population::Redrawable;
use crate::user::AgendaCustomers;

/// Draws anew, for every particle, what may be; the posterior stays as it is.
///
/// - Slots that were never told and offers never decided come from the population again, given the rest of the
///   person.
/// - Patience is proposed from the population and taken by Metropolis-Hastings, with all turns so far as
///   evidence: nobody hung up, and insults and wishes were said or not.
pub(super) fn renew(
    set: &mut Set,
    people: &AgendaCustomers,
    record: &CallerRecord,
    may: &Redrawable,
    rng: &mut Rng,
) {
    let population = people.population();
    let mut coins = Coins::new(rng);
    for k in 0..set.particles.len() {
        let mut customer = set.particles[k].customer;
        let mut slots = may.slots;
        while slots != 0 {
            let slot = slots.trailing_zeros() as u8;
            slots &= slots - 1;
            if customer.has_untold(slot) {
                let known = &customer.truth().slots;
                let value = population.slot_given(slot, record, known, &mut coins);
                customer.set_slot(slot, value);
            }
        }
        let active = population.segments_given(record, &customer.truth().slots);
        let mut offers = may.offers;
        while offers != 0 {
            let offer = offers.trailing_zeros() as u8;
            offers &= offers - 1;
            if customer.has_undecided(offer) {
                customer.set_willing(offer, population.offer_given(offer, active, &mut coins));
            }
        }
        if may.patience {
            let proposed = population.patience_given(active, &mut coins);
            let strains = set.strains_of(k);
            let new = people.endured(&customer, proposed, strains);
            let old = people.endured(&customer, customer.patience(), strains);
            if new >= old || coins.lands(new / old) {
                customer.set_patience(proposed);
            }
        }
        set.particles[k].customer = customer;
    }
}

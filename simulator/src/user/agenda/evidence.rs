//! What a turn that was survived says of an agenda customer's patience, so that a belief over customers can draw the
//! patience anew: it is hidden until somebody hangs up, and everything else in a customer follows from what was said.

use offhook_env::act::{UserActKind, Utterance};
use offhook_env::call::customer::{Customers, SystemUtterance};
use offhook_env::rng::Rng;
use offhook_env::scenario::Scenario;

use super::{AgendaCustomer, AgendaCustomers, habit};
use crate::population::{Line, Wish};

/// How annoyed a customer was in a turn, and which chances that depend on patience came true.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Strain {
    annoyance: f32,
    /// A person was on the line, who might have hung up.
    tried: bool,
    /// Something else than the last words could be said, an insult among them.
    free: bool,
    insulted: bool,
    /// The chance to voice a wish at an easy moment, and whether that was done.
    wish: Option<(f32, bool)>,
}

impl AgendaCustomers {
    /// The customer's answer, as [`respond`](Customers::respond) gives it, and what it says of patience.
    pub(crate) fn respond_under_strain(
        &self,
        scenario: &Scenario,
        customer: &mut AgendaCustomer,
        spoken: SystemUtterance<'_>,
        rng: &mut Rng,
    ) -> (Utterance, Strain) {
        let tried = customer.line == Line::Person;
        let last = &customer.last;
        let echoes = self.manners[usize::from(spoken.action)].starts_over
            && !last.acts().is_empty()
            && !last.has(UserActKind::Repeat);
        let voiced_before = customer.has_voiced();
        let said = self.respond(scenario, customer, spoken, rng);
        if !tried {
            return (said, Strain::default());
        }
        let insulted = !echoes && self.insults() && said.has(UserActKind::Abuse);
        let tossed = !echoes && !insulted && customer.wish != Wish::Nothing && !voiced_before;
        let strain = Strain {
            annoyance: customer.annoyance,
            tried,
            free: !echoes,
            insulted,
            wish: tossed.then(|| {
                let chance = habit::VOICE_WISH[usize::from(customer.knows_purpose)];
                (chance, customer.has_voiced())
            }),
        };
        (said, strain)
    }

    /// Whether insults can be told from silence.
    fn insults(&self) -> bool {
        self.words[UserActKind::Abuse as usize] == UserActKind::Abuse
    }

    /// How likely it is, by patience, that all these turns went as they went; 0 in place of the truth where that cannot
    /// be told without the patience that `customer` has now.
    pub(crate) fn endured(
        &self,
        customer: &AgendaCustomer,
        patience: f32,
        strains: &[Strain],
    ) -> f32 {
        let with = AgendaCustomer {
            patience,
            ..*customer
        };
        strains
            .iter()
            .filter(|strain| strain.tried)
            .fold(1.0, |chance, strain| {
                let hazard = self.hazard(&AgendaCustomer {
                    annoyance: strain.annoyance,
                    ..with
                });
                let fed_up = strain.annoyance > patience;
                let spoke = match strain.free {
                    false => 1.0,
                    // An insult that cannot be heard may have stood in for a wish: no change of sides.
                    true if !self.insults() && fed_up != (strain.annoyance > customer.patience) => {
                        0.0
                    }
                    true if !self.insults() && fed_up => 1.0,
                    true => strain.chance_to_speak(patience, fed_up),
                };
                chance * (1.0 - hazard) * spoke
            })
    }
}

impl Strain {
    /// How likely it is that an insult, and a wish, was said or not.
    fn chance_to_speak(&self, patience: f32, fed_up: bool) -> f32 {
        let insult = match (self.insulted, fed_up) {
            (true, true) => habit::ABUSE,
            (true, false) => 0.0,
            (false, true) => 1.0 - habit::ABUSE,
            (false, false) => 1.0,
        };
        let wish = self.wish.map_or(1.0, |(chance, voiced)| {
            let annoyed = self.annoyance > 0.5 * patience;
            let chance = if annoyed {
                habit::VOICE_WISH_ANNOYED * chance
            } else {
                chance
            };
            if voiced { chance } else { 1.0 - chance }
        });
        insult * wish
    }
}

/// What of a customer is drawn anew, or looked at by who does so.
impl AgendaCustomer {
    /// Whether the wish was voiced; nobody voices one that is not there.
    fn has_voiced(&self) -> bool {
        match self.wish {
            Wish::Human => self.truth.asked_human,
            Wish::OptOut => self.truth.opted_out,
            Wish::Nothing => true,
        }
    }

    /// Unpleasant turns so far.
    pub fn annoyance(&self) -> f32 {
        self.annoyance
    }

    /// Unpleasant turns the person bears.
    pub(crate) fn patience(&self) -> f32 {
        self.patience
    }

    pub(crate) fn set_patience(&mut self, patience: f32) {
        self.patience = patience;
    }

    /// Whether the person's slots and offers were drawn, and slot `slot` has not come up yet.
    pub(crate) fn has_untold(&self, slot: u8) -> bool {
        let is_there = self.truth.slots[usize::from(slot)] != offhook_env::act::NONE;
        self.expected && is_there && self.told >> slot & 1 == 0
    }

    /// Whether the person's offers were drawn, and this one has not come up yet.
    pub(crate) fn has_undecided(&self, offer: u8) -> bool {
        let decided = self.truth.accepted | self.truth.declined;
        self.expected && decided >> offer & 1 == 0
    }

    /// Sets whether the person would take an offer.
    pub(crate) fn set_willing(&mut self, offer: u8, takes: bool) {
        self.willing = self.willing & !(1 << offer) | u16::from(takes) << offer;
    }
}

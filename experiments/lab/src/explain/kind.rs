//! What kind of departure it is when a planner does something else than a policy, in words of belief.

use offhook_env::act::{NONE, SystemActKind};
use offhook_env::action::ActionId;
use offhook_env::belief::tracker::BeliefState;
use offhook_env::call::customer::{Customers, Truth};
use offhook_env::call::posterior::CustomerBelief;
use offhook_env::scenario::Scenario;

/// Customers that are asked what is true.
const N_ASKED: u32 = 512;
/// A recorded value less likely than this is doubtful, one more likely than [`SURE`] is sure.
const DOUBTFUL: f64 = 0.65;
/// See [`DOUBTFUL`].
const SURE: f64 = 0.8;
/// From these odds on something is taken for so.
const EVEN: f64 = 0.5;
/// The right person is hardly on the line below this, and may well be from [`PERHAPS`] on.
const HARDLY: f64 = 0.2;
/// See [`HARDLY`].
const PERHAPS: f64 = 0.4;

/// A turn at which planner and policy part.
pub(super) struct Parting<'a, B: CustomerBelief> {
    pub scenario: &'a Scenario,
    pub state: &'a BeliefState,
    pub believer: &'a B,
    pub belief: &'a B::Belief,
    /// What the policy would do.
    pub usual: ActionId,
    /// What the planner does.
    pub chosen: ActionId,
}

impl<B: CustomerBelief> Parting<'_, B> {
    /// How likely something is true of the customer, given all that was heard.
    pub(super) fn share(&self, holds: impl Fn(&Truth) -> bool) -> f64 {
        let customers = &self.believer.world().customers;
        let draws = (0..N_ASKED).filter_map(|k| {
            let place = (f64::from(k) + 0.5) / f64::from(N_ASKED);
            self.believer.draw(self.belief, place)
        });
        let (mut n, mut n_holding) = (0.0, 0.0);
        for supposed in draws {
            n += 1.0;
            n_holding += f64::from(u8::from(holds(customers.truth(supposed.customer))));
        }
        if n > 0.0 { n_holding / n } else { 0.0 }
    }

    /// How likely the value that is recorded of a slot is right, of the person called.
    pub(super) fn recorded(&self, slot: u8) -> Option<f64> {
        let value = self.state.slot(usize::from(slot)).value();
        if value == NONE {
            return None;
        }
        let right = self.share(|truth| truth.right_person);
        let holds = |truth: &Truth| truth.right_person && truth.slots[usize::from(slot)] == value;
        (right > 0.0).then(|| self.share(holds) / right)
    }

    fn about(&self, action: ActionId, kind: SystemActKind) -> Option<u8> {
        let mut acts = self.scenario.acts(action).iter();
        acts.find(|act| act.kind == kind).map(|act| act.about)
    }

    fn does(&self, action: ActionId, kind: SystemActKind) -> bool {
        self.about(action, kind).is_some()
    }

    /// The slot that an action wants to hear of.
    fn hears(&self, action: ActionId) -> Option<u8> {
        let asked = self.about(action, SystemActKind::Ask);
        let proposed = || {
            let proposes = self.does(action, SystemActKind::ProposeCallback);
            self.scenario.callback_slot().filter(|_| proposes)
        };
        asked
            .or_else(|| self.about(action, SystemActKind::Confirm))
            .or_else(proposed)
    }

    fn ends(&self, action: ActionId) -> bool {
        self.scenario.ending().allows(action)
    }

    /// The kind, the first that fits.
    pub(super) fn kind(&self) -> &'static str {
        let (usual, chosen) = (self.usual, self.chosen);
        let bit = |set: u16, about: u8| set >> (about & 15) & 1 == 1;
        let [hears_usual, hears_chosen] = [usual, chosen].map(|action| self.hears(action));
        let recorded = |slot: Option<u8>| slot.and_then(|slot| self.recorded(slot));
        if hears_chosen != hears_usual && recorded(hears_chosen).is_some_and(|p| p < DOUBTFUL) {
            return "acts on a value that is probably wrong";
        }
        if hears_chosen != hears_usual && recorded(hears_usual).is_some_and(|p| p > SURE) {
            return "confirms what is sure";
        }
        let open = |q: u8| self.share(|truth| bit(truth.asked & !truth.answered, q)) >= EVEN;
        let stands = |c: u8| self.share(|truth| bit(truth.concerns, c)) >= EVEN;
        match (
            self.about(usual, SystemActKind::Answer),
            self.about(chosen, SystemActKind::Answer),
        ) {
            (Some(question), None) if !open(question) => {
                return "answers a question that is not open";
            }
            (_, Some(question)) if open(question) => return "passes over an open question",
            _ => {}
        }
        match (
            self.about(usual, SystemActKind::Address),
            self.about(chosen, SystemActKind::Address),
        ) {
            (Some(concern), None) if !stands(concern) => return "meets a concern that is gone",
            (_, Some(concern)) if stands(concern) => return "passes over a concern",
            _ => {}
        }
        let right = self.share(|truth| truth.right_person);
        let parts = |action| self.ends(action) || self.does(action, SystemActKind::LeaveMessage);
        if right < HARDLY && parts(chosen) && !self.ends(usual) {
            return "talks on to another person or a machine";
        }
        if right > PERHAPS && self.does(usual, SystemActKind::LeaveMessage) {
            return "takes the right person for another";
        }
        if hears_chosen.is_some() && hears_chosen == hears_usual {
            return "hears a value in another way";
        }
        match (self.ends(usual), self.ends(chosen)) {
            (true, false) => return "ends too early",
            (false, true) => return "goes on too long",
            _ => {}
        }
        if hears_chosen.is_some() {
            return "hears a value too late";
        }
        if hears_usual.is_some() {
            return "hears a value too early";
        }
        self.by_acts()
    }

    /// The kind by what both say.
    fn by_acts(&self) -> &'static str {
        let either = |kind| self.does(self.usual, kind) || self.does(self.chosen, kind);
        if either(SystemActKind::Offer) {
            "makes an offer at another time"
        } else if either(SystemActKind::Repeat) {
            "says it again"
        } else if either(SystemActKind::Apologize) {
            "apologizes at another time"
        } else if either(SystemActKind::ConfirmIdentity) || either(SystemActKind::VerifyIdentity) {
            "asks who is there in another way"
        } else {
            "tells things in another order"
        }
    }
}

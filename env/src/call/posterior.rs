//! The seam to a belief over the hidden customer of a running call: who may be on the line, given all that the robot
//! said and heard.

use crate::act::NBest;
use crate::action::ActionId;
use crate::belief::caller::CallerRecord;
use crate::call::World;
use crate::call::customer::Customers;

/// A model of customers and line that keeps a posterior over the customer of a call.
///
/// It is told what the robot knows and nothing else: what is on file, which actions it took, which values it read out,
/// what it heard, and that the call goes on. So whoever decides by it decides without the hidden customer.
pub trait CustomerBelief: Send + Sync {
    /// The customers that are supposed to call; those of the true world may be others.
    type Customers: Customers;
    /// What is believed of the customer of one call.
    type Belief: Clone + Send;

    /// The world that is supposed.
    fn world(&self) -> &World<Self::Customers>;

    /// What is believed when somebody has just picked up of whom `record` is on file. All that is drawn in the call is
    /// a function of `seed` and of what happens.
    fn start(&self, record: &CallerRecord, seed: u64) -> Self::Belief;

    /// Takes in that the robot took `action`, read out `value` ([`NONE`](crate::act::NONE) for nothing), heard
    /// `heard`, and the call goes on.
    fn update(&self, belief: &mut Self::Belief, action: ActionId, value: u8, heard: &NBest);

    /// The customer at place `uniform`, in `[0, 1)`, of the posterior, as it is now: evenly spread places give customers
    /// in proportion to their probability. `None` while nothing that is supposed explains what was heard.
    fn draw<'b>(
        &self,
        belief: &'b Self::Belief,
        uniform: f64,
    ) -> Option<Supposed<'b, <Self::Customers as Customers>::Customer>>;
}

/// A customer who may be on the line.
#[derive(Clone, Copy, Debug)]
pub struct Supposed<'b, P> {
    /// The customer as of now.
    pub customer: &'b P,
    /// Harms done so far if it is this one, one bit a kind (see [`harms_of`](crate::call::harms_of)).
    pub harms: u8,
}

//! What answers before a person does: a recorder, or a screening robot.

use offhook_env::act::{SystemActKind, UserAct, UserActKind, Utterance};
use offhook_env::call::customer::SystemUtterance;
use offhook_env::scenario::Scenario;

use super::{AgendaCustomer, AgendaCustomers, habit};
use crate::dice::Coins;
use crate::population::Line;

/// The machine's reply; a screening robot that puts the call through lets the person speak next.
pub(super) fn respond(
    model: &AgendaCustomers,
    scenario: &Scenario,
    customer: &mut AgendaCustomer,
    spoken: SystemUtterance<'_>,
    coins: &mut Coins<'_>,
) -> Utterance {
    let says = |kind| spoken.acts.iter().any(|act| act.kind == kind);
    let greeting = customer.turns == 0;
    customer.turns = customer.turns.saturating_add(1);
    if scenario.ending().allows(spoken.action) {
        return Utterance::SILENCE;
    }
    if customer.turns > habit::MACHINE_TURNS {
        return UserAct::new(UserActKind::HangUp).into();
    }
    let say = |kind: UserActKind| match model.words[kind as usize] {
        UserActKind::Silence => Utterance::SILENCE,
        kind => UserAct::new(kind).into(),
    };
    if model.machines_talk {
        return talk(model, customer, spoken, coins);
    }
    if customer.line == Line::Voicemail {
        // The tone comes after the greeting; what is said before is not recorded.
        customer.truth.message_taken |= says(SystemActKind::LeaveMessage) && !greeting;
        return if greeting {
            say(UserActKind::Voicemail)
        } else {
            Utterance::SILENCE
        };
    }
    if !says(SystemActKind::StatePurpose) {
        return say(UserActKind::Screening);
    }
    let (base, rise) = habit::PUT_THROUGH;
    if !coins.lands(base + rise * customer.trust) {
        return UserAct::new(UserActKind::HangUp).into();
    }
    put_through(customer);
    say(UserActKind::Affirm)
}

/// Lets the person behind a screening robot take the call.
fn put_through(customer: &mut AgendaCustomer) {
    customer.line = Line::Person;
    customer.turns = 0;
    customer.knows_purpose = true;
    customer.truth.machine = false;
    customer.truth.right_person = customer.expected;
}

/// The dialog of a machine that has one: a recorder's greeting ends with a tone, and only what is said behind it is
/// recorded; a screening robot wants the reason of the call, then lets it wait while nobody says anything.
fn talk(
    model: &AgendaCustomers,
    customer: &mut AgendaCustomer,
    spoken: SystemUtterance<'_>,
    coins: &mut Coins<'_>,
) -> Utterance {
    let says = |kind| spoken.acts.iter().any(|act| act.kind == kind);
    let say = |kind: UserActKind| match model.words[kind as usize] {
        UserActKind::Silence => Utterance::SILENCE,
        kind => UserAct::new(kind).into(),
    };
    if customer.line == Line::Voicemail {
        customer.truth.message_taken |= says(SystemActKind::LeaveMessage) && customer.signaled;
        if customer.signaled {
            return Utterance::SILENCE;
        }
        let goes_on =
            coins.lands(habit::GREETING_GOES_ON) && customer.turns < habit::MACHINE_TURNS - 1;
        customer.signaled = customer.turns > 1 && !goes_on;
        return say(match customer.signaled {
            true => UserActKind::Beep,
            false => UserActKind::Voicemail,
        });
    }
    if !customer.signaled {
        if !says(SystemActKind::StatePurpose) {
            return say(UserActKind::Screening);
        }
        let (base, rise) = habit::PUT_THROUGH;
        if !coins.lands(base + rise * customer.trust) {
            return UserAct::new(UserActKind::HangUp).into();
        }
        customer.signaled = true;
    }
    if coins.lands(habit::WAIT_GOES_ON) {
        return Utterance::SILENCE;
    }
    put_through(customer);
    say(UserActKind::Affirm)
}

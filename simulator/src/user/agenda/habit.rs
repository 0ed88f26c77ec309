//! Every number of the agenda customer's behavior. All are assumptions, chosen so that calls read
//! naturally and bad manners cost what a call center would expect; what differs between kinds of
//! call (shares of goals, persona) stands in the scenario file instead.
//!
//! Annoyance is counted in *unpleasant turns*, the unit of a person's patience.

use offhook_env::call::outcome::Outcome;

/// Pause and speech of one act, seconds; silence takes as long. DSTC2's callers speak 1.6 s a turn.
pub const SECONDS_PER_ACT: f32 = 1.5;
/// Annoyance by which any turn grows, since time passes.
pub const TURN: f32 = 0.1;
/// Turns after which a call is long, and annoyance per turn from then on.
pub const LONG_CALL: (u8, f32) = (10, 0.3);
/// Per turn of business with somebody who has no time; doubled once they have said so.
pub const BUSY: f32 = 0.5;
/// The same for somebody who is driving.
pub const DRIVING: f32 = 1.0;
/// The robot says or asks again what was said clearly.
pub const REPETITION: f32 = 0.8;
/// The robot answers, addresses or repeats what nobody asked for.
pub const UNASKED: f32 = 0.5;
/// The robot asks for a proof of identity.
pub const PROOF: f32 = 0.3;
/// Per turn that passes over an open question or a raised concern.
pub const IGNORED: f32 = 0.5;
/// Per turn that passes over the wish for a human.
pub const IGNORED_WISH: f32 = 1.2;
/// Per turn of talk after "wrong person" or "do not call again".
pub const GOES_ON: f32 = 2.5;
/// Relief at the first apology.
pub const APOLOGY: f32 = 1.0;
/// Nobody likes to be called with nothing to gain: annoyance at an unwanted proposal to call again.
pub const UNWANTED_CALLBACK: f32 = 0.6;

/// Hang-up hazard per turn when annoyance is far above patience.
pub const HANG_UP_MOST: f32 = 0.6;
/// Width of the hazard's logistic rise around patience, unpleasant turns.
pub const HANG_UP_WIDTH: f32 = 0.75;

/// Chance per turn that a wish (for a human, not to be called) is voiced, before and after the
/// purpose was stated.
pub const VOICE_WISH: [f32; 2] = [0.08, 0.2];
/// Factor on it when annoyance has passed half of patience.
pub const VOICE_WISH_ANNOYED: f32 = 2.0;
/// Chance per turn that a voiced wish or a wrong person is said again.
pub const SAY_AGAIN: f32 = 0.6;
/// Chance per turn that somebody busy or driving says so, the first time and later.
pub const TELL_TIME: [f32; 2] = [0.5, 0.4];
/// Share of the busy who ask for another call right away, per unit of talkativeness.
pub const ASK_CALLBACK: f32 = 0.6;

/// Chance to ask a pending question when there is room: base, and rise per unit of talkativeness.
pub const ASK: (f32, f32) = (0.25, 0.5);
/// Chance per turn to ask an open question again.
pub const ASK_AGAIN: f32 = 0.35;
/// Chance to raise a hidden distrust, per unit of missing trust.
pub const VOICE_DISTRUST: f32 = 0.9;
/// Chance to raise another hidden concern after the purpose was stated, without an offer.
pub const VOICE_CONCERN: f32 = 0.08;
/// Chance to raise a pending concern when an offer is made.
pub const OBJECT: f32 = 0.75;
/// Chance per turn to raise an unmet concern again.
pub const OBJECT_AGAIN: f32 = 0.25;
/// Chance that addressing a concern resolves it: base, and rise per unit of trust.
pub const RESOLVE: (f32, f32) = (0.35, 0.6);
/// Chance to take an offer in spite of an unmet concern, per unit of trust.
pub const ACCEPT_ANYWAY: f32 = 0.3;

/// Chance of a full sentence where "yes" or "no" would do, when asked again; at first it is the
/// person's talkativeness.
pub const FULL_SENTENCE_AGAIN: f32 = 0.7;
/// Chance that the customer did not catch the robot, by difficulty class.
pub const NOT_CAUGHT: [f32; 3] = [0.01, 0.02, 0.04];
/// The same for somebody to whom the robot's language is foreign.
pub const NOT_CAUGHT_FOREIGN: f32 = 0.15;
/// Chance of saying something that has nothing to do with the call.
pub const STRAY: f32 = 0.01;
/// Chance of an insult per turn once annoyance has passed patience.
pub const ABUSE: f32 = 0.15;
/// Chance of a "yes?" to the greeting, else silence.
pub const HELLO: f32 = 0.7;
/// Replies to a statement that asks nothing: affirm, thank, else silence.
pub const ACKNOWLEDGE: (f32, f32) = (0.6, 0.1);
/// Another person's chance to say "wrong person" rather than something shorter.
pub const WRONG_PERSON: f32 = 0.6;
/// Another person's chance to guess at a proof of identity, which never matches.
pub const GUESS_PROOF: f32 = 0.1;

/// Chance that another person takes a message.
pub const TAKE_MESSAGE: f32 = 0.7;
/// Turns after which a machine that got no message or purpose ends the call.
pub const MACHINE_TURNS: u8 = 5;
/// Chance that a screening robot puts a stated purpose through: base, and rise per unit of trust.
pub const PUT_THROUGH: (f32, f32) = (0.3, 0.6);

/// Chance per turn that a recorder's greeting goes on before its tone.
pub const GREETING_GOES_ON: f32 = 0.4;
/// Chance per turn that a screened call still waits for the person.
pub const WAIT_GOES_ON: f32 = 0.4;

/// Trust gained by a question answered or a concern met.
pub const TRUST_MET: f32 = 0.05;
/// Trust lost by a question or concern passed over, and by words said again.
pub const TRUST_LOST: f32 = 0.04;

/// Rating where there was nobody to rate the call.
pub const RATING_NOBODY: f32 = 3.0;
/// Rating of a call without any annoyance and without a need left open.
pub const RATING_BEST: f32 = 4.7;
/// Rating points per annoyance, measured in the person's patience.
pub const RATING_ANNOYANCE: f32 = 2.5;
/// Points per question left open and per raised concern left unmet.
pub const RATING_OPEN: f32 = 0.7;
/// Points for a wish that was not honored.
pub const RATING_WISH: f32 = 1.2;

/// Rating points for how the call ended.
pub const fn rating_of(outcome: Outcome, asked_human: bool) -> f32 {
    match outcome {
        Outcome::Completed => 0.3,
        Outcome::CallbackAgreed
        | Outcome::OptedOut
        | Outcome::MessageLeft
        | Outcome::Machine
        | Outcome::WrongPerson
        | Outcome::Declined => 0.0,
        Outcome::Transferred => {
            if asked_human {
                0.3
            } else {
                -0.5
            }
        }
        Outcome::Incomplete => -0.7,
        Outcome::HungUp | Outcome::Truncated => -1.0,
    }
}

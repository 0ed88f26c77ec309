//! Dialog acts: the closed lists of what robot and customer can do, and how acts are written.

use std::fmt;

/// "About nothing" or "no value" in an act.
pub const NONE: u8 = u8::MAX;

/// What an act can be about; each class is a list of names in the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AboutClass {
    /// Something the robot tells.
    Topic,
    /// Something the customer tells.
    Slot,
    /// Something the customer asks.
    Question,
    /// A reason to hesitate.
    Concern,
    /// Something the customer may take or refuse.
    Offer,
    /// A text message or link that the robot sends.
    Message,
}

impl AboutClass {
    /// Every class, in order.
    pub const ALL: [Self; 6] = [
        Self::Topic,
        Self::Slot,
        Self::Question,
        Self::Concern,
        Self::Offer,
        Self::Message,
    ];

    /// The class's name in front of feature names, as in `slot.payment`.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Topic => "topic",
            Self::Slot => "slot",
            Self::Question => "question",
            Self::Concern => "concern",
            Self::Offer => "offer",
            Self::Message => "message",
        }
    }
}

macro_rules! kinds {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $kind:ident = $text:literal $(about $class:ident)?,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$doc])* $kind,)* }

        impl $name {
            /// Every kind, in order.
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// The kind's name in files.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $text,)* }
            }

            /// What acts of this kind are about, if anything.
            pub const fn about(self) -> Option<AboutClass> {
                match self { $(Self::$kind => kinds!(@about $($class)?),)* }
            }

            /// The kind of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.name() == name)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
    (@about) => { None };
    (@about $class:ident) => { Some(AboutClass::$class) };
}

kinds! {
    /// What the robot does with an utterance.
    SystemActKind {
        /// Says hello and who is calling.
        Greet = "greet",
        /// Asks whether the right person is on the line.
        ConfirmIdentity = "confirm_identity",
        /// Asks for a proof of identity.
        VerifyIdentity = "verify_identity",
        /// Says what the call is about.
        StatePurpose = "state_purpose",
        /// Tells a topic.
        Inform = "inform" about Topic,
        /// Asks for a slot.
        Ask = "ask" about Slot,
        /// Says the value understood for a slot and asks whether it is right.
        Confirm = "confirm" about Slot,
        /// Answers a question.
        Answer = "answer" about Question,
        /// Makes an offer.
        Offer = "offer" about Offer,
        /// Meets a concern.
        Address = "address" about Concern,
        /// Proposes to call at another time.
        ProposeCallback = "propose_callback",
        /// Sends a text message or link.
        SendMessage = "send_message" about Message,
        /// Leaves a message with another person or on a recorder; tells no account details.
        LeaveMessage = "leave_message",
        /// Hands over to a person; ends the call.
        Transfer = "transfer",
        /// Apologizes.
        Apologize = "apologize",
        /// Says the last utterance again.
        Repeat = "repeat",
        /// Says goodbye; ends the call.
        Close = "close",
    }
}

kinds! {
    /// What the customer does with an utterance.
    UserActKind {
        /// Yes.
        Affirm = "affirm",
        /// No.
        Deny = "deny",
        /// Tells a slot; about nothing: gives the proof of identity that was asked for.
        Inform = "inform" about Slot,
        /// Asks a question.
        Ask = "ask" about Question,
        /// Raises a concern.
        Object = "object" about Concern,
        /// Takes an offer or a proposal.
        Accept = "accept",
        /// Refuses an offer or a proposal.
        Decline = "decline",
        /// Has no time now.
        Busy = "busy",
        /// Is driving.
        Driving = "driving",
        /// Is not the person called.
        WrongPerson = "wrong_person",
        /// A recorded greeting: leave a message after the tone.
        Voicemail = "voicemail",
        /// A screening robot wants to know who calls and why.
        Screening = "screening",
        /// The tone of a recorder: what is said from now on is recorded.
        Beep = "beep",
        /// Wants to speak to a person.
        RequestHuman = "request_human",
        /// Wants to be called at another time.
        RequestCallback = "request_callback",
        /// Does not want to be called again.
        OptOut = "opt_out",
        /// Suspects a fraud ("is this a scam?").
        Distrust = "distrust",
        /// Did not catch it.
        Repeat = "repeat",
        /// Insults.
        Abuse = "abuse",
        /// Says nothing, or nothing was heard.
        Silence = "silence",
        /// Says something that has nothing to do with the call.
        Unrelated = "unrelated",
        /// Thanks.
        Thank = "thank",
        /// Ends the call, with or without a goodbye.
        HangUp = "hang_up",
    }
}

/// One act of the robot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemAct {
    /// What it does.
    pub kind: SystemActKind,
    /// Position in the scenario's list of the kind's class, or [`NONE`].
    pub about: u8,
}

/// One act of the customer; aligned, so that it is copied as one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(4))]
pub struct UserAct {
    /// What it does.
    pub kind: UserActKind,
    /// Position in the scenario's list of the kind's class, or [`NONE`].
    pub about: u8,
    /// Value of the slot, or [`NONE`]; for a proof of identity 1 if it matches the record, else 0.
    pub value: u8,
}

impl UserAct {
    /// An act about nothing.
    pub const fn new(kind: UserActKind) -> Self {
        Self {
            kind,
            about: NONE,
            value: NONE,
        }
    }

    /// An act about something.
    pub const fn about(kind: UserActKind, about: u8) -> Self {
        Self {
            kind,
            about,
            value: NONE,
        }
    }

    /// Tells a slot's value.
    pub const fn inform(slot: u8, value: u8) -> Self {
        Self {
            kind: UserActKind::Inform,
            about: slot,
            value,
        }
    }
}

/// Most acts in one utterance of the customer; more are dropped by importers, who count them.
pub const MAX_ACTS: usize = 4;

/// What the customer does in one turn: up to [`MAX_ACTS`] acts; none means silence.
#[derive(Clone, Copy, Debug)]
pub struct Utterance {
    acts: [UserAct; MAX_ACTS],
    len: u8,
}

impl Utterance {
    /// Nothing said.
    pub const SILENCE: Self = Self {
        acts: [UserAct::new(UserActKind::Silence); MAX_ACTS],
        len: 0,
    };

    /// The act alone where it is `wanted`, which nobody need foresee; else nothing.
    #[inline]
    pub const fn single_if(wanted: bool, act: UserAct) -> Self {
        Self {
            acts: [act; MAX_ACTS],
            len: wanted as u8,
        }
    }

    /// Adds an act; returns `false` when there is no room left.
    #[inline]
    pub fn push(&mut self, act: UserAct) -> bool {
        self.push_if(true, act)
    }

    /// Adds an act where it is `wanted`, which nobody need foresee; returns `false` when there is no
    /// room for it.
    #[inline]
    pub fn push_if(&mut self, wanted: bool, act: UserAct) -> bool {
        let place = self.acts.get_mut(self.len as usize);
        let room = place.is_some();
        if let Some(place) = place {
            *place = act;
            self.len += u8::from(wanted);
        }
        room
    }

    /// The acts in the order they were said.
    #[inline]
    pub fn acts(&self) -> &[UserAct] {
        &self.acts[..self.len as usize]
    }

    /// The acts, to be altered.
    #[inline]
    pub fn acts_mut(&mut self) -> &mut [UserAct] {
        &mut self.acts[..self.len as usize]
    }

    /// The first act, or silence.
    #[inline]
    pub fn first(&self) -> UserAct {
        if self.len == 0 {
            UserAct::new(UserActKind::Silence)
        } else {
            self.acts[0]
        }
    }

    /// Whether an act of `kind` is among them.
    #[inline]
    pub fn has(&self, kind: UserActKind) -> bool {
        self.acts().iter().any(|act| act.kind == kind)
    }
}

impl From<UserAct> for Utterance {
    fn from(act: UserAct) -> Self {
        Self::single_if(true, act)
    }
}

impl FromIterator<UserAct> for Utterance {
    fn from_iter<I: IntoIterator<Item = UserAct>>(acts: I) -> Self {
        let mut utterance = Self::SILENCE;
        for act in acts {
            utterance.push(act);
        }
        utterance
    }
}

impl PartialEq for Utterance {
    fn eq(&self, other: &Self) -> bool {
        self.acts() == other.acts()
    }
}

/// One reading of what the customer said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hypothesis {
    /// The acts understood.
    pub utterance: Utterance,
    /// How sure the recogniser is, in `[0, 1]`.
    pub confidence: f32,
}

/// Most hypotheses kept of a recogniser's list.
pub const MAX_HYPOTHESES: usize = 5;

/// The recogniser's readings of one turn, best first; none means nothing was heard.
#[derive(Clone, Copy, Debug)]
pub struct NBest {
    hypotheses: [Hypothesis; MAX_HYPOTHESES],
    len: u8,
}

impl NBest {
    /// Nothing heard.
    pub const EMPTY: Self = Self {
        hypotheses: [Hypothesis {
            utterance: Utterance::SILENCE,
            confidence: 0.0,
        }; MAX_HYPOTHESES],
        len: 0,
    };

    /// Forgets what was heard.
    #[inline]
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Adds a reading behind the others; one too many is dropped, and `false` returned.
    #[inline]
    pub fn push(&mut self, hypothesis: Hypothesis) -> bool {
        self.push_if(true, hypothesis)
    }

    /// Adds a reading where it is `wanted`, which nobody need foresee; returns `false` when there is
    /// no room for it.
    #[inline]
    pub fn push_if(&mut self, wanted: bool, hypothesis: Hypothesis) -> bool {
        let place = self.hypotheses.get_mut(self.len as usize);
        let room = place.is_some();
        if let Some(place) = place {
            *place = hypothesis;
            self.len += u8::from(wanted);
        }
        room
    }

    /// The readings, best first.
    #[inline]
    pub fn hypotheses(&self) -> &[Hypothesis] {
        &self.hypotheses[..self.len as usize]
    }
}

impl FromIterator<Hypothesis> for NBest {
    fn from_iter<I: IntoIterator<Item = Hypothesis>>(hypotheses: I) -> Self {
        let mut n_best = Self::EMPTY;
        for hypothesis in hypotheses {
            n_best.push(hypothesis);
        }
        n_best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_its_name() {
        for &kind in SystemActKind::ALL {
            assert_eq!(SystemActKind::from_name(kind.name()), Some(kind));
        }
        for &kind in UserActKind::ALL {
            assert_eq!(UserActKind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(UserActKind::from_name("mumble"), None);
    }

    #[test]
    fn an_utterance_refuses_the_act_too_many() {
        let mut said = Utterance::SILENCE;
        assert_eq!(said.first().kind, UserActKind::Silence);
        for _ in 0..MAX_ACTS {
            assert!(said.push(UserAct::new(UserActKind::Affirm)));
        }
        assert!(!said.push(UserAct::new(UserActKind::Deny)));
        assert!(!said.has(UserActKind::Deny));
    }
}

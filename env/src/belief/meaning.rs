//! What each feature means, what makes a scenario have it, and what moves it, in words.

/// A feature in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// What it says of the call.
    pub what: &'static str,
    /// What makes a scenario have it.
    pub exists: &'static str,
    /// What moves it.
    pub moved_by: &'static str,
}

const fn meaning(what: &'static str, exists: &'static str, moved_by: &'static str) -> Meaning {
    Meaning {
        what,
        exists,
        moved_by,
    }
}

const ALWAYS: &str = "always";

/// Built-in features by name; a name that ends with a point stands for all that begin with it.
const MEANINGS: [(&str, Meaning); 34] = [
    (
        "turn",
        meaning("the system turn that comes next", ALWAYS, "every turn"),
    ),
    (
        "said",
        meaning(
            "the kind of the robot's last act, of several acts the first",
            ALWAYS,
            "every turn; acts that end the call are not seen",
        ),
    ),
    (
        "said_about",
        meaning(
            "what the robot's last act was about",
            ALWAYS,
            "every turn; names beyond the 15 that fit share `other`",
        ),
    ),
    (
        "said_last",
        meaning(
            "the kind of the last of several acts",
            "an action has several acts, as offer(X)+answer(Y)",
            "every turn",
        ),
    ),
    (
        "said_before",
        meaning(
            "the kind of the act before the last one",
            ALWAYS,
            "every turn",
        ),
    ),
    (
        "apologies",
        meaning(
            "apologies since the wish last changed",
            "an action has several acts, one of which is apologize",
            "an apology together with another act; 0 again when the value of a slot changes",
        ),
    ),
    (
        "repeats",
        meaning(
            "how often in a row the last action was said again",
            ALWAYS,
            "the same action again; 0 again with another one",
        ),
    ),
    (
        "heard",
        meaning(
            "the kind of the first act heard; wishes and machines share a level each",
            ALWAYS,
            "every reply, however unsure; nothing heard is silence",
        ),
    ),
    (
        "heard_also",
        meaning("the kind of a second act heard", ALWAYS, "every reply"),
    ),
    (
        "heard_about",
        meaning(
            "the first slot, question or concern heard of",
            ALWAYS,
            "every reply; names beyond the 15 that fit share `other`",
        ),
    ),
    (
        "confidence",
        meaning(
            "how sure the recognizer is of its first reading",
            ALWAYS,
            "every reply; `none` when nothing was heard",
        ),
    ),
    (
        "misses",
        meaning(
            "replies in a row that were not understood",
            ALWAYS,
            "silence, something unrelated, or a reading below .3; 0 again with anything else",
        ),
    ),
    (
        "identity",
        meaning(
            "who is on the line",
            "[robot] has confirm_identity or verify_identity",
            "claimed, likely (from .6) and confirmed (from .9) by yes to confirm_identity, several add up; verified by a \
             proof that matches, heard at .5 or surer; doubted by a proof that does not match or a doubtful no; wrong by a \
             no or wrong_person heard at .5 or surer",
        ),
    ),
    (
        "answered_by",
        meaning(
            "whether a person or a machine answered",
            "[customer] has voicemail or screening",
            "maybe_machine, voicemail and screening by hearing such an act; person by anything only a person says",
        ),
    ),
    (
        "beep",
        meaning(
            "whether the tone of a recorder was heard",
            "[customer] has beep",
            "beep: heard at .5 or surer, else maybe",
        ),
    ),
    (
        "left_message",
        meaning(
            "whether a message was left",
            "[robot] has leave_message",
            "leave_message",
        ),
    ),
    (
        "availability",
        meaning(
            "whether the customer has time",
            "[customer] has busy or driving",
            "busy and driving heard at .5 or surer; less sure or in a later reading: maybe_busy",
        ),
    ),
    (
        "human",
        meaning(
            "whether a human is wanted",
            "[customer] has request_human",
            "request_human heard at .5 or surer, else maybe",
        ),
    ),
    (
        "opt_out",
        meaning(
            "whether no more calls are wanted",
            "[customer] has opt_out",
            "opt_out heard at .5 or surer, else maybe",
        ),
    ),
    (
        "callback",
        meaning(
            "where the agreement on another call stands",
            "[robot] has propose_callback",
            "wanted by request_callback; proposed by propose_callback; agreed by yes or a time, declined by no, heard at .5 \
             or surer",
        ),
    ),
    (
        "purpose",
        meaning(
            "whether the purpose was stated",
            "[robot] has state_purpose",
            "state_purpose",
        ),
    ),
    (
        "topic.",
        meaning(
            "whether the topic was told",
            "it is in `topics`",
            "inform of it",
        ),
    ),
    (
        "slot.",
        meaning(
            "how sure the slot's likeliest value is: faint up to .2, low .5, fair .8, high .95, then sure",
            "it is in [slots]",
            "what is told of it, yes or no to ask or confirm; with the focus tracker evidence for one value adds up, for \
             another displaces it; with the calibrated one it is the probability given all that was heard",
        ),
    ),
    (
        "value.",
        meaning(
            "the slot's likeliest value, its bin, or whether one of several values is among what was told",
            "`branch = true` of a choice, `bins` of a number, a time or a day",
            "with its slot",
        ),
    ),
    (
        "role.",
        meaning(
            "what the robot has just done with the slot",
            "an action has several acts",
            "every turn",
        ),
    ),
    (
        "question.",
        meaning(
            "where the question stands",
            "it is in `questions`",
            "maybe and open by ask heard below and from .5; answered by answer",
        ),
    ),
    (
        "concern.",
        meaning(
            "where the concern stands",
            "it is in `concerns`",
            "maybe and raised by object (or distrust) heard below and from .5; addressed by address; once more: _again",
        ),
    ),
    (
        "offer.",
        meaning(
            "where the offer stands",
            "it is in `offers`",
            "offered by offer; accepted by yes heard at .5 or surer, else maybe_accepted; declined by no, a second time \
             declined_twice",
        ),
    ),
    (
        "message.",
        meaning(
            "whether the message was sent",
            "it is in `messages`",
            "send_message of it",
        ),
    ),
    (
        "caller.",
        meaning(
            "what is on file of the caller",
            "it is in [caller]",
            "nothing: it is known before the call",
        ),
    ),
    (
        "count.",
        meaning(
            "how often it was counted",
            "it is in [counters]",
            "a turn in which one of `heard` was heard at .5 or surer, or one of `said` was said",
        ),
    ),
    (
        "posterior.",
        meaning(
            "how likely the slot's likeliest value is, in fine levels",
            "the tracker is calibrated and shows `slots`",
            "with its slot",
        ),
    ),
    (
        "belief.",
        meaning(
            "how likely it is: that the right person or a machine is on the line, a question is open, an offer was truly \
             taken, a concern stands in the way, there is no time, another call is agreed, a human or no call is wanted; \
             of `patience_used` the share that the robot's manners took so far",
            "the tracker is calibrated and shows `person`, `questions`, `offers`, `concerns`, `wishes`, `patience`",
            "every turn, by how often what was heard is heard when it is so and when it is not",
        ),
    ),
    (
        "hidden_",
        meaning(
            "what is truly so",
            "for privileged learners alone",
            "the simulator",
        ),
    ),
];

impl Meaning {
    /// What a feature of that name means; `None` for a name that no scenario makes.
    pub fn of(feature: &str) -> Option<Self> {
        let fits = |name: &str| match name.ends_with(['.', '_']) {
            true => feature.starts_with(name),
            false => feature == name,
        };
        let found = MEANINGS.iter().find(|(name, _)| fits(name));
        found.map(|(_, meaning)| *meaning)
    }

    /// Every meaning, with the name of its feature or, ending with a point, what such names begin with.
    pub fn all() -> impl Iterator<Item = (&'static str, Self)> {
        let seen = MEANINGS.iter().filter(|(name, _)| *name != "hidden_");
        seen.map(|(name, meaning)| (*name, *meaning))
    }
}

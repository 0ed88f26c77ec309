//! What kind of call a person makes of it: the coarse facts that decide which words fit.

/// The facts that a person's words must agree with from the first turn on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Situation {
    /// The person called, with time and without a further wish.
    Ordinary,
    /// The person called, who has no time.
    Unavailable,
    /// The person called, who wants a human.
    Human,
    /// The person called, who does not want to be called.
    OptOut,
    /// Somebody else.
    Another,
}

impl Situation {
    /// Every situation, in order.
    pub const ALL: [Self; 5] = [
        Self::Ordinary,
        Self::Unavailable,
        Self::Human,
        Self::OptOut,
        Self::Another,
    ];
}

//! What acts can be about, by name: the topics, slots, questions, concerns, offers and messages of a scenario.

use crate::act::AboutClass;

/// The names a scenario speaks about, by class.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// What the robot can tell.
    pub topics: Vec<String>,
    /// What the customer tells.
    pub slots: Vec<String>,
    /// What the customer may ask.
    pub questions: Vec<String>,
    /// Reasons to hesitate.
    pub concerns: Vec<String>,
    /// What the customer may take or refuse.
    pub offers: Vec<String>,
    /// Text messages or links the robot can send.
    pub messages: Vec<String>,
}

impl Names {
    /// The names of one class.
    pub fn of(&self, class: AboutClass) -> &[String] {
        match class {
            AboutClass::Topic => &self.topics,
            AboutClass::Slot => &self.slots,
            AboutClass::Question => &self.questions,
            AboutClass::Concern => &self.concerns,
            AboutClass::Offer => &self.offers,
            AboutClass::Message => &self.messages,
        }
    }

    /// Every class with its names.
    pub fn classes(&self) -> [(AboutClass, &[String]); 6] {
        AboutClass::ALL.map(|class| (class, self.of(class)))
    }
}

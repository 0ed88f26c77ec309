//! The scenario file as it is written: one serde type per section, checked later in `compile`.

use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

use crate::diagnostic::OrderedMap;

/// The JSON Schema of a scenario file as far as this crate reads it; the simulator has the schema of
/// `population`.
#[cfg(feature = "schema")]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(ScenarioFile).to_value()
}

/// A name with its place in the file.
pub(super) type Name = Spanned<String>;

/// Feature levels that must hold together: `{ identity = ["claimed"], heard = ["!silence"] }`.
pub(super) type When = OrderedMap<Vec<Name>>;

/// A scenario file, section by section.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct ScenarioFile {
    /// Version of this format; 1.
    #[cfg_attr(feature = "schema", schemars(with = "u32"))]
    pub schema: Spanned<u32>,
    /// Name, the same as the file's.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub name: Name,
    /// What the call is for, in a sentence.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub purpose: Name,
    /// System turns after which we stop watching.
    #[serde(default = "default_max_turns")]
    #[cfg_attr(feature = "schema", schemars(with = "u16"))]
    pub max_turns: Spanned<u16>,
    /// The channel file that customers speak through; read by the simulator.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub channel: Option<Name>,
    /// Sub-processes of the library to take over, by name.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub include: Vec<Name>,
    /// What the robot can tell.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub topics: Vec<Name>,
    /// What the customer may ask.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub questions: Vec<Name>,
    /// Reasons to hesitate.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub concerns: Vec<Name>,
    /// What the customer may take or refuse.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub offers: Vec<Name>,
    /// Text messages or links the robot can send.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub messages: Vec<Name>,
    /// What the customer tells.
    #[serde(default)]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "std::collections::BTreeMap<String, SlotFile>")
    )]
    pub slots: OrderedMap<SlotFile>,
    /// The concern that "is this a scam?" raises.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub distrust: Option<Name>,
    /// The slot that holds the time of another call.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub callback: Option<Name>,
    /// Actions that reveal account details, and must not reach another person.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub private: Vec<Name>,
    /// What the robot can say: acts joined by `+`, and the words.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "std::collections::BTreeMap<String, String>")
    )]
    pub robot: OrderedMap<Name>,
    /// What customers say: an act, and words for it.
    #[serde(default)]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "std::collections::BTreeMap<String, Vec<String>>")
    )]
    pub customer: OrderedMap<Vec<Name>>,
    /// When an act makes sense; `X` stands for what it is about.
    #[serde(default)]
    #[cfg_attr(
        feature = "schema",
        schemars(
            with = "std::collections::BTreeMap<String, std::collections::BTreeMap<String, Vec<String>>>"
        )
    )]
    pub masks: OrderedMap<When>,
    /// Rules of conduct.
    #[serde(default)]
    pub rules: Vec<RuleFile>,
    /// What must hold for the call to be complete.
    #[serde(default)]
    pub completion: Vec<CompletionFile>,
    /// The reward by named terms.
    #[serde(default)]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<super::reward::RewardSpec>")
    )]
    pub reward: Option<Spanned<super::reward::RewardSpec>>,
    /// The hand-written flow: the first line that fits and is allowed decides.
    #[serde(default)]
    pub script: Vec<ScriptFile>,
    /// Who is called; read by the simulator.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<serde_json::Value>"))]
    pub population: Option<IgnoredAny>,
}

fn default_max_turns() -> Spanned<u16> {
    Spanned::new(0..0, 30)
}

/// A slot.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct SlotFile {
    /// Its values, if they are few and known; `["yes", "no"]` is answered by affirm and deny.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub values: Vec<Name>,
    /// Whether the value is a feature of its own, so that flows may branch on it.
    #[serde(default)]
    pub branch: bool,
}

/// A rule of conduct: where `when` holds, some actions are forbidden.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RuleFile {
    /// Name for reports.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub name: Name,
    /// Where it speaks.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "std::collections::BTreeMap<String, Vec<String>>")
    )]
    pub when: When,
    /// Actions it forbids; `offer(*)` means all of a kind, `private` all private ones.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub forbid: Vec<Name>,
    /// The only actions it leaves.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub only: Vec<Name>,
}

/// One completion condition.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct CompletionFile {
    /// True slot values for which it is needed; empty means always.
    #[serde(default)]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "std::collections::BTreeMap<String, String>")
    )]
    pub when: OrderedMap<Name>,
    /// `identified`, `told(topic)`, `known(slot)`, `settled(offer)`, `accepted(offer)`,
    /// `sent(message)`, `met(concern)`.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub need: Vec<Name>,
}

/// One line of the hand-written flow.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct ScriptFile {
    /// Where it applies; empty means always.
    #[serde(default)]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "std::collections::BTreeMap<String, Vec<String>>")
    )]
    pub when: When,
    /// The action to take.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub say: Option<Name>,
    /// Or the included sub-process whose lines stand here.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub run: Option<Name>,
}

/// A sub-process of the library: a part of a scenario that many scenarios share.
///
/// Of acts and features that it speaks of in rules and masks, those that the scenario lacks do not
/// count.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SubProcessFile {
    /// Version of this format; 1.
    pub schema: Spanned<u32>,
    /// What it is for, in a sentence.
    #[expect(dead_code, reason = "for people who read the file")]
    pub purpose: Name,
    /// Names, behind those of the scenario.
    #[serde(default)]
    pub topics: Vec<Name>,
    /// See `topics`.
    #[serde(default)]
    pub questions: Vec<Name>,
    /// See `topics`.
    #[serde(default)]
    pub concerns: Vec<Name>,
    /// See `topics`.
    #[serde(default)]
    pub offers: Vec<Name>,
    /// See `topics`.
    #[serde(default)]
    pub messages: Vec<Name>,
    /// Slots that the scenario does not define itself.
    #[serde(default)]
    pub slots: OrderedMap<SlotFile>,
    /// The concern that "is this a scam?" raises, unless the scenario names one.
    #[serde(default)]
    pub distrust: Option<Name>,
    /// The slot that holds the time of another call, unless the scenario names one.
    #[serde(default)]
    pub callback: Option<Name>,
    /// More actions that reveal account details.
    #[serde(default)]
    pub private: Vec<Name>,
    /// Actions and words that the scenario does not define itself.
    #[serde(default)]
    pub robot: OrderedMap<Name>,
    /// Customer acts and words that the scenario does not define itself.
    #[serde(default)]
    pub customer: OrderedMap<Vec<Name>>,
    /// Masks that the scenario does not define itself.
    #[serde(default)]
    pub masks: OrderedMap<When>,
    /// Rules of conduct, which every scenario that includes it inherits.
    #[serde(default)]
    pub rules: Vec<RuleFile>,
    /// The lines that stand where the scenario's script runs it.
    #[serde(default)]
    pub script: Vec<ScriptFile>,
    /// Shares for its names, unless the scenario has some; read by the simulator.
    #[serde(default)]
    #[expect(
        dead_code,
        reason = "the simulator reads this section from the same text"
    )]
    pub population: Option<IgnoredAny>,
}

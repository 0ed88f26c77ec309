//! The scenario file as it is written: one serde type per section, checked later in `compile`.

use std::ops::Range;

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
pub(super) type Levels = OrderedMap<Vec<Name>>;

/// Where something applies: all of some feature levels and, if there are any, one of several alternatives:
/// `{ identity = ["claimed"], any = [{ heard = ["abuse"] }, { misses = ["3+"] }] }`.
#[derive(Clone, Debug, Default)]
pub(super) struct When {
    /// What must hold together.
    pub all: Levels,
    /// Of these one must hold as well.
    pub any: Vec<Levels>,
    /// Where the alternatives stand.
    pub any_at: Range<usize>,
}

impl When {
    /// The first key, for messages.
    pub fn first(&self) -> Option<Range<usize>> {
        let key = self.all.0.first().map(|(key, _)| key.span());
        key.or((!self.any.is_empty()).then(|| self.any_at.clone()))
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = When;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("feature levels")
            }

            fn visit_map<M: serde::de::MapAccess<'de>>(self, mut map: M) -> Result<When, M::Error> {
                let mut when = When::default();
                while let Some(key) = map.next_key::<Name>()? {
                    if key.get_ref() == "any" {
                        when.any_at = key.span();
                        when.any = map.next_value()?;
                    } else {
                        when.all.0.push((key, map.next_value()?));
                    }
                }
                when.all.0.sort_by_key(|(key, _)| key.span().start);
                Ok(when)
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// What a [`When`] looks like to the JSON Schema.
#[cfg(feature = "schema")]
mod when_schema {
    use std::collections::BTreeMap;

    use schemars::JsonSchema;

    /// Levels by feature; `any` is a list of such tables, of which one must hold.
    #[derive(JsonSchema)]
    pub(in super::super) struct When {
        /// Of these one must hold as well.
        #[serde(default, rename = "any")]
        pub _any: Vec<BTreeMap<String, Vec<String>>>,
        #[serde(flatten)]
        pub _all: BTreeMap<String, Vec<String>>,
    }
}

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
    /// What is known of a caller before the call: a name, and the values it may have. That it is unknown is a value
    /// of its own and there by itself.
    #[serde(default)]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "std::collections::BTreeMap<String, Vec<String>>")
    )]
    pub caller: OrderedMap<Vec<Name>>,
    /// Slots whose answer a later call to the same customer knows from the one before.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub carry: Vec<Name>,
    /// What is counted over a call, up to `3+`.
    #[serde(default)]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "std::collections::BTreeMap<String, CounterFile>")
    )]
    pub counters: OrderedMap<CounterFile>,
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
        schemars(with = "std::collections::BTreeMap<String, when_schema::When>")
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
    /// What its values are: `choice` (one of `values`; the usual), `number`, `time`, `day` or `text`.
    #[serde(default, rename = "type")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub kind: Option<Name>,
    /// The values of a choice; `yes` and `no` among them are answered by affirm and deny. Of a text: examples, which
    /// simulated customers say.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub values: Vec<Name>,
    /// Whether several values may be told together, or none of them.
    #[serde(default)]
    pub many: bool,
    /// Least and most of a number, a time (`"08:00"`) or a day (`"14 days ago"`).
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Vec<serde_json::Value>>"))]
    pub range: Option<Spanned<Vec<Spanned<toml::Value>>>>,
    /// Distance of the values that simulated customers have: 1, for times 30 minutes, if it is left out.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub step: Option<Spanned<f64>>,
    /// What the policy sees of a number, a time or a day: `["1", "2-4", "5+"]`.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub bins: Vec<Name>,
    /// Whether the value of a choice is a feature of its own, so that flows may branch on it.
    #[serde(default)]
    pub branch: bool,
}

/// Something that is counted over a call: turns in which one of these was heard or said.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct CounterFile {
    /// Kinds of customer acts, as `abuse`, taken as said.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub heard: Vec<Name>,
    /// Actions of the robot, as in a rule's `forbid`.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub said: Vec<Name>,
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
    #[cfg_attr(feature = "schema", schemars(with = "when_schema::When"))]
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
    /// True slot values for which it is needed, one or a list for each slot; empty means always.
    #[serde(default)]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "std::collections::BTreeMap<String, serde_json::Value>")
    )]
    pub when: OrderedMap<Spanned<OneOrMany>>,
    /// `identified`, `told(topic)`, `known(slot)`, `settled(offer)`, `accepted(offer)`,
    /// `sent(message)`, `met(concern)`.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub need: Vec<Name>,
    /// What it is worth by itself, in reward units, when the call ends and it holds; such an item is no condition of
    /// completion.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub worth: Option<Spanned<f64>>,
}

/// A text, or a list of texts.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    /// Alone.
    One(String),
    /// Any of these.
    Many(Vec<String>),
}

impl OneOrMany {
    /// Every one of them.
    pub fn list(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(list) => list,
        }
    }
}

/// One line of the hand-written flow.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct ScriptFile {
    /// Where it applies; empty means always.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "when_schema::When"))]
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
    /// Counters that the scenario does not define itself.
    #[serde(default)]
    pub counters: OrderedMap<CounterFile>,
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

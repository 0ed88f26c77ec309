//! The `[population]` section as it is written; checked in `check`.

use offhook_env::diagnostic::{OrderedMap, Source};
use offhook_env::scenario::ScenarioText;
use serde::Deserialize;
use toml::Spanned;

/// A scenario file of which only one section is looked at; the others were checked before.
#[derive(Debug, Deserialize)]
pub(super) struct Root {
    pub population: Option<PopulationFile>,
}

/// A sub-process of which only the shares for its own names are looked at.
#[derive(Debug, Deserialize)]
pub(super) struct SubProcessRoot {
    #[serde(default)]
    pub population: SubProcessShares,
}

/// Shares that a sub-process brings along for its names; those of the scenario win.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SubProcessShares {
    /// See [`PopulationFile::slots`].
    #[serde(default)]
    pub slots: OrderedMap<Shares>,
    /// See [`PopulationFile::questions`].
    #[serde(default)]
    pub questions: Shares,
    /// See [`PopulationFile::early_questions`].
    #[serde(default)]
    pub early_questions: Vec<Spanned<String>>,
    /// See [`PopulationFile::concerns`].
    #[serde(default)]
    pub concerns: Shares,
    /// See [`PopulationFile::offers`].
    #[serde(default)]
    pub offers: Shares,
}

/// The section with the shares that included sub-processes bring along.
pub(super) fn read(text: &ScenarioText) -> (Source<'_>, Option<PopulationFile>) {
    let (mut source, library) = text.source();
    let mut parsed = source.parse::<Root>().and_then(|root| root.population);
    for (_, number) in library {
        let shares = source.parse_part::<SubProcessRoot>(number);
        if let (Some(section), Some(shares)) = (&mut parsed, shares) {
            section.add_missing(shares.population);
        }
    }
    (source, parsed)
}

/// The JSON Schema of the `[population]` section.
#[cfg(feature = "schema")]
pub(crate) fn schema() -> serde_json::Value {
    schemars::schema_for!(PopulationFile).to_value()
}

impl PopulationFile {
    /// Takes over the shares of a sub-process for names that have none yet.
    pub(super) fn add_missing(&mut self, more: SubProcessShares) {
        self.slots.add_missing(more.slots);
        self.questions.add_missing(more.questions);
        self.early_questions.extend(more.early_questions);
        self.concerns.add_missing(more.concerns);
        self.offers.add_missing(more.offers);
    }
}

/// Shares by name.
pub(super) type Shares = OrderedMap<Spanned<f64>>;

/// Who is called.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct PopulationFile {
    /// Share of calls answered by a person that reach the person called.
    #[cfg_attr(feature = "schema", schemars(with = "f64"))]
    pub right_person: Spanned<f64>,
    /// Share of calls that a recorder answers.
    #[serde(default = "zero")]
    #[cfg_attr(feature = "schema", schemars(with = "f64"))]
    pub voicemail: Spanned<f64>,
    /// Share of calls that a screening robot answers first, apart from those of a recorder.
    #[serde(default = "zero")]
    #[cfg_attr(feature = "schema", schemars(with = "f64"))]
    pub screening: Spanned<f64>,
    /// Share of them who have no time.
    #[serde(default = "zero")]
    #[cfg_attr(feature = "schema", schemars(with = "f64"))]
    pub busy: Spanned<f64>,
    /// Share of them who are driving, apart from the busy ones.
    #[serde(default = "zero")]
    #[cfg_attr(feature = "schema", schemars(with = "f64"))]
    pub driving: Spanned<f64>,
    /// Share of them who want to speak to a human.
    #[serde(default = "zero")]
    #[cfg_attr(feature = "schema", schemars(with = "f64"))]
    pub wants_human: Spanned<f64>,
    /// Share of all who do not want to be called, apart from those who want a human.
    #[serde(default = "zero")]
    #[cfg_attr(feature = "schema", schemars(with = "f64"))]
    pub wants_opt_out: Spanned<f64>,
    /// Unpleasant turns a customer bears; normal, cut off below 1.
    #[cfg_attr(feature = "schema", schemars(with = "Normal"))]
    pub patience: Spanned<Normal>,
    /// Faith in the caller; a Beta distribution.
    #[cfg_attr(feature = "schema", schemars(with = "Beta"))]
    pub trust: Spanned<Beta>,
    /// Readiness to say more than needed; a Beta distribution.
    #[cfg_attr(feature = "schema", schemars(with = "Beta"))]
    pub talkativeness: Spanned<Beta>,
    /// Share of persons who do not speak the robot's language well: they catch less, and are hard
    /// to understand.
    #[serde(default = "zero")]
    #[cfg_attr(feature = "schema", schemars(with = "f64"))]
    pub language_difficulty: Spanned<f64>,
    /// Shares of those easy, average and hard to understand.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<f64>"))]
    pub difficulty: Spanned<Vec<Spanned<f64>>>,
    /// Shares of the values of every slot.
    #[serde(default)]
    #[cfg_attr(
        feature = "schema",
        schemars(
            with = "std::collections::BTreeMap<String, std::collections::BTreeMap<String, f64>>"
        )
    )]
    pub slots: OrderedMap<Shares>,
    /// Share of customers with each question.
    #[serde(default)]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "std::collections::BTreeMap<String, f64>")
    )]
    pub questions: Shares,
    /// Questions that make sense before the purpose was stated; another person asks only these.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub early_questions: Vec<Spanned<String>>,
    /// Share of customers with each concern.
    #[serde(default)]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "std::collections::BTreeMap<String, f64>")
    )]
    pub concerns: Shares,
    /// Share of customers who would take each offer.
    #[serde(default)]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "std::collections::BTreeMap<String, f64>")
    )]
    pub offers: Shares,
    /// Shares of the values of every caller feature; what is left of 1 is `unknown`.
    #[serde(default)]
    #[cfg_attr(
        feature = "schema",
        schemars(
            with = "std::collections::BTreeMap<String, std::collections::BTreeMap<String, f64>>"
        )
    )]
    pub caller: OrderedMap<Shares>,
    /// Share of the slots under `carry` whose answer an earlier call has recorded.
    #[serde(default = "zero")]
    #[cfg_attr(feature = "schema", schemars(with = "f64"))]
    pub carried: Spanned<f64>,
    /// Who differs from all others, and in what: the last segment that a customer belongs to counts.
    #[serde(default)]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "std::collections::BTreeMap<String, SegmentFile>")
    )]
    pub segments: OrderedMap<SegmentFile>,
}

/// Customers who differ from others: shares and traits that hold for them instead.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct SegmentFile {
    /// Who belongs to it: values of caller features (`caller.region`), slots (`slot.fever`) and concerns
    /// (`concern.cost`: `yes` or `no`), all together.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "std::collections::BTreeMap<String, Vec<String>>")
    )]
    pub when: OrderedMap<Vec<Spanned<String>>>,
    /// See [`PopulationFile::right_person`].
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub right_person: Option<Spanned<f64>>,
    /// See [`PopulationFile::voicemail`].
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub voicemail: Option<Spanned<f64>>,
    /// See [`PopulationFile::screening`].
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub screening: Option<Spanned<f64>>,
    /// See [`PopulationFile::busy`].
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub busy: Option<Spanned<f64>>,
    /// See [`PopulationFile::driving`].
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub driving: Option<Spanned<f64>>,
    /// See [`PopulationFile::wants_human`].
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub wants_human: Option<Spanned<f64>>,
    /// See [`PopulationFile::wants_opt_out`].
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub wants_opt_out: Option<Spanned<f64>>,
    /// See [`PopulationFile::patience`].
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Normal>"))]
    pub patience: Option<Spanned<Normal>>,
    /// See [`PopulationFile::trust`].
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Beta>"))]
    pub trust: Option<Spanned<Beta>>,
    /// See [`PopulationFile::talkativeness`].
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Beta>"))]
    pub talkativeness: Option<Spanned<Beta>>,
    /// See [`PopulationFile::language_difficulty`].
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub language_difficulty: Option<Spanned<f64>>,
    /// See [`PopulationFile::difficulty`].
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Vec<f64>>"))]
    pub difficulty: Option<Spanned<Vec<Spanned<f64>>>>,
    /// See [`PopulationFile::slots`]; of each slot named, all shares. None at all: they have no value.
    #[serde(default)]
    #[cfg_attr(
        feature = "schema",
        schemars(
            with = "std::collections::BTreeMap<String, std::collections::BTreeMap<String, f64>>"
        )
    )]
    pub slots: OrderedMap<Shares>,
    /// See [`PopulationFile::questions`].
    #[serde(default)]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "std::collections::BTreeMap<String, f64>")
    )]
    pub questions: Shares,
    /// See [`PopulationFile::concerns`].
    #[serde(default)]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "std::collections::BTreeMap<String, f64>")
    )]
    pub concerns: Shares,
    /// See [`PopulationFile::offers`].
    #[serde(default)]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "std::collections::BTreeMap<String, f64>")
    )]
    pub offers: Shares,
    /// See [`PopulationFile::caller`].
    #[serde(default)]
    #[cfg_attr(
        feature = "schema",
        schemars(
            with = "std::collections::BTreeMap<String, std::collections::BTreeMap<String, f64>>"
        )
    )]
    pub caller: OrderedMap<Shares>,
    /// See [`PopulationFile::carried`].
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub carried: Option<Spanned<f64>>,
}

/// A normal distribution.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Normal {
    pub mean: f64,
    pub sd: f64,
}

/// A Beta distribution.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Beta {
    pub alpha: f64,
    pub beta: f64,
}

fn zero() -> Spanned<f64> {
    Spanned::new(0..0, 0.0)
}

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

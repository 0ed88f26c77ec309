//! The `[population]` section as it is written; checked in `check`.

use offhook_env::diagnostic::Ordered;
use serde::Deserialize;
use toml::Spanned;

/// A scenario file of which only one section is looked at; the others were checked before.
#[derive(Debug, Deserialize)]
pub(super) struct Root {
    pub population: Option<PopulationFile>,
}

/// Shares by name.
pub(super) type Shares = Ordered<Spanned<f64>>;

/// Who is called.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PopulationFile {
    /// Share of calls answered by a person that reach the person called.
    pub right_person: Spanned<f64>,
    /// Share of calls that a recorder answers.
    #[serde(default = "zero")]
    pub voicemail: Spanned<f64>,
    /// Share of calls that a screening robot answers first, apart from those of a recorder.
    #[serde(default = "zero")]
    pub screening: Spanned<f64>,
    /// Share of them who have no time.
    #[serde(default = "zero")]
    pub busy: Spanned<f64>,
    /// Share of them who are driving, apart from the busy ones.
    #[serde(default = "zero")]
    pub driving: Spanned<f64>,
    /// Share of them who want to speak to a human.
    #[serde(default = "zero")]
    pub wants_human: Spanned<f64>,
    /// Share of all who do not want to be called, apart from those who want a human.
    #[serde(default = "zero")]
    pub wants_opt_out: Spanned<f64>,
    /// Unpleasant turns a customer bears; normal, cut off below 1.
    pub patience: Spanned<Normal>,
    /// Faith in the caller; a Beta distribution.
    pub trust: Spanned<Beta>,
    /// Readiness to say more than needed; a Beta distribution.
    pub talkativeness: Spanned<Beta>,
    /// Share of persons who do not speak the robot's language well: they catch less, and are hard
    /// to understand.
    #[serde(default = "zero")]
    pub language_difficulty: Spanned<f64>,
    /// Shares of those easy, average and hard to understand.
    pub difficulty: Spanned<Vec<Spanned<f64>>>,
    /// Shares of the values of every slot.
    #[serde(default)]
    pub slots: Ordered<Shares>,
    /// Share of customers with each question.
    #[serde(default)]
    pub questions: Shares,
    /// Questions that make sense before the purpose was stated; another person asks only these.
    #[serde(default)]
    pub early_questions: Vec<Spanned<String>>,
    /// Share of customers with each concern.
    #[serde(default)]
    pub concerns: Shares,
    /// Share of customers who would take each offer.
    #[serde(default)]
    pub offers: Shares,
}

/// A normal distribution.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Normal {
    pub mean: f64,
    pub sd: f64,
}

/// A Beta distribution.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Beta {
    pub alpha: f64,
    pub beta: f64,
}

fn zero() -> Spanned<f64> {
    Spanned::new(0..0, 0.0)
}

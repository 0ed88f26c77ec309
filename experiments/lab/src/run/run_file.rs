//! Every file at the top of a run directory, by name.

/// Everything at the top of a run directory. `--force` removes these and nothing else, and a run can write no
/// other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunFile {
    /// What went in, when and where, and the hash of every file.
    Manifest,
    /// The config as it was run.
    Config,
    /// The scenario.
    Scenario,
    /// Folder of the sub-processes that the scenario includes.
    Library,
    /// The line between customer and robot; absent where it is perfect.
    Channel,
    /// The tables of a calibrated tracker; absent where it is the focus tracker.
    Tracker,
    /// Folder of what every seed has learned, stage by stage.
    Checkpoints,
    /// Every measured number.
    Metrics,
    /// Key figures with intervals.
    Summary,
    /// Every held-out call of every policy, for comparisons.
    HeldOut,
    /// What a clone mixes up.
    Confusions,
    /// The learning curve: its numbers.
    CurveCsv,
    /// The learning curve.
    CurveSvg,
    /// The same as an image.
    CurvePng,
    /// The exported network.
    Policy,
    /// The exported table.
    Table,
    /// The same for a spreadsheet.
    TableCsv,
    /// All of it as a page.
    Report,
}

impl RunFile {
    /// Every one.
    pub const ALL: [Self; 18] = [
        Self::Manifest,
        Self::Config,
        Self::Scenario,
        Self::Library,
        Self::Channel,
        Self::Tracker,
        Self::Checkpoints,
        Self::Metrics,
        Self::Summary,
        Self::HeldOut,
        Self::Confusions,
        Self::CurveCsv,
        Self::CurveSvg,
        Self::CurvePng,
        Self::Policy,
        Self::Table,
        Self::TableCsv,
        Self::Report,
    ];

    /// Its name in the run directory.
    pub fn name(self) -> &'static str {
        match self {
            Self::Manifest => "manifest.json",
            Self::Config => "config.toml",
            Self::Scenario => "scenario.toml",
            Self::Library => "library",
            Self::Channel => "channel.toml",
            Self::Tracker => "tracker.json",
            Self::Checkpoints => "checkpoints",
            Self::Metrics => "metrics.csv",
            Self::Summary => "summary.csv",
            Self::HeldOut => "held_out.csv.zst",
            Self::Confusions => "confusions.csv",
            Self::CurveCsv => "curve.csv",
            Self::CurveSvg => "curve.svg",
            Self::CurvePng => "curve.png",
            Self::Policy => "policy.safetensors",
            Self::Table => "table.json",
            Self::TableCsv => "table.csv",
            Self::Report => "report.html",
        }
    }

    /// Whether a file or folder of that name is one of them.
    pub(super) fn is(name: &str) -> bool {
        Self::ALL.iter().any(|file| file.name() == name)
    }
}

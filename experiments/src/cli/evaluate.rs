//! The command line of `offhook evaluate`.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use offhook_lab::key_figure::{KEY_FIGURES, KeyFigure};
use offhook_simulator::user::UserModelName;

use super::call::CallArgs;

/// `offhook evaluate`
#[derive(Debug, Args)]
#[command(mut_arg("calls", |arg| arg.help("Calls to play for each policy, scenario and user model")))]
pub struct EvaluateArgs {
    /// Policies (`random`, `script`, `belief`, `privileged`, `belief=POLICY`, `privileged=POLICY`, run directories, checkpoints, tables) and scenarios (names of
    /// bundled ones, `.toml` files), in any order; without a scenario, the own ones of the runs.
    #[arg(required = true, num_args = 1.., value_names = ["POLICY", "SCENARIO"])]
    pub names: Vec<String>,
    /// Who answers, as `simulate --user-model` names them.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "agenda,bigram,replay,adversarial",
        value_name = "MODEL"
    )]
    pub user_models: Vec<UserModelName>,
    /// Which calls to play.
    #[command(flatten)]
    pub calls: CallArgs,
    /// The key figure that policies are ranked by.
    #[arg(long, default_value = "completion", value_parser = key_figure())]
    pub metric: &'static KeyFigure,
    /// Also show every figure by this caller feature, such as `region`, and differences to the first policy.
    #[arg(long, value_name = "FEATURE")]
    pub by: Option<String>,
    /// Print the key figures as JSON lines.
    #[arg(long)]
    pub json: bool,
}

/// One of the key figures, by name.
fn key_figure() -> impl TypedValueParser<Value = &'static KeyFigure> {
    PossibleValuesParser::new(KEY_FIGURES.iter().map(|figure| figure.name))
        .map(|name| KeyFigure::named(&name))
}

//! `offhook scenario graph`: the flow of played or logged calls as a drawing.

use offhook_lab::disk::atomic;
use offhook_lab::error::Failure;
use offhook_lab::play::Player;
use offhook_lab::policies::PolicySource;
use offhook_lab::scenario::flow::Flow;
use offhook_report::scenario::graph::{GraphStyle, draw};
use offhook_simulator::world;

use crate::cli::GraphArgs;
use crate::terminal::{out, outln};

/// Runs the command.
///
/// # Errors
/// If scenario, policy or log cannot be loaded, or the file not be written.
pub fn run(args: &GraphArgs) -> Result<(), Failure> {
    if let Some(path) = &args.out {
        atomic::check_free(path, args.force)?;
    }
    let (policy, seed) = (&args.policy, args.seed);
    let (flow, source) = match &args.log {
        Some(path) => {
            let (scenario, _) = world::load_scenario(&args.scenario, None)?;
            let flow = Flow::of_log(path, &scenario.name)?;
            (flow, format!("calls of {}", path.display()))
        }
        None => {
            let loaded = world::load(&args.scenario, None)?;
            let source = PolicySource::open(policy)?;
            let (chosen, choice) = source.for_scenario(&loaded.world.scenario)?;
            let filter = source.filter(&loaded)?;
            let player = Player {
                policy: &*chosen,
                filter: filter.as_ref(),
            };
            let flow = Flow::of_policy(&loaded.world, player, choice, args.calls, seed);
            let source = format!("simulated calls, policy {policy}, seed {seed}");
            (flow, source)
        }
    };
    let style = GraphStyle {
        title: &args.scenario,
        source: &source,
        min_share: args.min_share,
    };
    let text = draw(&flow, style, args.format)?;
    match &args.out {
        None => out!("{text}"),
        Some(path) => {
            atomic::write(path, text.as_bytes())?;
            outln!("written to {}", path.display());
        }
    }
    Ok(())
}

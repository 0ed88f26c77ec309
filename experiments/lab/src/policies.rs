//! Policies by name: `random`, `script`, `belief`, `privileged`, a run directory, a checkpoint, or a table.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use offhook_env::action::ActionId;
use offhook_env::call::privileged::HiddenFeatures;
use offhook_env::policy::{Observation, Policy, RandomPolicy};
use offhook_env::scenario::Scenario;
use offhook_policy::checkpoint::Checkpoint;
use offhook_policy::learner::config::policy_of;
use offhook_simulator::belief::{FilterConfig, ParticleFilter};
use offhook_simulator::world::LoadedScenario;
use offhook_table::DecisionTable;
pub use offhook_table::agent::layout_of as table_layout;
use offhook_table::agent::{act, prove};
use offhook_table::format::MAX_BYTES;

use crate::disk::{atomic, release_file};
use crate::error::Failure;
use crate::play::Choice;
use crate::run::stored;

/// The network of a run directory.
const NETWORK: &str = "policy.safetensors";

/// A policy that was read but not yet put into a scenario.
pub enum PolicySource {
    /// Draws among the allowed actions.
    Random,
    /// The scenario's hand-written flow.
    Script,
    /// Plans ahead with the hidden customer in view, and then goes on as the policy within.
    Privileged(Box<PolicySource>),
    /// Plans ahead with the customers in view who may be on the line, and then goes on as the policy within.
    Belief(Box<PolicySource>),
    /// A network; the path is for messages.
    Network(PathBuf, Box<Checkpoint>),
    /// A network that draws its actions.
    Sampled(PathBuf, Box<Checkpoint>),
    /// A table, alone or of a release.
    Table(Box<DecisionTable>),
}

/// Whether `name` is that of a policy and not of a file: `random`, `script`, `belief`,
/// `belief=...`, `privileged`, `privileged=...`, `sampled=...`.
pub fn is_built_in(name: &str) -> bool {
    matches!(name, "random" | "script" | "belief" | "privileged")
        || stored::MARKS.iter().any(|mark| name.starts_with(mark))
}

/// A policy by name, and how it chooses: `random` draws, `privileged` and `belief` plan ahead with the script, or
/// with another policy after `privileged=` or `belief=`, networks after `sampled=` draw, all others take their
/// best action.
///
/// # Errors
/// If there is no such policy, or it was made for another scenario.
pub fn find(name: &str, scenario: &Scenario) -> Result<(Arc<dyn Policy>, Choice), Failure> {
    PolicySource::open(name)?.for_scenario(scenario)
}

/// Whether a policy by name is a table or a network whose codes come from the focus tracker.
///
/// # Errors
/// As [`PolicySource::open`].
pub fn is_of_focus(name: &str) -> Result<bool, Failure> {
    Ok(PolicySource::open(name)?.is_of_focus())
}

impl PolicySource {
    fn is_of_focus(&self) -> bool {
        match self {
            Self::Random | Self::Script => false,
            Self::Privileged(base) | Self::Belief(base) => base.is_of_focus(),
            Self::Network(_, network) | Self::Sampled(_, network) => {
                network.layout.tracker.is_none()
            }
            Self::Table(table) => table.layout().tracker().is_none(),
        }
    }

    /// Reads a policy by name.
    ///
    /// # Errors
    /// If there is no such policy, or its file is none.
    pub fn open(name: &str) -> Result<Self, Failure> {
        match name {
            "random" => return Ok(Self::Random),
            "script" => return Ok(Self::Script),
            "privileged" => return Ok(Self::Privileged(Box::new(Self::Script))),
            "belief" => return Ok(Self::Belief(Box::new(Self::Script))),
            _ => {}
        }
        if let Some(base) = name.strip_prefix("belief=") {
            return Ok(Self::Belief(Box::new(Self::open(base)?)));
        }
        if let Some(base) = name.strip_prefix("privileged=") {
            return Ok(Self::Privileged(Box::new(Self::open(base)?)));
        }
        if let Some(network) = name.strip_prefix("sampled=") {
            let path = Path::new(network);
            let path = match path.is_dir() {
                true => path.join(NETWORK),
                false => path.to_owned(),
            };
            let checkpoint = open_checkpoint(&path)?;
            return Ok(Self::Sampled(path, Box::new(checkpoint)));
        }
        let path = Path::new(name);
        // A run that clones a log ends with a network, not with a table.
        let network = path.join(NETWORK);
        if !path.join("table.json").exists() && network.exists() {
            let checkpoint = open_checkpoint(&network)?;
            return Ok(Self::Network(network, Box::new(checkpoint)));
        }
        if !path.exists() {
            return Err(Failure::usage(format!(
                "no policy '{name}': expected random, script, belief, privileged, a run directory, a checkpoint, a table or a release"
            )));
        }
        if path
            .extension()
            .is_some_and(|ending| ending == "safetensors")
        {
            return Ok(Self::Network(
                path.to_owned(),
                Box::new(open_checkpoint(path)?),
            ));
        }
        Ok(Self::Table(Box::new(open_table(path)?)))
    }

    /// Whether the table that plays is proved for the scenario; `None` where no table does.
    ///
    /// # Errors
    /// If it was made for another scenario.
    pub fn is_proved(&self, scenario: &Scenario) -> Result<Option<bool>, Failure> {
        match self {
            Self::Table(table) => Ok(Some(prove(table, scenario)?.ok())),
            Self::Privileged(base) | Self::Belief(base) => base.is_proved(scenario),
            Self::Random | Self::Script | Self::Network(..) | Self::Sampled(..) => Ok(None),
        }
    }

    /// Who may be on the line in a scenario, for a policy that supposes customers. Whatever `loaded` was varied to and
    /// whoever answers there: agenda customers on the scenario's own line.
    ///
    /// # Errors
    /// If population or line cannot be read again.
    pub fn filter(&self, loaded: &LoadedScenario) -> Result<Option<ParticleFilter>, Failure> {
        Ok(match self {
            Self::Belief(_) => Some(ParticleFilter::of(loaded, FilterConfig::default())?),
            Self::Random
            | Self::Script
            | Self::Privileged(_)
            | Self::Network(..)
            | Self::Sampled(..)
            | Self::Table(_) => None,
        })
    }

    /// The policy in a scenario, and how it chooses.
    ///
    /// # Errors
    /// If it was made for another scenario.
    pub fn for_scenario(&self, scenario: &Scenario) -> Result<(Arc<dyn Policy>, Choice), Failure> {
        Ok(match self {
            Self::Random => (Arc::new(RandomPolicy), Choice::Sample),
            Self::Script => (Arc::new(scenario.script()), Choice::Best),
            Self::Privileged(base) => (base.for_scenario(scenario)?.0, Choice::Plan),
            Self::Belief(base) => match base.for_scenario(scenario)? {
                (policy, Choice::Best | Choice::Sample) => (policy, Choice::Believe),
                (_, Choice::Plan | Choice::Believe | Choice::Told) => {
                    return Err(Failure::usage(
                        "what goes on after belief= must see what a robot sees, and not plan itself",
                    ));
                }
            },
            Self::Network(path, checkpoint) => {
                let layout = &checkpoint.layout;
                let told = layout.n_observed() < layout.n_features();
                let choice = if told { Choice::Told } else { Choice::Best };
                (network(path, checkpoint, scenario)?, choice)
            }
            Self::Sampled(path, checkpoint) => {
                (network(path, checkpoint, scenario)?, Choice::Sample)
            }
            Self::Table(table) => (
                Arc::new(TablePolicy::new((**table).clone(), scenario)?),
                Choice::Best,
            ),
        })
    }
}

/// Reads a table file of any format that reads back, or the table of a run directory or of a release.
///
/// # Errors
/// If it cannot be read, or is no sound table.
pub fn open_table(path: &Path) -> Result<DecisionTable, Failure> {
    let file = table_file(path)?;
    table_of(&file, &read_table(&file)?)
}

/// The table file that is meant: of a run directory its `table.json`.
///
/// # Errors
/// If a directory has none.
pub fn table_file(path: &Path) -> Result<PathBuf, Failure> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let file = path.join("table.json");
    if !file.exists() {
        return Err(Failure::failed(format!(
            "'{}' has no table.json, expected a table file or the directory of a run with [distill]",
            path.display()
        )));
    }
    Ok(file)
}

/// The bytes of a table file, and no more than one byte too many.
///
/// # Errors
/// If it cannot be read, or was changed since a run has written it.
pub fn read_table(file: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = atomic::read(file, MAX_BYTES as u64 + 1)?;
    stored::check_written(file, &bytes)?;
    Ok(bytes)
}

/// The table that a file holds.
///
/// # Errors
/// If it is no sound table, or a release that does not hold; the file is named.
pub fn table_of(file: &Path, bytes: &[u8]) -> Result<DecisionTable, Failure> {
    if let Some(release) = release_file::of_bytes(file, bytes)? {
        return Ok(release.table().clone());
    }
    DecisionTable::from_bytes(bytes)
        .map_err(|e| Failure::failed(format!("'{}': {e}", file.display())))
}

/// Most bytes of a checkpoint, most of which are a replay buffer.
const MAX_CHECKPOINT: u64 = 1 << 30;

fn open_checkpoint(path: &Path) -> Result<Checkpoint, Failure> {
    let place = |e: &dyn std::fmt::Display| Failure::failed(format!("'{}': {e}", path.display()));
    let bytes = atomic::read(path, MAX_CHECKPOINT + 1)?;
    if bytes.len() as u64 > MAX_CHECKPOINT {
        return Err(place(&format!(
            "more than {MAX_CHECKPOINT} bytes; is it a checkpoint?"
        )));
    }
    stored::check_written(path, &bytes)?;
    Checkpoint::from_bytes(&bytes).map_err(|e| place(&e))
}

fn network(
    path: &Path,
    checkpoint: &Checkpoint,
    scenario: &Scenario,
) -> Result<Arc<dyn Policy>, Failure> {
    let place = |e| Failure::failed(format!("'{}': {e}", path.display()));
    let found = &checkpoint.layout;
    let checked = match found.n_observed() < found.n_features() {
        true => checkpoint.check_layout(HiddenFeatures::new(scenario).layout()),
        false => checkpoint.check_layout(&scenario.layout),
    };
    checked.map_err(place)?;
    policy_of(checkpoint).map_err(place)
}

/// A policy that always takes its best action, with probability 1.
pub struct Greedy(pub Arc<dyn Policy>);

impl Policy for Greedy {
    fn probabilities(&self, observation: Observation<'_>, out: &mut [f32]) {
        out.fill(0.0);
        out[self.0.best(observation, out.len()) as usize] = 1.0;
    }

    fn is_held_back(&self, observation: Observation<'_>) -> bool {
        self.0.is_held_back(observation)
    }
}

/// A policy that draws any allowed action in a share of the turns (epsilon-greedy exploration).
pub struct Exploring {
    policy: Arc<dyn Policy>,
    share: f32,
}

impl Exploring {
    /// `policy`, which chooses as `choice` says, drawing any allowed action in `share` of the turns.
    ///
    /// # Errors
    /// If it is a planner, whose choices no observation explains.
    pub fn new(policy: Arc<dyn Policy>, choice: Choice, share: f64) -> Result<Self, Failure> {
        let policy = match choice {
            Choice::Sample => policy,
            Choice::Best => Arc::new(Greedy(policy)),
            Choice::Plan | Choice::Believe | Choice::Told => {
                return Err(Failure::usage(
                    "--explore is for policies that see what a robot sees, not for belief and privileged",
                ));
            }
        };
        let share = share as f32;
        Ok(Self { policy, share })
    }
}

impl Policy for Exploring {
    fn probabilities(&self, observation: Observation<'_>, out: &mut [f32]) {
        self.policy.probabilities(observation, out);
        let any = self.share / observation.mask.count() as f32;
        out.iter_mut().for_each(|prob| *prob *= 1.0 - self.share);
        for action in observation.mask.iter() {
            out[action as usize] += any;
        }
    }

    fn is_held_back(&self, observation: Observation<'_>) -> bool {
        self.policy.is_held_back(observation)
    }
}

/// A decision table as a policy; what it may not do here it does not do.
pub struct TablePolicy {
    table: DecisionTable,
}

impl TablePolicy {
    /// A table that was made for this scenario's layout.
    ///
    /// # Errors
    /// If features, levels or actions differ; both sides are named.
    pub fn new(table: DecisionTable, scenario: &Scenario) -> Result<Self, Failure> {
        table.check_built_for(&scenario.name, &table_layout(scenario)?)?;
        Ok(Self { table })
    }
}

impl Policy for TablePolicy {
    fn probabilities(&self, observation: Observation<'_>, out: &mut [f32]) {
        out.fill(0.0);
        out[self.best(observation, out.len()) as usize] = 1.0;
    }

    fn best(&self, observation: Observation<'_>, _n_actions: usize) -> ActionId {
        act(&self.table, observation).action
    }

    fn is_held_back(&self, observation: Observation<'_>) -> bool {
        let chosen = self.table.decide(observation.codes).action;
        !observation.mask.allows(chosen)
    }
}

//! Putting scenario, customers and channel together; the one place where they are introduced.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use offhook_env::call::World;
use offhook_env::call::customer::{Channel, PerfectChannel};
use offhook_env::diagnostic::Text;
use offhook_env::scenario::{Scenario, ScenarioText};
use offhook_simulator::channel::{ChannelModel, ConfusionChannel};
use offhook_simulator::population::Population;
use offhook_simulator::user::{AgendaCustomers, UserModel};
use offhook_simulator::variation::Variation;

use crate::bundled;
use crate::error::Failure;
use crate::manifest::sha256;

/// The world of calls with any user model: the one that the whole program uses.
pub type CallWorld = World<UserModel>;

/// A scenario with everyone in it, and the hashes of the files it came from.
pub struct Loaded {
    /// The calls' world, with agenda customers; `user_models` puts others in.
    pub world: Arc<CallWorld>,
    /// The same customers, for user models that draw their persons alike.
    pub people: AgendaCustomers,
    /// SHA-256 of each file by its role: `scenario`, `library/<name>`, `channel`.
    pub inputs: BTreeMap<String, String>,
    /// The scenario's texts.
    pub text: ScenarioText,
}

impl Loaded {
    /// The same calls, but each varies around the population and the line.
    ///
    /// # Errors
    /// A range out of bounds, or a scenario whose line cannot be noisier.
    pub fn varied(&self, variation: Variation) -> Result<Arc<CallWorld>, Failure> {
        variation.check().map_err(Failure::failed)?;
        let scenario = self.world.scenario.clone();
        let channel = match channel_text(&scenario, &self.text.main.file)? {
            Some(text) => {
                let model = ChannelModel::parse(&text.file, &text.text)?;
                Arc::new(ConfusionChannel::varied(&model, &scenario)) as Arc<dyn Channel>
            }
            None if variation.noise == [0.0; 2] => self.world.channel.clone(),
            None => {
                let message = "speaks through a perfect channel, which cannot be noisier";
                return Err(Failure::failed(format!("`{}` {message}", scenario.name)));
            }
        };
        let people = self.people.clone().varied(variation);
        Ok(Arc::new(World {
            scenario,
            customers: UserModel::Agenda(people),
            channel,
        }))
    }

    /// The same with noise on the line that is the same for all calls, for every user model; 0 for
    /// none.
    ///
    /// # Errors
    /// As [`varied`](Self::varied).
    pub fn with_noise(mut self, noise: f32) -> Result<Self, Failure> {
        if noise == 0.0 {
            return Ok(self);
        }
        let variation = Variation::noise(noise);
        self.world = self.varied(variation)?;
        self.people = self.people.varied(variation);
        Ok(self)
    }
}

/// Reads a scenario alone, for work on logs.
///
/// # Errors
/// If there is no such file, or every mistake in it.
pub fn load_scenario(
    name: &str,
    base: Option<&Path>,
) -> Result<(Arc<Scenario>, ScenarioText), Failure> {
    let text = bundled::scenario(name, base)?;
    let scenario = Scenario::parse(&text)?;
    Ok((Arc::new(scenario), text))
}

/// SHA-256 of a scenario's texts by their role: `scenario`, `library/<name>`.
pub fn hashes(text: &ScenarioText) -> BTreeMap<String, String> {
    let hash = |role: String, text: &Text| (role, sha256(text.text.as_bytes()));
    let library = text.library.iter();
    std::iter::once(hash("scenario".to_owned(), &text.main))
        .chain(library.map(|(name, part)| hash(format!("library/{name}"), part)))
        .collect()
}

/// Reads a scenario with its population and channel.
///
/// # Errors
/// If a file is missing, or every mistake in one.
pub fn load(name: &str, base: Option<&Path>) -> Result<Loaded, Failure> {
    build(bundled::scenario(name, base)?)
}

/// Puts the world together from a scenario's texts.
///
/// # Errors
/// As [`load`].
pub fn build(text: ScenarioText) -> Result<Loaded, Failure> {
    let scenario = Arc::new(Scenario::parse(&text)?);
    let population = Population::parse(&text, &scenario)?;
    let mut inputs = hashes(&text);
    let (channel, file) = channel(&scenario, &text.main.file)?;
    inputs.extend(file.map(|file| ("channel".to_owned(), sha256(file.text.as_bytes()))));
    let people = AgendaCustomers::new(population, &scenario);
    Ok(Loaded {
        world: Arc::new(World {
            scenario,
            customers: UserModel::Agenda(people.clone()),
            channel,
        }),
        people,
        inputs,
        text,
    })
}

/// The channel that a scenario names, and the file it stands in; `file` is the scenario's own.
///
/// # Errors
/// If there is no such file, or every mistake in it.
pub fn channel(
    scenario: &Scenario,
    file: &str,
) -> Result<(Arc<dyn Channel>, Option<Text>), Failure> {
    Ok(match channel_text(scenario, file)? {
        None => (Arc::new(PerfectChannel), None),
        Some(text) => {
            let channel = ConfusionChannel::parse(&text.file, &text.text, scenario)?;
            (Arc::new(channel), Some(text))
        }
    })
}

/// The channel file that a scenario names; `None` for a perfect line.
fn channel_text(scenario: &Scenario, file: &str) -> Result<Option<Text>, Failure> {
    match scenario.channel.as_deref() {
        None | Some("perfect") => Ok(None),
        Some(channel) => bundled::find("channels", channel, Path::new(file).parent()).map(Some),
    }
}

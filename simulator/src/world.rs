//! Putting scenario, customers and channel together; the one place where they are introduced.

use std::path::Path;
use std::sync::Arc;

use offhook_env::belief::calibration::Group;
use offhook_env::call::World;
use offhook_env::call::customer::{Channel, PerfectChannel};
use offhook_env::diagnostic::{Diagnostics, Text};
use offhook_env::scenario::{Scenario, ScenarioText};

use crate::bundled::{self, CHANNELS, FindError, TRACKER_FILE};
use crate::channel::{ChannelModel, ConfusionChannel};
use crate::fit;
use crate::population::Population;
use crate::tracking::{SlotTracker, TrackerConfig};
use crate::user::{AgendaCustomers, UserModel};
use crate::variation::Variation;

/// The world of calls with any user model: the one that the whole program uses.
pub type CallWorld = World<UserModel>;

/// A scenario with everyone in it, and the files it came from.
pub struct LoadedScenario {
    /// The calls' world, with agenda customers.
    pub world: Arc<CallWorld>,
    /// The same customers, for user models that draw their persons alike.
    pub people: AgendaCustomers,
    /// The scenario's texts.
    pub text: ScenarioText,
    /// The channel's text; `None` for a perfect line.
    pub channel: Option<Text>,
}

/// Why no calls can be played.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// A file is missing or is no text.
    #[error(transparent)]
    Find(#[from] FindError),
    /// Every mistake in a file.
    #[error(transparent)]
    Mistakes(#[from] Diagnostics),
    /// The calls cannot vary as asked.
    #[error("{0}")]
    Variation(String),
}

impl LoadedScenario {
    /// The same calls, followed by a calibrated tracker that shows `groups` to policies.
    fn calibrated(self, groups: &[Group]) -> Result<Self, LoadError> {
        let tables = Text {
            file: TRACKER_FILE.to_owned(),
            text: fit::tracker::tracker(&*self.world, groups),
        };
        self.followed_by(Some(&tables))
    }

    /// The same calls, followed by another tracker; `None` for the focus tracker.
    ///
    /// # Errors
    /// If it is no tracker of the scenario's.
    pub fn followed_by(&self, tracker: Option<&Text>) -> Result<Self, LoadError> {
        let mut text = self.text.clone();
        text.tracker = tracker.cloned();
        let scenario = Scenario::parse(&text)?;
        let world = CallWorld {
            scenario: Arc::new(scenario),
            customers: self.world.customers.clone(),
            channel: self.world.channel.clone(),
        };
        Ok(Self {
            world: Arc::new(world),
            people: self.people.clone(),
            text,
            channel: self.channel.clone(),
        })
    }

    /// The same calls, but each varies around the population and the line.
    ///
    /// # Errors
    /// A range out of bounds, or a scenario whose line cannot be noisier.
    pub fn varied(&self, variation: Variation) -> Result<Arc<CallWorld>, LoadError> {
        variation.check().map_err(LoadError::Variation)?;
        let scenario = self.world.scenario.clone();
        let channel = match &self.channel {
            Some(text) => {
                let model = ChannelModel::parse(&text.file, &text.text)?;
                Arc::new(ConfusionChannel::varied(&model, &scenario)) as Arc<dyn Channel>
            }
            None if variation.noise == [0.0; 2] => self.world.channel.clone(),
            None => {
                let message = "speaks through a perfect channel, which cannot be noisier";
                let message = format!("`{}` {message}", scenario.name);
                return Err(LoadError::Variation(message));
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
    pub fn with_noise(mut self, noise: f32) -> Result<Self, LoadError> {
        if noise == 0.0 {
            return Ok(self);
        }
        let variation = Variation::noise(noise);
        self.world = self.varied(variation)?;
        self.people = self.people.varied(variation);
        Ok(self)
    }
}

/// Reads a scenario alone, for work on logs, with the tracker that lies beside it; where none does, it is the one by
/// default, or the focus tracker where nothing says who is called or the line is not there.
///
/// # Errors
/// If there is no such file, or every mistake in it.
pub fn load_scenario(
    name: &str,
    base: Option<&Path>,
) -> Result<(Arc<Scenario>, ScenarioText), LoadError> {
    let text = bundled::scenario(name, base)?;
    let scenario = Scenario::parse(&text)?;
    let can_be_played = text.tracker.is_none()
        && Population::parse(&text, &scenario).is_ok()
        && channel_text(&scenario, &text.main.file).is_ok();
    if !can_be_played {
        return Ok((Arc::new(scenario), text));
    }
    let loaded = build(text, &TrackerConfig::default())?;
    Ok((loaded.world.scenario.clone(), loaded.text))
}

/// Reads a scenario with its population and channel, and with the tracker that lies beside it; where none does, it is
/// the one by default.
///
/// # Errors
/// If a file is missing, or every mistake in one.
pub fn load(name: &str, base: Option<&Path>) -> Result<LoadedScenario, LoadError> {
    let text = bundled::scenario(name, base)?;
    if text.tracker.is_none() {
        return build(text, &TrackerConfig::default());
    }
    let (scenario, population) = parse(&text)?;
    let channel = channel_text(&scenario, &text.main.file)?;
    introduce(scenario, population, text, channel)
}

/// The same with the tracker of `config`, whatever lies beside it.
///
/// # Errors
/// As [`load`].
pub fn load_tracked(
    name: &str,
    base: Option<&Path>,
    config: &TrackerConfig,
) -> Result<LoadedScenario, LoadError> {
    let mut text = bundled::scenario(name, base)?;
    text.tracker = None;
    build(text, config)
}

/// Puts the world together from a scenario's texts and the channel that it names; a calibrated tracker is calibrated
/// by calls of that world.
///
/// # Errors
/// As [`load`].
pub fn build(text: ScenarioText, config: &TrackerConfig) -> Result<LoadedScenario, LoadError> {
    let (scenario, population) = parse(&text)?;
    let channel = channel_text(&scenario, &text.main.file)?;
    let loaded = introduce(scenario, population, text, channel)?;
    match config.slots {
        SlotTracker::Focus => Ok(loaded),
        SlotTracker::Calibrated => loaded.calibrated(&config.features),
    }
}

/// The same from texts alone, whatever channel the scenario names: a run is put together again from the files
/// that it kept. Without a channel's text the line is perfect.
///
/// # Errors
/// Every mistake in a text.
pub fn assemble(text: ScenarioText, channel: Option<Text>) -> Result<LoadedScenario, LoadError> {
    let (scenario, population) = parse(&text)?;
    introduce(scenario, population, text, channel)
}

fn parse(text: &ScenarioText) -> Result<(Scenario, Population), LoadError> {
    let scenario = Scenario::parse(text)?;
    let population = Population::parse(text, &scenario)?;
    Ok((scenario, population))
}

fn introduce(
    scenario: Scenario,
    population: Population,
    text: ScenarioText,
    channel_text: Option<Text>,
) -> Result<LoadedScenario, LoadError> {
    let people = AgendaCustomers::new(population, &scenario);
    let channel = line(&scenario, channel_text.as_ref())?;
    Ok(LoadedScenario {
        world: Arc::new(World {
            scenario: Arc::new(scenario),
            customers: UserModel::Agenda(people.clone()),
            channel,
        }),
        people,
        text,
        channel: channel_text,
    })
}

/// The channel that a scenario names, and the file it stands in; `file` is the scenario's own.
///
/// # Errors
/// If there is no such file, or every mistake in it.
pub fn channel(
    scenario: &Scenario,
    file: &str,
) -> Result<(Arc<dyn Channel>, Option<Text>), LoadError> {
    let text = channel_text(scenario, file)?;
    Ok((line(scenario, text.as_ref())?, text))
}

/// The channel file that a scenario names; `None` for a perfect line. `file` is the scenario's own.
///
/// # Errors
/// If there is no such file.
pub fn channel_text(scenario: &Scenario, file: &str) -> Result<Option<Text>, FindError> {
    match scenario.channel.as_deref() {
        None | Some("perfect") => Ok(None),
        Some(name) => CHANNELS.find(name, Path::new(file).parent()).map(Some),
    }
}

fn line(scenario: &Scenario, text: Option<&Text>) -> Result<Arc<dyn Channel>, Diagnostics> {
    Ok(match text {
        None => Arc::new(PerfectChannel),
        Some(text) => Arc::new(ConfusionChannel::parse(&text.file, &text.text, scenario)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_alone_make_the_world_that_their_names_make() {
        let loaded = load("fraud_alert", None).unwrap_or_else(|e| panic!("{e}"));
        let kept = loaded.channel.clone().map(|text| Text {
            file: "run/channel.toml".to_owned(),
            ..text
        });
        let again = assemble(loaded.text.clone(), kept.clone()).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(again.channel, kept);
        assert_eq!(again.text, loaded.text);
        let quiet = assemble(loaded.text, None).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(quiet.channel, None);
    }
}

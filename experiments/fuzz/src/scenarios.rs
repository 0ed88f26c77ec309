//! Loaders of what defines the calls: scenarios, populations, sub-processes, lines.

use std::sync::{Arc, LazyLock};

use offhook_env::call::Call;
use offhook_env::diagnostic::Text;
use offhook_env::policy::Policy as _;
use offhook_env::rng::Stream;
use offhook_env::scenario::{ScenarioText, lint};
use offhook_simulator::bundled::CHANNELS;
use offhook_simulator::population::lint as population;
use offhook_simulator::tracking::TrackerConfig;
use offhook_simulator::world::{self, CallWorld};

use crate::loader::{Loader, Memory, unsealed, utf_8};

/// A small scenario that includes a sub-process, without its section `[population]`, that section, and the
/// sub-process.
const SCENARIO: &str = include_str!("../corpus/scenario.toml");
const POPULATION: &str = include_str!("../corpus/population.toml");
const LIBRARY: &str = include_str!("../corpus/library.toml");

/// What a scenario's texts and its line are loaded with.
pub const LOADERS: &[Loader] = &[
    Loader {
        name: "scenario",
        load: |bytes| checked_and_played(utf_8(bytes)?, LIBRARY, None),
        seeds: || vec![small_scenario().into_bytes()],
        memory: Memory::OF_TEXTS,
        resealed: unsealed,
    },
    Loader {
        name: "population",
        load: |bytes| {
            let text = format!("{SCENARIO}\n{}", utf_8(bytes)?);
            checked_and_played(&text, LIBRARY, None)
        },
        seeds: || vec![POPULATION.as_bytes().to_vec()],
        memory: Memory::OF_TEXTS,
        resealed: unsealed,
    },
    Loader {
        name: "include",
        load: |bytes| checked_and_played(&small_scenario(), utf_8(bytes)?, None),
        seeds: || vec![LIBRARY.as_bytes().to_vec()],
        memory: Memory::OF_TEXTS,
        resealed: unsealed,
    },
    Loader {
        name: "channel",
        load: |bytes| {
            let line = Text {
                file: "channel.toml".to_owned(),
                text: utf_8(bytes)?.to_owned(),
            };
            played(scenario_text(&small_scenario(), LIBRARY), Some(line))
        },
        seeds: || {
            let files = CHANNELS.files.iter();
            files.map(|file| file.text.as_bytes().to_vec()).collect()
        },
        memory: Memory::OF_TEXTS,
        resealed: unsealed,
    },
    Loader {
        name: "tracker",
        load: |bytes| {
            let mut text = scenario_text(&small_scenario(), LIBRARY);
            text.tracker = Some(Text {
                file: "tracker.json".to_owned(),
                text: utf_8(bytes)?.to_owned(),
            });
            played(text, None)
        },
        seeds: || {
            let text = scenario_text(&small_scenario(), LIBRARY);
            let loaded = world::build(text, &TrackerConfig::default());
            let tables = loaded.ok().and_then(|loaded| loaded.text.tracker);
            tables
                .into_iter()
                .map(|tables| tables.text.into_bytes())
                .collect()
        },
        memory: Memory::OF_TEXTS,
        resealed: unsealed,
    },
];

fn small_scenario() -> String {
    format!("{SCENARIO}\n{POPULATION}")
}

/// The small scenario with its customers, for loaders that need one; compiled once, which takes longer than most
/// loads.
pub fn small_world() -> &'static CallWorld {
    static WORLD: LazyLock<Arc<CallWorld>> = LazyLock::new(|| {
        let text = scenario_text(&small_scenario(), LIBRARY);
        let loaded = world::assemble(text, None).unwrap_or_else(|e| panic!("{e}"));
        loaded.world
    });
    &WORLD
}

fn scenario_text(main: &str, library: &str) -> ScenarioText {
    let text = |file: &str, text: &str| Text {
        file: file.to_owned(),
        text: text.to_owned(),
    };
    let find =
        |name: &str| Ok::<_, ()>((name == "help").then(|| text("library/help.toml", library)));
    ScenarioText::gather(text("scenario.toml", main), find).expect("nothing is read")
}

/// As `scenario check` does it, and a few calls.
fn checked_and_played(main: &str, library: &str, line: Option<Text>) -> Result<(), String> {
    let text = scenario_text(main, library);
    let (scenario, _) = lint::check(&text);
    if let Some(scenario) = &scenario {
        population::check(&text, scenario);
    }
    played(text, line)
}

/// Plays calls in what the texts define.
fn played(text: ScenarioText, line: Option<Text>) -> Result<(), String> {
    let loaded = world::assemble(text, line).map_err(|e| e.to_string())?;
    (0..4).for_each(|episode| play(&loaded.world, episode));
    Ok(())
}

/// Plays a call with the scenario's own flow.
fn play(world: &CallWorld, episode: u64) {
    let scenario = &*world.scenario;
    let script = scenario.script();
    let mut call = Call::start(world, 1, Stream::Evaluate, episode);
    loop {
        let observation = call.belief.observation(scenario);
        let action = script.best(observation, scenario.layout.n_actions());
        let turn = call.step(world, action);
        assert!(turn.reward.is_finite() && turn.seconds >= 0.0);
        if turn.summary.is_some() {
            return;
        }
    }
}

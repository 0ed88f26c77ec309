//! Loaders of call logs, our own and those of others.

use std::io::BufRead;

use offhook_env::log::{CallIds, read_calls, replay};
use offhook_env::rng::Stream;
use offhook_lab::disk::jsonl;
use offhook_lab::import::{self, Importer, Tally};
use offhook_lab::play::{self, Choice, Plan};
use offhook_lab::scenario::flow::Flow;
use offhook_simulator::user::LoggedCalls;

use crate::loader::{Loader, Memory, unsealed};
use crate::scenarios;

/// A call of the DSTC2 corpus.
const DSTC2: &str = include_str!("../corpus/dstc2.jsonl");

/// Calls of version 1.
const VERSION_1: &str = include_str!("../../../env/tests/env/call_log.v1.jsonl");

/// What a log is loaded with.
pub const LOADERS: &[Loader] = &[
    Loader {
        name: "log",
        load: used,
        seeds: || vec![log(1), log(2)],
        memory: Memory::OF_LOGS,
        resealed: unsealed,
    },
    Loader {
        name: "zstd",
        load: used,
        seeds: || {
            let compressed = |n_calls| zstd::encode_all(&log(n_calls)[..], 3);
            [1, 8]
                .map(|n| compressed(n).expect("memory takes it"))
                .to_vec()
        },
        memory: Memory::OF_LOGS,
        resealed: unsealed,
    },
    Loader {
        name: "import",
        load: |bytes| imported("log", bytes),
        seeds: || vec![log(2), VERSION_1.as_bytes().to_vec()],
        memory: Memory::OF_LOGS,
        resealed: unsealed,
    },
    Loader {
        name: "dstc2",
        load: |bytes| imported("dstc2", bytes),
        seeds: || vec![DSTC2.as_bytes().to_vec()],
        memory: Memory::OF_LOGS,
        resealed: unsealed,
    },
];

/// Calls of the script.
fn log(n_calls: u64) -> Vec<u8> {
    let world = scenarios::small_world();
    let plan = Plan {
        seed: 1,
        stream: Stream::Evaluate,
        first: 0,
        n_calls,
        choice: Choice::Sample,
    };
    let played = play::record(world, &world.scenario.script(), plan);
    let line = |call| serde_json::to_string(call).expect("a call is JSON") + "\n";
    played
        .iter()
        .map(|(call, _)| line(call))
        .collect::<String>()
        .into_bytes()
}

/// Every call of a log as its readers see it: the tracker, user models, the flow.
fn used(bytes: &[u8]) -> Result<(), String> {
    let scenario = &scenarios::small_world().scenario;
    let lines = jsonl::lines(bytes).map_err(|e| e.to_string())?;
    let mut logged = LoggedCalls::default();
    let mut flow = Flow::default();
    let mut answer = Ok(());
    for call in read_calls(lines) {
        let used = call.map_err(|e| e.to_string()).and_then(|(_, call)| {
            replay(scenario, &call)?;
            logged.add(scenario, &call).map_err(|e| e.to_string())?;
            flow.add(&call);
            Ok(())
        });
        answer = answer.and(used);
    }
    answer
}

/// What an importer makes of a file; calls that it writes are calls.
fn imported(importer: &str, bytes: &[u8]) -> Result<(), String> {
    let importer: Importer = importer.parse()?;
    let mut ids = CallIds::default();
    let mut tally = Tally::default();
    let mut lines = jsonl::lines(bytes).map_err(|e| e.to_string())?;
    let mut line = Vec::new();
    let mut answer = Ok(());
    while lines
        .read_until(b'\n', &mut line)
        .map_err(|e| e.to_string())?
        > 0
    {
        let call = import::call(importer, &line, &mut ids, &mut tally);
        answer = answer.and(call.map(drop));
        line.clear();
    }
    answer
}

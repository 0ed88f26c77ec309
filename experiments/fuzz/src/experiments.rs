//! Loaders of experiments and of what runs leave behind.

use offhook_env::diagnostic::Text;
use offhook_lab::config::{CONFIGS, Config};
use offhook_lab::run::hash::sha256;
use offhook_lab::run::held_out;
use offhook_lab::run::manifest::Manifest;
use offhook_lab::run::metrics::{self, Row, Stage};
use offhook_policy::checkpoint::{Checkpoint, Progress};
use offhook_policy::learner::config::policy_of;
use offhook_policy::network::weights::{NetworkConfig, Weights};

use crate::loader::{Loader, Memory, unsealed, utf_8};
use crate::scenarios;

/// Held-out calls of two policies and seeds.
const HELD_OUT: &str = "policy,seed,episode,outcome,satisfaction,turns,seconds,return,harms,rules_broken,held_back,attainable,right_person,items,machine_seconds,taken_for_machine
script,1,0,completed,4,9,64.5,16.9,0,0,0,true,true,,0,false
script,2,0,hung_up,1,3,20,-5,1,0,2,false,true,0.5,3.5,true
table,1,0,completed,4,9,64.5,16.9,0,0,0,true,true,,0,false
table,2,0,machine,3,2,9,0,0,0,0,false,false,,9,
";

/// What `run` and `compare` load.
pub const LOADERS: &[Loader] = &[
    Loader {
        name: "config",
        load: |bytes| {
            let text = Text {
                file: "config.toml".to_owned(),
                text: utf_8(bytes)?.to_owned(),
            };
            let config = Config::parse(&text).map_err(|e| e.to_string())?;
            let _ = (config.units(), config.evaluate_every());
            config.quick();
            Ok(())
        },
        seeds: || {
            let files = CONFIGS.files.iter();
            files.map(|file| file.text.as_bytes().to_vec()).collect()
        },
        memory: Memory::OF_TEXTS,
        resealed: unsealed,
    },
    Loader {
        name: "metrics",
        load: |bytes| {
            let rows = metrics::from_csv("metrics.csv", utf_8(bytes)?);
            let rows = rows.map_err(|e| e.to_string())?;
            let again = metrics::from_csv("metrics.csv", &metrics::to_csv(&rows));
            let again = again.unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(again.len(), rows.len(), "what was written reads back");
            Ok(())
        },
        seeds: || {
            let row = |step: u64| Row {
                seed: 1,
                stage: Stage::ALL[step as usize % Stage::ALL.len()],
                step,
                calls: 10 * step,
                metric: metrics::CURVE.to_owned(),
                value: 0.1 * step as f64,
            };
            let rows: Vec<Row> = (0..6).map(row).collect();
            vec![metrics::to_csv(&rows).into_bytes()]
        },
        memory: Memory::OF_NUMBERS,
        resealed: unsealed,
    },
    Loader {
        name: "held_out",
        load: |bytes| {
            let packed = zstd::encode_all(bytes, 1).map_err(|e| e.to_string())?;
            let read = held_out::from_bytes("held_out.csv.zst", &packed);
            read.map(drop).map_err(|e| e.to_string())
        },
        seeds: || vec![HELD_OUT.as_bytes().to_vec()],
        memory: Memory::OF_NUMBERS,
        resealed: unsealed,
    },
    Loader {
        name: "manifest",
        load: |bytes| {
            let manifest = Manifest::parse(bytes)?;
            let again = Manifest::parse(manifest.to_json().as_bytes());
            assert_eq!(again.as_ref(), Ok(&manifest), "what was written reads back");
            assert_eq!(manifest.difference(&manifest), None);
            Ok(())
        },
        seeds: || {
            let inputs = [("config".to_owned(), sha256(b"config"))].into();
            let began = "2026-01-01T00:00:00Z".to_owned();
            let mut manifest = Manifest::begin(inputs, vec![1, 2], 2, "unknown", began);
            let files = [("metrics.csv".to_owned(), sha256(b"metrics"))];
            manifest.files.extend(files);
            vec![manifest.to_json().into_bytes()]
        },
        memory: Memory::OF_NUMBERS,
        resealed: unsealed,
    },
    Loader {
        name: "checkpoint",
        load: |bytes| {
            let checkpoint = Checkpoint::from_bytes(bytes).map_err(|e| e.to_string())?;
            let again = Checkpoint::from_bytes(&checkpoint.to_bytes());
            assert_eq!(
                again.as_ref(),
                Ok(&checkpoint),
                "what was written reads back"
            );
            policy_of(&checkpoint).map(drop).map_err(|e| e.to_string())
        },
        seeds: || {
            let layout = scenarios::small_world().scenario.layout.clone();
            let network = NetworkConfig {
                hidden: vec![4],
                ..Default::default()
            };
            let weights = Weights::initial(&network, &layout, 1);
            let of = |learner: &str| Progress {
                learner: learner.to_owned(),
                config: serde_json::json!({}),
                seed: 1,
                iteration: 2,
                moments: Vec::new(),
                networks: Default::default(),
                numbers: [("beta".to_owned(), vec![0.5])].into(),
                bytes: [("replay".to_owned(), vec![1, 2, 3])].into(),
            };
            let with = |progress: Option<Progress>| Checkpoint {
                layout: layout.clone(),
                weights: weights.clone(),
                progress,
            };
            [None, Some(of("ppo"))]
                .map(|progress| with(progress).to_bytes())
                .to_vec()
        },
        memory: Memory::OF_NUMBERS,
        resealed: |bytes, message| {
            let (_, sums) = message.split_once("checksum is ")?;
            let (computed, sums) = sums.split_once(", expected ")?;
            let written = sums.split(';').next()?;
            let mut parts = bytes.windows(written.len().max(1));
            let at = parts.position(|part| part == written.as_bytes())?;
            let mut sealed = bytes.to_vec();
            sealed.splice(at..at + written.len(), computed.bytes());
            Some(sealed)
        },
    },
];

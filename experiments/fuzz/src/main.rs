//! Feeds mutated bytes to a loader for some minutes:
//! `experiments/fuzz/fuzz.sh 10 json`, or without a name every loader after the other.
//!
//! A panic, a load that takes longer than [`MAX_SECONDS`] or more memory than [`loader::Memory`]
//! allows ends it with exit 1 and the bytes in `crash-<loader>`. A run is a function of loader, seed and number of inputs;
//! only when it ends depends on the clock.
//!
//! What guides it: in a build that counts edges (see [`coverage`]; `fuzz.sh` makes one) an input becomes a parent
//! of others when it took a path that none before it took, in any other build when its answer was never heard before.
//! Comparisons are not traced, so only the words of [`mutate`] and luck get past a test for a certain word; checksums are
//! mended from what the loader says ([`Loader::resealed`]), so that a changed file reaches what lies behind them.

mod calls;
mod coverage;
mod experiments;
mod loader;
mod memory;
mod mutate;
mod phone;
mod scenarios;
mod tables;

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use coverage::Coverage;
use loader::Loader;
use mutate::Mutator;

/// Inputs of so many bytes say how much memory a byte takes.
const LARGE: usize = 1 << 14;
/// Longest that one load may take.
const MAX_SECONDS: f64 = 5.0;
/// A load that is still the same at so many looks, ...
const MAX_LOOKS: u32 = 12;
/// ... each so long after the one before, will never end. Looks are counted, since a program that was
/// stopped and let go again finds that much time has passed.
const LOOK: Duration = Duration::from_secs(10);

/// The input that is being loaded and since when, for whoever finds the loader panicking or hanging.
static CURRENT: Mutex<(Vec<u8>, Option<Instant>)> = Mutex::new((Vec::new(), None));

/// Every loader.
fn loaders() -> impl Iterator<Item = &'static Loader> {
    let all = [
        tables::LOADERS,
        phone::LOADERS,
        scenarios::LOADERS,
        calls::LOADERS,
        experiments::LOADERS,
    ];
    all.into_iter().flatten()
}

/// Notes what is loaded from now on.
fn load_begins(input: &[u8]) {
    let mut current = CURRENT.lock().unwrap_or_else(|e| e.into_inner());
    *current = (input.to_vec(), Some(Instant::now()));
}

/// Ends the program, and leaves the input behind, when a load never ends.
fn watch(crash: &str) {
    let (mut last, mut n_looks) = (None, 0);
    loop {
        std::thread::sleep(LOOK);
        let current = CURRENT.lock().unwrap_or_else(|e| e.into_inner());
        n_looks = if current.1 == last { n_looks + 1 } else { 0 };
        last = current.1;
        if n_looks >= MAX_LOOKS {
            let _ = std::fs::write(crash, &current.0);
            eprintln!("a load hangs; the input is in '{crash}'");
            std::process::exit(1);
        }
    }
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args == ["list"] {
        loaders().for_each(|loader| println!("{}", loader.name));
        return ExitCode::SUCCESS;
    }
    let loader = args
        .first()
        .and_then(|name| loaders().find(|l| l.name == name));
    let minutes = args.get(1).and_then(|text| text.parse::<f64>().ok());
    let seed = args.get(2).map_or(Some(1), |text| text.parse().ok());
    let (Some(loader), Some(minutes), Some(seed)) = (loader, minutes, seed) else {
        let names: Vec<&str> = loaders().map(|l| l.name).collect();
        eprintln!(
            "usage: offhook-fuzz list|{} MINUTES [SEED]",
            names.join("|")
        );
        return ExitCode::from(2);
    };
    let crash = format!("crash-{}", loader.name);
    let in_hook = crash.clone();
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if let Ok(input) = CURRENT.try_lock() {
            let _ = std::fs::write(&in_hook, &input.0);
            eprintln!("the input that panics is in '{in_hook}'");
        }
        usual(info);
    }));
    let in_watch = crash.clone();
    std::thread::spawn(move || watch(&in_watch));
    match fuzz(loader, Duration::from_secs_f64(minutes * 60.0), seed) {
        Ok(figures) => {
            println!("{}: {figures}", loader.name);
            ExitCode::SUCCESS
        }
        Err((message, input)) => {
            let _ = std::fs::write(&crash, input);
            eprintln!("{}: {message}; the input is in '{crash}'", loader.name);
            ExitCode::FAILURE
        }
    }
}

/// Loads mutated inputs until the time is over; what is loaded must survive use as well.
fn fuzz(loader: &Loader, time: Duration, seed: u64) -> Result<String, (String, Vec<u8>)> {
    let begin = Instant::now();
    let mut mutator = Mutator::new(seed, (loader.seeds)());
    let mut outcomes = BTreeSet::new();
    let mut coverage = Coverage::new();
    let (mut n_inputs, mut n_loaded, mut n_kept) = (0u64, 0u64, 0u64);
    let (mut most, mut slowest) = (0.0f64, 0.0f64);
    while begin.elapsed() < time {
        let mut input = mutator.next_input();
        // A checksum that fits lets the input through to what lies behind the check.
        for _ in 0..5 {
            load_begins(&input);
            coverage.clear();
            let load = || {
                let start = Instant::now();
                let answer = memory::peak_of(|| (loader.load)(&input));
                (answer, start.elapsed().as_secs_f64())
            };
            let ((outcome, peak), mut seconds) = load();
            if seconds > MAX_SECONDS {
                // A busy machine is slow once, a slow loader always.
                seconds = seconds.min(load().1);
            }
            n_inputs += 1;
            slowest = slowest.max(seconds);
            if input.len() >= LARGE {
                most = most.max(peak as f64 / input.len() as f64);
            }
            if seconds > MAX_SECONDS {
                return Err((format!("a load took {seconds:.1} s"), input));
            }
            if peak > loader.memory.at_most(input.len()) {
                let n = input.len();
                return Err((
                    format!("a load of {n} bytes took {peak} bytes of memory"),
                    input,
                ));
            }
            let shape = match &outcome {
                Ok(()) => "loaded".to_owned(),
                Err(message) => shape_of(message),
            };
            n_loaded += u64::from(outcome.is_ok());
            // What is new makes its input a parent of others. Answers quote too much of what they found
            // to tell as well as edges do, so they count only where edges do not.
            let is_new_answer = outcomes.insert(shape);
            let is_new_path = coverage.found_new();
            if is_new_path || is_new_answer && !coverage.is_on() {
                n_kept += 1;
                mutator.keep(input.clone());
            }
            match outcome
                .err()
                .and_then(|message| (loader.resealed)(&input, &message))
            {
                Some(sealed) => input = sealed,
                None => break,
            }
        }
    }
    let edges = match coverage.n_edges() {
        Some((n_seen, n_edges)) => format!("{n_seen} of {n_edges} edges"),
        None => "edges not counted".to_owned(),
    };
    Ok(format!(
        "{n_inputs} inputs in {:.1} min, {n_loaded} loaded, {} different answers, {n_kept} kept, {edges}, no panic; slowest \
         {slowest:.3} s, at most {most:.1} bytes of memory per byte of large inputs",
        begin.elapsed().as_secs_f64() / 60.0,
        outcomes.len()
    ))
}

/// A message without what differs from input to input: what was expected, quoted text, words with
/// digits.
fn shape_of(message: &str) -> String {
    let told = message.split(", expected").next().unwrap_or_default();
    let unquoted = told.split(['\'', '`', '"']).step_by(2);
    let words = unquoted.flat_map(str::split_whitespace);
    let words = words.filter(|word| word.chars().all(|c| c.is_ascii_alphabetic() || c == ':'));
    words.take(20).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use offhook_table::{Cell, DecisionTable, Feature, Format, Layout, Provenance, Rule};

    use super::*;
    use crate::loader::Memory;

    #[test]
    fn mutated_inputs_of_every_loader_are_answered() {
        for loader in loaders() {
            let mut mutator = Mutator::new(7, (loader.seeds)());
            let mut n_refused = 0;
            for _ in 0..300 {
                let input = mutator.next_input();
                let (outcome, peak) = memory::peak_of(|| (loader.load)(&input));
                n_refused += u32::from(outcome.is_err());
                assert!(
                    peak <= loader.memory.at_most(input.len()),
                    "{}",
                    loader.name
                );
            }
            assert!(n_refused > 0, "{}: none is refused", loader.name);
        }
    }

    #[test]
    fn an_answer_that_differs_only_in_what_was_found_is_not_new() {
        let shape = |found: &str| shape_of(&format!("CRC-32: found {found}, expected 12ab"));
        assert_eq!(shape("7f00aa01"), shape("00e1c2d3"));
        assert_ne!(shape("7f00aa01"), shape_of("checksum: found none"));
    }

    /// Loads of tables and bytes that are much larger in memory than in a file.
    #[test]
    fn the_hungriest_inputs_stay_within_the_bound() {
        let table = |n_features: usize, n_levels: usize, n_rules: usize| {
            let levels: Vec<String> = (0..n_levels).map(|idx| format!("{idx:x}")).collect();
            let features = (0..n_features).map(|idx| Feature {
                name: format!("{idx}"),
                levels: levels.clone(),
            });
            let layout = Layout::new(features.collect(), vec!["a".into()]).expect("names");
            let cell = Cell::new(vec![1; n_features]);
            let rules = (0..n_rules).map(|idx| Rule::new(format!("{idx:x}"), cell.clone(), 0));
            let none = Provenance::new();
            DecisionTable::new("a", layout, rules.collect(), 0, none).expect("a table")
        };
        // One more than a power of two: a vector has just doubled.
        let many = |before: &str, item: &str, n_items: usize| {
            (before.to_owned() + &item.repeat(n_items + 1)).into_bytes()
        };
        let mut inputs = vec![
            many(r#"{"schema":1,"provenance":{"a":[0"#, ",0", 1 << 20),
            many(r#"{"schema":1,"provenance":{"a":[0"#, ",[]", 1 << 20),
            many("<a>", "<a/>", 1 << 19),
            many("<a>", r#"<a b=""/>"#, 1 << 18),
        ];
        for table in [table(1, 2, 4096), table(96, 16, 4096), table(96, 2, 100)] {
            let formats = [Format::Json, Format::Dpt, Format::Csv, Format::Dmn];
            inputs.extend(formats.map(|format| format.export(&table)));
        }
        for (idx, input) in inputs.iter().enumerate() {
            let (_, peak) = memory::peak_of(|| DecisionTable::from_bytes(input).is_ok());
            let most = Memory::OF_TABLES.at_most(input.len());
            assert!(
                peak <= most,
                "input {idx}: {peak} bytes, expected at most {most}"
            );
        }
    }

    #[test]
    fn every_seed_of_the_corpus_loads() {
        for loader in loaders() {
            for seed in (loader.seeds)() {
                assert_eq!((loader.load)(&seed), Ok(()), "{}", loader.name);
            }
        }
    }

    #[test]
    fn a_resealed_table_passes_the_checksum() {
        let by_name = |name: &str| loaders().find(|l| l.name == name).expect("a loader");
        let json = by_name("json");
        let text = String::from_utf8((json.seeds)().remove(0)).expect("JSON is text");
        let dpt = by_name("dpt");
        let mut scenario = (dpt.seeds)().remove(0);
        // The first letter of the scenario, behind the header and its length.
        scenario[49] = b'b';
        scenario[8] ^= 1;
        let edited = text.replace("\"support\":", "\"support\":1").into_bytes();
        for (loader, mut input) in [(json, edited), (dpt, scenario)] {
            let mut n_seals = 0;
            while let Err(message) = (loader.load)(&input) {
                let sealed = (loader.resealed)(&input, &message);
                input = sealed.unwrap_or_else(|| panic!("{message}"));
                n_seals += 1;
            }
            assert!((1..5).contains(&n_seals), "{n_seals}");
        }
    }
}

//! `held_out.csv.zst`: every held-out call of a run, so that runs can be compared call by call.
//!
//! It has all that the key figures are made of: read back, each of them is that of `summary.csv` to the last digit.

use std::io::Read;

use csv::StringRecord;
use offhook_env::call::outcome::{CallSummary, N_TERMS, Outcome};

use super::judge::{Contestant, Entry};
use crate::disk;
use crate::error::Failure;

const HEAD: [&str; 16] = [
    "policy",
    "seed",
    "episode",
    "outcome",
    "satisfaction",
    "turns",
    "seconds",
    "return",
    "harms",
    "rules_broken",
    "held_back",
    "attainable",
    "right_person",
    "items",
    "machine_seconds",
    "taken_for_machine",
];
/// A row has some sixty bytes.
const MAX_BYTES: u64 = 1 << 30;
/// The default of Zstandard; a higher level saves little on numbers.
const LEVEL: i32 = 3;

/// The calls of every policy, seed by seed.
///
/// # Panics
/// If memory does not take the bytes.
pub(crate) fn to_bytes(entries: &[Entry], seeds: &[u64]) -> Vec<u8> {
    let rows = entries.iter().flat_map(|entry| {
        let by_seed = seeds.iter().zip(entry.calls());
        by_seed
            .flat_map(|(seed, calls)| calls.iter().map(|call| row(entry.contestant, *seed, call)))
    });
    let text = disk::csv::to_csv(&HEAD, rows);
    zstd::encode_all(text.as_bytes(), LEVEL).expect("memory takes every byte")
}

fn row(contestant: Contestant, seed: u64, call: &CallSummary) -> [String; 16] {
    [
        contestant.name().to_owned(),
        seed.to_string(),
        call.episode.to_string(),
        call.outcome.name().to_owned(),
        call.satisfaction.to_string(),
        call.turns.to_string(),
        call.seconds.to_string(),
        call.return_.to_string(),
        call.harms.to_string(),
        call.rules_broken.to_string(),
        call.held_back.to_string(),
        call.attainable.to_string(),
        call.right_person.to_string(),
        call.items
            .map(|share| share.to_string())
            .unwrap_or_default(),
        call.machine_seconds.to_string(),
        call.taken_for_machine
            .map(|was| was.to_string())
            .unwrap_or_default(),
    ]
}

/// Reads the calls back, in the order in which they were written, and the seeds.
///
/// # Errors
/// If the bytes are no such file, hold more than 1 GiB, or the policies did not play the same calls, which pairs need.
pub fn from_bytes(file: &str, bytes: &[u8]) -> Result<(Vec<Entry>, Vec<u64>), Failure> {
    let cannot = |e: &dyn std::fmt::Display| Failure::failed(format!("cannot read '{file}': {e}"));
    let mut text = String::new();
    let decoder = zstd::Decoder::new(bytes).map_err(|e| cannot(&e))?;
    let mut bounded = decoder.take(MAX_BYTES + 1);
    bounded.read_to_string(&mut text).map_err(|e| cannot(&e))?;
    if text.len() as u64 > MAX_BYTES {
        return Err(cannot(&format!("it holds more than {MAX_BYTES} bytes")));
    }
    let rows = disk::csv::from_csv(file, &text, &HEAD, parse)?;
    let mut entries: Vec<Entry> = Vec::new();
    let mut seeds: Vec<u64> = Vec::new();
    let mut last = None;
    for (contestant, seed, call) in rows {
        if !seeds.contains(&seed) {
            seeds.push(seed);
        }
        if entries
            .last()
            .is_none_or(|entry| entry.contestant != contestant)
        {
            entries.push(Entry::new(contestant));
        }
        let entry = entries.last_mut().expect("one was pushed");
        if last != Some((contestant, seed)) {
            entry.begin_seed();
            last = Some((contestant, seed));
        }
        entry.push(call);
    }
    let played = |entry: &Entry| -> Vec<usize> { entry.calls().iter().map(Vec::len).collect() };
    if let Some(other) = entries.iter().find(|e| played(e) != played(&entries[0])) {
        let [first, name] = [&entries[0], other].map(|entry| entry.contestant.name());
        return Err(cannot(&format!(
            "'{name}' did not play as many calls as '{first}', seed by seed; make the run anew with `offhook run CONFIG \
             --force`"
        )));
    }
    Ok((entries, seeds))
}

fn parse(row: &StringRecord) -> Option<(Contestant, u64, CallSummary)> {
    let finite = |text: &str| text.parse().ok().filter(|x: &f32| x.is_finite());
    let call = CallSummary {
        episode: row[2].parse().ok()?,
        outcome: *Outcome::ALL.iter().find(|o| o.name() == &row[3])?,
        satisfaction: row[4].parse().ok().filter(|s| (1..=5).contains(s))?,
        turns: row[5].parse().ok()?,
        seconds: finite(&row[6])?,
        return_: finite(&row[7])?,
        terms: [0.0; N_TERMS],
        harms: row[8].parse().ok()?,
        rules_broken: row[9].parse().ok()?,
        held_back: row[10].parse().ok()?,
        attainable: row[11].parse().ok()?,
        right_person: row[12].parse().ok()?,
        items: match &row[13] {
            "" => None,
            share => Some(finite(share)?),
        },
        machine_seconds: finite(&row[14])?,
        taken_for_machine: match &row[15] {
            "" => None,
            was => Some(was.parse().ok()?),
        },
    };
    Some((Contestant::named(&row[0])?, row[1].parse().ok()?, call))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_that_did_not_play_the_same_calls_are_refused() {
        let read = |rows: &str| {
            let text = format!("{}\n{rows}", HEAD.join(","));
            let bytes = zstd::encode_all(text.as_bytes(), LEVEL).expect("memory takes every byte");
            from_bytes("held_out.csv.zst", &bytes).map(|(entries, _)| entries.len())
        };
        let row = |policy: &str, seed: u64| {
            format!("{policy},{seed},0,completed,4,5,20.5,3.5,0,0,0,true,true,,0,false\n")
        };
        let same = row("script", 1) + &row("table", 1);
        assert_eq!(read(&same).ok(), Some(2));
        for uneven in [row("table", 2), row("table", 1)] {
            let message = read(&(same.clone() + &uneven)).map_err(|e| e.message);
            assert!(message.is_err_and(|m| m.contains("'table' did not play as many calls")));
        }
    }
}

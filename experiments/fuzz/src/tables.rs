//! Loaders of tables, keys and signatures, and of rows to decide.

use std::path::Path;

use offhook_lab::table::decide::DecidedRows;
use offhook_table::format::dpt;
use offhook_table::sign::{check_signature, sign};
use offhook_table::testing::{SplitMix, random_codes, random_table};
use offhook_table::{DecisionTable, Format, Monitor, TableError, Traffic, verify};

use crate::loader::{Loader, Memory};

/// What a table's users load.
pub const LOADERS: &[Loader] = &[
    Loader {
        name: "json",
        load: |bytes| round_trip(DecisionTable::from_json(bytes), Format::Json),
        seeds: || seeds(Format::Json),
        memory: Memory::OF_TABLES,
        resealed,
    },
    Loader {
        name: "dpt",
        load: |bytes| round_trip(DecisionTable::from_dpt(bytes), Format::Dpt),
        seeds: || seeds(Format::Dpt),
        memory: Memory::OF_TABLES,
        resealed,
    },
    Loader {
        name: "csv",
        load: |bytes| round_trip(DecisionTable::from_csv(bytes), Format::Csv),
        seeds: || seeds(Format::Csv),
        memory: Memory::OF_TABLES,
        resealed,
    },
    Loader {
        name: "dmn",
        load: |bytes| round_trip(DecisionTable::from_dmn(bytes), Format::Dmn),
        seeds: || seeds(Format::Dmn),
        memory: Memory::OF_TABLES,
        resealed,
    },
    Loader {
        name: "key",
        load: |bytes| {
            let pem = std::str::from_utf8(bytes).map_err(|e| e.to_string())?;
            sign(b"table", pem).map(drop).map_err(|e| e.to_string())
        },
        seeds: || vec![PRIVATE.as_bytes().to_vec()],
        memory: Memory::OF_TABLES,
        resealed,
    },
    Loader {
        name: "signature",
        load: |bytes| {
            let (signature, key) = bytes.split_at(bytes.len().min(64));
            let key = std::str::from_utf8(key).map_err(|e| e.to_string())?;
            check_signature(b"table", signature, key).map_err(|e| e.to_string())
        },
        seeds: || {
            let signature = sign(b"table", PRIVATE).expect("the key of the corpus is one");
            vec![[&signature, PUBLIC.as_bytes()].concat()]
        },
        memory: Memory::OF_TABLES,
        resealed,
    },
    Loader {
        name: "decide",
        load: |bytes| {
            let table = random_table(3, 8, 4);
            let rows = DecidedRows::read(&table, Path::new("rows.csv"), bytes);
            let mut rows = rows.map_err(|e| e.to_string())?;
            rows.try_for_each(|row| row.map(drop).map_err(|e| e.to_string()))
        },
        seeds: || {
            let table = random_table(3, 8, 4);
            let features = table.layout().features();
            let line = |cells: Vec<&str>, mark: &str| cells.join(mark);
            let text = |mark: &str| {
                let head = features.iter().map(|f| f.name.as_str()).collect();
                let rows = (0..3).map(|k| {
                    let levels = features
                        .iter()
                        .map(|f| f.levels[k % f.levels.len()].as_str());
                    line(levels.collect(), mark)
                });
                let lines: Vec<String> = std::iter::once(line(head, mark)).chain(rows).collect();
                lines.join("\n").into_bytes()
            };
            vec![text(","), text(";")]
        },
        memory: Memory::OF_TEXTS,
        resealed,
    },
];

/// A pair of keys for tests alone.
pub const PRIVATE: &str = include_str!("../corpus/test.key");
const PUBLIC: &str = include_str!("../corpus/test.key.pub");

/// The same file with the length, CRC or checksum that the loader said it should have; `None` for
/// other errors.
fn resealed(input: &[u8], message: &str) -> Option<Vec<u8>> {
    let (what, expected) = message.split_once(", expected ")?;
    let (what, found) = what.split_once(": found ")?;
    let mut sealed = input.to_vec();
    if input.starts_with(&dpt::MAGIC) {
        // Length, checksum and CRC stand at 8, 12 and 44.
        if what.ends_with("body") {
            let n_bytes = input.len().checked_sub(48)? as u32;
            sealed
                .get_mut(8..12)?
                .copy_from_slice(&n_bytes.to_le_bytes());
        } else if what == "CRC-32" {
            let crc = u32::from_str_radix(expected.get(..8)?, 16).ok()?;
            sealed.get_mut(44..48)?.copy_from_slice(&crc.to_le_bytes());
        } else if what == "checksum" {
            for (idx, byte) in sealed.get_mut(12..44)?.iter_mut().enumerate() {
                *byte = u8::from_str_radix(expected.get(2 * idx..2 * idx + 2)?, 16).ok()?;
            }
        } else {
            return None;
        }
    } else {
        let computed = (what == "checksum").then(|| expected.get(..64))??;
        let mut parts = input.windows(found.len().max(1));
        let at = parts.rposition(|part| part == found.as_bytes())?;
        sealed.splice(at..at + found.len(), computed.bytes());
    }
    Some(sealed)
}

/// What was read is written and read again, and put to use.
fn round_trip(table: Result<DecisionTable, TableError>, format: Format) -> Result<(), String> {
    let table = table.map_err(|e| e.to_string())?;
    let again = DecisionTable::from_bytes(&format.export(&table));
    assert_eq!(again.as_ref(), Ok(&table), "what was written reads back");
    put_to_use(&table);
    Ok(())
}

fn seeds(format: Format) -> Vec<Vec<u8>> {
    tables().iter().map(|table| format.export(table)).collect()
}

/// Small tables of several kinds: one rule, some rules, with traffic, the most features,
/// many rules.
fn tables() -> Vec<DecisionTable> {
    let some = random_table(3, 8, 4);
    let mut traffic = Traffic::new(some.layout());
    traffic.record(&[0, 1, 0, 1]);
    let counted = some
        .clone()
        .with_traffic(traffic)
        .expect("counted for this layout");
    let large = random_table(4, 120, 12);
    vec![
        counted,
        some,
        random_table(1, 1, 1),
        random_table(2, 3, 48),
        large,
    ]
}

/// What a program does with a loaded table; the proof is left out where it could take a second.
fn put_to_use(table: &DecisionTable) {
    let mut rng = SplitMix(1);
    let mut monitor = Monitor::new(table);
    for _ in 0..16 {
        let codes = random_codes(table.layout(), &mut rng);
        let decision = table.decide(&codes);
        let scan = table
            .rules()
            .iter()
            .position(|rule| rule.when.contains(&codes));
        assert_eq!(
            decision.rule.map(|rule| rule as usize),
            scan,
            "the index is the rules"
        );
        monitor.record(&codes, decision);
    }
    let texts = [table.page(&[]), table.html(&[])];
    assert!(texts.iter().all(|text| !text.is_empty()));
    if table.rules().len() <= 16 {
        verify(table, &[]).expect("no constraint is about another layout");
    }
}

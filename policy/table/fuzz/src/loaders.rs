//! The loaders, what they start from, and how an edited file gets past its checksum.

use offhook_table::format::csv::rules_from_csv;
use offhook_table::sign::{check_signature, sign};
use offhook_table::testing::{SplitMix, random_codes, random_table};
use offhook_table::{DecisionTable, Monitor, Traffic, verify};

/// Something that takes any bytes.
pub struct Loader {
    /// Its name on the command line.
    pub name: &'static str,
    /// Loads the bytes and puts what comes out to use; the error in words.
    pub load: fn(&[u8]) -> Result<(), String>,
    /// Good inputs.
    seeds: fn() -> Vec<Vec<u8>>,
}

/// Every loader.
pub const LOADERS: &[Loader] = &[
    Loader {
        name: "json",
        load: |bytes| {
            let table = DecisionTable::from_json(bytes).map_err(|e| e.to_string())?;
            let again = DecisionTable::from_json(table.to_json().as_bytes());
            assert_eq!(again.as_ref(), Ok(&table), "what was written reads back");
            put_to_use(&table);
            Ok(())
        },
        seeds: || tables().iter().map(|t| t.to_json().into_bytes()).collect(),
    },
    Loader {
        name: "csv",
        load: |bytes| {
            let like = table();
            let rules = rules_from_csv(bytes, like.layout()).map_err(|e| e.to_string())?;
            put_to_use(&like.with_rules(rules).map_err(|e| e.to_string())?);
            Ok(())
        },
        seeds: || vec![table().to_csv().into_bytes()],
    },
    Loader {
        name: "key",
        load: |bytes| {
            let pem = std::str::from_utf8(bytes).map_err(|e| e.to_string())?;
            sign(b"table", pem).map(drop).map_err(|e| e.to_string())
        },
        seeds: || vec![PRIVATE.as_bytes().to_vec()],
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
    },
];

/// A pair of keys for tests alone.
const PRIVATE: &str = include_str!("../corpus/test.key");
const PUBLIC: &str = include_str!("../corpus/test.key.pub");

/// Where the inputs of a loader start.
pub fn corpus(loader: &Loader) -> Vec<Vec<u8>> {
    (loader.seeds)()
}

/// The same file with the checksum that the loader said it should have; `None` for other errors.
pub fn resealed(input: &[u8], message: &str) -> Option<Vec<u8>> {
    let (found, computed) = message
        .strip_prefix("checksum: found ")?
        .split_once(", expected ")?;
    let computed = computed.get(..64)?;
    let at = input
        .windows(found.len())
        .rposition(|part| part == found.as_bytes())?;
    let mut sealed = input.to_vec();
    sealed.splice(at..at + found.len(), computed.bytes());
    Some(sealed)
}

fn table() -> DecisionTable {
    random_table(3, 8, 4)
}

/// Small tables of several kinds: one rule, some rules, with traffic, the most features,
/// many rules.
fn tables() -> Vec<DecisionTable> {
    let some = table();
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
    let texts = [table.page(), table.html(&[])];
    assert!(texts.iter().all(|text| !text.is_empty()));
    if table.rules().len() <= 16 {
        verify(table, &[]).expect("no constraint is about another layout");
    }
}

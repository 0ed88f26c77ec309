//! The compact format against damage, forgery and lies about lengths.

use proptest::prelude::*;

use super::*;
use crate::Provenance;
use crate::testing::{awkward_table, cases, random_table};

/// The file with a CRC that fits whatever was done to it.
fn sealed(mut file: Vec<u8>) -> Vec<u8> {
    let crc = crc32([&file[..CRC_AT], &file[HEADER_LEN..]]);
    file[CRC_AT..HEADER_LEN].copy_from_slice(&crc.to_le_bytes());
    file
}

/// A sealed file with this body.
fn with_body(body: &[u8]) -> Vec<u8> {
    let mut file = random_table(1, 5, 3).to_dpt()[..HEADER_LEN].to_vec();
    file[8..12].copy_from_slice(&(body.len() as u32).to_le_bytes());
    file.extend(body);
    sealed(file)
}

fn refusal(bytes: &[u8]) -> String {
    DecisionTable::from_dpt(bytes).unwrap_err().to_string()
}

#[test]
fn every_changed_bit_and_every_truncation_is_refused() {
    let file = awkward_table(3, 12, 4).to_dpt();
    for idx in 0..file.len() {
        assert!(DecisionTable::from_dpt(&file[..idx]).is_err());
        for bit in 0..8 {
            let mut changed = file.clone();
            changed[idx] ^= 1 << bit;
            assert!(DecisionTable::from_dpt(&changed).is_err(), "{idx}");
            if !(CRC_AT..HEADER_LEN).contains(&idx) {
                assert!(DecisionTable::from_dpt(&sealed(changed)).is_err(), "{idx}");
            }
        }
    }
    assert!(refusal(&[&file[..], b"x"].concat()).starts_with("DPT, body: found "));
}

#[test]
fn what_is_wrong_is_named() {
    let file = random_table(1, 5, 3).to_dpt();
    let changed = |idx: usize| {
        let mut file = file.clone();
        file[idx] ^= 1;
        file
    };
    assert!(refusal(&changed(0)).contains("found another kind of file"));
    assert!(refusal(&changed(4)).starts_with("table schema version is 0, expected 1"));
    assert!(refusal(&changed(9)).starts_with("DPT, body: found "));
    assert!(refusal(&changed(20)).contains("the file was damaged"));
    assert!(refusal(&sealed(changed(20))).starts_with("checksum: found "));
    assert!(refusal(&sealed(changed(6))).contains("another way to write the table"));
    assert!(refusal(b"DPT\x1a").contains("found 4 bytes, expected at least 48"));
    assert!(refusal(&vec![0; MAX_CONTENT_BYTES + 1]).contains("at most"));
}

#[test]
fn lengths_of_gigabytes_are_refused_before_anything_is_taken() {
    let huge = [0xff, 0xff, 0xff, 0xff, 0x0f];
    let mut start = vec![1, b's'];
    assert!(refusal(&with_body(&huge)).starts_with("DPT, scenario: found 4294967295"));
    assert!(refusal(&with_body(&[&start[..], &huge].concat())).starts_with("DPT, names"));
    start.extend([2, 1, b'a', 1, b'b']);
    assert!(refusal(&with_body(&[&start[..], &huge].concat())).starts_with("DPT, features"));
    start.extend([1, 0, 2, 0, 1, 1, 0, 0]);
    assert!(refusal(&with_body(&[&start[..], &huge].concat())).starts_with("DPT, rules"));
    let endless = [0xff; 11];
    assert!(refusal(&with_body(&endless)).contains("expected a number of 64 bits"));
}

#[test]
fn a_few_kilobytes_of_bits_cannot_stand_for_gigabytes_of_names() {
    let features = (0..MAX_FEATURES).map(|f| Feature {
        name: format!("{f:0120}"),
        levels: (0..MAX_LEVELS)
            .map(|level| format!("{level:0120}"))
            .collect(),
    });
    let layout = Layout::new(features.collect(), vec!["close".into()]).unwrap();
    let cell = Cell::new(vec![0x7fff; MAX_FEATURES]);
    let rules = (0..MAX_RULES).map(|k| Rule::new(format!("r{k}"), cell.clone(), 0));
    let refused = DecisionTable::new("mock", layout, rules.collect(), 0, Provenance::new());
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("expected at most")
    );
}

#[test]
fn a_table_of_two_hundred_rules_fits_eight_kilobytes() {
    let file = random_table(2, 200, 24).to_dpt();
    assert!(file.len() <= 8192, "{}", file.len());
}

#[test]
fn value_stability() {
    let layout = Layout::new(
        vec![Feature::new("turns", &["few", "many", "no"])],
        vec!["ask".into(), "no".into()],
    )
    .unwrap();
    let rule = |id: &str, mask, support, fidelity| Rule {
        support,
        fidelity,
        ..Rule::new(id, Cell::new(vec![mask]), 1)
    };
    let rules = vec![
        rule("r1", 0b001, 300, Some(0.5)),
        rule("r2", 0b110, 0, None),
    ];
    let table = DecisionTable::new("mock", layout, rules, 0, Provenance::new()).unwrap();
    let file = table.to_dpt();
    let expected = b"\x04mock\x05\x05turns\x03few\x04many\x02no\x03ask\x01\x00\x03\x01\x02\x03\
        \x02\x04\x03\x00\x02\x00\x02r1\x01\xac\x02\x98\x01\x01\x012\x01\x00\x00\xd3\x00\x02{}";
    assert_eq!(
        file[HEADER_LEN..].escape_ascii().to_string(),
        expected.escape_ascii().to_string()
    );
    assert_eq!(hex(&file[12..CRC_AT]), table.checksum());
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn no_sealed_body_makes_the_reader_panic(
        body in prop::collection::vec(any::<u8>(), 0..120),
        seed: u64,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 1..4)
    ) {
        let _ = DecisionTable::from_dpt(&with_body(&body));
        let table = awkward_table(seed, 6, 3);
        let mut body = table.to_dpt().split_off(HEADER_LEN);
        for (place, byte, kind) in edits {
            let idx = place.index(body.len());
            match kind {
                0 => body[idx] = byte,
                1 => body.insert(idx, byte),
                _ => drop(body.remove(idx)),
            }
        }
        let _ = DecisionTable::from_dpt(&with_body(&body));
        let _ = table_of(&body);
    }
}

/// The body alone, so that edits reach the checks behind the checksum.
fn table_of(body: &[u8]) -> Result<(), TableError> {
    let read = super::table(body)?;
    let again = DecisionTable::from_dpt(&read.to_dpt())?;
    assert_eq!(again.to_json(), read.to_json());
    Ok(())
}

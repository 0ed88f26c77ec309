//! The C interface called as C calls it, and its header.

use std::ffi::{CStr, CString, c_char};
use std::path::Path;
use std::ptr::{null, null_mut};

use offhook_table::DecisionTable;
use offhook_table::testing::{SplitMix, random_codes, random_table};

use super::*;

fn load(bytes: &[u8]) -> (*mut OffhookTable, OffhookStatus, String) {
    let mut table = null_mut();
    let mut message = [0; OFFHOOK_MESSAGE_BYTES];
    let (at, n) = (message.as_mut_ptr(), message.len());
    // SAFETY: all pointers are to what they should be.
    let status = unsafe { offhook_table_load(bytes.as_ptr(), bytes.len(), &mut table, at, n) };
    (table, status, text(message.as_ptr()))
}

fn text(at: *const c_char) -> String {
    // SAFETY: every text here ends with a zero.
    unsafe { CStr::from_ptr(at) }.to_str().unwrap().to_owned()
}

fn rust_table() -> DecisionTable {
    random_table(1, 60, 6)
}

#[test]
fn c_and_rust_decide_alike_by_code_and_by_name() {
    let rust = rust_table();
    let (table, status, _) = load(rust.to_json().as_bytes());
    assert_eq!(status, OffhookStatus::Ok);
    let mut rng = SplitMix(1);
    let strings = |names: Vec<&str>| -> Vec<CString> { names.into_iter().map(c_string).collect() };
    let pointers =
        |names: &[CString]| -> Vec<*const c_char> { names.iter().map(|n| n.as_ptr()).collect() };
    for _ in 0..200 {
        let codes = random_codes(rust.layout(), &mut rng);
        let expected = rust.decide(&codes);
        let mut decision = OffhookDecision {
            action: 99,
            rule: 99,
        };
        // SAFETY: all pointers are to what they should be.
        unsafe {
            offhook_table_decide(table, codes.as_ptr(), codes.len(), &mut decision);
            assert_eq!(decision, for_c(expected));
            assert_eq!(
                text(offhook_table_action(table, decision.action)),
                rust.action_name(expected.action)
            );
            let id = &rust.rules()[expected.rule.unwrap() as usize].id;
            assert_eq!(&text(offhook_table_rule(table, decision.rule)), id);
        }
        let features = rust.layout().features();
        let names = strings(features.iter().map(|f| f.name.as_str()).collect());
        let levels = features
            .iter()
            .zip(&codes)
            .map(|(f, &code)| f.levels[usize::from(code)].as_str());
        let levels = strings(levels.collect());
        let mut by_name = OffhookDecision {
            action: 99,
            rule: 99,
        };
        let (names, levels) = (pointers(&names), pointers(&levels));
        // SAFETY: all pointers are to what they should be.
        let status = unsafe {
            offhook_table_decide_named(
                table,
                names.as_ptr(),
                levels.as_ptr(),
                6,
                &mut by_name,
                null_mut(),
                0,
            )
        };
        assert_eq!((status, by_name), (OffhookStatus::Ok, decision));
    }
    // SAFETY: loaded above and not used again.
    unsafe { offhook_table_free(table) };
}

#[test]
fn broken_bytes_and_wrong_tables_are_refused_in_words() {
    let rust = rust_table();
    let (table, status, message) = load(b"{\"schema\":7}");
    assert_eq!((table, status), (null_mut(), OffhookStatus::BadTable));
    assert!(
        message.starts_with("table schema version is 7, expected 1"),
        "{message}"
    );

    let (table, _, _) = load(rust.to_json().as_bytes());
    let (scenario, layout) = (c_string("renewal"), c_string(rust.layout().hash()));
    let mut message = [1; 40];
    // SAFETY: all pointers are to what they should be.
    unsafe {
        let (at, n) = (message.as_mut_ptr(), message.len());
        let status = offhook_table_check(table, scenario.as_ptr(), layout.as_ptr(), at, n);
        assert_eq!(status, OffhookStatus::OtherTable);
        assert_eq!(
            text(at),
            "the table is for scenario 'random' with",
            "cut to 39 bytes"
        );
        let right = c_string("random");
        let status = offhook_table_check(table, right.as_ptr(), layout.as_ptr(), at, n);
        assert_eq!(status, OffhookStatus::Ok);

        let (names, levels) = ([scenario.as_ptr()], [layout.as_ptr()]);
        let mut decision = OffhookDecision { action: 0, rule: 0 };
        let status = offhook_table_decide_named(
            table,
            names.as_ptr(),
            levels.as_ptr(),
            1,
            &mut decision,
            at,
            n,
        );
        assert_eq!(status, OffhookStatus::BadName);
        assert!(text(at).starts_with("unknown feature 'renewal'"));
        let status = offhook_table_decide_named(
            table,
            names.as_ptr(),
            levels.as_ptr(),
            MAX_FEATURES + 1,
            &mut decision,
            at,
            n,
        );
        assert_eq!(status, OffhookStatus::BadName);
        offhook_table_free(table);
    }
}

#[test]
fn null_is_refused_everywhere() {
    let mut decision = OffhookDecision { action: 0, rule: 0 };
    let nothing = OffhookStatus::NullPointer;
    let (table, _, _) = load(rust_table().to_json().as_bytes());
    let absent = [null()];
    // SAFETY: null is what is tested; all other pointers are to what they should be.
    unsafe {
        assert_eq!(
            offhook_table_load(null(), 0, &mut null_mut(), null_mut(), 0),
            nothing
        );
        assert_eq!(
            offhook_table_load([0].as_ptr(), 1, null_mut(), null_mut(), 0),
            nothing
        );
        assert_eq!(
            offhook_table_decide(null(), [0].as_ptr(), 1, &mut decision),
            nothing
        );
        assert_eq!(
            offhook_table_decide(table, null(), 0, &mut decision),
            nothing
        );
        assert_eq!(
            offhook_table_decide(table, [0].as_ptr(), 1, null_mut()),
            nothing
        );
        assert_eq!(
            offhook_table_check(table, null(), null(), null_mut(), 0),
            nothing
        );
        let named = offhook_table_decide_named(
            table,
            absent.as_ptr(),
            absent.as_ptr(),
            1,
            &mut decision,
            null_mut(),
            0,
        );
        assert_eq!(named, nothing);
        assert!(
            offhook_table_action(null(), 0).is_null() && offhook_table_action(table, 99).is_null()
        );
        assert!(offhook_table_rule(null(), 0).is_null() && offhook_table_rule(table, -1).is_null());
        assert_eq!(
            (
                offhook_table_n_features(null()),
                offhook_table_n_features(table)
            ),
            (0, 6)
        );
        offhook_table_free(null_mut());
        offhook_table_free(table);
    }
}

#[test]
fn the_header_is_that_of_this_code() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut header = Vec::new();
    cbindgen::Builder::new()
        .with_src(folder.join("src/lib.rs"))
        .with_src(folder.join("src/phone.rs"))
        .with_config(cbindgen::Config::from_file(folder.join("cbindgen.toml")).unwrap())
        .generate()
        .unwrap()
        .write(&mut header);
    let path = folder.join("include/offhook_table.h");
    if std::env::var_os("OFFHOOK_WRITE_HEADER").is_some() {
        std::fs::write(&path, &header).unwrap();
    }
    let committed = std::fs::read(&path).unwrap_or_default();
    assert!(
        committed == header,
        "include/offhook_table.h does not fit the code; run this test with OFFHOOK_WRITE_HEADER=1"
    );
}

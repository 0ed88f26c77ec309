//! A release: one file that stands alone, and what is no release.

use offhook_env::scenario::ScenarioText;
use offhook_table::Provenance;
use offhook_table::release::{Figure, Judgment, Release, ReleaseContent, ReleaseError};

use crate::agent::{scenario, text};
use crate::phone::table;

fn content() -> ReleaseContent {
    ReleaseContent {
        scenario: ScenarioText {
            main: offhook_env::diagnostic::Text {
                file: "/somewhere/else.toml".to_owned(),
                ..text().main
            },
            ..text()
        },
        channel: Some("# a line".to_owned()),
        figures: vec![Figure {
            policy: "table".to_owned(),
            metric: "completion".to_owned(),
            value: 0.1 + 0.2,
            low: None,
            high: Some(0.4),
            unit: "share".to_owned(),
            n_calls: 3,
        }],
        verdict: Some(Judgment {
            status: "worse".to_owned(),
            reasons: vec!["a reason".to_owned()],
        }),
        provenance: Provenance::from([("seed".to_owned(), 7.into())]),
    }
}

/// The fixture's masks are met by asking who it is, and then whether they agree.
fn release() -> Release {
    let scenario = scenario();
    proved(&scenario, content()).unwrap_or_else(|e| panic!("{e}"))
}

/// A table that does what is allowed: after an opt-out it closes.
fn proved(
    scenario: &offhook_env::scenario::Scenario,
    content: ReleaseContent,
) -> Result<Release, ReleaseError> {
    let plain = table(scenario, "ask(agrees)");
    let layout = plain.layout().clone();
    let opt_out = layout.feature_idx("opt_out").unwrap();
    let levels = layout.features()[opt_out].levels.len();
    let asked = layout.features()[opt_out].code("asked").unwrap();
    let others = ((1u16 << levels) - 1) & !(1 << asked);
    let mut rules = plain.rules().to_vec();
    for rule in &mut rules {
        rule.when = rule.when.with(opt_out, others);
    }
    let close = layout.action_idx("close").unwrap();
    rules.push(offhook_table::Rule::new(
        "bye",
        layout.any().with(opt_out, 1 << asked),
        close,
    ));
    let none = Provenance::new();
    let table = offhook_table::DecisionTable::new(&scenario.name, layout, rules, close, none);
    Release::new(table?, content)
}

#[test]
fn a_release_comes_back_and_gives_the_same_bytes() {
    let release = release();
    let bytes = release.to_bytes();
    assert!(Release::is(&bytes) && !Release::is(release.table().to_json().as_bytes()));
    let again = Release::from_bytes(&bytes).unwrap();
    assert_eq!(again.to_bytes(), bytes);
    assert_eq!(again.table(), release.table());
    assert_eq!(again.content(), release.content());
    assert_eq!(again.content().scenario.main.file, "scenario.toml");
    assert!(!again.is_signed() && again.proofs().rules.len() == 2);
    let mut call = again.agent().start();
    assert_eq!(call.reply().text(), "Is it you?");
}

#[test]
fn what_is_not_proved_is_no_release() {
    let scenario = scenario();
    let refused = Release::new(table(&scenario, "inform(news)"), content()).unwrap_err();
    assert!(matches!(refused, ReleaseError::NotProved(_)), "{refused}");
    assert!(
        refused.to_string().contains("after an opt-out"),
        "{refused}"
    );
}

#[test]
fn every_changed_byte_is_found() {
    let bytes = release().to_bytes();
    for at in (0..bytes.len()).step_by(61).chain([bytes.len() - 1]) {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let error = Release::from_bytes(&changed).expect_err("a changed byte");
        let message = error.to_string();
        assert!(message.len() < 2_000, "{message}");
        let cut = Release::from_bytes(&bytes[..at]);
        let is_cut = matches!(cut, Err(ReleaseError::Syntax(_) | ReleaseError::Altered));
        assert!(is_cut, "{cut:?}");
    }
    let text = String::from_utf8(bytes).unwrap();
    let error = |from: &str, to: &str| {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text);
        Release::from_bytes(changed.as_bytes()).unwrap_err()
    };
    let newer = error("\"schema\":1", "\"schema\":2").to_string();
    assert!(
        newer.starts_with("release schema version is 2, expected 1"),
        "{newer}"
    );
    assert!(matches!(
        error("Is it you?", "Is it me?"),
        ReleaseError::Checksum { .. }
    ));
    assert_eq!(
        error("\"content\":", "\"content\": "),
        ReleaseError::Altered
    );
    assert!(matches!(
        error("\"content\"", "\"contents\""),
        ReleaseError::Syntax(_)
    ));
}

#[cfg(feature = "sign")]
#[test]
fn a_signature_is_of_one_key_and_one_content() {
    use offhook_table::sign::{SignError, generate_keys};

    let mut release = release();
    let (keys, others) = (generate_keys().unwrap(), generate_keys().unwrap());
    assert_eq!(
        release.check_signature(&keys.public),
        Err(ReleaseError::NotSigned)
    );
    let checksum = release.checksum().to_owned();
    release.sign(&keys.private).unwrap();
    let read = Release::from_bytes(&release.to_bytes()).unwrap();
    assert!(read.is_signed() && read.checksum() == checksum);
    assert_eq!(read.check_signature(&keys.public), Ok(()));
    let forged = Err(ReleaseError::Signature(SignError::Forged));
    assert_eq!(read.check_signature(&others.public), forged);
    assert!(release.sign(&keys.public).is_err());
}

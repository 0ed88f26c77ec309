//! The canonical file of a table: JSON, lossless, equal bytes for equal tables, one line per
//! feature and per rule.
//!
//! ```json
//! {
//!   "schema": 1,
//!   "scenario": "fraud_alert",
//!   "layout": "4d2c6f0e9a1b3857",
//!   "features": [
//!     {"name":"identity","levels":["unknown","claimed","confirmed"]}
//!   ],
//!   "actions": ["confirm_identity","inform(payment)"],
//!   "default_action": "confirm_identity",
//!   "rules": [
//!     {"id":"r1","when":{"identity":["unknown","claimed"]},"action":"confirm_identity","support":812,"fidelity":0.97}
//!   ],
//!   "provenance": {"seed":7},
//!   "checksum": "64 hex digits"
//! }
//! ```
//!
//! A feature absent from `when` may take any level; an absent `fidelity` was not measured.
//! An optional `tracker`, before `default_action`, names the calibrated tracker that the codes come from.
//! An optional `traffic`, before `provenance`, counts what was observed when the rules were made:
//! `{"identity":[812,95,40]}`, one number per level for every feature.
//! `checksum` is the SHA-256 of the document without it, in this order of keys and without blanks,
//! so reformatting a file is harmless and any other change to it is refused.

use crate::format::check_len;
use crate::table::document::{Document, compact};
use crate::table::{DecisionTable, MAX_CONTENT_BYTES, TableError};

impl DecisionTable {
    /// The table as canonical JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let document = Document {
            checksum: Some(self.checksum().to_owned()),
            ..Document::of(self)
        };
        let lines = |items: Vec<String>| {
            if items.is_empty() {
                "[]".to_owned()
            } else {
                format!("[\n    {}\n  ]", items.join(",\n    "))
            }
        };
        let tracker = document.tracker.as_ref().map(|t| ("tracker", compact(t)));
        let traffic = document.traffic.as_ref().map(|t| ("traffic", compact(t)));
        let fields = [
            ("schema", compact(&document.schema)),
            ("scenario", compact(&document.scenario)),
            ("layout", compact(&document.layout)),
            (
                "features",
                lines(document.features.iter().map(compact).collect()),
            ),
            ("actions", compact(&document.actions)),
        ];
        let rules = lines(document.rules.iter().map(compact).collect());
        let fields: Vec<String> = fields
            .into_iter()
            .chain(tracker)
            .chain([
                ("default_action", compact(&document.default_action)),
                ("rules", rules),
            ])
            .chain(traffic)
            .chain([
                ("provenance", compact(&document.provenance)),
                ("checksum", compact(&document.checksum)),
            ])
            .map(|(key, value)| format!("  \"{key}\": {value}"))
            .collect();
        format!("{{\n{}\n}}\n", fields.join(",\n"))
    }

    /// Reads a table from its canonical JSON, checking version, checksum, layout and every
    /// invariant.
    ///
    /// Any bytes are safe: input beyond twice [`MAX_CONTENT_BYTES`] is refused unread, and
    /// [`format`](mod@crate::format) bounds the memory.
    ///
    /// # Errors
    /// [`TableError`] with the place, what was found, what was expected, and the remedy.
    pub fn from_json(bytes: &[u8]) -> Result<Self, TableError> {
        check_len(bytes, 2 * MAX_CONTENT_BYTES)?;
        Document::parse("JSON", bytes)?.open_whole()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use std::collections::BTreeMap;

    use super::*;
    use crate::testing::{cases, random_table};
    use crate::{Feature, Layout, Provenance, Rule};

    fn table() -> DecisionTable {
        let random = random_table(3, 12, 4);
        let provenance = serde_json::json!({"seed": 7, "metrics": {"completion": 0.1, "b": [1.0, null]}, "text": "é\n\""});
        let provenance = serde_json::from_value(provenance).unwrap();
        DecisionTable::new(
            "mock",
            random.layout().clone(),
            random.rules().to_vec(),
            2,
            provenance,
        )
        .unwrap()
    }

    /// The same file with a checksum that fits whatever `change` did to its fields.
    fn resealed(change: impl FnOnce(&mut Document)) -> Vec<u8> {
        let text = table().to_json();
        let mut document = Document::parse("JSON", text.as_bytes()).unwrap();
        document.checksum = None;
        change(&mut document);
        document.checksum = Some(document.seal().unwrap().0);
        serde_json::to_vec(&document).unwrap()
    }

    fn refusal(bytes: &[u8]) -> String {
        DecisionTable::from_json(bytes).unwrap_err().to_string()
    }

    #[test]
    fn a_hand_edited_file_is_refused_with_the_remedy() {
        let text = table().to_json();
        let edited = text.replacen("\"support\":", "\"support\":1", 1);
        assert_ne!(text, edited);
        let message = refusal(edited.as_bytes());
        assert!(
            message.starts_with("checksum: found ") && message.contains("undo the edit or export"),
            "{message}"
        );
        let unsealed = text
            .replace(",\n  \"checksum\"", "")
            .replace(&format!(": \"{}\"", table().checksum()), "");
        assert!(
            refusal(unsealed.as_bytes()).starts_with("checksum: found none"),
            "{unsealed}"
        );
    }

    #[test]
    fn reformatting_a_file_is_harmless() {
        let value: serde_json::Value = serde_json::from_str(&table().to_json()).unwrap();
        let pretty = serde_json::to_vec_pretty(&value).unwrap();
        assert_eq!(DecisionTable::from_json(&pretty).unwrap(), table());
    }

    #[test]
    fn another_version_is_called_that_whatever_else_it_holds() {
        let message = refusal(b"{\"schema\": 2, \"hit_policy\": \"unique\"}");
        assert!(
            message.starts_with("table schema version is 2, expected 1"),
            "{message}"
        );
        assert!(refusal(b"{\"rules\": []}").contains("missing field `schema`"));
        assert!(refusal(b"").contains("line 1 column 0"));
        assert!(refusal(&vec![b' '; 2 * MAX_CONTENT_BYTES + 1]).contains("at most"));
    }

    #[test]
    fn what_is_wrong_inside_a_sealed_file_is_named() {
        let check = |change: fn(&mut Document), expected: &str| {
            let message = refusal(&resealed(change));
            assert!(message.contains(expected), "{message}");
        };
        assert_eq!(
            DecisionTable::from_json(&resealed(|_| ())).unwrap(),
            table()
        );
        check(
            |d| d.rules[3].action = "shout".into(),
            "rule 'r3': found action 'shout', expected one of action_0, ",
        );
        check(
            |d| d.default_action = "shout".into(),
            "default_action: found action 'shout'",
        );
        check(
            |d| d.layout = "0000".into(),
            "layout: found '0000', expected ",
        );
        check(
            |d| d.rules[0].fidelity = Some(1.5),
            "rule 'r0': found fidelity 1.5",
        );
        check(
            |d| d.rules[1].id = "r0".into(),
            "rule 'r0': found the same id twice",
        );
        check(
            |d| drop(d.rules[2].when.insert("mood".into(), vec!["good".into()])),
            "rule 'r2', condition on 'mood': found an unknown feature",
        );
        check(
            |d| {
                drop(
                    d.rules[2]
                        .when
                        .insert("feature_0".into(), d.features[0].levels.clone()),
                )
            },
            "rule 'r2', when: found another form of its conditions",
        );
    }

    #[test]
    fn value_stability() {
        let layout = Layout::new(
            vec![Feature::new("turns", &["few", "many"])],
            vec!["ask".into()],
        )
        .unwrap();
        let rule = Rule {
            support: 3,
            fidelity: Some(0.5),
            ..Rule::new("r1", layout.cell(&[("turns", &["few"])]).unwrap(), 0)
        };
        let table = DecisionTable::new("mock", layout, vec![rule], 0, Provenance::new()).unwrap();
        let expected = r#"{
  "schema": 1,
  "scenario": "mock",
  "layout": "9dad5d42f63a4d47",
  "features": [
    {"name":"turns","levels":["few","many"]}
  ],
  "actions": ["ask"],
  "default_action": "ask",
  "rules": [
    {"id":"r1","when":{"turns":["few"]},"action":"ask","support":3,"fidelity":0.5}
  ],
  "provenance": {},
  "checksum": "25ae18f689cc7d119b5a7dfd7e075b5acbe8812425544cf7f45802891fe3b47c"
}
"#;
        assert_eq!(table.to_json(), expected);
    }

    proptest! {
        #![proptest_config(cases(96))]

        #[test]
        fn a_table_comes_back_from_its_file_and_gives_the_same_bytes(
            seed: u64, n_rules in 1..80usize, n_features in 1..12usize
        ) {
            let table = random_table(seed, n_rules, n_features);
            let text = table.to_json();
            let back = DecisionTable::from_json(text.as_bytes()).unwrap();
            prop_assert_eq!(back.to_json(), text);
            prop_assert_eq!(back, table);
        }

        #[test]
        fn random_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(DecisionTable::from_json(&bytes).is_err());
        }

        #[test]
        fn a_truncated_file_is_refused(share in 0.0..1.0) {
            let text = table().to_json();
            let n_bytes = (share * (text.trim_end().len() as f64)) as usize;
            prop_assert!(DecisionTable::from_json(&text.as_bytes()[..n_bytes]).is_err());
        }

        #[test]
        fn a_mutated_file_is_refused_or_holds_the_same_table(
            edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 1..4)
        ) {
            let mut bytes = table().to_json().into_bytes();
            for (place, byte, kind) in edits {
                let idx = place.index(bytes.len());
                match kind {
                    0 => bytes[idx] = byte,
                    1 => bytes.insert(idx, byte),
                    _ => drop(bytes.remove(idx)),
                }
            }
            if let Ok(read) = DecisionTable::from_json(&bytes) {
                prop_assert_eq!(read, table());
            }
        }

        #[test]
        fn a_sealed_file_of_arbitrary_content_never_panics(
            names in prop::collection::vec(".{0,6}", 6), level in ".{0,3}",
            support: u64, fidelity: f64, depth in 0..130usize
        ) {
            let bytes = resealed(|d| {
                d.rules[0].id.clone_from(&names[0]);
                d.rules[1].when = BTreeMap::from([(names[1].clone(), vec![level.clone()])]);
                d.rules[2].support = support;
                d.rules[3].fidelity = Some(fidelity).filter(|f| f.is_finite());
                d.features[0].levels[0] = level;
                d.actions[0].clone_from(&names[2]);
                let nested = (0..depth).fold(serde_json::Value::Null, |value, _| serde_json::json!([value]));
                d.provenance.insert(names[3].clone(), nested);
            });
            if let Ok(read) = DecisionTable::from_json(&bytes) {
                prop_assert_eq!(DecisionTable::from_json(read.to_json().as_bytes()).unwrap(), read);
            }
        }
    }
}

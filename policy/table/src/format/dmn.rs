//! DMN 1.3 XML (OMG formal/21-01-01, namespace `20191111`): one decision, `next_action`, with one
//! decision table over the tested features, and a diagram of it.
//!
//! - A cell is `-` or a list of string literals, the only form that every DMN engine reads alike.
//! - The hit policy is `UNIQUE`; a table whose rules overlap, which no proof lets through, is
//!   written with `FIRST`, so that the file still says what the table does.
//! - The outputs are `action` and `rule`; support and fidelity are annotations.
//! - Where no rule fires, the default output entry of `action` is taken and `rule` is null.
//! - Features, default action, provenance and checksum are in an extension element, so that
//!   [`DecisionTable::from_dmn`] reads the same table back.
//!
//! Test cases for the file are written by [`tck`](super::tck).

use crate::format::feel::{self, DECISION, Input};
use crate::format::xml::{escape, escape_json};
use crate::table::document::{Document, compact};
use crate::table::{DecisionTable, Rule};

mod diagram;
mod read;

pub(crate) const MODEL: &str = "https://www.omg.org/spec/DMN/20191111/MODEL/";
/// The namespace of our extension element.
const EXTENSION: &str = "urn:offhook:table:1";
const ACTION: &str = "action";
const RULE: &str = "rule";

impl DecisionTable {
    /// The table as DMN 1.3.
    #[must_use]
    pub fn to_dmn(&self) -> String {
        let inputs = feel::inputs(self);
        let scenario = escape(self.scenario());
        let namespace = namespace(self);
        let n_rules = self.rules().len();
        let head = escape_json(&compact(&Document::head(self)));
        let clauses: String = inputs.iter().enumerate().map(input_clause).collect();
        let rules: String = (1..)
            .zip(self.rules())
            .map(|(k, rule)| rule_element(self, &inputs, k, rule))
            .collect();
        let requirements: String = (1..=inputs.len())
            .map(|k| {
                format!(
                    "    <informationRequirement id=\"requirement_{k}\">\
                     <requiredInput href=\"#input_{k}\"/></informationRequirement>\n"
                )
            })
            .collect();
        let data: String = inputs.iter().enumerate().map(input_data).collect();
        let actions: Vec<String> = self
            .layout()
            .actions()
            .iter()
            .map(|a| feel::literal(a))
            .collect();
        let actions = escape(&actions.join(","));
        let default = escape(&feel::literal(self.action_name(self.default_action())));
        let hit_policy = if overlaps(self) { "FIRST" } else { "UNIQUE" };
        let diagram = diagram::diagram(inputs.len());
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="{MODEL}" xmlns:dmndi="https://www.omg.org/spec/DMN/20191111/DMNDI/" xmlns:dc="http://www.omg.org/spec/DMN/20180521/DC/" xmlns:di="http://www.omg.org/spec/DMN/20180521/DI/" xmlns:offhook="{EXTENSION}" id="definitions" name="{scenario}" namespace="{namespace}" exporter="offhook">
  <description>What to do next on a call of scenario {scenario}: {n_rules} rules. Change no cell by hand: no proof would hold for it.</description>
  <extensionElements><offhook:table>{head}</offhook:table></extensionElements>
  <itemDefinition id="decision_type" name="Decision">
    <itemComponent id="decision_type_action" name="{ACTION}"><typeRef>string</typeRef></itemComponent>
    <itemComponent id="decision_type_rule" name="{RULE}"><typeRef>string</typeRef></itemComponent>
  </itemDefinition>
  <decision id="{DECISION}" name="{DECISION}">
    <variable id="decision_variable" name="{DECISION}" typeRef="Decision"/>
{requirements}    <decisionTable id="table" hitPolicy="{hit_policy}">
{clauses}      <output id="output_1" name="{ACTION}" typeRef="string">
        <outputValues id="output_values_1"><text>{actions}</text></outputValues>
        <defaultOutputEntry id="default_1"><text>{default}</text></defaultOutputEntry>
      </output>
      <output id="output_2" name="{RULE}" typeRef="string"/>
      <annotation name="support"/>
      <annotation name="fidelity"/>
{rules}    </decisionTable>
  </decision>
{data}{diagram}</definitions>
"#
        )
    }
}

/// The namespace of the model: the table's identity.
pub(crate) fn namespace(table: &DecisionTable) -> String {
    format!("urn:offhook:table:sha256:{}", table.checksum())
}

fn overlaps(table: &DecisionTable) -> bool {
    let rules = table.rules();
    (0..rules.len()).any(|b| rules[..b].iter().any(|a| a.when.overlaps(&rules[b].when)))
}

fn input_clause((idx, input): (usize, &Input)) -> String {
    let (k, identifier) = (idx + 1, &input.identifier);
    let label = escape(&input.feature.name);
    let levels = escape(&feel::list(input.feature, input.feature.full_mask()));
    format!(
        r#"      <input id="clause_{k}" label="{label}">
        <inputExpression id="expression_{k}" typeRef="string"><text>{identifier}</text></inputExpression>
        <inputValues id="values_{k}"><text>{levels}</text></inputValues>
      </input>
"#
    )
}

fn input_data((idx, input): (usize, &Input)) -> String {
    let (k, identifier) = (idx + 1, &input.identifier);
    let label = escape(&input.feature.name);
    format!(
        r#"  <inputData id="input_{k}" name="{identifier}" label="{label}">
    <variable id="variable_{k}" name="{identifier}" typeRef="string"/>
  </inputData>
"#
    )
}

/// One rule, on one line.
fn rule_element(table: &DecisionTable, inputs: &[Input], k: usize, rule: &Rule) -> String {
    let mut line = format!("      <rule id=\"rule_{k}\">");
    for (idx, input) in inputs.iter().enumerate() {
        let mask = rule.when.masks()[input.feature_idx];
        let cell = if mask == input.feature.full_mask() {
            "-".to_owned()
        } else {
            escape(&feel::list(input.feature, mask))
        };
        let id = format!("cell_{k}_{}", idx + 1);
        line += &format!("<inputEntry id=\"{id}\"><text>{cell}</text></inputEntry>");
    }
    for (n, name) in [(1, table.action_name(rule.action)), (2, &rule.id)] {
        let text = escape(&feel::literal(name));
        line += &format!("<outputEntry id=\"result_{k}_{n}\"><text>{text}</text></outputEntry>");
    }
    let fidelity = rule
        .fidelity
        .map_or(String::new(), |share| share.to_string());
    line + &format!(
        "<annotationEntry><text>{}</text></annotationEntry>\
         <annotationEntry><text>{fidelity}</text></annotationEntry></rule>\n",
        rule.support
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{awkward_table, cases, random_table};
    use crate::{Feature, Layout, Provenance};

    fn table() -> DecisionTable {
        let layout = Layout::new(
            vec![Feature::new("slot.area", &["none", "<.2", ">.95"])],
            vec!["ask".into(), "close".into()],
        )
        .unwrap();
        let rule = |id: &str, levels: &[&str], action| {
            Rule::new(id, layout.cell(&[("slot.area", levels)]).unwrap(), action)
        };
        let rules = vec![rule("r1", &["none", "<.2"], 0), rule("r2", &[">.95"], 1)];
        DecisionTable::new("mock", layout.clone(), rules, 0, Provenance::new()).unwrap()
    }

    fn refusal(text: &str) -> String {
        DecisionTable::from_dmn(text.as_bytes())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_rule_is_one_line_of_portable_cells() {
        let text = table().to_dmn();
        let expected = "<rule id=\"rule_1\">\
            <inputEntry id=\"cell_1_1\"><text>&quot;none&quot;,&quot;&lt;.2&quot;</text></inputEntry>\
            <outputEntry id=\"result_1_1\"><text>&quot;ask&quot;</text></outputEntry>\
            <outputEntry id=\"result_1_2\"><text>&quot;r1&quot;</text></outputEntry>\
            <annotationEntry><text>0</text></annotationEntry>\
            <annotationEntry><text></text></annotationEntry></rule>";
        assert!(text.contains(expected), "{text}");
        assert!(text.contains("label=\"slot.area\"") && text.contains("<text>slot_area</text>"));
        assert!(text.contains("hitPolicy=\"UNIQUE\""));
    }

    #[test]
    fn a_table_whose_rules_overlap_says_first() {
        let rules = vec![
            Rule::new("a", table().layout().any(), 0),
            table().rules()[1].clone(),
        ];
        let layout = table().layout().clone();
        let table = DecisionTable::new("mock", layout, rules, 0, Provenance::new()).unwrap();
        let text = table.to_dmn();
        assert!(text.contains("hitPolicy=\"FIRST\""));
        assert_eq!(DecisionTable::from_dmn(text.as_bytes()).unwrap(), table);
    }

    #[test]
    fn a_hit_policy_left_out_is_unique() {
        let text = table().to_dmn().replace(" hitPolicy=\"UNIQUE\"", "");
        assert_eq!(DecisionTable::from_dmn(text.as_bytes()).unwrap(), table());
    }

    #[test]
    fn a_file_laid_out_anew_holds_the_same_table() {
        let text = table().to_dmn();
        let text = text
            .replace("<text>", "<text>\n  ")
            .replace("</text>", "\n</text>");
        let text = text.replace("<inputEntry", "<!-- a cell --><inputEntry");
        let text = text
            .replace("xmlns=\"", "xmlns:d=\"")
            .replace("</", "</d:")
            .replace('<', "<d:");
        let text = text
            .replace("<d:/d:", "</d:")
            .replace("<d:?", "<?")
            .replace("<d:!--", "<!--");
        let mut text = text;
        for prefix in ["dmndi", "dc", "di", "offhook"] {
            text = text.replace(&format!("d:{prefix}:"), &format!("{prefix}:"));
        }
        assert_eq!(DecisionTable::from_dmn(text.as_bytes()).unwrap(), table());
    }

    #[test]
    fn whatever_is_altered_is_refused() {
        let check = |from: &str, to: &str, expected: &str| {
            let text = table().to_dmn();
            assert!(text.contains(from), "{from}");
            let message = refusal(&text.replacen(from, to, 1));
            assert!(message.contains(expected), "{message}");
        };
        let cell = "<text>&quot;&gt;.95&quot;</text></inputEntry>";
        check(cell, "<text>-</text></inputEntry>", "checksum: found ");
        check(
            cell,
            "<text>&quot;none&quot;</text></inputEntry>",
            "checksum: found ",
        );
        check(
            cell,
            "<text>not(&quot;none&quot;)</text></inputEntry>",
            "rule 2, cell 1: found 'not(\"none\")', expected '-' or a list of levels",
        );
        check(
            cell,
            "<text>&quot;high&quot;</text></inputEntry>",
            "rule 2, condition on 'slot.area': found level 'high'",
        );
        check(
            "</inputEntry>",
            "</inputEntry><inputEntry><text>-</text></inputEntry>",
            "rule 1: found 2 cells, expected 1",
        );
        check(
            "&quot;close&quot;</text></outputEntry>",
            "&quot;shout&quot;</text></outputEntry>",
            "rule 2: found action 'shout'",
        );
        check(
            "<text>slot_area<",
            "<text>slot_b<",
            "text 1: found 'slot_b', expected 'slot_area'",
        );
        check(
            "label=\"slot.area\"",
            "label=\"slot\"",
            "condition on 'slot'",
        );
        check("UNIQUE", "ANY", "hitPolicy: found 'ANY', expected 'UNIQUE'");
        check(
            "&quot;ask&quot;</text></default",
            "&quot;close&quot;</text></default",
            "defaultOutputEntry",
        );
        check(
            "</decisionTable>",
            "</decisionTable><knowledgeRequirement/>",
            "found 'knowledgeRequirement', expected 'nothing'",
        );
        check(
            cell,
            "<text>&quot;&gt;.95&quot;<!-- -->,&quot;none&quot;</text></inputEntry>",
            "found more than text",
        );
        check(
            "<definitions ",
            "<definitions expressionLanguage=\"x\" ",
            "expressionLanguage: found 'x'",
        );
        check(
            "20191111/MODEL",
            "20180521/MODEL",
            "expected definitions of DMN 1.3",
        );
        check("urn:offhook:table:1", "urn:other", "extension element");
        check(
            "&quot;schema&quot;:1",
            "&quot;schema&quot;:2",
            "schema version is 2",
        );
        check("</rule>", "", "not a table in DMN: ");
    }

    #[test]
    fn every_truncation_is_refused() {
        let text = awkward_table(3, 3, 2).to_dmn();
        let text = text.trim_end();
        for n_bytes in (0..text.len()).filter(|&n| text.is_char_boundary(n)) {
            assert!(DecisionTable::from_dmn(&text.as_bytes()[..n_bytes]).is_err());
        }
    }

    proptest! {
        #![proptest_config(cases(128))]

        #[test]
        fn a_mutated_file_is_refused_or_holds_the_same_table(
            edits in prop::collection::vec(
                (any::<prop::sample::Index>(), prop::sample::select(b"<>/&;\"'= -!?ax1:#[".to_vec()), 0..3u8), 1..4
            )
        ) {
            let mut bytes = table().to_dmn().into_bytes();
            for (place, byte, kind) in edits {
                let idx = place.index(bytes.len());
                match kind {
                    0 => bytes[idx] = byte,
                    1 => bytes.insert(idx, byte),
                    _ => drop(bytes.remove(idx)),
                }
            }
            if let Ok(read) = DecisionTable::from_dmn(&bytes) {
                prop_assert_eq!(read, table());
            }
        }
    }

    #[test]
    fn the_largest_table_is_within_the_bounds_of_the_reader() {
        let table = random_table(5, 4096, 96);
        assert_eq!(
            DecisionTable::from_dmn(table.to_dmn().as_bytes()).unwrap(),
            table
        );
    }
}

//! Test cases for a table's DMN file, in the form of the DMN Technology Compatibility Kit
//! (namespace `20160719/testcase`), which DMN engines can run.
//!
//! Two cases for each rule: the observation of its lowest levels and that of its highest, with the
//! action and the rule that the table gives.

use crate::format::dmn::namespace;
use crate::format::feel::{DECISION, inputs};
use crate::format::xml::escape;
use crate::table::{DecisionTable, Rule, levels_in};

impl DecisionTable {
    /// Test cases for the model file `model_name`, such as `fraud_alert.dmn`. A table without rules
    /// has the one case of no input.
    #[must_use]
    pub fn to_tck(&self, model_name: &str) -> String {
        let mut cases = Vec::new();
        for rule in self.rules() {
            let [lowest, highest] = corners(rule);
            cases.push(self.case(&format!("{}, lowest levels", rule.id), &lowest));
            if highest != lowest {
                cases.push(self.case(&format!("{}, highest levels", rule.id), &highest));
            }
        }
        if cases.is_empty() {
            cases.push(self.case("no rules", &vec![0; self.layout().features().len()]));
        }
        let numbered = (1..).zip(&cases);
        let cases: String = numbered
            .map(|(k, case)| format!("  <testCase id=\"{k:04}\">{case}</testCase>\n"))
            .collect();
        let model = escape(model_name);
        let namespace = namespace(self);
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<testCases xmlns="http://www.omg.org/spec/DMN/20160719/testcase" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema" namespace="{namespace}">
  <modelName>{model}</modelName>
  <labels><label>Compliance Level 2</label><label>Decision Table</label></labels>
{cases}</testCases>
"#
        )
    }

    /// The inside of a test case, on one line.
    fn case(&self, title: &str, codes: &[u8]) -> String {
        let decision = self.decide(codes);
        let mut case = format!("<description>{}</description>", escape(title));
        for input in inputs(self) {
            let level = &input.feature.levels[usize::from(codes[input.feature_idx])];
            case += &format!(
                "<inputNode name=\"{}\">{}</inputNode>",
                input.identifier,
                value(Some(level))
            );
        }
        let rule = decision
            .rule
            .map(|idx| self.rules()[idx as usize].id.as_str());
        let (action, rule) = (value(Some(self.action_name(decision.action))), value(rule));
        case + &format!(
            "<resultNode name=\"{DECISION}\" type=\"decision\"><expected>\
             <component name=\"action\">{action}</component>\
             <component name=\"rule\">{rule}</component></expected></resultNode>"
        )
    }
}

/// The observations of the lowest and of the highest levels that a rule allows, as codes.
fn corners(rule: &Rule) -> [Vec<u8>; 2] {
    let masks = || rule.when.masks().iter();
    let level =
        |level: Option<usize>| level.expect("a rule allows some level of each feature") as u8;
    [
        masks().map(|&mask| level(levels_in(mask).next())).collect(),
        masks().map(|&mask| level(levels_in(mask).last())).collect(),
    ]
}

fn value(text: Option<&str>) -> String {
    match text {
        Some(text) => format!("<value xsi:type=\"xsd:string\">{}</value>", escape(text)),
        None => "<value xsi:nil=\"true\"/>".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::random_table;
    use crate::{Feature, Layout, Provenance};

    #[test]
    fn each_rule_has_its_corners_and_they_say_what_the_table_says() {
        let layout = Layout::new(
            vec![Feature::new("slot.area", &["none", "<.2", "high"])],
            vec!["ask".into(), "close".into()],
        )
        .unwrap();
        let cell = |levels: &[&str]| layout.cell(&[("slot.area", levels)]).unwrap();
        let rules = vec![
            Rule::new("r1", cell(&["<.2", "high"]), 0),
            Rule::new("r2", cell(&["none"]), 1),
        ];
        let table = DecisionTable::new("mock", layout, rules, 0, Provenance::new()).unwrap();
        let text = table.to_tck("a&b.dmn");
        assert!(text.contains("<modelName>a&amp;b.dmn</modelName>"));
        let case = "<testCase id=\"0001\"><description>r1, lowest levels</description>\
            <inputNode name=\"slot_area\"><value xsi:type=\"xsd:string\">&lt;.2</value></inputNode>\
            <resultNode name=\"next_action\" type=\"decision\"><expected>\
            <component name=\"action\"><value xsi:type=\"xsd:string\">ask</value></component>\
            <component name=\"rule\"><value xsi:type=\"xsd:string\">r1</value></component>\
            </expected></resultNode></testCase>\n";
        assert!(text.contains(case), "{text}");
        assert_eq!(text.matches("<testCase ").count(), 3);
    }

    #[test]
    fn every_rule_of_a_proved_table_is_expected_once_or_twice() {
        let table = random_table(4, 60, 6);
        let text = table.to_tck("mock.dmn");
        for rule in table.rules() {
            let expected = format!("<value xsi:type=\"xsd:string\">{}</value>", rule.id);
            assert!(
                (1..=2).contains(&text.matches(&expected).count()),
                "{}",
                rule.id
            );
        }
    }
}

//! The JSON Decision Model of GoRules (zen-engine): an input, one decision table, an output.
//!
//! A cell is empty for any level, or a list of string literals. The hit policy is `first`, with the
//! rules in the order of the table and a last row without conditions for the default action, whose
//! `rule` is null. Layout, provenance and checksum stand under `offhook`, which engines pass over.

use serde_json::{Value, json};

use crate::format::feel::{DECISION, Input, inputs, list, literal};
use crate::table::DecisionTable;
use crate::table::document::{Document, compact};

const ACTION_ID: &str = "output_1";
const RULE_ID: &str = "output_2";

impl DecisionTable {
    /// The table as JDM.
    #[must_use]
    pub fn to_jdm(&self) -> String {
        let columns = inputs(self);
        let field = |(idx, input): (usize, &Input)| json!({"id": input_id(idx), "name": input.feature.name, "field": input.identifier});
        let inputs: Vec<Value> = columns.iter().enumerate().map(field).collect();
        let mut rows: Vec<String> = self
            .rules()
            .iter()
            .enumerate()
            .map(|(k, rule)| {
                let cell = |input: &Input| match rule.when.masks()[input.feature_idx] {
                    mask if mask == input.feature.full_mask() => String::new(),
                    mask => list(input.feature, mask),
                };
                let cells: Vec<String> = columns.iter().map(cell).collect();
                row(
                    k + 1,
                    &cells,
                    self.action_name(rule.action),
                    &literal(&rule.id),
                )
            })
            .collect();
        let any = vec![String::new(); columns.len()];
        rows.push(row(
            rows.len() + 1,
            &any,
            self.action_name(self.default_action()),
            "null",
        ));
        let position = |x: u32| json!({"x": x, "y": 100});
        let outputs = json!([
            {"id": ACTION_ID, "name": "action", "field": "action"},
            {"id": RULE_ID, "name": "rule", "field": "rule"},
        ]);
        let input = json!({"id": "input", "type": "inputNode", "name": "observation", "position": position(100)});
        let output = json!({"id": "output", "type": "outputNode", "name": "decision", "position": position(700)});
        let edges = json!([
            {"id": "edge_1", "type": "edge", "sourceId": "input", "targetId": "table"},
            {"id": "edge_2", "type": "edge", "sourceId": "table", "targetId": "output"},
        ]);
        // Written by hand around the rows, so that each rule is a line.
        format!(
            r#"{{
"contentType": "application/vnd.gorules.decision",
"offhook": {head},
"nodes": [
{input},
{{"id": "table", "type": "decisionTableNode", "name": "{DECISION}", "position": {at}, "content": {{
"hitPolicy": "first",
"inputs": {inputs},
"outputs": {outputs},
"rules": [
{rows}
]}}}},
{output}
],
"edges": {edges}
}}
"#,
            head = compact(&Document::head(self)),
            at = position(400),
            inputs = Value::from(inputs),
            rows = rows.join(",\n"),
        )
    }
}

fn input_id(idx: usize) -> String {
    format!("input_{}", idx + 1)
}

/// One row; `rule` is an expression, the id's literal or `null`.
fn row(k: usize, cells: &[String], action: &str, rule: &str) -> String {
    let mut fields = vec![("_id".to_owned(), format!("row_{k}"))];
    let cells = cells.iter().enumerate();
    fields.extend(cells.map(|(idx, cell)| (input_id(idx), cell.clone())));
    fields.push((ACTION_ID.to_owned(), literal(action)));
    fields.push((RULE_ID.to_owned(), rule.to_owned()));
    let fields: Vec<String> = fields
        .iter()
        .map(|(key, value)| format!("{}:{}", json!(key), json!(value)))
        .collect();
    format!("{{{}}}", fields.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::random_table;

    /// What a first-hit engine would answer: the literals of the first row whose cells all hold.
    fn decide(model: &Value, levels: &[String]) -> (String, String) {
        let rows = model["nodes"][1]["content"]["rules"].as_array().unwrap();
        let holds = |row: &&Value| {
            levels.iter().enumerate().all(|(idx, level)| {
                let cell = row[input_id(idx)].as_str().unwrap();
                cell.is_empty() || cell.split(',').any(|item| item == literal(level))
            })
        };
        let row = rows.iter().find(holds).unwrap();
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        (text(ACTION_ID), text(RULE_ID))
    }

    #[test]
    fn the_rows_say_what_the_table_says() {
        let table = random_table(8, 40, 4);
        let model: Value = serde_json::from_str(&table.to_jdm()).unwrap();
        assert_eq!(model["offhook"]["checksum"], table.checksum());
        for codes in crate::testing::observations(table.layout()) {
            let levels: Vec<String> = table
                .tested()
                .map(|(idx, feature)| feature.levels[usize::from(codes[idx])].clone())
                .collect();
            let decision = table.decide(&codes);
            let rule = &table.rules()[decision.rule.unwrap() as usize];
            let expected = (
                literal(table.action_name(decision.action)),
                literal(&rule.id),
            );
            assert_eq!(decide(&model, &levels), expected);
        }
        let unknown = vec!["unknown".to_owned(); table.tested().count()];
        let default = literal(table.action_name(table.default_action()));
        assert_eq!(decide(&model, &unknown), (default, "null".to_owned()));
    }
}

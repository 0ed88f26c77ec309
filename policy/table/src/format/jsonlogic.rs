//! JSON Logic (jsonlogic.com): nested ifs, with libraries in almost any language.
//!
//! The file is `{"offhook": .., "inputs": .., "logic": ..}`: layout, provenance and checksum; the
//! levels of each input; and the logic. `apply(file.logic, {"identity": "claimed", ..})` gives
//! `[action, rule]`, the rule null where the default action is taken.
//!
//! Where the levels of a feature part the rules into groups that share none of them, the ifs are
//! nested by that feature; within a group that nothing parts, the rules follow one another. So each
//! rule is written once, and the first that applies decides, as in the table.

use serde_json::{Map, Value, json};

use crate::format::feel::{Input, inputs};
use crate::table::document::{Document, compact};
use crate::table::{Cell, DecisionTable, Feature, Rule};

impl DecisionTable {
    /// The table as JSON Logic.
    #[must_use]
    pub fn to_json_logic(&self) -> String {
        let columns = inputs(self);
        let levels: Vec<String> = columns
            .iter()
            .map(|input| {
                let about = json!({"feature": input.feature.name, "levels": input.feature.levels});
                format!("{}:{about}", json!(input.identifier))
            })
            .collect();
        let rules: Vec<&Rule> = self.rules().iter().collect();
        let tree = Tree {
            table: self,
            inputs: &columns,
        };
        format!(
            "{{\n\"offhook\": {},\n\"inputs\": {{\n{}\n}},\n\"logic\": {}\n}}\n",
            compact(&Document::head(self)),
            levels.join(",\n"),
            tree.logic(&rules, &self.layout().any()),
        )
    }
}

struct Tree<'a> {
    table: &'a DecisionTable,
    inputs: &'a [Input<'a>],
}

impl Tree<'_> {
    /// The logic of some rules, for observations known to lie in `region`.
    fn logic(&self, rules: &[&Rule], region: &Cell) -> Value {
        let mut branches = Vec::new();
        match self.parting(rules, region) {
            Some((input, groups)) => {
                for mask in groups {
                    let group: Vec<&Rule> = rules
                        .iter()
                        .filter(|rule| rule.when.masks()[input.feature_idx] & mask != 0)
                        .copied()
                        .collect();
                    let inside = region.with(input.feature_idx, mask);
                    branches.extend([is_in(input, mask), self.logic(&group, &inside)]);
                }
            }
            None => {
                for rule in rules {
                    let result = json!([self.table.action_name(rule.action), rule.id]);
                    match self.condition(rule, region) {
                        Some(condition) => branches.extend([condition, result]),
                        // It takes all that is left of the region.
                        None => {
                            branches.push(result);
                            return chain(branches);
                        }
                    }
                }
            }
        }
        branches.push(json!([
            self.table.action_name(self.table.default_action()),
            null
        ]));
        chain(branches)
    }

    /// The feature whose levels part the rules best, with the levels of each group; `None` where no
    /// feature parts them.
    fn parting(&self, rules: &[&Rule], region: &Cell) -> Option<(&Input<'_>, Vec<u16>)> {
        let groups = self.inputs.iter().map(|input| {
            let of = input.feature_idx;
            let allowed = region.masks()[of];
            let mut groups: Vec<u16> = Vec::new();
            for rule in rules {
                let mut mask = rule.when.masks()[of] & allowed;
                groups.retain(|group| {
                    let apart = group & mask == 0;
                    if !apart {
                        mask |= group;
                    }
                    apart
                });
                groups.push(mask);
            }
            (input, groups)
        });
        let largest = |of: usize, groups: &[u16]| {
            let size = |&group: &u16| {
                rules
                    .iter()
                    .filter(|rule| rule.when.masks()[of] & group != 0)
                    .count()
            };
            groups.iter().map(size).max()
        };
        groups
            .filter(|(_, groups)| groups.len() > 1)
            .min_by_key(|(input, groups)| largest(input.feature_idx, groups))
    }

    /// What a rule asks of observations in `region`; `None` where that is nothing.
    fn condition(&self, rule: &Rule, region: &Cell) -> Option<Value> {
        let asked = self.inputs.iter().filter_map(|input| {
            let allowed = region.masks()[input.feature_idx];
            let mask = rule.when.masks()[input.feature_idx];
            (mask & allowed != allowed).then(|| is_in(input, mask & allowed))
        });
        let asked: Vec<Value> = asked.collect();
        (!asked.is_empty()).then(|| json!({"and": asked}))
    }
}

fn is_in(input: &Input, mask: u16) -> Value {
    let Feature { levels, .. } = input.feature;
    let names: Vec<&String> = crate::table::levels_in(mask)
        .map(|level| &levels[level])
        .collect();
    json!({"in": [{"var": input.identifier}, names]})
}

/// `branches` ends with what is left when none of its conditions holds.
fn chain(mut branches: Vec<Value>) -> Value {
    if branches.len() == 1 {
        return branches.remove(0);
    }
    Value::Object(Map::from_iter([("if".to_owned(), Value::Array(branches))]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{awkward_table, observations, random_table};

    /// JSON Logic, as far as it is used here.
    fn apply(logic: &Value, data: &Value) -> Value {
        let holds = |condition: &Value| apply(condition, data) == json!(true);
        let Value::Object(operation) = logic else {
            return logic.clone();
        };
        match operation.iter().next().unwrap() {
            (name, Value::Array(args)) if name == "if" => {
                let mut pairs = args.chunks_exact(2);
                let chosen = pairs.by_ref().find(|pair| holds(&pair[0]));
                apply(chosen.map_or(&args[args.len() - 1], |pair| &pair[1]), data)
            }
            (name, Value::Array(args)) if name == "and" => json!(args.iter().all(holds)),
            (name, Value::Array(args)) if name == "in" => {
                let value = &data[args[0]["var"].as_str().unwrap()];
                json!(args[1].as_array().unwrap().contains(value))
            }
            (name, _) => panic!("no operator {name} is used"),
        }
    }

    fn check(table: &DecisionTable) {
        let file: Value = serde_json::from_str(&table.to_json_logic()).unwrap();
        assert_eq!(file["offhook"]["checksum"], table.checksum());
        for codes in observations(table.layout()) {
            let data = inputs(table).into_iter().map(|input| {
                let level = &input.feature.levels[usize::from(codes[input.feature_idx])];
                (input.identifier, json!(level))
            });
            let data = Value::Object(data.collect());
            let decision = table.decide(&codes);
            let rule = decision.rule.map(|idx| &table.rules()[idx as usize].id);
            let expected = json!([table.action_name(decision.action), rule]);
            assert_eq!(apply(&file["logic"], &data), expected, "{data}");
        }
    }

    #[test]
    fn the_logic_says_what_the_table_says() {
        for seed in 0..8 {
            check(&random_table(seed, 40, 4));
            check(&awkward_table(seed, 12, 3));
        }
        check(&awkward_table(1, 0, 2));
    }

    #[test]
    fn a_tree_of_rules_is_nested_and_needs_no_conjunction() {
        let text = random_table(3, 60, 6).to_json_logic();
        assert!(!text.contains("\"and\""), "{text}");
    }

    #[test]
    fn an_unknown_level_meets_no_condition() {
        let table = random_table(3, 60, 6);
        let file: Value = serde_json::from_str(&table.to_json_logic()).unwrap();
        let default = json!([table.action_name(table.default_action()), null]);
        assert_eq!(apply(&file["logic"], &json!({})), default);
    }
}

//! What the formats of outside rule engines share: inputs by identifier, cells and names as FEEL
//! writes them (DMN 1.3, section 10.3; the expressions of GoRules are alike in these parts).
//!
//! Only the portable core is used: an input is one identifier, a cell is `-` or a list of string
//! literals, an output is one string literal.

use crate::table::{DecisionTable, Feature, levels_in};

/// Words that FEEL or the expressions of GoRules read as something else than a name.
const WORDS: [&str; 25] = [
    "and",
    "between",
    "by",
    "context",
    "date",
    "else",
    "every",
    "external",
    "false",
    "for",
    "function",
    "if",
    "in",
    "instance",
    "list",
    "not",
    "null",
    "of",
    "or",
    "range",
    "return",
    "satisfies",
    "some",
    "then",
    "true",
];

/// The table's name for what an engine decides.
pub(crate) const DECISION: &str = "next_action";

/// A feature that some rule tests, as an engine sees it.
pub(crate) struct Input<'a> {
    pub feature_idx: usize,
    pub feature: &'a Feature,
    /// ASCII letters, digits and `_`, not starting with a digit, unique in its table.
    pub identifier: String,
}

/// The tested features, in layout order.
///
/// An identifier is the feature's name with `_` for every other character, `slot.payment` ->
/// `slot_payment`; where that is taken or means something else, `_2`, `_3` ... is added.
pub(crate) fn inputs(table: &DecisionTable) -> Vec<Input<'_>> {
    let mut inputs: Vec<Input> = Vec::new();
    for (feature_idx, feature) in table.tested() {
        let plain: String = feature
            .name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        let plain = match plain.chars().next() {
            Some('0'..='9') => format!("_{plain}"),
            _ => plain,
        };
        let free = |name: &String| {
            !WORDS.contains(&name.as_str())
                && name != DECISION
                && inputs.iter().all(|input| &input.identifier != name)
        };
        let identifier = std::iter::once(plain.clone())
            .chain((2..).map(|n| format!("{plain}_{n}")))
            .find(free)
            .expect("there are more numbers than features");
        inputs.push(Input {
            feature_idx,
            feature,
            identifier,
        });
    }
    inputs
}

/// A name as a string literal; names hold neither `"` nor `\`.
pub(crate) fn literal(name: &str) -> String {
    format!("\"{name}\"")
}

/// These levels of a feature as a list of string literals: `"claimed","doubted"`.
pub(crate) fn list(feature: &Feature, mask: u16) -> String {
    let levels: Vec<String> = levels_in(mask & feature.full_mask())
        .map(|level| literal(&feature.levels[level]))
        .collect();
    levels.join(",")
}

/// The names in a [`list`]; `None` if the text is none.
pub(crate) fn names_in(list: &str) -> Option<Vec<&str>> {
    list.split(',').map(|item| name_in(item.trim())).collect()
}

/// The name in a [`literal`]; `None` if the text is none.
pub(crate) fn name_in(literal: &str) -> Option<&str> {
    let name = literal.strip_prefix('"')?.strip_suffix('"')?;
    (!name.contains(['"', '\\'])).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Layout, Provenance, Rule};

    #[test]
    fn identifiers_are_plain_and_unique() {
        let names = ["a.b", "a_b", "a b", "in", "2nd", "\u{e4}", "next_action"];
        let features = names.map(|name| Feature::new(name, &["x", "y"])).to_vec();
        let layout = Layout::new(features, vec!["close".into()]).unwrap();
        let rule = Rule::new("r1", crate::Cell::new(vec![1; names.len()]), 0);
        let table = DecisionTable::new("mock", layout, vec![rule], 0, Provenance::new()).unwrap();
        let found: Vec<String> = inputs(&table).into_iter().map(|i| i.identifier).collect();
        assert_eq!(
            found,
            [
                "a_b",
                "a_b_2",
                "a_b_3",
                "in_2",
                "_2nd",
                "_",
                "next_action_2"
            ]
        );
    }

    #[test]
    fn a_list_reads_back_and_anything_else_does_not() {
        let feature = Feature::new("turn", &["1", "5-6", "16+", "it's"]);
        assert_eq!(list(&feature, 0b1110), "\"5-6\",\"16+\",\"it's\"");
        assert_eq!(names_in("\"5-6\", \"16+\""), Some(vec!["5-6", "16+"]));
        for text in ["", "-", "5-6", "\"1\",", "\"1\"\"", "not(\"1\")", "\""] {
            assert_eq!(names_in(text), None, "{text}");
        }
    }
}

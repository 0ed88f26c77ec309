//! The table in words: one rule as a sentence, and all of them as a page sorted by traffic.

use std::fmt::Write;

use crate::table::{DecisionTable, Rule};

impl DecisionTable {
    /// A rule of this table in words: `when identity is claimed or doubted and confidence is low:
    /// confirm_identity`.
    ///
    /// # Panics
    /// If the rule's action is not one of this table's.
    #[must_use]
    pub fn explain(&self, rule: &Rule) -> String {
        format!(
            "{}: {}",
            self.layout().words(&rule.when),
            self.action_name(rule.action)
        )
    }

    /// The table as a page of text: a heading, provenance, then the rules from most to least
    /// visited, with share of visits, fidelity and id. A fidelity that was not measured is `-`, and
    /// so are shares when nothing was visited.
    #[must_use]
    pub fn page(&self) -> String {
        let mut page = format!(
            "table for {}: {} rules over {} of {} features, {} actions\n\
             layout {}, checksum {}\ndefault action: {}\n",
            self.scenario(),
            self.rules().len(),
            self.tested_features().count(),
            self.layout().features().len(),
            self.layout().actions().len(),
            self.layout().hash(),
            self.checksum(),
            self.action_name(self.default_action()),
        );
        for (key, value) in self.provenance() {
            writeln!(page, "{key}: {value}").expect("a String takes every write");
        }
        let mut rules: Vec<&Rule> = self.rules().iter().collect();
        // A stable sort: rules of equal support stay in the table's order.
        rules.sort_by_key(|rule| std::cmp::Reverse(rule.support));
        let n_visits: u128 = rules.iter().map(|rule| u128::from(rule.support)).sum();
        let id_width = rules
            .iter()
            .map(|rule| rule.id.chars().count())
            .max()
            .unwrap_or(0)
            .max("rule".len());
        writeln!(page, "\n visits  fidelity  {:id_width$}", "rule")
            .expect("a String takes every write");
        for rule in rules {
            let share = percent((n_visits > 0).then(|| rule.support as f64 / n_visits as f64));
            let fidelity = percent(rule.fidelity);
            writeln!(
                page,
                "{share:>7}  {fidelity:>8}  {:id_width$}  {}",
                rule.id,
                self.explain(rule)
            )
            .expect("a String takes every write");
        }
        page
    }
}

fn percent(share: Option<f64>) -> String {
    share.map_or("-".to_owned(), |share| format!("{:.1} %", share * 100.0))
}

#[cfg(test)]
mod tests {
    use crate::{DecisionTable, Feature, Layout, Provenance, Rule};

    #[test]
    fn the_page_lists_rules_by_traffic() {
        let layout = Layout::new(
            vec![
                Feature::new("identity", &["unknown", "claimed", "doubted", "confirmed"]),
                Feature::new("confidence", &["low", "high"]),
            ],
            vec!["confirm_identity".into(), "close".into()],
        )
        .unwrap();
        let rare = layout
            .cell(&[
                ("identity", &["claimed", "doubted"][..]),
                ("confidence", &["low"]),
            ])
            .unwrap();
        let rules = vec![
            Rule {
                support: 1,
                fidelity: Some(0.5),
                ..Rule::new("rare", rare, 0)
            },
            Rule {
                support: 3,
                ..Rule::new("rest", layout.any(), 1)
            },
        ];
        let provenance = Provenance::from([("seed".to_owned(), 7.into())]);
        let table = DecisionTable::new("mock", layout, rules, 1, provenance).unwrap();
        let page = table.page();
        let expected = "default action: close
seed: 7

 visits  fidelity  rule
 75.0 %         -  rest  always: close
 25.0 %    50.0 %  rare  when identity is claimed or doubted and confidence is low: confirm_identity
";
        assert!(page.ends_with(expected), "{page}");
        assert!(
            page.starts_with("table for mock: 2 rules over 2 of 2 features, 2 actions\nlayout "),
            "{page}"
        );
    }
}

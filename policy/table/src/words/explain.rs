//! The table in words: one rule as a sentence, and all of them as a page sorted by traffic.

use crate::table::{DecisionTable, Rule};
use crate::words::provenance::lines;

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
    /// visited, with visits, their share, fidelity and id, each with its `examples` below it, as
    /// [`DecisionTable::html`] takes them. A fidelity that was not measured is `-`, and so are
    /// shares when nothing was visited.
    #[must_use]
    pub fn page(&self, examples: &[Vec<String>]) -> String {
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
        let mut line = |text: String| {
            page.push_str(&text);
            page.push('\n');
        };
        for (key, lines) in lines(self.provenance()) {
            let lines = match &lines[..] {
                [text] => format!(" {text}"),
                lines => lines.iter().map(|text| format!("\n  {text}")).collect(),
            };
            line(format!("{key}:{lines}"));
        }
        let n_visits = self.n_visits();
        let ids = self.rules().iter().map(|rule| rule.id.chars().count());
        let id_width = ids.max().unwrap_or(0).max("rule".len());
        line(format!(
            "\n visits    share  fidelity  {:id_width$}",
            "rule"
        ));
        for idx in self.by_traffic() {
            let rule = &self.rules()[idx];
            let share = percent((n_visits > 0).then(|| rule.support as f64 / n_visits as f64));
            line(format!(
                "{:>7}  {share:>7}  {:>8}  {:id_width$}  {}",
                rule.support,
                percent(rule.fidelity),
                rule.id,
                self.explain(rule)
            ));
            for example in examples.get(idx).into_iter().flatten() {
                line(format!("    {}", example.replace('\n', "\n    ")));
            }
        }
        page
    }

    /// Visits of all rules together.
    pub(crate) fn n_visits(&self) -> u128 {
        let supports = self.rules().iter().map(|rule| u128::from(rule.support));
        supports.sum()
    }

    /// The rules by their place in the table, from most to least visited; those of equal support
    /// stay in its order.
    #[must_use]
    pub fn by_traffic(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.rules().len()).collect();
        order.sort_by_key(|&idx| std::cmp::Reverse(self.rules()[idx].support));
        order
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
        let page = table.page(&[Vec::new(), vec!["call 7\nrobot  Bye.".to_owned()]]);
        let expected = "default action: close
seed: 7

 visits    share  fidelity  rule
      3   75.0 %         -  rest  always: close
    call 7
    robot  Bye.
      1   25.0 %    50.0 %  rare  when identity is claimed or doubted and confidence is low: confirm_identity
";
        assert!(page.ends_with(expected), "{page}");
        assert!(
            page.starts_with("table for mock: 2 rules over 2 of 2 features, 2 actions\nlayout "),
            "{page}"
        );
    }
}

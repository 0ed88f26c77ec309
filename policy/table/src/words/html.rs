//! The table as one HTML page that needs nothing else, for readers who are no programmers.

use crate::table::{DecisionTable, Rule, levels_in};
use crate::words::provenance::lines;

const STYLE: &str = "\
:root{color-scheme:light}
body{margin:0 auto;max-width:1080px;padding:32px 24px;background:#fff;color:#222;\
font:16px/1.5 'DejaVu Sans',Verdana,Arial,sans-serif}
h1{font-size:1.7em;line-height:1.2;margin:0}
h2{font-size:1.2em;margin:2em 0 .6em;padding-bottom:.2em;border-bottom:1px solid #ddd}
.sub{color:#5f5f5f;margin:.3em 0 1.5em}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2em 1.2em;font-size:.85em}
dt{color:#5f5f5f}
dd{margin:0;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;font-size:.88em;font-variant-numeric:tabular-nums}
th,td{padding:.45em 0 .45em 1.2em;text-align:left;vertical-align:top}
tr>:first-child{padding-left:0}
thead th{border-bottom:2px solid #222;white-space:nowrap}
tbody tr{border-bottom:1px solid #e2e2e2;break-inside:avoid}
.n{text-align:right;white-space:nowrap}
.short{max-width:36em}
.act{font-weight:600;white-space:nowrap}
.bar{display:block;height:.35em;background:#0072b2;border-radius:2px;margin:.2em 0 0 auto}
.c{display:inline-block;margin:0 .35em .2em 0;padding:0 .45em;border-radius:4px;background:#f0f2f5}
.c b{font-weight:600}
.c i{font-style:normal;color:#a23b00}
details{margin-top:.3em;color:#444}
summary{cursor:pointer;color:#5f5f5f}
pre{white-space:pre-wrap;margin:.4em 0;padding:.6em .8em;background:#f7f7f7;border-radius:4px;font-size:.92em}
.id{color:#5f5f5f}
@media print{body{max-width:none;padding:0;font-size:10pt}}
";

impl DecisionTable {
    /// The table as an HTML page: provenance, what each action takes of the traffic, then the rules
    /// from most to least visited with their visits, fidelity and conditions.
    ///
    /// `examples` are texts of calls that a rule decided, one list per rule in the order of the
    /// table; rules beyond its end have none.
    #[must_use]
    pub fn html(&self, examples: &[Vec<String>]) -> String {
        let n_visits = self.n_visits();
        let share = |visits: u128| (n_visits > 0).then(|| visits as f64 / n_visits as f64);
        let name = escape(self.scenario());
        let mut page = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n\
             <title>Decision table: {name}</title>\n<style>\n{STYLE}</style></head><body>\n\
             <h1>Decision table: {name}</h1>\n\
             <p class=\"sub\">{} rules over {} of {} features, {} actions; where no rule applies: \
             <b>{}</b></p>\n",
            self.rules().len(),
            self.tested_features().count(),
            self.layout().features().len(),
            self.layout().actions().len(),
            escape(self.action_name(self.default_action())),
        );
        self.push_provenance(&mut page);

        page.push_str(
            "<h2>Actions</h2>\n<table class=\"short\"><thead><tr><th>action</th><th class=\"n\">rules</th>\
             <th class=\"n\">share of visits</th></tr></thead><tbody>\n",
        );
        let actions = self.by_action();
        let most = actions.first().and_then(|&(_, _, visits)| share(visits));
        for (action, n_rules, visits) in actions {
            let share = share_cell(share(visits), most);
            let action = escape(self.action_name(action));
            page.push_str(&format!(
                "<tr><td class=\"act\">{action}</td><td class=\"n\">{n_rules}</td>{share}</tr>\n"
            ));
        }
        page.push_str(
            "</tbody></table>\n<h2>Rules, the busiest first</h2>\n<table><thead><tr>\
             <th>rule</th><th>action</th><th>when</th><th class=\"n\">fidelity</th>\
             <th class=\"n\">visits</th><th class=\"n\">share</th></tr></thead><tbody>\n",
        );
        let order = self.by_traffic();
        let most = order
            .first()
            .map(|&idx| u128::from(self.rules()[idx].support));
        let most = most.and_then(share);
        for idx in order {
            let rule = &self.rules()[idx];
            let fidelity = rule.fidelity.map_or("–".to_owned(), percent);
            page.push_str(&format!(
                "<tr id=\"{id}\"><td class=\"id\">{id}</td><td class=\"act\">{}</td><td>{}{}</td>\
                 <td class=\"n\">{fidelity}</td><td class=\"n\">{}</td>{}</tr>\n",
                escape(self.action_name(rule.action)),
                self.conditions_html(rule),
                examples_html(examples.get(idx).map_or(&[], Vec::as_slice)),
                rule.support,
                share_cell(share(u128::from(rule.support)), most),
                id = escape(&rule.id),
            ));
        }
        page.push_str("</tbody></table>\n</body></html>\n");
        page
    }

    fn push_provenance(&self, page: &mut String) {
        page.push_str("<dl>\n");
        let fixed = [
            ("layout", vec![self.layout().hash().to_owned()]),
            ("checksum", vec![self.checksum().to_owned()]),
        ];
        for (key, lines) in fixed.into_iter().chain(lines(self.provenance())) {
            let (key, lines) = (escape(key), lines.iter().map(|line| escape(line)));
            let lines = lines.collect::<Vec<_>>().join("<br>");
            page.push_str(&format!("<dt>{key}</dt><dd>{lines}</dd>\n"));
        }
        page.push_str("</dl>\n");
    }

    /// Actions that some rule takes with rules and visits, the busiest first.
    fn by_action(&self) -> Vec<(u8, usize, u128)> {
        let mut actions: Vec<(u8, usize, u128)> = (0..self.layout().actions().len())
            .map(|action| (action as u8, 0, 0))
            .collect();
        for rule in self.rules() {
            let entry = &mut actions[usize::from(rule.action)];
            entry.1 += 1;
            entry.2 += u128::from(rule.support);
        }
        actions.retain(|&(_, n_rules, _)| n_rules > 0);
        actions.sort_by_key(|&(_, _, visits)| std::cmp::Reverse(visits));
        actions
    }

    /// The conditions of a rule, one chip each; a long list of levels is told by what is missing.
    fn conditions_html(&self, rule: &Rule) -> String {
        let mut chips = String::new();
        for (feature, &mask) in self.layout().features().iter().zip(rule.when.masks()) {
            let absent = feature.full_mask() & !mask;
            if absent == 0 {
                continue;
            }
            let names = |mask: u16| {
                let names = levels_in(mask).map(|level| escape(&feature.levels[level]));
                names.collect::<Vec<_>>().join(", ")
            };
            let levels = if absent.count_ones() < mask.count_ones() {
                format!("<i>not</i> {}", names(absent))
            } else {
                names(mask)
            };
            let name = escape(&feature.name);
            chips.push_str(&format!("<span class=\"c\"><b>{name}</b> {levels}</span>"));
        }
        if chips.is_empty() {
            chips.push_str("always");
        }
        chips
    }
}

fn examples_html(examples: &[String]) -> String {
    if examples.is_empty() {
        return String::new();
    }
    let texts: String = examples
        .iter()
        .map(|text| format!("<pre>{}</pre>", escape(text)))
        .collect();
    format!(
        "<details><summary>example calls: {}</summary>{texts}</details>",
        examples.len()
    )
}

/// A share with a bar, which is as wide as the cell for `most`.
fn share_cell(share: Option<f64>, most: Option<f64>) -> String {
    let (Some(share), Some(most)) = (share, most) else {
        return "<td class=\"n\">–</td>".to_owned();
    };
    let (text, width) = (percent(share), share / most * 100.0);
    format!("<td class=\"n\">{text}<span class=\"bar\" style=\"width:{width:.1}%\"></span></td>")
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use crate::{Cell, DecisionTable, Feature, Layout, Provenance, Rule};

    fn table() -> DecisionTable {
        let features = vec![
            Feature::new("identity", &["unknown", "claimed", "doubted", "confirmed"]),
            Feature::new("confidence", &["<.2", "high"]),
        ];
        let actions = vec!["ask & wait".to_owned(), "close".to_owned()];
        let layout = Layout::new(features, actions).unwrap();
        let rule = |id: &str, masks: [u16; 2], action, support| Rule {
            support,
            ..Rule::new(id, Cell::new(masks.to_vec()), action)
        };
        let rules = vec![
            rule("rare", [0b1110, 0b01], 0, 1),
            rule("usual", [0b0001, 0b11], 1, 3),
        ];
        DecisionTable::new("mock", layout, rules, 1, Provenance::new()).unwrap()
    }

    #[test]
    fn rules_come_by_traffic_and_texts_are_escaped() {
        let page = table().html(&[vec!["robot: <hello>".to_owned()]]);
        assert!(page.find("id=\"usual\"").unwrap() < page.find("id=\"rare\"").unwrap());
        assert!(page.contains("ask &amp; wait") && page.contains("robot: &lt;hello&gt;"));
        assert!(page.contains("<b>identity</b> <i>not</i> unknown"));
        assert!(page.contains("<b>confidence</b> &lt;.2"));
        assert_eq!(page.matches("<details>").count(), 1);
        assert!(page.contains("75.0 %"));
    }

    #[test]
    fn a_table_nobody_visited_has_a_page_too() {
        let base = table();
        let rules = base.rules().iter().map(|rule| Rule {
            support: 0,
            ..rule.clone()
        });
        let page = base.with_rules(rules.collect()).unwrap().html(&[]);
        assert!(page.contains("<td class=\"n\">–</td>") && !page.contains("NaN"));
    }
}

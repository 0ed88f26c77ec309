//! A report as one HTML file that needs nothing else: text, pictures drawn within, tables with intervals.

use offhook_lab::printable;

use crate::text_table::{Cell, TextTable};

/// A page from top to bottom.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// Title of the page.
    pub title: String,
    /// One line below the title.
    pub subtitle: String,
    /// What follows, in order.
    pub blocks: Vec<Block>,
}

/// A part of a [`Page`].
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// Head of a section.
    Heading(String),
    /// Plain text.
    Paragraph(String),
    /// Points, the most important first.
    List(Vec<String>),
    /// A picture.
    Figure {
        /// An SVG document, as `plot::Drawing::svg` returns it; taken over as it is.
        svg: String,
        /// What it shows; read out to those who cannot see it.
        caption: String,
    },
    /// A table.
    Table {
        /// Its rows.
        table: TextTable,
        /// What it shows.
        caption: String,
    },
}

const STYLE: &str = "\
:root{color-scheme:light}
body{margin:0 auto;max-width:1200px;padding:32px 24px;background:#fff;color:#222;\
font:16px/1.5 'DejaVu Sans',Verdana,Arial,sans-serif}
h1{font-size:1.7em;line-height:1.2;margin:0}
h2{font-size:1.2em;margin:2em 0 .6em;padding-bottom:.2em;border-bottom:1px solid #ddd}
.sub{color:#5f5f5f;margin:.3em 0 1.5em}
p,ul{max-width:44em}
figure{margin:1.5em 0;break-inside:avoid}
figcaption,caption{color:#5f5f5f;font-size:.85em;text-align:left}
caption{padding-bottom:.5em}
svg{display:block;width:100%;max-width:880px;height:auto}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-size:.88em;margin:1.5em 0;font-variant-numeric:tabular-nums}
th,td{padding:.4em 0 .4em 1.6em;text-align:left;vertical-align:baseline;white-space:nowrap}
tr>:first-child{padding-left:0}
thead th{border-bottom:2px solid #222}
tbody th{font-weight:600}
tbody tr{border-bottom:1px solid #e2e2e2;break-inside:avoid}
.n{text-align:right}
small{color:#5f5f5f;font-size:.88em}
@media print{body{max-width:none;padding:0;font-size:10.5pt}h2{break-after:avoid}.wide{overflow:visible}}
";

impl Page {
    /// The page; the same report gives the same bytes.
    pub fn to_html(&self) -> String {
        let (title, subtitle) = (escape(&self.title), escape(&self.subtitle));
        let body: String = self.blocks.iter().map(Block::to_html).collect();
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
             <style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n\
             <p class=\"sub\">{subtitle}</p>\n{body}</body>\n</html>\n"
        )
    }
}

impl Block {
    fn to_html(&self) -> String {
        match self {
            Self::Heading(text) => format!("<h2>{}</h2>\n", escape(text)),
            Self::Paragraph(text) => format!("<p>{}</p>\n", escape(text)),
            Self::List(points) => {
                let points = points
                    .iter()
                    .map(|point| format!("<li>{}</li>\n", escape(point)));
                format!("<ul>\n{}</ul>\n", points.collect::<String>())
            }
            Self::Figure { svg, caption } => {
                let caption = escape(caption);
                // Within HTML an SVG has no declaration of its own.
                let svg = svg.find("<svg").map_or("", |start| svg[start..].trim_end());
                let svg = svg.replacen(
                    "<svg",
                    &format!("<svg role=\"img\" aria-label=\"{caption}\""),
                    1,
                );
                format!("<figure>\n{svg}\n<figcaption>{caption}</figcaption>\n</figure>\n")
            }
            Self::Table { table, caption } => table_html(table, caption),
        }
    }
}

fn table_html(table: &TextTable, caption: &str) -> String {
    let numeric = |column: usize| {
        table
            .rows
            .iter()
            .any(|row| matches!(row.get(column), Some(Cell::Value(..))))
    };
    let class = |column: usize| if numeric(column) { " class=\"n\"" } else { "" };
    let head: String = table
        .columns
        .iter()
        .enumerate()
        .map(|(column, head)| format!("<th scope=\"col\"{}>{}</th>", class(column), escape(head)))
        .collect();
    let row_html = |row: &Vec<Cell>| -> String {
        let cells = row.iter().enumerate().map(|(column, cell)| {
            let (front, back) = cell.parts();
            let (front, back) = (escape(&front), escape(&back));
            let text = if back.is_empty() {
                front
            } else {
                format!("{front} <small>{back}</small>")
            };
            match column {
                0 => format!("<th scope=\"row\">{text}</th>"),
                _ => format!("<td{}>{text}</td>", class(column)),
            }
        });
        format!("<tr>{}</tr>\n", cells.collect::<String>())
    };
    let rows: String = table.rows.iter().map(row_html).collect();
    let caption = escape(caption);
    format!(
        "<div class=\"wide\"><table>\n<caption>{caption}</caption>\n<thead><tr>{head}</tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table></div>\n"
    )
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in printable::lines(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use offhook_lab::unit::Unit;
    use offhook_stats::Estimate;

    #[test]
    fn a_page_is_whole_escaped_and_needs_no_network() {
        let svg =
            "<?xml version=\"1.0\"?>\n<svg width=\"8\"><text>a &amp; b</text></svg>\n".to_string();
        let estimate = Some(Estimate::new(0.5, 0.4, 0.6));
        let table = TextTable {
            columns: vec!["policy".into(), "completion".into()],
            rows: vec![
                vec!["a<b".into(), Cell::value(estimate, &Unit::share())],
                vec!["not measured".into(), Cell::Missing],
            ],
        };
        let html = Page {
            title: "A & B".into(),
            subtitle: "two \"runs\"".into(),
            blocks: vec![
                Block::Heading("Scores".into()),
                Block::Paragraph("x < y".into()),
                Block::List(vec!["a & b".into()]),
                Block::Figure {
                    svg,
                    caption: "curves".into(),
                },
                Block::Table {
                    table,
                    caption: "final scores".into(),
                },
            ],
        }
        .to_html();
        for part in [
            "<title>A &amp; B</title>",
            "two &quot;runs&quot;",
            "x &lt; y",
            "<li>a &amp; b</li>",
            "<svg role=\"img\" aria-label=\"curves\" width=\"8\"><text>a &amp; b</text></svg>",
            "<th scope=\"row\">a&lt;b</th><td class=\"n\">50.0 % <small>[40.0, 60.0]</small></td>",
            "<th scope=\"row\">not measured</th><td class=\"n\"></td>",
        ] {
            assert!(html.contains(part), "{part} is missing in\n{html}");
        }
        for part in ["<?xml", "http:", "https:", "<script", "<link", "url("] {
            assert!(!html.contains(part), "{part} in\n{html}");
        }
    }
}

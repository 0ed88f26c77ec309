//! The flow of calls as a drawing, in Mermaid or Graphviz.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use offhook_env::call::outcome::Outcome;
use offhook_lab::error::Failure;
use offhook_lab::scenario::flow::{Edge, Flow, Node, Traffic};

/// Kinds of act that an edge names.
const MOST_KINDS: usize = 3;
/// Kinds of act with a smaller share of the edge's calls are only counted.
const LEAST_KIND: f64 = 0.05;

/// Languages of drawings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GraphFormat {
    /// Mermaid, as Markdown pages show it.
    Mermaid,
    /// Graphviz.
    Dot,
}

impl GraphFormat {
    /// Every language, in the order in which they are listed.
    pub const ALL: [Self; 2] = [Self::Mermaid, Self::Dot];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mermaid => "mermaid",
            Self::Dot => "dot",
        }
    }

    /// What it is, in a line of help.
    pub fn about(self) -> &'static str {
        match self {
            Self::Mermaid => "Mermaid, as Markdown pages show it",
            Self::Dot => "Graphviz",
        }
    }
}

impl fmt::Display for GraphFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for GraphFormat {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|format| format.name() == name);
        known.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("no language of drawings '{name}', expected one of {names}")
        })
    }
}

/// What a drawing says of itself, and leaves out.
#[derive(Clone, Copy, Debug)]
pub struct GraphStyle<'a> {
    /// The title.
    pub title: &'a str,
    /// Whose calls these are, to be read behind their number: `simulated calls, seed 1`.
    pub source: &'a str,
    /// Edges that a smaller share of the calls took are left out, `[0, 1]`.
    pub min_share: f64,
}

/// The flow as a text that draws it.
///
/// # Errors
/// If there is no call.
pub fn draw(flow: &Flow, style: GraphStyle<'_>, format: GraphFormat) -> Result<String, Failure> {
    if flow.traffic.n_calls == 0 {
        return Err(Failure::failed("there is no call to draw"));
    }
    let graph = Graph::new(flow, style);
    Ok(match format {
        GraphFormat::Mermaid => graph.mermaid(),
        GraphFormat::Dot => graph.dot(),
    })
}

/// What is drawn: the busy part of a flow.
struct Graph<'a> {
    flow: &'a Flow,
    edges: Vec<(&'a (Node, Node), &'a Edge)>,
    /// The nodes that an edge touches, start first, the busiest before the others.
    nodes: Vec<(&'a Node, &'a Traffic)>,
    title: &'a str,
    /// What was played and what was left out.
    notes: Vec<String>,
}

impl<'a> Graph<'a> {
    fn new(flow: &'a Flow, style: GraphStyle<'a>) -> Self {
        let GraphStyle {
            title,
            source,
            min_share,
        } = style;
        let edges = flow.busy_edges(min_share);
        let touched = |node: &Node| {
            edges
                .iter()
                .any(|((from, to), _)| from == node || to == node)
        };
        let mut nodes: Vec<_> = flow
            .nodes
            .iter()
            .filter(|(node, _)| touched(node))
            .collect();
        nodes.sort_by_key(|(node, traffic)| {
            (**node != Node::Start, std::cmp::Reverse(traffic.n_calls))
        });
        let n_calls = flow.traffic.n_calls;
        let success = percent(flow.traffic.success());
        let notes = vec![
            format!("{n_calls} {source}: {success} completed"),
            "edge: what the robot understood, share of calls that took it, share of those completed"
                .to_owned(),
            "color: completed, from orange (few) over gray to blue (many); width: share of calls"
                .to_owned(),
            format!(
                "{} edges and {} nodes with less than {} of the calls are left out",
                flow.edges.len() - edges.len(),
                flow.nodes.len() - nodes.len(),
                percent(Some(min_share))
            ),
        ];
        Self {
            flow,
            edges,
            nodes,
            title,
            notes,
        }
    }

    fn id(&self, node: &Node) -> String {
        let at = self.nodes.iter().position(|(other, _)| *other == node);
        format!("n{}", at.unwrap_or(0))
    }

    /// Name and share of a node, in two lines joined by `newline`.
    fn node_label(&self, node: &Node, traffic: &Traffic, newline: &str) -> String {
        let name = match node {
            Node::Start => "picked up".to_owned(),
            Node::Action(name) => name.clone(),
            Node::End(outcome) => outcome_name(*outcome),
        };
        format!("{name}{newline}{}", percent(Some(self.flow.share(traffic))))
    }

    /// What was heard, and `share / success`.
    fn edge_label(&self, edge: &Edge, newline: &str) -> String {
        let mut kinds: Vec<(&String, &u64)> = edge.heard.iter().collect();
        kinds.sort_by_key(|(_, n_calls)| std::cmp::Reverse(**n_calls));
        kinds.truncate(MOST_KINDS);
        kinds.retain(|(_, n_calls)| **n_calls as f64 >= LEAST_KIND * edge.traffic.n_calls as f64);
        let more = edge.heard.len() - kinds.len();
        let mut heard: Vec<&str> = kinds.iter().map(|(kind, _)| kind.as_str()).collect();
        let rest = format!("{more} more");
        if more > 0 {
            heard.push(&rest);
        }
        let share = percent(Some(self.flow.share(&edge.traffic)));
        let success = match edge.traffic.success() {
            Some(_) => format!(" / {}", percent(edge.traffic.success())),
            None => String::new(),
        };
        let heard = heard.join(", ");
        if heard.is_empty() {
            format!("{share}{success}")
        } else {
            format!("{heard}{newline}{share}{success}")
        }
    }

    fn width(&self, edge: &Edge) -> f64 {
        1.0 + 5.0 * self.flow.share(&edge.traffic)
    }

    fn dot(&self) -> String {
        let mut text = String::new();
        for note in &self.notes {
            let _ = writeln!(text, "// {note}");
        }
        let _ = writeln!(text, "digraph {} {{", quoted(self.title));
        text += "  rankdir=TB; nodesep=0.35; ranksep=0.6;\n";
        let _ = writeln!(
            text,
            "  labelloc=t; fontname=\"Helvetica\"; fontsize=14; label={};",
            quoted(&format!("{}\\n{}", self.title, self.notes.join("\\n")))
        );
        text += "  node [shape=box, style=\"rounded,filled\", fillcolor=\"#F4F4F4\", color=\"#555555\", fontname=\"Helvetica\", fontsize=12];\n";
        text += "  edge [fontname=\"Helvetica\", fontsize=9, fontcolor=\"#333333\"];\n";
        for (node, traffic) in &self.nodes {
            let label = quoted(&self.node_label(node, traffic, "\\n"));
            let shape = match node {
                Node::Start => ", shape=circle, fillcolor=\"#FFFFFF\"",
                Node::Action(_) => "",
                Node::End(_) => ", shape=ellipse, fillcolor=\"#FFFFFF\", penwidth=2",
            };
            let _ = writeln!(text, "  {} [label={label}{shape}];", self.id(node));
        }
        for ((from, to), edge) in &self.edges {
            let _ = writeln!(
                text,
                "  {} -> {} [label={}, color=\"{}\", penwidth={:.1}, weight={}];",
                self.id(from),
                self.id(to),
                quoted(&self.edge_label(edge, "\\n")),
                color(edge.traffic.success()),
                self.width(edge),
                1 + (100.0 * self.flow.share(&edge.traffic)) as u64,
            );
        }
        text + "}\n"
    }

    fn mermaid(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(text, "---\ntitle: {}\n---", quoted(self.title));
        text += "flowchart TB\n";
        for note in &self.notes {
            // Mermaid takes braces in a comment for a directive.
            let _ = writeln!(text, "  %% {}", note.replace(['{', '}'], ""));
        }
        for (node, traffic) in &self.nodes {
            let label = entities(&self.node_label(node, traffic, "\n"));
            let (open, close) = match node {
                Node::Start => ("((", "))"),
                Node::Action(_) => ("[", "]"),
                Node::End(_) => ("([", "])"),
            };
            let _ = writeln!(text, "  {}{open}\"{label}\"{close}", self.id(node));
        }
        for ((from, to), edge) in &self.edges {
            let label = entities(&self.edge_label(edge, "\n"));
            let _ = writeln!(text, "  {} -->|\"{label}\"| {}", self.id(from), self.id(to));
        }
        for (k, (_, edge)) in self.edges.iter().enumerate() {
            let _ = writeln!(
                text,
                "  linkStyle {k} stroke:{},stroke-width:{:.1}px",
                color(edge.traffic.success()),
                self.width(edge)
            );
        }
        text
    }
}

/// The outcome's name as in logs.
fn outcome_name(outcome: Option<Outcome>) -> String {
    let name = serde_json::to_value(outcome).ok();
    let name = name.and_then(|value| value.as_str().map(|name| name.replace('_', " ")));
    name.unwrap_or_else(|| "end".to_owned())
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(
        || "unknown".to_owned(),
        |share| format!("{:.0} %", 100.0 * share),
    )
}

/// Orange over gray to blue, which all kinds of color vision tell apart (after Okabe and Ito, 2008).
fn color(success: Option<f64>) -> String {
    const FEW: [f64; 3] = [213.0, 94.0, 0.0];
    const HALF: [f64; 3] = [165.0, 165.0, 165.0];
    const MANY: [f64; 3] = [0.0, 114.0, 178.0];
    let success = success.unwrap_or(0.5);
    let (low, high, part) = if success < 0.5 {
        (FEW, HALF, 2.0 * success)
    } else {
        (HALF, MANY, 2.0 * success - 1.0)
    };
    let mix = |k: usize| (low[k] + (high[k] - low[k]) * part).round() as u8;
    format!("#{:02X}{:02X}{:02X}", mix(0), mix(1), mix(2))
}

/// A text in double quotes, as Graphviz and YAML read it; `\n` stays a line break.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\\\""))
}

/// A text as Mermaid reads it between double quotes.
fn entities(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '#' => out += "#35;",
            '"' => out += "#quot;",
            '&' => out += "#amp;",
            '<' => out += "#lt;",
            '>' => out += "#gt;",
            '\n' => out += "<br/>",
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_cannot_break_out_of_their_quotes() {
        assert_eq!(quoted("say \"hi\"\\n9 %"), "\"say \\\"hi\\\"\\n9 %\"");
        assert_eq!(
            entities("a<b> \"#1\"\n9 %"),
            "a#lt;b#gt; #quot;#35;1#quot;<br/>9 %"
        );
    }

    #[test]
    fn colors_run_from_orange_over_gray_to_blue() {
        let ends = [Some(0.0), None, Some(1.0)].map(color);
        assert_eq!(ends, ["#D55E00", "#A5A5A5", "#0072B2"]);
    }
}

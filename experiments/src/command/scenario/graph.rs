//! `offhook scenario graph`: the flow of played or logged calls as Mermaid or Graphviz.

use std::fmt::Write as _;

use offhook_env::log::read_calls;
use offhook_env::rng::Stream;

use super::flow::{Edge, Flow, Node, Traffic};
use crate::cli::{GraphArgs, GraphFormat};
use crate::terminal::{out, outln};
use offhook_lab::disk::{atomic, jsonl};
use offhook_lab::error::Failure;
use offhook_lab::play::{self, Plan};
use offhook_lab::{policies, threads};
use offhook_simulator::world;

/// Calls that are logged at a time, so that many calls need little memory.
const CHUNK: u64 = 10_000;
/// Kinds of act that an edge names.
const MOST_KINDS: usize = 3;
/// Kinds of act with a smaller share of the edge's calls are only counted.
const LEAST_KIND: f64 = 0.05;

/// Runs the command.
///
/// # Errors
/// If scenario, policy or log cannot be loaded, or the file not be written.
pub fn run(args: &GraphArgs) -> Result<(), Failure> {
    if let Some(path) = &args.out {
        atomic::check_free(path, args.force)?;
    }
    let (flow, source) = match &args.log {
        Some(path) => (logged(args, path)?, format!("calls of {}", path.display())),
        None => (
            played(args)?,
            format!(
                "simulated calls, policy {}, seed {}",
                args.policy, args.seed
            ),
        ),
    };
    if flow.traffic.n_calls == 0 {
        return Err(Failure::failed("there is no call to draw"));
    }
    let graph = Graph::new(args, &flow, &source);
    let text = match args.format {
        GraphFormat::Mermaid => graph.mermaid(),
        GraphFormat::Dot => graph.dot(),
    };
    match &args.out {
        None => out!("{text}"),
        Some(path) => {
            atomic::write(path, text.as_bytes())?;
            outln!("written to {}", path.display());
        }
    }
    Ok(())
}

fn logged(args: &GraphArgs, path: &std::path::Path) -> Result<Flow, Failure> {
    let (scenario, _) = world::load_scenario(&args.scenario, None)?;
    let mut flow = Flow::default();
    for call in read_calls(jsonl::open(path)?) {
        let (line, call) =
            call.map_err(|e| Failure::failed(format!("'{}' {e}", path.display())))?;
        if call.scenario != scenario.name {
            return Err(Failure::failed(format!(
                "'{}' line {line}: a call of scenario '{}', expected '{}'",
                path.display(),
                call.scenario,
                scenario.name
            )));
        }
        flow.add(&call);
    }
    Ok(flow)
}

fn played(args: &GraphArgs) -> Result<Flow, Failure> {
    let loaded = world::load(&args.scenario, None)?;
    let (policy, choice) = policies::find(&args.policy, &loaded.world.scenario)?;
    let mut flow = Flow::default();
    threads::install(None, || {
        for first in (0..args.calls).step_by(CHUNK as usize) {
            let plan = Plan {
                seed: args.seed,
                stream: Stream::Evaluate,
                first,
                n_calls: CHUNK.min(args.calls - first),
                choice,
            };
            for (call, _) in play::record(&loaded.world, &*policy, plan) {
                flow.add(&call);
            }
        }
    });
    Ok(flow)
}

/// What is drawn: the busy part of a flow.
struct Graph<'a> {
    flow: &'a Flow,
    edges: Vec<(&'a (Node, Node), &'a Edge)>,
    /// The nodes that an edge touches, start first, the busiest before the others.
    nodes: Vec<(&'a Node, &'a Traffic)>,
    title: String,
    /// What was played and what was left out.
    notes: Vec<String>,
}

impl<'a> Graph<'a> {
    fn new(args: &GraphArgs, flow: &'a Flow, source: &str) -> Self {
        let edges = flow.busy_edges(args.min_share);
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
                percent(Some(args.min_share))
            ),
        ];
        Self {
            flow,
            edges,
            nodes,
            title: args.scenario.clone(),
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
        let _ = writeln!(text, "digraph {} {{", quoted(&self.title));
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
        let _ = writeln!(text, "---\ntitle: {}\n---", quoted(&self.title));
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
fn outcome_name(outcome: Option<offhook_env::call::outcome::Outcome>) -> String {
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

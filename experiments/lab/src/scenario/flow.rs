//! The flow that calls took: which action followed which, after what, and how those calls ended.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use offhook_env::call::outcome::Outcome;
use offhook_env::log::{CallLog, TurnLog};
use offhook_env::rng::Stream;
use offhook_simulator::world::CallWorld;

use crate::disk::jsonl;
use crate::error::Failure;
use crate::play::{self, Choice, Plan, Player};
use crate::threads;

/// Where an edge starts or ends; ordered as a call goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Node {
    /// The customer has picked up.
    Start,
    /// An action, by its name.
    Action(String),
    /// How the call ended; nothing where a log does not say.
    End(Option<Outcome>),
}

/// Calls, and how many of them were completed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Calls, each counted once however often it came by.
    pub n_calls: u64,
    /// Those of which it is known whether they were completed.
    pub n_known: u64,
    /// Those that were completed.
    pub n_completed: u64,
}

impl Traffic {
    fn add(&mut self, success: Option<bool>) {
        self.n_calls += 1;
        self.n_known += u64::from(success.is_some());
        self.n_completed += u64::from(success == Some(true));
    }

    /// Share of completed calls, `[0, 1]`, where it is known.
    pub fn success(&self) -> Option<f64> {
        (self.n_known > 0).then(|| self.n_completed as f64 / self.n_known as f64)
    }
}

/// From one node to the next.
#[derive(Clone, Debug, Default)]
pub struct Edge {
    /// The calls that took it.
    pub traffic: Traffic,
    /// The kinds of customer act that the robot understood in between, with the calls that had them.
    pub heard: BTreeMap<String, u64>,
}

/// What many calls have in common.
#[derive(Debug, Default)]
pub struct Flow {
    /// All calls.
    pub traffic: Traffic,
    /// Every place that a call came by.
    pub nodes: BTreeMap<Node, Traffic>,
    /// Every step from one to the next.
    pub edges: BTreeMap<(Node, Node), Edge>,
}

/// The kind of the first act that the robot understood.
fn heard(turn: &TurnLog) -> String {
    let act = turn.n_best.first().and_then(|top| top.acts.first());
    let kind = act.and_then(|act| act.split('(').next());
    kind.unwrap_or("silence").to_owned()
}

impl Flow {
    /// The flow of the calls of a log, all of the scenario of that name.
    ///
    /// # Errors
    /// If the log cannot be read, or a call is of another scenario; its line is named.
    pub fn of_log(log: &Path, scenario: &str) -> Result<Self, Failure> {
        let mut flow = Self::default();
        for call in jsonl::calls(log)? {
            let (line, call) = call?;
            if call.scenario != scenario {
                return Err(Failure::failed(format!(
                    "'{}' line {line}: a call of scenario '{}', expected '{scenario}'",
                    log.display(),
                    call.scenario,
                )));
            }
            flow.add(&call);
        }
        Ok(flow)
    }

    /// The flow of `n_calls` calls that a policy plays, choosing as `choice` says.
    pub fn of_policy(
        world: &CallWorld,
        player: Player<'_>,
        choice: Choice,
        n_calls: u64,
        seed: u64,
    ) -> Self {
        let mut flow = Self::default();
        threads::install(None, || {
            let plan = Plan {
                seed,
                stream: Stream::Evaluate,
                first: 0,
                n_calls,
                choice,
            };
            for plan in play::chunks(plan) {
                for (call, _) in play::record_as(world, player, plan) {
                    flow.add(&call);
                }
            }
        });
        flow
    }

    /// Adds one call.
    pub fn add(&mut self, call: &CallLog) {
        let completed = call.outcome.map(|outcome| outcome == Outcome::Completed);
        let success = call.success.or(completed);
        let mut nodes = BTreeSet::from([Node::Start]);
        let mut edges: BTreeMap<(Node, Node), BTreeSet<String>> = BTreeMap::new();
        let (mut from, mut reply) = (Node::Start, None);
        for turn in &call.turns {
            let to = Node::Action(turn.action.clone());
            nodes.insert(to.clone());
            edges.entry((from, to.clone())).or_default().extend(reply);
            (from, reply) = (to, Some(heard(turn)));
        }
        let end = Node::End(call.outcome);
        nodes.insert(end.clone());
        edges.entry((from, end)).or_default();

        self.traffic.add(success);
        for node in nodes {
            self.nodes.entry(node).or_default().add(success);
        }
        for (ends, replies) in edges {
            let edge = self.edges.entry(ends).or_default();
            edge.traffic.add(success);
            for kind in replies {
                *edge.heard.entry(kind).or_default() += 1;
            }
        }
    }

    /// Share of all calls, `[0, 1]`.
    pub fn share(&self, traffic: &Traffic) -> f64 {
        traffic.n_calls as f64 / self.traffic.n_calls.max(1) as f64
    }

    /// The edges that at least `min_share` of the calls took, the busiest first.
    pub fn busy_edges(&self, min_share: f64) -> Vec<(&(Node, Node), &Edge)> {
        let busy = |(_, edge): &(&(Node, Node), &Edge)| self.share(&edge.traffic) >= min_share;
        let mut list: Vec<_> = self.edges.iter().filter(busy).collect();
        list.sort_by_key(|(_, edge)| std::cmp::Reverse(edge.traffic.n_calls));
        list
    }
}

#[cfg(test)]
mod tests {
    use offhook_env::log::HypothesisLog;

    use super::*;

    fn call(steps: &[(&str, &str)], outcome: Outcome) -> CallLog {
        let turn = |&(action, heard): &(&str, &str)| TurnLog {
            action: action.to_owned(),
            n_best: vec![HypothesisLog {
                acts: vec![heard.to_owned()],
                confidence: 0.9,
                ..HypothesisLog::default()
            }],
            ..TurnLog::default()
        };
        CallLog {
            scenario: "s".to_owned(),
            turns: steps.iter().map(turn).collect(),
            outcome: Some(outcome),
            ..CallLog::default()
        }
    }

    #[test]
    fn a_call_counts_once_however_often_it_takes_an_edge() {
        let mut flow = Flow::default();
        let again = [
            ("ask", "silence"),
            ("ask", "repeat"),
            ("ask", "inform(x=y)"),
            ("close", "thank"),
        ];
        flow.add(&call(&again, Outcome::Completed));
        flow.add(&call(
            &[("ask", "inform(x)"), ("close", "thank")],
            Outcome::Incomplete,
        ));
        let action = |name: &str| Node::Action(name.to_owned());
        let loop_ = &flow.edges[&(action("ask"), action("ask"))];
        assert_eq!(
            (loop_.traffic.n_calls, loop_.traffic.success()),
            (1, Some(1.0))
        );
        assert_eq!(
            loop_.heard.keys().collect::<Vec<_>>(),
            ["repeat", "silence"]
        );
        let on = &flow.edges[&(action("ask"), action("close"))];
        assert_eq!((on.traffic.n_calls, on.traffic.success()), (2, Some(0.5)));
        assert_eq!(on.heard["inform"], 2);
        assert_eq!(
            flow.busy_edges(0.6).len(),
            2,
            "start to ask, ask to close, and no end"
        );
    }
}

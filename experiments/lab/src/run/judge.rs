//! Every policy of a run on held-out calls, and what the figures say.

use offhook_env::call::outcome::CallSummary;
use offhook_env::policy::{Policy, RandomPolicy};
use offhook_env::rng::Stream;
use offhook_simulator::belief::{FilterConfig, ParticleFilter};
use offhook_simulator::world::LoadedScenario;
use offhook_stats::Estimate;
use offhook_table::ProofReport;

use super::gap::{self, Bound, GapLine, LEARNED, SeedGap};
use super::seed_result::SeedResult;
use super::shipped::{self, Candidate};
use super::stability::{self, SeedStability};
use super::summary::SummaryLine;
use crate::config::Config;
use crate::error::Failure;
use crate::key_figure::{KEY_FIGURES, KeyFigure};
use crate::play::{self, Choice, Plan};
use crate::policies::TablePolicy;
use crate::stop::Stop;
use crate::unit::Unit;

/// A policy that plays the held-out calls of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contestant {
    /// Draws among the allowed actions.
    Random,
    /// The hand-written flow.
    Script,
    /// The clone of either.
    Imitation,
    /// A policy that sees the hidden customer.
    Teacher,
    /// What an expert made of the clone.
    Student,
    /// What reinforcement made of either.
    Reinforcement,
    /// The table distilled from it.
    Table,
}

/// Pairs of policies whose difference is reported.
pub const DIFFERENCES: [(Contestant, Contestant); 4] = [
    (Contestant::Imitation, Contestant::Script),
    (Contestant::Reinforcement, Contestant::Script),
    (Contestant::Table, Contestant::Script),
    (Contestant::Table, Contestant::Reinforcement),
];

/// Figures whose differences are reported.
pub const DIFFERENCE_METRICS: [&str; 2] = ["completion", "return"];

impl Contestant {
    /// Every one, in the order in which they are shown.
    const ALL: [Self; 7] = [
        Self::Random,
        Self::Script,
        Self::Imitation,
        Self::Teacher,
        Self::Student,
        Self::Reinforcement,
        Self::Table,
    ];

    /// The one of that name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.name() == name)
    }

    /// Its name in files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Script => "script",
            Self::Imitation => "imitation",
            Self::Teacher => "teacher",
            Self::Student => "student",
            Self::Reinforcement => "reinforcement",
            Self::Table => "table",
        }
    }

    /// Whether each seed trained a policy of its own; a fixed policy is one cluster of calls.
    pub fn is_trained(self) -> bool {
        !matches!(self, Self::Random | Self::Script)
    }

    fn choice(self) -> Choice {
        match self {
            Self::Random => Choice::Sample,
            Self::Teacher => Choice::Told,
            Self::Script | Self::Imitation | Self::Student | Self::Reinforcement | Self::Table => {
                Choice::Best
            }
        }
    }
}

/// One policy on the held-out calls.
pub struct Entry {
    /// The policy.
    pub contestant: Contestant,
    /// Calls by training seed; seed `k` plays its own held-out calls, the same ones for every policy.
    calls: Vec<Vec<CallSummary>>,
}

impl Entry {
    /// A policy that has not played yet.
    pub(crate) fn new(contestant: Contestant) -> Self {
        let calls = Vec::new();
        Self { contestant, calls }
    }

    /// Its calls by training seed.
    pub fn calls(&self) -> &[Vec<CallSummary>] {
        &self.calls
    }

    /// The same policy on those of its calls of which `keeps` says so, by seed and place.
    pub(crate) fn part(&self, keeps: impl Fn(usize, usize) -> bool) -> Self {
        let of_seed = |(seed, calls): (usize, &Vec<CallSummary>)| -> Vec<CallSummary> {
            let kept = calls.iter().enumerate().filter(|(at, _)| keeps(seed, *at));
            kept.map(|(_, call)| *call).collect()
        };
        Self {
            contestant: self.contestant,
            calls: self.calls.iter().enumerate().map(of_seed).collect(),
        }
    }

    /// Adds a seed, whose calls are those that are pushed next.
    pub(crate) fn begin_seed(&mut self) {
        self.calls.push(Vec::new());
    }

    /// Adds a call to the last seed.
    ///
    /// # Panics
    /// If no seed was begun.
    pub(crate) fn push(&mut self, call: CallSummary) {
        self.calls.last_mut().expect("a seed was begun").push(call);
    }

    /// A figure over its calls.
    pub fn estimate(&self, figure: &KeyFigure) -> Option<Estimate> {
        if self.contestant.is_trained() {
            figure.estimate(&self.calls)
        } else {
            figure.estimate(&[self.calls.concat()])
        }
    }
}

/// What is known at the end of a run.
pub struct Judgement {
    /// Every policy that played, in the order in which they are shown.
    pub entries: Vec<Entry>,
    /// Position of the seed whose table is exported.
    pub chosen: usize,
    /// Rules of every seed's table.
    pub n_rules: Vec<usize>,
    /// The proof of the exported table.
    pub proof: ProofReport,
    /// How steadily each seed learned.
    pub stability: Vec<SeedStability>,
    /// What planners have over the script, if they were asked to play.
    pub gap: Vec<GapLine>,
}

/// Plays the held-out calls with every policy.
///
/// # Errors
/// If a table is not for this scenario, or `stop` is asked for.
pub fn judge(
    config: &Config,
    loaded: &LoadedScenario,
    results: &[SeedResult],
    stop: &Stop,
) -> Result<Judgement, Failure> {
    let world = &*loaded.world;
    let scenario = &*world.scenario;
    let n_calls = config.evaluation.calls;
    let script = scenario.script();
    let mut entries: Vec<Entry> = Vec::new();
    let mut gaps = Bound::ALL.map(|_| Vec::new());
    let filter = match config.evaluation.belief_calls {
        0 => None,
        _ => Some(ParticleFilter::of(loaded, FilterConfig::default())?),
    };
    let mut candidates = Vec::new();
    for (k, result) in results.iter().enumerate() {
        let plan = |stream, n_calls, choice| Plan {
            seed: result.seed,
            stream,
            first: 0,
            n_calls,
            choice,
        };
        let table = TablePolicy::new(result.table.clone(), scenario)?;
        let policies: [(Contestant, Option<&dyn Policy>); 7] = [
            (Contestant::Random, Some(&RandomPolicy)),
            (Contestant::Script, Some(&script)),
            (Contestant::Imitation, Some(&*result.imitation)),
            (Contestant::Teacher, result.teacher.as_deref()),
            (Contestant::Student, result.student.as_deref()),
            (Contestant::Reinforcement, Some(&*result.reinforcement)),
            (Contestant::Table, Some(&table)),
        ];
        for (contestant, policy) in policies {
            let Some(policy) = policy else { continue };
            stop.check()?;
            let plan = plan(Stream::Evaluate, n_calls, contestant.choice());
            let calls = play::evaluate(world, policy, plan);
            match entries.iter_mut().find(|e| e.contestant == contestant) {
                Some(entry) => entry.calls.push(calls),
                None => entries.push(Entry {
                    contestant,
                    calls: vec![calls],
                }),
            }
        }
        for (bound, gaps) in Bound::ALL.into_iter().zip(&mut gaps) {
            let n_calls = match bound {
                Bound::InformationSet => config.evaluation.belief_calls,
                Bound::Privileged => config.evaluation.privileged_calls,
            };
            stop.check()?;
            let plan = plan(Stream::Evaluate, n_calls, Choice::Plan);
            let planned = match (bound, &filter) {
                (_, _) if n_calls == 0 => continue,
                (Bound::InformationSet, Some(filter)) => {
                    gap::suppose_calls(world, filter, &table, plan)
                }
                _ => gap::plan_calls(world, &[&script, &*result.reinforcement], plan),
            };
            let first = |contestant| {
                let entry = entries.iter().find(|e| e.contestant == contestant);
                entry.map_or(Vec::new(), |e| e.calls[k][..n_calls as usize].to_vec())
            };
            gaps.push(SeedGap {
                script: first(Contestant::Script),
                learned: LEARNED.map(first),
                planned,
            });
        }
        // The exported table is chosen on other calls than those that judge it.
        let plan = plan(Stream::Choose, n_calls, Choice::Best);
        let [own, flow] = [&table as &dyn Policy, &script].map(|p| play::evaluate(world, p, plan));
        candidates.push(Candidate::new(&own, &flow));
    }
    let chosen = shipped::shipped(&candidates);
    let rows: Vec<_> = results.iter().flat_map(|r| r.rows.clone()).collect();
    Ok(Judgement {
        entries,
        chosen,
        n_rules: results.iter().map(|r| r.table.rules().len()).collect(),
        proof: offhook_table::agent::prove(&results[chosen].table, scenario)?,
        stability: stability::of(&rows, results.iter().map(|r| r.seed)),
        gap: (Bound::ALL.into_iter().zip(&gaps))
            .flat_map(|(bound, gaps)| gap::lines(bound, gaps))
            .collect(),
    })
}

impl Judgement {
    /// Training seeds.
    pub fn n_seeds(&self) -> usize {
        self.n_rules.len()
    }

    /// Held-out calls that every policy played, over all seeds.
    pub fn n_calls(&self) -> u64 {
        let calls = self.entries.first().map_or(&[][..], |entry| &entry.calls);
        calls.iter().map(|calls| calls.len() as u64).sum()
    }

    /// How a policy did; `None` if the run had none of the kind.
    pub fn entry(&self, contestant: Contestant) -> Option<&Entry> {
        self.entries.iter().find(|e| e.contestant == contestant)
    }

    /// Held-out calls that the exported table played.
    pub fn n_calls_of_exported(&self) -> usize {
        self.calls_of_chosen(Contestant::Table)
            .map_or(0, <[_]>::len)
    }

    /// A figure of one policy on the held-out calls of the exported table's seed.
    pub fn of_exported(&self, contestant: Contestant, figure: &KeyFigure) -> Option<Estimate> {
        figure.estimate(&[self.calls_of_chosen(contestant)?])
    }

    /// How much more of a figure `a` has than `b` on the held-out calls of the exported table's seed, where `a` and
    /// `b` are what this very seed learned; the interval is over calls.
    pub fn difference_for_exported(
        &self,
        a: Contestant,
        b: Contestant,
        figure: &KeyFigure,
    ) -> Option<Estimate> {
        figure.difference(&[self.calls_of_chosen(a)?], &[self.calls_of_chosen(b)?])
    }

    /// How much more of a figure `a` has than `b`, on the same calls.
    pub fn difference(&self, a: Contestant, b: Contestant, metric: &str) -> Option<Estimate> {
        KeyFigure::named(metric).difference(&self.entry(a)?.calls, &self.entry(b)?.calls)
    }

    /// Everything measured, line by line.
    pub fn lines(&self) -> Vec<SummaryLine> {
        let mut lines = Vec::new();
        let mut add =
            |policy: String, metric: &'static str, estimate: Option<Estimate>, unit: Unit| {
                lines.extend(estimate.map(|estimate| SummaryLine {
                    policy,
                    metric,
                    estimate,
                    unit,
                }));
            };
        for entry in &self.entries {
            for figure in KEY_FIGURES {
                let name = entry.contestant.name().to_owned();
                add(name, figure.name, entry.estimate(figure), figure.unit());
            }
        }
        for (a, b) in DIFFERENCES {
            for metric in DIFFERENCE_METRICS {
                let name = format!("{} - {}", a.name(), b.name());
                let unit = KeyFigure::named(metric).unit();
                add(name, metric, self.difference(a, b, metric), unit);
            }
        }
        for line in &self.gap {
            let unit = KeyFigure::named(line.metric).unit();
            let bound = line.bound.name();
            add(
                bound.to_owned(),
                line.metric,
                Some(line.planned),
                unit.clone(),
            );
            add(
                format!("{bound} - script"),
                line.metric,
                Some(line.gap),
                unit,
            );
            for (learned, closed) in LEARNED.iter().zip(line.closed) {
                let name = format!("{} of {bound}", learned.name());
                add(name, line.closed_metric, closed, Unit::share());
            }
        }
        lines
    }

    fn calls_of_chosen(&self, contestant: Contestant) -> Option<&[CallSummary]> {
        Some(&self.entry(contestant)?.calls[self.chosen])
    }
}

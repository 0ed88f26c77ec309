//! What changed from one table to another, in words and by how much of the traffic.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::proof::{MAX_LISTED, Region, find_gaps};
use crate::table::{Cell, DecisionTable, Layout, TableError, Traffic, joined_words};

/// Most changes that `Display` prints.
const MAX_PRINTED: usize = 20;
/// Most conditions of a summary.
const MAX_CONDITIONS: usize = 4;
/// Rounds of fitting; the margins are met to well below a percent by then.
const N_FITTING: usize = 50;

/// A box of states where the two tables act differently.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// What the first table does there.
    pub from: String,
    /// What the second does.
    pub to: String,
    /// Share of all turns, in `[0, 1]`; `None` where nothing was visited.
    pub share: Option<f64>,
    /// Where, by the conditions that leave the fewest turns.
    pub summary: String,
    /// Where exactly.
    pub region: Region,
    /// The same share among the turns of each group of callers, by feature and value; empty where
    /// nothing is known of them.
    pub callers: Vec<CallerShare>,
}

/// How much of the turns of some callers a change takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CallerShare {
    /// The caller feature.
    pub feature: String,
    /// Its value.
    pub value: String,
    /// Turns of these callers.
    pub n_turns: u64,
    /// Share of those turns, in `[0, 1]`.
    pub share: f64,
}

/// The callers that have one value of one feature known before the call.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Segment {
    /// The caller feature.
    pub feature: String,
    /// Its value.
    pub value: String,
    /// Turns of these callers.
    pub n_turns: u64,
    /// Share of those turns where the tables act differently, in `[0, 1]`.
    pub changed_share: f64,
}

/// The outcome of a [`Comparison`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diff {
    /// Checksums of both tables.
    pub checksums: [String; 2],
    /// Rules of both.
    pub n_rules: [usize; 2],
    /// Turns recorded; `None` where shares are estimated from the rules' support.
    pub n_turns: Option<u64>,
    /// Share of all turns where the tables act differently, in `[0, 1]`; `None` where nothing was
    /// visited.
    pub changed_share: Option<f64>,
    /// Disjoint boxes where they do, the busiest first.
    pub changes: Vec<Change>,
    /// Callers, by feature and value; empty where nothing is known of them.
    pub segments: Vec<Segment>,
}

/// Compares two tables of one layout, on recorded turns or without.
///
/// Where no turn is recorded, the shares are *estimated*: turns are spread over the boxes where a
/// rule of the first table meets one of the second such that they sum to the support of both,
/// beginning with the boxes' volumes (iterative proportional fitting, Deming and Stephan, 1940,
/// doi:10.1214/aoms/1177731829). That mostly says too much; a call log says it exactly.
pub struct Comparison<'t> {
    tables: [&'t DecisionTable; 2],
    /// By rule of the first table, then of the second, so that the first piece that holds an
    /// observation is the one that both tables decide by.
    pieces: Vec<Piece>,
    n_turns: u64,
    n_changed: u64,
    traffic: Traffic,
    /// Turns and changed turns by caller feature and value.
    segments: BTreeMap<(String, String), (u64, u64)>,
}

/// Where two rules meet and their actions differ.
#[derive(Clone)]
struct Piece {
    cell: Cell,
    actions: [u8; 2],
    n_turns: u64,
    /// The same by caller feature and value.
    by_caller: BTreeMap<(String, String), u64>,
    /// Estimated turns.
    estimate: f64,
}

/// A rule or a gap.
struct Part<'t> {
    cell: &'t Cell,
    action: u8,
    support: f64,
}

impl<'t> Comparison<'t> {
    /// Finds where two tables act differently.
    ///
    /// # Errors
    /// [`TableError::Layout`] if they have different features or actions.
    pub fn new(a: &'t DecisionTable, b: &'t DecisionTable) -> Result<Self, TableError> {
        b.layout().check_same(a.layout())?;
        let gaps = [a, b].map(gaps_of);
        let [parts_a, parts_b] = [parts(a, &gaps[0]), parts(b, &gaps[1])];
        let mut pieces: Vec<(usize, usize, Piece)> = Vec::new();
        for (idx_a, part_a) in parts_a.iter().enumerate() {
            for (idx_b, part_b) in parts_b.iter().enumerate() {
                if let Some(cell) = part_a.cell.intersect(part_b.cell) {
                    let piece = Piece {
                        estimate: cell.volume().as_f64(),
                        cell,
                        actions: [part_a.action, part_b.action],
                        n_turns: 0,
                        by_caller: BTreeMap::new(),
                    };
                    pieces.push((idx_a, idx_b, piece));
                }
            }
        }
        fit(&mut pieces, &parts_a, &parts_b);
        let differ = |piece: &Piece| piece.actions[0] != piece.actions[1];
        let pieces = pieces
            .into_iter()
            .map(|(_, _, piece)| piece)
            .filter(differ)
            .collect();
        Ok(Self {
            tables: [a, b],
            pieces,
            n_turns: 0,
            n_changed: 0,
            traffic: Traffic::new(a.layout()),
            segments: BTreeMap::new(),
        })
    }

    /// Counts one turn: what was observed, as one level code per feature in layout order, and what
    /// was known of the caller before the call.
    pub fn record(&mut self, codes: &[u8], caller: &BTreeMap<String, String>) {
        let [a, b] = self.tables.map(|table| table.decide(codes).action);
        let changed = u64::from(a != b);
        self.n_turns += 1;
        self.n_changed += changed;
        self.traffic.record(codes);
        let mut piece = (a != b)
            .then(|| self.pieces.iter_mut().find(|p| p.cell.contains(codes)))
            .flatten();
        if let Some(piece) = &mut piece {
            piece.n_turns += 1;
        }
        for (feature, value) in caller {
            let key = (feature.clone(), value.clone());
            if let Some(piece) = &mut piece {
                *piece.by_caller.entry(key.clone()).or_default() += 1;
            }
            let (n_turns, n_changed) = self.segments.entry(key).or_default();
            *n_turns += 1;
            *n_changed += changed;
        }
    }

    /// What was found: boxes that differ in one feature and change alike are told as one.
    #[must_use]
    pub fn finish(self) -> Diff {
        let [a, b] = self.tables;
        let recorded = self.n_turns > 0;
        let visits: f64 = a.rules().iter().map(|rule| rule.support as f64).sum();
        let n_all = if recorded {
            self.n_turns as f64
        } else {
            visits
        };
        let share = |n: f64| (n_all > 0.0).then(|| n / n_all);
        let estimate: f64 = self.pieces.iter().map(|piece| piece.estimate).sum();
        let n_changed = if recorded {
            self.n_changed as f64
        } else {
            estimate
        };
        let mut pieces = joined(self.pieces);
        let traffic = if recorded {
            Some(&self.traffic)
        } else {
            a.traffic()
        };
        let weight = |piece: &Piece| {
            if recorded {
                piece.n_turns as f64
            } else {
                piece.estimate
            }
        };
        pieces.sort_by(|a, b| weight(b).total_cmp(&weight(a)).then(a.cell.cmp(&b.cell)));
        let change = |piece: Piece| Change {
            from: a.action_name(piece.actions[0]).to_owned(),
            to: a.action_name(piece.actions[1]).to_owned(),
            share: share(weight(&piece)),
            summary: summary(a.layout(), &piece.cell, traffic),
            callers: callers(&piece, &self.segments),
            region: Region::new(a.layout(), piece.cell),
        };
        let segment = |((feature, value), (n_turns, n_changed))| Segment {
            feature,
            value,
            n_turns,
            changed_share: n_changed as f64 / n_turns as f64,
        };
        Diff {
            checksums: [a, b].map(|table| table.checksum().to_owned()),
            n_rules: [a, b].map(|table| table.rules().len()),
            n_turns: recorded.then_some(self.n_turns),
            changed_share: share(n_changed),
            changes: pieces.into_iter().map(change).collect(),
            segments: self.segments.into_iter().map(segment).collect(),
        }
    }
}

/// What a piece takes of the turns of every group of callers.
fn callers(piece: &Piece, segments: &BTreeMap<(String, String), (u64, u64)>) -> Vec<CallerShare> {
    let share = |(key, (n_turns, _)): (&(String, String), &(u64, u64))| CallerShare {
        feature: key.0.clone(),
        value: key.1.clone(),
        n_turns: *n_turns,
        share: piece.by_caller.get(key).map_or(0.0, |&n| n as f64) / *n_turns as f64,
    };
    segments.iter().map(share).collect()
}

/// Spreads the turns of both tables over the pieces.
fn fit(pieces: &mut [(usize, usize, Piece)], parts_a: &[Part], parts_b: &[Part]) {
    let total = |parts: &[Part]| parts.iter().map(|part| part.support).sum::<f64>();
    // Tables are made on different numbers of turns.
    let scale = total(parts_a) / total(parts_b).max(1.0);
    let margins_a = parts_a.iter().map(|part| part.support).collect();
    let margins_b = parts_b.iter().map(|part| part.support * scale).collect();
    let margins: [Vec<f64>; 2] = [margins_a, margins_b];
    for round in 0..2 * N_FITTING {
        let side = round % 2;
        let part_of = |piece: &(usize, usize, Piece)| if side == 0 { piece.0 } else { piece.1 };
        let mut sums = vec![0.0; margins[side].len()];
        for piece in pieces.iter() {
            sums[part_of(piece)] += piece.2.estimate;
        }
        for piece in pieces.iter_mut() {
            let part = part_of(piece);
            if sums[part] > 0.0 {
                piece.2.estimate *= margins[side][part] / sums[part];
            }
        }
    }
}

/// A cell by the conditions that leave the fewest turns: the few that say most, in layout order.
fn summary(layout: &Layout, cell: &Cell, traffic: Option<&Traffic>) -> String {
    let left = |feature_idx: usize| {
        let mask = cell.masks()[feature_idx];
        let allowed = |level: &usize| mask >> level & 1 == 1;
        let n_levels = layout.features()[feature_idx].levels.len();
        let alike = vec![1; n_levels];
        let counts = traffic.map_or(&alike, |traffic| &traffic.levels()[feature_idx]);
        let inside: u64 = (0..n_levels)
            .filter(allowed)
            .map(|level| counts[level])
            .sum();
        inside as f64 / counts.iter().sum::<u64>().max(1) as f64
    };
    let conditions = layout.condition_words(cell);
    let n_more = conditions.len().saturating_sub(MAX_CONDITIONS);
    let mut kept: Vec<(f64, usize, String)> = conditions
        .into_iter()
        .map(|(feature_idx, words)| (left(feature_idx), feature_idx, words))
        .collect();
    kept.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    kept.truncate(MAX_CONDITIONS);
    kept.sort_by_key(|&(_, feature_idx, _)| feature_idx);
    let words = joined_words(kept.into_iter().map(|(_, _, words)| words));
    match n_more {
        0 => words,
        1 => format!("{words} and 1 more condition"),
        _ => format!("{words} and {n_more} more conditions"),
    }
}

fn gaps_of(table: &DecisionTable) -> Vec<Cell> {
    let rules: Vec<&Cell> = table.rules().iter().map(|rule| &rule.when).collect();
    find_gaps(&table.layout().any(), &rules, false, MAX_LISTED).cells
}

/// The rules of a table in order, then its gaps.
fn parts<'t>(table: &'t DecisionTable, gaps: &'t [Cell]) -> Vec<Part<'t>> {
    let rules = table.rules().iter().map(|rule| Part {
        cell: &rule.when,
        action: rule.action,
        support: rule.support as f64,
    });
    let gaps = gaps.iter().map(|cell| Part {
        cell,
        action: table.default_action(),
        support: 0.0,
    });
    rules.chain(gaps).collect()
}

/// Joins pieces of one change that differ in one feature only, until none do.
fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut by_actions: BTreeMap<[u8; 2], Vec<Piece>> = BTreeMap::new();
    for piece in pieces {
        by_actions.entry(piece.actions).or_default().push(piece);
    }
    for pieces in by_actions.values_mut() {
        let mut idx = 0;
        while idx < pieces.len() {
            let joins = |other: usize| Some((other, pieces[idx].cell.join(&pieces[other].cell)?));
            match (idx + 1..pieces.len()).find_map(joins) {
                Some((other, cell)) => {
                    let merged = pieces.swap_remove(other);
                    pieces[idx].cell = cell;
                    pieces[idx].n_turns += merged.n_turns;
                    for (key, n) in merged.by_caller {
                        *pieces[idx].by_caller.entry(key).or_default() += n;
                    }
                    pieces[idx].estimate += merged.estimate;
                    // A larger piece may join one that came before it.
                    idx = 0;
                }
                None => idx += 1,
            }
        }
    }
    by_actions.into_values().flatten().collect()
}

impl Change {
    /// The callers whom the change takes most of, where that is more than chance: three standard errors
    /// above the share of all.
    fn most(&self) -> Option<&CallerShare> {
        let all = self.share?;
        let error = |n_turns: u64| (all * (1.0 - all) / n_turns as f64).sqrt();
        (self.callers.iter())
            .filter(|caller| caller.share > all + 3.0 * error(caller.n_turns))
            .max_by(|a, b| a.share.total_cmp(&b.share))
    }
}

impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: Option<f64>| match share {
            Some(share) => format!("{:.1} % of turns", share * 100.0),
            None => "never visited".to_owned(),
        };
        let [a, b] = self.n_rules;
        if self.changes.is_empty() {
            return write!(f, "{a} and {b} rules, and the same action everywhere");
        }
        let source = match self.n_turns {
            Some(n_turns) => format!("{n_turns} recorded turns"),
            None => "estimated from the rules' support; a call log says it exactly".to_owned(),
        };
        writeln!(
            f,
            "{a} and {b} rules; another action in {} ({source})",
            percent(self.changed_share)
        )?;
        let visited = self
            .changes
            .iter()
            .filter(|c| c.share.is_some_and(|share| share > 0.0));
        let n_visited = visited.clone().count();
        for change in visited.take(MAX_PRINTED) {
            let (words, share) = (&change.summary, percent(change.share));
            write!(f, "{words}: {} → {}, {share}", change.from, change.to)?;
            match change.most() {
                Some(most) => writeln!(
                    f,
                    "; most where {} is {}, {:.1} %",
                    most.feature,
                    most.value,
                    most.share * 100.0
                )?,
                None => writeln!(f)?,
            }
        }
        if n_visited > MAX_PRINTED {
            writeln!(f, "and {} more", n_visited - MAX_PRINTED)?;
        }
        let n_unvisited = self.changes.len() - n_visited;
        if n_unvisited > 0 {
            writeln!(f, "{n_unvisited} more changes where no turn came")?;
        }
        for segment in &self.segments {
            writeln!(
                f,
                "callers with {} {}: another action in {:.1} % of {} turns",
                segment.feature,
                segment.value,
                segment.changed_share * 100.0,
                segment.n_turns
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

//! What a survey yields: one block a slot, with one row for each kind of caller, records, and the picture.

use offhook_lab::answers::{
    AnswerLine, Answers, Basis, SegmentAnswers, SlotAnswers, ValueAnswers, Wrong,
};
use offhook_lab::unit::Unit;
use offhook_stats::Estimate;

use crate::Presentation;
use crate::plot::{Panel, PanelRow, Panels};
use crate::record::Record;
use crate::text_table::{Cell, TextTable};

/// Values of an open list that are shown; records have all.
const SHOWN: usize = 8;

/// Everything that was counted.
pub fn present(answers: &Answers) -> Presentation {
    let record = |line: AnswerLine<'_>| record(answers, line);
    Presentation {
        text: text(answers),
        records: answers.lines().into_iter().map(record).collect(),
    }
}

fn record(answers: &Answers, line: AnswerLine<'_>) -> Record {
    let named = [
        Some(("scenario", answers.scenario.as_str())),
        Some(("slot", line.slot)),
        line.value.map(|value| ("value", value)),
        line.detail,
    ];
    let place = named.into_iter().flatten();
    let record = Record::new(line.metric, line.estimate, line.n, &Unit::share(), place);
    match (&answers.by, line.segment) {
        (Some(by), Some(segment)) => record.of_caller(by, segment),
        _ => record,
    }
}

fn text(answers: &Answers) -> String {
    let mut text = format!(
        "{}: {} calls of {}, {} with the right person\n",
        answers.scenario, answers.n_calls, answers.source, answers.n_right
    );
    if !answers.is_known {
        text += "no such scenario is known: every text is a value of its own; name its file with --scenario\n";
    }
    for slot in &answers.slots {
        text += &block(answers, slot);
    }
    text + "\n" + &notes(answers)
}

/// What the columns are, for people.
fn notes(answers: &Answers) -> String {
    let mut notes = "answered, asked, confirmed, refused (asked, and not on record at the end): of calls with the right \
                     person\nrecorded: of calls that answered, with Wilson's 95 % interval; it speaks of those who answered, as \
                     they were recorded\n"
        .to_owned();
    let mut segments = answers.slots.iter().flat_map(|slot| &slot.segments);
    let by_confidence = |wrong: Wrong| wrong.basis == Basis::Confidence;
    if segments.any(|segment| segment.wrong.is_some_and(by_confidence)) {
        notes += "wrong: 1 - confidence on average, as good as the recognizer's calibration\n";
    }
    if let Some(calibration) = &answers.calibration {
        notes += &format!(
            "corrected: recorded shares through the inverse of the confusions of recorded with true values in {calibration} \
             (Rogan and Gladen; least squares for more than two values), 95 % bootstrap over calls; empty where a value \
             has no such calls, or over 5 % of the records are of people who have no value\n"
        );
    }
    let mut values = segments_of(answers).flat_map(|segment| &segment.values);
    if values.any(|value| value.true_of_all.is_some()) {
        notes += "true: among those who answered, and among all right persons, answered or not\n";
    }
    notes
}

fn segments_of(answers: &Answers) -> impl Iterator<Item = &SegmentAnswers> {
    answers.slots.iter().flat_map(|slot| &slot.segments)
}

fn share(estimate: Option<Estimate>) -> Cell {
    Cell::value(estimate, &Unit::share())
}

fn plain(share_of: Option<(f64, u64)>) -> Cell {
    share(share_of.map(|(value, _)| Estimate::point(value)))
}

fn count(n: u64) -> Cell {
    let unit = Unit::plain("calls", 0);
    Cell::value(Some(Estimate::point(n as f64)), &unit)
}

/// Places of the values that are shown.
fn shown(slot: &SlotAnswers) -> Vec<usize> {
    let n_values = slot.segments.iter().map(|own| own.values.len()).max();
    let mut places: Vec<usize> = (0..n_values.unwrap_or(0)).collect();
    if slot.is_open {
        let n = |place: &usize| {
            let of_segment = |segment: &SegmentAnswers| {
                let share = segment.values.get(*place).and_then(|value| value.share);
                share.map_or(0.0, |share| share.value * segment.n_answered as f64)
            };
            slot.segments.iter().map(of_segment).sum::<f64>()
        };
        places.sort_by(|a, b| n(b).total_cmp(&n(a)));
        places.truncate(SHOWN);
    }
    places
}

fn block(answers: &Answers, slot: &SlotAnswers) -> String {
    match &answers.by {
        None => slot
            .segments
            .first()
            .map_or_else(String::new, |all| whole(slot, all)),
        Some(by) => split(by, slot),
    }
}

/// The block of a slot whose callers are not told apart: a row a value.
fn whole(slot: &SlotAnswers, all: &SegmentAnswers) -> String {
    let unit = Unit::share();
    let mut head = format!("\n{}: {} answered", slot.slot, all.n_answered);
    if let Some(coverage) = &all.coverage {
        head += &format!(
            " ({}), asked {}, confirmed {}, refused {}",
            unit.text(coverage.answered.value),
            unit.text(coverage.asked.value),
            unit.text(coverage.confirmed.value),
            unit.text(coverage.refused.value)
        );
    }
    if let Some(wrong) = all.wrong {
        head += &format!("; wrong {}", unit.estimate(&wrong.estimate));
    }
    let values = shown(slot)
        .into_iter()
        .filter_map(|place| all.values.get(place));
    let row = |value: &ValueAnswers| {
        let mut row = vec![Cell::Text(value.value.clone())];
        row.extend(columns(value));
        row
    };
    let heads = ["value"].into_iter().chain(COLUMNS).map(str::to_owned);
    let table = TextTable {
        columns: heads.collect(),
        rows: values.map(row).collect(),
    };
    match all.n_answered {
        0 => head + "\n",
        _ => format!("{head}\n{}", measured(table).to_text()),
    }
}

const COLUMNS: [&str; 4] = ["recorded", "corrected", "true, answered", "true, all"];

fn columns(value: &ValueAnswers) -> [Cell; 4] {
    [
        share(value.share),
        share(value.corrected),
        plain(value.true_of_answered),
        plain(value.true_of_all),
    ]
}

/// The table without the columns in which nothing was measured.
fn measured(table: TextTable) -> TextTable {
    let keeps = |column: usize| {
        let mut cells = table.rows.iter().map(|row| &row[column]);
        column == 0 || cells.any(|cell| *cell != Cell::Missing)
    };
    let kept: Vec<usize> = (0..table.columns.len())
        .filter(|column| keeps(*column))
        .collect();
    TextTable {
        columns: kept.iter().map(|at| table.columns[*at].clone()).collect(),
        rows: (table.rows.iter())
            .map(|row| kept.iter().map(|at| row[*at].clone()).collect())
            .collect(),
    }
}

/// The block of a slot by a caller feature: a row for each of its values.
fn split(by: &str, slot: &SlotAnswers) -> String {
    let places = shown(slot);
    let name = |place: usize| {
        let mut names = slot
            .segments
            .iter()
            .filter_map(|segment| segment.values.get(place));
        names
            .next()
            .map_or_else(String::new, |value| value.value.clone())
    };
    let start = |segment: &SegmentAnswers| {
        let coverage = segment.coverage;
        vec![
            Cell::Text(segment.segment.clone().unwrap_or_default()),
            count(segment.n_answered),
            share(coverage.map(|own| Estimate::point(own.answered.value))),
            share(coverage.map(|own| Estimate::point(own.asked.value))),
            share(coverage.map(|own| Estimate::point(own.confirmed.value))),
            share(coverage.map(|own| Estimate::point(own.refused.value))),
            share(
                segment
                    .wrong
                    .map(|wrong| Estimate::point(wrong.estimate.value)),
            ),
        ]
    };
    let heads = [
        by,
        "calls",
        "answered",
        "asked",
        "confirmed",
        "refused",
        "wrong",
    ];
    let heads: Vec<String> = heads.map(str::to_owned).to_vec();
    let is_pair = places.len() == 2 && !slot.is_several && !slot.is_open;
    if is_pair {
        // The other value has the rest.
        let first = name(places[0]);
        let row = |segment: &SegmentAnswers| {
            let mut row = start(segment);
            row.extend(columns(&segment.values[places[0]]));
            row
        };
        let own = COLUMNS.iter().map(|column| format!("{first} {column}"));
        let table = TextTable {
            columns: heads.into_iter().chain(own).collect(),
            rows: slot.segments.iter().map(row).collect(),
        };
        return format!("\n{}\n{}", slot.slot, measured(table).to_text());
    }
    // More values than two stand side by side, and what is known of them one below the other.
    let mut text = format!("\n{}\n", slot.slot);
    let first = TextTable {
        columns: heads,
        rows: slot.segments.iter().map(start).collect(),
    };
    text += &measured(first).to_text();
    for (at, column) in COLUMNS.into_iter().enumerate() {
        let row = |segment: &SegmentAnswers| {
            let cell = |place: &usize| {
                segment
                    .values
                    .get(*place)
                    .map(|value| columns(value)[at].clone())
            };
            let cells = places
                .iter()
                .map(|place| cell(place).unwrap_or(Cell::Missing));
            let name = Cell::Text(segment.segment.clone().unwrap_or_default());
            std::iter::once(name).chain(cells).collect::<Vec<_>>()
        };
        let names = places.iter().map(|place| name(*place));
        let table = TextTable {
            columns: std::iter::once(column.to_owned()).chain(names).collect(),
            rows: slot.segments.iter().map(row).collect(),
        };
        if measured(table.clone()).columns.len() > 1 {
            text += &table.to_text();
        }
    }
    text
}

/// The picture: a panel for each value of a slot, in it a row for each kind of caller.
pub fn picture(answers: &Answers) -> Panels {
    let panels = answers.slots.iter().flat_map(|slot| {
        let mut places = shown(slot);
        if places.len() == 2 && !slot.is_several && !slot.is_open {
            places.truncate(1);
        }
        places.into_iter().filter_map(move |place| {
            let row = |segment: &SegmentAnswers| {
                let value = segment.values.get(place)?;
                Some(PanelRow {
                    name: segment.segment.clone().unwrap_or_else(|| "all".to_owned()),
                    recorded: value.share,
                    corrected: value.corrected,
                    truth: value.true_of_all.map(|(share, _)| share),
                })
            };
            let rows: Vec<PanelRow> = slot.segments.iter().filter_map(row).collect();
            let named = slot
                .segments
                .iter()
                .find_map(|segment| segment.values.get(place))?;
            let is_empty = rows.iter().all(|row| row.recorded.is_none());
            (!is_empty).then(|| Panel {
                title: format!("{}: {}", slot.slot, named.value),
                rows,
            })
        })
    });
    Panels {
        title: match &answers.by {
            Some(by) => format!("{} by {by}", answers.scenario),
            None => answers.scenario.clone(),
        },
        subtitle: format!("share of calls that answered, of {}", answers.n_right),
        unit: Unit::share(),
        panels: panels.collect(),
    }
}

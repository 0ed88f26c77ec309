//! What a survey yields, as estimates, and as lines for files.

use offhook_stats::Estimate;

use crate::disk::csv;
use crate::unit::Unit;

/// What was recorded in the calls of a log or a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Answers {
    /// The log or run.
    pub source: String,
    /// The kind of call, by name.
    pub scenario: String,
    /// Whether the scenario's file was there; else every text is a value of its own.
    pub is_known: bool,
    /// Calls read.
    pub n_calls: u64,
    /// Those with the right person: by the log's goal or outcome, all where neither tells.
    pub n_right: u64,
    /// The caller feature by which they are told apart, if any.
    pub by: Option<String>,
    /// Where confusions of recorded with true values come from, if from anywhere.
    pub calibration: Option<String>,
    /// By slot.
    pub slots: Vec<SlotAnswers>,
}

/// The answers to one slot.
#[derive(Clone, Debug, PartialEq)]
pub struct SlotAnswers {
    /// The slot.
    pub slot: String,
    /// Whether several values may be told together, so that shares do not sum to 1.
    pub is_several: bool,
    /// Whether its values are those that were heard, in no order.
    pub is_open: bool,
    /// By value of the caller feature; without one, a single entry.
    pub segments: Vec<SegmentAnswers>,
}

/// The answers of one kind of caller to one slot.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentAnswers {
    /// The value of the caller feature; `None` for all callers.
    pub segment: Option<String>,
    /// Calls with the right person.
    pub n_right: u64,
    /// Of these, the calls that ended with a value on record.
    pub n_answered: u64,
    /// Shares of the calls with the right person; `None` without such a call.
    pub coverage: Option<Coverage>,
    /// The share of records that are not true.
    pub wrong: Option<Wrong>,
    /// By value.
    pub values: Vec<ValueAnswers>,
}

/// How far a slot came in calls with the right person: shares of these.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coverage {
    /// The robot asked.
    pub asked: Estimate,
    /// A value was on record at the end.
    pub answered: Estimate,
    /// One that the customer confirmed.
    pub confirmed: Estimate,
    /// The robot asked, and no value was on record at the end.
    pub refused: Estimate,
}

/// The share of records that are not true.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wrong {
    /// The share.
    pub estimate: Estimate,
    /// Records it is of.
    pub n: u64,
    /// How it is known.
    pub basis: Basis,
}

/// How it is known what was recorded wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// By the true values in the log.
    Truth,
    /// By the recognizer's confidence, as far as that is calibrated.
    Confidence,
}

/// The share of one value.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueAnswers {
    /// The value, bin or item.
    pub value: String,
    /// Of the calls that answered, as recorded.
    pub share: Option<Estimate>,
    /// The same corrected by the confusions of recorded with true values.
    pub corrected: Option<Estimate>,
    /// True share among those who answered, and among how many.
    pub true_of_answered: Option<(f64, u64)>,
    /// True share among all right persons who have a value, answered or not, and among how many.
    pub true_of_all: Option<(f64, u64)>,
}

/// One number of [`Answers`] with what it is of.
#[derive(Clone, Debug)]
pub struct AnswerLine<'a> {
    /// `answer_share`, ...
    pub metric: &'static str,
    /// The slot.
    pub slot: &'a str,
    /// The value.
    pub value: Option<&'a str>,
    /// The value of the caller feature.
    pub segment: Option<&'a str>,
    /// What else tells it apart: a key and its value.
    pub detail: Option<(&'static str, &'static str)>,
    /// The number.
    pub estimate: Estimate,
    /// Calls it is of.
    pub n: u64,
}

impl Basis {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Truth => "truth",
            Self::Confidence => "confidence",
        }
    }
}

impl Answers {
    /// Every number.
    pub fn lines(&self) -> Vec<AnswerLine<'_>> {
        let mut lines = Vec::new();
        for slot in &self.slots {
            for segment in &slot.segments {
                segment.add_lines(&slot.slot, &mut lines);
            }
        }
        lines
    }

    /// Every number: `metric,slot,answer,FEATURE,detail,value,low,high,unit,n`.
    pub fn to_csv(&self) -> String {
        let by = self.by.as_deref().unwrap_or("segment");
        let head = [
            "metric", "slot", "answer", by, "detail", "value", "low", "high", "unit", "n",
        ];
        let rows = self.lines().into_iter().map(|line| {
            let (low, high) = line.estimate.bounds.unzip();
            let numbers = [Some(line.estimate.value), low, high].map(csv::number);
            let names = [
                line.metric,
                line.slot,
                line.value.unwrap_or_default(),
                line.segment.unwrap_or_default(),
                line.detail.map_or("", |(_, detail)| detail),
            ];
            let end = [Unit::share().name().to_owned(), line.n.to_string()];
            let names = names.into_iter().map(str::to_owned);
            names.chain(numbers).chain(end).collect::<Vec<_>>()
        });
        csv::to_csv(&head, rows)
    }
}

impl SegmentAnswers {
    fn add_lines<'a>(&'a self, slot: &'a str, lines: &mut Vec<AnswerLine<'a>>) {
        let line = |metric, estimate, n| AnswerLine {
            metric,
            slot,
            value: None,
            segment: self.segment.as_deref(),
            detail: None,
            estimate,
            n,
        };
        if let Some(coverage) = &self.coverage {
            let shares = [
                ("coverage_asked", coverage.asked),
                ("coverage_answered", coverage.answered),
                ("coverage_confirmed", coverage.confirmed),
                ("coverage_refused", coverage.refused),
            ];
            lines.extend(shares.map(|(metric, estimate)| line(metric, estimate, self.n_right)));
        }
        if let Some(wrong) = self.wrong {
            lines.push(AnswerLine {
                detail: Some(("basis", wrong.basis.name())),
                ..line("answer_wrong", wrong.estimate, wrong.n)
            });
        }
        for found in &self.values {
            let value = Some(found.value.as_str());
            let known = [
                ("answer_share", found.share),
                ("answer_corrected", found.corrected),
            ];
            lines.extend(known.into_iter().filter_map(|(metric, estimate)| {
                let line = line(metric, estimate?, self.n_answered);
                Some(AnswerLine { value, ..line })
            }));
            let truths = [
                ("answered", found.true_of_answered),
                ("right_persons", found.true_of_all),
            ];
            lines.extend(truths.into_iter().filter_map(|(among, truth)| {
                let (share, n) = truth?;
                Some(AnswerLine {
                    value,
                    detail: Some(("among", among)),
                    ..line("answer_true", Estimate::point(share), n)
                })
            }));
        }
    }
}

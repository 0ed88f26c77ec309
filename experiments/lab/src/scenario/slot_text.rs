//! How the slots of a form are written in its scenario file: what they are, who has which value, how it is said.

use std::fmt::Write as _;

use offhook_env::scenario::slot::{MAX_GRID, SlotKind};

use super::form::Answers;

/// A TOML string; what JSON escapes, TOML reads the same.
pub(super) fn quoted(words: &str) -> String {
    serde_json::Value::from(words).to_string()
}

pub(super) fn list<S: AsRef<str>>(items: impl IntoIterator<Item = S>) -> String {
    let items: Vec<String> = items
        .into_iter()
        .map(|item| quoted(item.as_ref()))
        .collect();
    format!("[{}]", items.join(", "))
}

/// How a customer says a value: shortly, and in a sentence.
pub(super) fn said(value: &str) -> [String; 2] {
    let words = value.replace('_', " ");
    match value {
        "yes" => [
            "Yes, that is so.".to_owned(),
            "Yes, I can say that.".to_owned(),
        ],
        "no" => [
            "No, not so.".to_owned(),
            "No, I cannot say that.".to_owned(),
        ],
        _ => {
            let mut letters = words.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            let short = first.into_iter().chain(letters).chain(['.']);
            [short.collect(), format!("I would say {words}.")]
        }
    }
}

/// A slot as the scenario has it.
pub(super) fn slot(answers: &Answers) -> String {
    match answers {
        Answers::Choice(values) => format!("values = {}", list(values)),
        Answers::Several(values) => {
            format!("values = {}, many = true, branch = true", list(values))
        }
        Answers::Text(values) => format!("type = \"text\", values = {}", list(values)),
        Answers::Range { kind, ends, bins } => {
            let range = match *kind {
                "number" => format!("[{}, {}]", ends[0], ends[1]),
                _ => list(ends),
            };
            let mut text = format!("type = \"{kind}\", range = {range}");
            if let Some(step) = step(kind, ends) {
                let _ = write!(text, ", step = {step}");
            }
            if !bins.is_empty() {
                let _ = write!(text, ", bins = {}", list(bins));
            }
            text
        }
    }
}

/// The ends of a range as numbers, if they are such.
fn numbers(kind: &str, ends: &[String; 2]) -> Option<[f64; 2]> {
    let kind = SlotKind::named(kind)?;
    Some([kind.measure(&ends[0])?, kind.measure(&ends[1])?])
}

/// The step that a range needs which has too many numbers for simulated customers.
fn step(kind: &str, ends: &[String; 2]) -> Option<f64> {
    let [least, most] = numbers(kind, ends)?;
    let usual = if kind == "time" { 30.0 } else { 1.0 };
    let fits = (most - least) / usual < MAX_GRID as f64;
    (!fits).then(|| ((most - least) / (MAX_GRID as f64 - 1.0)).ceil())
}

/// Even shares that sum to 1.
pub(super) fn even(values: &[String]) -> String {
    let n_values = values.len();
    let share = (100 / n_values.max(1)) as f64 / 100.0;
    let shares = values.iter().enumerate().map(|(k, value)| {
        // The last one takes what rounding left.
        let last = 1.0 - share * (n_values - 1) as f64;
        let share = if k + 1 == n_values { last } else { share };
        format!("{} = {share:.2}", quoted(value))
    });
    shares.collect::<Vec<_>>().join(", ")
}

/// A normal spread around the middle of a range.
pub(super) fn spread(kind: &str, ends: &[String; 2]) -> String {
    let [least, most] = numbers(kind, ends).unwrap_or_default();
    let (mean, sd) = ((least + most) / 2.0, ((most - least) / 6.0).max(0.5));
    format!("mean = {mean:.1}, sd = {sd:.1}")
}

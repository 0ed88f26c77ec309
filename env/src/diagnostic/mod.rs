//! Reading TOML files so that every mistake in them is reported at once, with its place.

pub mod finding;
mod path;

use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use crate::printable::one_line;
use path::{path_to, place_of, remove};

/// A text and the name that messages show for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// A path, or the name of a bundled file.
    pub file: String,
    /// What stands in it.
    pub text: String,
}

/// One mistake in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// Name of the file as the user gave it.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// What was found, what was expected, and what to do.
    pub message: String,
}

/// Every mistake found in a file and those it includes, in the order of the lines.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Diagnostics {
    /// The mistakes; never empty in an error.
    pub list: Vec<Diagnostic>,
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (k, d) in self.list.iter().enumerate() {
            let end = if k == 0 { "" } else { "\n" };
            write!(f, "{end}{}:{}:{}: {}", d.file, d.line, d.column, d.message)?;
        }
        Ok(())
    }
}

/// The texts of a file and those it includes, and the mistakes found in them so far.
///
/// Spans count bytes over all texts, one behind the other, so that a span says which file it is of.
#[derive(Debug)]
pub struct Source<'t> {
    parts: Vec<Part<'t>>,
    /// Mistakes with the number of the part they are in.
    list: Vec<(usize, Diagnostic)>,
}

/// One text of a [`Source`].
#[derive(Debug)]
struct Part<'t> {
    file: String,
    text: &'t str,
    /// Where its spans begin.
    start: usize,
    /// Under which name it is included, and where that stands.
    included: Option<(String, Range<usize>)>,
}

/// Mistakes that are told of; who has more mends these first.
const MAX_MISTAKES: usize = 1_000;
/// Faulty entries that are left out of a text to read on; each costs another reading.
const MAX_LEFT_OUT: usize = 50;

impl<'t> Source<'t> {
    /// A file's text under the name that messages will show.
    pub fn new(file: impl Into<String>, text: &'t str) -> Self {
        let mut source = Self {
            parts: Vec::new(),
            list: Vec::new(),
        };
        source.add(file, text);
        source
    }

    /// Puts an included text behind the others; its number is for [`Self::parse_part`].
    pub fn add(&mut self, file: impl Into<String>, text: &'t str) -> usize {
        let start = self.parts.last().map_or(0, |p| p.start + p.text.len() + 1);
        let file = file.into();
        self.parts.push(Part {
            file,
            text,
            start,
            included: None,
        });
        self.parts.len() - 1
    }

    /// Whether a span lies in an included text rather than in the first one.
    pub fn is_included(&self, span: &Range<usize>) -> bool {
        self.part_at(span.start) != 0
    }

    /// Notes under which name a text is included, and where that stands.
    pub fn set_included(&mut self, number: usize, name: &str, at: Range<usize>) {
        self.parts[number].included = Some((name.to_owned(), at));
    }

    /// The name under which the text that a span lies in is included, and where that stands.
    pub fn included(&self, span: &Range<usize>) -> Option<&(String, Range<usize>)> {
        self.parts[self.part_at(span.start)].included.as_ref()
    }

    fn part_at(&self, place: usize) -> usize {
        let before = self.parts.iter().rposition(|part| part.start <= place);
        before.unwrap_or(0)
    }

    /// Notes a mistake at a place of the texts.
    pub fn report(&mut self, span: Range<usize>, message: impl Into<String>) {
        if self.list.len() == MAX_MISTAKES {
            return;
        }
        let number = self.part_at(span.start);
        let part = &self.parts[number];
        let before = &part.text.as_bytes()[..(span.start - part.start).min(part.text.len())];
        let line_start = before
            .iter()
            .rposition(|&b| b == b'\n')
            .map_or(0, |k| k + 1);
        let diagnostic = Diagnostic {
            file: part.file.clone(),
            line: before.iter().filter(|&&b| b == b'\n').count() + 1,
            column: String::from_utf8_lossy(&before[line_start..])
                .chars()
                .count()
                + 1,
            message: one_line(&message.into()).into_owned(),
        };
        if !self.list.iter().any(|(_, known)| *known == diagnostic) {
            self.list.push((number, diagnostic));
        }
    }

    /// Reads the first text as `T`, noting every mistake of syntax, key and type.
    ///
    /// A faulty entry is noted, left out, and the rest is read again, so that one mistake does
    /// not hide the next. `None` when what is left makes no `T`.
    pub fn parse<T: DeserializeOwned>(&mut self) -> Option<T> {
        self.parse_part(0)
    }

    /// The same for the text that [`Self::add`] gave a number.
    pub fn parse_part<T: DeserializeOwned>(&mut self, number: usize) -> Option<T> {
        // Blanks in front make every span count from the start of the first text.
        let Part { text, start, .. } = &self.parts[number];
        let start = *start;
        let padded = " ".repeat(start) + text;
        let place = |span: Option<Range<usize>>| {
            let span = span.unwrap_or_default();
            span.start.max(start)..span.end.max(start)
        };
        let (root, errors) = DeTable::parse_recoverable(&padded);
        for error in &errors {
            self.report(place(error.span()), error.message());
        }
        if !errors.is_empty() {
            return None;
        }
        let span = root.span();
        let mut root = Spanned::new(span, DeValue::Table(root.into_inner()));
        let mut removed = Vec::new();
        loop {
            let error = match T::deserialize(ValueDeserializer::from(root.clone())) {
                Ok(value) => return Some(value),
                Err(error) => error,
            };
            let span = place(error.span());
            let path = path_to(&root, &span);
            // Positions in lists shift as faulty entries are left out; the line says which one it is.
            let names: Vec<_> = path
                .iter()
                .filter(|key| key.parse::<usize>().is_err())
                .map(String::as_str)
                .collect();
            let place = if names.is_empty() {
                String::new()
            } else {
                format!("{}: ", names.join("."))
            };
            // A field that was left out as faulty is not missed as well.
            let follows = removed.iter().any(|gone: &Vec<String>| {
                gone.split_last().is_some_and(|(key, table)| {
                    table == path && error.message() == format!("missing field `{key}`")
                })
            });
            if !follows {
                self.report(span, format!("{place}{}", error.message()));
            }
            if path.is_empty() || removed.len() == MAX_LEFT_OUT || !remove(&mut root, &path) {
                return None;
            }
            removed.push(path);
        }
    }

    /// Whether no mistake was found yet.
    pub fn is_clean(&self) -> bool {
        self.list.is_empty()
    }

    /// The place in the first text of the entry at `path`, such as `ppo.gamma` split at its dots, or of the last
    /// one on the way to it that is there; the start of the text if there is none.
    pub fn place_of(&self, path: &[&str]) -> Range<usize> {
        let (root, _) = DeTable::parse_recoverable(self.parts[0].text);
        let root = Spanned::new(root.span(), DeValue::Table(root.into_inner()));
        place_of(&root, path).unwrap_or(0..0)
    }

    /// Notes that the text as a whole is not what it should be, unless a mistake already says why.
    pub fn report_if_clean(&mut self, message: &str) {
        if self.list.is_empty() {
            self.report(0..0, message);
        }
    }

    /// `Ok` if no mistake was found, else all of them in the order of the lines.
    ///
    /// # Errors
    /// The mistakes.
    pub fn finish(mut self) -> Result<(), Diagnostics> {
        self.list.sort();
        if self.list.is_empty() {
            Ok(())
        } else {
            let list = self.list.into_iter().map(|(_, mistake)| mistake).collect();
            Err(Diagnostics { list })
        }
    }
}

/// A table whose entries keep the order of the file and the place of their keys.
#[derive(Clone, Debug)]
pub struct OrderedMap<T>(pub Vec<(Spanned<String>, T)>);

impl<T> Default for OrderedMap<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> OrderedMap<T> {
    /// Adds the entries of `more` whose key is not there yet.
    pub fn add_missing(&mut self, more: Self) {
        for (key, value) in more.0 {
            let known = self.0.iter().any(|(own, _)| own.get_ref() == key.get_ref());
            if !known {
                self.0.push((key, value));
            }
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OrderedMap<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = std::collections::BTreeMap::<Spanned<String>, T>::deserialize(deserializer)?;
        let mut entries: Vec<_> = map.into_iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        Ok(Self(entries))
    }
}

/// "did you mean `x`?" when one of `names` is close to `found`, else the list of names.
pub fn suggestion<'n>(found: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    // What is much longer than a name is no slip of the pen.
    let is_short = found.len() <= 200;
    let close = (names.iter().filter(|_| is_short))
        .map(|name| (edit_distance(found, name), *name))
        .min();
    match close {
        Some((distance, name)) if distance <= 1 + found.len() / 4 => {
            format!("did you mean `{name}`?")
        }
        _ if names.is_empty() => "none is defined".to_owned(),
        _ => format!("expected one of {}", names.join(", ")),
    }
}

/// Fewest insertions, deletions and replacements that turn `a` into `b` (Levenshtein, 1966).
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, &y) in b.iter().enumerate() {
            let cost = (diagonal + usize::from(x != y))
                .min(row[j] + 1)
                .min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], cost);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its mistakes are looked at")]
    struct File {
        a: u32,
        #[serde(default)]
        list: Vec<Entry>,
        #[serde(default)]
        map: OrderedMap<Entry>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its mistakes are looked at")]
    struct Entry {
        x: f64,
        #[serde(default)]
        y: Option<String>,
    }

    fn mistakes(text: &str) -> Vec<(usize, String)> {
        let mut source = Source::new("f.toml", text);
        source.parse::<File>();
        let list = source.finish().err().map(|d| d.list).unwrap_or_default();
        list.into_iter().map(|d| (d.line, d.message)).collect()
    }

    #[test]
    fn every_mistake_is_found_in_one_reading() {
        let text = "a = 1\nb = 2\n[[list]]\nx = 'one'\n[[list]]\nx = 1\nz = 3\n[map.k]\ny = 4\nx = 1\n[map.l]\ny = 'm'\n";
        let found = mistakes(text);
        let lines: Vec<usize> = found.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [2, 4, 7, 9, 11], "{found:#?}");
        assert!(
            found[1]
                .1
                .starts_with("list.x: invalid type: string \"one\""),
            "{found:#?}"
        );
    }

    #[test]
    fn a_missing_field_is_not_blamed_on_another_key() {
        assert_eq!(
            mistakes("map = {}\n"),
            [(1, "missing field `a`".to_owned())]
        );
        let faulty = mistakes("a = 'one'\n");
        assert_eq!(
            faulty.len(),
            1,
            "what was left out as faulty is not missed as well: {faulty:?}"
        );
    }

    #[test]
    fn broken_syntax_is_placed() {
        let found = mistakes("a = 1\n[map\nx = 2\n");
        assert_eq!(found[0].0, 2, "{found:#?}");
    }

    #[test]
    fn a_slip_of_the_pen_gets_a_suggestion() {
        assert_eq!(
            suggestion("identty", ["turn", "identity"]),
            "did you mean `identity`?"
        );
        assert_eq!(
            suggestion("xyz", ["turn", "identity"]),
            "expected one of turn, identity"
        );
    }
}

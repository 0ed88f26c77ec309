//! Entries of a TOML tree by their path.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeArray, DeValue};

/// Keys (or positions) from the root to the innermost entry that holds `span`.
pub(super) fn path_to(value: &Spanned<DeValue<'_>>, span: &Range<usize>) -> Vec<String> {
    let holds = |outer: Range<usize>| outer.start <= span.start && span.end <= outer.end;
    let down = |name: String, inner: &Spanned<DeValue<'_>>| {
        let mut path = vec![name];
        path.extend(path_to(inner, span));
        path
    };
    match value.get_ref() {
        DeValue::Table(table) => {
            // A table may span the entries of its neighbours (`[a]`, `[b]`, `[a.c]`), so the
            // longest path wins.
            let mut best = Vec::new();
            for (key, inner) in table {
                let path = if !span.is_empty() && holds(key.span()) {
                    vec![key.get_ref().to_string()]
                } else if holds(inner.span())
                    || matches!(inner.get_ref(), DeValue::Table(_) | DeValue::Array(_))
                {
                    let path = down(key.get_ref().to_string(), inner);
                    if path.len() == 1 && !holds(inner.span()) {
                        Vec::new()
                    } else {
                        path
                    }
                } else {
                    Vec::new()
                };
                if path.len() > best.len() {
                    best = path;
                }
            }
            best
        }
        DeValue::Array(array) => {
            let mut best = Vec::new();
            for (k, inner) in array.iter().enumerate() {
                let path = down(k.to_string(), inner);
                if (path.len() > 1 || holds(inner.span())) && path.len() > best.len() {
                    best = path;
                }
            }
            best
        }
        _ => Vec::new(),
    }
}

/// Takes the entry at `path` out; `false` when there is none.
pub(super) fn remove(value: &mut Spanned<DeValue<'_>>, path: &[String]) -> bool {
    let [name, rest @ ..] = path else {
        return false;
    };
    match value.get_mut() {
        DeValue::Table(table) => {
            let Some(key) = table.keys().find(|key| key.get_ref() == name).cloned() else {
                return false;
            };
            if rest.is_empty() {
                table.remove(&key).is_some()
            } else {
                table.get_mut(&key).is_some_and(|inner| remove(inner, rest))
            }
        }
        DeValue::Array(array) => {
            let Some(k) = name.parse::<usize>().ok().filter(|&k| k < array.len()) else {
                return false;
            };
            if !rest.is_empty() {
                return array.get_mut(k).is_some_and(|inner| remove(inner, rest));
            }
            let mut kept = DeArray::new();
            for (i, inner) in array.iter().enumerate() {
                if i != k {
                    kept.push(inner.clone());
                }
            }
            *array = kept;
            true
        }
        _ => false,
    }
}

/// The place of the entry at `path`, or of the last one on the way to it that is there; `None` if there is none.
pub(super) fn place_of(value: &Spanned<DeValue<'_>>, path: &[&str]) -> Option<Range<usize>> {
    let [name, rest @ ..] = path else {
        return None;
    };
    let DeValue::Table(table) = value.get_ref() else {
        return None;
    };
    let (key, inner) = table.iter().find(|(key, _)| key.get_ref() == name)?;
    place_of(inner, rest).or(Some(key.span()))
}

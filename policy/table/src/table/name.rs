//! What a name may look like, so that every format can hold it and a command line can give it.

use std::collections::BTreeSet;

use crate::table::error::{TableError, shorten};

/// Most characters in a name.
pub const MAX_NAME_CHARS: usize = 120;

/// Characters that some format would have to escape in a way that another cannot read: the string
/// literals of rule engines end at `"` and differ in what `\` means, `|` parts the levels of a CSV
/// cell, and XML has no way to write the last two.
const UNPORTABLE: [char; 5] = ['"', '|', '\\', '\u{fffe}', '\u{ffff}'];

/// How formulas of spreadsheets begin.
const FORMULA: [char; 4] = ['=', '+', '-', '@'];

/// Refuses no item, and more than `limit`.
pub(crate) fn check_count(place: &str, found: usize, limit: usize) -> Result<(), TableError> {
    if (1..=limit).contains(&found) {
        return Ok(());
    }
    Err(TableError::invalid(
        place,
        format!("{found}"),
        format!("1 to {limit}"),
    ))
}

/// Checks every name of a list, and that no two are equal.
pub(crate) fn check_names<'a>(
    what: &str,
    names: impl Iterator<Item = &'a String>,
    banned: &str,
) -> Result<(), TableError> {
    let mut seen = BTreeSet::new();
    for (idx, name) in names.enumerate() {
        check_name(&format!("{what} {}", idx + 1), name, banned)?;
        if !seen.insert(name) {
            return Err(TableError::invalid(
                format!("{what} {}", idx + 1),
                format!("'{name}' again"),
                "unique names",
            ));
        }
    }
    Ok(())
}

/// Checks one name against the rules of [`Layout::new`]; `banned` are further characters.
pub(crate) fn check_name(place: &str, name: &str, banned: &str) -> Result<(), TableError> {
    let expected = if name.is_empty() || name.chars().count() > MAX_NAME_CHARS {
        format!("1 to {MAX_NAME_CHARS} characters")
    } else if name.trim() != name {
        "no blanks at either end".to_owned()
    } else if let Some(found) = name
        .chars()
        .find(|&c| c.is_control() || UNPORTABLE.contains(&c) || banned.contains(c))
    {
        format!("a name without {found:?}")
    } else if name.starts_with(FORMULA) {
        "a name that no spreadsheet takes for a formula".to_owned()
    } else {
        return Ok(());
    };
    Err(TableError::invalid(
        place,
        format!("'{}'", shorten(name).escape_debug()),
        expected,
    ))
}

/// Lowercase hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use crate::{Feature, Layout};

    #[test]
    fn names_that_would_not_read_back_are_refused() {
        let check = |name: &str, level: &str| {
            Layout::new(vec![Feature::new(name, &[level])], vec!["close".into()])
        };
        assert!(check("slot.area", ">=5").is_ok());
        for (name, level) in [
            ("", "a"),
            ("a=b", "a"),
            ("a,b", "a"),
            ("rule", "a"),
            ("a", "-"),
            ("a", "x|y"),
            ("a\\n", "x"),
            ("a", "x\u{ffff}"),
            ("table", "a"),
            ("a", " x"),
            ("a", "x\n"),
            ("a", "=1+1"),
            ("@a", "x"),
        ] {
            assert!(check(name, level).is_err(), "{name:?} {level:?}");
        }
        assert!(check(&"n".repeat(121), "a").is_err());
    }

    #[test]
    fn sizes_beyond_the_limits_are_refused() {
        let names = |n: usize| (0..n).map(|i| format!("n{i}")).collect::<Vec<_>>();
        let features = |n: usize, levels: usize| -> Vec<Feature> {
            names(n)
                .into_iter()
                .map(|name| Feature {
                    name,
                    levels: names(levels),
                })
                .collect()
        };
        assert!(Layout::new(features(96, 16), names(64)).is_ok());
        for (n_features, n_levels, n_actions) in [
            (97, 2, 2),
            (0, 2, 2),
            (2, 17, 2),
            (2, 0, 2),
            (2, 2, 65),
            (2, 2, 0),
        ] {
            assert!(Layout::new(features(n_features, n_levels), names(n_actions)).is_err());
        }
    }
}

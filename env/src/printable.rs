//! Texts from files as they may be shown: no control character reaches a terminal, where it could move the cursor
//! or forge a line.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with control characters other than line feeds in escapes, as JSON has them: `\u001b`.
pub fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c.is_control() && c != '\n')
}

/// The same in one line, for names and phrases that stand among others.
pub fn one_line(text: &str) -> Cow<'_, str> {
    escaped(text, char::is_control)
}

fn escaped(text: &str, must: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&must) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if must(c) {
            // A String takes every write.
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown_and_all_else_is_left() {
        let text = "a\u{1b}[2J\r\tö\u{9b}\u{7f}\nb";
        assert_eq!(lines(text), "a\\u001b[2J\\u000d\\u0009ö\\u009b\\u007f\nb");
        assert_eq!(one_line("a\nb"), "a\\u000ab");
        assert!(matches!(lines("Grüße\n"), Cow::Borrowed(_)));
    }
}

//! Text inside XML.

/// A text with the five characters that mean something to XML replaced, fit for elements and
/// attributes.
///
/// Names hold no character that XML cannot; JSON does not escape U+FFFE and U+FFFF, which XML
/// cannot hold, so JSON text goes through [`escape_json`].
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// JSON without blanks, as the text of an element; the two characters stand in strings only, where
/// JSON has an escape for them.
pub(crate) fn escape_json(json: &str) -> String {
    escape(json)
        .replace('\u{fffe}', "\\ufffe")
        .replace('\u{ffff}', "\\uffff")
}

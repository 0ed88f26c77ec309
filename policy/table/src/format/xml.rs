//! XML, as little of it as a table needs: escapes to write it, and a small tree to read it.
//!
//! The reader is our own since the ready ones cost more than they give here: it knows elements,
//! attributes, namespaces, comments, CDATA and the five entities of XML 1.0, no document type, and
//! it is bounded in everything that a file could make large. It takes some text that is not quite
//! XML (it does not look at the characters of names), which is no harm: the result is compared with
//! what the export writes.

/// Most elements and attributes of a document together. The largest table has two elements and one
/// attribute for each of 52 entries of 4096 rules, which is two thirds of it.
const MAX_ITEMS: usize = 2_000_000;
/// Most attributes of one element.
const MAX_ATTRIBUTES: usize = 64;
/// Most namespace declarations in force at a place.
const MAX_BINDINGS: usize = 64;
/// Most elements inside one another.
const MAX_DEPTH: usize = 32;

/// A text with the five characters that mean something to XML replaced, fit for elements and
/// attributes. Names hold no character that XML cannot.
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

/// JSON without blanks, as the text of an element. XML cannot hold U+FFFE and U+FFFF; in JSON they
/// stand in strings only, where there is an escape for them.
pub(crate) fn escape_json(json: &str) -> String {
    escape(json)
        .replace('\u{fffe}', "\\ufffe")
        .replace('\u{ffff}', "\\uffff")
}

/// An element with what is inside.
#[derive(Debug, Default)]
pub(crate) struct Element {
    /// Which of the namespaces asked for it is in; `None` for any other.
    pub namespace: Option<&'static str>,
    /// Without prefix.
    pub name: String,
    /// Those without a prefix, in the order of the file.
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Element>,
    /// All text directly inside, joined.
    pub text: String,
    /// Whether a comment or an instruction stands directly inside, so that the text is in parts.
    pub parted: bool,
}

impl Element {
    /// The root element of a document; names are looked up in these namespaces.
    ///
    /// # Errors
    /// Why it is not XML, or what of XML is not read.
    pub(crate) fn parse(text: &str, namespaces: &[&'static str]) -> Result<Self, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        check_encoding(text)?;
        let mut reader = Reader {
            rest: text,
            namespaces,
            open: Vec::new(),
            bindings: Vec::new(),
            n_items: 0,
        };
        // A document without name and namespace, whose only child is to be the root.
        let mut document = Self::default();
        while !reader.rest.is_empty() {
            reader.step(&mut document)?;
        }
        if let Some(open) = reader.open.last() {
            return Err(format!("the file ends within element '{}'", open.tag));
        }
        let mut roots = document.children.into_iter();
        match (roots.next(), roots.next()) {
            (Some(root), None) if document.text.trim().is_empty() => Ok(root),
            _ => Err("expected one root element and no text beside it".to_owned()),
        }
    }

    /// The value of an attribute.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let mut found = self.attributes.iter().filter(|(key, _)| key == name);
        found.next().map(|(_, value)| value.as_str())
    }
}

/// An element whose end has not come yet.
struct OpenElement<'a> {
    tag: &'a str,
    element: Element,
    /// Declarations in force outside of it.
    n_bindings: usize,
}

struct Reader<'a> {
    rest: &'a str,
    namespaces: &'a [&'static str],
    open: Vec<OpenElement<'a>>,
    /// Prefix, or nothing for the default, and the namespace if it is one of those asked for.
    bindings: Vec<(&'a str, Option<&'static str>)>,
    n_items: usize,
}

impl<'a> Reader<'a> {
    /// Reads a run of text, or one tag, comment, section or instruction.
    fn step(&mut self, document: &mut Element) -> Result<(), String> {
        let inside = self
            .open
            .last_mut()
            .map_or(&mut *document, |open| &mut open.element);
        if let Some(text) = self.rest.split('<').next().filter(|text| !text.is_empty()) {
            inside.text.push_str(&unescape(text)?);
            self.rest = &self.rest[text.len()..];
        } else if let Some(rest) = self.rest.strip_prefix("<!--") {
            inside.parted = true;
            self.rest = split(rest, "-->")?.1;
        } else if let Some(rest) = self.rest.strip_prefix("<![CDATA[") {
            let (text, rest) = split(rest, "]]>")?;
            inside.text.push_str(text);
            self.rest = rest;
        } else if let Some(rest) = self.rest.strip_prefix("<?") {
            inside.parted = true;
            self.rest = split(rest, "?>")?.1;
        } else if self.rest.starts_with("<!") {
            return Err("a document type declaration, which is not read".to_owned());
        } else if let Some(rest) = self.rest.strip_prefix("</") {
            let (tag, rest) = split(rest, ">")?;
            self.rest = rest;
            return self.close(tag.trim_end(), document);
        } else {
            let rest = &self.rest[1..];
            return self.start(rest, document);
        }
        Ok(())
    }

    /// Reads a start tag from after its `<`.
    fn start(&mut self, rest: &'a str, document: &mut Element) -> Result<(), String> {
        let (tag, mut rest) = name(rest)?;
        let n_bindings = self.bindings.len();
        let mut attributes: Vec<(&str, String)> = Vec::new();
        let empty = loop {
            let blank = rest.len();
            rest = rest.trim_start();
            if let Some(after) = rest.strip_prefix("/>") {
                rest = after;
                break true;
            }
            if let Some(after) = rest.strip_prefix('>') {
                rest = after;
                break false;
            }
            let (key, after) = name(rest)?;
            let value = after.trim_start().strip_prefix('=').map(str::trim_start);
            let quoted = value.and_then(|value| {
                let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
                value[1..].split_once(quote)
            });
            let (value, after) = quoted
                .filter(|(value, _)| !value.contains('<') && rest.len() < blank)
                .ok_or_else(|| format!("attribute '{key}' without a value in quotes"))?;
            if attributes.iter().any(|(known, _)| *known == key) {
                return Err(format!("attribute '{key}' twice"));
            }
            attributes.push((key, unescape(value)?));
            if attributes.len() > MAX_ATTRIBUTES {
                return Err(format!("more than {MAX_ATTRIBUTES} attributes"));
            }
            rest = after;
        };
        self.rest = rest;
        for (key, value) in &attributes {
            let prefix = match key.split_once(':') {
                None if *key == "xmlns" => "",
                Some(("xmlns", prefix)) => prefix,
                _ => continue,
            };
            let known = self.namespaces.iter().find(|known| *known == value);
            self.bindings.push((prefix, known.copied()));
        }
        self.n_items += 1 + attributes.len();
        let too_many = self.n_items > MAX_ITEMS || self.bindings.len() > MAX_BINDINGS;
        if too_many || self.open.len() == MAX_DEPTH {
            return Err("more, or deeper, elements than any table has".to_owned());
        }
        let (prefix, local) = tag.split_once(':').unwrap_or(("", tag));
        let mut bound = self.bindings.iter().rev();
        let namespace = match bound.find(|(known, _)| *known == prefix) {
            Some((_, namespace)) => *namespace,
            None if prefix.is_empty() => None,
            None => return Err(format!("unknown prefix '{prefix}'")),
        };
        attributes.retain(|(key, _)| *key != "xmlns" && !key.contains(':'));
        let attributes = attributes.into_iter();
        self.open.push(OpenElement {
            tag,
            element: Element {
                namespace,
                name: local.to_owned(),
                attributes: attributes
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect(),
                ..Element::default()
            },
            n_bindings,
        });
        if empty {
            self.close(tag, document)
        } else {
            Ok(())
        }
    }

    /// Ends the element that was opened last.
    fn close(&mut self, tag: &str, document: &mut Element) -> Result<(), String> {
        let open = self.open.pop().filter(|open| open.tag == tag);
        let closed =
            open.ok_or_else(|| format!("the end of element '{tag}', which is not open"))?;
        self.bindings.truncate(closed.n_bindings);
        let parent = self
            .open
            .last_mut()
            .map_or(document, |open| &mut open.element);
        parent.children.push(closed.element);
        Ok(())
    }
}

/// Refuses a document whose declaration names another encoding than UTF-8, in which its bytes were read: they
/// mean something else. The declaration is the very first thing (XML 1.0, 2.8).
fn check_encoding(text: &str) -> Result<(), String> {
    let Some(declaration) = text.strip_prefix("<?xml") else {
        return Ok(());
    };
    let (declaration, _) = split(declaration, "?>")?;
    let Some((_, rest)) = declaration.split_once("encoding") else {
        return Ok(());
    };
    let value = rest.trim_start().strip_prefix('=').map(str::trim);
    let encoding = value.and_then(|value| {
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        Some(value[1..].split_once(quote)?.0)
    });
    let encoding = encoding.ok_or("an XML declaration that is none")?;
    let is_ascii =
        encoding.eq_ignore_ascii_case("US-ASCII") || encoding.eq_ignore_ascii_case("ASCII");
    if encoding.eq_ignore_ascii_case("UTF-8") || is_ascii && text.is_ascii() {
        return Ok(());
    }
    let encoding: String = encoding.chars().take(40).collect();
    Err(format!(
        "encoding '{encoding}', expected UTF-8; save the file as UTF-8"
    ))
}

/// A text up to an end, and what comes after.
fn split<'a>(text: &'a str, end: &str) -> Result<(&'a str, &'a str), String> {
    text.split_once(end)
        .ok_or_else(|| format!("the file ends before '{end}'"))
}

/// A name at the start of a text, and what comes after.
fn name(text: &str) -> Result<(&str, &str), String> {
    let end = text.find(|c: char| c.is_whitespace() || "=/><\"'&".contains(c));
    match text.split_at(end.unwrap_or(text.len())) {
        ("", _) => Err("a tag or an attribute without a name".to_owned()),
        found => Ok(found),
    }
}

/// A text with its entities resolved.
fn unescape(text: &str) -> Result<String, String> {
    let mut parts = text.split('&');
    let mut plain = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let (entity, rest) = part.split_once(';').ok_or("an entity without an end")?;
        let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok();
        let c = match entity {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => match (entity.strip_prefix("#x"), entity.strip_prefix('#')) {
                (Some(digits), _) => number(digits, 16).and_then(char::from_u32),
                (None, Some(digits)) => number(digits, 10).and_then(char::from_u32),
                (None, None) => None,
            },
        };
        plain.push(c.ok_or("an entity that is none of XML's five")?);
        plain.push_str(rest);
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "urn:a";

    fn refusal(text: &str) -> String {
        Element::parse(text, &[A]).unwrap_err()
    }

    #[test]
    fn names_are_resolved_and_text_is_put_together() {
        let text = "<?xml version=\"1.0\"?><!-- c --><x:r xmlns:x=\"urn:a\" k=\"1 &lt; &#50;\" x:k=\"3\">\
            <b xmlns=\"urn:b\"/>a &amp;<![CDATA[ <b> ]]>&#x20ac;</x:r>";
        let root = Element::parse(text, &[A]).unwrap();
        assert_eq!((root.namespace, root.name.as_str()), (Some(A), "r"));
        assert_eq!(root.attributes, [("k".to_owned(), "1 < 2".to_owned())]);
        assert_eq!(root.text, "a & <b> \u{20ac}");
        assert_eq!((root.children[0].namespace, root.children.len()), (None, 1));
        assert!(!root.parted && Element::parse("<a>1<!-- -->2</a>", &[]).unwrap().parted);
    }

    #[test]
    fn only_utf_8_may_be_declared() {
        let document = |declaration: &str, text: &str| format!("<?xml{declaration}?><a>{text}</a>");
        for declaration in [
            " version=\"1.0\"",
            " version='1.0' encoding = 'utf-8' standalone='yes'",
        ] {
            assert!(Element::parse(&document(declaration, "\u{e9}"), &[]).is_ok());
        }
        let ascii = " version=\"1.0\" encoding=\"US-ASCII\"";
        assert!(Element::parse(&document(ascii, "e"), &[]).is_ok());
        assert!(refusal(&document(ascii, "\u{e9}")).contains("'US-ASCII'"));
        for encoding in ["ISO-8859-1", "UTF-16", "utf8x"] {
            let declaration = format!(" version=\"1.0\" encoding=\"{encoding}\"");
            let message = refusal(&document(&declaration, "e"));
            assert!(
                message.starts_with(&format!("encoding '{encoding}'")),
                "{message}"
            );
        }
    }

    #[test]
    fn what_is_escaped_reads_back() {
        let text = "<&'>\" ]]> \u{7f} \u{20ac}";
        let file = format!("<a b=\"{0}\">{0}</a>", escape(text));
        let root = Element::parse(&file, &[]).unwrap();
        assert_eq!(
            (root.text.as_str(), root.attribute("b")),
            (text, Some(text))
        );
    }

    #[test]
    fn what_could_grow_without_bound_is_refused() {
        let attributes: String = (0..1_000_000).map(|k| format!(" a{k}=\"\"")).collect();
        let bindings: String = (0..1_000_000)
            .map(|k| format!(" xmlns:a{k}=\"b\""))
            .collect();
        let nested: String = (0..20_000)
            .map(|k| format!("<a xmlns:a{k}=\"b\">"))
            .collect();
        for text in [
            format!("<r{attributes}/>"),
            format!("<r{bindings}/>"),
            nested,
            "<a>".repeat(1_000_000),
            format!("<r>{}</r>", "<a/>".repeat(2_000_000)),
            "<!DOCTYPE r [<!ENTITY b \"bb\">]><r>&b;</r>".to_owned(),
        ] {
            assert!(!refusal(&text).is_empty());
        }
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for text in [
            "",
            "text",
            "<a>",
            "</a>",
            "<a></b>",
            "<a/><b/>",
            "<a/>b",
            "<a>&b;</a>",
            "<a b=\"1\" b=\"2\"/>",
            "<a b=1/>",
            "<a b/>",
            "<a b=\"1\"c=\"2\"/>",
            "<a b=\"<\"/>",
            "< a/>",
            "<a>&lt</a>",
            "<a><!-- </a>",
            "<x:a/>",
            "<a",
            "<a>&#xd800;</a>",
        ] {
            assert!(Element::parse(text, &[]).is_err(), "{text}");
        }
    }
}

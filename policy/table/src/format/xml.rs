//! XML, as little of it as a table needs: escapes to write it, and a small tree to read it.
//!
//! The tree is bounded in everything that a file could make large: no document type, no entity but
//! the five of XML, and limits on depth, on elements and on attributes.

use quick_xml::XmlVersion::Implicit1_0;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;

/// Most elements and attributes of a document together. The largest table has two elements and one
/// attribute for each of 52 entries of 4096 rules, which is two thirds of it.
const MAX_ITEMS: usize = 1_000_000;
const MAX_ATTRIBUTES: usize = 64;
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
        let mut reader = NsReader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        // A document without name and namespace, whose only child is to be the root.
        let mut open = vec![Self::default()];
        let mut n_items = 0;
        loop {
            let (resolved, event) = reader
                .read_resolved_event()
                .map_err(|error| error.to_string())?;
            let n_open = open.len();
            let inside = &mut open[n_open - 1];
            match event {
                Event::Start(start) => {
                    let element = element(&start, &resolved, namespaces)?;
                    n_items += 1 + element.attributes.len();
                    if n_open > MAX_DEPTH || n_items > MAX_ITEMS {
                        return Err("more, or deeper, elements than any table has".to_owned());
                    }
                    open.push(element);
                }
                Event::End(_) => {
                    let closed = open.pop().expect("the reader matches end tags");
                    let parent = open.last_mut().ok_or("an end tag without a start")?;
                    parent.children.push(closed);
                }
                Event::Text(text) => inside.text.push_str(&text.xml10_content()),
                Event::CData(text) => inside.text.push_str(&text.xml10_content()),
                Event::GeneralRef(name) => {
                    match name.resolve_char_ref().map_err(|error| error.to_string())? {
                        Some(c) => inside.text.push(c),
                        None => inside.text.push_str(
                            resolve_predefined_entity(&name)
                                .ok_or("an entity that is none of XML's five")?,
                        ),
                    }
                }
                Event::Comment(_) | Event::PI(_) => inside.parted = true,
                Event::Decl(_) => {}
                Event::DocType(_) => return Err("a document type declaration".to_owned()),
                Event::Empty(_) => return Err("an empty element was not expanded".to_owned()),
                Event::Eof => break,
            }
        }
        let document = match (open.pop(), open.is_empty()) {
            (Some(document), true) => document,
            _ => return Err("the file ends within an element".to_owned()),
        };
        let mut roots = document.children.into_iter();
        match (roots.next(), roots.next()) {
            (Some(root), None) if document.text.trim().is_empty() => Ok(root),
            _ => Err("expected one root element and nothing beside it".to_owned()),
        }
    }

    /// The value of an attribute.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let mut found = self.attributes.iter().filter(|(key, _)| key == name);
        found.next().map(|(_, value)| value.as_str())
    }
}

/// An element as far as its start tag tells.
fn element(
    start: &BytesStart,
    resolved: &ResolveResult,
    namespaces: &[&'static str],
) -> Result<Element, String> {
    let namespace = match resolved {
        ResolveResult::Bound(Namespace(found)) => {
            namespaces.iter().find(|known| *known == found).copied()
        }
        ResolveResult::Unbound => None,
        ResolveResult::Unknown(prefix) => return Err(format!("unknown prefix '{prefix}'")),
    };
    let mut attributes: Vec<(String, String)> = Vec::new();
    // The reader's own check compares each with each, before we could count them.
    for (n, attribute) in start.attributes().with_checks(false).enumerate() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        if n == MAX_ATTRIBUTES {
            return Err(format!("more than {MAX_ATTRIBUTES} attributes"));
        }
        let name = attribute.key.as_ref();
        if name == "xmlns" || attribute.key.prefix().is_some() {
            continue;
        }
        if attributes.iter().any(|(key, _)| key == name) {
            return Err(format!("attribute '{name}' twice"));
        }
        let value = attribute.normalized_value(Implicit1_0);
        let value = value.map_err(|error| error.to_string())?.into_owned();
        attributes.push((name.to_owned(), value));
    }
    Ok(Element {
        namespace,
        name: start.local_name().as_ref().to_owned(),
        attributes,
        ..Element::default()
    })
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
            "<x:a/>",
            "<a",
            "<a>&#xd800;</a>",
        ] {
            assert!(Element::parse(text, &[]).is_err(), "{text}");
        }
    }
}

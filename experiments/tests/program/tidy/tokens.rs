//! A Rust file as words: comments are dropped, literals stay whole, and what is compiled for tests alone can
//! be left out.

/// Identifiers, `::`, string literals with their quotes, and single characters of everything else.
pub fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            _ if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            _ if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            _ if rest.starts_with("::") => 2,
            '"' => quoted(rest),
            '\'' => character_or_lifetime(rest),
            _ if is_word(first) => word_or_literal(rest),
            _ => first.len_utf8(),
        };
        let (token, behind) = rest.split_at(length);
        if !first.is_whitespace() && !token.starts_with("//") && !token.starts_with("/*") {
            found.push(token);
        }
        rest = behind;
    }
    found
}

/// The text of a string literal, as it stands between its quotes.
pub fn literal(token: &str) -> Option<&str> {
    let open = token.find('"')?;
    token[open + 1..].trim_end_matches('#').strip_suffix('"')
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Length of a literal that begins with a quote.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

fn character_or_lifetime(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some((escape, c))) => {
            let behind = escape + c.len_utf8();
            text[behind..]
                .find('\'')
                .map_or(text.len(), |end| behind + end + 1)
        }
        (_, Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

/// Length of a word, or of the literal that it is the prefix of (`r#"..."#`, `b"..."`).
fn word_or_literal(text: &str) -> usize {
    let length = text.find(|c| !is_word(c)).unwrap_or(text.len());
    let (word, behind) = text.split_at(length);
    if !matches!(word, "r" | "b" | "c" | "br" | "cr") {
        return length;
    }
    let hashes = behind.len() - behind.trim_start_matches('#').len();
    if !behind[hashes..].starts_with('"') {
        return length;
    }
    if !word.ends_with('r') {
        return length + quoted(behind);
    }
    let close = format!("\"{}", "#".repeat(hashes));
    let open = length + hashes + 1;
    text[open..]
        .find(&close)
        .map_or(text.len(), |end| open + end + close.len())
}

/// The tokens without items under `#[cfg(test)]`, and the names of the modules among these.
pub fn outside_tests<'a>(tokens: &[&'a str]) -> (Vec<&'a str>, Vec<&'a str>) {
    const CFG_TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let (mut kept, mut modules) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < tokens.len() {
        if !tokens[at..].starts_with(&CFG_TEST) {
            kept.push(tokens[at]);
            at += 1;
            continue;
        }
        let item = at + CFG_TEST.len();
        let end = item + item_length(&tokens[item..]);
        let named = tokens[item..end].windows(3);
        modules.extend(named.filter(|t| t[0] == "mod" && t[2] == ";").map(|t| t[1]));
        at = end;
    }
    (kept, modules)
}

/// Number of tokens up to the `;` or the closing brace that ends an item.
fn item_length(tokens: &[&str]) -> usize {
    let is_use = tokens.iter().take(5).any(|token| *token == "use");
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate() {
        match *token {
            "{" | "(" | "[" => depth += 1,
            ")" | "]" => depth -= 1,
            "}" => {
                depth -= 1;
                if depth == 0 && !is_use {
                    return at + 1;
                }
            }
            ";" if depth == 0 => return at + 1,
            _ => {}
        }
    }
    tokens.len()
}

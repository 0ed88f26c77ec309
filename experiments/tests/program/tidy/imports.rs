//! Which file of a crate uses what another one defines, read from the files' text.
//!
//! A `use` or a path counts for the file that *defines* the item, through any `pub use`. Declaring `mod x` or
//! `pub use` is no import: a parent shows its children without standing on them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::tokens::{outside_tests, tokens};

/// File to files whose items it uses; every file of the crate is a key.
pub type Imports = BTreeMap<String, BTreeSet<String>>;

type Path = Vec<String>;

#[derive(Default)]
struct Module {
    file: String,
    children: HashSet<String>,
    test_children: HashSet<String>,
    /// Names that `use` brings, with where they come from.
    names: HashMap<String, Path>,
    /// Modules and enums of which everything is brought.
    globs: Vec<Path>,
    items: HashSet<String>,
    /// Paths that stand for imports.
    used: Vec<Path>,
}

/// The imports of one crate, from its files as (path below `src`, text).
pub fn imports(files: &[(String, String)]) -> Imports {
    let modules: HashMap<Path, Module> = files
        .iter()
        .map(|(file, text)| (module_path(file), read(file, text)))
        .collect();
    let in_tests = |path: &Path| {
        (0..path.len()).any(|n| {
            let parent = modules.get(&path[..n]);
            parent.is_some_and(|m| m.test_children.contains(&path[n]))
        })
    };
    let mut found = Imports::new();
    for (here, module) in modules.iter().filter(|(path, _)| !in_tests(path)) {
        let used = module.used.iter();
        let used = used.filter_map(|path| defined_in(&modules, here, path, 0));
        let others = used.filter(|file| **file != module.file).cloned();
        found.insert(module.file.clone(), others.collect());
    }
    found
}

/// `a/b/mod.rs` and `a/b.rs` are module `a::b`; the crate's root is the empty path.
fn module_path(file: &str) -> Path {
    let stem = file.trim_end_matches(".rs");
    let stem = stem.strip_suffix("/mod").unwrap_or(stem);
    match stem {
        "lib" | "main" => Path::new(),
        _ => stem.split('/').map(str::to_owned).collect(),
    }
}

fn read(file: &str, text: &str) -> Module {
    let (tokens, test_children) = outside_tests(&tokens(text));
    let mut module = Module {
        file: file.to_owned(),
        test_children: test_children.into_iter().map(str::to_owned).collect(),
        ..Module::default()
    };
    let (mut words, mut shown, mut everything) = (HashSet::new(), Vec::new(), Vec::new());
    let mut at = 0;
    while at < tokens.len() {
        let next = tokens.get(at + 1).copied().unwrap_or("");
        match tokens[at] {
            "use" => {
                let end = tokens[at..].iter().position(|t| *t == ";");
                let end = end.map_or(tokens.len(), |end| at + end);
                let is_public = at > 0 && matches!(tokens[at - 1], "pub" | ")");
                for (path, name) in use_tree(&tokens[at + 1..end], &[]) {
                    if name == "*" {
                        module.globs.push(path.clone());
                        everything.extend((!is_public).then_some(path));
                        continue;
                    }
                    module.names.insert(name.clone(), path.clone());
                    if is_public {
                        shown.push((path, name));
                    } else {
                        module.used.push(path);
                    }
                }
                at = end;
            }
            "mod" if tokens.get(at + 2) == Some(&";") => {
                module.children.insert(next.to_owned());
                at += 2;
            }
            "fn" | "struct" | "enum" | "trait" | "type" | "const" | "static" | "union" => {
                module.items.insert(next.to_owned());
                at += 1;
            }
            word => {
                if at == 0 || tokens[at - 1] != "." {
                    words.insert(word);
                }
                let mut path = vec![word.to_owned()];
                while tokens.get(at + 1) == Some(&"::") && is_name(tokens.get(at + 2)) {
                    path.push(tokens[at + 2].to_owned());
                    at += 2;
                }
                if path.len() > 1 {
                    module.used.push(path);
                }
            }
        }
        at += 1;
    }
    // What a file shows to others and uses itself, it imports.
    let shown = shown.into_iter();
    let own = shown.filter(|(_, name)| words.contains(name.as_str()));
    module.used.extend(own.map(|(path, _)| path));
    for glob in everything {
        let of_it = words
            .iter()
            .map(|word| [&glob[..], &[word.to_string()]].concat());
        module.used.extend(of_it);
    }
    module
}

fn is_name(token: Option<&&str>) -> bool {
    token.is_some_and(|t| t.starts_with(|c: char| c.is_alphabetic() || c == '_'))
}

/// The paths of `a::{b, c as d, e::*}` with the names that they bring; `*` for a glob, whose path is that of
/// the module.
fn use_tree(tokens: &[&str], before: &[String]) -> Vec<(Path, String)> {
    let mut path = before.to_vec();
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at] {
            "::" => {}
            "*" => return vec![(path, "*".to_owned())],
            "as" => return vec![(path, tokens[at + 1].to_owned())],
            "{" => {
                let inside = &tokens[at + 1..tokens.len() - 1];
                let mut depth = 0;
                let parts = inside.split(|token| {
                    depth += i32::from(*token == "{") - i32::from(*token == "}");
                    depth == 0 && *token == ","
                });
                return parts
                    .filter(|part| !part.is_empty())
                    .flat_map(|part| use_tree(part, &path))
                    .collect();
            }
            "self" if !path.is_empty() => {}
            name => path.push(name.to_owned()),
        }
        at += 1;
    }
    let name = path.last().cloned().unwrap_or_default();
    vec![(path, name)]
}

/// The file that defines what `path`, seen from module `here`, names; `None` for a module and for what the
/// crate does not define.
fn defined_in<'a>(
    modules: &'a HashMap<Path, Module>,
    here: &[String],
    path: &[String],
    depth: usize,
) -> Option<&'a String> {
    let mut at = here.to_vec();
    for (k, name) in path.iter().enumerate() {
        match name.as_str() {
            "crate" => at.clear(),
            "self" => {}
            "super" => drop(at.pop()),
            _ => {
                let module = modules.get(&at)?;
                let (brought, rest) = (module.names.get(name), &path[k + 1..]);
                let is_child = module.children.contains(name);
                let is_item = brought.is_some() || module.items.contains(name);
                if is_child && !(rest.is_empty() && is_item) {
                    at.push(name.clone());
                    continue;
                }
                if let Some(from) = brought.filter(|_| depth < 8) {
                    let path = [from, rest].concat();
                    return defined_in(modules, &at, &path, depth + 1);
                }
                if module.items.contains(name) {
                    return Some(&module.file);
                }
                let globs = module.globs.iter().filter(|_| depth < 8);
                let mut through = globs.map(|glob| [&glob[..], &path[k..]].concat());
                return through.find_map(|path| defined_in(modules, &at, &path, depth + 1));
            }
        }
    }
    None
}

/// Files that use each other in a circle, directly or by others: the strongly connected components of more
/// than two files (Kosaraju).
pub fn circles(imports: &Imports) -> Vec<Vec<String>> {
    let mut users: Imports = imports
        .keys()
        .map(|file| (file.clone(), BTreeSet::new()))
        .collect();
    for (file, used) in imports {
        for used in used {
            users.entry(used.clone()).or_default().insert(file.clone());
        }
    }
    let (mut seen, mut order) = (HashSet::new(), Vec::new());
    for file in imports.keys() {
        visit(imports, file, &mut seen, &mut order);
    }
    let (mut seen, mut found) = (HashSet::new(), Vec::new());
    for file in order.into_iter().rev() {
        let mut component = Vec::new();
        visit(&users, file, &mut seen, &mut component);
        component.sort_unstable();
        if component.len() > 2 {
            found.push(component.into_iter().map(str::to_owned).collect());
        }
    }
    found
}

/// Adds everything that is reached from `file` to `order`, behind what it reaches itself.
fn visit<'a>(
    graph: &'a Imports,
    file: &'a str,
    seen: &mut HashSet<&'a str>,
    order: &mut Vec<&'a str>,
) {
    if seen.insert(file) {
        for next in graph.get(file).into_iter().flatten() {
            visit(graph, next, seen, order);
        }
        order.push(file);
    }
}

//! Sub-processes of the library: gathering their texts, and taking them over into a scenario.

use toml::de::{DeTable, DeValue};

use super::file::{Name, ScenarioFile, ScriptFile, SubProcessFile};
use crate::diagnostic::{Source, Text, suggestion};
use crate::names::is_name;

/// A scenario file and the sub-processes it includes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioText {
    /// The scenario file itself.
    pub main: Text,
    /// The included sub-processes by name, in the order of `include`; those not found are missing.
    pub library: Vec<(String, Text)>,
    /// The tables of a calibrated tracker; `None` for the focus tracker.
    pub tracker: Option<Text>,
}

impl ScenarioText {
    /// A scenario that includes nothing.
    pub fn new(file: impl Into<String>, text: impl Into<String>) -> Self {
        let main = Text {
            file: file.into(),
            text: text.into(),
        };
        Self {
            main,
            library: Vec::new(),
            tracker: None,
        }
    }

    /// A scenario with the sub-processes that `find` has under the names it includes.
    ///
    /// # Errors
    /// What `find` could not read; a name that it does not know is reported when the text is parsed.
    pub fn gather<E>(
        main: Text,
        mut find: impl FnMut(&str) -> Result<Option<Text>, E>,
    ) -> Result<Self, E> {
        let mut library: Vec<(String, Text)> = Vec::new();
        for name in includes(&main.text) {
            // A name is a file's, in the folder that is meant and no other.
            if !is_name(&name) || library.iter().any(|(known, _)| *known == name) {
                continue;
            }
            if let Some(text) = find(&name)? {
                library.push((name, text));
            }
        }
        Ok(Self {
            main,
            library,
            tracker: None,
        })
    }

    /// All texts for reading, with the number of each sub-process.
    pub fn source(&self) -> (Source<'_>, Vec<(&str, usize)>) {
        let mut source = Source::new(&self.main.file, &self.main.text);
        let mut numbers = Vec::new();
        for (name, text) in &self.library {
            numbers.push((name.as_str(), source.add(&text.file, &text.text)));
        }
        (source, numbers)
    }
}

/// The names under `include`; mistakes are left to the parser.
fn includes(text: &str) -> Vec<String> {
    let (root, _) = DeTable::parse_recoverable(text);
    let Some(DeValue::Array(list)) = root.get_ref().get("include").map(|v| v.get_ref()) else {
        return Vec::new();
    };
    let name = |value: &toml::Spanned<DeValue<'_>>| match value.get_ref() {
        DeValue::String(name) => Some(name.to_string()),
        _ => None,
    };
    list.iter().filter_map(name).collect()
}

/// Reads the scenario and takes over what it includes.
pub(super) fn read(text: &ScenarioText) -> (Source<'_>, Option<ScenarioFile>) {
    let (mut source, numbers) = text.source();
    let Some(mut file) = source.parse::<ScenarioFile>() else {
        return (source, None);
    };
    let mut scripts: Vec<(String, Vec<ScriptFile>)> = Vec::new();
    for name in std::mem::take(&mut file.include) {
        if !is_name(name.get_ref()) {
            let message = format!(
                "`{}` is no name of a sub-process, expected lowercase letters, digits and `_`",
                name.get_ref().escape_debug()
            );
            source.report(name.span(), message);
            continue;
        }
        let found = numbers.iter().find(|(known, _)| known == name.get_ref());
        let Some(&(known, number)) = found else {
            let message = format!(
                "no sub-process `{0}`: neither a file library/{0}.toml beside the scenario nor a bundled one",
                name.get_ref()
            );
            source.report(name.span(), message);
            continue;
        };
        if scripts.iter().any(|(other, _)| other == known) {
            source.report(name.span(), format!("`{known}` is included twice"));
            continue;
        }
        source.set_included(number, known, name.span());
        if let Some(part) = source.parse_part::<SubProcessFile>(number) {
            scripts.push((known.to_owned(), take_over(&mut source, &mut file, part)));
        }
    }
    splice(&mut source, &mut file.script, &scripts);
    (source, Some(file))
}

/// Adds a sub-process to a scenario, whose own entries win; returns the sub-process's script.
fn take_over(
    source: &mut Source<'_>,
    file: &mut ScenarioFile,
    part: SubProcessFile,
) -> Vec<ScriptFile> {
    if *part.schema.get_ref() != 1 {
        let found = part.schema.get_ref();
        let message = format!("schema is {found}, this program reads schema 1");
        source.report(part.schema.span(), message);
    }
    add_names(&mut file.topics, part.topics);
    add_names(&mut file.questions, part.questions);
    add_names(&mut file.concerns, part.concerns);
    add_names(&mut file.offers, part.offers);
    add_names(&mut file.messages, part.messages);
    add_names(&mut file.private, part.private);
    file.slots.add_missing(part.slots);
    file.robot.add_missing(part.robot);
    file.customer.add_missing(part.customer);
    file.masks.add_missing(part.masks);
    file.counters.add_missing(part.counters);
    file.distrust = file.distrust.take().or(part.distrust);
    file.callback = file.callback.take().or(part.callback);
    file.rules.extend(part.rules);
    for line in &part.script {
        if let Some(run) = &line.run {
            source.report(
                run.span(),
                "a sub-process runs no other; write its lines here",
            );
        }
    }
    part.script
}

fn add_names(own: &mut Vec<Name>, more: Vec<Name>) {
    for name in more {
        if own.iter().all(|known| known.get_ref() != name.get_ref()) {
            own.push(name);
        }
    }
}

/// Puts the lines of sub-processes where the script runs them.
fn splice(
    source: &mut Source<'_>,
    script: &mut Vec<ScriptFile>,
    scripts: &[(String, Vec<ScriptFile>)],
) {
    for line in std::mem::take(script) {
        match (&line.say, &line.run) {
            (Some(_), None) => script.push(line),
            (None, Some(run)) => {
                if let Some(key) = line.when.first() {
                    let message =
                        "a line with `run` has no `when`; the sub-process's lines have their own";
                    source.report(key, message);
                }
                match scripts.iter().find(|(name, _)| name == run.get_ref()) {
                    Some((_, lines)) => script.extend(lines.iter().cloned()),
                    None => {
                        let hint = suggestion(run.get_ref(), scripts.iter().map(|(n, _)| &**n));
                        let message = format!(
                            "`{}` is not among the included sub-processes: {hint}",
                            run.get_ref()
                        );
                        source.report(run.span(), message);
                    }
                }
            }
            (Some(say), Some(_)) => {
                source.report(say.span(), "a line has either `say` or `run`, not both");
            }
            (None, None) => {
                source.report(
                    line.when.first().unwrap_or(0..0),
                    "a script line needs `say` or `run`",
                );
            }
        }
    }
}

//! `offhook scenario new`: a short form, answered by flags or at the terminal, becomes a complete scenario
//! and the experiment that trains it.

use std::io::{self, BufRead, IsTerminal};
use std::path::{Path, PathBuf};

use super::check;
use super::form::{Entry, Form, Identity};
use crate::cli::NewArgs;
use crate::terminal::{out, outln};
use offhook_lab::config::CONFIGS;
use offhook_lab::disk::atomic;
use offhook_lab::error::Failure;

/// One list of the form.
struct List {
    /// What it holds, and how an entry is written.
    what: &'static str,
    example: &'static str,
    /// Texts of an entry behind its name.
    n_texts: usize,
}

const TOPIC: List = List {
    what: "topic to tell",
    example: "expiry=Your insurance expired last week.",
    n_texts: 1,
};
const QUESTION: List = List {
    what: "question customers ask",
    example: "price=How much is it?=It costs nineteen a month.",
    n_texts: 2,
};
const CONCERN: List = List {
    what: "concern customers have",
    example: "too_dear=That is too expensive.=You can pay monthly.",
    n_texts: 2,
};
const SLOT: List = List {
    what: "thing to learn",
    example: "wants=Do you want to keep it?=yes|no",
    n_texts: 2,
};
const OFFER: List = List {
    what: "offer to make",
    example: "renewal=Shall we renew it for a year?",
    n_texts: 1,
};
const MESSAGE: List = List {
    what: "text message to send",
    example: "link=I have just sent you the link.",
    n_texts: 1,
};

/// Runs the command.
///
/// # Errors
/// If the form is incomplete or says something that makes no scenario, or a file is already there.
pub fn run(args: &NewArgs) -> Result<(), Failure> {
    let path = match &args.out {
        Some(path) => path.clone(),
        None => PathBuf::from(format!("{}.toml", args.name)),
    };
    let config_path = path.with_extension("config.toml");
    for path in [&path, &config_path] {
        atomic::check_free(path, args.force)?;
    }
    let form = if io::stdin().is_terminal() {
        fill_in(args, &mut io::stdin().lock())?
    } else {
        fill_in(args, &mut io::empty())?
    };
    let text = form.scenario();
    atomic::write(&path, text.as_bytes())?;
    let found = check::findings(&path.display().to_string(), 0)?;
    if !found.is_empty() {
        let list: Vec<String> = found.iter().map(ToString::to_string).collect();
        return Err(Failure::failed(format!(
            "the form makes a scenario with faults; mend them in the file or say it otherwise\n{}",
            list.join("\n")
        )));
    }
    atomic::write(&config_path, config(&form.name, &path).as_bytes())?;
    outln!("written: {}, {}", path.display(), config_path.display());
    outln!("look:    offhook simulate {} --show 2", path.display());
    outln!("train:   offhook run {}", config_path.display());
    Ok(())
}

/// The quickstart's experiment with this scenario.
fn config(name: &str, path: &Path) -> String {
    let quickstart = CONFIGS.get("quickstart");
    let text = quickstart.map_or("", |file| file.text);
    let body = text.lines().skip_while(|line| line.starts_with('#'));
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let mut out = format!(
        "# Does reinforcement learning in simulation improve on the flow of {name}, and does a decision\n# table keep what was learned?\n"
    );
    for line in body {
        let line = match line.split_once(" = ").map_or(line, |(key, _)| key) {
            "name" => format!("name = {}", serde_json::Value::from(name)),
            "scenario" => format!("scenario = {}", serde_json::Value::from(&*file)),
            "seeds" => "seeds = [1, 2]".to_owned(),
            _ => line.to_owned(),
        };
        out += &line;
        out.push('\n');
    }
    out
}

/// The form by flags; what they leave out is asked for, and gets a default where nobody answers.
fn fill_in(args: &NewArgs, answers: &mut dyn BufRead) -> Result<Form, Failure> {
    let mut asked = Asked { answers };
    let purpose = match &args.purpose {
        Some(purpose) => purpose.clone(),
        None => asked.line(
            "Purpose of the call, one sentence",
            "I am calling with a short notice.",
        )?,
    };
    let identity = match args.identity {
        Some(identity) => identity,
        None => match &*asked.line("Identity: none, confirm or verify", "confirm")? {
            "none" => Identity::None,
            "confirm" => Identity::Confirm,
            "verify" => Identity::Verify,
            other => {
                return Err(Failure::usage(format!(
                    "identity '{other}', expected none, confirm or verify"
                )));
            }
        },
    };
    let mut form = Form {
        name: args.name.clone(),
        purpose,
        identity,
        topics: asked.list(&TOPIC, &args.topic)?,
        slots: asked.list(&SLOT, &args.slot)?,
        offers: asked.list(&OFFER, &args.offer)?,
        messages: asked.list(&MESSAGE, &args.message)?,
        questions: asked.list(&QUESTION, &args.question)?,
        concerns: asked.list(&CONCERN, &args.concern)?,
    };
    for (name, words) in &mut form.slots {
        let values = words.pop().unwrap_or_default();
        words.extend(values.split('|').map(|value| value.trim().to_owned()));
        if let Some(value) = words[1..].iter().find(|value| !is_name(value)) {
            return Err(Failure::usage(format!(
                "value '{value}' of slot '{name}', expected lowercase letters, digits and `_`"
            )));
        }
    }
    if !is_name(&form.name) {
        return Err(Failure::usage(format!(
            "name '{}', expected lowercase letters, digits and `_`",
            form.name
        )));
    }
    let business = [&form.topics, &form.slots, &form.offers, &form.messages];
    if business.iter().all(|list| list.is_empty()) {
        return Err(Failure::usage(format!(
            "the call has nothing to do; give at least a topic, as in --topic \"{}\"",
            TOPIC.example
        )));
    }
    Ok(form)
}

fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    !text.is_empty() && text.chars().all(plain)
}

/// Splits `name=text=...`.
fn entry(list: &List, text: &str) -> Result<Entry, Failure> {
    let parts: Vec<&str> = text.splitn(list.n_texts + 1, '=').map(str::trim).collect();
    let complete = parts.len() == list.n_texts + 1 && parts.iter().all(|part| !part.is_empty());
    if !complete || !is_name(parts[0]) {
        return Err(Failure::usage(format!(
            "{} '{text}', expected as in '{}'",
            list.what, list.example
        )));
    }
    let texts = parts[1..].iter().map(|&part| part.to_owned()).collect();
    Ok((parts[0].to_owned(), texts))
}

/// Questions to the user.
struct Asked<'a> {
    answers: &'a mut dyn BufRead,
}

impl Asked<'_> {
    /// The next answer; `None` where there is nobody to give one.
    fn answer(&mut self) -> Result<Option<String>, Failure> {
        let mut line = String::new();
        let n_bytes = self
            .answers
            .read_line(&mut line)
            .map_err(|e| Failure::failed(format!("cannot read the answer: {e}")))?;
        Ok((n_bytes > 0).then(|| line.trim().to_owned()))
    }

    fn line(&mut self, question: &str, default: &str) -> Result<String, Failure> {
        if io::stdin().is_terminal() {
            out!("{question} [{default}]: ");
        }
        let answer = self.answer()?.filter(|answer| !answer.is_empty());
        Ok(answer.unwrap_or_else(|| default.to_owned()))
    }

    /// The entries that flags gave, or else those that are typed in until an empty line.
    fn list(&mut self, list: &List, given: &[String]) -> Result<Vec<Entry>, Failure> {
        let mut entries = Vec::new();
        for text in given {
            entries.push(entry(list, text)?);
        }
        while given.is_empty() {
            if io::stdin().is_terminal() {
                out!(
                    "Another {}, as {} (empty: no more): ",
                    list.what,
                    list.example
                );
            }
            match self.answer()?.filter(|answer| !answer.is_empty()) {
                Some(text) => match entry(list, &text) {
                    Ok(entry) => entries.push(entry),
                    Err(failure) => outln!("{}", failure.message),
                },
                None => break,
            }
        }
        Ok(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_flags_leave_out_is_asked_for() {
        let args = NewArgs {
            name: "notice".to_owned(),
            purpose: None,
            identity: None,
            topic: vec!["date=It is on Monday = fixed.".to_owned()],
            question: Vec::new(),
            concern: Vec::new(),
            slot: Vec::new(),
            offer: Vec::new(),
            message: Vec::new(),
            out: None,
            force: false,
        };
        let mut typed =
            "A notice.\nverify\nkeep=Do you keep it?=yes|no\n\n\n\nprice=How much?\n\n".as_bytes();
        let form = fill_in(&args, &mut typed)
            .map_err(|f| f.message)
            .expect("a form");
        assert_eq!(
            (&*form.purpose, form.identity),
            ("A notice.", Identity::Verify)
        );
        assert_eq!(form.topics[0].1, ["It is on Monday = fixed."]);
        assert_eq!(form.slots[0].1, ["Do you keep it?", "yes", "no"]);
        assert!(form.questions.is_empty(), "an incomplete entry is refused");
    }
}

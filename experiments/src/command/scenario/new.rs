//! `offhook scenario new`: a short form, answered by flags or at the terminal, becomes a complete scenario
//! and the experiment that trains it.

use std::io::{self, BufRead, IsTerminal};
use std::path::PathBuf;

use offhook_lab::disk::atomic;
use offhook_lab::error::Failure;
use offhook_lab::scenario::form::{
    CALLER, CONCERN, Entry, EntryList, Form, MESSAGE, OFFER, QUESTION, SLOT, TOPIC,
};
use offhook_lab::scenario::starter;

use crate::cli::NewArgs;
use crate::terminal::{out, outln};

/// Runs the command.
///
/// # Errors
/// If the form is incomplete or says something that makes no scenario, or a file is already there.
pub fn run(args: &NewArgs) -> Result<(), Failure> {
    let path = match &args.out {
        Some(path) => path.clone(),
        None => PathBuf::from(format!("{}.toml", args.name)),
    };
    let config_path = starter::config_path(&path);
    for path in [&path, &config_path] {
        atomic::check_free(path, args.force)?;
    }
    let form = if io::stdin().is_terminal() {
        fill_in(args, &mut io::stdin().lock())?
    } else {
        fill_in(args, &mut io::empty())?
    };
    starter::write(&form, &path)?;
    outln!("written: {}, {}", path.display(), config_path.display());
    outln!("look:    offhook simulate {} --show 2", path.display());
    outln!("train:   offhook run {}", config_path.display());
    Ok(())
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
        None => {
            let answer = asked.line("Identity: none, confirm or verify", "confirm")?;
            answer.parse().map_err(|e: String| Failure::usage(e))?
        }
    };
    let form = Form {
        name: args.name.clone(),
        purpose,
        identity,
        topics: asked.list(&TOPIC, &args.topic)?,
        slots: (asked.list(&SLOT, &args.slot)?.into_iter())
            .map(Form::question)
            .collect::<Result<_, Failure>>()?,
        offers: asked.list(&OFFER, &args.offer)?,
        messages: asked.list(&MESSAGE, &args.message)?,
        questions: asked.list(&QUESTION, &args.question)?,
        concerns: asked.list(&CONCERN, &args.concern)?,
        caller: asked.list(&CALLER, &args.caller)?,
    };
    form.complete()
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
    fn list(&mut self, list: &EntryList, given: &[String]) -> Result<Vec<Entry>, Failure> {
        let mut entries = Vec::new();
        for text in given {
            entries.push(list.entry(text)?);
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
                Some(text) => match list.entry(&text) {
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
mod tests;

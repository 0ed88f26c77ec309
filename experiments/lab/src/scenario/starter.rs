//! The files that a form makes: a complete, commented scenario, and the experiment that trains it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use offhook_simulator::{bundled, world};

use super::check::{CheckedScenario, refuse_faults};
use super::form::{Answers, Form, Identity, Question};
use super::slot_text::{even, list, quoted, said, slot, spread};
use crate::config::CONFIGS;
use crate::disk::atomic;
use crate::error::Failure;

/// Where the experiment stands that trains the scenario at `path`.
pub fn config_path(path: &Path) -> PathBuf {
    path.with_extension("config.toml")
}

/// Writes the scenario of a form to `path` and, if it is sound, the experiment beside it.
///
/// # Errors
/// If a file cannot be written, or the form makes a scenario with faults; that one is left to be mended.
pub fn write(form: &Form, path: &Path) -> Result<(), Failure> {
    atomic::write(path, form.scenario().as_bytes())?;
    let found = CheckedScenario::of(&path.display().to_string(), 0)?.findings;
    if !found.is_empty() {
        let list: Vec<String> = found.iter().map(ToString::to_string).collect();
        return Err(Failure::failed(format!(
            "the form makes a scenario with faults; mend them in the file or say it otherwise\n{}",
            list.join("\n")
        )));
    }
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let config = config(&form.name, &file, form.worth() as f32);
    Ok(atomic::write(&config_path(path), config.as_bytes())?)
}

/// Writes an experiment for a scenario that was written by hand to `out`.
///
/// # Errors
/// If the scenario has faults or says nobody to call, or the file cannot be written.
pub fn write_config(scenario: &Path, out: &Path) -> Result<(), Failure> {
    let (parsed, text) = world::load_scenario(&scenario.display().to_string(), None)?;
    refuse_faults(&text)?;
    if !bundled::has_population(&text.main.text) {
        return Err(Failure::failed(format!(
            "'{}' has no [population], so that no call can be simulated; say who is called",
            scenario.display()
        )));
    }
    let items = parsed.completion.iter().filter_map(|part| part.worth);
    let worth = parsed.reward.completion + items.sum::<f32>();
    // Beside the experiment the file's name will do wherever both are moved to.
    let named = match scenario.parent() == out.parent() {
        true => Path::new(scenario.file_name().unwrap_or_default()),
        false => scenario,
    };
    let config = config(&parsed.name, &named.display().to_string(), worth);
    Ok(atomic::write(out, config.as_bytes())?)
}

/// The quickstart's experiment with the scenario `name` in `file`, a complete call of which is worth so much.
fn config(name: &str, file: &str, worth: f32) -> String {
    let quickstart = CONFIGS.get("quickstart");
    let text = quickstart.map_or("", |file| file.text);
    let body = text.lines().skip_while(|line| line.starts_with('#'));
    let mut out = format!(
        "# Does reinforcement learning in simulation improve on the flow of {name}, and does a decision\n# table keep what was learned?\n"
    );
    for line in body {
        let line = match line.split_once(" = ").map_or(line, |(key, _)| key) {
            "name" => format!("name = {}", quoted(name)),
            "scenario" => format!("scenario = {}", quoted(file)),
            "seeds" => "seeds = [1, 2]".to_owned(),
            // A complete call is 1 to the learner, whatever it is worth.
            "reward_scale" => format!("reward_scale = {:.4}", 1.0 / f64::from(worth.max(1.0))),
            _ => line.to_owned(),
        };
        out += &line;
        out.push('\n');
    }
    out
}

fn names<T>(entries: &[(String, T)]) -> impl Iterator<Item = &str> {
    entries.iter().map(|(name, _)| name.as_str())
}

impl Form {
    /// The scenario file.
    pub fn scenario(&self) -> String {
        let mut out = String::new();
        self.head(&mut out);
        self.words(&mut out);
        self.conduct(&mut out);
        self.flow(&mut out);
        self.population(&mut out);
        out
    }

    fn is_identified(&self) -> bool {
        self.identity != Identity::None
    }

    /// The library's sub-processes, in the order in which the flow runs them.
    fn sub_processes(&self) -> Vec<&'static str> {
        let mut list = vec!["opt_out", "transfer", "voicemail"];
        if self.is_identified() {
            list.push("wrong_person");
        }
        list.extend(["callback", "repair", "questions"]);
        match self.identity {
            Identity::None => {}
            Identity::Confirm => list.push("identity"),
            Identity::Verify => list.push("identity_card"),
        }
        list
    }

    /// Every act of business, which is nobody else's.
    fn business(&self) -> Vec<String> {
        let acts = names(&self.topics).map(|name| format!("inform({name})"));
        let ask = names(&self.slots).map(|name| format!("ask({name})"));
        let confirm = names(&self.slots).map(|name| format!("confirm({name})"));
        let offer = names(&self.offers).map(|name| format!("offer({name})"));
        let send = names(&self.messages).map(|name| format!("send_message({name})"));
        acts.chain(ask)
            .chain(confirm)
            .chain(offer)
            .chain(send)
            .collect()
    }

    fn head(&self, out: &mut String) {
        let mut line = |text: String| {
            out.push_str(&text);
            out.push('\n');
        };
        line(format!("# {}", self.purpose.replace('\n', " ")));
        line(
            "# Written by `offhook scenario new`; every word and number may be changed.".to_owned(),
        );
        line("schema = 1".to_owned());
        line(format!("name = {}", quoted(&self.name)));
        line(format!("purpose = {}", quoted(&self.purpose)));
        line("max_turns = 30".to_owned());
        line("channel = \"dstc2\"             # how telephone speech is misheard; measured on real calls".to_owned());
        line(
            "# Sub-processes of the library, with their words, flow and rules of conduct."
                .to_owned(),
        );
        line(format!("include = {}", list(self.sub_processes())));
        line(String::new());
        let concerns = ["scam"].into_iter().chain(names(&self.concerns));
        line(format!("topics = {}", list(names(&self.topics))));
        line(format!("questions = {}", list(names(&self.questions))));
        line(format!("concerns = {}", list(concerns)));
        line(format!("offers = {}", list(names(&self.offers))));
        line(format!("messages = {}", list(names(&self.messages))));
        line(
            "distrust = \"scam\"             # \"is this a scam?\" raises this concern".to_owned(),
        );
        if self.is_identified() {
            line(String::new());
            line("# Whatever tells a stranger something about the customer.".to_owned());
            line(format!("private = {}", list(self.business())));
        }
        line(String::new());
        if !self.caller.is_empty() {
            line("# What is known of a caller before the call.".to_owned());
            line("[caller]".to_owned());
            for (name, values) in &self.caller {
                line(format!("{name} = {}", list(values)));
            }
            line(String::new());
        }
        line("[slots]".to_owned());
        for (name, question) in &self.slots {
            line(format!("{name} = {{ {} }}", slot(&question.answers)));
        }
    }

    fn words(&self, out: &mut String) {
        out.push_str(
            "\n# What the robot can say; each line is an action of the policy.\n[robot]\n",
        );
        let mut say = |act: String, words: &str| {
            let _ = writeln!(out, "{} = {}", quoted(&act), quoted(words));
        };
        say("greet".to_owned(), "Good day, this is an automatic call.");
        say("state_purpose".to_owned(), &self.purpose);
        for (name, words) in &self.topics {
            say(format!("inform({name})"), &words[0]);
        }
        for (
            name,
            Question {
                words: question, ..
            },
        ) in &self.slots
        {
            say(format!("ask({name})"), question);
            // The question again, so that it is plain what was understood.
            say(
                format!("confirm({name})"),
                &format!("{question} I noted: {{value}}. Is that right?"),
            );
        }
        for (name, words) in &self.offers {
            say(format!("offer({name})"), &words[0]);
        }
        for (name, words) in &self.messages {
            say(format!("send_message({name})"), &words[0]);
        }
        for (name, words) in &self.questions {
            say(format!("answer({name})"), &words[1]);
        }
        say(
            "address(scam)".to_owned(),
            "You are right to be careful. I will never ask for a password, and you may call us back on the number you know.",
        );
        for (name, words) in &self.concerns {
            say(format!("address({name})"), &words[1]);
        }
        say("close".to_owned(), "Thank you for your time. Goodbye.");

        out.push_str("\n# What customers do, with words for it.\n[customer]\n");
        let mut hear = |act: String, words: &[&str]| {
            let _ = writeln!(out, "{} = {}", quoted(&act), list(words));
        };
        hear("affirm".to_owned(), &["Yes.", "That is right."]);
        hear("deny".to_owned(), &["No.", "No, not at all."]);
        if !self.offers.is_empty() {
            hear(
                "accept".to_owned(),
                &["Yes, please do.", "All right, that suits me."],
            );
            hear(
                "decline".to_owned(),
                &["No, thank you.", "I would rather not."],
            );
        }
        for (name, question) in &self.slots {
            match &question.answers {
                Answers::Choice(values) => {
                    for value in values {
                        let [short, long] = said(value);
                        hear(format!("inform({name}={value})"), &[&short, &long]);
                    }
                }
                Answers::Several(_) | Answers::Range { .. } | Answers::Text(_) => {
                    hear(
                        format!("inform({name})"),
                        &["{value}.", "I would say {value}."],
                    );
                }
            }
        }
        for (name, words) in &self.questions {
            hear(format!("ask({name})"), &[&words[0]]);
        }
        for (name, words) in &self.concerns {
            hear(format!("object({name})"), &[&words[0]]);
        }
        hear(
            "distrust".to_owned(),
            &["Is this a scam?", "How do I know who you are?"],
        );
        hear("abuse".to_owned(), &["You are a pest.", "Stupid machine."]);
        hear("thank".to_owned(), &["Thank you.", "Thanks."]);
        hear("hang_up".to_owned(), &["(hangs up)", "Bye."]);
    }

    fn conduct(&self, out: &mut String) {
        out.push_str("\n# When an act makes sense at all.\n[masks]\n");
        for (kind, is_empty) in [
            ("inform", self.topics.is_empty()),
            ("ask", self.slots.is_empty()),
        ] {
            if !is_empty {
                let _ = writeln!(out, "\"{kind}(X)\" = {{ purpose = [\"said\"] }}");
            }
        }
        if !self.slots.is_empty() {
            out.push_str("\"confirm(X)\" = { \"slot.X\" = [\"!unknown\"] }\n");
        }
        if !self.offers.is_empty() {
            let told = self.topics.first().map_or_else(
                || "purpose = [\"said\"]".to_owned(),
                |(topic, _)| format!("\"topic.{topic}\" = [\"said\"]"),
            );
            let _ = writeln!(out, "\"offer(X)\" = {{ {told} }}");
        }
        for (message, _) in &self.messages {
            let taken = self.offers.first().map_or_else(
                || "purpose = [\"said\"]".to_owned(),
                |(offer, _)| format!("\"offer.{offer}\" = [\"accepted\", \"maybe_accepted\"]"),
            );
            let _ = writeln!(out, "\"send_message({message})\" = {{ {taken} }}");
        }
        out.push_str("\n# Rules of conduct beyond those of the included sub-processes.\n");
        out.push_str("[[rules]]\nname = \"say hello first\"\nwhen = { said = [\"none\"], availability = [\"!driving\"], human = [\"!asked\"], opt_out = [\"!asked\"] }\nonly = [\"greet\"]\n");
        for (offer, _) in &self.offers {
            let _ = write!(
                out,
                "\n[[rules]]\nname = \"no {offer} after the second refusal\"\nwhen = {{ \"offer.{offer}\" = [\"declined_twice\"] }}\nforbid = [\"offer({offer})\"]\n"
            );
        }
        let mut need: Vec<String> = Vec::new();
        if self.is_identified() {
            need.push("identified".to_owned());
        }
        need.extend(names(&self.topics).map(|name| format!("told({name})")));
        need.extend(names(&self.slots).map(|name| format!("known({name})")));
        // A message that follows an offer needs it to be taken; else a clear no will do as well.
        let settled = if self.messages.is_empty() {
            "settled"
        } else {
            "accepted"
        };
        need.extend(names(&self.offers).map(|name| format!("{settled}({name})")));
        need.extend(names(&self.messages).map(|name| format!("sent({name})")));
        let _ = write!(
            out,
            "\n# What must truly hold for a call to be complete.\n[[completion]]\nneed = {}\n",
            list(need)
        );
        self.reward(out);
    }

    /// What a complete call is worth, in reward units: 10 for each answer that it takes, who it is included.
    /// Turns cost the same in a call of any kind, and so does a customer who hangs up; a long list that is
    /// worth no more than a short notice is best given up ([`super::reward_lint`]).
    fn worth(&self) -> u32 {
        let n_answers = usize::from(self.is_identified()) + self.slots.len() + self.offers.len();
        10 * n_answers.max(2) as u32
    }

    fn reward(&self, out: &mut String) {
        let worth = self.worth();
        let part = |share: f64| f64::from(worth) * share;
        let (callback, message, harm) = (part(0.4), part(0.15), part(1.25));
        let _ = write!(
            out,
            "\n# In reward units; 1 is about the worth of a satisfied minute. A complete call is worth 10 for each\n# answer that it takes, at least 20.\n[reward]\ncompletion = {worth}\ncallback = {callback}\nmessage = {message}\nper_turn = -0.3\nper_second = -0.03\nhang_up = -6\nunanswered_question = -2\nmisinformation = -8\nharm = -{harm}\nhandoff = -3\nsatisfaction = 1.5\n"
        );
    }

    fn flow(&self, out: &mut String) {
        out.push_str(
            "\n# The flow to begin with: the first line that fits and is allowed decides.\n",
        );
        let mut line = |when: &str, act: &str| {
            let when = if when.is_empty() {
                String::new()
            } else {
                format!("when = {{ {when} }}\n")
            };
            let _ = write!(out, "[[script]]\n{when}{act}\n");
        };
        for name in self.sub_processes() {
            line("", &format!("run = \"{name}\""));
            if name == "transfer" {
                line("said = [\"none\"]", "say = \"greet\"");
            }
        }
        line("purpose = [\"unsaid\"]", "say = \"state_purpose\"");
        for (topic, _) in &self.topics {
            line(
                &format!("\"topic.{topic}\" = [\"unsaid\"]"),
                &format!("say = \"inform({topic})\""),
            );
        }
        for (slot, _) in &self.slots {
            line(
                &format!("\"slot.{slot}\" = [\"unknown\"]"),
                &format!("say = \"ask({slot})\""),
            );
            line(
                &format!("\"slot.{slot}\" = [\"faint\", \"low\", \"fair\"]"),
                &format!("say = \"confirm({slot})\""),
            );
        }
        for (offer, _) in &self.offers {
            line(
                &format!("\"offer.{offer}\" = [\"none\", \"offered\", \"maybe_accepted\"]"),
                &format!("say = \"offer({offer})\""),
            );
            line(
                &format!("\"offer.{offer}\" = [\"declined\"], said = [\"address\", \"answer\"]"),
                &format!("say = \"offer({offer})\""),
            );
        }
        for (message, _) in &self.messages {
            line(
                &format!("\"message.{message}\" = [\"unsaid\"]"),
                &format!("say = \"send_message({message})\""),
            );
        }
        line("", "say = \"close\"");
    }

    fn population(&self, out: &mut String) {
        let right = if self.is_identified() { "0.92" } else { "1.0" };
        let _ = write!(
            out,
            "\n# Who is called. Every number here is an assumption; put in what you know.\n[population]\nright_person = {right}\nvoicemail = 0.06\nscreening = 0.03\nbusy = 0.12\ndriving = 0.03\nwants_human = 0.04\nwants_opt_out = 0.04\npatience = {{ mean = 8.0, sd = 3.0 }}       # unpleasant turns a customer bears\ntrust = {{ alpha = 4.0, beta = 2.0 }}       # Beta distribution on [0, 1]\ntalkativeness = {{ alpha = 2.0, beta = 3.0 }}\nlanguage_difficulty = 0.05\ndifficulty = [0.5, 0.35, 0.15]            # easy, average, hard to understand\n"
        );
        if !self.slots.is_empty() {
            out.push_str("\n[population.slots]\n");
        }
        for (slot, question) in &self.slots {
            let shares = match &question.answers {
                Answers::Choice(values) => even(values),
                Answers::Range { bins, .. } if !bins.is_empty() => even(bins),
                Answers::Range { kind, ends, .. } => spread(kind, ends),
                Answers::Several(items) => {
                    let each = items.iter().map(|item| format!("{} = 0.3", quoted(item)));
                    each.collect::<Vec<_>>().join(", ")
                }
                // Examples are as likely as each other by themselves.
                Answers::Text(_) => continue,
            };
            let _ = writeln!(out, "{slot} = {{ {shares} }}");
        }
        if !self.caller.is_empty() {
            out.push_str("\n[population.caller]\n");
        }
        for (name, values) in &self.caller {
            let _ = writeln!(out, "{name} = {{ {} }}", even(values));
        }
        let mut shares = |class: &str, list: Vec<&str>, share: f64| {
            if !list.is_empty() {
                let _ = write!(out, "\n[population.{class}]\n");
            }
            for name in list {
                let _ = writeln!(out, "{name} = {share}");
            }
        };
        shares("questions", names(&self.questions).collect(), 0.3);
        let concerns = ["scam"].into_iter().chain(names(&self.concerns));
        shares("concerns", concerns.collect(), 0.2);
        shares("offers", names(&self.offers).collect(), 0.7);
    }
}

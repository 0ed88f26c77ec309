//! Does learning buy rating with business? On every bundled kind of call, a survey of seven questions and ten
//! random short forms, each learned with the config as it comes, the table that ships is held against the
//! hand-written flow on the same 40,000 held-out calls.
//!
//! ```text
//! cargo build --release --workspace --examples
//! target/release/examples/forms OUT [N_SEEDS [N_THREADS [N_STEPS [N_FORMS [CASE...]]]]]
//! ```
//!
//! Without numbers the seeds of each config are trained, on all threads, for the steps of each config; a
//! number of 0 means the same, and ten random forms. A line per case: completion of the script, the network and the table, by how
//! much the script completes more than the table (a loss) with its interval, the returns. A case whose run is
//! finished in `OUT/CASE/run` is not learned again, also where `offhook run` has made it. A case is `kept` if less
//! than a point may be lost, and `LOST` if something is lost beyond the interval, and the table of each is proved; ends
//! with status 1 if any case is lost or not proved.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use offhook_env::call::outcome::CallSummary;
use offhook_env::rng::{Rng, Stream, derive};
use offhook_lab::error::Failure;
use offhook_lab::key_figure::KeyFigure;
use offhook_lab::play::{self, Choice, Plan};
use offhook_lab::policies::{self, PolicySource};
use offhook_lab::progress::Silent;
use offhook_lab::run::manifest::Manifest;
use offhook_lab::run::run_dir::Mode;
use offhook_lab::run::{Experiment, RunPlan};
use offhook_lab::scenario::check::CheckedScenario;
use offhook_lab::scenario::form::{Entry, Form, Identity, Question};
use offhook_lab::scenario::starter;
use offhook_lab::stop::Stop;
use offhook_lab::threads;
use offhook_simulator::world;
use offhook_stats::{self as stats, Estimate};
use rand::RngExt as _;

/// The bundled experiments, one per bundled kind of call.
const BUNDLED: [&str; 7] = [
    "quickstart",
    "insurance_renewal",
    "fund_notice",
    "compliance_followup",
    "merchant_promotion",
    "arrears_reminder",
    "epidemic_survey",
];
/// Random forms, if nobody says how many.
const N_FORMS: u64 = 10;
/// What the random forms are drawn from.
const SEED: u64 = 13;
/// Held-out calls that judge.
const N_CALLS: u64 = 40_000;
/// Calls that try out rewards, as `offhook scenario check` does.
const N_CHECKED: u64 = 2_000;
/// Completion that may be lost, a share of calls.
const MOST_LOST: f64 = 0.01;

fn main() -> ExitCode {
    match all() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(2)
        }
    }
}

/// Every case, a line each; whether no table is unproved, or loses completion beyond the interval.
fn all() -> Result<bool, Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Some(out) = args.first() else {
        return Err(Failure::usage(
            "expected OUT [N_SEEDS [N_THREADS [N_STEPS [N_FORMS [CASE...]]]]]",
        ));
    };
    let number = |k: usize| -> Result<u64, Failure> {
        let text = args.get(k).map_or("0", String::as_str);
        let number = text.parse();
        number.map_err(|e| Failure::usage(format!("'{text}': {e}")))
    };
    let budget = Budget {
        n_seeds: number(1)?,
        n_threads: number(2)? as u16,
        n_steps: number(3)?,
    };
    let n_forms = match number(4)? {
        0 => N_FORMS,
        n_forms => n_forms,
    };
    let only = args.get(5..).unwrap_or_default();
    let forms: Vec<Form> = std::iter::once(survey())
        .chain((0..n_forms).map(random_form))
        .collect();
    let mut cases: Vec<(String, Option<&Form>)> = forms
        .iter()
        .map(|form| (form.name.clone(), Some(form)))
        .collect();
    cases.extend(BUNDLED.map(|name| (name.to_owned(), None)));
    println!(
        "{:20} {:>7} {:>7} {:>7}  {:22} {:>7} {:>7} {:>7}",
        "completion; return",
        "script",
        "network",
        "table",
        "loss of the table",
        "script",
        "network",
        "table"
    );
    let mut all_keep = true;
    for (name, form) in cases {
        if !only.is_empty() && !only.contains(&name) {
            continue;
        }
        let dir = Path::new(out).join(&name);
        let config = match form {
            Some(form) => write(form, &dir)?,
            None => name.clone(),
        };
        let played = Played::of(&config, &dir.join("run"), &budget)?;
        println!("{name:20} {}", played.line());
        all_keep &= played.proved && !played.loses();
    }
    Ok(all_keep)
}

/// What is learned with; 0 is what a config or the machine says.
struct Budget {
    n_seeds: u64,
    n_threads: u16,
    n_steps: u64,
}

/// The scenario of a form and its config, as `offhook scenario new` writes them and `offhook scenario check`
/// passes them; gives the path of the config.
fn write(form: &Form, dir: &Path) -> Result<String, Failure> {
    fs::create_dir_all(dir)
        .map_err(|e| Failure::failed(format!("cannot make '{}': {e}", dir.display())))?;
    let path = dir.join(format!("{}.toml", form.name));
    starter::write(form, &path)?;
    let checked = CheckedScenario::of(&path.display().to_string(), N_CHECKED)?;
    let found = checked.findings;
    if !found.is_empty() {
        let list: Vec<String> = found.iter().map(ToString::to_string).collect();
        return Err(Failure::failed(format!(
            "{}:\n{}",
            path.display(),
            list.join("\n")
        )));
    }
    Ok(starter::config_path(&path).display().to_string())
}

/// Whether a run is there and finished, whoever made it.
fn is_finished(run: &Path) -> bool {
    let bytes = fs::read(run.join("manifest.json")).unwrap_or_default();
    Manifest::parse(&bytes).is_ok_and(|manifest| manifest.finished.is_some())
}

/// The same held-out calls with three policies.
struct Played {
    script: Vec<CallSummary>,
    network: Vec<CallSummary>,
    table: Vec<CallSummary>,
    /// Whether the table surely breaks no rule.
    proved: bool,
}

impl Played {
    /// Learns, unless that was done before, and plays.
    fn of(config: &str, run: &Path, budget: &Budget) -> Result<Self, Failure> {
        let n_seeds = Some(budget.n_seeds).filter(|&n| n > 0);
        let mut experiment = Experiment::load(config, n_seeds, false)?;
        let evaluation = &mut experiment.config.evaluation;
        (evaluation.privileged_calls, evaluation.belief_calls) = (0, 0);
        if budget.n_steps > 0
            && let Some(reinforcement) = &mut experiment.config.reinforcement
            && let Some(learner) = reinforcement.learner_mut()
        {
            learner.settings_mut().bound(budget.n_steps / (256 * 32));
        }
        let n_threads = Some(budget.n_threads).filter(|&n| n > 0);
        if !is_finished(run) {
            experiment.run(&RunPlan {
                out: run,
                mode: Mode::Resume,
                threads: n_threads,
                revision: "",
                now: || 0,
                stop: &Stop::new(),
                progress: &Silent,
                render: &|_| Ok(Vec::new()),
            })?;
        }
        let (base, config) = (Path::new(config).parent(), &experiment.config);
        let loaded = world::load_tracked(&config.scenario, base, &config.tracker)?;
        let play = |policy: &str| -> Result<Vec<CallSummary>, Failure> {
            let (policy, choice) = policies::find(policy, &loaded.world.scenario)?;
            let plan = Plan {
                seed: 1,
                stream: Stream::Evaluate,
                first: 0,
                n_calls: N_CALLS,
                choice,
            };
            assert_eq!(choice, Choice::Best);
            Ok(threads::install(n_threads, || {
                play::evaluate(&loaded.world, &*policy, plan)
            }))
        };
        let file = |name: &str| run.join(name).display().to_string();
        Ok(Self {
            script: play("script")?,
            network: play(&file("policy.safetensors"))?,
            table: play(&file("table.json"))?,
            proved: PolicySource::open(&file("table.json"))?.is_proved(&loaded.world.scenario)?
                == Some(true),
        })
    }

    /// By how much the script completes more than the table.
    fn loss(&self) -> Option<Estimate> {
        let figure = KeyFigure::named("completion");
        stats::paired_difference(
            &[figure.values(&self.script)],
            &[figure.values(&self.table)],
        )
    }

    /// Whether the table surely loses less than may be lost.
    fn keeps(&self) -> bool {
        let high = self.loss().and_then(|loss| loss.bounds);
        high.is_some_and(|(_, high)| high < MOST_LOST)
    }

    /// Whether it surely loses something.
    fn loses(&self) -> bool {
        let low = self.loss().and_then(|loss| loss.bounds);
        low.is_some_and(|(low, _)| low > 0.0)
    }

    fn line(&self) -> String {
        let mean = |figure: &str, calls: &[CallSummary]| {
            let estimate = KeyFigure::named(figure).estimate(&[calls]);
            estimate.map_or(f64::NAN, |estimate| estimate.value)
        };
        let of_each = |figure: &str, factor: f64| {
            let all = [&self.script, &self.network, &self.table];
            all.map(|calls| format!("{:7.2}", factor * mean(figure, calls)))
                .join(" ")
        };
        let loss = self.loss().map_or_else(String::new, |loss| {
            let (low, high) = loss.bounds.unwrap_or((f64::NAN, f64::NAN));
            let [value, low, high] = [loss.value, low, high].map(|share| 100.0 * share);
            format!("{value:.2} [{low:.2}, {high:.2}]")
        });
        format!(
            "{}  {loss:22} {}  {}",
            of_each("completion", 100.0),
            of_each("return", 1.0),
            match (self.proved, self.loses(), self.keeps()) {
                (false, _, _) => "NOT PROVED",
                (_, true, _) => "LOST",
                (_, _, true) => "kept",
                _ => "unsure",
            }
        )
    }
}

fn entry(name: &str, texts: &[&str]) -> Entry {
    let texts = texts.iter().map(|&text| text.to_owned());
    (name.to_owned(), texts.collect())
}

/// A survey on health: seven questions, as many as a scenario has room for beside the time of a callback.
fn survey() -> Form {
    Form {
        name: "survey".to_owned(),
        purpose: "We ask how people in your town are this winter; it takes three minutes."
            .to_owned(),
        identity: Identity::None,
        topics: vec![],
        questions: vec![
            entry(
                "how_long",
                &[
                    "How long does this take?",
                    "About three minutes, seven short questions.",
                ],
            ),
            entry(
                "what_for",
                &[
                    "What do you need that for?",
                    "The health office plans its vaccinations with it.",
                ],
            ),
        ],
        concerns: vec![entry(
            "privacy",
            &[
                "I do not tell strangers about my health.",
                "Nothing is stored with your name or number.",
            ],
        )],
        slots: vec![
            entry("consent", &["Do you agree to take part?", "yes", "no"]),
            entry(
                "region",
                &[
                    "Do you live in the north, the center, or the south of town?",
                    "north",
                    "center",
                    "south",
                ],
            ),
            entry(
                "fever",
                &["Did you have a fever in the last two weeks?", "yes", "no"],
            ),
            entry(
                "cough",
                &[
                    "Is there a cough: none, a dry one, or a wet one?",
                    "none_at_all",
                    "dry",
                    "wet",
                ],
            ),
            entry(
                "vaccinated",
                &["Are you vaccinated against influenza?", "yes", "no"],
            ),
            entry(
                "household",
                &[
                    "How many live with you: nobody, one, two to four, or more?",
                    "nobody",
                    "one",
                    "a_few",
                    "many",
                ],
            ),
            entry(
                "doctor",
                &[
                    "Did you see a doctor, call one, or neither?",
                    "saw_one",
                    "called_one",
                    "neither",
                ],
            ),
        ]
        .into_iter()
        .map(asks)
        .collect(),
        offers: vec![],
        messages: vec![],
        caller: vec![],
    }
}

/// A slot from its question and the values of its answer.
fn asks((name, words): Entry) -> (String, Question) {
    let (question, values) = words.split_first().expect("a question");
    let texts = vec![question.clone(), values.join("|")];
    Form::question((name, texts)).unwrap_or_else(|failure| panic!("{}", failure.message))
}

/// A form drawn at random: what it is called and says is plain, what it has to do differs.
fn random_form(k: u64) -> Form {
    let rng = &mut derive(SEED, Stream::Demonstrate, k);
    let up_to = |rng: &mut Rng, most: usize| rng.random_range(0..=most);
    let named = |what: &str, n: usize, texts: &dyn Fn(usize) -> Vec<String>| -> Vec<Entry> {
        (1..=n).map(|k| (format!("{what}_{k}"), texts(k))).collect()
    };
    let identity = Identity::ALL[up_to(rng, 2)];
    let (n_topics, n_slots) = (up_to(rng, 2), up_to(rng, 5));
    let (n_offers, n_messages) = (up_to(rng, 1), up_to(rng, 1));
    let (n_questions, n_concerns) = (up_to(rng, 3), up_to(rng, 2));
    // A call without any business is none.
    let n_topics = n_topics.max(usize::from(n_slots + n_offers + n_messages == 0));
    let n_callers = up_to(rng, 2);
    // Questions of every type.
    const ANSWERS: [&str; 10] = [
        "yes|no",
        "yes|no|unsure",
        "never|seldom|often",
        "spring|summer|autumn|winter",
        "any of food|medicine|masks",
        "number 1..12 in 1|2-4|5+",
        "number 0..2000",
        "time 08:00..20:00 in 08:00-11:59|12:00+",
        "day 14 days ago..today in today|1-3 days ago|4+ days ago",
        "text Ana|Mr. Smith|my neighbor",
    ];
    let kinds: Vec<usize> = (0..n_slots)
        .map(|_| up_to(rng, ANSWERS.len() - 1))
        .collect();
    let slot = |k: usize| -> Vec<String> {
        let answers = ANSWERS[kinds[k - 1]];
        vec![
            format!("Now to point {k}: what do you say?"),
            answers.to_owned(),
        ]
    };
    let one = |text: &'static str| move |k: usize| vec![format!("{text} {k}.")];
    let two = |a: &'static str, b: &'static str| {
        move |k: usize| vec![format!("{a} {k}?"), format!("{b} {k}.")]
    };
    Form {
        name: format!("form_{}", k + 1),
        purpose: "I am calling on a matter that concerns you.".to_owned(),
        identity,
        topics: named("topic", n_topics, &one("There is news for you, number")),
        questions: named(
            "question",
            n_questions,
            &two("What about matter", "This is the answer on matter"),
        ),
        concerns: named(
            "concern",
            n_concerns,
            &two("Is there not trouble with", "There is no trouble with"),
        ),
        slots: (named("slot", n_slots, &slot).into_iter())
            .map(|entry| {
                Form::question(entry).unwrap_or_else(|failure| panic!("{}", failure.message))
            })
            .collect(),
        caller: named("feature", n_callers, &|_| {
            vec!["north".to_owned(), "south".to_owned()]
        }),
        offers: named(
            "offer",
            n_offers,
            &one("Would you like to have our offer, number"),
        ),
        messages: named(
            "message",
            n_messages,
            &one("I have just sent you a text message, number"),
        ),
    }
}

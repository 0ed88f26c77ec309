//! From the `[population]` section to dense tables; what cannot be is reported with its place.

use std::ops::Range;

use offhook_env::act::{AboutClass, NONE, SystemActKind, UserAct, UserActKind};
use offhook_env::diagnostic::{Diagnostics, Source, suggestion};
use offhook_env::scenario::{Scenario, ScenarioText};
use rand_distr::{Beta, Normal};
use toml::Spanned;

use super::Population;
use super::file::{self, PopulationFile, Shares};
use crate::dice::{Pick, Quantiles};

/// Least and most patience, unpleasant turns: everybody bears one.
const PATIENCE: (f64, f64) = (1.0, 50.0);

impl Population {
    /// Reads and checks the `[population]` sections of a scenario's texts; `scenario` is the same
    /// compiled.
    ///
    /// # Errors
    /// Every mistake in the section, with line and column.
    pub fn parse(text: &ScenarioText, scenario: &Scenario) -> Result<Self, Diagnostics> {
        let (mut source, parsed) = file::read(text);
        let population = parsed.and_then(|section| compile(&mut source, &section, scenario));
        if population.is_none() {
            source.report_if_clean("section [population] is missing; say who is called");
        }
        source.finish()?;
        Ok(population.expect("a section without mistakes compiles"))
    }
}

/// Compiles the section; `None` when a part has no meaning (and a mistake was reported).
fn compile(
    source: &mut Source<'_>,
    section: &PopulationFile,
    scenario: &Scenario,
) -> Option<Population> {
    let voicemail = share(source, "voicemail", &section.voicemail);
    let screening = share(source, "screening", &section.screening);
    let busy = share(source, "busy", &section.busy);
    let driving = share(source, "driving", &section.driving);
    let wants_human = share(source, "wants_human", &section.wants_human);
    let wants_opt_out = share(source, "wants_opt_out", &section.wants_opt_out);
    exclusive(
        source,
        "voicemail",
        "screening",
        voicemail + screening,
        &section.voicemail,
    );
    exclusive(source, "busy", "driving", busy + driving, &section.busy);
    exclusive(
        source,
        "wants_human",
        "wants_opt_out",
        wants_human + wants_opt_out,
        &section.wants_human,
    );
    let population = Population {
        variation: None,
        right_person: share(source, "right_person", &section.right_person),
        voicemail,
        screening,
        busy,
        driving,
        language_difficulty: share(source, "language_difficulty", &section.language_difficulty),
        wants_human,
        wants_opt_out,
        difficulty: difficulty(source, &section.difficulty),
        slots: slots(source, section, scenario),
        questions: shares(source, AboutClass::Question, &section.questions, scenario),
        concerns: shares(source, AboutClass::Concern, &section.concerns, scenario),
        offers: shares(source, AboutClass::Offer, &section.offers, scenario),
        early_questions: early(source, &section.early_questions, scenario),
        patience: patience(source, &section.patience)?,
        trust: beta(source, "trust", &section.trust)?,
        talkativeness: beta(source, "talkativeness", &section.talkativeness)?,
    };
    words(source, section, &population, scenario);
    Some(population)
}

fn share(source: &mut Source<'_>, name: &str, found: &Spanned<f64>) -> f32 {
    let value = *found.get_ref();
    if !(0.0..=1.0).contains(&value) {
        source.report(
            found.span(),
            format!("{name} is {value}, expected a share in [0, 1]"),
        );
    }
    value as f32
}

/// Two shares of whom nobody belongs to both.
fn exclusive(source: &mut Source<'_>, one: &str, other: &str, sum: f32, at: &Spanned<f64>) {
    if sum > 1.0 {
        let message = format!(
            "{one} and {other} sum to {sum}, expected at most 1: nobody is both; lower one"
        );
        source.report(at.span(), message);
    }
}

fn sums_to_one(source: &mut Source<'_>, span: Range<usize>, name: &str, sum: f64) {
    if (sum - 1.0).abs() > 1e-6 {
        source.report(
            span,
            format!(
                "shares of `{name}` sum to {}, expected 1",
                (sum * 1e6).round() / 1e6
            ),
        );
    }
}

fn difficulty(source: &mut Source<'_>, found: &Spanned<Vec<Spanned<f64>>>) -> Pick<u8> {
    let list = found.get_ref();
    if list.len() != 3 {
        let n = list.len();
        source.report(
            found.span(),
            format!("difficulty has {n} shares, expected 3: easy, average, hard"),
        );
    }
    let values: Vec<f64> = list
        .iter()
        .map(|value| f64::from(share(source, "difficulty", value)))
        .collect();
    if values.len() == 3 {
        sums_to_one(
            source,
            found.span(),
            "difficulty",
            list.iter().map(|value| value.get_ref()).sum(),
        );
    }
    Pick::new(values.into_iter().zip(0..))
}

fn patience(source: &mut Source<'_>, found: &Spanned<file::Normal>) -> Option<Quantiles> {
    let file::Normal { mean, sd } = *found.get_ref();
    if mean >= PATIENCE.0 && sd >= 0.0 && sd.is_finite() && mean <= PATIENCE.1 {
        return Some(Quantiles::new(&Normal::new(mean, sd).ok()?, PATIENCE));
    }
    let (low, high) = PATIENCE;
    let message = format!(
        "patience is {{ mean = {mean}, sd = {sd} }}, expected a mean in [{low}, {high}] and an sd of at least 0"
    );
    source.report(found.span(), message);
    None
}

fn beta(source: &mut Source<'_>, name: &str, found: &Spanned<file::Beta>) -> Option<Quantiles> {
    let file::Beta { alpha, beta } = *found.get_ref();
    let distribution = Beta::new(alpha, beta)
        .ok()
        .filter(|_| alpha.max(beta).is_finite());
    if distribution.is_none() {
        let message =
            format!("{name} is {{ alpha = {alpha}, beta = {beta} }}, expected two numbers above 0");
        source.report(found.span(), message);
    }
    distribution.map(|beta| Quantiles::new(&beta, (0.0, 1.0)))
}

/// Position of a name in its class.
fn position(
    source: &mut Source<'_>,
    class: AboutClass,
    name: &Spanned<String>,
    scenario: &Scenario,
) -> Option<usize> {
    let names = scenario.names.of(class);
    let at = names.iter().position(|known| known == name.get_ref());
    if at.is_none() {
        let hint = suggestion(name.get_ref(), names.iter().map(String::as_str));
        source.report(
            name.span(),
            format!("unknown {} `{}`: {hint}", class.prefix(), name.get_ref()),
        );
    }
    at
}

/// One share per name of the class; names that are left out have none.
fn shares(
    source: &mut Source<'_>,
    class: AboutClass,
    found: &Shares,
    scenario: &Scenario,
) -> Vec<f32> {
    let mut list = vec![0.0; scenario.names.of(class).len()];
    for (name, value) in &found.0 {
        let value = share(source, name.get_ref(), value);
        if let Some(k) = position(source, class, name, scenario) {
            list[k] = value;
        }
    }
    list
}

fn early(source: &mut Source<'_>, list: &[Spanned<String>], scenario: &Scenario) -> u16 {
    let known = list
        .iter()
        .filter_map(|name| position(source, AboutClass::Question, name, scenario));
    known.fold(0, |set, k| set | 1 << k)
}

fn slots(source: &mut Source<'_>, section: &PopulationFile, scenario: &Scenario) -> Vec<Pick<u8>> {
    let mut picks = vec![None; scenario.names.slots.len()];
    for (name, values) in &section.slots.0 {
        let Some(slot) = position(source, AboutClass::Slot, name, scenario) else {
            continue;
        };
        let known = &scenario.slot_values[slot];
        let mut weights = Vec::new();
        for (value, found) in &values.0 {
            let weight = f64::from(share(source, value.get_ref(), found));
            match known.iter().position(|k| k == value.get_ref()) {
                Some(k) => weights.push((weight, k as u8)),
                None => {
                    let hint = suggestion(value.get_ref(), known.iter().map(String::as_str));
                    let message = format!(
                        "unknown value `{}` of slot `{}`: {hint}",
                        value.get_ref(),
                        name.get_ref()
                    );
                    source.report(value.span(), message);
                }
            }
        }
        sums_to_one(
            source,
            name.span(),
            name.get_ref(),
            values.0.iter().map(|(_, found)| found.get_ref()).sum(),
        );
        picks[slot] = Some(Pick::new(weights));
    }
    for (slot, _) in picks.iter().enumerate().filter(|(_, pick)| pick.is_none()) {
        let name = &scenario.names.slots[slot];
        let message = format!(
            "slot `{name}` has no shares; add `{name} = {{ value = share, .. }}` to [population.slots]"
        );
        source.report(section.right_person.span(), message);
    }
    picks
        .into_iter()
        .map(|pick| pick.unwrap_or_else(|| Pick::new([])))
        .collect()
}

/// Reports acts that these customers need and `[customer]` has no words for.
fn words(
    source: &mut Source<'_>,
    section: &PopulationFile,
    population: &Population,
    scenario: &Scenario,
) {
    use UserActKind as User;
    let says = |wanted: UserAct| {
        let covers = |act: UserAct| {
            act.kind == wanted.kind
                && act.about == wanted.about
                && (act.value == wanted.value || act.value == NONE)
        };
        scenario.customer.iter().any(|(act, _)| covers(*act))
    };
    let mut need = |span: Range<usize>, act: UserAct| {
        if !says(act) {
            let name = scenario.user_act_name(act);
            source.report(span, format!("customers need `{name}`, which [customer] has no words for; add `\"{name}\" = [..]`"));
        }
    };
    let asks = |kind| {
        scenario
            .layout
            .actions
            .iter()
            .enumerate()
            .any(|(a, _)| scenario.acts(a as u8).iter().any(|act| act.kind == kind))
    };
    let base = section.right_person.span();
    for kind in [User::Affirm, User::Deny] {
        need(base.clone(), UserAct::new(kind));
    }
    if asks(SystemActKind::VerifyIdentity) {
        need(base, UserAct::new(User::Inform));
    }
    for (found, kind) in [
        (&section.voicemail, User::Voicemail),
        (&section.screening, User::Screening),
        (&section.busy, User::Busy),
        (&section.driving, User::Driving),
        (&section.wants_human, User::RequestHuman),
        (&section.wants_opt_out, User::OptOut),
    ] {
        if *found.get_ref() > 0.0 {
            need(found.span(), UserAct::new(kind));
        }
    }
    for (name, values) in &section.slots.0 {
        let Some(slot) = scenario
            .names
            .slots
            .iter()
            .position(|s| s == name.get_ref())
        else {
            continue;
        };
        for (value, found) in values.0.iter().filter(|(_, found)| *found.get_ref() > 0.0) {
            if let Some(v) = scenario.slot_values[slot]
                .iter()
                .position(|k| k == value.get_ref())
            {
                need(found.span(), UserAct::inform(slot as u8, v as u8));
            }
        }
    }
    let entries = |shares: &[f32]| {
        shares
            .iter()
            .enumerate()
            .filter(|(_, s)| **s > 0.0)
            .map(|(k, _)| k as u8)
            .collect::<Vec<_>>()
    };
    let place = |shares: &Shares, names: &[String], k: u8| {
        let entry = shares
            .0
            .iter()
            .find(|(name, _)| *name.get_ref() == names[k as usize]);
        entry.map_or(0..0, |(name, _)| name.span())
    };
    for question in entries(&population.questions) {
        need(
            place(&section.questions, &scenario.names.questions, question),
            UserAct::about(User::Ask, question),
        );
    }
    for concern in entries(&population.concerns) {
        let distrusts = scenario.distrust_concern() == Some(concern);
        let act = if distrusts {
            UserAct::new(User::Distrust)
        } else {
            UserAct::about(User::Object, concern)
        };
        need(
            place(&section.concerns, &scenario.names.concerns, concern),
            act,
        );
    }
}

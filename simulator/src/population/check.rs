//! From the `[population]` section to dense tables; what cannot be is reported with its place.

use std::ops::Range;

use offhook_env::act::{AboutClass, NONE, SystemActKind, UserAct, UserActKind};
use offhook_env::diagnostic::{Diagnostics, Source};
use offhook_env::scenario::slot::SlotKind;
use offhook_env::scenario::{Scenario, ScenarioText};
use rand_distr::{Beta, Normal};
use toml::Spanned;

use super::file::{self, PopulationFile, SegmentFile, Shares};
use super::segment::Layered;
use super::shares::{position, share, sums_to_one};
use super::{Population, draws, segment};
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
    let segments = segment::compile(source, section, scenario)?;
    let mut layered = |name: &str, base: &Spanned<f64>, of: OfSegment| {
        let over = section.segments.0.iter().zip(0..);
        let over: Vec<(u8, f32)> = over
            .filter_map(|((_, segment), k)| Some((k, share(source, name, of(segment)?))))
            .collect();
        Layered {
            base: share(source, name, base),
            over,
        }
    };
    let voicemail = layered("voicemail", &section.voicemail, |s| s.voicemail.as_ref());
    let screening = layered("screening", &section.screening, |s| s.screening.as_ref());
    let busy = layered("busy", &section.busy, |s| s.busy.as_ref());
    let driving = layered("driving", &section.driving, |s| s.driving.as_ref());
    let wants_human = layered("wants_human", &section.wants_human, |s| {
        s.wants_human.as_ref()
    });
    let wants_opt_out = layered("wants_opt_out", &section.wants_opt_out, |s| {
        s.wants_opt_out.as_ref()
    });
    let right_person = layered("right_person", &section.right_person, |s| {
        s.right_person.as_ref()
    });
    let carried = layered("carried", &section.carried, |s| s.carried.as_ref());
    let language_difficulty = layered("language_difficulty", &section.language_difficulty, |s| {
        s.language_difficulty.as_ref()
    });
    exclusive(
        source,
        "voicemail",
        "screening",
        (&voicemail, &screening),
        &section.voicemail,
    );
    exclusive(source, "busy", "driving", (&busy, &driving), &section.busy);
    exclusive(
        source,
        "wants_human",
        "wants_opt_out",
        (&wants_human, &wants_opt_out),
        &section.wants_human,
    );
    let each = || {
        section
            .segments
            .0
            .iter()
            .map(|(_, segment)| segment)
            .zip(0u8..)
    };
    let mut patiences = Layered {
        base: patience(source, &section.patience)?,
        over: Vec::new(),
    };
    let mut trusts = Layered {
        base: beta(source, "trust", &section.trust)?,
        over: Vec::new(),
    };
    let mut talkativenesses = Layered {
        base: beta(source, "talkativeness", &section.talkativeness)?,
        over: Vec::new(),
    };
    let mut difficulties = Layered {
        base: difficulty(source, &section.difficulty),
        over: Vec::new(),
    };
    for (segment, k) in each() {
        if let Some(found) = &segment.patience {
            patiences.over.push((k, patience(source, found)?));
        }
        if let Some(found) = &segment.trust {
            trusts.over.push((k, beta(source, "trust", found)?));
        }
        if let Some(found) = &segment.talkativeness {
            talkativenesses
                .over
                .push((k, beta(source, "talkativeness", found)?));
        }
        if let Some(found) = &segment.difficulty {
            difficulties.over.push((k, difficulty(source, found)));
        }
    }
    let carry = (0..).zip(&scenario.slots).filter(|(_, slot)| slot.carried);
    let population = Population {
        variation: None,
        right_person,
        voicemail,
        screening,
        busy,
        driving,
        language_difficulty,
        wants_human,
        wants_opt_out,
        difficulty: difficulties,
        slots: draws::slots(source, section, scenario),
        questions: shares(source, AboutClass::Question, section, scenario),
        concerns: shares(source, AboutClass::Concern, section, scenario),
        offers: shares(source, AboutClass::Offer, section, scenario),
        caller: draws::caller(source, section, scenario),
        carried,
        carry: carry
            .map(|(k, slot)| (k, slot.values.len() as u8))
            .collect(),
        slot_order: segment::slot_order(source, section, scenario, &segments),
        segments,
        early_questions: early(source, &section.early_questions, scenario),
        patience: patiences,
        trust: trusts,
        talkativeness: talkativenesses,
    };
    words(source, section, &population, scenario);
    Some(population)
}

/// A share that a segment may say.
type OfSegment = fn(&SegmentFile) -> Option<&Spanned<f64>>;

/// Two shares of whom nobody belongs to both, in any segment.
fn exclusive(
    source: &mut Source<'_>,
    one: &str,
    other: &str,
    (a, b): (&Layered<f32>, &Layered<f32>),
    at: &Spanned<f64>,
) {
    let most = |shares: &Layered<f32>| {
        let over = shares.over.iter().map(|(_, share)| *share);
        over.fold(shares.base, f32::max)
    };
    let sum = most(a) + most(b);
    if sum > 1.0 {
        let message = format!(
            "{one} and {other} sum to {sum}, expected at most 1: nobody is both; lower one"
        );
        source.report(at.span(), message);
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

/// The shares of a class that a section or a segment says.
fn of_class(class: AboutClass, [questions, concerns, offers]: [&Shares; 3]) -> &Shares {
    match class {
        AboutClass::Question => questions,
        AboutClass::Concern => concerns,
        _ => offers,
    }
}

/// One share per name of the class; names that are left out have none.
fn shares(
    source: &mut Source<'_>,
    class: AboutClass,
    section: &PopulationFile,
    scenario: &Scenario,
) -> Vec<Layered<f32>> {
    let none = Layered {
        base: 0.0,
        over: Vec::new(),
    };
    let mut list = vec![none; scenario.names.of(class).len()];
    let base = of_class(
        class,
        [&section.questions, &section.concerns, &section.offers],
    );
    for (name, value) in &base.0 {
        let value = share(source, name.get_ref(), value);
        if let Some(k) = position(source, class, name, scenario) {
            list[k].base = value;
        }
    }
    for ((_, segment), number) in section.segments.0.iter().zip(0..) {
        let own = of_class(
            class,
            [&segment.questions, &segment.concerns, &segment.offers],
        );
        for (name, value) in &own.0 {
            let value = share(source, name.get_ref(), value);
            if let Some(k) = position(source, class, name, scenario) {
                list[k].over.push((number, value));
            }
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
        let mut names = scenario.names.slots.iter();
        let Some(slot) = names.position(|s| s == name.get_ref()) else {
            continue;
        };
        let of = &scenario.slots[slot];
        for (value, found) in values.0.iter().filter(|(_, found)| *found.get_ref() > 0.0) {
            let told = match of.kind {
                // A set takes words of its own, or words for all.
                SlotKind::Several => vec![NONE],
                _ => of.named(value.get_ref()),
            };
            for v in told {
                need(found.span(), UserAct::inform(slot as u8, v));
            }
        }
    }
    let entries = |shares: &[Layered<f32>]| {
        let is_there = |s: &Layered<f32>| s.base > 0.0 || s.over.iter().any(|(_, s)| *s > 0.0);
        shares
            .iter()
            .enumerate()
            .filter(|(_, s)| is_there(s))
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

//! Customers who differ from others: what holds for them instead, and who they are.

use offhook_env::act::NONE;
use offhook_env::belief::caller::{MAX_CALLER, UNKNOWN};
use offhook_env::diagnostic::{Source, suggestion};
use offhook_env::scenario::{MAX_SLOTS, Scenario};
use toml::Spanned;

use super::file::{PopulationFile, SegmentFile};

/// Most segments, so that a set of them is one `u64`.
pub(super) const MAX_SEGMENTS: usize = 64;

/// Something that may be another thing for some segments.
#[derive(Clone, Debug)]
pub(super) struct Layered<T> {
    pub base: T,
    /// What holds instead, by segment in the order of the file.
    pub over: Vec<(u8, T)>,
}

impl<T> Layered<T> {
    /// What holds where these segments are active: the last of them that says anything.
    #[inline]
    pub fn at(&self, active: u64) -> &T {
        if active == 0 {
            return &self.base;
        }
        let mut over = self.over.iter().rev();
        let found = over.find(|(segment, _)| active >> segment & 1 == 1);
        found.map_or(&self.base, |(_, value)| value)
    }
}

/// What of a person is drawn so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drawn {
    pub caller: [u8; MAX_CALLER],
    pub slots: [u8; MAX_SLOTS],
    pub concerns: u16,
    /// How many concerns are drawn, in the order of the scenario.
    pub n_concerns: usize,
}

impl Default for Drawn {
    fn default() -> Self {
        Self {
            caller: [NONE; MAX_CALLER],
            slots: [NONE; MAX_SLOTS],
            concerns: 0,
            n_concerns: 0,
        }
    }
}

/// What a segment is told by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Caller(usize),
    Slot(usize),
    Concern(usize),
}

/// One thing that must be so of all who belong to a segment; what is not drawn yet, or has no value, is not.
#[derive(Clone, Debug)]
pub(super) struct Term {
    pub subject: Subject,
    /// By level, value, or whether there is the concern.
    pub holds: Box<[bool; 256]>,
}

impl Term {
    fn is_met(&self, drawn: &Drawn) -> bool {
        let found = match self.subject {
            Subject::Caller(feature) => drawn.caller[feature],
            Subject::Slot(slot) => drawn.slots[slot],
            Subject::Concern(concern) if concern < drawn.n_concerns => {
                (drawn.concerns >> concern & 1) as u8
            }
            Subject::Concern(_) => NONE,
        };
        self.holds[usize::from(found)]
    }
}

/// Who belongs to each segment.
#[derive(Clone, Debug, Default)]
pub(super) struct Segments(pub Vec<Vec<Term>>);

impl Segments {
    /// The segments that a person belongs to, one bit each, as far as it can be told.
    #[inline]
    pub fn active(&self, drawn: &Drawn) -> u64 {
        let segments = (0..).zip(&self.0);
        segments.fold(0, |set, (k, terms)| {
            set | u64::from(terms.iter().all(|term| term.is_met(drawn))) << k
        })
    }
}

/// What tells the members of each segment; what is drawn later cannot tell them.
///
/// `None` where there are more than fit, since no set of them is a number then.
pub(super) fn compile(
    source: &mut Source<'_>,
    section: &PopulationFile,
    scenario: &Scenario,
) -> Option<Segments> {
    if let Some((extra, _)) = section.segments.0.get(MAX_SEGMENTS) {
        let n = section.segments.0.len();
        source.report(
            extra.span(),
            format!("{n} segments, at most {MAX_SEGMENTS} fit; leave some out"),
        );
        return None;
    }
    let mut list = Vec::new();
    for (name, segment) in &section.segments.0 {
        if segment.when.0.is_empty() {
            let message = format!(
                "segment `{}` is everybody; say who belongs to it in `when`",
                name.get_ref()
            );
            source.report(name.span(), message);
        }
        let terms: Vec<Term> = (segment.when.0.iter())
            .filter_map(|(key, values)| term(source, key, values, scenario))
            .collect();
        in_order(source, name, segment, &terms, scenario);
        list.push(terms);
    }
    Some(Segments(list))
}

fn term(
    source: &mut Source<'_>,
    key: &Spanned<String>,
    values: &[Spanned<String>],
    scenario: &Scenario,
) -> Option<Term> {
    let text = key.get_ref().as_str();
    let subject = match text.split_once('.') {
        Some(("caller", name)) => scenario
            .caller
            .iter()
            .position(|f| f.name == name)
            .map(Subject::Caller),
        Some(("slot", name)) => scenario
            .names
            .slots
            .iter()
            .position(|n| n == name)
            .map(Subject::Slot),
        Some(("concern", name)) => scenario
            .names
            .concerns
            .iter()
            .position(|n| n == name)
            .map(Subject::Concern),
        _ => None,
    };
    let Some(subject) = subject else {
        let callers = scenario.caller.iter().map(|f| format!("caller.{}", f.name));
        let slots = scenario.names.slots.iter().map(|n| format!("slot.{n}"));
        let concerns = scenario
            .names
            .concerns
            .iter()
            .map(|n| format!("concern.{n}"));
        let known: Vec<String> = callers.chain(slots).chain(concerns).collect();
        let hint = suggestion(text, known.iter().map(String::as_str));
        source.report(
            key.span(),
            format!("nothing that tells a customer is named `{text}`: {hint}"),
        );
        return None;
    };
    let n_negated = values
        .iter()
        .filter(|v| v.get_ref().starts_with('!'))
        .count();
    if values.is_empty() || n_negated != 0 && n_negated != values.len() {
        source.report(
            key.span(),
            format!("`{text}` needs a list of values, all plain or all with `!`"),
        );
        return None;
    }
    let mut named = Box::new([false; 256]);
    for value in values {
        let plain = value.get_ref().trim_start_matches('!');
        let (found, hint): (Vec<u8>, String) = match subject {
            Subject::Caller(feature) => {
                let known = &scenario.caller[feature].values;
                let at = known.iter().position(|v| v == plain).map(|v| v as u8 + 1);
                let at = at.or((plain == UNKNOWN).then_some(0));
                (
                    at.into_iter().collect(),
                    suggestion(plain, known.iter().map(String::as_str)),
                )
            }
            Subject::Slot(slot) => {
                let slot = &scenario.slots[slot];
                (slot.named(plain), format!("expected {}", slot.expected()))
            }
            Subject::Concern(_) => {
                let at = ["no", "yes"]
                    .iter()
                    .position(|v| *v == plain)
                    .map(|v| v as u8);
                (
                    at.into_iter().collect(),
                    "expected `yes` or `no`".to_owned(),
                )
            }
        };
        if found.is_empty() {
            source.report(
                value.span(),
                format!("unknown value `{plain}` of `{text}`: {hint}"),
            );
        }
        for value in found {
            named[usize::from(value)] = true;
        }
    }
    let holds = match n_negated {
        0 => named,
        _ => Box::new(named.map(|holds| !holds)),
    };
    let mut term = Term { subject, holds };
    term.holds[usize::from(NONE)] = false;
    Some(term)
}

/// Reports what of a segment is drawn before its members can be told; slots are looked at in [`slot_order`].
fn in_order(
    source: &mut Source<'_>,
    name: &Spanned<String>,
    segment: &SegmentFile,
    terms: &[Term],
    scenario: &Scenario,
) {
    let late = terms
        .iter()
        .any(|term| !matches!(term.subject, Subject::Caller(_)));
    let early = [
        ("right_person", &segment.right_person),
        ("voicemail", &segment.voicemail),
        ("screening", &segment.screening),
        ("busy", &segment.busy),
        ("driving", &segment.driving),
        ("wants_human", &segment.wants_human),
        ("wants_opt_out", &segment.wants_opt_out),
    ];
    for (key, share) in early {
        if let (true, Some(share)) = (late, share) {
            let message = format!(
                "`{key}` of segment `{}` is drawn before slots and concerns are, expected a `when` of caller features",
                name.get_ref()
            );
            source.report(share.span(), message);
        }
    }
    let at = |of: Subject| match of {
        Subject::Caller(k) => k,
        Subject::Slot(_) => MAX_CALLER,
        Subject::Concern(k) => MAX_CALLER + 1 + k,
    };
    let last = terms.iter().map(|term| at(term.subject)).max().unwrap_or(0);
    let told_first = |source: &mut Source<'_>, key: &Spanned<String>, own: Option<usize>| {
        if own.is_some_and(|own| own <= last && !terms.is_empty()) {
            let message = format!(
                "`{}` is drawn before all that tells segment `{}`; move it behind in its list, or change `when`",
                key.get_ref(),
                name.get_ref()
            );
            source.report(key.span(), message);
        }
    };
    for (key, _) in &segment.caller.0 {
        let own = scenario
            .caller
            .iter()
            .position(|f| f.name == *key.get_ref());
        told_first(source, key, own);
    }
    for (key, _) in &segment.slots.0 {
        let told_by_concern = last > MAX_CALLER;
        told_first(source, key, told_by_concern.then_some(MAX_CALLER));
    }
    for (key, _) in &segment.concerns.0 {
        let own = scenario
            .names
            .concerns
            .iter()
            .position(|n| n == key.get_ref());
        told_first(source, key, own.map(|k| MAX_CALLER + 1 + k));
    }
}

/// The slots in an order in which each comes behind those that it depends on.
pub(super) fn slot_order(
    source: &mut Source<'_>,
    section: &PopulationFile,
    scenario: &Scenario,
    segments: &Segments,
) -> Vec<u8> {
    let n_slots = scenario.slots.len();
    let mut depends: Vec<Vec<usize>> = vec![Vec::new(); n_slots];
    for ((_, segment), terms) in section.segments.0.iter().zip(&segments.0) {
        for (name, _) in &segment.slots.0 {
            let own = scenario
                .names
                .slots
                .iter()
                .position(|n| n == name.get_ref());
            let on = terms.iter().filter_map(|term| match term.subject {
                Subject::Slot(slot) => Some(slot),
                _ => None,
            });
            if let Some(own) = own {
                depends[own].extend(on);
            }
        }
    }
    let mut order: Vec<u8> = Vec::new();
    while order.len() < n_slots {
        let drawn = |slot: &usize| order.contains(&(*slot as u8));
        let next = (0..n_slots).find(|slot| !drawn(slot) && depends[*slot].iter().all(drawn));
        match next {
            Some(slot) => order.push(slot as u8),
            None => {
                let round: Vec<&str> = (0..n_slots)
                    .filter(|slot| !drawn(slot))
                    .map(|slot| scenario.names.slots[slot].as_str())
                    .collect();
                let message = format!(
                    "slots depend on each other in a circle: {}",
                    round.join(", ")
                );
                source.report(section.right_person.span(), message);
                order.extend(
                    (0..n_slots as u8)
                        .filter(|slot| !order.contains(slot))
                        .collect::<Vec<_>>(),
                );
            }
        }
    }
    order
}

#[cfg(test)]
mod tests;

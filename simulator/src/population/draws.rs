//! How the values of slots and of caller features are drawn: shares by value, by bin, by item, or a normal spread.

use offhook_env::act::{AboutClass, NONE};
use offhook_env::belief::caller::UNKNOWN;
use offhook_env::diagnostic::{Source, suggestion};
use offhook_env::scenario::Scenario;
use offhook_env::scenario::slot::{Slot, SlotKind};
use toml::Spanned;

use super::file::{PopulationFile, Shares};
use super::segment::Layered;
use super::shares::{position, share, sums_to_one};
use crate::dice::{Coins, Pick};

/// How the value of a slot is drawn.
#[derive(Clone, Debug)]
pub(super) enum SlotDraw {
    /// One of the values, or none.
    One(Pick<u8>),
    /// A set, one share for each of its values.
    Several(Vec<f32>),
}

impl SlotDraw {
    pub(super) fn draw(&self, coins: &mut Coins<'_>) -> u8 {
        match self {
            Self::One(pick) => pick.at(u32::from(coins.bits()) << 16).unwrap_or(NONE),
            Self::Several(shares) => draw_set(shares.iter().copied(), coins) as u8,
        }
    }
}

/// A set that each member belongs to by its own share.
pub(super) fn draw_set(shares: impl Iterator<Item = f32>, coins: &mut Coins<'_>) -> u16 {
    shares.enumerate().fold(0, |set, (k, share)| {
        set | u16::from(coins.lands(share)) << k
    })
}

/// The shares of every slot.
pub(super) fn slots(
    source: &mut Source<'_>,
    section: &PopulationFile,
    scenario: &Scenario,
) -> Vec<Layered<SlotDraw>> {
    let mut draws: Vec<Option<SlotDraw>> = vec![None; scenario.slots.len()];
    for (name, shares) in &section.slots.0 {
        if let Some(slot) = position(source, AboutClass::Slot, name, scenario) {
            draws[slot] = Some(slot_draw(source, name, shares, &scenario.slots[slot]));
        }
    }
    for slot in (0..draws.len()).filter(|&slot| draws[slot].is_none()) {
        let (name, of) = (&scenario.names.slots[slot], &scenario.slots[slot]);
        if of.kind == SlotKind::Text && !of.values.is_empty() {
            continue;
        }
        let remedy = match of.kind {
            SlotKind::Text => format!("add examples: `values = [\"..\"]` to slot `{name}`"),
            _ => format!("add `{name} = {{ value = share, .. }}` to [population.slots]"),
        };
        let message = format!("slot `{name}` has no shares; {remedy}");
        source.report(section.right_person.span(), message);
    }
    let mut layered: Vec<Layered<SlotDraw>> = (draws.into_iter().zip(&scenario.slots))
        .map(|(draw, slot)| Layered {
            // Examples of words are as likely as each other.
            base: draw.unwrap_or_else(|| {
                SlotDraw::One(Pick::new(
                    (0..slot.values.len() as u8).map(|value| (1.0, value)),
                ))
            }),
            over: Vec::new(),
        })
        .collect();
    for ((_, segment), number) in section.segments.0.iter().zip(0..) {
        for (name, shares) in &segment.slots.0 {
            if let Some(slot) = position(source, AboutClass::Slot, name, scenario) {
                let draw = slot_draw(source, name, shares, &scenario.slots[slot]);
                layered[slot].over.push((number, draw));
            }
        }
    }
    layered
}

/// How one slot is drawn.
fn slot_draw(
    source: &mut Source<'_>,
    name: &Spanned<String>,
    shares: &Shares,
    slot: &Slot,
) -> SlotDraw {
    let unknown = |source: &mut Source<'_>, value: &Spanned<String>| {
        let (text, name) = (value.get_ref(), name.get_ref());
        let listed = slot.values.iter().map(String::as_str);
        let hint = match slot.kind.is_measured() {
            true => format!("expected {} or one of its bins", slot.expected()),
            false => suggestion(text, listed),
        };
        source.report(
            value.span(),
            format!("unknown value `{text}` of slot `{name}`: {hint}"),
        );
    };
    if slot.kind == SlotKind::Several {
        let items = slot.items();
        let mut list = vec![0.0; items.len()];
        for (value, found) in &shares.0 {
            let weight = share(source, value.get_ref(), found);
            match items.iter().position(|item| *item == value.get_ref()) {
                Some(item) => list[item] = weight,
                None => unknown(source, value),
            }
        }
        return SlotDraw::Several(list);
    }
    let of = |key: &str| {
        shares
            .0
            .iter()
            .find(|(k, _)| k.get_ref() == key)
            .map(|(_, v)| *v.get_ref())
    };
    if let (true, Some(mean), Some(sd)) = (slot.kind.is_measured(), of("mean"), of("sd")) {
        if shares.0.len() != 2 || !(mean.is_finite() && sd > 0.0 && sd.is_finite()) {
            let message = format!(
                "`{}` is to be normal with mean {mean} and sd {sd}, expected two numbers, the second above 0",
                name.get_ref()
            );
            source.report(name.span(), message);
        }
        let density = |value: u8| {
            let number = slot.number(value).unwrap_or_default();
            (-0.5 * ((number - mean) / sd).powi(2)).exp()
        };
        let weights: Vec<_> = (0..slot.values.len() as u8)
            .map(|v| (density(v), v))
            .collect();
        if weights.iter().all(|(weight, _)| *weight == 0.0) {
            let message = format!(
                "`{}` is normal far from its range; mend the mean",
                name.get_ref()
            );
            source.report(name.span(), message);
        }
        return SlotDraw::One(Pick::new(weights));
    }
    let mut weights = Vec::new();
    for (value, found) in &shares.0 {
        let weight = f64::from(share(source, value.get_ref(), found));
        let values = slot.named(value.get_ref());
        if values.is_empty() {
            unknown(source, value);
        }
        let each = weight / values.len().max(1) as f64;
        weights.extend(values.into_iter().map(|value| (each, value)));
    }
    if !shares.0.is_empty() {
        sums_to_one(
            source,
            name.span(),
            name.get_ref(),
            shares.0.iter().map(|(_, found)| found.get_ref()).sum(),
        );
    }
    SlotDraw::One(Pick::new(weights))
}

/// The shares of every caller feature.
pub(super) fn caller(
    source: &mut Source<'_>,
    section: &PopulationFile,
    scenario: &Scenario,
) -> Vec<Layered<Pick<u8>>> {
    let pick = |source: &mut Source<'_>, name: &Spanned<String>, shares: &Shares| {
        let names = scenario.caller.iter().map(|feature| feature.name.as_str());
        let Some(at) = names.clone().position(|known| known == name.get_ref()) else {
            let message = format!(
                "unknown caller feature `{}`: {}",
                name.get_ref(),
                suggestion(name.get_ref(), names)
            );
            source.report(name.span(), message);
            return None;
        };
        let values = &scenario.caller[at].values;
        let mut weights = Vec::new();
        for (value, found) in &shares.0 {
            let weight = f64::from(share(source, value.get_ref(), found));
            let known = values.iter().position(|v| v == value.get_ref());
            match known
                .map(|v| v as u8 + 1)
                .or((value.get_ref() == UNKNOWN).then_some(0))
            {
                Some(level) => weights.push((weight, level)),
                None => {
                    let hint = suggestion(value.get_ref(), values.iter().map(String::as_str));
                    let message = format!(
                        "unknown value `{}` of `{}`: {hint}",
                        value.get_ref(),
                        name.get_ref()
                    );
                    source.report(value.span(), message);
                }
            }
        }
        let sum: f64 = shares.0.iter().map(|(_, found)| *found.get_ref()).sum();
        if sum > 1.0 + 1e-6 {
            let message = format!(
                "shares of `{}` sum to {sum}, expected at most 1",
                name.get_ref()
            );
            source.report(name.span(), message);
        }
        weights.push(((1.0 - sum).max(0.0), 0));
        Some((at, Pick::new(weights)))
    };
    let mut base: Vec<Option<Pick<u8>>> = vec![None; scenario.caller.len()];
    for (name, shares) in &section.caller.0 {
        if let Some((at, pick)) = pick(source, name, shares) {
            base[at] = Some(pick);
        }
    }
    let mut layered = Vec::new();
    for (pick, feature) in base.into_iter().zip(&scenario.caller) {
        if pick.is_none() {
            let name = &feature.name;
            let message = format!(
                "caller feature `{name}` has no shares; add `{name} = {{ value = share, .. }}` to [population.caller]"
            );
            source.report(section.right_person.span(), message);
        }
        layered.push(Layered {
            base: pick.unwrap_or_else(|| Pick::new([])),
            over: Vec::new(),
        });
    }
    for ((_, segment), number) in section.segments.0.iter().zip(0..) {
        for (name, shares) in &segment.caller.0 {
            if let Some((at, pick)) = pick(source, name, shares) {
                layered[at].over.push((number, pick));
            }
        }
    }
    layered
}

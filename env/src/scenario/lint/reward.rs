//! Costs that pay, and where each reward stands in the file.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use crate::call::outcome::RewardTerm;
use crate::diagnostic::finding::Findings;
use crate::diagnostic::{OrderedMap, Source};

/// A scenario file of which only the places of the rewards are looked at.
#[derive(Deserialize)]
struct Root {
    name: Spanned<String>,
    #[serde(default)]
    reward: OrderedMap<Spanned<f64>>,
}

/// What a term may be: costs are at most 0, and what the call is for is above.
fn is_cost(key: &str) -> bool {
    [
        RewardTerm::Turn,
        RewardTerm::Talk,
        RewardTerm::HangUp,
        RewardTerm::UnansweredQuestion,
        RewardTerm::Misinformation,
        RewardTerm::Harm,
    ]
    .iter()
    .any(|term| term.name() == key)
}

/// Reports a missing section, costs that pay, and a worthless completion.
pub(super) fn check(found: &mut Findings<'_>, text: &str) {
    let Some(root) = Source::new("", text).parse::<Root>() else {
        return;
    };
    if root.reward.0.is_empty() {
        found.error(
            root.name.span(),
            "section [reward] is missing, so no call is worth more than another",
        );
    }
    for (key, amount) in &root.reward.0 {
        let (key, value) = (key.get_ref().as_str(), *amount.get_ref());
        let message = if is_cost(key) && value > 0.0 {
            format!("{key} is {value}, but a cost is at most 0; did you mean -{value}?")
        } else if key == RewardTerm::Completion.name() && value <= 0.0 {
            format!("completion is {value}, so a complete call is worth nothing; make it positive")
        } else {
            continue;
        };
        found.error(amount.span(), message);
    }
}

/// Where a reward stands in a scenario's text: its amount, or the scenario's name if it is not there.
pub fn place(text: &str, term: RewardTerm) -> Range<usize> {
    let root: Option<Root> = Source::new("", text).parse();
    root.map_or(0..0, |root| {
        let mut entries = root.reward.0.iter();
        let entry = entries.find(|(key, _)| key.get_ref() == term.name());
        entry.map_or(root.name.span(), |(_, amount)| amount.span())
    })
}

//! Random complete tables for tests and benchmarks; hidden, and no part of the stable interface.

#[cfg(feature = "agent")]
mod release;

pub use crate::proof::SplitMix;
use crate::table::{
    Cell, DecisionTable, Feature, Layout, MAX_FEATURES, MAX_RULES, Provenance, Rule, levels_in,
};

#[cfg(feature = "agent")]
pub use release::small_release;

/// A complete table of disjoint rules: the whole space, split again and again at a random feature
/// into two random sets of levels. 2 to 6 levels per feature, 14 actions, random support and
/// fidelity.
///
/// `n_rules` is held to 1..=4096 and `n_features` to 1..=96; a space with fewer observations than
/// rules gets fewer.
#[must_use]
pub fn random_table(seed: u64, n_rules: usize, n_features: usize) -> DecisionTable {
    let mut rng = SplitMix(seed);
    let features = (0..n_features.clamp(1, MAX_FEATURES))
        .map(|idx| Feature {
            name: format!("feature_{idx}"),
            levels: (0..2 + rng.below(5))
                .map(|level| format!("level_{level}"))
                .collect(),
        })
        .collect();
    let actions = (0..14).map(|idx| format!("action_{idx}")).collect();
    let layout = Layout::new(features, actions).expect("generated names are valid");
    let rules = split_rules(&mut rng, n_rules, &layout);
    DecisionTable::new("random", layout, rules, 0, Provenance::new())
        .expect("generated rules are valid")
}

/// Complete, disjoint rules of any layout, as [`random_table`] makes them.
#[must_use]
pub fn random_rules(seed: u64, n_rules: usize, layout: &Layout) -> Vec<Rule> {
    split_rules(&mut SplitMix(seed), n_rules, layout)
}

fn split_rules(rng: &mut SplitMix, n_rules: usize, layout: &Layout) -> Vec<Rule> {
    let n_actions = layout.actions().len();
    let mut cells = vec![layout.any()];
    let mut done = Vec::new();
    while !cells.is_empty() && cells.len() + done.len() < n_rules.min(MAX_RULES) {
        let cell = cells.swap_remove(rng.below(cells.len()));
        match split(&cell, rng) {
            Some((a, b)) => cells.extend([a, b]),
            None => done.push(cell),
        }
    }
    cells.append(&mut done);
    let rules = cells.into_iter().enumerate().map(|(idx, when)| Rule {
        support: rng.next_u64() % 10_000,
        fidelity: (rng.below(4) > 0).then(|| rng.below(1001) as f64 / 1000.0),
        ..Rule::new(format!("r{idx}"), when, rng.below(n_actions) as u8)
    });
    rules.collect()
}

/// A random table whose names, numbers and provenance are as awkward as a table may have them. It
/// may overlap and have gaps; with `n_rules` 0 it has none.
#[cfg(test)]
pub(crate) fn awkward_table(seed: u64, n_rules: usize, n_features: usize) -> DecisionTable {
    const ENDINGS: [&str; 8] = [
        ".x",
        "_x",
        " x",
        "<&'>",
        "\u{20ac}\u{85dd}",
        "(x; y)",
        "]]>",
        "#%",
    ];
    let plain = random_table(seed, n_rules, n_features);
    let mut rng = SplitMix(seed);
    let rename =
        |name: &str, rng: &mut SplitMix| format!("{name}{}", ENDINGS[rng.below(ENDINGS.len())]);
    let features = plain.layout().features().iter().map(|feature| Feature {
        name: rename(&feature.name, &mut rng),
        levels: feature
            .levels
            .iter()
            .map(|level| rename(level, &mut rng))
            .collect(),
    });
    let features = features.collect();
    let actions = plain.layout().actions().iter();
    let actions = actions.map(|action| rename(action, &mut rng)).collect();
    let layout = Layout::new(features, actions).expect("awkward names are valid");
    let tracker = (rng.below(2) == 0).then(|| rename("tracker", &mut rng));
    let layout = layout.with_tracker(tracker).expect("an awkward name");
    let mut rules = plain.rules().to_vec();
    rules.truncate(n_rules);
    for rule in &mut rules {
        rule.id = rename(&rule.id, &mut rng);
        match rng.below(6) {
            0 => rule.support = u64::MAX - rng.below(2) as u64,
            1 => rule.fidelity = Some(rng.next_u64() as f64 / 2f64.powi(64)),
            2 => rule.fidelity = Some(-0.0),
            3 => rule.fidelity = Some((rule.support / 3) as f64 / rule.support.max(1) as f64),
            4 => rule.when = plain.rules()[rng.below(plain.rules().len())].when.clone(),
            _ => rule.when = layout.any(),
        }
    }
    let provenance = serde_json::json!({
        "text": "<\u{ffff}\u{fffe}\u{7f}\\ \"\u{1}\r\n]]>", "z": {"b": [1.5e-300, null], "a": seed}, "": true,
    });
    let provenance = serde_json::from_value(provenance).expect("an object");
    DecisionTable::new("scenario <1>", layout, rules, 3, provenance).expect("the table is valid")
}

/// The cell in two parts along a random feature with at least two levels left; `None` for a single
/// observation.
fn split(cell: &Cell, rng: &mut SplitMix) -> Option<(Cell, Cell)> {
    let open: Vec<usize> = (0..cell.masks().len())
        .filter(|&idx| cell.masks()[idx].count_ones() > 1)
        .collect();
    if open.is_empty() {
        return None;
    }
    let feature_idx = open[rng.below(open.len())];
    let mask = cell.masks()[feature_idx];
    let levels: Vec<usize> = levels_in(mask).collect();
    // The first level stays on one side and some other level leaves it, so that neither part is
    // empty.
    let mut part = 1 << levels[0];
    let leaving = levels[1 + rng.below(levels.len() - 1)];
    for &level in &levels[1..] {
        if level != leaving && rng.below(2) == 0 {
            part |= 1 << level;
        }
    }
    Some((
        cell.with(feature_idx, part),
        cell.with(feature_idx, mask & !part),
    ))
}

/// A random observation of the layout, one code per feature.
pub fn random_codes(layout: &Layout, rng: &mut SplitMix) -> Vec<u8> {
    layout
        .features()
        .iter()
        .map(|feature| rng.below(feature.levels.len()) as u8)
        .collect()
}

/// Every observation of a small layout, the last feature changing fastest.
#[must_use]
pub fn observations(layout: &Layout) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new()];
    for feature in layout.features() {
        let extend = |codes: Vec<u8>| {
            (0..feature.levels.len()).map(move |level| [codes.as_slice(), &[level as u8]].concat())
        };
        all = all.into_iter().flat_map(extend).collect();
    }
    all
}

/// Settings of a property test: `n_cases` drawn from a fixed seed, so that a test passes always or
/// never.
#[cfg(test)]
pub(crate) fn cases(n_cases: u32) -> proptest::test_runner::Config {
    proptest::test_runner::Config {
        cases: n_cases,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(7),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_table_has_the_size_asked_for() {
        let table = random_table(1, 200, 12);
        assert_eq!(
            (table.rules().len(), table.layout().features().len()),
            (200, 12)
        );
        assert!(random_table(1, 200, 1).rules().len() <= 6);
    }
}

//! The features of a scenario with their levels, what they mean, and what moves them.

use offhook_env::belief::layout::Feature;
use offhook_env::belief::meaning::Meaning;
use offhook_simulator::world;

use crate::error::Failure;

/// A feature with what it means.
#[derive(Clone, Debug)]
pub struct DescribedFeature {
    /// Its name; of the reference, ending with a point where it stands for all that begin with it.
    pub name: String,
    /// Its levels; none where those are names of a scenario.
    pub levels: Vec<String>,
    /// What it says, and what moves it.
    pub meaning: Meaning,
}

/// What a policy sees in calls of one scenario.
#[derive(Clone, Debug)]
pub struct FeatureList {
    /// Name of the scenario.
    pub scenario: String,
    /// The features in the order of the codes.
    pub features: Vec<DescribedFeature>,
}

impl FeatureList {
    /// The features of the scenario of that name or path.
    ///
    /// # Errors
    /// If a file cannot be read, or has mistakes; all of them are in the message.
    pub fn of(name: &str) -> Result<Self, Failure> {
        let (scenario, _) = world::load_scenario(name, None)?;
        let described = scenario.layout.features.iter().map(|feature| {
            let meaning = Meaning::of(&feature.name);
            DescribedFeature {
                name: feature.name.clone(),
                levels: feature.levels.clone(),
                meaning: meaning.expect("every feature that a scenario makes has a meaning"),
            }
        });
        Ok(Self {
            scenario: scenario.name.clone(),
            features: described.collect(),
        })
    }
}

/// What a feature's levels are where they are names of the scenario.
const NAMED: [&str; 4] = ["said_about", "heard_about", "value.", "caller."];

/// Every feature that a scenario can have.
///
/// # Errors
/// Never, since a test reads the bundled scenarios that have them.
pub fn reference() -> Result<Vec<DescribedFeature>, Failure> {
    let scenarios = super::bundled()?;
    let features = || {
        scenarios
            .iter()
            .flat_map(|scenario| &scenario.layout.features)
    };
    let levels = |name: &str| {
        let fits = |feature: &&Feature| match name.strip_suffix('.') {
            Some(_) => feature.name.starts_with(name),
            None => feature.name == name,
        };
        let found = features().find(fits).filter(|_| !NAMED.contains(&name));
        found.map_or(Vec::new(), |feature| feature.levels.clone())
    };
    let all = Meaning::all().map(|(name, meaning)| DescribedFeature {
        name: name.to_owned(),
        levels: levels(name),
        meaning,
    });
    Ok(all.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use offhook_simulator::bundled::SCENARIOS;

    #[test]
    fn every_feature_of_every_bundled_scenario_has_a_meaning() {
        for file in SCENARIOS.files {
            let list = FeatureList::of(file.name).unwrap_or_else(|e| panic!("{e}"));
            assert!(list.features.len() > 10, "{}", file.name);
        }
    }
}

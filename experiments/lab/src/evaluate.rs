//! Evaluation: policies against scenarios and user models, and how far user models agree on which policy is
//! better.

mod split;

use std::path::Path;
use std::sync::Arc;

use offhook_env::diagnostic::Text;
use offhook_env::policy::Policy;
use offhook_env::scenario::Scenario;
use offhook_simulator::belief::ParticleFilter;
use offhook_simulator::bundled;
use offhook_simulator::user::UserModelName;
use offhook_simulator::world::{CallWorld, LoadedScenario};
use offhook_stats::{self as stats, Estimate};

use crate::call_plan::CallPlan;
use crate::error::Failure;
use crate::key_figure::{KEY_FIGURES, KeyFigure, Tallies};
use crate::play::{self, Choice, Plan, Player};
use crate::policies::{self, PolicySource};
use crate::run::stored;
use crate::segment::Segments;
use crate::threads;
use crate::user_models::populate;
use split::SplitTallies;
pub use split::{SegmentCell, SegmentDifferences};

/// What to evaluate.
#[derive(Clone, Debug)]
pub struct EvaluationPlan {
    /// Policies and scenarios by name, in any order.
    pub names: Vec<String>,
    /// Who answers.
    pub user_models: Vec<UserModelName>,
    /// Which calls to play for each policy, scenario and user model.
    pub calls: CallPlan,
    /// The figure that policies are ranked by.
    pub ranked_by: &'static KeyFigure,
    /// The caller feature by which callers are told apart.
    pub by: Option<String>,
}

/// Policies and scenarios that were read and fit together, ready to be played.
pub struct Evaluation {
    policies: Vec<Contestant>,
    scenarios: Vec<(String, LoadedScenario)>,
    plan: EvaluationPlan,
}

/// A policy that was read, and the tracker that it was made with: `None` where it does not say.
struct Contestant {
    name: String,
    policy: PolicySource,
    tracker: Option<Option<Text>>,
}

impl Contestant {
    fn open(name: String) -> Result<Self, Failure> {
        let policy = PolicySource::open(&name)?;
        let tracker = stored::tracker_of(&name)?;
        Ok(Self {
            name,
            policy,
            tracker,
        })
    }

    /// The policy in a scenario, whose calls it follows by its own tracker, or else by the scenario's.
    fn fits(&self, loaded: &LoadedScenario) -> Result<Fitting, Failure> {
        let own = match &self.tracker {
            Some(tracker) if *tracker != loaded.text.tracker => {
                Some(loaded.followed_by(tracker.as_ref())?)
            }
            _ => None,
        };
        let loaded = own.as_ref().unwrap_or(loaded);
        let scenario = loaded.world.scenario.clone();
        let (policy, choice) = self.policy.for_scenario(&scenario)?;
        let filter = self.policy.filter(loaded)?;
        Ok(Fitting {
            policy,
            choice,
            filter,
            scenario,
        })
    }
}

/// A policy in a scenario, as it follows its calls.
struct Fitting {
    policy: Arc<dyn Policy>,
    choice: Choice,
    filter: Option<ParticleFilter>,
    scenario: Arc<Scenario>,
}

/// What was measured in one scenario.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// The scenario as it was named.
    pub scenario: String,
    /// Calls played for each cell.
    pub n_calls: u64,
    /// Seed of the calls.
    pub seed: u64,
    /// The user models in the order given.
    pub user_models: Vec<String>,
    /// User models that were fitted, each with what it was fitted to.
    pub sources: Vec<(String, String)>,
    /// Tables that fit the scenario, each with whether it is proved to break no rule.
    pub proofs: Vec<(String, bool)>,
    /// Policy by policy, and within these user model by user model.
    pub cells: Vec<MatrixCell>,
    /// The figure that policies are ranked by.
    pub ranked_by: &'static KeyFigure,
    /// The caller feature by which callers are told apart.
    pub by: Option<String>,
    /// Cell by cell, and within these value by value of the feature; none without one.
    pub segments: Vec<SegmentCell>,
}

/// One policy with one user model.
#[derive(Clone, Debug)]
pub struct MatrixCell {
    /// The policy as it was named.
    pub policy: String,
    /// Who answered.
    pub user_model: String,
    /// One estimate for each of [`KEY_FIGURES`]; none where the policy is for another scenario.
    pub estimates: Vec<Option<Estimate>>,
}

/// How far two user models agree on the order of the policies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// Kendall's tau-b, in `[-1, 1]`; none where policies do not differ.
    pub tau: Option<f64>,
    /// Policies that were ranked.
    pub n_policies: usize,
}

impl Evaluation {
    /// Tells policies from scenarios and reads them.
    ///
    /// # Errors
    /// If a name is neither policy nor scenario or both, something cannot be read, or a policy fits none
    /// of the scenarios.
    pub fn open(plan: EvaluationPlan) -> Result<Self, Failure> {
        let (policies, scenarios) = sort(&plan.names)?;
        let user_models: Vec<String> = plan
            .user_models
            .iter()
            .map(UserModelName::to_string)
            .collect();
        distinct(&user_models)?;
        let policies = policies.into_iter().map(Contestant::open);
        let policies: Vec<_> = policies.collect::<Result<_, Failure>>()?;
        let tracker = plan.calls.tracker;
        let load = |name: String| {
            let loaded = stored::load_named(&name, tracker)?;
            Ok((name, loaded))
        };
        let loaded = match scenarios.is_empty() {
            true => stored::load_all(policies.iter().map(|policy| &*policy.name))?,
            false => (scenarios.into_iter().map(load)).collect::<Result<_, Failure>>()?,
        };
        if loaded.is_empty() {
            return Err(Failure::usage(
                "no scenario among the names; add a bundled one or a .toml file",
            ));
        }
        let scenarios: Vec<_> = (loaded.into_iter())
            .map(|(name, loaded)| Ok((name, loaded.with_noise(plan.calls.noise)?)))
            .collect::<Result<_, Failure>>()?;
        for policy in &policies {
            check_fits_somewhere(policy, &scenarios)?;
        }
        if let Some(by) = &plan.by {
            for (_, loaded) in &scenarios {
                Segments::find(&loaded.world.scenario, by)?;
            }
        }
        Ok(Self {
            policies,
            scenarios,
            plan,
        })
    }

    /// Plays the calls, scenario by scenario: each matrix when it is asked for.
    ///
    /// # Errors
    /// If a user model has nothing of the scenario to be fitted to.
    pub fn matrices(&self) -> impl Iterator<Item = Result<Matrix, Failure>> {
        self.scenarios.iter().map(|(name, loaded)| {
            threads::install(self.plan.calls.threads, || self.matrix(name, loaded))
        })
    }

    fn matrix(&self, scenario: &str, loaded: &LoadedScenario) -> Result<Matrix, Failure> {
        let plan = &self.plan;
        let mut worlds = Vec::new();
        let mut sources = Vec::new();
        for named in &plan.user_models {
            let populated = populate(loaded, named, plan.calls.seed)?;
            sources.extend(populated.source.map(|source| (named.to_string(), source)));
            worlds.push((named.to_string(), populated.world));
        }
        let mut proofs = Vec::new();
        let mut fitting = Vec::new();
        for one in &self.policies {
            let fits = one.fits(loaded).ok();
            if let Some(fits) = &fits
                && let Some(proved) = one.policy.is_proved(&fits.scenario)?
            {
                proofs.push((one.name.clone(), proved));
            }
            fitting.push((&one.name, fits));
        }
        let by = plan.by.as_deref();
        let by = by
            .map(|by| Segments::find(&loaded.world.scenario, by))
            .transpose()?;
        let mut tallies = vec![vec![Tallies::default(); worlds.len()]; fitting.len()];
        let mut split: Vec<SplitTallies> = (worlds.iter())
            .map(|_| SplitTallies::new(fitting.len(), by.as_ref()))
            .collect();
        // User model by user model, so that all policies have played the same calls before the next ones are.
        for (k, (_, world)) in worlds.iter().enumerate() {
            for calls in play::chunks(plan.calls.episodes(Choice::Best)) {
                let mut first = None;
                for (p, (_, fits)) in fitting.iter().enumerate() {
                    let Some(fits) = fits else {
                        continue;
                    };
                    let calls = Plan {
                        choice: fits.choice,
                        ..calls
                    };
                    // The same customers on the same line, whatever the policy believes of them.
                    let world = CallWorld {
                        scenario: fits.scenario.clone(),
                        customers: world.customers.clone(),
                        channel: world.channel.clone(),
                    };
                    let world = &world;
                    let player = Player {
                        policy: &*fits.policy,
                        filter: fits.filter.as_ref(),
                    };
                    let played = play::evaluate_as(world, player, calls);
                    tallies[p][k].add(&played);
                    if let Some(by) = &by {
                        let places = by.of_calls(world, (calls.seed, calls.stream), &played);
                        split[k].add(p, &places, &played, first.as_deref());
                        first.get_or_insert(played);
                    }
                }
            }
        }
        let mut cells = Vec::new();
        let mut segments = Vec::new();
        let first = fitting.iter().position(|(_, fits)| fits.is_some());
        for (p, (name, fits)) in fitting.iter().enumerate() {
            for (k, (user_model, _)) in worlds.iter().enumerate() {
                cells.push(MatrixCell {
                    policy: (*name).clone(),
                    user_model: user_model.clone(),
                    estimates: match fits {
                        Some(_) => tallies[p][k].estimates(),
                        None => vec![None; KEY_FIGURES.len()],
                    },
                });
                if let (Some(by), Some(_), Some(first)) = (&by, fits, first) {
                    let against = (p != first).then(|| fitting[first].0.as_str());
                    segments.extend(split[k].cells(p, by, (name, user_model), against));
                }
            }
        }
        Ok(Matrix {
            scenario: scenario.to_owned(),
            n_calls: plan.calls.n_calls,
            seed: plan.calls.seed,
            user_models: worlds.into_iter().map(|(name, _)| name).collect(),
            sources,
            proofs,
            cells,
            ranked_by: plan.ranked_by,
            by: plan.by.clone(),
            segments,
        })
    }
}

impl Matrix {
    /// How far two user models agree on the order of the policies, ranked by [`ranked_by`](Self::ranked_by).
    pub fn agreement(&self, one: &str, other: &str) -> Agreement {
        let (x, y) = (self.values(one), self.values(other));
        Agreement {
            tau: stats::kendall_tau_b(&x, &y),
            n_policies: x.len(),
        }
    }

    /// Values of the ranking figure under a user model, policy by policy.
    fn values(&self, user_model: &str) -> Vec<f64> {
        let ranked_by = self.ranked_by.name;
        let at = KEY_FIGURES.iter().position(|f| f.name == ranked_by);
        let cells = self.cells.iter().filter(|c| c.user_model == user_model);
        let values = cells.filter_map(|cell| cell.estimates[at?].map(|e| e.value));
        values.collect()
    }
}

/// A policy that fits nowhere is a mistake; one that fits elsewhere leaves its cell empty.
fn check_fits_somewhere(
    policy: &Contestant,
    scenarios: &[(String, LoadedScenario)],
) -> Result<(), Failure> {
    let mut refusals = Vec::new();
    for (_, loaded) in scenarios {
        refusals.extend(policy.fits(loaded).err());
    }
    if refusals.len() == scenarios.len() {
        return Err(refusals.swap_remove(0));
    }
    Ok(())
}

/// Policies and scenarios among the names, each in the order given; at least one policy.
fn sort(names: &[String]) -> Result<(Vec<String>, Vec<String>), Failure> {
    distinct(names)?;
    let (mut policies, mut scenarios) = (Vec::new(), Vec::new());
    for name in names {
        let path = Path::new(name);
        let is_toml = path.extension().is_some_and(|ending| ending == "toml") && path.is_file();
        let known = || bundled::SCENARIOS.files.iter().map(|file| file.name);
        let is_policy = policies::is_built_in(name) || path.exists() && !is_toml;
        match (is_policy, is_toml || known().any(|file| file == name)) {
            (true, false) => policies.push(name.clone()),
            (false, true) => scenarios.push(name.clone()),
            (true, true) => {
                return Err(Failure::usage(format!(
                    "'{name}' is a bundled scenario and a policy's path; write the path as './{name}'"
                )));
            }
            (false, false) => {
                let known: Vec<&str> = known().collect();
                return Err(Failure::usage(format!(
                    "'{name}' is neither a policy (random, script, belief, privileged, a run directory, a checkpoint or a table) \
                     nor a scenario (a .toml file, {})",
                    known.join(", ")
                )));
            }
        }
    }
    if policies.is_empty() {
        return Err(Failure::usage(
            "no policy among the names; add random, script or the path of one",
        ));
    }
    Ok((policies, scenarios))
}

fn distinct(names: &[String]) -> Result<(), Failure> {
    let twice = (1..names.len()).find(|&k| names[..k].contains(&names[k]));
    twice.map_or(Ok(()), |k| {
        Err(Failure::usage(format!("'{}' is named twice", names[k])))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(policy: &str, user_model: &str, completion: Option<f64>) -> MatrixCell {
        let mut estimates = vec![None; KEY_FIGURES.len()];
        estimates[0] = completion.map(Estimate::point);
        MatrixCell {
            policy: policy.into(),
            user_model: user_model.into(),
            estimates,
        }
    }

    #[test]
    fn a_policy_of_another_scenario_is_not_ranked() {
        let matrix = Matrix {
            scenario: "s".into(),
            n_calls: 10,
            seed: 1,
            user_models: vec!["x".into(), "y".into()],
            sources: Vec::new(),
            proofs: Vec::new(),
            cells: vec![
                cell("a", "x", Some(0.1)),
                cell("a", "y", Some(0.6)),
                cell("b", "x", Some(0.2)),
                cell("b", "y", Some(0.5)),
                cell("other", "x", None),
                cell("other", "y", None),
            ],
            ranked_by: &KEY_FIGURES[0],
            by: None,
            segments: Vec::new(),
        };
        let expected = Agreement {
            tau: Some(-1.0),
            n_policies: 2,
        };
        assert_eq!(matrix.agreement("x", "y"), expected);
    }

    #[test]
    fn policies_and_scenarios_are_told_apart_in_any_order() {
        let names =
            ["random", "fraud_alert", "privileged=script", "fraud_alret"].map(str::to_owned);
        let found = sort(&names[..3]).unwrap_or_else(|e| panic!("{e}"));
        let expected = (
            vec!["random".to_owned(), "privileged=script".to_owned()],
            vec!["fraud_alert".to_owned()],
        );
        assert_eq!(found, expected);
        let refused = sort(&names[3..]).map_err(|e| e.message);
        assert!(refused.is_err_and(|m| m.starts_with("'fraud_alret' is neither a policy")));
    }
}

//! What a survey yields: what calls recorded, by slot and by a feature of the caller, counted and corrected.
//!
//! A log is read once and no call of it is kept. Everything is counted among calls with the right person.

mod estimate;
mod follow;
mod result;
mod tally;
mod values;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use offhook_env::log::CallLog;
use offhook_env::scenario::Scenario;
use offhook_simulator::{bundled, world};

pub use follow::{Update, follow};
pub use result::{
    AnswerLine, Answers, Basis, Coverage, SegmentAnswers, SlotAnswers, ValueAnswers, Wrong,
};

use crate::call_plan::CallPlan;
use crate::disk::jsonl;
use crate::error::{Failure, FailureKind};
use crate::play::{self, Player};
use crate::policies::PolicySource;
use crate::run::stored;
use crate::segment::{self, Segments};
use crate::stop::Stop;
use crate::threads;
use tally::Tallies;

/// What to count.
#[derive(Clone, Debug)]
pub struct AnswersPlan {
    /// A call log, or the directory of a run, whose policy then plays held-out calls.
    pub source: PathBuf,
    /// The caller feature by which callers are told apart.
    pub by: Option<String>,
    /// The scenario: a path or the name of a bundled one; if not given, the own one of the run, or the bundled one
    /// that the log names.
    pub scenario: Option<String>,
    /// Slots to show; all if empty.
    pub slots: Vec<String>,
    /// Whether numbers, days and times are told apart where the scenario has bins for them.
    pub exact: bool,
    /// A log with true values, from which confusions of recorded with true values are taken.
    pub calibration: Option<PathBuf>,
    /// The calls of a run; `seed` also draws the resamples of intervals.
    pub calls: CallPlan,
}

/// Counts what was recorded.
///
/// # Errors
/// If log or run cannot be read, nobody knows the caller feature or a slot, or `stop` is asked for.
pub fn answers(plan: &AnswersPlan, stop: &Stop) -> Result<Answers, Failure> {
    threads::install(plan.calls.threads, || {
        let survey = match plan.source.is_dir() {
            true => of_run(plan, stop)?,
            false => of_log(plan, &plan.source, stop)?,
        };
        let calibration = calibration(plan, stop)?;
        survey.answers(plan, calibration.as_ref())
    })
}

/// The counts of the log with true values, if there is one.
fn calibration(plan: &AnswersPlan, stop: &Stop) -> Result<Option<Tallies>, Failure> {
    let Some(path) = &plan.calibration else {
        return Ok(None);
    };
    let all = AnswersPlan {
        by: None,
        ..plan.clone()
    };
    let survey = of_log(&all, path, stop)?;
    let has_truth = |tallies: &Tallies| {
        let mut cells = tallies.cells.iter().flatten();
        cells.any(|cell| cell.wrong.n > 0)
    };
    match survey.tallies.filter(has_truth) {
        Some(tallies) => Ok(Some(tallies)),
        None => Err(Failure::failed(format!(
            "'{}' has no record whose true value is in its `goal`, expected a log with goals, as `offhook simulate --out` \
             writes one",
            path.display()
        ))),
    }
}

fn of_log(plan: &AnswersPlan, path: &Path, stop: &Stop) -> Result<Survey, Failure> {
    let mut survey = Survey::new(plan)?;
    for call in jsonl::calls(path)? {
        stop.check()?;
        let (line, call) = call?;
        let added = survey.add(plan, &call);
        added.map_err(|e| match e.kind {
            FailureKind::Usage => e,
            _ => Failure::failed(format!("'{}' line {line}: {e}", path.display())),
        })?;
    }
    Ok(survey)
}

fn of_run(plan: &AnswersPlan, stop: &Stop) -> Result<Survey, Failure> {
    let policy = plan.source.display().to_string();
    let (_, loaded) = stored::load(plan.scenario.as_deref(), &policy, plan.calls.tracker)?;
    let loaded = loaded.with_noise(plan.calls.noise)?;
    let world = &*loaded.world;
    if let Some(by) = &plan.by {
        Segments::find(&world.scenario, by)?;
    }
    let source = PolicySource::open(&policy)?;
    let (policy, choice) = source.for_scenario(&world.scenario)?;
    let filter = source.filter(&loaded)?;
    let player = Player {
        policy: &*policy,
        filter: filter.as_ref(),
    };
    let mut survey = Survey::of(plan, Some(world.scenario.clone()))?;
    for chunk in play::chunks(plan.calls.episodes(choice)) {
        stop.check()?;
        for (call, _) in play::record_as(world, player, chunk) {
            survey.add(plan, &call)?;
        }
    }
    Ok(survey)
}

/// Counts that begin when the scenario is known: with the plan, or else with the first call.
struct Survey {
    tallies: Option<Tallies>,
    scenario: Option<Arc<Scenario>>,
    name: Option<String>,
}

impl Survey {
    fn new(plan: &AnswersPlan) -> Result<Self, Failure> {
        let scenario = match &plan.scenario {
            Some(name) => Some(world::load_scenario(name, None)?.0),
            None => None,
        };
        match scenario {
            Some(_) => Self::of(plan, scenario),
            None => Ok(Self {
                tallies: None,
                scenario: None,
                name: None,
            }),
        }
    }

    /// The counts of calls of a scenario.
    fn of(plan: &AnswersPlan, scenario: Option<Arc<Scenario>>) -> Result<Self, Failure> {
        if let Some(scenario) = &scenario {
            check_slots(plan, scenario.names.slots.iter())?;
        }
        let by = plan.by.as_deref();
        Ok(Self {
            tallies: Some(Tallies::new(scenario.as_ref(), by, plan.exact)),
            name: scenario.as_ref().map(|scenario| scenario.name.clone()),
            scenario,
        })
    }

    fn add(&mut self, plan: &AnswersPlan, call: &CallLog) -> Result<(), Failure> {
        if self.tallies.is_none() {
            let mut known = bundled::SCENARIOS.files.iter();
            let is_known = known.any(|file| file.name == call.scenario);
            let scenario = is_known.then(|| world::load_scenario(&call.scenario, None));
            let scenario = scenario.transpose()?.map(|(scenario, _)| scenario);
            *self = Self::of(plan, scenario)?;
            self.name = Some(call.scenario.clone());
        }
        match (&mut self.tallies, &self.name) {
            (Some(_), Some(name)) if *name != call.scenario => Err(Failure::failed(format!(
                "a call of scenario '{}', expected '{name}'",
                call.scenario
            ))),
            (Some(tallies), _) => tallies.add(call).map_err(Failure::failed),
            (None, _) => Ok(()),
        }
    }

    fn answers(
        &self,
        plan: &AnswersPlan,
        calibration: Option<&Tallies>,
    ) -> Result<Answers, Failure> {
        let source = plan.source.display().to_string();
        let Some(tallies) = &self.tallies else {
            return Err(Failure::failed(format!("'{source}' holds no call")));
        };
        if let Some(by) = plan.by.as_ref().filter(|_| !tallies.knows_feature) {
            let known = self.scenario.as_deref().map(segment::known);
            let known = known.map_or_else(String::new, |known| format!("; {known}"));
            return Err(Failure::usage(format!(
                "no call of '{source}' has the caller feature '{by}' among its `caller.features`{known}"
            )));
        }
        let mut slots =
            estimate::estimate(tallies, calibration, plan.by.is_some(), plan.calls.seed);
        check_slots(plan, slots.iter().map(|slot| &slot.slot))?;
        slots.retain(|slot| plan.slots.is_empty() || plan.slots.contains(&slot.slot));
        let mut cells = tallies.cells.iter().flatten();
        let has_truth = cells.any(|cell| cell.wrong.n > 0);
        let calibration = match &plan.calibration {
            Some(path) => Some(format!("the calls of '{}'", path.display())),
            None => has_truth.then(|| "all of these calls".to_owned()),
        };
        Ok(Answers {
            source,
            scenario: self.name.clone().unwrap_or_default(),
            is_known: self.scenario.is_some(),
            n_calls: tallies.n_calls,
            n_right: tallies.n_right.iter().sum(),
            by: plan.by.clone(),
            calibration,
            slots,
        })
    }
}

/// Refuses slots that are not among those that are known.
fn check_slots<'a>(
    plan: &AnswersPlan,
    known: impl Iterator<Item = &'a String>,
) -> Result<(), Failure> {
    let known: Vec<&str> = known.map(String::as_str).collect();
    match (plan.slots.iter()).find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(unknown) => Err(Failure::usage(format!(
            "no slot '{unknown}': expected {}",
            known.join(", ")
        ))),
    }
}

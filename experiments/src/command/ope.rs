//! `offhook ope`: what a policy is worth by the calls of another, and whether it beats a baseline.

use std::sync::Arc;

use offhook_env::policy::Policy;
use offhook_env::scenario::Scenario;
use offhook_policy::data::trajectories::Trajectories;
use offhook_policy::ope::behavior::{Behavior, Cloning};
use offhook_policy::ope::gate::{Answer, GateConfig, Side, Verdict, gate};
use offhook_policy::ope::{self, Evaluation, Interval, OpeConfig};
use serde_json::Value;

use crate::cli::OpeArgs;
use crate::terminal::{out, outln};
use offhook_lab::error::Failure;
use offhook_lab::logs::{self, Log, Reward};
use offhook_lab::play::Choice;
use offhook_lab::policies::{self, Greedy};
use offhook_lab::unit::Unit;
use offhook_report::record::Record;
use offhook_report::text_table::{Cell, TextTable};
use offhook_simulator::world;
use offhook_stats::Estimate;

/// What a baseline that is not named is called.
const THE_LOG: &str = "the log";

/// All that is known of the log before a policy is judged.
struct Evidence {
    scenario: Arc<Scenario>,
    log: Log,
    calls: Trajectories,
    reward: Reward,
    /// `logged`, `estimated`, or a policy's name.
    behavior: String,
    behavior_probs: Vec<f32>,
    config: OpeConfig,
}

/// Runs the command.
///
/// # Errors
/// If the log or a policy cannot be used; that the log cannot tell is no error.
pub fn run(args: &OpeArgs) -> Result<(), Failure> {
    let evidence = read(args)?;
    let policy = evidence.judge(&args.policy, args.seed)?;
    let baseline = match &args.baseline {
        Some(name) => Some(evidence.judge(name, args.seed)?),
        None => None,
    };
    let returns = ope::returns(&evidence.calls, args.gamma);
    let name = args.baseline.as_deref().unwrap_or(THE_LOG);
    let baseline = match &baseline {
        Some(found) => Side::evaluated(name, found),
        None => Side::of_the_log(name, &returns),
    };
    let config = GateConfig {
        confidence: args.confidence,
        ..Default::default()
    };
    let side = Side::evaluated(&args.policy, &policy);
    let verdict = gate(&side, &baseline, &evidence.calls.groups, &config);
    if args.json {
        evidence.print_json(args, &policy, &baseline, &verdict);
    } else {
        evidence.print(args, &policy);
        outln!("\n{}", sentence(args, name, &verdict, &evidence.unit()));
    }
    Ok(())
}

fn read(args: &OpeArgs) -> Result<Evidence, Failure> {
    let name = match &args.scenario {
        Some(name) => name.clone(),
        None => logs::scenario_name(&args.log)?,
    };
    let (scenario, _) = world::load_scenario(&name, None)?;
    let log = Log::read(&scenario, &args.log, &args.wanted.iter().cloned().collect())?;
    let (calls, reward) = log.trajectories()?;
    let behavior = match &args.behavior {
        Some(name) => name.clone(),
        None if log.without_prob().is_none() => "logged".to_owned(),
        None => "estimated".to_owned(),
    };
    let cloning = Cloning::default();
    let layout = &scenario.layout;
    let probs = |behavior: Behavior<'_>| {
        let probs = behavior.probs(&calls, layout, args.seed);
        probs.map_err(|e| log.failure(e))
    };
    let behavior_probs = match behavior.as_str() {
        "logged" => {
            if let Some(place) = log.without_prob() {
                return Err(Failure::failed(format!(
                    "{place}; estimate the behavior with `--behavior estimated`"
                )));
            }
            probs(Behavior::Logged)?
        }
        "estimated" => probs(Behavior::Estimated(&cloning))?,
        name => probs(Behavior::Known(&*policy(name, &scenario)?))?,
    };
    let config = OpeConfig {
        gamma: args.gamma,
        ..Default::default()
    };
    Ok(Evidence {
        scenario,
        log,
        calls,
        reward,
        behavior,
        behavior_probs,
        config,
    })
}

/// A policy with the probabilities of what it would do: 1 for the best action of those that do not
/// draw.
fn policy(name: &str, scenario: &Scenario) -> Result<Arc<dyn Policy>, Failure> {
    match policies::find(name, scenario)? {
        (policy, Choice::Sample) => Ok(policy),
        (policy, Choice::Best) => Ok(Arc::new(Greedy(policy))),
        (_, Choice::Plan | Choice::Told) => Err(Failure::usage(format!(
            "'{name}' has the hidden customer in view, whom a log does not have"
        ))),
    }
}

impl Evidence {
    fn judge(&self, name: &str, seed: u64) -> Result<Evaluation, Failure> {
        let policy = policy(name, &self.scenario)?;
        let found = ope::evaluate(
            &self.calls,
            &self.scenario.layout,
            &*policy,
            &self.behavior_probs,
            &self.config,
            seed,
        );
        found.map_err(|e| self.log.failure(e))
    }

    fn unit(&self) -> Unit {
        match self.reward {
            Reward::Turns => Unit::plain("reward", 2),
            Reward::Success => Unit::share(),
        }
    }

    fn on_policy(&self, seed: u64) -> Option<Interval> {
        ope::on_policy(&self.calls, &self.config, seed)
    }

    fn print(&self, args: &OpeArgs, policy: &Evaluation) {
        let (n, rows) = (self.calls.n_episodes(), self.calls.len());
        let reward = match self.reward {
            Reward::Turns => "return",
            Reward::Success => "success",
        };
        outln!(
            "{}: {n} calls, {rows} decisions, {} callers; {reward} of {} by calls of another policy \
             (behavior: {}), 95 % intervals",
            self.scenario.name,
            self.log.n_callers(),
            args.policy,
            self.behavior,
        );
        let unit = self.unit();
        let count = Unit::plain("calls", 1);
        let row = |name: String, interval: Option<Interval>, effective_n: f64| {
            vec![
                Cell::Text(name),
                Cell::value(interval.map(estimate), &unit),
                Cell::value(Some(Estimate::point(effective_n)), &count),
            ]
        };
        let mut rows = vec![row(
            "the log itself".into(),
            self.on_policy(args.seed),
            n as f64,
        )];
        for (estimator, interval) in &policy.estimates {
            let name = estimator.name().to_owned();
            rows.push(row(name, *interval, policy.effective_n));
        }
        let columns = ["estimator", reward, "effective_n"]
            .map(str::to_owned)
            .to_vec();
        out!("{}", TextTable { columns, rows }.to_text());
    }

    fn print_json(
        &self,
        args: &OpeArgs,
        policy: &Evaluation,
        baseline: &Side<'_>,
        verdict: &Verdict,
    ) {
        let (n, unit) = (self.calls.n_episodes() as u64, self.unit());
        let place = |name: &str, effective_n: f64| {
            [
                ("scenario", Value::from(self.scenario.name.as_str())),
                ("policy", Value::from(name)),
                ("behavior", Value::from(self.behavior.as_str())),
                ("effective_n", Value::from(effective_n)),
            ]
        };
        if let Some(found) = self.on_policy(args.seed) {
            let place = place(THE_LOG, n as f64);
            let record = Record::new("ope.on_policy", estimate(found), n, &unit, place);
            outln!("{}", record.to_json());
        }
        for (estimator, interval) in &policy.estimates {
            let Some(interval) = interval else { continue };
            let metric = format!("ope.{}", estimator.name());
            let place = place(&args.policy, policy.effective_n);
            let record = Record::new(&metric, estimate(*interval), n, &unit, place);
            outln!("{}", record.to_json());
        }
        let place = place(&args.policy, policy.effective_n).into_iter().chain([
            ("baseline", Value::from(baseline.name)),
            ("baseline_effective_n", Value::from(baseline.effective_n)),
            ("confidence", Value::from(args.confidence)),
            ("verdict", Value::from(verdict.answer.name())),
            ("reason", Value::from(verdict.reason.clone())),
        ]);
        let gain = Estimate::point(verdict.gain);
        let mut record = Record::new("ope.gate", gain, n, &unit, place);
        record.low = verdict.low;
        outln!("{}", record.to_json());
    }
}

fn estimate(interval: Interval) -> Estimate {
    Estimate {
        value: interval.value,
        bounds: interval.bounds,
    }
}

/// The verdict in words.
fn sentence(args: &OpeArgs, baseline: &str, verdict: &Verdict, unit: &Unit) -> String {
    let policy = &args.policy;
    if let Some(reason) = &verdict.reason {
        return format!(
            "not enough data to say whether {policy} is better than {baseline}: {reason}"
        );
    }
    let says = match verdict.answer {
        Answer::Better => "is better than",
        Answer::NotBetter | Answer::NotEnoughData => "is not shown to be better than",
    };
    let (gain, confidence) = (unit.text(verdict.gain), args.confidence * 100.0);
    let low = verdict.low.map_or_else(String::new, |low| unit.text(low));
    format!(
        "{policy} {says} {baseline}: gain {gain}, at least {low} with {confidence} % confidence"
    )
}

//! What is wrong with a config beyond its syntax: every setting out of range, and what does not go together.

use std::collections::BTreeSet;

use offhook_policy::learner::dagger::{DaggerConfig, ExpertName};
use offhook_policy::ranges::{RangeError, Ranges};

use super::Config;

/// Most calls that are logged to be imitated; they are kept in memory, some 10 kB each.
const MAX_IMITATED: u64 = 1_000_000;
/// Most held-out calls of a seed and policy; their figures are kept, some 100 bytes each.
const MAX_EVALUATED: u64 = 10_000_000;

/// One mistake.
pub(super) struct Mistake {
    /// Where it is: keys from the top, joined by dots.
    pub key: String,
    /// What is wrong.
    pub message: String,
}

/// The mistakes found so far.
struct Mistakes(Vec<Mistake>);

impl Mistakes {
    fn need(&mut self, holds: bool, key: &str, message: &str) {
        if !holds {
            self.0.push(Mistake {
                key: key.to_owned(),
                message: message.to_owned(),
            });
        }
    }

    /// Settings out of range in a section.
    fn ranges(&mut self, section: &str, check: impl FnOnce(&mut Ranges)) {
        for RangeError {
            key,
            found,
            expected,
        } in Ranges::of(check)
        {
            let key = format!("{section}.{key}");
            let message = format!("{key} is {found}, expected {expected}");
            self.0.push(Mistake { key, message });
        }
    }
}

impl Config {
    /// Everything that is wrong; where the config is not `whole`, what is missing may have been left out as faulty.
    pub(super) fn mistakes(&self, whole: bool) -> Vec<Mistake> {
        let mut found = Mistakes(Vec::new());
        self.check_head(whole, &mut found);
        self.check_sections(&mut found);
        self.check_teachers(&mut found);
        self.check_ranges(&mut found);
        found.0
    }

    fn check_head(&self, whole: bool, found: &mut Mistakes) {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        found.need(
            !self.name.is_empty() && self.name.chars().all(plain),
            "name",
            "name must be letters, digits, `_` and `-`",
        );
        found.need(
            !self.seeds.is_empty() || !whole,
            "seeds",
            "seeds is empty, expected at least one, as in `seeds = [1, 2, 3]`",
        );
        let unique: BTreeSet<_> = self.seeds.iter().collect();
        found.need(
            unique.len() == self.seeds.len(),
            "seeds",
            "seeds holds a seed twice; each must differ",
        );
        if let Err(message) = self.network.check() {
            found.need(false, "network.hidden", &message);
        }
    }

    /// Which sections go together.
    fn check_sections(&self, found: &mut Mistakes) {
        let from_log = self.imitation.log.is_some();
        let offline = self.offline.is_some();
        found.need(
            offline || from_log != (self.imitation.calls > 0),
            "imitation",
            "imitation needs either `calls` or `log`",
        );
        found.need(
            !offline || !from_log && self.imitation.calls == 0,
            "imitation",
            "with [offline] it is its log that is imitated; leave out imitation.calls and .log",
        );
        found.need(
            !(offline && self.reinforcement.is_some()),
            "offline",
            "expected [reinforcement] or [offline], not both",
        );
        let online = (self.reinforcement.as_ref()).and_then(|r| r.mistake("reinforcement"));
        let from_a_log = (self.offline.as_ref()).and_then(|o| o.mistake("offline"));
        for (section, mistake) in [("reinforcement", online), ("offline", from_a_log)] {
            if let Some(mistake) = mistake {
                found.need(false, section, &mistake);
            }
        }
        found.need(
            from_log || self.imitation.of.is_empty(),
            "imitation.where",
            "imitation.where chooses calls of imitation.log, which is missing",
        );
        found.need(
            !from_log || self.reinforcement.is_none(),
            "reinforcement",
            "with imitation.log there is no [reinforcement]",
        );
        found.need(
            !from_log || self.distill.is_none(),
            "distill",
            "with imitation.log there is no [distill]",
        );
        found.need(
            from_log || (self.reinforcement.is_some() || offline) && self.distill.is_some(),
            "",
            "sections [reinforcement] (or [offline]) and [distill] are missing",
        );
        found.need(
            !from_log || self.teacher.is_none() && self.imitation.dagger.is_none(),
            "imitation.log",
            "with imitation.log there is no [teacher] and no dagger, since nobody can be asked",
        );
    }

    /// Who is asked while learning.
    fn check_teachers(&self, found: &mut Mistakes) {
        let asks_teacher = |d: &DaggerConfig| d.expert == ExpertName::Teacher;
        found.need(
            self.teacher.is_some() || !self.imitation.dagger.as_ref().is_some_and(asks_teacher),
            "imitation.dagger",
            "imitation.dagger asks the teacher, but section [teacher] is missing",
        );
        let kickstart = self.reinforcement.as_ref().is_some_and(|r| r.own.kickstart);
        found.need(
            self.teacher.is_some() || !kickstart,
            "reinforcement.kickstart",
            "reinforcement.kickstart needs the section [teacher]",
        );
        let takes_teacher = (self.reinforcement.iter().flat_map(|r| r.learners()))
            .any(|learner| learner.settings().takes_teacher());
        found.need(
            takes_teacher || !kickstart,
            "reinforcement.kickstart",
            "reinforcement.kickstart is a switch of ppo",
        );
    }

    /// Every number.
    fn check_ranges(&self, found: &mut Mistakes) {
        let imitation = &self.imitation;
        found.ranges("imitation", |ranges| {
            let calls = imitation.calls;
            let expected = format!("at most {MAX_IMITATED}");
            ranges.require(calls <= MAX_IMITATED, "calls", calls, expected);
            let share = imitation.test_share;
            let holds = share > 0.0 && share < 1.0;
            ranges.require(holds, "test_share", share, "between 0 and 1");
            let cloning = &imitation.behavior_cloning;
            ranges.within("behavior_cloning", |ranges| cloning.check_ranges(ranges));
            if let Some(dagger) = &imitation.dagger {
                ranges.within("dagger", |ranges| dagger.check_ranges(ranges));
            }
        });
        if let Some(teacher) = &self.teacher {
            found.ranges("teacher", |ranges| {
                ranges.at_least_1([("evaluate_every", teacher.evaluate_every)]);
                ranges.within("ppo", |ranges| teacher.ppo.check_ranges(ranges));
            });
        }
        if let Some(reinforcement) = &self.reinforcement {
            found.ranges("reinforcement", |ranges| {
                ranges.at_least_1([("evaluate_every", reinforcement.own.evaluate_every)]);
                for learner in reinforcement.learners() {
                    ranges.within(learner.name(), |ranges| learner.settings().check(ranges));
                }
            });
            let randomize = reinforcement
                .own
                .randomize
                .map(|variation| variation.check());
            if let Some(Err(mistake)) = randomize {
                let message = format!("reinforcement.randomize.{mistake}");
                found.need(false, "reinforcement.randomize", &message);
            }
        }
        if let Some(offline) = &self.offline {
            found.ranges("offline", |ranges| {
                ranges.at_least_1([("evaluate_every", offline.own.evaluate_every)]);
                for learner in offline.learners() {
                    ranges.within(learner.name(), |ranges| learner.settings().check(ranges));
                }
            });
        }
        if let Some(distill) = &self.distill {
            found.ranges("distill", |ranges| distill.check_ranges(ranges));
        }
        found.ranges("evaluation", |ranges| {
            let evaluation = &self.evaluation;
            ranges.count("calls", evaluation.calls, MAX_EVALUATED);
            ranges.count("curve_calls", evaluation.curve_calls, MAX_EVALUATED);
            let (planned, all) = (evaluation.privileged_calls, evaluation.calls);
            let expected = "at most evaluation.calls";
            ranges.require(planned <= all, "privileged_calls", planned, expected);
            let planned = evaluation.belief_calls;
            ranges.require(planned <= all, "belief_calls", planned, expected);
        });
    }
}

//! A problem whose optimum is known exactly, to hold learners, planners and filters against: the bundled
//! scenario `voicemail_pomdp`.
//!
//! After the voicemail example of Williams and Young (2007), "Partially observable Markov decision processes for
//! spoken dialog systems": a message is to be saved or deleted, and the robot asks until it dares to do one of both.
//! The hidden state is the wish; what was heard is an answer that is wrong with a fixed probability, or nothing.
//! All that the robot can know is then how many more times it heard the one than the other, so that
//! backward induction over the turns left and that number is exact.

use offhook_env::act::{NBest, UserActKind};

use crate::user::agenda::{self, habit};

/// The wish `save`, as its slot counts values.
pub const SAVE: u8 = 0;
/// The wish `delete`.
pub const DELETE: u8 = 1;

/// What the robot does in a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Asks for the wish, once more.
    Ask,
    /// Ends the call by doing so with the message: [`SAVE`] or [`DELETE`].
    Do(u8),
}

impl Deed {
    /// Every deed.
    pub const ALL: [Self; 3] = [Self::Ask, Self::Do(SAVE), Self::Do(DELETE)];
}

/// The numbers of the problem; probabilities in `[0, 1]`, rewards in reward units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VoicemailPomdp {
    /// Share of customers who want the message saved; the others want it deleted.
    pub save_prob: f64,
    /// Chance that an answer is heard as the other wish.
    pub error_prob: f64,
    /// Chance that the customer answers a question with nothing.
    pub silence_prob: f64,
    /// Chance that the customer hangs up instead of answering.
    pub hang_up_prob: f64,
    /// Reward of the right deed.
    pub right: f64,
    /// Reward of the wrong one.
    pub wrong: f64,
    /// Reward of every turn, that of the deed included.
    pub per_turn: f64,
    /// System turns of a call.
    pub max_turns: usize,
}

impl VoicemailPomdp {
    /// The problem that the bundled scenario and its line pose to agenda customers. These add to the
    /// textbook that an answer is now and then missing: the question was not caught, or something else was said
    /// (the scenario has words for neither), or, once in 70,000 turns, the most patient customer hangs up.
    /// Customers are drawn by coins of 16 bits, so that the simulator is within 1 in 65,536 of each probability.
    pub fn bundled() -> Self {
        Self {
            save_prob: 0.65,
            error_prob: 0.3,
            silence_prob: f64::from(habit::NOT_CAUGHT[0] + habit::STRAY),
            hang_up_prob: f64::from(agenda::least_hazard()),
            right: 10.0,
            wrong: -100.0,
            per_turn: -1.0,
            max_turns: 10,
        }
    }

    /// How likely the wish is `save` after it was heard `lead` more times than `delete`, by Bayes' rule:
    /// `p (1 - e)^lead / (p (1 - e)^lead + (1 - p) e^lead)` with the prior `p` and the chance of error `e`.
    pub fn posterior(&self, lead: i32) -> f64 {
        let (save, error) = (self.save_prob, self.error_prob);
        let odds = save / (1.0 - save) * ((1.0 - error) / error).powi(lead);
        // Odds beyond all numbers are certainty.
        1.0 / (1.0 + 1.0 / odds)
    }

    /// Expected reward of the turn that does `wish`.
    fn reward_of(&self, wish: u8, lead: i32) -> f64 {
        let save = self.posterior(lead);
        let right = if wish == SAVE { save } else { 1.0 - save };
        self.per_turn + right * self.right + (1.0 - right) * self.wrong
    }

    /// Solves the problem by backward induction (Bellman's equation of a finite horizon), with no discount.
    pub fn solve(self) -> Solution {
        let width = 2 * self.max_turns + 1;
        let mut solution = Solution {
            problem: self,
            values: vec![0.0; width],
        };
        for turns_left in 1..=self.max_turns {
            for place in 0..width {
                let evidence = Evidence {
                    turns_left,
                    lead: place as i32 - self.max_turns as i32,
                };
                let value = solution.q(evidence, solution.best(evidence));
                solution.values.push(value);
            }
        }
        solution
    }
}

/// All that the robot can know: the statistic that is sufficient for the wish, and the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// System turns left, the next one included.
    pub turns_left: usize,
    /// How many more times `save` was heard than `delete`; its size is at most the number of turns that are over.
    pub lead: i32,
}

impl Evidence {
    /// Takes in what was heard in reply to a question; on this line nothing but the first reading tells anything.
    pub fn hear(&mut self, heard: &NBest) {
        self.turns_left = self.turns_left.saturating_sub(1);
        let told = heard.hypotheses().first().map(|h| h.utterance.first());
        let told = told.filter(|act| act.kind == UserActKind::Inform);
        self.lead += match told.map(|act| act.value) {
            Some(SAVE) => 1,
            Some(DELETE) => -1,
            _ => 0,
        };
    }
}

/// The optimum of a [`VoicemailPomdp`]: values and the best deeds.
#[derive(Clone, Debug)]
pub struct Solution {
    problem: VoicemailPomdp,
    /// By turns left, from 0 to all, and lead, from the least to the most there can be: what the rest of the call
    /// returns. Leads that nothing can follow are there as well.
    values: Vec<f64>,
}

impl Solution {
    /// What is known before the first turn.
    pub fn start(&self) -> Evidence {
        Evidence {
            turns_left: self.problem.max_turns,
            lead: 0,
        }
    }

    /// The expected return of a call under the best policy.
    pub fn value(&self) -> f64 {
        self.value_at(self.start())
    }

    /// The expected return of what is left of a call under the best policy.
    pub fn value_at(&self, evidence: Evidence) -> f64 {
        let most = self.problem.max_turns as i32;
        let place = evidence.lead.clamp(-most, most) + most;
        self.values[evidence.turns_left * (2 * self.problem.max_turns + 1) + place as usize]
    }

    /// The expected return of what is left of a call when it goes on with `deed` and then for the best.
    pub fn q(&self, evidence: Evidence, deed: Deed) -> f64 {
        let problem = &self.problem;
        let lead = evidence.lead;
        match deed {
            Deed::Do(wish) => problem.reward_of(wish, lead),
            Deed::Ask => {
                let (save, error) = (problem.posterior(lead), problem.error_prob);
                let hears_save = save * (1.0 - error) + (1.0 - save) * error;
                let after = |lead| {
                    self.value_at(Evidence {
                        turns_left: evidence.turns_left - 1,
                        lead,
                    })
                };
                let told = hears_save * after(lead + 1) + (1.0 - hears_save) * after(lead - 1);
                let silence = problem.silence_prob;
                let goes_on = silence * after(lead) + (1.0 - silence) * told;
                problem.per_turn + (1.0 - problem.hang_up_prob) * goes_on
            }
        }
    }

    /// The best deed, asking among equals.
    pub fn best(&self, evidence: Evidence) -> Deed {
        let mut deeds = Deed::ALL.into_iter();
        let first = deeds.next().unwrap_or(Deed::Ask);
        deeds.fold(first, |best, deed| {
            match self.q(evidence, deed) > self.q(evidence, best) {
                true => deed,
                false => best,
            }
        })
    }

    /// What `deed` costs against the best one, at least 0.
    ///
    /// The expected return of any policy is [`value`](Self::value) less the expected sum of what its deeds cost
    /// (Kakade and Langford, 2002, lemma 6.1): a mean over calls that varies far less than that of their returns.
    pub fn regret(&self, evidence: Evidence, deed: Deed) -> f64 {
        self.value_at(evidence) - self.q(evidence, deed)
    }
}

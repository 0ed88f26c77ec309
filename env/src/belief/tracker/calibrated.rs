//! What a calibrated tracker believes beyond slots: facts, and how much patience is used up.

use super::BeliefState;
use super::fact_signs::{FactSigns, meant_move};
use crate::act::NBest;
use crate::action::ActionId;
use crate::belief::bounds::{likely_level, used_level};
use crate::belief::calibration::Tables;
use crate::belief::calibration::fact_table::{LEAST, LET_GO};
use crate::belief::calibration::patience::Manner;
use crate::belief::features::{SPARE, availability, heard, identity, question, wish};
use crate::scenario::{Move, Scenario};

impl BeliefState {
    /// What is believed when somebody picks up.
    #[inline]
    pub(super) fn begin(&mut self, scenario: &Scenario) {
        (self.patience_used, self.taken) = (0.0, 0);
        let Some(tables) = &scenario.calibration else {
            return;
        };
        let shown = scenario.index.facts.iter().zip(&tables.starts);
        for (prob, (&feature, &start)) in self.facts.iter_mut().zip(shown) {
            *prob = start.max(LEAST);
            self.codes[feature] = likely_level(start);
        }
        self.codes[SPARE] = 0;
    }

    /// What a turn is to a customer's patience that begins now with `action`.
    #[inline]
    pub(crate) fn manner(&self, scenario: &Scenario, action: ActionId) -> Manner {
        let f = &scenario.index;
        let is_open = |&feature: &usize| self.codes[feature] == question::OPEN;
        let asked = |feature: usize| self.codes[feature] == wish::ASKED;
        Manner {
            again: self.taken >> (action & 63) & 1 == 1,
            excused: self.codes[f.heard] == heard::REPEAT,
            open: f.questions.iter().any(is_open),
            unavailable: self.codes[f.availability] >= availability::BUSY,
            unwilling: asked(f.human)
                || asked(f.opt_out)
                || self.codes[f.identity] == identity::WRONG,
            turn: self.turn,
        }
    }

    /// Takes in a turn in which the robot did `own`; `manner` is what that was to the customer's patience.
    #[inline]
    pub(super) fn calibrate(
        &mut self,
        scenario: &Scenario,
        tables: &Tables,
        own: &Move,
        manner: usize,
        n_best: &NBest,
    ) {
        let f = &scenario.index;
        if f.patience_used != SPARE {
            let share = self.patience_used + tables.patience[manner];
            self.patience_used = share.clamp(0.0, 1.0);
            self.codes[f.patience_used] = used_level(self.patience_used);
        }
        let meant = meant_move(scenario, self.meant, own);
        let signs = FactSigns::new(scenario, own, meant, n_best);
        let stirred = signs.stirred();
        let shown = scenario.facts.iter().zip(&f.facts);
        for (k, ((fact, &feature), prob)) in shown.zip(&mut self.facts).enumerate() {
            let rests = fact.kind.is_announced() && stirred >> k & 1 == 0;
            if feature == SPARE || rests && *prob <= LEAST {
                continue;
            }
            let table = &tables.facts[fact.kind as usize];
            *prob = table.next(*prob, signs.context(k), signs.symbol(k));
            if rests && *prob < LET_GO {
                *prob = LEAST;
            }
            self.codes[feature] = likely_level(*prob);
        }
    }

    /// How likely the fact is that policies see as `feature`; `None` where the feature is none of a fact.
    pub fn fact(&self, scenario: &Scenario, feature: usize) -> Option<f32> {
        let mut shown = scenario.index.facts.iter();
        let place = shown.position(|&of| of == feature && of != SPARE)?;
        Some(self.facts[place])
    }

    /// Share of the customer's patience that is used up, as far as is known, `[0, 1]`.
    pub fn patience_used(&self) -> f32 {
        self.patience_used
    }
}

//! Who is called: shares, persona and hidden goals, drawn from a scenario's `[population]` section.

mod check;
mod draws;
mod file;
mod given;
pub mod lint;
mod segment;
mod shares;

use offhook_env::act::NONE;
use offhook_env::belief::caller::CallerRecord;
use offhook_env::scenario::MAX_SLOTS;

use crate::dice::{Coins, Pick, Quantiles};
use crate::variation::Variation;
use draws::{SlotDraw, draw_set};
pub(crate) use given::Redrawable;
use segment::{Drawn, Layered, Segments};

#[cfg(feature = "schema")]
pub(crate) use file::schema;

/// Who or what picks up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// A person.
    Person,
    /// A recorder that takes a message.
    Voicemail,
    /// A robot that asks who calls and why, and may put the call through to the person.
    Screening,
}

/// How much time the person on the line has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// Can talk.
    Free,
    /// Has no time now.
    Busy,
    /// Is driving, and should not talk at all.
    Driving,
}

/// What the person wants from the call beyond its purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Nothing else.
    Nothing,
    /// To speak to a human.
    Human,
    /// Not to be called again.
    OptOut,
}

/// One person: persona and hidden goal.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    /// Who or what picks up first.
    pub line: Line,
    /// Whether it is the person called. Nobody is behind a recorder. Another person has no slot values, concerns or offers,
    /// time enough to say so, and asks at most early questions.
    pub right_person: bool,
    /// How much time there is.
    pub time: Time,
    /// What else is wanted.
    pub wish: Wish,
    /// Unpleasant turns the person bears.
    pub patience: f32,
    /// Faith in the caller, `[0, 1]`.
    pub trust: f32,
    /// Readiness to say more than needed, `[0, 1]`.
    pub talkativeness: f32,
    /// How hard to understand: 0 easy, 1 average, 2 hard.
    pub difficulty: u8,
    /// Steps of further noise on the line.
    pub noise: u8,
    /// Whether the robot's language is foreign to the person, who then is hard to understand too.
    pub foreign: bool,
    /// Value of each slot, or [`NONE`].
    pub slots: [u8; MAX_SLOTS],
    /// Questions the person will want answered, one bit each.
    pub questions: u16,
    /// Concerns that stand in the way.
    pub concerns: u16,
    /// Offers the person would take once no concern stands in the way.
    pub willing: u16,
}

/// The difficulty of those who are hard to understand.
const HARD: u8 = 2;

/// Chance that what an earlier call recorded is not true, or no longer (assumption, as the tracker has it).
const RECORDED_WRONG: f32 = 0.1;

/// A scenario's population, compiled to dense tables.
#[derive(Clone, Debug)]
pub struct Population {
    right_person: Layered<f32>,
    voicemail: Layered<f32>,
    screening: Layered<f32>,
    busy: Layered<f32>,
    driving: Layered<f32>,
    language_difficulty: Layered<f32>,
    wants_human: Layered<f32>,
    wants_opt_out: Layered<f32>,
    patience: Layered<Quantiles>,
    trust: Layered<Quantiles>,
    talkativeness: Layered<Quantiles>,
    difficulty: Layered<Pick<u8>>,
    slots: Vec<Layered<SlotDraw>>,
    questions: Vec<Layered<f32>>,
    concerns: Vec<Layered<f32>>,
    offers: Vec<Layered<f32>>,
    caller: Vec<Layered<Pick<u8>>>,
    carried: Layered<f32>,
    /// Slots whose answer an earlier call may have recorded, with the number of their values.
    carry: Vec<(u8, u8)>,
    /// The slots in an order in which each comes behind those that it depends on.
    slot_order: Vec<u8>,
    segments: Segments,
    early_questions: u16,
    /// How calls vary around it, if they do.
    variation: Option<Variation>,
}

impl Population {
    /// The same population with calls that vary around it.
    pub fn varied(mut self, variation: Variation) -> Self {
        self.variation = Some(variation);
        self
    }

    /// Questions that make sense before the purpose of the call was stated, one bit each.
    pub fn early_questions(&self) -> u16 {
        self.early_questions
    }

    /// Draws a person.
    pub(crate) fn draw(&self, coins: &mut Coins<'_>) -> Person {
        self.draw_into(&mut Drawn::default(), coins).0
    }

    /// What is on file of the person whom [`draw`](Self::draw) draws with the same coins.
    pub(crate) fn draw_record(&self, coins: &mut Coins<'_>) -> CallerRecord {
        let mut drawn = Drawn::default();
        let (person, active) = self.draw_into(&mut drawn, coins);
        let level = |level: u8| if level == NONE { 0 } else { level };
        CallerRecord {
            features: drawn.caller.map(level),
            slots: self.remembered(&person, *self.carried.at(active), coins),
        }
    }

    /// Draws a person, the parts that segments are told by into `drawn`; the segments come with the person.
    #[inline(always)]
    fn draw_into(&self, drawn: &mut Drawn, coins: &mut Coins<'_>) -> (Person, u64) {
        let mut active = self.segments.active(drawn);
        for (feature, pick) in self.caller.iter().enumerate() {
            let level = pick.at(active).at(u32::from(coins.bits()) << 16);
            drawn.caller[feature] = level.unwrap_or(0);
            active = self.segments.active(drawn);
        }
        self.draw_rest(drawn, active, coins)
    }

    /// Draws what is left of a person whose caller features are in `drawn`, and who so far belongs to the segments
    /// `active`.
    #[inline(always)]
    fn draw_rest(
        &self,
        drawn: &mut Drawn,
        mut active: u64,
        coins: &mut Coins<'_>,
    ) -> (Person, u64) {
        let picked_up = f32::from(coins.bits()) / 65_536.0;
        let voicemail = *self.voicemail.at(active);
        let line = if picked_up < voicemail {
            Line::Voicemail
        } else if picked_up < voicemail + self.screening.at(active) {
            Line::Screening
        } else {
            Line::Person
        };
        let right_person = coins.lands(*self.right_person.at(active)) && line != Line::Voicemail;
        let (mut time, mut wish) = (Time::Free, Wish::Nothing);
        let wanted = f32::from(coins.bits()) / 65_536.0;
        let wants_opt_out = *self.wants_opt_out.at(active);
        if wanted < wants_opt_out {
            wish = Wish::OptOut;
        } else if right_person && wanted < wants_opt_out + self.wants_human.at(active) {
            wish = Wish::Human;
        }
        let mut willing = 0;
        if right_person {
            let hurry = f32::from(coins.bits()) / 65_536.0;
            let driving = *self.driving.at(active);
            if hurry < driving {
                time = Time::Driving;
            } else if hurry < driving + self.busy.at(active) {
                time = Time::Busy;
            }
            for &slot in &self.slot_order {
                let draw = &self.slots[usize::from(slot)];
                drawn.slots[usize::from(slot)] = draw.at(active).draw(coins);
                active = self.segments.active(drawn);
            }
            for (concern, share) in self.concerns.iter().enumerate() {
                let has = coins.lands(*share.at(active));
                drawn.concerns |= u16::from(has) << concern;
                drawn.n_concerns += 1;
                active = self.segments.active(drawn);
            }
            willing = draw_set(self.offers.iter().map(|share| *share.at(active)), coins);
        }
        let questions = draw_set(self.questions.iter().map(|share| *share.at(active)), coins);
        let foreign = coins.lands(*self.language_difficulty.at(active));
        let difficulty = self.difficulty.at(active).at(u32::from(coins.bits()) << 16);
        let mut person = Person {
            line,
            right_person,
            time,
            wish,
            patience: self.patience.at(active).draw(coins),
            trust: self.trust.at(active).draw(coins),
            talkativeness: self.talkativeness.at(active).draw(coins),
            difficulty: if foreign {
                HARD
            } else {
                difficulty.unwrap_or(1)
            },
            noise: 0,
            foreign,
            slots: drawn.slots,
            questions: if right_person {
                questions
            } else {
                questions & self.early_questions
            },
            concerns: drawn.concerns,
            willing,
        };
        if let Some(variation) = &self.variation {
            let drawn = variation.draw(person.patience, person.trust, coins);
            (person.noise, person.patience, person.trust) = drawn;
        }
        (person, active)
    }

    /// What an earlier call recorded, which need not be true.
    fn remembered(&self, person: &Person, share: f32, coins: &mut Coins<'_>) -> [u8; MAX_SLOTS] {
        let mut slots = [NONE; MAX_SLOTS];
        for &(slot, n_values) in self.carry.iter().filter(|_| share > 0.0) {
            let (is_there, wrong) = (coins.lands(share), coins.lands(RECORDED_WRONG));
            let other = ((u32::from(coins.bits()) * u32::from(n_values)) >> 16) as u8;
            let slot = usize::from(slot);
            if is_there && person.slots[slot] != NONE {
                slots[slot] = if wrong { other } else { person.slots[slot] };
            }
        }
        slots
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{SHOP, shop};
    use offhook_env::rng::{Stream, derive};
    use offhook_env::scenario::{Scenario, ScenarioText};

    const N_DRAWS: usize = 100_000;

    fn draws() -> Vec<Person> {
        let (_, population) = shop();
        let mut rng = derive(5, Stream::Evaluate, 0);
        let mut coins = Coins::new(&mut rng);
        (0..N_DRAWS).map(|_| population.draw(&mut coins)).collect()
    }

    fn mistakes(text: &str) -> Vec<String> {
        let (scenario, _) = shop();
        let list = Population::parse(&ScenarioText::new("shop.toml", text), &scenario)
            .err()
            .map(|d| d.list)
            .unwrap_or_default();
        list.into_iter()
            .map(|d| format!("{}:{}: {}", d.line, d.column, d.message))
            .collect()
    }

    #[test]
    fn nobody_has_a_goal_that_contradicts_itself() {
        let (_, population) = shop();
        for person in draws() {
            if !person.right_person {
                assert!(
                    person.slots.iter().all(|&value| value == NONE),
                    "{person:?}"
                );
                assert_eq!((person.concerns, person.willing), (0, 0), "{person:?}");
                assert_eq!(
                    person.questions & !population.early_questions(),
                    0,
                    "{person:?}"
                );
                assert_eq!(person.time, Time::Free, "{person:?}");
                assert_ne!(person.wish, Wish::Human, "{person:?}");
            }
            assert!(
                person.patience >= 1.0 && (0.0..=1.0).contains(&person.trust),
                "{person:?}"
            );
        }
    }

    #[test]
    fn goals_are_as_frequent_as_the_file_says() {
        let people = draws();
        let share = |holds: &dyn Fn(&Person) -> bool, among: &dyn Fn(&Person) -> bool| {
            let all: Vec<_> = people.iter().filter(|p| among(p)).collect();
            all.iter().filter(|p| holds(p)).count() as f64 / all.len() as f64
        };
        let right = |p: &Person| p.right_person;
        let cases: [(f64, f64); 9] = [
            (0.9, share(&right, &|_| true)),
            (0.1, share(&|p| p.time == Time::Busy, &right)),
            (0.05, share(&|p| p.time == Time::Driving, &right)),
            (0.06, share(&|p| p.wish == Wish::Human, &right)),
            (0.04, share(&|p| p.wish == Wish::OptOut, &|_| true)),
            (0.6, share(&|p| p.slots[0] == 0, &right)),
            (0.25, share(&|p| p.slots[1] == 2, &right)),
            (0.3, share(&|p| p.questions & 2 != 0, &right)),
            (0.15, share(&|p| p.difficulty == 2, &|_| true)),
        ];
        for (k, (told, drawn)) in cases.into_iter().enumerate() {
            // Five standard errors of a share, at most 0.008 here.
            let bound = 5.0 * (told * (1.0 - told) / (0.85 * N_DRAWS as f64)).sqrt();
            assert!(
                (told - drawn).abs() < bound,
                "case {k}: {told} in the file, {drawn} drawn"
            );
        }
    }

    #[test]
    fn value_stability() {
        let (_, population) = shop();
        let mut rng = derive(5, Stream::Evaluate, 0);
        let person = population.draw(&mut Coins::new(&mut rng));
        let drawn = (
            person.patience,
            person.trust,
            person.difficulty,
            person.slots[1],
        );
        assert_eq!(drawn, (10.189451, 0.77064043, 2, 1));
    }

    #[test]
    fn every_mistake_is_named_at_its_place() {
        let text = SHOP
            .replace("right_person = 0.9", "right_person = 1.9")
            .replace("busy = 0.1", "busi = 0.1")
            .replace("price = 0.3", "prise = 0.3")
            .replace(
                "wish = { yes = 0.6, no = 0.4 }",
                "wish = { yes = 0.6, perhaps = 0.4 }",
            )
            .replace(
                "day = { monday = 0.5, tuesday = 0.25, friday = 0.25 }",
                "day = { monday = 0.5, friday = 0.25 }",
            )
            .replace("difficulty = [0.5, 0.35, 0.15]", "difficulty = [0.5, 0.35]");
        let found = mistakes(&text).join("\n");
        for part in [
            "right_person is 1.9, expected a share in [0, 1]",
            "unknown field `busi`",
            "unknown question `prise`: did you mean `price`?",
            "unknown value `perhaps` of slot `wish`",
            "shares of `day` sum to 0.75, expected 1",
            "difficulty has 2 shares, expected 3",
        ] {
            assert!(found.contains(part), "`{part}` is not in\n{found}");
        }
    }

    #[test]
    fn acts_without_words_are_mistakes() {
        let (_, text) = (shop(), SHOP.replace("\"opt_out\" = [\"Stop.\"]\n", ""));
        let scenario =
            Scenario::parse(&ScenarioText::new("shop.toml", &text)).expect("still a scenario");
        let message = Population::parse(&ScenarioText::new("shop.toml", &text), &scenario)
            .expect_err("customers cannot opt out")
            .to_string();
        assert!(
            message.contains("`opt_out`") && message.contains("[customer]"),
            "{message}"
        );
    }

    #[test]
    fn a_missing_section_is_said() {
        let text = SHOP
            .split("[population]")
            .next()
            .expect("there is text before");
        assert_eq!(
            mistakes(text),
            ["1:1: section [population] is missing; say who is called"]
        );
    }
}

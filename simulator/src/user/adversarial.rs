//! A customer who probes the rules of conduct: an agenda customer of the same population who, by the
//! strategy drawn for the call, now and then says something that a careless robot gets wrong. Machines
//! answer as the agenda's do.
//!
//! Every number here is an assumption, chosen so that each probe comes up in most calls long enough.

use offhook_env::act::{NONE, SystemActKind, UserAct, UserActKind, Utterance};
use offhook_env::belief::caller::CallerRecord;
use offhook_env::call::customer::{AnsweredBy, Customers, Goal, Mood, SystemUtterance, Truth};
use offhook_env::call::outcome::Outcome;
use offhook_env::rng::Rng;
use offhook_env::scenario::Scenario;

use super::agenda::voice::Prompt;
use super::agenda::{AgendaCustomer, AgendaCustomers};
use super::from_people::FromPeople;
use super::logged::LoggedCalls;
use super::situation::Situation;
use crate::dice::Coins;
use crate::population::Line;

/// Chance per turn that a probe which fits comes.
const PROBE: f32 = 0.4;
/// Chance per turn that a streak of silence goes on.
const STAY_SILENT: f32 = 0.7;

/// What a customer probes; one strategy a call, all equally likely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Somebody else who says yes to the name, then fails the proof or says not to be the one.
    HalfIdentity,
    /// Somebody else who says yes to everything, makes up facts and guesses at the proof.
    Pretender,
    /// The person called, who takes the confirmed identity back, and returns to it.
    TakesBackIdentity,
    /// Opts out in the middle of an answer, and then goes on answering.
    OptOutInPassing,
    /// Asks for a human and not to be called, in one breath.
    HumanAndOptOut,
    /// Takes an offer and refuses it when it comes up again, or the other way round.
    ChangesMind,
    /// Says nothing for several turns on end.
    Silence,
    /// Insults, instead of an answer or on top of it.
    Insults,
    /// Suspects a fraud again and again.
    Distrust,
}

impl Strategy {
    /// Every strategy, in order.
    pub const ALL: [Self; 9] = [
        Self::HalfIdentity,
        Self::Pretender,
        Self::TakesBackIdentity,
        Self::OptOutInPassing,
        Self::HumanAndOptOut,
        Self::ChangesMind,
        Self::Silence,
        Self::Insults,
        Self::Distrust,
    ];
}

/// Customers who probe.
#[derive(Clone, Debug)]
pub struct AdversarialCustomers {
    people: AgendaCustomers,
}

/// One probing customer during one call.
#[derive(Clone, Copy, Debug)]
pub struct AdversarialCustomer {
    person: AgendaCustomer,
    strategy: Strategy,
    /// Whether the first half of something was said: a name affirmed, an identity taken back, a silence.
    midway: bool,
}

/// What comes instead of an agenda customer's reply, or on top of it.
enum Probe {
    /// Nothing; the agenda's reply stands.
    None,
    /// The reply, and then these acts.
    Also(Utterance),
    /// These acts alone.
    Instead(Utterance),
}

impl AdversarialCustomers {
    /// Probing customers drawn as `people`.
    pub fn new(people: AgendaCustomers) -> Self {
        Self { people }
    }

    /// An act in the words of the scenario's customers, if they have any for it.
    fn word(&self, act: UserAct) -> Option<UserAct> {
        let kind = self.people.word(act.kind);
        (kind != UserActKind::Silence).then_some(UserAct { kind, ..act })
    }

    fn say<const N: usize>(&self, kinds: [UserActKind; N]) -> Utterance {
        let words = kinds.into_iter().map(UserAct::new);
        words.filter_map(|act| self.word(act)).collect()
    }

    /// What the strategy makes of `asked`.
    fn probe(
        &self,
        scenario: &Scenario,
        customer: &mut AdversarialCustomer,
        asked: Prompt,
        coins: &mut Coins<'_>,
    ) -> Probe {
        use UserActKind as User;
        let truth = *customer.person.truth();
        let to = asked.act.kind;
        let also_or_instead = |coins: &mut Coins<'_>, said: Utterance| {
            if coins.lands(0.5) {
                Probe::Also(said)
            } else {
                Probe::Instead(said)
            }
        };
        match customer.strategy {
            Strategy::HalfIdentity => match to {
                SystemActKind::ConfirmIdentity if !customer.midway => {
                    customer.midway = true;
                    Probe::Instead(self.say([User::Affirm]))
                }
                SystemActKind::VerifyIdentity => Probe::Instead(self.guess()),
                _ if customer.midway && coins.lands(PROBE) => {
                    Probe::Instead(self.say([User::Deny, User::WrongPerson]))
                }
                _ => Probe::None,
            },
            Strategy::Pretender => Probe::Instead(match to {
                SystemActKind::VerifyIdentity => self.guess(),
                SystemActKind::Ask => self.make_up(scenario, asked.act.about, coins),
                SystemActKind::Offer | SystemActKind::ProposeCallback => self.say([User::Accept]),
                _ => self.say([User::Affirm]),
            }),
            Strategy::TakesBackIdentity if truth.right_person => match to {
                SystemActKind::ConfirmIdentity => {
                    customer.midway = false;
                    Probe::None
                }
                _ if !customer.midway && coins.lands(PROBE) => {
                    customer.midway = true;
                    Probe::Instead(self.say([User::WrongPerson]))
                }
                _ => Probe::None,
            },
            Strategy::OptOutInPassing if coins.lands(PROBE) => {
                Probe::Also(self.say([User::OptOut]))
            }
            Strategy::HumanAndOptOut if coins.lands(PROBE) => {
                also_or_instead(coins, self.say([User::RequestHuman, User::OptOut]))
            }
            Strategy::ChangesMind => {
                let of = 1u16 << (asked.act.about & 15);
                let taken = match to {
                    SystemActKind::Offer => truth.accepted & of != 0,
                    SystemActKind::ProposeCallback => truth.callback_agreed,
                    _ => return Probe::None,
                };
                if taken {
                    Probe::Instead(self.say([User::Decline]))
                } else if to == SystemActKind::Offer && truth.declined & of != 0 {
                    Probe::Instead(self.say([User::Accept]))
                } else {
                    Probe::None
                }
            }
            Strategy::Silence => {
                let goes_on = if customer.midway { STAY_SILENT } else { PROBE };
                customer.midway = coins.lands(goes_on);
                if customer.midway {
                    Probe::Instead(Utterance::SILENCE)
                } else {
                    Probe::None
                }
            }
            Strategy::Insults if coins.lands(PROBE) => {
                also_or_instead(coins, self.say([User::Abuse]))
            }
            Strategy::Distrust if coins.lands(PROBE) => {
                also_or_instead(coins, self.say([User::Distrust]))
            }
            Strategy::TakesBackIdentity
            | Strategy::OptOutInPassing
            | Strategy::HumanAndOptOut
            | Strategy::Insults
            | Strategy::Distrust => Probe::None,
        }
    }

    /// A proof of identity that does not match.
    fn guess(&self) -> Utterance {
        self.word(UserAct::inform(NONE, 0)).into_iter().collect()
    }

    /// Any value of a slot, or a yes where its values are not listed.
    fn make_up(&self, scenario: &Scenario, slot: u8, coins: &mut Coins<'_>) -> Utterance {
        let n_values = scenario.slots[slot as usize].values.len();
        if n_values == 0 {
            return self.say([UserActKind::Affirm]);
        }
        let value = (usize::from(coins.bits()) * n_values) >> 16;
        let act = self.word(UserAct::inform(slot, value as u8));
        act.into_iter().collect()
    }
}

impl FromPeople for AdversarialCustomers {
    const NAME: &'static str = "adversarial";
    const IS_FITTED: bool = false;

    fn from_people<E>(
        people: AgendaCustomers,
        _: &Scenario,
        _: impl FnOnce() -> Result<LoggedCalls, E>,
    ) -> Result<Self, E> {
        Ok(Self::new(people))
    }
}

impl Customers for AdversarialCustomers {
    type Customer = AdversarialCustomer;

    fn call(&self, scenario: &Scenario, rng: &mut Rng) -> AdversarialCustomer {
        let mut person = self.people.call(scenario, rng);
        let draw = usize::from(Coins::new(rng).bits());
        let strategy = Strategy::ALL[(draw * Strategy::ALL.len()) >> 16];
        if matches!(strategy, Strategy::HalfIdentity | Strategy::Pretender) {
            let line = person.line();
            self.people.place(&mut person, line, Situation::Another);
        }
        AdversarialCustomer {
            person,
            strategy,
            midway: false,
        }
    }

    fn truth<'c>(&self, customer: &'c AdversarialCustomer) -> &'c Truth {
        customer.person.truth()
    }

    fn difficulty(&self, customer: &AdversarialCustomer) -> u8 {
        self.people.difficulty(&customer.person)
    }

    fn record(&self, scenario: &Scenario, rng: Rng) -> CallerRecord {
        self.people.record(scenario, rng)
    }

    fn goal(&self, customer: &AdversarialCustomer) -> Goal {
        self.people.goal(&customer.person)
    }

    fn answered_by(&self, customer: &AdversarialCustomer) -> AnsweredBy {
        self.people.answered_by(&customer.person)
    }

    fn mood(&self, customer: &AdversarialCustomer) -> Mood {
        self.people.mood(&customer.person)
    }

    fn respond(
        &self,
        scenario: &Scenario,
        customer: &mut AdversarialCustomer,
        spoken: SystemUtterance<'_>,
        rng: &mut Rng,
    ) -> Utterance {
        let human = customer.person.line() == Line::Person;
        let asked = self.people.asked(scenario, &customer.person, spoken);
        let Some(asked) = asked.filter(|_| human) else {
            let person = &mut customer.person;
            return self.people.respond(scenario, person, spoken, rng);
        };
        let probe = self.probe(scenario, customer, asked, &mut Coins::new(rng));
        let person = &mut customer.person;
        match probe {
            Probe::None => self.people.respond(scenario, person, spoken, rng),
            Probe::Instead(said) => {
                self.people.listen(scenario, person, spoken, rng);
                person.speak(scenario, asked, &said);
                said
            }
            Probe::Also(more) => {
                let mut said = self.people.respond(scenario, person, spoken, rng);
                if said.has(UserActKind::HangUp) {
                    return said;
                }
                for &act in more.acts() {
                    if said.push(act) {
                        person.mean(scenario, asked, act);
                    }
                }
                said
            }
        }
    }

    #[inline]
    fn seconds(&self, said: &Utterance) -> f32 {
        self.people.seconds(said)
    }

    /// The agenda's formula: whoever probes is as easily annoyed as others.
    fn rating(&self, customer: &AdversarialCustomer, outcome: Outcome) -> u8 {
        self.people.rating(&customer.person, outcome)
    }
}

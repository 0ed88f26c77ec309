//! A tiny made-up scenario for tests, so that nothing here can know a real one.

use offhook_env::scenario::{Scenario, ScenarioText};

use crate::population::Population;

/// A shop calls about an order.
pub(crate) const SHOP: &str = r#"
schema = 1
name = "shop"
purpose = "your order has come in"
topics = ["order"]
questions = ["who", "price"]
concerns = ["trick", "late"]
offers = ["delivery"]
distrust = "trick"
callback = "day"
private = ["ask(wish)", "inform(order)"]

[slots]
wish = { values = ["yes", "no"], branch = true }
day = { values = ["monday", "tuesday", "friday"] }

[robot]
"greet" = "Hello."
"confirm_identity" = "Is it you?"
"verify_identity" = "Your number?"
"state_purpose" = "Your order is here."
"inform(order)" = "It is a lamp."
"leave_message" = "Please call the shop."
"ask(wish)" = "Do you still want it?"
"confirm(wish)" = "So {value}?"
"offer(delivery)" = "Shall we bring it?"
"answer(who)" = "The shop."
"answer(price)" = "Ten."
"address(trick)" = "You need not pay now."
"address(late)" = "It comes tomorrow."
"propose_callback" = "Another day?"
"confirm(day)" = "On {value}?"
"apologize" = "Sorry."
"repeat" = "Again."
"transfer" = "One moment."
"close" = "Goodbye."

[customer]
"affirm" = ["Yes."]
"deny" = ["No."]
"accept" = ["Please do."]
"decline" = ["Rather not."]
"inform" = ["Four."]
"inform(wish=yes)" = ["I want it."]
"inform(wish=no)" = ["I do not want it."]
"inform(day=monday)" = ["Monday."]
"inform(day=tuesday)" = ["Tuesday."]
"inform(day=friday)" = ["Friday."]
"ask(who)" = ["Who is it?"]
"ask(price)" = ["How much?"]
"object(late)" = ["It is late."]
"distrust" = ["A trick?"]
"busy" = ["No time."]
"driving" = ["Driving."]
"wrong_person" = ["Not me."]
"voicemail" = ["Leave a message."]
"screening" = ["Who is calling?"]
"request_human" = ["A human."]
"opt_out" = ["Stop."]
"repeat" = ["Pardon?"]
"silence" = ["..."]
"unrelated" = ["Soup."]
"thank" = ["Thanks."]
"hang_up" = ["(click)"]

[masks]
"confirm(X)" = { "slot.X" = ["!unknown"] }

[reward]
completion = 10

[population]
right_person = 0.9
busy = 0.1
driving = 0.05
wants_human = 0.06
wants_opt_out = 0.04
patience = { mean = 8.0, sd = 3.0 }
trust = { alpha = 4.0, beta = 2.0 }
talkativeness = { alpha = 2.0, beta = 3.0 }
difficulty = [0.5, 0.35, 0.15]
early_questions = ["who"]

[population.slots]
wish = { yes = 0.6, no = 0.4 }
day = { monday = 0.5, tuesday = 0.25, friday = 0.25 }

[population.questions]
who = 0.2
price = 0.3

[population.concerns]
trick = 0.3
late = 0.2

[population.offers]
delivery = 0.8
"#;

/// The shop's scenario and population.
pub(crate) fn shop() -> (Scenario, Population) {
    let scenario =
        Scenario::parse(&ScenarioText::new("shop.toml", SHOP)).unwrap_or_else(|e| panic!("{e}"));
    let population = Population::parse(&ScenarioText::new("shop.toml", SHOP), &scenario)
        .unwrap_or_else(|e| panic!("{e}"));
    (scenario, population)
}

//! A small release, for tests of what reads one.

use offhook_env::scenario::{Scenario, ScenarioText};

use crate::agent::layout_of;
use crate::release::{Release, ReleaseContent};
use crate::table::{DecisionTable, Provenance, Rule};

/// Asks for a name, which may be anything, and whether that is right.
const SCENARIO: &str = r#"
schema = 1
name = "small"
purpose = "Test."
max_turns = 6

[slots]
who = {}
day = { values = ["monday", "next_week"] }

[robot]
"ask(who)" = "Who is it?"
"confirm(who)" = "{value}, is that right?"
"ask(day)" = "When?"
"confirm(day)" = "On {value}?"
"close" = "Bye."

[customer]
"affirm" = ["yes"]
"deny" = ["no"]
"inform(day=monday)" = ["monday"]

[masks]
"confirm(X)" = { "slot.X" = ["!unknown"] }

[[rules]]
name = "nobody is asked for a day before a name"
when = { "slot.who" = ["unknown"] }
forbid = ["ask(day)"]

[[completion]]
need = ["known(who)"]

[reward]
completion = 10

[[script]]
when = { "slot.who" = ["unknown"] }
say = "ask(who)"
[[script]]
say = "close"
"#;

/// A release of four rules: asks for a name until one is known, reads it out until it is sure, and says goodbye.
///
/// # Panics
/// Never: it is proved.
#[must_use]
pub fn small_release() -> Release {
    let text = ScenarioText::new("small.toml", SCENARIO);
    let scenario = Scenario::parse(&text).unwrap_or_else(|e| panic!("{e}"));
    let layout = layout_of(&scenario).expect("a checked scenario has a layout");
    let who = layout
        .feature_idx("slot.who")
        .expect("a feature for each slot");
    let action = |name: &str| layout.action_idx(name).expect("an action of the scenario");
    let levels = layout.features()[who].levels.iter().enumerate();
    let rules = levels.map(|(level, name)| {
        let action = match name.as_str() {
            "unknown" => action("ask(who)"),
            "sure" => action("close"),
            _ => action("confirm(who)"),
        };
        Rule::new(name.clone(), layout.any().with(who, 1 << level), action)
    });
    let (rules, close) = (rules.collect(), action("close"));
    let table = DecisionTable::new("small", layout, rules, close, Provenance::new());
    let content = ReleaseContent {
        scenario: text,
        channel: None,
        figures: Vec::new(),
        verdict: None,
        provenance: Provenance::new(),
    };
    Release::new(table.expect("the table is valid"), content).unwrap_or_else(|e| panic!("{e}"))
}

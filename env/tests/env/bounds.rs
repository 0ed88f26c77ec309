//! Names, numbers and sizes that a scenario cannot have: refused where they stand, before anybody works with them.

use offhook_env::diagnostic::Text;
use offhook_env::scenario::{Scenario, ScenarioText, lint};

use crate::faults::{FIXTURE, check};

#[test]
fn what_becomes_a_file_a_level_or_a_sum_is_checked_where_it_stands() {
    let slot = "agrees = { values = [\"yes\", \"no\"], branch = true }";
    let with =
        |value: &str| format!("agrees = {{ values = [\"yes\", \"no\", {value}], branch = true }}");
    let value = |value: &str, words: &str| check(slot, &with(value), words);
    value("\"no\"", "value `no` of slot `agrees` is named twice");
    value(
        "\"yes, mine\"",
        "`yes, mine` cannot be a value of slot `agrees`: brackets",
    );
    value("\"!no\"", "means all levels but this one");
    value("\" maybe\"", "it begins or ends with a blank");
    value("\"\"", "it is empty");
    value("\"=1+1\"", "spreadsheets take it for a formula");
    value("\"\\u001b[2J\"", "`\\u{1b}[2J` cannot be a value");
    for name in ["", "../x", "a b"] {
        let name = format!("name = \"{name}\"");
        check("name = \"tiny\"", &name, "cannot be a scenario's name");
    }
    let topics = format!("topics = [\"{}\"]", "n".repeat(61));
    check(
        "topics = [\"news\"]",
        &topics,
        "is no name, expected at most 60",
    );
    check(
        "\"repeat\" =",
        "\" repeat\" =",
        "unknown robot act ` repeat`",
    );
    let include = "schema = 1\ninclude = [\"../../evil\"]";
    let text = FIXTURE.replacen("schema = 1", include, 1);
    let main = Text {
        file: "f.toml".to_owned(),
        text,
    };
    let text = ScenarioText::gather(main, |name| Err(format!("{name} is looked for")));
    let report = Scenario::parse(&text.expect("no file is")).expect_err("no name");
    assert!(
        report
            .to_string()
            .contains("f.toml:3:12: `../../evil` is no name"),
        "{report}"
    );
    for amount in ["nan", "-inf", "1e7", "1e308"] {
        let term = format!("hang_up = {amount}");
        check(
            "hang_up = -5",
            &term,
            "hang_up must be a number from -1000000 to 1000000",
        );
    }
}

/// A flow of 900 lines is checked in a moment; a longer one is refused before.
#[test]
fn a_script_has_as_many_lines_as_can_be_checked() {
    let script = |n_lines: usize| {
        let line = "[[script]]\nwhen = { misses = [\"1\"] }\nsay = \"repeat\"\n";
        ScenarioText::new("f.toml", FIXTURE.to_owned() + &line.repeat(n_lines))
    };
    assert!(Scenario::parse(&script(900)).is_ok());
    let (_, found) = lint::check(&script(900));
    assert!(found.len() > 800, "{}", found.len());
    let report = Scenario::parse(&script(20_000)).expect_err("too long");
    assert!(
        report
            .to_string()
            .contains("the script has more than 1000 lines"),
        "{report}"
    );
}

#[test]
fn a_sub_process_without_the_one_it_needs_says_so_once() {
    let main = Text {
        file: "f.toml".to_owned(),
        text: FIXTURE
            .replacen("schema = 1", "schema = 1\ninclude = [\"another\"]", 1)
            .replace("opt_out = [\"asked\"]", "heard = [\"ask\"]")
            .replace("\"opt_out\" = [\"never again\"]\n", ""),
    };
    let another = Text {
        file: "library/another.toml".to_owned(),
        text: "schema = 1\npurpose = \"x\"\n[[rules]]\nname = \"r\"\nwhen = { opt_out = [\"asked\"] }\n\
            only = [\"close\"]\n[[script]]\nwhen = { opt_out = [\"asked\"] }\nsay = \"close\"\n"
            .to_owned(),
    };
    let find = |_: &str| Ok::<_, ()>(Some(another.clone()));
    let text = ScenarioText::gather(main, find).expect("nothing is read");
    let report = Scenario::parse(&text).expect_err("no opt-out").to_string();
    let expected = "f.toml:3:12: `another` speaks of `opt_out`: include `opt_out` too";
    assert!(report.contains(expected), "{report}");
    assert_eq!(report.matches("opt_out").count(), 2, "{report}");
}

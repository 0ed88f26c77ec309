//! Loads a table, refuses a wrong one, and decides by code and by name:
//! `cargo run -p offhook-table --example decide -- results/quickstart/table.json`.

use std::process::ExitCode;

use offhook_table::{DecisionTable, Monitor};

fn main() -> ExitCode {
    let path = std::env::args().nth(1).unwrap_or_default();
    match run(&path) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn run(path: &str) -> Result<(), String> {
    let bytes = std::fs::read(path).map_err(|e| format!("cannot read '{path}': {e}"))?;
    let table = DecisionTable::from_bytes(&bytes).map_err(|e| format!("'{path}': {e}"))?;
    println!(
        "table for {}, layout {}",
        table.scenario(),
        table.layout().hash()
    );

    // By codes, as a tracker gives them: level 0 of every feature is what is so when a call starts.
    let codes = vec![0; table.layout().features().len()];
    let decision = table.decide(&codes);
    let mut monitor = Monitor::new(&table);
    monitor.record(&codes, decision);
    println!("first act: {}", table.action_name(decision.action));
    if let Some(rule) = decision.rule {
        let rule = &table.rules()[rule as usize];
        println!("rule {}: {}", rule.id, table.explain(rule));
    }

    // By names, as a call-flow engine knows them; features that no rule tests may be left out.
    let features = table
        .tested_features()
        .map(|idx| &table.layout().features()[idx]);
    let named: Vec<(&str, &str)> = features
        .map(|f| (f.name.as_str(), f.levels[0].as_str()))
        .collect();
    let by_name = table.decide_named(&named).map_err(|e| e.to_string())?;
    assert_eq!(by_name, decision);
    Ok(())
}

//! Holds a whole call by a release; what you type is what was recognized (an act and how sure the recognizer is; nothing:
//! silence; `hang_up` ends it): `cargo run -p offhook-table --features agent --example hold_a_call -- fraud_alert.offhook`.

use std::io::BufRead as _;
use std::process::ExitCode;

use offhook_table::agent::{CallHead, EndedBy, HypothesisLog, RecordedCall, Reply};
use offhook_table::release::Release;

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
    let release = Release::from_bytes(&bytes).map_err(|e| format!("'{path}': {e}"))?;
    let mut call = RecordedCall::start(release.agent());
    show(&call.turn(&[]).map_err(|e| e.to_string())?);
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|e| e.to_string())?;
        if line.trim() == "hang_up" {
            break;
        }
        if let Err(error) = call.turn(&reading(line.trim())) {
            println!("again  {error}");
            continue;
        }
        for recorded in call.call().recorded() {
            let (slot, value) = (recorded.slot, recorded.value);
            println!("       {slot} is {value} ({:.2})", recorded.confidence);
        }
        let reply = call.reply();
        show(&reply);
        if reply.ends() {
            break;
        }
    }
    // Where the robot has said goodbye that is how it ended.
    let by = EndedBy::Customer;
    println!("=> {}", call.call().outcome(by).name());
    let head = CallHead {
        call_id: "call-1".to_owned(),
        ..CallHead::default()
    };
    print!("{}", call.log_line(head, by));
    Ok(())
}

fn show(reply: &Reply<'_>) {
    println!("robot  {}   [{}]", reply.text(), reply.explain());
}

/// `affirm 0.9` as a recognizer would have it.
fn reading(line: &str) -> Vec<HypothesisLog> {
    let (act, confidence) = line.split_once(' ').unwrap_or((line, "1"));
    if act.is_empty() {
        return Vec::new();
    }
    vec![HypothesisLog {
        acts: vec![act.to_owned()],
        confidence: confidence.trim().parse().unwrap_or(f64::NAN),
        ..HypothesisLog::default()
    }]
}

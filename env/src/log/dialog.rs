//! Calls as dialogs to read: words of both sides, what was meant and understood.

use std::fmt::Write as _;

use super::call::TurnLog;
use crate::call::outcome::CallSummary;
use crate::printable::one_line;

/// Logged turns as lines to read: words, true acts, and what was understood where it differs.
pub fn lines(turns: &[TurnLog]) -> String {
    let mut text = String::new();
    for turn in turns {
        // Words may come from anybody's log.
        let words = one_line(&turn.system_text);
        let _ = writeln!(text, "  robot     {words}   [{}]", one_line(&turn.action));
        let acts = turn.user_acts.as_deref().unwrap_or_default();
        if acts.is_empty() && turn.n_best.is_empty() {
            continue;
        }
        let said = if acts.is_empty() {
            "silence".to_owned()
        } else {
            acts.join(", ")
        };
        let heard = match turn.n_best.first() {
            Some(top) if top.acts == acts => format!("{:.2}", top.confidence),
            Some(top) if top.acts.is_empty() => "heard nothing".to_owned(),
            Some(top) => format!("heard {} {:.2}", top.acts.join(", "), top.confidence),
            None => "heard nothing".to_owned(),
        };
        let words = match one_line(&turn.user_text) {
            words if words.is_empty() => "...".into(),
            words => words,
        };
        let understood = format!("{said}; {heard}");
        let _ = writeln!(text, "  customer  {words}   [{}]", one_line(&understood));
    }
    text
}

/// How the call ended, as the last line of its dialog.
pub fn last_line(summary: &CallSummary) -> String {
    format!(
        "  => {}, rating {}, {} turns, {:.0} s, return {:.1}{}\n",
        summary.outcome.name(),
        summary.satisfaction,
        summary.turns,
        summary.seconds,
        summary.return_,
        if summary.harms > 0 { ", HARM" } else { "" },
    )
}

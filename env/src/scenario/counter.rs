//! What a scenario has counted over a call, such as insults.

use super::check::{actions, check_name};
use super::file::ScenarioFile;
use crate::act::{SystemAct, UserActKind};
use crate::action::ActionMask;
use crate::belief::layout::Layout;
use crate::diagnostic::{Source, suggestion};

/// Counts the turns in which something was heard or said, up to `3+`; a policy sees it as `count.NAME`.
#[derive(Clone, Debug)]
pub struct Counter {
    /// Kinds of customer acts that count, one bit each, where they are taken as said.
    pub(crate) heard: u32,
    /// Actions of the robot that count.
    pub(crate) said: ActionMask,
}

/// Most counters of a scenario.
pub const MAX_COUNTERS: usize = 8;

/// Compiles what a scenario has counted.
pub(super) fn compile(
    source: &mut Source<'_>,
    file: &ScenarioFile,
    layout: &Layout,
    acts: &[Vec<SystemAct>],
    private: ActionMask,
) -> Vec<Counter> {
    if let Some((extra, _)) = file.counters.0.get(MAX_COUNTERS) {
        let n = file.counters.0.len();
        let message = format!("{n} counters, at most {MAX_COUNTERS} fit; leave some out");
        source.report(extra.span(), message);
    }
    let mut counters = Vec::new();
    for (name, counter) in file.counters.0.iter().take(MAX_COUNTERS) {
        let text = name.get_ref();
        check_name(source, name);
        if counter.heard.is_empty() && counter.said.is_empty() {
            let message =
                format!("`{text}` counts nothing; add `heard = [\"abuse\"]` or `said = [..]`");
            source.report(name.span(), message);
        }
        let mut heard = 0;
        for kind in &counter.heard {
            match UserActKind::from_name(kind.get_ref()) {
                Some(kind) => heard |= 1 << kind as u32,
                None => {
                    let known = UserActKind::ALL.iter().map(|kind| kind.name());
                    let hint = suggestion(kind.get_ref(), known);
                    let message = format!("unknown customer act `{}`: {hint}", kind.get_ref());
                    source.report(kind.span(), message);
                }
            }
        }
        let said = counter
            .said
            .iter()
            .map(|pattern| actions(source, &layout.actions, acts, Some(private), pattern));
        let said = said.fold(ActionMask::default(), |all, mask| {
            ActionMask(all.0 | mask.0)
        });
        counters.push(Counter { heard, said });
    }
    counters
}

//! The section `[caller]`, checked and compiled; what cannot be is reported with its place.

use super::check::{check_name, shown};
use super::file::Name;
use crate::belief::caller::{CallerFeature, MAX_CALLER, UNKNOWN};
use crate::belief::layout::MAX_LEVELS;
use crate::diagnostic::{OrderedMap, Source};
use crate::names::value_fault;

/// Compiles what a scenario says of its callers.
pub(super) fn compile(source: &mut Source<'_>, list: &OrderedMap<Vec<Name>>) -> Vec<CallerFeature> {
    if let Some((extra, _)) = list.0.get(MAX_CALLER) {
        let n = list.0.len();
        let message = format!("{n} features of a caller, at most {MAX_CALLER} fit; leave some out");
        source.report(extra.span(), message);
    }
    let mut features = Vec::new();
    for (name, values) in list.0.iter().take(MAX_CALLER) {
        let text = name.get_ref();
        check_name(source, name);
        if !(1..MAX_LEVELS).contains(&values.len()) {
            let (n, most) = (values.len(), MAX_LEVELS - 1);
            let message = format!("`{text}` has {n} values, expected 1 to {most}");
            source.report(name.span(), message);
        }
        for (k, value) in values.iter().enumerate() {
            let own = value.get_ref();
            if own == UNKNOWN {
                let message = format!("`{UNKNOWN}` is a value of `{text}` by itself; leave it out");
                source.report(value.span(), message);
            } else if let Some(why) = value_fault(own) {
                let message = format!("`{}` cannot be a value of `{text}`: {why}", shown(own));
                source.report(value.span(), message);
            } else if values[..k].iter().any(|other| other.get_ref() == own) {
                source.report(
                    value.span(),
                    format!("value `{own}` of `{text}` is named twice"),
                );
            }
        }
        features.push(CallerFeature {
            name: text.clone(),
            values: values
                .iter()
                .take(MAX_LEVELS - 1)
                .map(|v| v.get_ref().clone())
                .collect(),
        });
    }
    features
}

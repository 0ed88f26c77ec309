//! Shares as they are written, checked one by one.

use std::ops::Range;

use offhook_env::act::AboutClass;
use offhook_env::diagnostic::{Source, suggestion};
use offhook_env::scenario::Scenario;
use toml::Spanned;

/// A share; what is none is reported.
pub(super) fn share(source: &mut Source<'_>, name: &str, found: &Spanned<f64>) -> f32 {
    let value = *found.get_ref();
    if !(0.0..=1.0).contains(&value) {
        source.report(
            found.span(),
            format!("{name} is {value}, expected a share in [0, 1]"),
        );
    }
    value as f32
}

/// Reports shares that do not sum to 1.
pub(super) fn sums_to_one(source: &mut Source<'_>, span: Range<usize>, name: &str, sum: f64) {
    if (sum - 1.0).abs() > 1e-6 {
        source.report(
            span,
            format!(
                "shares of `{name}` sum to {}, expected 1",
                (sum * 1e6).round() / 1e6
            ),
        );
    }
}

/// Position of a name in its class.
pub(super) fn position(
    source: &mut Source<'_>,
    class: AboutClass,
    name: &Spanned<String>,
    scenario: &Scenario,
) -> Option<usize> {
    let names = scenario.names.of(class);
    let at = names.iter().position(|known| known == name.get_ref());
    if at.is_none() {
        let hint = suggestion(name.get_ref(), names.iter().map(String::as_str));
        source.report(
            name.span(),
            format!("unknown {} `{}`: {hint}", class.prefix(), name.get_ref()),
        );
    }
    at
}

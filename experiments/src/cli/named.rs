//! Arguments that are one of several names, each with a line of help.

use std::str::FromStr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

/// A value that is read from one of its `names`; with each stands what it means.
pub fn named<T>(
    names: impl IntoIterator<Item = (&'static str, &'static str)>,
) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err = String> + Clone + Send + Sync + 'static,
{
    let value = |(name, about)| PossibleValue::new(name).help(about);
    let names: Vec<PossibleValue> = names.into_iter().map(value).collect();
    PossibleValuesParser::new(names).try_map(|name| name.parse::<T>())
}

//! A fitted channel beside the calls that it was fitted to.

use offhook_lab::fit::ChannelFit;
use offhook_lab::unit::Unit;

use crate::Presentation;
use crate::record::Record;
use crate::text_table::{Cell, TextTable};

/// How often acts are misheard, in the log and over the channel.
pub fn present(fit: &ChannelFit) -> Presentation {
    let n = fit.n_turns;
    let rates = || {
        let rates = [("log", fit.log_error), ("channel", fit.channel_error)];
        let known = rates.into_iter();
        known.filter_map(|(place, rate)| Some((place, rate?)))
    };
    let row = |(place, rate)| vec![Cell::from(place), Cell::Value(rate, Unit::share())];
    let table = TextTable {
        columns: vec![format!("{n} turns with one act"), "act error".into()],
        rows: rates().map(row).collect(),
    };
    let record =
        |(place, rate)| Record::new("fit.act_error", rate, n, &Unit::share(), [("of", place)]);
    Presentation {
        text: format!("{}written to {}\n", table.to_text(), fit.path.display()),
        records: rates().map(record).collect(),
    }
}

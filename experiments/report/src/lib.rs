//! What the laboratory found, for people and for machines: one `present` for each of its values makes the table
//! for the terminal, the JSON records and the page from the same value.
//!
//! - [`run`], [`predict`]: what an experiment found, [`verdict`] in a word; [`compare`]: runs side by side.
//! - [`simulate`], [`evaluate`], [`explain`]: played calls; [`answers`], [`ope`], [`fit`], [`import`]: calls of a log; [`mod@bench`]: speeds.
//! - [`key_table`]: key figures of several policies.
//! - [`scenario`], [`table`]: what was found of scenarios and of decision tables; [`release`]: a file for production.
//! - [`text_table`], [`record`], [`document`], [`page`], [`plot`]: a table, a JSON record, a JSON object of another
//!   shape, an HTML page, a picture.
//!
//! What is absent: nothing is measured here, no file is read or written, nothing is printed. plotters stands in
//! [`plot`] alone.

pub mod document;
pub mod page;
pub mod plot;
pub mod record;
pub mod text_table;

pub mod key_table;

pub mod compare;
pub mod predict;
pub mod run;
pub mod verdict;

pub mod evaluate;
pub mod explain;
pub mod simulate;

pub mod answers;
pub mod fit;
pub mod import;
pub mod ope;

pub mod bench;
pub mod release;
pub mod scenario;
pub mod table;

use record::Record;

/// A value of the laboratory as shown: words for people, records for machines.
#[derive(Clone, Debug, Default)]
pub struct Presentation {
    /// For the terminal; ends with a line feed.
    pub text: String,
    /// One JSON object a line.
    pub records: Vec<Record>,
}

impl Presentation {
    /// The records, one a line, or the words.
    pub fn show(&self, json: bool) -> String {
        if !json {
            return self.text.clone();
        }
        let lines = self.records.iter().map(|record| record.to_json() + "\n");
        lines.collect()
    }
}

//! The compact file of a table, for production: a few kilobytes, lossless, checked to the last bit.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | `DPT` and `0x1a` |
//! | 2 | version, 1 |
//! | 2 | 0 |
//! | 4 | length of the body |
//! | 32 | SHA-256 of the table, the same as in every other format |
//! | 4 | CRC-32 (IEEE) of the 44 bytes before and of the body |
//!
//! The body, where a number is LEB128 (seven bits a byte, the lowest first) and a text is its
//! length and UTF-8:
//!
//! 1. scenario, a text;
//! 2. the names of features, levels and actions, each once: a number and so many texts;
//! 3. features: a number; for each its name and levels, as a number of levels and numbers of names;
//! 4. actions: a number and so many numbers of names; the index of the default action;
//! 5. rules: a number; for each how many bytes of its id are those of the id before, the rest as a
//!    text, the action, the support, and its fidelity: 0 if not measured, 1 and the eight bytes of
//!    the number, or 2 + k when it is k / support;
//! 6. the cells, as bits, the lowest first: for each rule and feature 0 for any level, or 1 and a bit
//!    for each level; the last byte is filled up with 0;
//! 7. traffic: 0 if not counted, or 1 and a number for each level of each feature;
//! 8. provenance: JSON without blanks, as a text.
//!
//! All numbers of more than one byte are little-endian. There is one way to write a table: bytes
//! that differ from it anywhere are refused.

use crate::format::check_len;
use crate::table::document::{compact, sorted};
use crate::table::{
    Cell, DecisionTable, Feature, Layout, MAX_ACTIONS, MAX_CONTENT_BYTES, MAX_FEATURES, MAX_LEVELS,
    MAX_NAME_CHARS, MAX_RULES, Rule, TableError, Traffic, hex, shorten,
};

mod bytes;
#[cfg(test)]
mod tests;

use bytes::{Reader, Writer, crc32, invalid};

/// The first bytes of a file.
pub const MAGIC: [u8; 4] = *b"DPT\x1a";
/// The version that this crate writes and reads.
pub const VERSION: u16 = 1;
const CRC_AT: usize = 44;
const HEADER_LEN: usize = 48;
/// A name takes at most four bytes a character.
const MAX_NAME_BYTES: usize = 4 * MAX_NAME_CHARS;

impl DecisionTable {
    /// The table in the compact format.
    #[must_use]
    pub fn to_dpt(&self) -> Vec<u8> {
        let body = body(self);
        let mut file = MAGIC.to_vec();
        file.extend(VERSION.to_le_bytes());
        file.extend([0, 0]);
        file.extend((body.len() as u32).to_le_bytes());
        let digits = self.checksum().as_bytes().chunks_exact(2);
        file.extend(digits.map(|pair| {
            let digit = |c: u8| (c as char).to_digit(16).expect("a checksum is hexadecimal");
            (digit(pair[0]) * 16 + digit(pair[1])) as u8
        }));
        let crc = crc32([&file, &body]);
        file.extend(crc.to_le_bytes());
        file.extend(body);
        file
    }

    /// Reads a table from what [`DecisionTable::to_dpt`] writes, checking every bit of it.
    ///
    /// Any bytes are safe: input beyond [`MAX_CONTENT_BYTES`] is refused unread, and
    /// [`format`](mod@crate::format) bounds the memory.
    ///
    /// # Errors
    /// [`TableError`] with the place, what was found, what was expected, and the remedy.
    pub fn from_dpt(bytes: &[u8]) -> Result<Self, TableError> {
        check_len(bytes, MAX_CONTENT_BYTES)?;
        let (header, body) = bytes.split_at_checked(HEADER_LEN).ok_or_else(|| {
            invalid(
                "header",
                format!("{} bytes", bytes.len()),
                format!("at least {HEADER_LEN}"),
            )
        })?;
        if !header.starts_with(&MAGIC) {
            return Err(invalid("header", "another kind of file", "DPT"));
        }
        let version = u16::from_le_bytes([header[4], header[5]]);
        if version != VERSION {
            return Err(TableError::Version {
                found: u64::from(version),
                expected: u32::from(VERSION),
            });
        }
        let word = |at: usize| u32::from_le_bytes(std::array::from_fn(|i| header[at + i]));
        if word(8) as usize != body.len() {
            let found = format!("{} bytes", body.len());
            return Err(invalid("body", found, format!("{}", word(8))));
        }
        let (found, computed) = (word(CRC_AT), crc32([&header[..CRC_AT], body]));
        if found != computed {
            return Err(TableError::Damaged { found, computed });
        }
        let table = table(body)?;
        let found = hex(&header[12..CRC_AT]);
        if found != table.checksum() {
            return Err(TableError::Checksum {
                found,
                computed: table.checksum().to_owned(),
            });
        }
        if table.to_dpt() != bytes {
            return Err(invalid(
                "file",
                "another way to write the table",
                "the only one",
            ));
        }
        Ok(table)
    }
}

fn body(table: &DecisionTable) -> Vec<u8> {
    let layout = table.layout();
    let mut names: Vec<&str> = Vec::new();
    let mut number = |name| {
        names
            .iter()
            .position(|known| *known == name)
            .unwrap_or_else(|| {
                names.push(name);
                names.len() - 1
            })
    };
    let mut refs = Writer::default();
    refs.number(layout.features().len() as u64);
    for feature in layout.features() {
        refs.number(number(&feature.name) as u64);
        refs.number(feature.levels.len() as u64);
        for level in &feature.levels {
            refs.number(number(level) as u64);
        }
    }
    refs.number(layout.actions().len() as u64);
    for action in layout.actions() {
        refs.number(number(action) as u64);
    }
    refs.number(table.default_action().into());
    let mut writer = Writer::default();
    writer.text(table.scenario());
    writer.number(names.len() as u64);
    names.iter().for_each(|name| writer.text(name));
    writer.bytes(&refs.done());

    writer.number(table.rules().len() as u64);
    let mut before = "";
    for rule in table.rules() {
        let alike = shared(before, &rule.id);
        writer.number(alike as u64);
        writer.text(&rule.id[alike..]);
        writer.number(rule.action.into());
        writer.number(rule.support);
        write_fidelity(&mut writer, rule);
        before = &rule.id;
    }
    let any = layout.any();
    for rule in table.rules() {
        for (feature_idx, &mask) in rule.when.masks().iter().enumerate() {
            let restricted = mask != any.masks()[feature_idx];
            writer.bits(restricted.into(), 1);
            if restricted {
                writer.bits(mask, layout.features()[feature_idx].levels.len());
            }
        }
    }
    writer.fill();
    writer.number(table.traffic().is_some().into());
    let counts = table.traffic().into_iter().flat_map(Traffic::levels);
    counts.flatten().for_each(|&count| writer.number(count));
    writer.text(&compact(&sorted(table.provenance())));
    if let Some(tracker) = layout.tracker() {
        writer.text(tracker);
    }
    writer.done()
}

/// Bytes at the start of both texts that are the same whole characters.
fn shared(before: &str, text: &str) -> usize {
    let ends = before.char_indices().zip(text.char_indices());
    ends.take_while(|(a, b)| a == b)
        .last()
        .map_or(0, |(_, (at, c))| at + c.len_utf8())
}

fn write_fidelity(writer: &mut Writer, rule: &Rule) {
    let Some(share) = rule.fidelity else {
        return writer.number(0);
    };
    let hits = (share * rule.support as f64).round() as u64;
    match share_of(hits, rule.support).to_bits() == share.to_bits() && hits < u64::MAX - 2 {
        true => writer.number(2 + hits),
        false => {
            writer.number(1);
            writer.bytes(&share.to_le_bytes());
        }
    }
}

fn share_of(hits: u64, support: u64) -> f64 {
    hits as f64 / support as f64
}

fn table(body: &[u8]) -> Result<DecisionTable, TableError> {
    let mut reader = Reader::new(body);
    let scenario = reader.text("scenario", MAX_NAME_BYTES)?.to_owned();
    let n_names = reader.count("names", MAX_FEATURES * (1 + MAX_LEVELS) + MAX_ACTIONS)?;
    let names: Vec<&str> = (0..n_names)
        .map(|_| reader.text("names", MAX_NAME_BYTES))
        .collect::<Result<_, _>>()?;
    let name = |reader: &mut Reader, place| -> Result<String, TableError> {
        Ok(names[reader.below(place, n_names)?].to_owned())
    };
    let n_features = reader.count("features", MAX_FEATURES)?;
    let mut features = Vec::with_capacity(n_features);
    for _ in 0..n_features {
        let feature_name = name(&mut reader, "features")?;
        let n_levels = reader.count("levels", MAX_LEVELS)?;
        let levels = (0..n_levels).map(|_| name(&mut reader, "levels"));
        features.push(Feature {
            levels: levels.collect::<Result<_, _>>()?,
            name: feature_name,
        });
    }
    let n_actions = reader.count("actions", MAX_ACTIONS)?;
    let actions = (0..n_actions)
        .map(|_| name(&mut reader, "actions"))
        .collect::<Result<_, _>>()?;
    let default_action = reader.below("default action", n_actions)? as u8;
    let layout = Layout::new(features, actions)?;
    let rules = rules(&mut reader, &layout)?;
    let traffic = traffic(&mut reader, &layout)?;
    let place = "provenance";
    let json = reader.text(place, MAX_CONTENT_BYTES)?;
    let provenance = serde_json::from_str(json)
        .map_err(|error| invalid(place, shorten(&error.to_string()), "a JSON object"))?;
    // Tables of the focus tracker end here.
    let tracker = match reader.is_at_end() {
        true => None,
        false => Some(reader.text("tracker", MAX_NAME_BYTES)?.to_owned()),
    };
    reader.end()?;
    let layout = layout.with_tracker(tracker)?;
    DecisionTable::unsealed(scenario, layout, rules, default_action, traffic, provenance)?.seal()
}

fn traffic(reader: &mut Reader, layout: &Layout) -> Result<Option<Traffic>, TableError> {
    if reader.below("traffic", 2)? == 0 {
        return Ok(None);
    }
    let mut levels = Vec::with_capacity(layout.features().len());
    for feature in layout.features() {
        let counts = feature.levels.iter().map(|_| reader.number("traffic"));
        levels.push(counts.collect::<Result<_, _>>()?);
    }
    Ok(Some(Traffic::from_levels(levels)))
}

fn rules(reader: &mut Reader, layout: &Layout) -> Result<Vec<Rule>, TableError> {
    let n_rules = reader.count("rules", MAX_RULES)?;
    let mut rules: Vec<Rule> = Vec::with_capacity(n_rules);
    for _ in 0..n_rules {
        let place = "rule ids";
        let before = rules.last().map_or("", |rule| &rule.id);
        let alike = reader.count(place, before.len())?;
        let alike = before
            .get(..alike)
            .ok_or_else(|| invalid(place, "half a character", "whole ones"))?;
        let id = format!(
            "{alike}{}",
            reader.text(place, MAX_NAME_BYTES - alike.len())?
        );
        let action = reader.below("rule actions", layout.actions().len())? as u8;
        let support = reader.number("support")?;
        let fidelity = match reader.number("fidelity")? {
            0 => None,
            1 => Some(f64::from_le_bytes(reader.array("fidelity")?)),
            hits => Some(share_of(hits - 2, support)),
        };
        rules.push(Rule {
            id,
            when: layout.any(),
            action,
            support,
            fidelity,
        });
    }
    for rule in &mut rules {
        let masks = layout.features().iter().map(|feature| {
            Ok(match reader.bits(1)? {
                0 => feature.full_mask(),
                _ => reader.bits(feature.levels.len())?,
            })
        });
        rule.when = Cell::new(masks.collect::<Result<_, TableError>>()?);
    }
    reader.skip_fill();
    Ok(rules)
}

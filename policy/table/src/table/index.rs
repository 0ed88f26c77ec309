//! The rules of a table as bit sets, built once and read at every decision.
//!
//! For every (feature, level) there is a set of the rules that allow it, as bits; a decision
//! intersects the sets of the levels observed and takes the lowest bit left. Nothing is allocated
//! and nothing branches on the data.

use crate::table::layout::Layout;
use crate::table::rule::Rule;

/// A set of 256 rules; wide enough that a usual table needs one, and a compiler turns it into
/// vector registers.
type Block = [u64; 4];
const BLOCK_BITS: usize = 256;

/// One feature that some rule tests.
#[derive(Clone, Debug, PartialEq)]
struct Column {
    feature_idx: u8,
    n_levels: u8,
    /// First of its `n_levels + 1` rows; the last row is empty and serves codes that no level has.
    first_row: u32,
}

/// The rules as bit sets per (feature, level).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Index {
    columns: Vec<Column>,
    /// `n_blocks` blocks for each row.
    rows: Vec<Block>,
    /// All rules.
    all: Vec<Block>,
    actions: Vec<u8>,
    n_features: usize,
}

impl Index {
    pub(crate) fn new(layout: &Layout, rules: &[Rule]) -> Self {
        let n_blocks = rules.len().div_ceil(BLOCK_BITS);
        let mut index = Self {
            columns: Vec::new(),
            rows: Vec::new(),
            all: vec![[0; 4]; n_blocks],
            actions: rules.iter().map(|rule| rule.action).collect(),
            n_features: layout.features().len(),
        };
        for rule_idx in 0..rules.len() {
            set_bit(&mut index.all, rule_idx);
        }
        for (feature_idx, feature) in layout.features().iter().enumerate() {
            if rules
                .iter()
                .all(|rule| rule.when.masks()[feature_idx] == feature.full_mask())
            {
                continue;
            }
            let n_levels = feature.levels.len();
            let first_row = index.rows.len() / n_blocks;
            index.columns.push(Column {
                feature_idx: feature_idx as u8,
                n_levels: n_levels as u8,
                first_row: first_row as u32,
            });
            for level in 0..n_levels {
                let mut row = vec![[0; 4]; n_blocks];
                for (rule_idx, rule) in rules.iter().enumerate() {
                    if rule.when.masks()[feature_idx] >> level & 1 == 1 {
                        set_bit(&mut row, rule_idx);
                    }
                }
                index.rows.append(&mut row);
            }
            index.rows.resize(index.rows.len() + n_blocks, [0; 4]);
        }
        index
    }

    /// The first rule that holds `codes`.
    #[inline]
    pub(crate) fn first_match(&self, codes: &[u8]) -> Option<u32> {
        if codes.len() != self.n_features {
            return None;
        }
        let n_blocks = self.all.len();
        for (block_idx, all) in self.all.iter().enumerate() {
            let mut hits = *all;
            for column in &self.columns {
                let level = codes[usize::from(column.feature_idx)].min(column.n_levels);
                let row = column.first_row as usize + usize::from(level);
                let allowed = &self.rows[row * n_blocks + block_idx];
                // Written out, since a closure may end in another codegen unit and cost a call per
                // word.
                hits[0] &= allowed[0];
                hits[1] &= allowed[1];
                hits[2] &= allowed[2];
                hits[3] &= allowed[3];
            }
            if hits != [0; 4] {
                let bit = lowest_bit(&hits);
                return Some((block_idx * BLOCK_BITS + bit) as u32);
            }
        }
        None
    }

    /// The action of a rule.
    #[inline]
    pub(crate) fn action(&self, rule_idx: u32) -> u8 {
        self.actions[rule_idx as usize]
    }

    /// The features that at least one rule tests, by index, ascending.
    pub(crate) fn tested_features(&self) -> impl Iterator<Item = usize> {
        let columns = self.columns.iter();
        columns.map(|column| usize::from(column.feature_idx))
    }
}

/// The lowest bit of a block that is not empty. The word is found by counting, not by branching:
/// which rule fires is as good as random, so a processor would guess wrongly at every other
/// decision.
fn lowest_bit(hits: &Block) -> usize {
    let low_empty = hits[0] | hits[1] == 0;
    let word_idx = 2 * usize::from(low_empty) + usize::from(hits[2 * usize::from(low_empty)] == 0);
    word_idx * 64 + hits[word_idx].trailing_zeros() as usize
}

fn set_bit(blocks: &mut [Block], rule_idx: usize) {
    let bit = rule_idx % BLOCK_BITS;
    blocks[rule_idx / BLOCK_BITS][bit / 64] |= 1 << (bit % 64);
}

//! Inputs made from others: bits flipped, bytes changed, parts removed, repeated, moved between
//! inputs, and words of the formats put in.

use offhook_table::testing::SplitMix;

/// Most inputs that are kept as parents.
const MAX_POOL: usize = 2048;
/// Most bytes of an input; repeated parts could else double it again and again.
const MAX_INPUT: usize = 1 << 18;

/// Words that the formats give a meaning.
const WORDS: &[&[u8]] = &[
    b"null",
    b"true",
    b"-1",
    b"0",
    b"1e999",
    b"18446744073709551616",
    b"\"\"",
    b"{}",
    b"[]",
    b"[[[[",
    b"\"schema\":",
    b"\"when\":",
    b"\"traffic\":{}",
    b"\"rules\":[]",
    b"\\u0000",
    b"\xff\xfe",
    b"|",
    b",",
    b"-",
    b"\n",
    b"<!DOCTYPE x [<!ENTITY a \"aa\">]>",
    b"</",
    b"&amp;",
    b"<rule>",
    b"nan",
    b"-inf",
    b"= ",
    b"[[script]]\n",
    b"[\"!none\"]",
    b"run = \"",
    b"\"\"\"",
    b"\"turns\":[]",
    b"\"user_acts\":[\"hang_up\"]",
    b"inform(",
    b";",
    b"\x28\xb5\x2f\xfd",
];

/// Makes inputs from a pool that grows with what was worth keeping.
pub struct Mutator {
    rng: SplitMix,
    /// The corpus, then what was kept.
    pool: Vec<Vec<u8>>,
    n_corpus: usize,
}

impl Mutator {
    /// Starts with a corpus of at least one input.
    pub fn new(seed: u64, corpus: Vec<Vec<u8>>) -> Self {
        Self {
            rng: SplitMix(seed),
            n_corpus: corpus.len(),
            pool: corpus,
        }
    }

    /// Adds a parent; in a full pool one that was added before makes room.
    pub fn keep(&mut self, input: Vec<u8>) {
        if self.pool.len() < MAX_POOL {
            self.pool.push(input);
        } else {
            let added = self.pool.len() - self.n_corpus;
            let idx = self.n_corpus + self.rng.below(added);
            self.pool[idx] = input;
        }
    }

    /// The next input: a parent after 1 to 8 changes, mostly few.
    pub fn next_input(&mut self) -> Vec<u8> {
        let mut input = self.parent();
        let most = 1 + self.rng.below(8);
        for _ in 0..1 + self.rng.below(most) {
            self.change(&mut input);
        }
        input.truncate(MAX_INPUT);
        input
    }

    /// Every other time one of the corpus, so that most inputs stay close to good ones.
    fn parent(&mut self) -> Vec<u8> {
        let n = [self.pool.len(), self.n_corpus][self.rng.below(2)];
        let idx = self.rng.below(n);
        self.pool[idx].clone()
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        if input.is_empty() {
            *input = self.parent();
            return;
        }
        let (from, to) = self.part(input.len());
        match self.rng.below(9) {
            0 => input[from] ^= 1 << self.rng.below(8),
            1 => input[from] = self.rng.next_u64() as u8,
            2 => drop(input.drain(from..to)),
            3 => input.truncate(from),
            4 => {
                let part = input[from..to].to_vec();
                for _ in 0..1 + self.rng.below(16) {
                    input.splice(from..from, part.iter().copied());
                    if input.len() > MAX_INPUT {
                        return;
                    }
                }
            }
            5 => {
                let word = WORDS[self.rng.below(WORDS.len())];
                let end = if self.rng.below(2) == 0 { from } else { to };
                input.splice(from..end, word.iter().copied());
            }
            6 => {
                let other = self.parent();
                if !other.is_empty() {
                    let (a, b) = self.part(other.len());
                    input.splice(from..to, other[a..b].iter().copied());
                }
            }
            // Digits for digits keep a number a number.
            7 => {
                for byte in &mut input[from..to] {
                    if byte.is_ascii_digit() {
                        *byte = b'0' + self.rng.below(10) as u8;
                    }
                }
            }
            // One part of the input over another one: names in the place of other names.
            _ => {
                let (a, b) = self.part(input.len());
                let part = input[a..b].to_vec();
                input.splice(from..to, part);
            }
        }
    }

    /// A part of at least one byte, mostly a short one.
    fn part(&mut self, len: usize) -> (usize, usize) {
        let from = self.rng.below(len);
        let most = if self.rng.below(4) == 0 { len } else { 32 };
        (from, (from + 1 + self.rng.below(most)).min(len))
    }
}

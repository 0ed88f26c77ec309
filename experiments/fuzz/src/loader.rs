//! A loader: what it starts from, what it may cost, and how an edited file gets past its checksum.

use offhook_table::format::{MEMORY_MORE, MEMORY_PER_BYTE};

/// Something that takes any bytes.
pub struct Loader {
    /// Its name on the command line.
    pub name: &'static str,
    /// Loads the bytes and puts what comes out to use; the error in words.
    pub load: fn(&[u8]) -> Result<(), String>,
    /// Good inputs.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Most memory of a load.
    pub memory: Memory,
    /// The same file with the length, CRC or checksum that the loader said it should have; `None` for
    /// other errors.
    pub resealed: fn(&[u8], &str) -> Option<Vec<u8>>,
}

/// Bytes of memory that a load may hold at its peak.
#[derive(Clone, Copy)]
pub struct Memory {
    per_byte: usize,
    more: usize,
}

impl Memory {
    /// What tables promise.
    pub const OF_TABLES: Self = Self {
        per_byte: MEMORY_PER_BYTE,
        more: MEMORY_MORE,
    };
    /// What is written by hand is short, and read with the place of every word.
    pub const OF_TEXTS: Self = Self {
        per_byte: 1 << 10,
        more: 16 << 20,
    };
    /// A log is read call by call, and decompressed with a window.
    pub const OF_LOGS: Self = Self {
        per_byte: 1 << 8,
        more: 256 << 20,
    };
    /// Numbers are kept as they are in the file.
    pub const OF_NUMBERS: Self = Self {
        per_byte: 1 << 8,
        more: 16 << 20,
    };

    /// For an input of so many bytes.
    pub fn at_most(self, n_bytes: usize) -> usize {
        self.more + self.per_byte * n_bytes
    }
}

/// A file without a checksum.
pub fn unsealed(_: &[u8], _: &str) -> Option<Vec<u8>> {
    None
}

/// Bytes as text.
pub fn utf_8(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|e| e.to_string())
}

//! Numbers, texts and bits as the compact format writes them.

use crate::table::TableError;

/// CRC-32 as in IEEE 802.3 (reflected polynomial 0xedb88320) of the parts, one after another.
pub(super) fn crc32(parts: [&[u8]; 2]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut byte = 0;
        while byte < 256 {
            let mut crc = byte as u32;
            let mut bit = 0;
            while bit < 8 {
                crc = (crc >> 1) ^ (0xedb8_8320 * (crc & 1));
                bit += 1;
            }
            table[byte] = crc;
            byte += 1;
        }
        table
    };
    let bytes = parts.into_iter().flatten();
    !bytes.fold(u32::MAX, |crc, &byte| {
        (crc >> 8) ^ TABLE[usize::from(crc as u8 ^ byte)]
    })
}

/// Appends to a vector of bytes.
#[derive(Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    /// Bits of the last byte that are used; 0 when it is full.
    n_bits: usize,
}

impl Writer {
    pub(super) fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes(text.as_bytes());
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    /// The lowest `n` bits of `value`, the lowest first.
    pub(super) fn bits(&mut self, value: u16, n: usize) {
        for bit in 0..n {
            if self.n_bits == 0 {
                self.bytes.push(0);
            }
            let last = self.bytes.last_mut().expect("a byte was pushed");
            *last |= (value >> bit & 1) as u8 * (1 << self.n_bits);
            self.n_bits = (self.n_bits + 1) % 8;
        }
    }

    /// Ends a run of bits.
    pub(super) fn fill(&mut self) {
        self.n_bits = 0;
    }

    pub(super) fn done(self) -> Vec<u8> {
        self.bytes
    }
}

/// Takes from the front of a slice; every length is checked before anything is taken.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    bit_byte: u8,
    /// Bits of `bit_byte` still to be given out.
    n_bits: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            bit_byte: 0,
            n_bits: 0,
        }
    }

    fn take(&mut self, place: &str, n: usize) -> Result<&'a [u8], TableError> {
        let (taken, rest) = self.bytes.split_at_checked(n).ok_or_else(|| {
            let found = format!("{} bytes left", self.bytes.len());
            invalid(place, found, format!("{n}"))
        })?;
        self.bytes = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self, place: &str) -> Result<[u8; N], TableError> {
        let taken = self.take(place, N)?;
        Ok(std::array::from_fn(|idx| taken[idx]))
    }

    pub(super) fn number(&mut self, place: &str) -> Result<u64, TableError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array(place)?;
            let part = u64::from(byte & 0x7f);
            if part << shift >> shift != part {
                break;
            }
            value |= part << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(invalid(place, "a longer number", "a number of 64 bits"))
    }

    /// A number of things, at most `limit`.
    pub(super) fn count(&mut self, place: &str, limit: usize) -> Result<usize, TableError> {
        let found = self.number(place)?;
        match usize::try_from(found) {
            Ok(count) if count <= limit => Ok(count),
            _ => Err(invalid(
                place,
                found.to_string(),
                format!("at most {limit}"),
            )),
        }
    }

    /// An index below `n`.
    pub(super) fn below(&mut self, place: &str, n: usize) -> Result<usize, TableError> {
        match n.checked_sub(1) {
            Some(last) => self.count(place, last),
            None => Err(invalid(place, "none to choose from", "at least one")),
        }
    }

    pub(super) fn text(&mut self, place: &str, limit: usize) -> Result<&'a str, TableError> {
        let n = self.count(place, limit)?;
        let taken = self.take(place, n)?;
        std::str::from_utf8(taken).map_err(|_| invalid(place, "bytes that are no text", "UTF-8"))
    }

    /// `n` bits, the lowest first; at most 16.
    pub(super) fn bits(&mut self, n: usize) -> Result<u16, TableError> {
        let mut value = 0;
        for bit in 0..n {
            if self.n_bits == 0 {
                [self.bit_byte] = self.array("cells")?;
                self.n_bits = 8;
            }
            value |= u16::from(self.bit_byte & 1) << bit;
            self.bit_byte >>= 1;
            self.n_bits -= 1;
        }
        Ok(value)
    }

    /// Ends a run of bits.
    pub(super) fn skip_fill(&mut self) {
        self.n_bits = 0;
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Refuses bytes that are left.
    pub(super) fn end(&self) -> Result<(), TableError> {
        match self.bytes.len() {
            0 => Ok(()),
            n => Err(invalid("body", format!("{n} bytes more"), "its end")),
        }
    }
}

/// An error at a place of the file.
pub(super) fn invalid(
    place: &str,
    found: impl Into<String>,
    expected: impl Into<String>,
) -> TableError {
    TableError::invalid(format!("DPT, {place}"), found, expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crc_has_its_check_value() {
        // Of the catalog of CRC algorithms by G. Cook: CRC-32/ISO-HDLC.
        assert_eq!(crc32([b"12345", b"6789"]), 0xcbf4_3926);
    }

    #[test]
    fn numbers_and_bits_come_back() {
        let numbers = [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX];
        let mut writer = Writer::default();
        for number in numbers {
            writer.number(number);
        }
        writer.bits(0b1_0110_1001, 9);
        writer.fill();
        writer.text("\u{e9}");
        let bytes = writer.done();
        let mut reader = Reader::new(&bytes);
        for number in numbers {
            assert_eq!(reader.number("mock"), Ok(number));
        }
        assert_eq!(reader.bits(9), Ok(0b1_0110_1001));
        reader.skip_fill();
        assert_eq!(reader.text("mock", 2), Ok("\u{e9}"));
        assert!(reader.end().is_ok() && reader.bits(1).is_err());
    }
}

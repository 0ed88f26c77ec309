//! The safetensors container: named arrays and metadata, with a checksum of ours.
//!
//! Format: 8 bytes little-endian length of the header; the header, a JSON object that maps every
//! array to its type, shape and place, and `__metadata__` to texts; then the numbers without gaps
//! (<https://huggingface.co/docs/safetensors>, version 0.3 of the format). Wider numbers come
//! first, so that all are aligned.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::CheckpointError;

/// Named arrays and texts, in order of their names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tensors {
    /// Texts of the header; the key `checksum` is added and checked by this file.
    pub metadata: BTreeMap<String, String>,
    /// The arrays.
    pub arrays: BTreeMap<String, Array>,
}

/// A named array.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Length of every dimension.
    pub shape: Vec<usize>,
    /// The numbers, the last dimension running fastest; finite.
    pub values: Values,
}

/// The numbers of an array, in the types that we write.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Double precision.
    F64(Vec<f64>),
    /// Single precision.
    F32(Vec<f32>),
    /// Bytes.
    U8(Vec<u8>),
}

impl Values {
    /// The format's name of the type.
    pub fn dtype(&self) -> &'static str {
        match self {
            Self::F64(_) => "F64",
            Self::F32(_) => "F32",
            Self::U8(_) => "U8",
        }
    }

    /// Bytes of one number of a type.
    fn width(dtype: &str) -> Option<usize> {
        match dtype {
            "F64" => Some(8),
            "F32" => Some(4),
            "U8" => Some(1),
            _ => None,
        }
    }

    fn append_to(&self, data: &mut Vec<u8>) {
        match self {
            Self::F64(values) => data.extend(values.iter().flat_map(|x| x.to_le_bytes())),
            Self::F32(values) => data.extend(values.iter().flat_map(|x| x.to_le_bytes())),
            Self::U8(values) => data.extend(values),
        }
    }

    /// Reads numbers of type `dtype`; the first that is not finite is the error.
    fn read(dtype: &str, bytes: &[u8]) -> Result<Self, f64> {
        match dtype {
            "F64" => {
                let chunks = bytes.as_chunks::<8>().0.iter();
                let values: Vec<f64> = chunks.map(|b| f64::from_le_bytes(*b)).collect();
                let bad = values.iter().find(|x| !x.is_finite()).copied();
                bad.map_or(Ok(Self::F64(values)), Err)
            }
            "F32" => {
                let chunks = bytes.as_chunks::<4>().0.iter();
                let values: Vec<f32> = chunks.map(|b| f32::from_le_bytes(*b)).collect();
                let bad = values.iter().find(|x| !x.is_finite()).copied();
                bad.map_or(Ok(Self::F32(values)), |x| Err(f64::from(x)))
            }
            _ => Ok(Self::U8(bytes.to_vec())),
        }
    }
}

/// What the header says about an array.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: [usize; 2],
}

impl Tensors {
    /// The file's contents.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut data = Vec::new();
        let mut header = serde_json::Map::new();
        let mut arrays: Vec<_> = self.arrays.iter().collect();
        arrays.sort_by_key(|(_, array)| Reverse(Values::width(array.values.dtype())));
        for (name, array) in arrays {
            let start = data.len();
            array.values.append_to(&mut data);
            let place = Place {
                dtype: array.values.dtype().to_owned(),
                shape: array.shape.clone(),
                data_offsets: [start, data.len()],
            };
            header.insert(name.clone(), serde_json::json!(place));
        }
        let mut metadata = self.metadata.clone();
        metadata.insert(
            "checksum".to_owned(),
            checksum(&self.metadata, &header, &data),
        );
        header.insert("__metadata__".to_owned(), serde_json::json!(metadata));
        let mut header = serde_json::Value::Object(header).to_string().into_bytes();
        // Numbers start at a multiple of 8 bytes, as the format recommends.
        header.resize(header.len().next_multiple_of(8), b' ');
        let length = (header.len() as u64).to_le_bytes();
        [&length[..], &header, &data].concat()
    }

    /// Reads a file's contents.
    ///
    /// # Errors
    /// If lengths, header, checksum or numbers are not in order.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let found = bytes.len() as u64;
        let too_short = |expected| CheckpointError::Length { found, expected };
        let (length, rest) = bytes.split_first_chunk::<8>().ok_or(too_short(8))?;
        let length = u64::from_le_bytes(*length);
        if !rest.is_empty() && rest[0] != b'{' {
            return Err(bad(
                "it does not start like one; this is another kind of file".to_owned(),
            ));
        }
        let end = usize::try_from(length)
            .ok()
            .filter(|end| *end <= rest.len());
        let end = end.ok_or(too_short(length.saturating_add(8)))?;
        let (header, data) = rest.split_at(end);
        let mut header: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(header).map_err(|e| bad(e.to_string()))?;
        let metadata = header.remove("__metadata__").unwrap_or_default();
        let mut metadata: BTreeMap<String, String> =
            serde_json::from_value(metadata).map_err(|e| bad(format!("__metadata__: {e}")))?;
        let expected = metadata.remove("checksum").unwrap_or_default();

        let mut arrays = BTreeMap::new();
        let mut places = Vec::new();
        for (name, place) in &header {
            let place = Place::deserialize(place).map_err(|e| bad(format!("'{name}': {e}")))?;
            places.push((place.data_offsets[0], name, place));
        }
        places.sort_by_key(|(start, name, _)| (*start, *name));
        let mut at = 0;
        for (_, name, place) in &places {
            let (array, end) = read(name, place, at, data, bytes.len())?;
            arrays.insert((*name).clone(), array);
            at = end;
        }
        if at != data.len() {
            return Err(too_short((8 + end + at) as u64));
        }
        let found = checksum(&metadata, &header, data);
        if found != expected {
            return Err(CheckpointError::Checksum { found, expected });
        }
        Ok(Self { metadata, arrays })
    }
}

/// The array at `at`, and where it ends.
fn read(
    name: &str,
    place: &Place,
    at: usize,
    data: &[u8],
    file_len: usize,
) -> Result<(Array, usize), CheckpointError> {
    let n_bytes = Values::width(&place.dtype).and_then(|width| {
        let mut dims = place.shape.iter();
        dims.try_fold(width, |n, dim| n.checked_mul(*dim))
    });
    let [start, end] = place.data_offsets;
    let fits = n_bytes.is_some_and(|n| start.checked_add(n) == Some(end));
    if start != at || !fits {
        let (dtype, shape) = (&place.dtype, &place.shape);
        return Err(bad(format!(
            "'{name}' of {dtype} {shape:?} does not lie at {start}..{end}"
        )));
    }
    let Some(bytes) = data.get(start..end) else {
        let expected = (file_len - data.len()).saturating_add(end) as u64;
        return Err(CheckpointError::Length {
            found: file_len as u64,
            expected,
        });
    };
    let values = Values::read(&place.dtype, bytes)
        .map_err(|x| bad(format!("'{name}' holds {x}, expected finite numbers")))?;
    let shape = place.shape.clone();
    Ok((Array { shape, values }, end))
}

fn bad(reason: String) -> CheckpointError {
    CheckpointError::Header { reason }
}

/// FNV-1a over texts, places and numbers, 64 bits in hexadecimal: it finds accidents and careless
/// edits, it is no signature.
fn checksum(
    metadata: &BTreeMap<String, String>,
    places: &serde_json::Map<String, serde_json::Value>,
    data: &[u8],
) -> String {
    let texts = serde_json::json!([metadata, places]).to_string();
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for byte in texts.bytes().chain(data.iter().copied()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_laid_out_as_the_format_says() {
        let array = |shape: &[usize], values| Array {
            shape: shape.to_vec(),
            values,
        };
        let tensors = Tensors {
            metadata: BTreeMap::new(),
            arrays: BTreeMap::from([
                ("a".to_owned(), array(&[1, 2], Values::F32(vec![1.0, -2.5]))),
                ("b".to_owned(), array(&[3], Values::U8(vec![7, 8, 9]))),
                ("c".to_owned(), array(&[1], Values::F64(vec![1.0]))),
            ]),
        };
        let bytes = tensors.to_bytes();
        let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        let header: serde_json::Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
        assert_eq!(header["a"]["dtype"], "F32");
        assert_eq!(header["a"]["data_offsets"], serde_json::json!([8, 16]));
        assert_eq!(header["b"]["dtype"], "U8");
        let data = [
            0, 0, 0, 0, 0, 0, 240, 63, 0, 0, 128, 63, 0, 0, 32, 192, 7, 8, 9,
        ];
        assert_eq!(bytes[8 + length..], data);
        assert_eq!(Tensors::from_bytes(&bytes).unwrap(), tensors);
    }

    #[test]
    fn an_array_of_another_type_or_not_finite_is_refused() {
        let refusal = |dtype: &str, data: &[u8]| {
            let place = format!(
                r#"{{"dtype":"{dtype}","shape":[1],"data_offsets":[0,{}]}}"#,
                data.len()
            );
            let header = format!(r#"{{"__metadata__":{{}},"a":{place}}}"#).into_bytes();
            let bytes = [&(header.len() as u64).to_le_bytes()[..], &header, data].concat();
            Tensors::from_bytes(&bytes).unwrap_err().to_string()
        };
        assert!(refusal("F16", &[0, 0]).contains("'a' of F16 [1]"));
        assert!(refusal("F32", &f32::NAN.to_le_bytes()).contains("'a' holds NaN"));
        assert!(refusal("F64", &f64::INFINITY.to_le_bytes()).contains("'a' holds inf"));
    }

    #[test]
    fn a_header_that_promises_too_much_is_refused() {
        let mut bytes = u64::MAX.to_le_bytes().to_vec();
        bytes.extend(b"{}");
        assert!(matches!(
            Tensors::from_bytes(&bytes),
            Err(CheckpointError::Length { .. })
        ));
        let header =
            br#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#;
        let bytes = [&(header.len() as u64).to_le_bytes()[..], header].concat();
        assert!(matches!(
            Tensors::from_bytes(&bytes),
            Err(CheckpointError::Header { .. })
        ));
    }
}

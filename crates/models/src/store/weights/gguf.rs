//! The index of a GGUF file: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>.
//!
//! Only what lies where is read; what the file tells about its model is skipped over. candle has a
//! reader too, which keeps all of that in memory and divides by the alignment a file claims.

use std::io::{Read, SeekFrom};

use candle_core::DType;
use candle_core::quantized::GgmlDType;

use super::elements::Stored;
use super::{Bytes, Fault};

/// How such a file begins.
pub(super) const MAGIC: &[u8] = b"GGUF";

/// The most tensors there may be: FLUX has 776.
const MOST_TENSORS: u64 = 1 << 16;

/// The longest name, in bytes; ggml's own limit is 64.
const LONGEST_NAME: u64 = 1 << 10;

/// The most dimensions of a tensor; ggml's own limit.
const MOST_DIMENSIONS: u32 = 4;

/// Lists may hold lists, but none so deep.
const DEEPEST: u32 = 4;

/// Where tensors begin, unless the file says otherwise: at multiples of so many bytes.
const ALIGNMENT: u64 = 32;

/// The kind of value that is a 32-bit number, and the kinds that have no fixed size.
const U32: u32 = 4;
const TEXT: u32 = 8;
const LIST: u32 = 9;

/// Where the tensors of the file lie. All of them lie within it.
pub(super) fn index(file: &mut dyn Bytes, length: u64) -> Result<Vec<(String, Stored)>, Fault> {
    let mut reader = Reader { file, length };
    reader.seek(MAGIC.len() as u64)?;
    let version = reader.u32()?;
    if !(2..=3).contains(&version) {
        return Err(Fault::format(format!(
            "GGUF of version {version} is not read here; 2 and 3 are"
        )));
    }
    let (tensors, values) = (reader.u64()?, reader.u64()?);
    if tensors > MOST_TENSORS {
        return Err(Fault::format(format!("it claims {tensors} tensors")));
    }
    let alignment = reader.skip_values(values)?;
    let mut found = Vec::new();
    for _ in 0..tensors {
        found.push(reader.tensor()?);
    }
    let data = reader.place()?.next_multiple_of(alignment);
    for (name, stored) in &mut found {
        let begin = stored.offset.checked_add(data);
        let end = begin.and_then(|begin| begin.checked_add(stored.bytes()? as u64));
        match (begin, end) {
            (Some(begin), Some(end)) if end <= length => stored.offset = begin,
            _ => {
                return Err(Fault::format(format!(
                    "tensor {name} lies beyond the end of its {length} bytes"
                )));
            }
        }
    }
    Ok(found)
}

struct Reader<'a> {
    file: &'a mut dyn Bytes,
    length: u64,
}

impl Reader<'_> {
    fn seek(&mut self, place: u64) -> Result<(), Fault> {
        if place > self.length {
            return Err(Fault::format("its index goes on beyond its end"));
        }
        self.file.seek(SeekFrom::Start(place))?;
        Ok(())
    }

    fn place(&mut self) -> Result<u64, Fault> {
        Ok(self.file.stream_position()?)
    }

    fn skip(&mut self, bytes: u64) -> Result<(), Fault> {
        let place = self.place()?.saturating_add(bytes);
        self.seek(place)
    }

    fn u32(&mut self) -> Result<u32, Fault> {
        let mut bytes = [0; 4];
        self.file.read_exact(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn u64(&mut self) -> Result<u64, Fault> {
        let mut bytes = [0; 8];
        self.file.read_exact(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn name(&mut self) -> Result<String, Fault> {
        let length = self.u64()?;
        if length > LONGEST_NAME {
            return Err(Fault::format(format!("a name of {length} bytes")));
        }
        let mut bytes = Vec::new();
        let read = (&mut *self.file).take(length).read_to_end(&mut bytes)?;
        if read as u64 != length {
            return Err(Fault::format("it ends within a name"));
        }
        String::from_utf8(bytes).map_err(|_| Fault::format("a name is no text"))
    }

    /// Goes past what is told about the model; returns the alignment it tells of.
    fn skip_values(&mut self, count: u64) -> Result<u64, Fault> {
        let mut alignment = ALIGNMENT;
        // Each takes up bytes of the file, so that a false count ends at its end.
        for _ in 0..count {
            let name = self.name()?;
            let kind = self.u32()?;
            if name == "general.alignment" && kind == U32 {
                alignment = u64::from(self.u32()?);
            } else {
                self.skip_value(kind, 0)?;
            }
        }
        if alignment.is_power_of_two() {
            Ok(alignment)
        } else {
            Err(Fault::format(format!("an alignment of {alignment} bytes")))
        }
    }

    fn skip_value(&mut self, kind: u32, depth: u32) -> Result<(), Fault> {
        if let Some(size) = fixed_size(kind) {
            return self.skip(size);
        }
        match kind {
            TEXT => {
                let length = self.u64()?;
                self.skip(length)
            }
            LIST if depth < DEEPEST => {
                let (kind, count) = (self.u32()?, self.u64()?);
                if let Some(size) = fixed_size(kind) {
                    return self.skip(count.saturating_mul(size));
                }
                for _ in 0..count {
                    self.skip_value(kind, depth + 1)?;
                }
                Ok(())
            }
            LIST => Err(Fault::format("lists within lists within lists")),
            other => Err(Fault::format(format!("a value of kind {other}"))),
        }
    }

    /// A tensor's name and form; its offset counts from where the tensors begin.
    fn tensor(&mut self) -> Result<(String, Stored), Fault> {
        let name = self.name()?;
        let dimensions = self.u32()?;
        if dimensions > MOST_DIMENSIONS {
            return Err(Fault::format(format!(
                "tensor {name} has {dimensions} dimensions"
            )));
        }
        // ggml counts dimensions from the innermost.
        let mut shape = Vec::new();
        for _ in 0..dimensions {
            let size = usize::try_from(self.u64()?);
            let size = size.map_err(|_| Fault::format(format!("tensor {name} is too large")))?;
            shape.insert(0, size);
        }
        let kind = self.u32()?;
        let (dtype, blocks) = elements(kind).ok_or_else(|| {
            Fault::format(format!(
                "tensor {name}: elements of ggml's type {kind} are not read here"
            ))
        })?;
        let stored = Stored {
            dtype,
            blocks,
            shape,
            offset: self.u64()?,
            strides: None,
        };
        let last = stored.shape.last().copied().unwrap_or(1);
        if blocks.is_some_and(|blocks| !last.is_multiple_of(blocks.block_size())) {
            return Err(Fault::format(format!(
                "tensor {name}: rows of {last} elements are no whole blocks"
            )));
        }
        Ok((name, stored))
    }
}

/// Bytes of a value of a kind that always has as many.
fn fixed_size(kind: u32) -> Option<u64> {
    match kind {
        0 | 1 | 7 => Some(1),
        2 | 3 => Some(2),
        4..=6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}

/// What ggml's types are here: what elements become, and the blocks they are stored in.
fn elements(kind: u32) -> Option<(DType, Option<GgmlDType>)> {
    let blocks = match kind {
        0 => return Some((DType::F32, None)),
        1 => return Some((DType::F16, None)),
        30 => return Some((DType::BF16, None)),
        2 => GgmlDType::Q4_0,
        3 => GgmlDType::Q4_1,
        6 => GgmlDType::Q5_0,
        7 => GgmlDType::Q5_1,
        8 => GgmlDType::Q8_0,
        10 => GgmlDType::Q2K,
        11 => GgmlDType::Q3K,
        12 => GgmlDType::Q4K,
        13 => GgmlDType::Q5K,
        14 => GgmlDType::Q6K,
        _ => return None,
    };
    Some((DType::F32, Some(blocks)))
}

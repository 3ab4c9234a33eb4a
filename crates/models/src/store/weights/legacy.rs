//! The checkpoints that `torch.save` wrote before PyTorch 1.6, as LPIPS' heads still are: five
//! pickles (a magic number, the version, the machine, the tensors, the keys of their storages), then
//! each storage as its count of elements and the elements (`torch/serialization.py`, `_legacy_load`).

use std::collections::HashMap;
use std::io::{Read, SeekFrom};

use super::elements::Stored;
use super::pickle::{LARGEST_PICKLE, Pickle};
use super::{Bytes, Fault};

/// The first pickle: protocol 2, the number 0x1950a86a20f9469cfc6c, end.
pub(super) const MAGIC: [u8; 15] = *b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";

/// The only version there ever was.
const VERSION: i64 = 1001;

/// Where the tensors of the file lie.
pub(super) fn index(file: &mut dyn Bytes, length: u64) -> Result<Vec<(String, Stored)>, Fault> {
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    (&mut *file).take(LARGEST_PICKLE).read_to_end(&mut head)?;
    let mut at = MAGIC.len();
    let mut next = || -> Result<Pickle<'_>, Fault> {
        let (pickle, used) = Pickle::read(head.get(at..).unwrap_or_default())?;
        at += used;
        Ok(pickle)
    };
    if next()?.whole_number() != Some(VERSION) {
        return Err(Fault::format("a checkpoint of an unknown version"));
    }
    if next()?.entry("little_endian").is_none_or(|little| !little) {
        return Err(Fault::format("its numbers are not little-endian"));
    }
    let tensors = next()?;
    let keys = next()?;
    let storages = storages(file, at as u64, length, &tensors, &keys)?;
    tensors.tensors(|key| storages.get(key).copied())
}

/// Where each storage begins and how long it is, in bytes.
fn storages(
    file: &mut dyn Bytes,
    start: u64,
    length: u64,
    tensors: &Pickle<'_>,
    keys: &Pickle<'_>,
) -> Result<HashMap<String, (u64, u64)>, Fault> {
    let widths = tensors.storage_widths();
    let mut storages = HashMap::new();
    let mut at = start;
    for key in keys
        .texts()
        .ok_or_else(|| Fault::format("its list of storages is none"))?
    {
        let width = widths
            .get(key)
            .copied()
            .ok_or_else(|| Fault::format(format!("nothing says what storage {key} holds")))?;
        let mut count = [0; 8];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut count)?;
        let begin = at.saturating_add(8);
        let size = u64::from_le_bytes(count).checked_mul(width);
        let Some((size, end)) = size
            .and_then(|size| Some((size, begin.checked_add(size)?)))
            .filter(|&(_, end)| end <= length)
        else {
            return Err(Fault::format(format!(
                "its storage {key} does not lie in the file"
            )));
        };
        storages.insert(key.to_owned(), (begin, size));
        at = end;
    }
    Ok(storages)
}

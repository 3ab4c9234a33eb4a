//! The zip checkpoints that `torch.save` writes since PyTorch 1.6: `<name>/data.pkl` says which
//! tensors there are, `<name>/data/<key>` holds their elements, uncompressed.

use std::collections::HashMap;
use std::io::{BufReader, Read, SeekFrom};

use zip::{CompressionMethod, ZipArchive};

use super::elements::Stored;
use super::pickle::{LARGEST_PICKLE, Pickle};
use super::{Bytes, Fault};

/// Where the tensors of the file lie.
pub(super) fn index(file: &mut dyn Bytes, length: u64) -> Result<Vec<(String, Stored)>, Fault> {
    let members = members(file, length)?;
    let mut roots = members
        .keys()
        .filter_map(|name| name.strip_suffix("data.pkl"));
    let (Some(root), None) = (roots.next().map(str::to_owned), roots.next()) else {
        return Err(Fault::format(
            "a zip archive, but no PyTorch checkpoint: it needs one data.pkl",
        ));
    };
    if members.contains_key(&format!("{root}constants.pkl")) {
        return Err(Fault::format(
            "a TorchScript program; only checkpoints of tensors are read",
        ));
    }
    if let Some(order) = members.get(&format!("{root}byteorder")) {
        let order = content(file, order, 16)?;
        if order != b"little" {
            return Err(Fault::format("its numbers are big-endian"));
        }
    }
    let pickle = members
        .get(&format!("{root}data.pkl"))
        .ok_or_else(|| Fault::format("it has no data.pkl"))?;
    let pickle = content(file, pickle, LARGEST_PICKLE)?;
    let (pickle, _) = Pickle::read(&pickle)?;
    pickle.tensors(|key| {
        members
            .get(&format!("{root}data/{key}"))
            .map(|member| (member.start, member.size))
    })
}

/// Where a member's content lies in the file.
struct Member {
    start: u64,
    size: u64,
}

/// All members, by name. They must lie in the file as they are: what is compressed is not unpacked,
/// so nothing can grow.
fn members(file: &mut dyn Bytes, length: u64) -> Result<HashMap<String, Member>, Fault> {
    let broken = |error: zip::result::ZipError| {
        Fault::format(format!("its archive cannot be read: {error}"))
    };
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(broken)?;
    let mut members = HashMap::new();
    for index in 0..archive.len() {
        let member = archive.by_index_raw(index).map_err(broken)?;
        let name = member.name().map_err(broken)?.into_owned();
        let (size, packed) = (member.size(), member.compressed_size());
        let start = member.data_start().unwrap_or(u64::MAX);
        if member.compression() != CompressionMethod::Stored || size != packed || member.encrypted()
        {
            return Err(Fault::format(format!(
                "its member {name} is compressed, which PyTorch's never are"
            )));
        }
        if start.checked_add(size).is_none_or(|end| end > length) {
            return Err(Fault::format(format!(
                "its member {name} does not lie in the file"
            )));
        }
        if members
            .insert(name.clone(), Member { start, size })
            .is_some()
        {
            return Err(Fault::format(format!("it has two members {name}")));
        }
    }
    Ok(members)
}

fn content(file: &mut dyn Bytes, member: &Member, most: u64) -> Result<Vec<u8>, Fault> {
    if member.size > most {
        return Err(Fault::format(format!(
            "a description of {} bytes is more than the {most} that are read",
            member.size
        )));
    }
    let mut content = Vec::new();
    file.seek(SeekFrom::Start(member.start))?;
    (&mut *file).take(member.size).read_to_end(&mut content)?;
    Ok(content)
}

//! The chunks of a binary glTF (glTF 2.0 specification, section 4.4).

use crate::MeshError;

/// The JSON, and the binary chunk where there is one. What is no binary glTF is JSON altogether.
pub(super) fn split(bytes: &[u8]) -> Result<(&[u8], Option<&[u8]>), MeshError> {
    let Some(rest) = bytes.strip_prefix(b"glTF") else {
        return Ok((bytes, None));
    };
    let (version, rest) = word(rest)?;
    if version != 2 {
        let what = format!("it is of container version {version}, 2 is read");
        return Err(MeshError::gltf(what));
    }
    // The total length says nothing that the chunks' own do not.
    let (_, rest) = word(rest)?;
    let (json, mut rest) = chunk(rest)?;
    if json.0 != *b"JSON" {
        return Err(MeshError::gltf("its first chunk is not JSON"));
    }
    while !rest.is_empty() {
        let (next, after) = chunk(rest)?;
        if next.0 == *b"BIN\0" {
            return Ok((json.1, Some(next.1)));
        }
        // Unknown chunks are to be ignored.
        rest = after;
    }
    Ok((json.1, None))
}

type Chunk<'a> = ([u8; 4], &'a [u8]);

fn chunk(bytes: &[u8]) -> Result<(Chunk<'_>, &[u8]), MeshError> {
    let (length, rest) = word(bytes)?;
    let (kind, rest) = rest.split_first_chunk::<4>().ok_or_else(truncated)?;
    let (body, rest) = rest
        .split_at_checked(length as usize)
        .ok_or_else(truncated)?;
    Ok(((*kind, body), rest))
}

fn word(bytes: &[u8]) -> Result<(u32, &[u8]), MeshError> {
    let (word, rest) = bytes.split_first_chunk().ok_or_else(truncated)?;
    Ok((u32::from_le_bytes(*word), rest))
}

fn truncated() -> MeshError {
    MeshError::gltf("it ends within a chunk: it is truncated")
}

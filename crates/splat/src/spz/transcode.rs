//! From one SPZ to another without unpacking what both store alike.

use super::{
    Compression, Flavour, SpzError, frame,
    header::{self, Header, Positions},
    niantic, pack,
    rotation::{self, Rotations},
    stream::Stream,
    unpack,
};

/// Makes an SPZ of one flavour into one of another. Every section that both store alike is copied
/// byte for byte: all of them between a 404 SPZ and Niantic's version 2, all but the rotations
/// between versions 2 and 3. So nothing is rounded twice. Only a stream of version 1, whose
/// positions are of another kind, is unpacked and packed anew.
///
/// # Errors
/// When the bytes are no SPZ that can be read.
pub fn transcode(
    bytes: &[u8],
    target: Flavour,
    compression: Compression,
) -> Result<Vec<u8>, SpzError> {
    let source = match Flavour::from_magic(bytes)? {
        Flavour::Subnet => frame::decompress(bytes)?,
        Flavour::Niantic(_) => niantic::decompress(bytes)?,
    };
    let stream = repack(&source, target.rotations())?;
    match target {
        Flavour::Subnet => frame::compress(&stream, compression),
        Flavour::Niantic(_) => niantic::compress(&stream, compression),
    }
}

/// The same splats with rotations stored so.
fn repack(source: &Stream, rotations: Rotations) -> Result<Vec<u8>, SpzError> {
    if source.header.positions == Positions::Half {
        return Ok(pack::pack(&unpack::cloud(source)?, rotations));
    }
    let header = Header {
        rotations,
        ..source.header
    };
    let mut stream = Vec::with_capacity(header::SIZE + header.body_size());
    stream.extend(header.write());
    let [positions, opacities, colours, scales, stored, harmonics] =
        source.header.split(source.body());
    for section in [positions, opacities, colours, scales] {
        stream.extend_from_slice(section);
    }
    match (source.header.rotations, rotations) {
        (Rotations::FirstThree, Rotations::SmallestThree) => {
            let (stored, _) = stored.as_chunks();
            let fine = |bytes| rotation::pack_smallest_three(rotation::unpack_first_three(bytes));
            stream.extend(stored.iter().copied().flat_map(fine));
        }
        (Rotations::SmallestThree, Rotations::FirstThree) => {
            let (stored, _) = stored.as_chunks();
            let coarse = |bytes| rotation::pack_first_three(rotation::unpack_smallest_three(bytes));
            stream.extend(stored.iter().copied().flat_map(coarse));
        }
        _ => stream.extend_from_slice(stored),
    }
    stream.extend_from_slice(harmonics);
    Ok(stream)
}

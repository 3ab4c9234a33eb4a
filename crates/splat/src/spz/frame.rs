//! The zstd frame a 404 SPZ is.

use zstd::zstd_safe::{CParameter, find_frame_compressed_size, get_frame_content_size};

use super::{
    Compression, Level, SpzError,
    header::Around,
    stream::{self, Stream},
};

/// First bytes of a zstd frame.
pub(super) const MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

const AROUND: Around = Around {
    frame: "zstd frame",
    newest: 2,
};

/// Compresses a stream. The reference's decoder relies on the content size in the frame, which one
/// shot writes. The bytes do not depend on how many workers there are.
pub(super) fn compress(stream: &[u8], compression: Compression) -> Result<Vec<u8>, SpzError> {
    let level = compression.level.unwrap_or(Level::DEFAULT).get();
    zstd::bulk::Compressor::new(level)
        .and_then(|mut compressor| {
            compressor.set_parameter(CParameter::NbWorkers(compression.workers(stream.len())))?;
            compressor.compress(stream)
        })
        .map_err(SpzError::Compress)
}

/// Takes the stream out of its frame, which must be alone.
pub(super) fn decompress(bytes: &[u8]) -> Result<Stream, SpzError> {
    match content_size(bytes) {
        Some(size) => at_once(bytes, size),
        None => piecemeal(bytes),
    }
}

/// The size a frame claims, where it is one a real cloud may have: small enough to make room for
/// before it is there.
fn content_size(bytes: &[u8]) -> Option<usize> {
    let size = usize::try_from(get_frame_content_size(bytes).ok()??).ok()?;
    (size <= stream::usual(bytes.len())).then_some(size)
}

/// In one shot: no window is needed, and nothing is copied.
fn at_once(bytes: &[u8], size: usize) -> Result<Stream, SpzError> {
    let frame = find_frame_compressed_size(bytes).map_or(bytes.len(), |size| size.min(bytes.len()));
    let mut whole = Vec::with_capacity(size);
    zstd::bulk::Decompressor::new()
        .and_then(|mut decompressor| decompressor.decompress_to_buffer(&bytes[..frame], &mut whole))
        .map_err(SpzError::Damaged)?;
    let stream = Stream::of_whole(whole, AROUND)?;
    match bytes.len() - frame {
        0 => Ok(stream),
        trailing => Err(SpzError::Trailing(trailing)),
    }
}

/// Of unknown or unlikely size: as far as its header asks, bounded by the file.
fn piecemeal(bytes: &[u8]) -> Result<Stream, SpzError> {
    let mut frame = zstd::stream::read::Decoder::with_buffer(bytes)
        .map_err(SpzError::Damaged)?
        .single_frame();
    // A window wider than what may come out serves nobody but somebody who wants us to allocate it.
    let window = stream::allowed(bytes.len()).next_power_of_two().ilog2();
    frame
        .window_log_max(window.clamp(20, 27))
        .map_err(SpzError::Damaged)?;
    let stream = Stream::read(&mut frame, bytes.len(), AROUND)?;
    match frame.finish() {
        [] => Ok(stream),
        trailing => Err(SpzError::Trailing(trailing.len())),
    }
}

//! Results on their way back from the GPU.

use super::{GpuError, context::Context};

/// Bytes of the counters at the head of the buffer.
const HEAD: u64 = 16;

/// A buffer the GPU's results are copied to.
pub(super) struct Readback {
    buffer: wgpu::Buffer,
}

/// What the GPU says of one submission.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counters {
    /// (tile, splat) pairs of the batch, over all windows.
    pub(super) pairs: u32,
    /// Pixels that take further splats.
    pub(super) open: u32,
}

impl Readback {
    /// Room for the counters and `pixels`.
    pub(super) fn new(context: &Context, pixels: u32) -> Self {
        Self {
            buffer: context.readback("readback", HEAD + u64::from(pixels) * 4),
        }
    }

    /// Copies the counters and the first `count` pixels once everything recorded before is done.
    pub(super) fn record(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        sizes: &wgpu::Buffer,
        pixels: &wgpu::Buffer,
        count: u32,
    ) {
        encoder.copy_buffer_to_buffer(sizes, 0, &self.buffer, 0, HEAD);
        encoder.copy_buffer_to_buffer(pixels, 0, &self.buffer, HEAD, u64::from(count) * 4);
    }

    /// Waits for what was submitted, and appends the first `count` pixels to `rgb` if the counters
    /// say that `wanted`.
    pub(super) fn read(
        &self,
        context: &Context,
        count: u32,
        rgb: &mut Vec<u8>,
        wanted: impl FnOnce(Counters) -> bool,
    ) -> Result<Counters, GpuError> {
        let bytes = HEAD + u64::from(count) * 4;
        // Whether it worked shows when the range is taken.
        self.buffer.map_async(wgpu::MapMode::Read, ..bytes, |_| ());
        context.wait()?;
        let failed = |error: wgpu::MapRangeError| GpuError::Failed(error.to_string());
        let mapped = self.buffer.get_mapped_range(..bytes).map_err(failed)?;
        let (head, pixels) = mapped.split_at(HEAD as usize);
        let counters = Counters {
            pairs: word(head, 2),
            open: word(head, 3),
        };
        if wanted(counters) {
            let start = rgb.len();
            rgb.resize(start + pixels.len() / 4 * 3, 0);
            for (to, from) in rgb[start..].chunks_exact_mut(3).zip(pixels.chunks_exact(4)) {
                to.copy_from_slice(&from[..3]);
            }
        }
        drop(mapped);
        self.buffer.unmap();
        Ok(counters)
    }
}

/// A little-endian number.
fn word(bytes: &[u8], place: usize) -> u32 {
    bytes
        .chunks_exact(4)
        .nth(place)
        .and_then(|word| word.try_into().ok())
        .map_or(0, u32::from_le_bytes)
}

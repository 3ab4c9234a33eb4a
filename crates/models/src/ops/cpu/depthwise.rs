//! Convolution of each channel with a kernel of its own, where channels lie next to each other.

use super::processor::Processor;
use super::tile::vector;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

/// Neighbouring results made at once: as many sums stay in registers.
const ABREAST: usize = 8;

/// One square kernel for each channel.
#[derive(Clone, Copy)]
pub(in crate::ops) struct Kernels<'a> {
    /// `(side, side, channels)`.
    pub(in crate::ops) weight: &'a [f32],
    /// One addend for each channel; none: 0.
    pub(in crate::ops) bias: Option<&'a [f32]>,
    /// Width and height of a kernel.
    pub(in crate::ops) side: usize,
    /// Zeros around the picture.
    pub(in crate::ops) padding: usize,
}

/// Height, width and channels of a picture `(height, width, channels)`.
pub(in crate::ops) type Extent = [usize; 3];

/// The pictures `(count, height, width, channels)`, convolved: as many of them, by
/// `2·padding + 1 − side` higher and wider. The kernels must fit into the padded picture.
pub(in crate::ops) fn depthwise(
    processor: Processor,
    pictures: &[f32],
    extent: Extent,
    kernels: Kernels<'_>,
) -> Vec<f32> {
    let [height, width, channels] = extent;
    let grown = |length: usize| length + 2 * kernels.padding + 1 - kernels.side;
    let (rows, line) = (grown(height), grown(width) * channels);
    let picture = (height * width * channels).max(1);
    let count = pictures.len() / picture;
    // Bands of a picture where there are fewer pictures than threads could share.
    let bands = (4 * rayon::current_num_threads()).div_ceil(count.max(1));
    let band = rows.div_ceil(bands).max(kernels.side.min(rows)).max(1);
    let mut out = vec![0.0; count * rows * line];
    let bands = out
        .par_chunks_mut((rows * line).max(1))
        .zip(pictures.par_chunks(picture))
        .flat_map(|(out, picture)| {
            out.par_chunks_mut((band * line).max(1))
                .enumerate()
                .map(move |(index, out)| (index * band, picture, out))
        });
    bands.for_each_init(Vec::new, |room, (first, picture, out)| {
        processor.run(Band {
            picture,
            extent,
            kernels,
            first,
            out,
            room,
        });
    });
    out
}

/// Some neighbouring lines of one result.
struct Band<'a> {
    picture: &'a [f32],
    extent: Extent,
    kernels: Kernels<'a>,
    /// The first of the lines.
    first: usize,
    out: &'a mut [f32],
    /// Room for a vector of channels of what the band sees, with its zeros.
    room: &'a mut Vec<f32>,
}

impl WithSimd for Band<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let Kernels { side, padding, .. } = self.kernels;
        let [_, width, channels] = self.extent;
        let across = width + 2 * padding + 1 - side;
        let lines = self.out.len() / (across * channels).max(1);
        // Wide enough that the last sums abreast read zeros beyond the picture.
        let stride = across.next_multiple_of(ABREAST) + side - 1;
        let mut room = std::mem::take(self.room);
        room.clear();
        room.resize((lines + side - 1) * stride * S::F32_LANES, 0.0);
        let seen = S::as_mut_simd_f32s(&mut room).0;
        for channel in (0..channels).step_by(S::F32_LANES) {
            self.look(simd, channel, stride, seen);
            for (line, seen) in seen.windows(side * stride).step_by(stride).enumerate() {
                self.slide(simd, channel, stride, seen, line);
            }
        }
        *self.room = room;
    }
}

impl Band<'_> {
    /// Reads a vector of channels of the lines that the band sees, `stride` places each; around the
    /// picture the places stay as they are.
    #[inline(always)]
    fn look<S: Simd>(&self, simd: S, channel: usize, stride: usize, seen: &mut [S::f32s]) {
        let [height, width, channels] = self.extent;
        let padding = self.kernels.padding;
        for (line, seen) in seen.chunks_exact_mut(stride).enumerate() {
            let y = (self.first + line).checked_sub(padding);
            let Some(y) = y.filter(|&y| y < height) else {
                continue;
            };
            let pixels = &self.picture[y * width * channels..][..width * channels];
            let places = seen[padding..].iter_mut();
            for (place, pixel) in places.zip(pixels.chunks_exact(channels)) {
                *place = vector(simd, &pixel[channel..]);
            }
        }
    }

    /// A line of results, from the lines that its kernels see.
    #[inline(always)]
    fn slide<S: Simd>(
        &mut self,
        simd: S,
        channel: usize,
        stride: usize,
        seen: &[S::f32s],
        line: usize,
    ) {
        let Kernels {
            weight,
            bias,
            side,
            padding,
        } = self.kernels;
        let [_, width, channels] = self.extent;
        let across = width + 2 * padding + 1 - side;
        let end = channels.min(channel + S::F32_LANES);
        let bias = bias.map_or(simd.splat_f32s(0.0), |bias| vector(simd, &bias[channel..]));
        let out = &mut self.out[line * across * channels..][..across * channels];
        for (x, out) in out.chunks_mut(ABREAST * channels).enumerate() {
            let mut sums = [bias; ABREAST];
            for (down, seen) in seen.chunks_exact(stride).enumerate() {
                let seen = &seen[x * ABREAST..][..side + ABREAST - 1];
                for (step, seen) in seen.windows(ABREAST).enumerate() {
                    let tap = (down * side + step) * channels;
                    let weight = vector(simd, &weight[tap + channel..tap + channels]);
                    for (sum, &seen) in sums.iter_mut().zip(seen) {
                        *sum = simd.mul_add_e_f32s(seen, weight, *sum);
                    }
                }
            }
            for (place, sum) in out.chunks_exact_mut(channels).zip(sums) {
                simd.partial_store_f32s(&mut place[channel..end], sum);
            }
        }
    }
}

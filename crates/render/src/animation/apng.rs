//! Animated PNG.

use std::io::Write;

use png::{BitDepth, BlendOp, ColorType, Compression, DisposeOp, Encoder, Writer};

use super::{Animation, AnimationError, AnimationPlan, Reel};
use crate::image::TransparentImage;

/// Delays are given in milliseconds.
const TICKS: u16 = 1000;

pub(super) struct Apng<W: Write> {
    writer: Writer<W>,
    reel: Reel,
}

impl<W: Write> Apng<W> {
    pub(super) fn begin(plan: AnimationPlan, file: W) -> Result<Self, AnimationError> {
        let mut encoder = Encoder::new(file, plan.width, plan.height);
        encoder.set_color(if plan.transparent {
            ColorType::Rgba
        } else {
            ColorType::Rgb
        });
        encoder.set_depth(BitDepth::Eight);
        encoder.set_compression(Compression::Balanced);
        // 0 plays: without end.
        encoder.set_animated(plan.frames, 0)?;
        encoder.set_blend_op(BlendOp::Source)?;
        encoder.set_dispose_op(DisposeOp::None)?;
        Ok(Self {
            writer: encoder.write_header()?,
            reel: Reel::new(plan),
        })
    }
}

impl<W: Write> Animation for Apng<W> {
    fn add(&mut self, frames: &[TransparentImage]) -> Result<(), AnimationError> {
        for frame in frames {
            let index = self.reel.next(frame)?;
            let delay = self.reel.delay(index, f64::from(TICKS));
            self.writer.set_frame_delay(delay, TICKS)?;
            if self.reel.plan.transparent {
                self.writer.write_image_data(&frame.rgba)?;
            } else {
                let pixels = frame.rgba.chunks_exact(4);
                let rgb: Vec<u8> = pixels
                    .flat_map(|pixel| [pixel[0], pixel[1], pixel[2]])
                    .collect();
                self.writer.write_image_data(&rgb)?;
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), AnimationError> {
        self.reel.is_complete()?;
        self.writer.finish()?;
        Ok(())
    }
}

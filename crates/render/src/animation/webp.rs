//! Animated WebP, by Google's libwebp: the one encoder of lossy WebP, and it keeps only what the
//! file will hold in memory.

use std::io::Write;

use webp_animation::{Encoder, EncoderOptions, EncodingConfig, EncodingType, LossyEncodingConfig};

use super::{Animation, AnimationError, AnimationPlan, Reel};
use crate::image::TransparentImage;

/// Times are in milliseconds.
const TICKS: f64 = 1000.0;

/// libwebp's quality, 0 to 100: 38 to 47 dB on renders, at a sixth of an APNG's size.
const QUALITY: f32 = 90.0;

/// The format's longest side, in pixels.
const LONGEST_SIDE: u32 = 16_383;

pub(super) struct WebP<W: Write> {
    encoder: Encoder,
    file: W,
    reel: Reel,
}

impl<W: Write> WebP<W> {
    pub(super) fn begin(plan: AnimationPlan, file: W) -> Result<Self, AnimationError> {
        if plan.width.max(plan.height) > LONGEST_SIDE {
            return Err(AnimationError::TooLarge {
                width: plan.width,
                height: plan.height,
            });
        }
        let options = EncoderOptions {
            encoding_config: Some(EncodingConfig {
                encoding_type: EncodingType::Lossy(LossyEncodingConfig {
                    use_sharp_yuv: true,
                    ..LossyEncodingConfig::default()
                }),
                quality: QUALITY,
                ..EncodingConfig::default()
            }),
            ..EncoderOptions::default()
        };
        let encoder = Encoder::new_with_options((plan.width, plan.height), options)
            .map_err(AnimationError::WebP)?;
        Ok(Self {
            encoder,
            file,
            reel: Reel::new(plan),
        })
    }

    fn time(&self, index: u32) -> i32 {
        i32::try_from(self.reel.time(index, TICKS)).unwrap_or(i32::MAX)
    }
}

impl<W: Write> Animation for WebP<W> {
    fn add(&mut self, frames: &[TransparentImage]) -> Result<(), AnimationError> {
        for frame in frames {
            let index = self.reel.next(frame)?;
            let time = self.time(index);
            self.encoder
                .add_frame(&frame.rgba, time)
                .map_err(AnimationError::WebP)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), AnimationError> {
        self.reel.is_complete()?;
        let end = self.time(self.reel.plan.frames);
        let bytes = self.encoder.finalize(end).map_err(AnimationError::WebP)?;
        self.file.write_all(&bytes)?;
        self.file.flush()?;
        Ok(())
    }
}

//! Views that follow each other: endless animations as GIF, animated PNG or animated WebP, written
//! frame by frame so that no more than a few are in memory.

mod apng;
mod gif;
mod webp;

use std::io::Write;

use thiserror::Error;

use crate::image::{ImageError, TransparentImage};

/// Frames per second that players show: slower is a slide show whose delays overflow some formats,
/// faster than screens is never seen.
const RATES: std::ops::RangeInclusive<f64> = 0.1..=100.0;

/// The file formats of animations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnimationFormat {
    /// 256 colours a frame, pixels opaque or not there, delays in steps of 10 ms. Shown everywhere.
    Gif,
    /// PNG with frames: lossless, with alpha, and large.
    Apng,
    /// Animated WebP: lossy colours, lossless alpha, and small.
    WebP,
}

impl AnimationFormat {
    /// The highest frame rate: browsers slow a GIF down to a tenth when a delay is under 20 ms.
    #[must_use]
    pub fn fastest(self) -> f64 {
        match self {
            Self::Gif => 50.0,
            Self::Apng | Self::WebP => *RATES.end(),
        }
    }

    /// The lowest frame rate.
    #[must_use]
    pub fn slowest(self) -> f64 {
        *RATES.start()
    }
}

/// What must be known of an animation before its first frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AnimationPlan {
    /// Pixels per row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// How many frames there will be.
    pub frames: u32,
    /// Frames per second, [`AnimationFormat::slowest`] to [`AnimationFormat::fastest`].
    pub rate: f64,
    /// Whether the alpha of the frames is kept; otherwise they are taken to be opaque.
    pub transparent: bool,
}

/// An animation that cannot be written.
#[derive(Debug, Error)]
pub enum AnimationError {
    /// No player shows this rate.
    #[error("{rate} frames per second are out of range: give {slowest} to {fastest}")]
    Rate {
        /// What was asked for.
        rate: f64,
        /// The least there can be.
        slowest: f64,
        /// The most there can be.
        fastest: f64,
    },
    /// Frames that are fewer or more than were planned.
    #[error("{found} frames were given where {planned} were planned")]
    Count {
        /// Frames given.
        found: u32,
        /// Frames planned.
        planned: u32,
    },
    /// A frame of another size than was planned.
    #[error("frame {index} differs in size from what was planned")]
    Uneven {
        /// Which one.
        index: u32,
    },
    /// The format cannot hold pictures of this size.
    #[error("frames of {width}×{height} pixels are too large for the format")]
    TooLarge {
        /// Planned width in pixels.
        width: u32,
        /// Planned height in pixels.
        height: u32,
    },
    /// A frame is not a whole image.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The GIF encoder's own complaint.
    #[error("the GIF could not be encoded: {0}")]
    Gif(#[from] ::gif::EncodingError),
    /// The PNG encoder's own complaint.
    #[error("the PNG could not be encoded: {0}")]
    Apng(#[from] png::EncodingError),
    /// The WebP encoder's own complaint.
    #[error("the WebP could not be encoded: {0:?}")]
    WebP(webp_animation::Error),
    /// The file took no more.
    #[error("the animation could not be written: {0}")]
    Write(#[from] std::io::Error),
}

/// An animation that is being written. Dropped before [`Animation::finish`], it is a broken file.
pub trait Animation {
    /// Adds frames behind those that came before. Several at a time are encoded side by side where
    /// the format allows.
    ///
    /// # Errors
    /// When a frame has another size than was planned, there are more than were planned, or the
    /// encoder or the file refuses them.
    fn add(&mut self, frames: &[TransparentImage]) -> Result<(), AnimationError>;

    /// Ends the file.
    ///
    /// # Errors
    /// When there are fewer frames than planned, or the file cannot be written to.
    fn finish(self: Box<Self>) -> Result<(), AnimationError>;
}

/// Begins an endless animation in `file`.
///
/// # Errors
/// When the frame rate is out of the format's range, the frames are empty or too large for it, none
/// are planned, or the file cannot be written to.
pub fn animation<'file>(
    format: AnimationFormat,
    plan: AnimationPlan,
    file: impl Write + 'file,
) -> Result<Box<dyn Animation + 'file>, AnimationError> {
    let rates = format.slowest()..=format.fastest();
    if !rates.contains(&plan.rate) {
        return Err(AnimationError::Rate {
            rate: plan.rate,
            slowest: *rates.start(),
            fastest: *rates.end(),
        });
    }
    if plan.frames == 0 {
        return Err(AnimationError::Count {
            found: 0,
            planned: 0,
        });
    }
    Ok(match format {
        AnimationFormat::Gif => Box::new(gif::Gif::begin(plan, file)?),
        AnimationFormat::Apng => Box::new(apng::Apng::begin(plan, file)?),
        AnimationFormat::WebP => Box::new(webp::WebP::begin(plan, file)?),
    })
}

/// Counts frames against the plan and tells the time.
#[derive(Debug)]
struct Reel {
    plan: AnimationPlan,
    shown: u32,
}

impl Reel {
    fn new(plan: AnimationPlan) -> Self {
        Self { plan, shown: 0 }
    }

    /// Takes note of one more frame and returns its number, from 0.
    fn next(&mut self, frame: &TransparentImage) -> Result<u32, AnimationError> {
        frame.check()?;
        let index = self.shown;
        if index >= self.plan.frames {
            return Err(AnimationError::Count {
                found: index + 1,
                planned: self.plan.frames,
            });
        }
        if (frame.width, frame.height) != (self.plan.width, self.plan.height) {
            return Err(AnimationError::Uneven { index });
        }
        self.shown += 1;
        Ok(index)
    }

    /// When frame `index` appears, in `ticks` per second. Rounded for each frame anew, so that
    /// delays in coarse steps keep the rate on average.
    fn time(&self, index: u32, ticks: f64) -> u32 {
        (f64::from(index) * ticks / self.plan.rate).round() as u32
    }

    /// How long frame `index` stays, in `ticks` per second.
    fn delay(&self, index: u32, ticks: f64) -> u16 {
        let delay = self.time(index + 1, ticks) - self.time(index, ticks);
        u16::try_from(delay).unwrap_or(u16::MAX)
    }

    fn is_complete(&self) -> Result<(), AnimationError> {
        if self.shown == self.plan.frames {
            Ok(())
        } else {
            Err(AnimationError::Count {
                found: self.shown,
                planned: self.plan.frames,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coarse_delays_keep_the_rate_on_average() {
        let reel = Reel::new(AnimationPlan {
            width: 1,
            height: 1,
            frames: 60,
            rate: 30.0,
            transparent: false,
        });
        let delays: Vec<u16> = (0..60).map(|index| reel.delay(index, 100.0)).collect();
        assert_eq!(delays[..6], [3, 4, 3, 3, 4, 3]);
        assert_eq!(delays.iter().sum::<u16>(), 200, "two seconds");
        assert_eq!(reel.delay(1, 1000.0), 34);
    }
}

//! GIF: each frame in the 256 colours that suit it best.

use std::collections::BTreeMap;
use std::io::Write;

use color_quant::NeuQuant;
use gif::{DisposalMethod, Encoder, Frame, Repeat};
use rayon::prelude::*;

use super::{Animation, AnimationError, AnimationPlan, Reel};
use crate::image::TransparentImage;

/// Delays are in hundredths of a second.
const TICKS: f64 = 100.0;

/// A pixel covered less than this is not there: a GIF knows nothing between.
const COVERED: u8 = 128;

/// Colours in a frame's palette.
const COLOURS: usize = 256;

/// NeuQuant learns from every third pixel: 42 dB on renders where its default, every tenth, reaches
/// 41 and all of them 42.8, in 2.5 times the time.
const LEARN_EVERY: i32 = 3;

pub(super) struct Gif<W: Write> {
    encoder: Encoder<W>,
    reel: Reel,
}

impl<W: Write> Gif<W> {
    pub(super) fn begin(plan: AnimationPlan, file: W) -> Result<Self, AnimationError> {
        let side = |pixels: u32| {
            u16::try_from(pixels).map_err(|_| AnimationError::TooLarge {
                width: plan.width,
                height: plan.height,
            })
        };
        let mut encoder = Encoder::new(file, side(plan.width)?, side(plan.height)?, &[])?;
        encoder.set_repeat(Repeat::Infinite)?;
        Ok(Self {
            encoder,
            reel: Reel::new(plan),
        })
    }
}

impl<W: Write> Animation for Gif<W> {
    fn add(&mut self, frames: &[TransparentImage]) -> Result<(), AnimationError> {
        let mut numbers = Vec::with_capacity(frames.len());
        for frame in frames {
            numbers.push(self.reel.next(frame)?);
        }
        let transparent = self.reel.plan.transparent;
        let encoded: Vec<Frame<'static>> = frames
            .par_iter()
            .map(|frame| {
                let mut frame = indexed(frame, transparent);
                frame.make_lzw_pre_encoded();
                frame
            })
            .collect();
        for (index, mut frame) in numbers.into_iter().zip(encoded) {
            frame.delay = self.reel.delay(index, TICKS);
            self.encoder.write_lzw_pre_encoded_frame(&frame)?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), AnimationError> {
        self.reel.is_complete()?;
        self.encoder.into_inner()?.flush()?;
        Ok(())
    }
}

/// The frame in indices into a palette of its own.
fn indexed(image: &TransparentImage, transparent: bool) -> Frame<'static> {
    let there = |pixel: &[u8]| !transparent || pixel[3] >= COVERED;
    let palette = Palette::of(image, &there);
    let pixels = image.rgba.chunks_exact(4);
    let indices: Vec<u8> = pixels
        .map(|pixel| {
            if there(pixel) {
                palette.index([pixel[0], pixel[1], pixel[2]])
            } else {
                palette.nothing
            }
        })
        .collect();
    let mut frame = Frame::from_palette_pixels(
        // Both were checked against the header's when the animation was begun.
        image.width as u16,
        image.height as u16,
        indices,
        palette.colours,
        transparent.then_some(palette.nothing),
    );
    frame.dispose = if transparent {
        DisposalMethod::Background
    } else {
        DisposalMethod::Keep
    };
    frame
}

/// The colours of one frame.
struct Palette {
    /// RGB, at most [`COLOURS`].
    colours: Vec<u8>,
    /// Index of what is not there.
    nothing: u8,
    /// Colours that are met exactly.
    exact: BTreeMap<[u8; 3], u8>,
    /// Finds the nearest of the others.
    learnt: Option<NeuQuant>,
}

impl Palette {
    /// All colours of the pixels that are `there` if they are few; else one for the background,
    /// which is most of a view and must not turn grey, and the best for what stands before it.
    fn of(image: &TransparentImage, there: &impl Fn(&[u8]) -> bool) -> Self {
        // The last index is kept for what is not there.
        let nothing = (COLOURS - 1) as u8;
        let mut exact = BTreeMap::new();
        for pixel in image.rgba.chunks_exact(4).filter(|pixel| there(pixel)) {
            exact.insert([pixel[0], pixel[1], pixel[2]], 0);
            if exact.len() >= COLOURS {
                return Self::learn(image, there, nothing);
            }
        }
        let mut colours = Vec::with_capacity(3 * COLOURS);
        for (index, (colour, place)) in exact.iter_mut().enumerate() {
            *place = index as u8;
            colours.extend(colour);
        }
        colours.resize(3 * COLOURS, 0);
        Self {
            colours,
            nothing,
            exact,
            learnt: None,
        }
    }

    fn learn(image: &TransparentImage, there: &impl Fn(&[u8]) -> bool, nothing: u8) -> Self {
        // A view's corner is background.
        let background = [image.rgba[0], image.rgba[1], image.rgba[2]];
        let subject: Vec<u8> = image
            .rgba
            .chunks_exact(4)
            .filter(|pixel| there(pixel) && pixel[..3] != background)
            .flat_map(|pixel| [pixel[0], pixel[1], pixel[2], u8::MAX])
            .collect();
        let learnt = NeuQuant::new(LEARN_EVERY, COLOURS - 2, &subject);
        let mut colours = learnt.color_map_rgb();
        colours.resize(3 * (COLOURS - 2), 0);
        colours.extend(background);
        colours.extend([0; 3]);
        Self {
            colours,
            nothing,
            exact: BTreeMap::from([(background, (COLOURS - 2) as u8)]),
            learnt: Some(learnt),
        }
    }

    fn index(&self, colour: [u8; 3]) -> u8 {
        let [red, green, blue] = colour;
        match (self.exact.get(&colour), &self.learnt) {
            (Some(&index), _) => index,
            (None, Some(learnt)) => learnt.index_of(&[red, green, blue, u8::MAX]) as u8,
            // Never met: without learning, every colour of the frame is exact.
            (None, None) => self.nothing,
        }
    }
}

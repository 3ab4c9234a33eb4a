//! Prompts made ready for the devices.

use image::{DynamicImage, RgbImage, RgbaImage};
use judge::Prompt;

use super::works::{Cut, Cutter, Subject, Trouble};
use crate::cutout::{CutoutLimits, doubt, excess, inspect};
use crate::generator::GenerateError;
use crate::residency::Plan;
use crate::{picture, sketch};

/// What the reference takes for the object: alpha above four fifths (TRELLIS
/// `pipelines/trellis_image_to_3d.py`, `preprocess_image`).
const OBJECT: u8 = 204;

/// Makes a prompt ready: an image that has alpha is taken for a cut-out, as the reference does, and any
/// other is left to the devices' cutters.
///
/// # Errors
/// [`GenerateError::Prompt`] when nothing can be made of it.
pub fn prepare(prompt: &Prompt) -> Result<Subject, GenerateError> {
    Ok(doubted(read(prompt)?, &CutoutLimits::default()))
}

/// Says of a cut-out what speaks against it: somebody made it on purpose, so it is used as it is.
pub(super) fn doubted(subject: Subject, limits: &CutoutLimits) -> Subject {
    let Subject::CutOut(picture, _) = subject else {
        return subject;
    };
    let doubt = doubt(&inspect(&picture, limits));
    let note = doubt.map(|doubt| format!("the image's own cut-out is doubtful: {doubt}"));
    Subject::CutOut(picture, note.into_iter().collect())
}

/// As [`prepare`], before a cut-out is doubted.
pub(super) fn read(prompt: &Prompt) -> Result<Subject, GenerateError> {
    let bytes = match prompt {
        Prompt::Text(text) => return words(text),
        Prompt::Image(bytes) => bytes,
    };
    let unusable = |reason: String| GenerateError::Prompt(reason);
    let picture = picture::decode(bytes).map_err(|error| unusable(error.to_string()))?;
    if picture.pixels().all(|pixel| pixel[3] == u8::MAX) {
        return Ok(Subject::Opaque(opaque(picture)));
    }
    if !picture.pixels().any(|pixel| pixel[3] > OBJECT) {
        return Err(unusable(
            "the image is transparent all over: there is no object in it".to_owned(),
        ));
    }
    Ok(Subject::CutOut(picture, Vec::new()))
}

fn words(text: &str) -> Result<Subject, GenerateError> {
    if text.trim().is_empty() {
        return Err(GenerateError::Prompt("the prompt is empty".to_owned()));
    }
    Ok(Subject::Words(text.to_owned()))
}

fn opaque(picture: RgbaImage) -> RgbImage {
    DynamicImage::ImageRgba8(picture).into_rgb8()
}

/// What a flooded cut-out has against it beside what is seen of it: a network's that misses a limit by
/// less is preferred, one that found nothing is not.
const FLOODED: f32 = 0.5;

/// Cuts out without a network: by flooding the ground from the border. Good for plain grounds.
#[derive(Debug, Clone, Copy, Default)]
pub struct SketchCutter;

impl Cutter for SketchCutter {
    fn is_last_resort(&self) -> bool {
        true
    }

    fn settle(&mut self, _plan: &Plan) {}

    fn cut_out(&mut self, picture: &RgbImage, limits: &CutoutLimits) -> Result<Cut, Trouble> {
        let (picture, note) = sketch::cut_out(picture);
        let doubt = note.unwrap_or_else(|| {
            "no network for it is here (`splatsmith models pull cutout`), so the ground was flooded \
             from the border"
                .to_owned()
        });
        Ok(Cut {
            excess: FLOODED + excess(&inspect(&picture, limits)),
            picture,
            doubt: Some(doubt),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{ImageFormat, Rgb, Rgba};

    use super::*;

    fn prompt(picture: impl Into<DynamicImage>, format: ImageFormat) -> Prompt {
        let mut bytes = Cursor::new(Vec::new());
        picture
            .into()
            .write_to(&mut bytes, format)
            .expect("encodes");
        Prompt::Image(bytes.into_inner().into())
    }

    fn disc(side: u32, radius: f32) -> RgbaImage {
        let middle = side as f32 / 2.0;
        RgbaImage::from_fn(side, side, |x, y| {
            let inside = (x as f32 - middle).hypot(y as f32 - middle) < radius;
            Rgba([200, 40, 40, if inside { 255 } else { 0 }])
        })
    }

    fn refusal(prompt: &Prompt) -> String {
        match prepare(prompt) {
            Err(GenerateError::Prompt(reason)) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn alpha_is_a_cut_out_and_everything_else_is_not() {
        let cut = prepare(&prompt(disc(64, 20.0), ImageFormat::Png)).expect("a subject");
        assert_eq!(cut, Subject::CutOut(disc(64, 20.0), Vec::new()));
        let grey = RgbImage::from_pixel(8, 8, Rgb([90; 3]));
        for format in [ImageFormat::Png, ImageFormat::Jpeg] {
            let opaque = prepare(&prompt(grey.clone(), format)).expect("a subject");
            assert!(matches!(opaque, Subject::Opaque(_)), "{opaque:?}");
        }
        let solid = RgbaImage::from_pixel(8, 8, Rgba([1, 2, 3, 255]));
        let opaque = prepare(&prompt(solid, ImageFormat::Png)).expect("a subject");
        assert!(matches!(opaque, Subject::Opaque(_)));
    }

    #[test]
    fn an_object_at_the_border_is_made_with_a_note() {
        let cut = prepare(&prompt(disc(64, 40.0), ImageFormat::Png)).expect("a subject");
        let Subject::CutOut(_, notes) = cut else {
            panic!("{cut:?}")
        };
        assert!(notes[0].contains("border"), "{notes:?}");
    }

    #[test]
    fn what_nothing_can_be_made_of_is_refused_in_a_line() {
        let clear = RgbaImage::from_pixel(32, 32, Rgba([255, 255, 255, 0]));
        let gif = RgbaImage::from_pixel(4, 4, Rgba([1, 2, 3, 255]));
        for (unusable, word) in [
            (prompt(clear, ImageFormat::Png), "transparent all over"),
            (
                prompt(gif, ImageFormat::Gif),
                "neither PNG nor JPEG nor WebP",
            ),
            (Prompt::Image(Vec::new().into()), "neither PNG"),
            (Prompt::Text(" \n".to_owned()), "empty"),
        ] {
            let reason = refusal(&unusable);
            assert!(reason.contains(word) && !reason.contains('\n'), "{reason}");
        }
    }

    #[test]
    fn the_sketch_cutter_finds_an_object_on_plain_ground_and_doubts_itself() {
        let painted = RgbImage::from_fn(700, 700, |x, y| {
            let inside = (x as f32 - 350.0).hypot(y as f32 - 350.0) < 200.0;
            Rgb(if inside { [180, 30, 30] } else { [235; 3] })
        });
        let cut = SketchCutter
            .cut_out(&painted, &CutoutLimits::default())
            .expect("a cut-out");
        assert_eq!(cut.picture.dimensions(), (700, 700));
        assert_eq!(cut.picture.get_pixel(350, 350)[3], 255);
        assert_eq!(cut.picture.get_pixel(20, 20)[3], 0);
        assert!(
            cut.doubt
                .is_some_and(|doubt| doubt.contains("models pull cutout"))
        );
    }
}

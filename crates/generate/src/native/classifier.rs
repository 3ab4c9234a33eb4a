//! What kind of thing a prompt asks for, found on the host: by CLIP where one is here, else words by the
//! lexicon and pictures not at all.
//!
//! On the host, since the category says what the device is to do before a device has taken the request,
//! and since each device has better use for the gigabyte: CLIP ViT-L/14 takes 0.5 GB of the host's memory
//! from the first prompt on, and 1.2 GB more from the first picture on. Words take some 2 GFLOP (a short
//! prompt is a tenth of CLIP's 77 tokens), a picture 160: a blink, and about a second where there are but two
//! cores, on the thread that prepares the next request while devices work on others.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use image::{Rgb, RgbImage, RgbaImage, imageops};
use models::flux::FluxFiles;
use models::{ClipError, ClipFiles, ClipText, ClipTokenizer, ClipVision, Device, EmbedError};

use super::works::Subject;
use crate::categories::{Centres, Class, ClipEmbedder, classify};

/// CLIP sees 224 pixels: a picture with a longer side than this is shrunk roughly first.
const MOST_PIXELS: u32 = 2048;

/// Classes prompts. What it needs of CLIP is loaded when it is first needed; what cannot be is done without,
/// and said once.
#[derive(Debug)]
pub(super) struct Classifier {
    files: Option<ClipFiles>,
    reader: OnceLock<Option<Reader>>,
    viewer: OnceLock<Option<ClipVision>>,
    warned: AtomicBool,
}

/// CLIP's text half, and where it puts the categories.
#[derive(Debug)]
struct Reader {
    clip: Arc<(ClipText, ClipTokenizer)>,
    centres: Centres,
}

/// Why there is no reader.
#[derive(Debug, thiserror::Error)]
enum Unread {
    #[error(transparent)]
    Files(#[from] ClipError),
    #[error(transparent)]
    Network(#[from] EmbedError),
}

impl Classifier {
    /// By the CLIP of these files, if there is any.
    pub(super) fn new(files: Option<ClipFiles>) -> Self {
        Self {
            files,
            reader: OnceLock::new(),
            viewer: OnceLock::new(),
            warned: AtomicBool::new(false),
        }
    }

    /// The class of a subject; `None` of a picture where there is no CLIP that sees.
    pub(super) fn class(&self, subject: &Subject) -> Option<Class> {
        match subject {
            Subject::Words(words) => Some(self.of_words(words)),
            Subject::Opaque(picture) => self.of_picture(picture),
            Subject::CutOut(picture, _) => {
                self.files.as_ref()?;
                self.of_picture(&on_white(picture))
            }
        }
    }

    /// CLIP's text half, where it is loaded and of the same files as that of `flux`: who reads with that on
    /// the host, too, shares it.
    pub(super) fn clip_of(&self, flux: &FluxFiles) -> Option<Arc<(ClipText, ClipTokenizer)>> {
        let files = self.files.as_ref()?;
        let is_same = files.weights == flux.clip && files.tokenizer == flux.clip_tokenizer;
        let reader = self.reader.get()?.as_ref();
        let reader = reader.filter(|_| is_same)?;
        tracing::debug!("FLUX reads with the CLIP that tells what prompts ask for");
        Some(Arc::clone(&reader.clip))
    }

    fn of_words(&self, words: &str) -> Class {
        let by_clip = self.reader().and_then(|reader| {
            let class = reader.centres.classify(&reader.embedder(), words);
            class.map_err(|error| self.warn(&error)).ok()
        });
        by_clip.unwrap_or_else(|| classify(words))
    }

    fn of_picture(&self, picture: &RgbImage) -> Option<Class> {
        let (reader, viewer) = (self.reader()?, self.viewer()?);
        let shrunk = shrunk(picture);
        let picture = shrunk.as_ref().unwrap_or(picture);
        let (width, height) = picture.dimensions();
        let seen = viewer.embed(width, height, picture.as_raw(), &Device::Cpu);
        let seen = seen.map_err(|error| self.warn(&error)).ok()?;
        reader.centres.class_of(seen)
    }

    fn reader(&self) -> Option<&Reader> {
        let files = self.files.as_ref()?;
        let load = || {
            let begun = Instant::now();
            let read = Reader::load(files)
                .map_err(|error| self.warn(&error))
                .ok()?;
            let seconds = begun.elapsed().as_secs_f64();
            tracing::info!("CLIP tells what prompts ask for, ready after {seconds:.1} s");
            Some(read)
        };
        self.reader.get_or_init(load).as_ref()
    }

    fn viewer(&self) -> Option<&ClipVision> {
        let files = self.files.as_ref()?;
        let load = || match files.vision(&Device::Cpu) {
            Ok(viewer) => Some(viewer),
            // The words' half alone is a usual thing to have.
            Err(ClipError::Other { .. }) => None,
            Err(error) => {
                self.warn(&error);
                None
            }
        };
        self.viewer.get_or_init(load).as_ref()
    }

    /// Says once that CLIP is of no use; one prompt's trouble is not the next one's, but more lines would
    /// say no more.
    fn warn(&self, error: &dyn std::fmt::Display) {
        if !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "CLIP cannot tell what a prompt asks for ({error}); words are classed by the lexicon, \
                 and pictures are made as published"
            );
        }
    }
}

impl Reader {
    fn load(files: &ClipFiles) -> Result<Self, Unread> {
        let clip = Arc::new(files.text(&Device::Cpu)?);
        let centres = Centres::new(&embedder(&clip))?;
        Ok(Self { clip, centres })
    }

    fn embedder(&self) -> ClipEmbedder<'_> {
        embedder(&self.clip)
    }
}

fn embedder((text, tokenizer): &(ClipText, ClipTokenizer)) -> ClipEmbedder<'_> {
    ClipEmbedder {
        text,
        tokenizer,
        device: &Device::Cpu,
    }
}

/// A cut-out as the judge sees it: on white.
fn on_white(picture: &RgbaImage) -> RgbImage {
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [red, green, blue, alpha] = picture.get_pixel(x, y).0;
        let alpha = u16::from(alpha);
        let laid = |colour: u8| {
            let sum = u16::from(colour) * alpha + 255 * (255 - alpha);
            ((sum + 127) / 255) as u8
        };
        Rgb([red, green, blue].map(laid))
    })
}

/// A picture that is much too large at a usual size.
fn shrunk(picture: &RgbImage) -> Option<RgbImage> {
    let (width, height) = picture.dimensions();
    let longer = width.max(height);
    (longer > MOST_PIXELS).then(|| {
        let scaled = |side: u32| (side * MOST_PIXELS / longer).max(1);
        imageops::thumbnail(picture, scaled(width), scaled(height))
    })
}

#[cfg(test)]
mod tests {
    use image::Rgba;

    use super::*;
    use crate::categories::{By, Category};

    #[test]
    fn without_clip_words_have_a_class_and_pictures_have_none() {
        let classifier = Classifier::new(None);
        let class = classifier.class(&Subject::Words("purple elephant".to_owned()));
        let animals = Class {
            category: Category::Animals,
            by: By::Lexicon,
        };
        assert_eq!(class, Some(animals));
        let picture = RgbImage::from_pixel(8, 8, Rgb([9, 9, 9]));
        assert_eq!(classifier.class(&Subject::Opaque(picture)), None);
    }

    /// Nothing is lost, and it is said once.
    #[test]
    fn a_clip_that_cannot_be_read_is_done_without() {
        let folder = tempfile::tempdir().unwrap();
        let files = ClipFiles {
            weights: folder.path().join("clip.safetensors"),
            tokenizer: folder.path().join("tokenizer.json"),
        };
        for (weights, tokenizer) in [(None, None), (Some("{}"), None), (Some("x"), Some("{}"))] {
            for (path, text) in [(&files.weights, weights), (&files.tokenizer, tokenizer)] {
                if let Some(text) = text {
                    std::fs::write(path, text).unwrap();
                }
            }
            let classifier = Classifier::new(Some(files.clone()));
            for _ in 0..2 {
                let class = classifier.class(&Subject::Words("purple elephant".to_owned()));
                let class = class.unwrap();
                assert_eq!((class.category, class.by), (Category::Animals, By::Lexicon));
                let picture = RgbaImage::from_pixel(8, 8, Rgba([9, 9, 9, 0]));
                let cut_out = Subject::CutOut(picture, Vec::new());
                assert_eq!(classifier.class(&cut_out), None);
            }
            assert!(classifier.warned.load(Ordering::Relaxed));
        }
    }

    #[test]
    fn a_cut_out_lies_on_white() {
        let colours = [
            ([10, 20, 30, 0], [255, 255, 255]),
            ([10, 20, 30, 255], [10, 20, 30]),
            ([10, 20, 30, 128], [132, 137, 142]),
        ];
        for (rgba, rgb) in colours {
            let laid = on_white(&RgbaImage::from_pixel(2, 1, Rgba(rgba)));
            assert_eq!(laid.get_pixel(1, 0).0, rgb, "{rgba:?}");
        }
    }

    #[test]
    fn only_what_is_much_too_large_is_shrunk() {
        let size = |width, height| {
            let shrunk = shrunk(&RgbImage::new(width, height));
            shrunk.map(|picture| picture.dimensions())
        };
        assert_eq!(size(2048, 1), None);
        assert_eq!(size(4096, 1024), Some((2048, 512)));
        assert_eq!(size(1, 4096), Some((1, 2048)));
    }
}

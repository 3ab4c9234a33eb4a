//! The parts of the score, each measured on the views and timed.

use std::time::{Duration, Instant};

use models::Scorer;
use models::scorer::{NotReady, Picture, Views};
use render::Image;
use serde::Serialize;

use crate::{
    outliers::filtered_geometric_mean, picture, prompt::Prompt, score, ssim::adjacent_similarities,
    verdict::Parts,
};

/// Why a part has no number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotScored {
    /// The part: `iqa`, `alignment`, `lpips` or `clip`.
    pub part: &'static str,
    /// One sentence: what is missing and how to get it, or what went wrong.
    pub why: String,
}

/// How long a part took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Timing {
    /// `views`, or the name of a part.
    pub part: &'static str,
    /// On the clock, all cores included.
    pub took: Duration,
}

/// Everything that was measured on views.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    pub(crate) parts: Parts,
    pub(crate) not_scored: Vec<NotScored>,
    pub(crate) timings: Vec<Timing>,
    /// Of neighbouring views, in their order; none if there were no views to compare.
    pub(crate) similarities: Vec<f64>,
    /// Of the views with the prompt; none if they were not measured.
    pub(crate) cosines: Vec<f32>,
}

/// Why a measurement was not taken.
type Failure = String;

/// Measures one asset.
pub(crate) struct Measurement<'a> {
    pub(crate) scorer: Option<&'a Scorer>,
    pub(crate) prompt: &'a Prompt,
    not_scored: Vec<NotScored>,
    timings: Vec<Timing>,
}

impl<'a> Measurement<'a> {
    pub(crate) fn new(scorer: Option<&'a Scorer>, prompt: &'a Prompt) -> Self {
        Self {
            scorer,
            prompt,
            not_scored: Vec::new(),
            timings: Vec::new(),
        }
    }

    /// Runs `step` and remembers how long it took.
    pub(crate) fn timed<T>(&mut self, part: &'static str, step: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let result = step();
        let took = started.elapsed();
        self.timings.push(Timing { part, took });
        result
    }

    /// All parts on `views`; `closer` makes the four views of the CLIP gate, and is asked only if the
    /// gate is there.
    pub(crate) fn of(mut self, views: &[Image], closer: impl FnOnce() -> Vec<Image>) -> Measured {
        let similarities = self.timed("ssim", || adjacent_similarities(views).unwrap_or_default());
        let mut measured = Measured {
            parts: Parts {
                ssim: filtered_geometric_mean(&similarities).into(),
                ..Parts::NONE
            },
            not_scored: Vec::new(),
            timings: Vec::new(),
            similarities,
            cosines: Vec::new(),
        };
        if let Some(scorer) = self.scorer
            && !views.is_empty()
        {
            self.with_networks(scorer, views, closer, &mut measured);
        }
        measured.not_scored = self.not_scored;
        measured.timings = self.timings;
        measured
    }

    fn with_networks(
        &mut self,
        scorer: &Scorer,
        views: &[Image],
        closer: impl FnOnce() -> Vec<Image>,
        measured: &mut Measured,
    ) {
        let look = |images: &[Image]| {
            let pictures: Vec<Picture<'_>> = images.iter().map(picture_of).collect();
            Views::new(&pictures, &scorer.device).map_err(|error| error.to_string())
        };
        let seen = match look(views) {
            Ok(seen) => seen,
            Err(why) => return self.missing(&["iqa", "alignment", "lpips", "clip"], &why),
        };
        let prompt = self.prompt;
        // A prompt picture is read once, for alignment and for the gate.
        let asked = match prompt {
            Prompt::Text(_) => Ok(None),
            Prompt::Image(bytes) => picture::decode(bytes)
                .map_err(|error| error.to_string())
                .and_then(|image| look(&[image]).map(Some)),
        };
        let qualities = self.part("iqa", || {
            ready(&scorer.quality)?.scores(&seen).map_err(in_words)
        });
        measured.parts.iqa = qualities.and_then(|views| score::quality(&views)).into();

        let cosines = self.part("alignment", || match (prompt, &asked) {
            (Prompt::Text(text), _) => ready(&scorer.text)?.cosines(&seen, text).map_err(in_words),
            (_, Ok(Some(asked))) => ready(&scorer.image)?
                .cosines(&seen, asked)
                .map_err(in_words),
            (_, Ok(None)) => Err("there is no prompt picture".to_owned()),
            (_, Err(why)) => Err(why.clone()),
        });
        let alignment = match prompt {
            Prompt::Text(_) => score::text_alignment,
            Prompt::Image(_) => score::image_alignment,
        };
        measured.cosines = cosines.unwrap_or_default();
        measured.parts.alignment = alignment(&measured.cosines).into();

        let distances = self.part("lpips", || {
            ready(&scorer.distance)?.neighbours(&seen).map_err(in_words)
        });
        measured.parts.lpips = distances.and_then(|views| score::likeness(&views)).into();

        let clip = self.part("clip", || {
            let gate = ready(&scorer.gate)?;
            let seen = look(&closer())?;
            match (prompt, &asked) {
                (Prompt::Text(text), _) => gate.text_cosines(&seen, text).map_err(in_words),
                (_, Ok(Some(asked))) => gate.image_cosines(&seen, asked).map_err(in_words),
                (_, Ok(None)) => Err("there is no prompt picture".to_owned()),
                (_, Err(why)) => Err(why.clone()),
            }
        });
        measured.parts.clip = clip.and_then(|cosines| score::quality(&cosines)).into();
    }

    /// The numbers of a part, or `None` and why.
    fn part(
        &mut self,
        part: &'static str,
        step: impl FnOnce() -> Result<Vec<f32>, Failure>,
    ) -> Option<Vec<f32>> {
        match self.timed(part, step) {
            Ok(numbers) if numbers.iter().any(|number| number.is_nan()) => {
                self.missing(&[part], "its network answers with what is no number");
                None
            }
            Ok(numbers) => Some(numbers),
            Err(why) => {
                self.missing(&[part], &why);
                None
            }
        }
    }

    fn missing(&mut self, parts: &[&'static str], why: &str) {
        for part in parts {
            let why = why.to_owned();
            self.not_scored.push(NotScored { part, why });
        }
    }
}

fn ready<T>(part: &Result<T, NotReady>) -> Result<&T, Failure> {
    part.as_ref().map_err(ToString::to_string)
}

fn in_words(error: impl std::fmt::Display) -> Failure {
    // What follows on further lines is a backtrace.
    let words = error.to_string();
    words.lines().next().unwrap_or_default().to_owned()
}

fn picture_of(image: &Image) -> Picture<'_> {
    Picture {
        width: image.width,
        height: image.height,
        rgb: &image.rgb,
    }
}

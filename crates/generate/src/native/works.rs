//! What a device can do, as narrow traits: a painter, cutters and a sculptor make up a
//! [`Station`](super::Station), and a station, or a stand-in, is what a device thread works with.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use image::{RgbImage, RgbaImage};
use splat::Columns;
use thiserror::Error;

use super::sampling::SamplerOverrides;
use crate::categories::Class;
use crate::cutout::CutoutLimits;
use crate::generator::{Recipe, StageTime};
use crate::residency::Plan;

/// Why something was not made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Trouble {
    /// The prompt is to blame: it would fail on every device.
    #[error("{0}")]
    Prompt(String),
    /// Nothing came of this seed: another may do better, on any device.
    #[error("{0}")]
    Seed(String),
    /// There was no room on the device.
    #[error("out of memory: {0}")]
    Memory(String),
    /// The device failed; it may work later, and others may work now.
    #[error("{0}")]
    Device(String),
    /// The device will not work as long as this process lives, such as for want of weights.
    #[error("{0}")]
    Unusable(String),
    /// Nobody waits for it any more.
    #[error("cancelled")]
    Cancelled,
}

/// Told what stage is under way and how many of its steps are done; breaks when nobody waits any more.
pub type Progress<'a> = dyn FnMut(&'static str, u32, u32) -> ControlFlow<()> + 'a;

/// What a request asks for, made ready by the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// Words.
    Words(String),
    /// A picture with its object cut out, and what a person should know about how that went.
    CutOut(RgbaImage, Vec<String>),
    /// A picture whose object has yet to be cut out.
    Opaque(RgbImage),
}

/// How a prompt's category wants it made; what is not said is as usual.
#[derive(Clone, Default)]
pub struct Manner {
    /// The category, and how it was found.
    pub class: Option<Class>,
    /// How many candidates it is made with, where the request leaves that open.
    pub candidates: Option<u32>,
    /// The words as a picture is painted of them.
    pub shaped: Option<String>,
    /// Those words as the painter understands them ([`Painter::Words`]), where the host has read them.
    pub read: Option<Arc<dyn Any + Send + Sync>>,
    /// Steps of the painter.
    pub image_steps: Option<u32>,
    /// What a cut-out must look like.
    pub cutout: CutoutLimits,
    /// How the structure is sampled.
    pub structure: SamplerOverrides,
    /// And the latent.
    pub latent: SamplerOverrides,
}

impl fmt::Debug for Manner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Manner");
        shown.field("class", &self.class);
        shown.field("candidates", &self.candidates);
        shown.field("shaped", &self.shaped);
        shown.field("is_read", &self.read.is_some());
        shown.field("image_steps", &self.image_steps);
        shown.field("cutout", &self.cutout);
        shown.field("structure", &self.structure);
        shown.field("latent", &self.latent).finish()
    }
}

/// One candidate that is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// Of which request: candidates of one share what does not depend on the seed.
    pub job: u64,
    /// What it is to be of.
    pub subject: &'a Subject,
    /// How it is to be made.
    pub manner: &'a Manner,
    /// The noise.
    pub seed: u64,
    /// Quality may be given up to be done by then.
    pub deadline: Option<Instant>,
}

impl Order<'_> {
    /// For the record: how the prompt was classed, and what its category says of the stages it goes through
    /// before TRELLIS. Words are painted where the device `paints`.
    pub(super) fn recorded(&self, paints: bool) -> BTreeMap<String, String> {
        let Some(class) = self.manner.class else {
            return BTreeMap::new();
        };
        let mut record = vec![("classed.by", Some(class.by.name().to_owned()))];
        let is_painted = paints && matches!(self.subject, Subject::Words(_));
        if is_painted {
            let steps = self.manner.image_steps.map(|steps| steps.to_string());
            record.push(("image.steps", steps));
            record.push(("image.words", self.manner.shaped.clone()));
        }
        if is_painted || matches!(self.subject, Subject::Opaque(_)) {
            let limits = &self.manner.cutout;
            let shares = [
                ("cutout.least_coverage", limits.least_coverage),
                ("cutout.most_coverage", limits.most_coverage),
                ("cutout.most_border", limits.most_border),
                ("cutout.most_holes", limits.most_holes),
            ];
            record.extend(shares.map(|(name, share)| (name, Some(share.to_string()))));
            let islands = limits.most_islands.to_string();
            record.push(("cutout.most_islands", Some(islands)));
        }
        let said = record.into_iter();
        said.filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect()
    }
}

/// What a device made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Made {
    /// The splats, raw −Y up ([`splat::Frame::YDown`]).
    pub columns: Columns,
    /// What a person should know.
    pub notes: Vec<String>,
    /// How it was made.
    pub recipe: Recipe,
    /// How long each stage took.
    pub stages: Vec<StageTime>,
}

/// A device at work.
pub trait Works {
    /// Makes one candidate.
    ///
    /// # Errors
    /// See [`Trouble`].
    fn make(&mut self, order: &Order<'_>, progress: &mut Progress<'_>) -> Result<Made, Trouble>;

    /// About how long a candidate takes; zero before the first.
    fn pace(&self) -> Duration;

    /// Keeps less on the device from now on, and says in words what changes; `None` when nothing is left
    /// to give up.
    fn shrink(&mut self) -> Option<String>;

    /// No further candidate of this request will come.
    fn forget(&mut self, job: u64);
}

/// Brings a device to work, again after each failure.
pub trait Opener: Send {
    /// What people call the device, such as `cuda:0`.
    fn name(&self) -> &str;

    /// The device, ready to work.
    ///
    /// # Errors
    /// See [`Trouble`].
    fn open(&mut self) -> Result<Box<dyn Works>, Trouble>;
}

/// Makes pictures of words.
pub trait Painter {
    /// Words as it understands them.
    type Words: 'static;

    /// Keeps on the device what the plan says, from now on.
    fn settle(&mut self, plan: &Plan);

    /// Understands words; independent of the seed.
    ///
    /// # Errors
    /// See [`Trouble`].
    fn read(&mut self, prompt: &str) -> Result<Self::Words, Trouble>;

    /// A picture of the object alone, in so many `steps` if they are said.
    ///
    /// # Errors
    /// See [`Trouble`].
    fn paint(
        &mut self,
        words: &Self::Words,
        seed: u64,
        steps: Option<u32>,
        progress: &mut Progress<'_>,
    ) -> Result<RgbImage, Trouble>;
}

/// A cut-out, and whether it can be relied on.
#[derive(Debug, Clone, PartialEq)]
pub struct Cut {
    /// The picture, transparent where the object is not.
    pub picture: RgbaImage,
    /// Why another cutter, or another picture, may do better.
    pub doubt: Option<String>,
    /// How much there is to doubt, for choosing among those that are all doubtful: by how many times its
    /// limits it misses them. 0 without a doubt.
    pub excess: f32,
}

/// Cuts objects out of pictures.
pub trait Cutter {
    /// Whether it is what is left where there is no network: another picture would do no better.
    fn is_last_resort(&self) -> bool {
        false
    }

    /// Keeps on the device what the plan says, from now on.
    fn settle(&mut self, plan: &Plan);

    /// The object without its ground, held against `limits`.
    ///
    /// # Errors
    /// See [`Trouble`].
    fn cut_out(&mut self, picture: &RgbImage, limits: &CutoutLimits) -> Result<Cut, Trouble>;
}

/// What a sculptor made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sculpted {
    /// The splats, raw −Y up ([`splat::Frame::YDown`]).
    pub columns: Columns,
    /// What a person should know.
    pub notes: Vec<String>,
    /// What they were made with, by name.
    pub settings: BTreeMap<String, String>,
    /// How long each of its stages took.
    pub stages: Vec<StageTime>,
}

/// Makes splats.
pub trait Sculptor {
    /// What it goes by; independent of the seed.
    type Condition;

    /// Keeps on the device what the plan says, from now on.
    fn settle(&mut self, plan: &Plan);

    /// To make what a cut-out shows.
    ///
    /// # Errors
    /// See [`Trouble`].
    fn see(&mut self, picture: &RgbaImage) -> Result<Self::Condition, Trouble>;

    /// To make what words say, without a picture.
    ///
    /// # Errors
    /// See [`Trouble`].
    fn read(&mut self, prompt: &str) -> Result<Self::Condition, Trouble>;

    /// Splats. With little time `left` it may take fewer steps.
    ///
    /// # Errors
    /// See [`Trouble`].
    fn sculpt(
        &mut self,
        condition: &Self::Condition,
        seed: u64,
        manner: &Manner,
        left: Option<Duration>,
        progress: &mut Progress<'_>,
    ) -> Result<Sculpted, Trouble>;
}

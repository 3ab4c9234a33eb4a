//! The parts of the pipeline, where they are used, and what they take.

use std::fmt;

/// A thousand million bytes.
pub(super) const GB: u64 = 1_000_000_000;

/// A step on the way of a candidate, in which parts of the pipeline are on the device together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Words become what the painter understands.
    Read,
    /// The picture is painted.
    Paint,
    /// The object is cut out of its picture.
    CutOut,
    /// The picture, or the words, become the condition of what follows.
    Condition,
    /// The rough structure is sampled and its occupied cells are found.
    Structure,
    /// The structured latent is sampled.
    Latent,
    /// The latent becomes Gaussians.
    Gaussians,
}

impl Stage {
    /// All of them, in order.
    pub const ALL: [Self; 7] = [
        Self::Read,
        Self::Paint,
        Self::CutOut,
        Self::Condition,
        Self::Structure,
        Self::Latent,
        Self::Gaussians,
    ];

    /// About how many bytes a stage computes with beside the weights: FLUX at 512², BiRefNet at 1024²,
    /// TRELLIS on 24 thousand voxels. What the stages bench of `models` found on an H100, and as much again
    /// as attention in chunks of queries takes where it is not fused.
    #[must_use]
    pub fn activations(self) -> u64 {
        match self {
            Self::Read | Self::Condition => 4 * GB / 10,
            Self::Paint => GB,
            Self::CutOut => 11 * GB / 10,
            Self::Structure | Self::Latent => 13 * GB / 10,
            Self::Gaussians => 7 * GB / 10,
        }
    }

    /// What people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "reading the prompt",
            Self::Paint => "painting",
            Self::CutOut => "cutting out",
            Self::Condition => "conditioning",
            Self::Structure => "making the structure",
            Self::Latent => "making the latent",
            Self::Gaussians => "making Gaussians",
        }
    }
}

/// A network that is loaded and dropped as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// T5, which reads prompts for the painter.
    PromptReader,
    /// FLUX.
    Painter,
    /// FLUX's CLIP text encoder and its picture decoder.
    PainterRest,
    /// BiRefNet or its like.
    Cutter,
    /// DINOv2, which sees the picture for TRELLIS.
    ImageEncoder,
    /// CLIP, which reads words for TRELLIS' text models.
    TextEncoder,
    /// TRELLIS' flow of the structure and its decoder.
    Structure,
    /// TRELLIS' flow of the structured latent.
    LatentFlow,
    /// TRELLIS' decoder to Gaussians.
    GaussianDecoder,
    /// The judge's networks, which work beside everything else.
    Judge,
}

impl Part {
    /// What people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PromptReader => "T5",
            Self::Painter => "FLUX",
            Self::PainterRest => "CLIP-L and VAE of FLUX",
            Self::Cutter => "cut-out",
            Self::ImageEncoder => "DINOv2-L",
            Self::TextEncoder => "CLIP-L",
            Self::Structure => "structure networks",
            Self::LatentFlow => "latent flow",
            Self::GaussianDecoder => "Gaussian decoder",
            Self::Judge => "judge",
        }
    }

    /// Whether a stage uses it.
    #[must_use]
    pub fn is_used_in(self, stage: Stage) -> bool {
        match self {
            Self::PromptReader => stage == Stage::Read,
            Self::PainterRest => matches!(stage, Stage::Read | Stage::Paint),
            Self::Painter => stage == Stage::Paint,
            Self::Cutter => stage == Stage::CutOut,
            Self::ImageEncoder | Self::TextEncoder => stage == Stage::Condition,
            Self::Structure => stage == Stage::Structure,
            Self::LatentFlow => stage == Stage::Latent,
            Self::GaussianDecoder => stage == Stage::Gaussians,
            Self::Judge => true,
        }
    }

    /// Whether the host can do its work while the device does something else: T5 is run once for a
    /// prompt, all others for each candidate.
    #[must_use]
    pub fn may_be_on_host(self) -> bool {
        self == Self::PromptReader
    }

    /// About how many bytes it computes with at any time, whatever the stage.
    pub(super) fn always(self) -> u64 {
        match self {
            Self::Judge => 9 * GB / 10,
            _ => 0,
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// A part and the bytes of its weights on the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// Which part.
    pub part: Part,
    /// The bytes of its weights.
    pub bytes: u64,
}

impl Need {
    /// TRELLIS' networks as published, in half precision, and DINOv2-L as it is run, in single precision
    /// (facts, models §2).
    pub const TRELLIS_IMAGE: [Self; 4] = [
        Self::new(Part::ImageEncoder, 1_217_607_321),
        Self::new(Part::Structure, 1_130_770_840 + 147_591_972),
        Self::new(Part::LatentFlow, 1_203_755_136),
        Self::new(Part::GaussianDecoder, 171_450_952),
    ];

    /// BiRefNet in half precision (facts, models §8).
    pub const BIREFNET: Self = Self::new(Part::Cutter, 444_473_596);

    /// FLUX's CLIP text encoder and picture decoder (facts, models §8).
    pub const PAINTER_REST: Self = Self::new(Part::PainterRest, 42 * GB / 100);

    /// The judge's networks: those of alignment with words (0.70 GB) and with pictures (0.61 GB) and of the
    /// gate (0.86 GB) in half precision, the others in single.
    pub const JUDGE: Self = Self::new(Part::Judge, 23 * GB / 10);

    /// A part of `bytes` bytes.
    #[must_use]
    pub const fn new(part: Part, bytes: u64) -> Self {
        Self { part, bytes }
    }
}

/// A choice of files for the painter and its reader; the rest of the pipeline does not depend on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// What it is called, such as `Q8_0`.
    pub name: String,
    /// What it adds to the pipeline's needs.
    pub needs: Vec<Need>,
}

impl Variant {
    /// FLUX.1-schnell and T5-XXL in the precisions they are published in, the best first (facts, models
    /// §8; those of GGUF files are estimates).
    #[cfg(test)]
    pub(crate) fn published() -> Vec<Self> {
        [("bf16", 238, 95), ("Q8_0", 127, 51), ("Q4_K", 68, 51)]
            .map(|(name, painter, reader)| Self {
                name: name.to_owned(),
                needs: vec![
                    Need::new(Part::PromptReader, reader * GB / 10),
                    Need::new(Part::Painter, painter * GB / 10),
                    Need::PAINTER_REST,
                ],
            })
            .to_vec()
    }
}

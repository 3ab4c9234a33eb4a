//! TRELLIS as a [`Sculptor`].

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use image::RgbaImage;
use models::Device;
use models::trellis::{
    Condition, Gaussians, Keep, Origin, Settings, Stage, Trellis, TrellisError, Watch,
};
use splat::Columns;

use super::sampling::{Pace, SamplerOverrides, Samplers};
use super::works::{Manner, Progress, Sculpted, Sculptor, Trouble};
use crate::generator::StageTime;
use crate::residency::{Part, Plan};

/// How TRELLIS is to sample; what is not said is as the models were published.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sampling {
    /// The structure.
    pub structure: SamplerOverrides,
    /// The latent on it.
    pub latent: SamplerOverrides,
}

/// TRELLIS on one device: the pipeline that sees images, the one that reads words, or both.
#[derive(Debug)]
pub struct TrellisSculptor {
    images: Option<Trellis>,
    words: Option<Trellis>,
    sampling: Sampling,
    pace: Pace,
}

/// A condition, and of which pipeline.
#[derive(Debug)]
pub struct Asked {
    condition: Condition,
    by_words: bool,
}

impl TrellisSculptor {
    /// The pipelines at `images` and `words`, of which one at least is needed, on `device`. Nothing is
    /// loaded yet.
    ///
    /// # Errors
    /// [`Trouble::Unusable`] when a pipeline's files cannot be used.
    pub fn open(
        images: Option<Origin>,
        words: Option<Origin>,
        device: &Device,
        sampling: Sampling,
    ) -> Result<Self, Trouble> {
        let open = |origin: Option<Origin>| {
            origin
                .map(|origin| Trellis::open(origin, device, Keep::ALL))
                .transpose()
                .map_err(trouble)
        };
        Ok(Self {
            images: open(images)?,
            words: open(words)?,
            sampling,
            pace: Pace::default(),
        })
    }

    fn pipelines(&mut self) -> impl Iterator<Item = &mut Trellis> {
        self.images.iter_mut().chain(&mut self.words)
    }
}

impl Sculptor for TrellisSculptor {
    type Condition = Asked;

    fn settle(&mut self, plan: &Plan) {
        let keeps = |part| plan.stay(part).is_none() || plan.keeps(part);
        let keep = Keep {
            condition: keeps(Part::ImageEncoder) && keeps(Part::TextEncoder),
            structure: keeps(Part::Structure),
            latent: keeps(Part::LatentFlow),
            gaussians: keeps(Part::GaussianDecoder),
        };
        for pipeline in self.pipelines() {
            pipeline.keep(keep);
        }
    }

    fn see(&mut self, picture: &RgbaImage) -> Result<Asked, Trouble> {
        let Some(pipeline) = &mut self.images else {
            let reason = "this pipeline reads words, and an image is asked for";
            return Err(Trouble::Prompt(reason.to_owned()));
        };
        let (width, height) = picture.dimensions();
        let condition = pipeline
            .condition_image(width, height, picture.as_raw())
            .map_err(trouble)?;
        Ok(Asked {
            condition,
            by_words: false,
        })
    }

    fn read(&mut self, prompt: &str) -> Result<Asked, Trouble> {
        let Some(pipeline) = &mut self.words else {
            return Err(Trouble::Prompt(
                "there is nothing here that understands words: get FLUX with `splatsmith models pull \
                 text-to-image`, or TRELLIS' own text model with `splatsmith models pull trellis-text-large`"
                    .to_owned(),
            ));
        };
        let condition = pipeline.condition_text(prompt).map_err(trouble)?;
        Ok(Asked {
            condition,
            by_words: true,
        })
    }

    fn sculpt(
        &mut self,
        asked: &Asked,
        seed: u64,
        manner: &Manner,
        left: Option<Duration>,
        progress: &mut Progress<'_>,
    ) -> Result<Sculpted, Trouble> {
        let pipeline = match asked.by_words {
            true => self.words.as_mut(),
            false => self.images.as_mut(),
        };
        let gone = || Trouble::Device("the condition is of another pipeline".to_owned());
        let pipeline = pipeline.ok_or_else(gone)?;
        let published = pipeline.settings();
        // The operator's word goes before the category's.
        let structure = self.sampling.structure.or(manner.structure);
        let latent = self.sampling.latent.or(manner.latent);
        let wanted = Samplers {
            structure: structure.over(published.structure),
            latent: latent.over(published.latent),
        };
        let samplers = left.map_or(wanted, |left| self.pace.within(wanted, left));
        let settings = Settings {
            structure: samplers.structure,
            latent: samplers.latent,
            ..published
        };
        let mut timer = Timer::new(progress);
        let gaussians = pipeline
            .generate(&asked.condition, seed, &settings, &mut timer)
            .map_err(trouble)?;
        let (structure, latent, rest) = timer.times();
        self.pace.measured(&samplers, structure, latent, rest);
        let notes = (samplers != wanted).then(|| {
            format!(
                "{} and {} steps instead of {} and {}, to be done in time",
                samplers.structure.steps,
                samplers.latent.steps,
                wanted.structure.steps,
                wanted.latent.steps
            )
        });
        Ok(Sculpted {
            columns: columns(gaussians),
            notes: notes.into_iter().collect(),
            settings: recorded(&samplers),
            stages: [
                ("structure", structure),
                ("latent", latent),
                ("decode", rest),
            ]
            .map(|(stage, time)| StageTime::new(stage, time))
            .to_vec(),
        })
    }
}

/// For the record.
fn recorded(samplers: &Samplers) -> BTreeMap<String, String> {
    let stages = [
        ("structure", samplers.structure),
        ("latent", samplers.latent),
    ];
    let settings = stages.into_iter().flat_map(|(stage, sampler)| {
        let (from, to) = sampler.interval;
        [
            (format!("{stage}.steps"), sampler.steps.to_string()),
            (format!("{stage}.guidance"), sampler.guidance.to_string()),
            (format!("{stage}.interval"), format!("{from}..{to}")),
            (format!("{stage}.rescale_t"), sampler.rescale_t.to_string()),
        ]
    });
    settings.collect()
}

/// Passes steps on, and measures the time from the begin of each stage to its last step.
struct Timer<'a, 'b> {
    progress: &'a mut Progress<'b>,
    begun: Instant,
    stage_begun: Instant,
    structure: Duration,
    latent: Duration,
}

impl<'a, 'b> Timer<'a, 'b> {
    fn new(progress: &'a mut Progress<'b>) -> Self {
        let now = Instant::now();
        Self {
            progress,
            begun: now,
            stage_begun: now,
            structure: Duration::ZERO,
            latent: Duration::ZERO,
        }
    }

    /// All steps of both flows, and what is left.
    fn times(&self) -> (Duration, Duration, Duration) {
        let rest = self
            .begun
            .elapsed()
            .saturating_sub(self.structure + self.latent);
        (self.structure, self.latent, rest)
    }
}

impl Watch for Timer<'_, '_> {
    fn step(&mut self, stage: Stage, done: u32, total: u32) -> ControlFlow<()> {
        if done == 0 {
            self.stage_begun = Instant::now();
        }
        let time = self.stage_begun.elapsed();
        let name = match stage {
            Stage::Condition => "condition",
            Stage::Structure => {
                self.structure = time;
                "structure"
            }
            Stage::Latent => {
                self.latent = time;
                "latent"
            }
            Stage::Gaussians => "decode",
        };
        (self.progress)(name, done, total)
    }
}

/// Rows to columns.
fn columns(gaussians: Gaussians) -> Columns {
    let Gaussians {
        positions,
        colours,
        opacities,
        scales,
        rotations,
    } = gaussians;
    Columns {
        positions: transposed(&positions),
        log_scales: transposed(&scales),
        rotations: transposed(&rotations),
        opacity_logits: opacities,
        colours: transposed(&colours),
        ..Columns::default()
    }
}

fn transposed<const N: usize>(rows: &[[f32; N]]) -> [Vec<f32>; N] {
    std::array::from_fn(|column| rows.iter().map(|row| row[column]).collect())
}

/// Whose fault it is.
fn trouble(error: TrellisError) -> Trouble {
    let words = error.to_string();
    match error {
        error if error.is_out_of_memory() => Trouble::Memory(words),
        TrellisError::Cancelled => Trouble::Cancelled,
        TrellisError::Image(_) => Trouble::Prompt(words),
        TrellisError::Empty | TrellisError::TooLarge { .. } | TrellisError::NotFinite(_) => {
            Trouble::Seed(words)
        }
        TrellisError::File(_)
        | TrellisError::Config { .. }
        | TrellisError::Settings(_)
        | TrellisError::Kind(_) => Trouble::Unusable(words),
        TrellisError::Network { .. } => Trouble::Device(words),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use splat::{Cloud, Splat};

    use super::super::finish::cloud_of;
    use super::*;

    /// The reference's own PLY of the golden's Gaussians.
    fn reference() -> Cloud {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../models/tests/data/gs_decoder.safetensors");
        let bytes = std::fs::read(path).expect("the golden");
        let golden = safetensors::SafeTensors::deserialize(&bytes).expect("a golden");
        let ply = golden.tensor("out.ply").expect("its PLY");
        splat::read(ply.data()).expect("a PLY").0
    }

    fn gaussians(cloud: &Cloud) -> Gaussians {
        let rows = || cloud.iter();
        Gaussians {
            positions: rows().map(|splat| splat.position).collect(),
            colours: rows().map(|splat| splat.colour).collect(),
            opacities: rows().map(|splat| splat.opacity_logit).collect(),
            scales: rows().map(|splat| splat.log_scale).collect(),
            rotations: rows().map(|splat| splat.rotation).collect(),
        }
    }

    #[test]
    fn the_reference_s_ply_comes_out_field_by_field() {
        let reference = reference();
        assert_eq!(reference.len(), 3520);
        let (cloud, _, note) = cloud_of(columns(gaussians(&reference))).expect("a cloud");
        let seen = |splat: &Splat| 1.0 / (1.0 + (-splat.opacity_logit).exp()) >= 1.0 / 255.0;
        let expected: Vec<Splat> = reference.iter().filter(seen).collect();
        assert!(expected.len() > 3000, "{}", expected.len());
        assert_eq!(cloud.iter().collect::<Vec<_>>(), expected);
        assert_eq!(note.is_some(), expected.len() < 3520);
        let written = splat::ply::write(&cloud);
        let (read, _) = splat::read(&written).expect("a PLY");
        assert_eq!(read, cloud, "what we write is what was made");
    }

    #[test]
    fn whose_fault_an_error_is() {
        let network = |words: &str| TrellisError::Network {
            part: "latent",
            error: candle_error(words),
        };
        let full = trouble(network(
            "DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")",
        ));
        assert!(matches!(full, Trouble::Memory(_)), "{full:?}");
        let broken = trouble(network("CUDA_ERROR_ILLEGAL_ADDRESS"));
        assert!(matches!(broken, Trouble::Device(_)), "{broken:?}");
        assert!(matches!(trouble(TrellisError::Empty), Trouble::Seed(_)));
        assert_eq!(trouble(TrellisError::Cancelled), Trouble::Cancelled);
        let kind = trouble(TrellisError::Kind("words"));
        assert!(matches!(kind, Trouble::Unusable(_)), "{kind:?}");
    }

    fn candle_error(words: &str) -> candle_core::Error {
        candle_core::Error::Msg(words.to_owned())
    }
}

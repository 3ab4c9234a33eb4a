//! What is planned with: the parts of the pipeline and what each takes on a device.

use models::Device;
use models::trellis::{Keep, Origin, PartSizes, Trellis};

use super::cutter;
use super::installed::Installed;
use crate::residency::{Budget, Need, Part, Plan, TooSmall, Variant, choose};

/// A part, and whether it is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// The part, at the size of its files where they are here, else at the published one.
    pub need: Need,
    /// Whether it is here.
    pub is_here: bool,
}

/// FLUX in one choice of files.
#[derive(Debug, Clone)]
pub(super) struct Painting {
    pub(super) name: String,
    pub(super) parts: Vec<Counted>,
    /// The models to be pulled for it.
    pub(super) lacks: Vec<String>,
}

/// The parts of a pipeline, to be planned with.
#[derive(Debug, Clone)]
pub struct Inventory {
    /// All but what paints.
    pub(super) parts: Vec<Counted>,
    /// What may paint, the best first.
    pub(super) paintings: Vec<Painting>,
    /// The models to be pulled for `parts`.
    pub(super) lacks: Vec<String>,
    /// The judge's networks, which are counted where they are asked for.
    pub(super) judge: Counted,
}

impl Counted {
    pub(super) const fn here(need: Need) -> Self {
        Self {
            need,
            is_here: true,
        }
    }

    pub(super) const fn published(need: Need) -> Self {
        Self {
            need,
            is_here: false,
        }
    }
}

impl Inventory {
    /// What is here, with what is cut out with; of a network to cut out with it is known that it is here.
    ///
    /// # Errors
    /// When a file of a pipeline cannot be read, in words.
    pub(super) fn of(installed: &Installed, cutters: &[String]) -> Result<Self, String> {
        let mut needs = pipelines(installed)?;
        // Files are run on the host.
        if !cutters.iter().all(|choice| cutter::is_file(choice)) {
            needs.push(Need::BIREFNET);
        }
        let paintings = installed.painters.iter().map(|paints| Painting {
            name: paints.variant.name.clone(),
            parts: paints
                .variant
                .needs
                .iter()
                .copied()
                .map(Counted::here)
                .collect(),
            lacks: Vec::new(),
        });
        Ok(Self {
            parts: needs.into_iter().map(Counted::here).collect(),
            paintings: paintings.collect(),
            lacks: Vec::new(),
            judge: Counted::here(Need::JUDGE),
        })
    }

    /// The plan for a device; `judged`: with the judge's networks on it.
    ///
    /// # Errors
    /// When the pipeline does not fit.
    pub fn plan(&self, judged: bool, budget: Budget) -> Result<Plan, TooSmall> {
        let judge = judged.then_some(&self.judge);
        let needs = self.parts.iter().chain(judge).map(|counted| counted.need);
        let variants = self.paintings.iter().map(|painting| Variant {
            name: painting.name.clone(),
            needs: painting.parts.iter().map(|counted| counted.need).collect(),
        });
        choose(
            &needs.collect::<Vec<_>>(),
            &variants.collect::<Vec<_>>(),
            budget,
        )
    }

    /// Whether `part` is here, in the choice of files that `plan` has taken.
    #[must_use]
    pub fn is_here(&self, part: Part, plan: &Plan) -> bool {
        let parts = self.parts.iter().chain([&self.judge]);
        let painting = self.painting(plan).into_iter();
        let mut all = parts.chain(painting.flat_map(|painting| &painting.parts));
        all.all(|counted| counted.need.part != part || counted.is_here)
    }

    /// The models to be pulled for what is not here; of what paints, for the choice that `plan` has taken.
    #[must_use]
    pub fn lacks(&self, plan: Option<&Plan>, judged: bool) -> Vec<String> {
        let painting = plan.and_then(|plan| self.painting(plan)).into_iter();
        let of_painting = painting.flat_map(|painting| &painting.lacks);
        let judge = (judged && !self.judge.is_here).then(|| "judge".to_owned());
        let lacks = self.lacks.iter().chain(of_painting).cloned();
        lacks.chain(judge).collect()
    }

    fn painting(&self, plan: &Plan) -> Option<&Painting> {
        let name = plan.variant.as_ref()?;
        self.paintings
            .iter()
            .find(|painting| painting.name == *name)
    }
}

/// What the pipelines that are here take on a GPU.
fn pipelines(installed: &Installed) -> Result<Vec<Need>, String> {
    let mut needs = Vec::new();
    let pipelines = [
        (&installed.images, Part::ImageEncoder),
        (&installed.words, Part::TextEncoder),
    ];
    for (origin, conditioner) in pipelines {
        let Some(origin) = origin else { continue };
        let sizes = sizes(origin)?;
        needs.extend([
            Need::new(conditioner, sizes.condition),
            Need::new(Part::Structure, sizes.structure),
            Need::new(Part::LatentFlow, sizes.latent),
            Need::new(Part::GaussianDecoder, sizes.gaussians),
        ]);
    }
    Ok(needs)
}

fn sizes(origin: &Origin) -> Result<PartSizes, String> {
    let pipeline = Trellis::open(origin.clone(), &Device::Cpu, Keep::NONE);
    let sizes = pipeline.map_err(|error| error.to_string())?;
    sizes
        .parts()
        .sizes_on_gpu()
        .map_err(|error| error.to_string())
}

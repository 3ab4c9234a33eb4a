//! The native backend as it is configured: which devices work, on what, and how much of them is used.

use models::trellis::{Keep, Origin, PartSizes, Trellis};
use models::{Device, free_memory};
use thiserror::Error;

use super::devices::{Devices, Place};
use super::installed::{Installed, Weights};
use super::picture::{SketchCutter, prepare};
use super::station::Station;
use super::studio::{Studio, StudioOptions};
use super::trellis::{Sampling, TrellisSculptor};
use super::works::{Cutter, NoPainter, Opener, Trouble, Works};
use crate::generator::GenerateError;
use crate::residency::{Budget, Need, Part, Plan, TooSmall, plan};

/// What people call the backend.
const LABEL: &str = "trellis";

/// How the native backend works.
#[derive(Debug, Clone)]
pub struct NativeOptions {
    /// Where its weights are.
    pub weights: Weights,
    /// Where it runs.
    pub devices: Devices,
    /// Gigabytes of each device that may be used; `None` for what is free.
    pub vram: Option<u64>,
    /// How it samples.
    pub sampling: Sampling,
    /// Whether the judge's networks share the first device.
    pub judged: bool,
}

/// Why the native backend cannot begin.
#[derive(Debug, Error)]
pub enum NativeError {
    /// Nothing it needs is here.
    #[error("{0}")]
    Weights(String),
    /// A device there is none of.
    #[error("{name}: {reason}")]
    Device {
        /// Which.
        name: String,
        /// Why it cannot be opened.
        reason: String,
    },
    /// The pipeline does not fit.
    #[error("{name}: {error}")]
    TooSmall {
        /// On which device.
        name: String,
        /// By how much.
        error: TooSmall,
    },
    /// The threads cannot be started.
    #[error(transparent)]
    Generate(#[from] GenerateError),
}

/// The native backend, decided but not begun.
#[derive(Debug)]
pub struct Native {
    /// What is here.
    pub installed: Installed,
    /// The devices and how each is used; `None` for the host's memory, or where it depends on what is
    /// free when the device begins.
    pub places: Vec<(Place, Option<Plan>)>,
    options: NativeOptions,
}

impl Native {
    /// Looks at files and devices. Nothing is loaded.
    ///
    /// # Errors
    /// When there is nothing to work with, a device is not there, or the pipeline does not fit on one.
    pub fn look(options: NativeOptions) -> Result<Self, NativeError> {
        let installed = Installed::look(&options.weights).map_err(NativeError::Weights)?;
        let needs = needs(&installed).map_err(NativeError::Weights)?;
        let mut places = Vec::new();
        for (index, place) in Place::of(&options.devices).into_iter().enumerate() {
            let name = place.name();
            let device = place.open().map_err(|reason| NativeError::Device {
                name: name.clone(),
                reason,
            })?;
            let budget = budget(place, &device, options.vram);
            let needs = with_judge(&needs, options.judged && index == 0);
            let plan = budget.map(|budget| plan(&needs, budget)).transpose();
            let plan = plan.map_err(|error| NativeError::TooSmall { name, error })?;
            places.push((place, plan));
        }
        Ok(Self {
            installed,
            places,
            options,
        })
    }

    /// Starts a thread for each device.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn begin(self) -> Result<Studio, NativeError> {
        let openers = self.places.into_iter().map(|(place, plan)| {
            Box::new(Door {
                name: place.name(),
                place,
                plan,
                installed: self.installed.clone(),
                sampling: self.options.sampling,
            }) as Box<dyn Opener>
        });
        let options = StudioOptions::new(LABEL, Box::new(prepare));
        Ok(Studio::open(options, openers.collect())?)
    }
}

/// How much of a device may be used; `None` for the host's memory, which is not planned.
fn budget(place: Place, device: &Device, vram: Option<u64>) -> Option<Budget> {
    if place == Place::Cpu {
        return None;
    }
    let free = free_memory(device).map(Budget::of_free);
    match (vram.map(Budget::of_card), free) {
        (Some(card), Some(free)) => Some(if free.bytes < card.bytes { free } else { card }),
        (card, free) => card.or(free),
    }
}

fn with_judge(needs: &[Need], judged: bool) -> Vec<Need> {
    let judge = judged.then_some(Need::JUDGE);
    needs.iter().copied().chain(judge).collect()
}

/// What the pipelines that are here take on a GPU.
fn needs(installed: &Installed) -> Result<Vec<Need>, String> {
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
    sizes.parts().sizes().map_err(|error| error.to_string())
}

/// Opens one device with everything that works on it.
struct Door {
    name: String,
    place: Place,
    plan: Option<Plan>,
    installed: Installed,
    sampling: Sampling,
}

impl Opener for Door {
    fn name(&self) -> &str {
        &self.name
    }

    fn open(&mut self) -> Result<Box<dyn Works>, Trouble> {
        let device = self.place.open().map_err(Trouble::Device)?;
        let Installed { images, words } = self.installed.clone();
        let sculptor = TrellisSculptor::open(images, words, &device, self.sampling)?;
        let cutters: Vec<Box<dyn Cutter>> = vec![Box::new(SketchCutter)];
        if let Some(plan) = &self.plan {
            tracing::info!("{}: {}", self.name, plan.moves());
        }
        let painter: Option<NoPainter> = None;
        Ok(Box::new(Station::new(
            painter,
            cutters,
            sculptor,
            self.plan.clone(),
        )))
    }
}

//! The native backend as it is configured: which devices work, on what, and how much of them is used.

use std::path::PathBuf;
use std::sync::Arc;

use models::{Device, free_memory};
use thiserror::Error;

use super::classifier::Classifier;
use super::cutter::{self, NetworkCutter};
use super::devices::{Devices, Place};
use super::flux::{FluxPainter, HostReader};
use super::installed::{Installed, Paints, Weights};
use super::inventory::Inventory;
use super::memory::FreeMemory;
use super::picture::{SketchCutter, doubted, read};
use super::sampling::SamplerOverrides;
use super::station::Station;
use super::studio::{Preparation, Studio, StudioOptions};
use super::trellis::{Sampling, TrellisSculptor};
use super::works::{Cutter, Manner, Opener, Subject, Trouble, Works};
use crate::categories::{CategoryTable, Class, StageSettings};
use crate::generator::GenerateError;
use crate::residency::{Budget, Part, Plan, Stay, TooSmall};

/// What people call the backend.
const LABEL: &str = "trellis";

/// How the native backend works.
#[derive(Debug, Clone)]
pub struct NativeOptions {
    /// Where its weights are.
    pub weights: Weights,
    /// A folder with a FLUX that is none of those pulled.
    pub flux: Option<PathBuf>,
    /// Pixels of what FLUX paints, each way.
    pub side: u32,
    /// Where it runs.
    pub devices: Devices,
    /// Gigabytes of each device that may be used; `None` for what is free.
    pub vram: Option<u64>,
    /// How it samples, whatever a prompt's category says.
    pub sampling: Sampling,
    /// How each category is made.
    pub categories: CategoryTable,
    /// What to cut out with, in the order they are tried: networks of the store by name, and ONNX files;
    /// none for what is usual.
    pub cutters: Vec<String>,
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
    /// What a person has to be told, such as licences.
    pub notes: Vec<String>,
    options: NativeOptions,
}

impl Native {
    /// Looks at files and devices. Nothing is loaded.
    ///
    /// # Errors
    /// When there is nothing to work with, a device is not there, or the pipeline does not fit on one.
    pub fn look(mut options: NativeOptions) -> Result<Self, NativeError> {
        let installed = Installed::look(&options.weights, options.flux.as_deref());
        let installed = installed.map_err(NativeError::Weights)?;
        let store = options.weights.store();
        if options.cutters.is_empty() {
            options.cutters = cutter::usual(store);
        }
        let notes = cutter::check(&options.cutters, store).map_err(NativeError::Weights)?;
        let inventory = Inventory::of(&installed, &options.cutters);
        let inventory = inventory.map_err(NativeError::Weights)?;
        let mut places = Vec::new();
        for (index, place) in Place::of(&options.devices).into_iter().enumerate() {
            let name = place.name();
            let device = place.open().map_err(|reason| NativeError::Device {
                name: name.clone(),
                reason,
            })?;
            let budget = budget(place, &device, options.vram);
            let judged = options.judged && index == 0;
            let plan = budget
                .map(|budget| inventory.plan(judged, budget))
                .transpose();
            let plan = plan.map_err(|error| NativeError::TooSmall { name, error })?;
            places.push((place, plan));
        }
        Ok(Self {
            installed,
            places,
            notes,
            options,
        })
    }

    /// Starts a thread for each device.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn begin(self) -> Result<Studio, NativeError> {
        let classifier = Arc::new(Classifier::new(self.installed.clip.clone()));
        let prepare = self.preparation(Arc::clone(&classifier));
        let openers = self.places.into_iter().map(|(place, plan)| {
            Box::new(Door {
                name: place.name(),
                place,
                plan,
                installed: self.installed.clone(),
                sampling: self.options.sampling,
                side: self.options.side,
                cutters: self.options.cutters.clone(),
                weights: self.options.weights.clone(),
                classifier: Arc::clone(&classifier),
            }) as Box<dyn Opener>
        });
        let options = StudioOptions::new(LABEL, prepare);
        Ok(Studio::open(options, openers.collect())?)
    }
}

impl Native {
    /// What the host does with a prompt: it is classed, and words are shaped, and read for FLUX where no
    /// device has room for that.
    fn preparation(&self, classifier: Arc<Classifier>) -> Preparation {
        let categories = self.options.categories.clone();
        let is_painted = !self.installed.painters.is_empty();
        let reads = |(_, plan): &(Place, Option<Plan>)| {
            let plan = plan.as_ref()?;
            (plan.stay(Part::PromptReader) == Some(Stay::OnHost))
                .then(|| painter(&self.installed, Some(plan)))?
        };
        let reader = self.places.iter().find_map(reads);
        let reader = reader
            .map(|paints| HostReader::new(paints.files.clone()).sharing(Arc::clone(&classifier)));
        Box::new(move |prompt| {
            let subject = read(prompt)?;
            let mut manner = match classifier.class(&subject) {
                Some(class) => manner(class, &subject, &categories)?,
                None => Manner::default(),
            };
            let subject = doubted(subject, &manner.cutout);
            if let (true, Some(reader), Some(shaped)) = (is_painted, &reader, &manner.shaped) {
                manner.read = reader.read(shaped);
            }
            Ok((subject, manner))
        })
    }
}

/// How the category of a prompt is made.
fn manner(
    class: Class,
    subject: &Subject,
    categories: &CategoryTable,
) -> Result<Manner, GenerateError> {
    let settings = categories.settings(class.category);
    let shaped = match subject {
        Subject::Words(words) => Some(settings.template.shape(words)),
        Subject::CutOut(..) | Subject::Opaque(_) => None,
    };
    let shaped = shaped
        .transpose()
        .map_err(|error| GenerateError::Prompt(error.to_string()))?;
    let overrides = |stage: StageSettings| SamplerOverrides {
        steps: Some(stage.steps),
        guidance: Some(stage.guidance),
        ..SamplerOverrides::default()
    };
    Ok(Manner {
        class: Some(class),
        candidates: Some(settings.candidates),
        image_steps: shaped.is_some().then_some(settings.image_steps),
        shaped,
        read: None,
        cutout: settings.matting.into(),
        structure: overrides(settings.structure),
        latent: overrides(settings.latent),
    })
}

/// The FLUX a plan has chosen; without a plan, the first.
fn painter<'a>(installed: &'a Installed, plan: Option<&Plan>) -> Option<&'a Paints> {
    let variant = plan.and_then(|plan| plan.variant.as_deref());
    let mut painters = installed.painters.iter();
    match variant {
        Some(name) => painters.find(|paints| paints.variant.name == name),
        None => painters.next(),
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

/// Opens one device with everything that works on it.
struct Door {
    name: String,
    place: Place,
    plan: Option<Plan>,
    installed: Installed,
    sampling: Sampling,
    side: u32,
    cutters: Vec<String>,
    weights: Weights,
    classifier: Arc<Classifier>,
}

impl Opener for Door {
    fn name(&self) -> &str {
        &self.name
    }

    fn open(&mut self) -> Result<Box<dyn Works>, Trouble> {
        let device = self.place.open().map_err(Trouble::Device)?;
        let Installed { images, words, .. } = self.installed.clone();
        let paints = painter(&self.installed, self.plan.as_ref());
        let painter = paints.map(|paints| {
            let painter = FluxPainter::new(paints.files.clone(), &device, self.side);
            painter.sharing(Arc::clone(&self.classifier))
        });
        let sculptor = TrellisSculptor::open(images, words, &device, self.sampling)?;
        let mut cutters: Vec<Box<dyn Cutter>> = Vec::new();
        for choice in &self.cutters {
            let store = self.weights.store();
            let cutter = NetworkCutter::of_choice(choice, store, &device);
            cutters.push(Box::new(cutter));
        }
        // Last, and never without a doubt.
        cutters.push(Box::new(SketchCutter));
        if let Some(plan) = &self.plan {
            tracing::info!("{}: {}", self.name, plan.moves());
        }
        let station = Station::new(painter, cutters, sculptor, self.plan.clone());
        let free = FreeMemory::new(move || free_memory(&device));
        Ok(Box::new(station.watching(free)))
    }
}

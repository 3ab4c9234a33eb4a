//! FLUX.1-schnell as a [`Painter`], and its reading half on the host.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

use image::RgbImage;
use models::flux::{Encoded, FluxError, FluxFiles, FluxSettings, TextEncoders, TextToImage};
use models::{ClipText, ClipTokenizer, Device, is_out_of_memory};

use super::classifier::Classifier;
use super::works::{Painter, Progress, Trouble};
use crate::residency::{Part, Plan, Stay};

/// FLUX.1-schnell on one device.
#[derive(Debug)]
pub struct FluxPainter {
    files: FluxFiles,
    device: Device,
    network: TextToImage,
    /// Pixels each way.
    side: u32,
    reader: Stay,
    painter: Stay,
    classifier: Option<Arc<Classifier>>,
    /// What the classifier shares, once it has it.
    clip: Option<Arc<(ClipText, ClipTokenizer)>>,
}

impl FluxPainter {
    /// The FLUX of these files, on `device`, for pictures of `side` pixels each way. Nothing is loaded
    /// yet.
    #[must_use]
    pub fn new(files: FluxFiles, device: &Device, side: u32) -> Self {
        Self {
            side,
            network: TextToImage::from_files(files.clone(), device, device),
            files,
            device: device.clone(),
            reader: Stay::Resident,
            painter: Stay::Resident,
            classifier: None,
            clip: None,
        }
    }

    /// The same, sharing the classifier's CLIP while it reads on the host.
    pub(super) fn sharing(self, classifier: Arc<Classifier>) -> Self {
        Self {
            classifier: Some(classifier),
            ..self
        }
    }
}

impl Painter for FluxPainter {
    type Words = Encoded;

    fn settle(&mut self, plan: &Plan) {
        let stay = |part| plan.stay(part).unwrap_or(Stay::Resident);
        let reader = stay(Part::PromptReader);
        if (reader == Stay::OnHost) != (self.reader == Stay::OnHost) {
            let host = Device::Cpu;
            let reads = match reader {
                Stay::OnHost => &host,
                Stay::Resident | Stay::Visiting => &self.device,
            };
            self.network = TextToImage::from_files(self.files.clone(), reads, &self.device);
        }
        self.reader = reader;
        self.painter = stay(Part::Painter);
        if self.reader == Stay::Visiting {
            self.network.release_text();
        }
        if self.painter != Stay::Resident {
            self.network.release_painter();
        }
    }

    fn read(&mut self, prompt: &str) -> Result<Encoded, Trouble> {
        if self.clip.is_none() {
            let classifier = self.classifier.as_ref();
            self.clip = classifier.and_then(|it| it.clip_of(&self.files));
        }
        if let Some(clip) = &self.clip {
            self.network.share_clip(Arc::clone(clip));
        }
        let read = self.network.encode(prompt).map_err(trouble);
        if self.reader == Stay::Visiting {
            self.network.release_text();
        }
        read
    }

    fn paint(
        &mut self,
        words: &Encoded,
        seed: u64,
        steps: Option<u32>,
        progress: &mut Progress<'_>,
    ) -> Result<RgbImage, Trouble> {
        let usual = FluxSettings::default();
        let settings = FluxSettings {
            steps: steps.unwrap_or(usual.steps),
            width: self.side,
            height: self.side,
        };
        let mut watch = |done: u32, total: u32| progress("paint", done, total);
        let painted = self.network.paint(words, seed, &settings, &mut watch);
        if self.painter != Stay::Resident {
            self.network.release_painter();
        }
        let picture = painted.map_err(trouble)?;
        let odd = || Trouble::Device("FLUX painted a picture of another size".to_owned());
        RgbImage::from_raw(picture.width, picture.height, picture.rgb).ok_or_else(odd)
    }
}

/// FLUX's reading half in the host's memory: it reads the words of the next request while the devices are
/// at something else.
#[derive(Debug)]
pub struct HostReader {
    files: FluxFiles,
    network: Mutex<Option<TextEncoders>>,
    classifier: Option<Arc<Classifier>>,
}

impl HostReader {
    /// The reader of these files, loaded when it is first needed.
    #[must_use]
    pub fn new(files: FluxFiles) -> Self {
        Self {
            files,
            network: Mutex::new(None),
            classifier: None,
        }
    }

    /// The same, sharing the classifier's CLIP.
    pub(super) fn sharing(self, classifier: Arc<Classifier>) -> Self {
        Self {
            classifier: Some(classifier),
            ..self
        }
    }

    /// Words as [`FluxPainter`] understands them; `None` where they cannot be read here, which is then
    /// left to the device and its error.
    #[must_use]
    pub fn read(&self, prompt: &str) -> Option<Arc<dyn Any + Send + Sync>> {
        let mut network = self.network.lock().unwrap_or_else(PoisonError::into_inner);
        let read = self.with(&mut network, prompt);
        match read {
            Ok(read) => Some(Arc::new(read)),
            Err(error) => {
                tracing::warn!("the host cannot read prompts for FLUX: {error}");
                None
            }
        }
    }

    fn with(&self, network: &mut Option<TextEncoders>, prompt: &str) -> Result<Encoded, FluxError> {
        let loaded = match network.take() {
            Some(loaded) => loaded,
            None => {
                let classifier = self.classifier.as_ref();
                match classifier.and_then(|it| it.clip_of(&self.files)) {
                    Some(clip) => self.files.text_encoders_with(clip)?,
                    None => self.files.text_encoders(&Device::Cpu)?,
                }
            }
        };
        network.insert(loaded).encode(prompt)
    }
}

/// Whose fault it is.
fn trouble(error: FluxError) -> Trouble {
    let words = error.to_string();
    match error {
        FluxError::Network { error, .. } if is_out_of_memory(&error) => Trouble::Memory(words),
        FluxError::Cancelled => Trouble::Cancelled,
        FluxError::Tokens(_) => Trouble::Prompt(words),
        FluxError::NotANumber => Trouble::Seed(words),
        FluxError::Network { .. } => Trouble::Device(words),
        FluxError::Store(_)
        | FluxError::Weights(_)
        | FluxError::Unfit { .. }
        | FluxError::File { .. }
        | FluxError::Size { .. }
        | FluxError::Steps(_) => Trouble::Unusable(words),
    }
}

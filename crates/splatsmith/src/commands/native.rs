//! The native backend as it was configured.

use ::generate::Generator;
use ::generate::native::{Native, NativeError, NativeOptions, Sampling, Studio, Weights};
use ::models::store::Store;
use tracing::{info, warn};

use super::judges;
use crate::config::GenerationConfig;

/// Looks at what is here to generate with; loads nothing.
///
/// # Errors
/// Why there is nothing, and what to do about it.
pub(super) fn look(config: &GenerationConfig) -> Result<Native, NativeError> {
    let native = &config.native;
    let missing = |what: String| NativeError::Weights(what);
    let weights = match (&native.folder, &config.judging.places) {
        (Some(folder), _) => Weights::Folder(folder.clone()),
        (None, Some(places)) => {
            let store = Store::open(places.clone()).map_err(|error| missing(error.to_string()))?;
            Weights::Store(Box::new(store))
        }
        (None, None) => {
            let what = "there is no folder for weights: name one with --models-dir";
            return Err(missing(what.to_owned()));
        }
    };
    let Some(categories) = native.categories.clone() else {
        return Err(missing("there is no table of categories".to_owned()));
    };
    Native::look(NativeOptions {
        weights,
        flux: native.flux_folder.clone(),
        side: native.flux_side,
        devices: native.devices.clone(),
        vram: native.vram,
        cutters: native.cutters.clone(),
        sampling: Sampling {
            structure: native.structure,
            latent: native.latent,
        },
        categories,
        judged: config.validate && judges::missing(&config.judging).is_empty(),
    })
}

/// Starts its devices, and says how each is used.
///
/// # Errors
/// When the operating system gives no thread.
pub(super) fn begin(native: Native) -> Result<Studio, NativeError> {
    info!("{}", describe(&native));
    for note in &native.notes {
        warn!("{note}");
    }
    for (place, plan) in &native.places {
        if let Some(plan) = plan {
            info!("{}:\n{plan}", place.name());
        }
    }
    let studio = native.begin()?;
    info!(
        "{} begins with {} devices",
        studio.label(),
        studio.devices()
    );
    Ok(studio)
}

/// One line: what it takes and where it runs.
pub(super) fn describe(native: &Native) -> String {
    let places: Vec<String> = native
        .places
        .iter()
        .map(|(place, plan)| match plan {
            Some(plan) => format!("{} ({})", place.name(), plan.moves()),
            None => place.name(),
        })
        .collect();
    let classed = match native.installed.clip {
        Some(_) => "by CLIP and their words",
        None => "by their words",
    };
    format!(
        "trellis makes {} on {}; prompts are classed {classed}",
        native.installed.takes(),
        places.join(", ")
    )
}

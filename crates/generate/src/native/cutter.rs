//! Cutting out by networks: which of them, in which order, and what the gate says of their work.

use std::fmt;
use std::path::Path;

use image::RgbImage;
use models::store::{Commercial, Store, Use};
use models::{Device, Matting, MattingError};

use super::works::{Cut, Cutter, Trouble};
use crate::cutout::{CutoutLimits, cut_out};
use crate::residency::{Part, Plan};

/// Cuts out with one network, which comes onto the device when it is first needed.
pub struct NetworkCutter {
    choice: String,
    open: Box<dyn Fn() -> Result<Matting, MattingError> + Send>,
    net: Option<Matting>,
    keeps: bool,
}

impl fmt::Debug for NetworkCutter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NetworkCutter")
            .field("choice", &self.choice)
            .field("net", &self.net)
            .finish_non_exhaustive()
    }
}

impl NetworkCutter {
    /// With what `open` gives, called `choice`.
    pub fn new(
        choice: &str,
        open: impl Fn() -> Result<Matting, MattingError> + Send + 'static,
    ) -> Self {
        Self {
            choice: choice.to_owned(),
            open: Box::new(open),
            net: None,
            keeps: true,
        }
    }

    /// With a network of the `store` on `device`, or with an ONNX file: see [`Matting::open`].
    #[must_use]
    pub fn of_choice(choice: &str, store: Option<&Store>, device: &Device) -> Self {
        let (name, store, device) = (choice.to_owned(), store.cloned(), device.clone());
        Self::new(choice, move || match &store {
            Some(store) => Matting::open(&name, store, &device),
            None => Matting::onnx(Path::new(&name), None),
        })
    }

    fn alpha(&mut self, picture: &RgbImage) -> Result<Vec<f32>, MattingError> {
        let net = match self.net.take() {
            Some(net) => net,
            None => (self.open)()?,
        };
        let (width, height) = picture.dimensions();
        let alpha = net.alpha(width, height, picture.as_raw());
        self.net = self.keeps.then_some(net);
        alpha
    }
}

impl Cutter for NetworkCutter {
    fn settle(&mut self, plan: &Plan) {
        self.keeps = plan.stay(Part::Cutter).is_none() || plan.keeps(Part::Cutter);
        if !self.keeps {
            self.net = None;
        }
    }

    fn cut_out(&mut self, picture: &RgbImage, limits: &CutoutLimits) -> Result<Cut, Trouble> {
        let alpha = self.alpha(picture).map_err(trouble)?;
        let cutout =
            cut_out(picture, &alpha, limits).map_err(|error| Trouble::Prompt(error.to_string()))?;
        let (doubt, excess) = (cutout.doubt(), cutout.excess());
        Ok(Cut {
            picture: cutout.image,
            doubt: doubt.map(|doubt| format!("{}: {doubt}", self.choice)),
            excess,
        })
    }
}

fn trouble(error: MattingError) -> Trouble {
    let words = error.to_string();
    match error {
        MattingError::Memory { .. } => Trouble::Memory(words),
        MattingError::Picture { .. } => Trouble::Prompt(words),
        MattingError::Network { .. } => Trouble::Device(words),
        MattingError::Store(_) | MattingError::Unknown(_) | MattingError::File { .. } => {
            Trouble::Unusable(words)
        }
    }
}

/// Whether a choice names an ONNX file rather than a network of the store.
pub(super) fn is_file(choice: &str) -> bool {
    let kind = Path::new(choice).extension();
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case("onnx"))
}

/// Checks what is to be cut out with; answers what a person has to be told of it: licences that forbid
/// commercial use.
///
/// # Errors
/// What is wrong with a choice, in one line: it is neither a network for it nor an ONNX file, or it is not
/// here.
pub(super) fn check(choices: &[String], store: Option<&Store>) -> Result<Vec<String>, String> {
    let mut notes = Vec::new();
    for choice in choices {
        if is_file(choice) {
            if !Path::new(choice).is_file() {
                return Err(format!("{choice}: there is no such file to cut out with"));
            }
            continue;
        }
        let Some(store) = store else {
            return Err(format!(
                "{choice}: beside a pipeline in a folder only an ONNX file can cut out"
            ));
        };
        let model = store.manifest().model(choice);
        let Some(model) = model.filter(|model| model.uses.contains(&Use::Cutout)) else {
            return Err(MattingError::Unknown(choice.clone()).to_string());
        };
        if let Some(missing) = store.lacks(choice).first() {
            return Err(format!(
                "{missing} is not here; get it with `splatsmith models pull {choice}`"
            ));
        }
        if model.commercial == Commercial::No {
            notes.push(format!(
                "{choice}: its licence, {}, forbids commercial use, which mining is",
                model.licence
            ));
        }
    }
    Ok(notes)
}

/// What is cut out with unless told otherwise: what is here and may be used for anything.
pub(super) fn usual(store: Option<&Store>) -> Vec<String> {
    const USUAL: &str = "birefnet";
    let is_here = store.is_some_and(|store| store.lacks(USUAL).is_empty());
    is_here.then(|| USUAL.to_owned()).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use image::Rgb;
    use models::store::{Manifest, Places};

    use super::*;

    fn store(folder: &Path) -> Store {
        let places = Places::under(folder);
        Store::with(Manifest::built_in().expect("a manifest"), places).expect("a store")
    }

    #[test]
    fn what_cannot_cut_out_is_refused_in_a_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = store(folder.path());
        for (choice, words) in [
            ("nothing.onnx", "no such file"),
            ("birefnet", "models pull birefnet"),
            ("rmbg-2.0", "models pull rmbg-2.0"),
            ("alexnet", "birefnet and rmbg-2.0 are"),
            ("scissors", "birefnet and rmbg-2.0 are"),
        ] {
            let error = check(&[choice.to_owned()], Some(&store)).expect_err(choice);
            assert!(error.contains(words) && !error.contains('\n'), "{error}");
        }
        let error = check(&["birefnet".to_owned()], None).expect_err("no store");
        assert!(error.contains("only an ONNX file"), "{error}");
        assert!(usual(Some(&store)).is_empty());
        assert!(usual(None).is_empty());
    }

    #[test]
    fn a_network_that_cannot_be_opened_leaves_others_to_try() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("isnet.onnx");
        std::fs::write(&file, b"no network").expect("written");
        let choice = file.display().to_string();
        assert_eq!(check(std::slice::from_ref(&choice), None), Ok(Vec::new()));
        let limits = CutoutLimits::default();
        let mut cutter = NetworkCutter::of_choice(&choice, None, &Device::Cpu);
        let picture = RgbImage::from_pixel(8, 8, Rgb([1, 2, 3]));
        let trouble = cutter.cut_out(&picture, &limits).expect_err("no network");
        assert!(matches!(trouble, Trouble::Unusable(_)), "{trouble:?}");
    }
}

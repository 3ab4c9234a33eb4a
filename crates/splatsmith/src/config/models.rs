//! Where weights are kept, and where they come from.

use std::env;
use std::fs;
use std::path::Path;

use models::store::{Commercial, Manifest, Model, Places, PullOptions};
use url::Url;

use super::Problems;
use crate::args::{PullArgs, StoreArgs};

/// Where models come from unless `HF_ENDPOINT` names a mirror.
const HUB: &str = "https://huggingface.co";

/// A file with a token is no longer than this, in bytes.
const LONGEST_TOKEN_FILE: u64 = 4096;

/// Checks where weights are kept.
pub(crate) fn places(args: &StoreArgs, problems: &mut Problems) -> Option<Places> {
    if let Some(folder) = &args.models_dir {
        if folder.is_file() {
            problems.add(
                format!("--models-dir {}: that is a file", folder.display()),
                "name a folder",
            );
        }
        return Some(Places::under(&absolute(folder)));
    }
    match Places::standard() {
        Ok(places) => Some(places),
        Err(error) => {
            problems.add(error.to_string(), "name a folder with --models-dir");
            None
        }
    }
}

/// Links in the folder have to hold wherever they are followed from.
fn absolute(folder: &Path) -> std::path::PathBuf {
    std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned())
}

/// The models that `names` mean, each once, in the manifest's order; all of them where there are no
/// names.
pub(crate) fn chosen<'a>(
    manifest: &'a Manifest,
    names: &[String],
    problems: &mut Problems,
) -> Vec<&'a Model> {
    if names.is_empty() {
        return manifest.models().iter().collect();
    }
    let mut meant = Vec::new();
    for name in names {
        match manifest.meant_by(name) {
            Some(models) => meant.extend(models),
            None => problems.add(
                format!("there is no model {name}"),
                "see `splatsmith models list` for what there is",
            ),
        }
    }
    let models = manifest.models().iter();
    models
        .filter(|model| meant.iter().any(|other| other.name == model.name))
        .collect()
}

/// Checks what pulling needs: the flags, `HF_ENDPOINT`, `HF_TOKEN` and `HF_HUB_OFFLINE`.
pub(crate) fn pulling(
    args: &PullArgs,
    places: Option<&Places>,
    models: &[&Model],
    problems: &mut Problems,
) -> Option<PullOptions> {
    if !(1..=32).contains(&args.parallel) {
        problems.add(
            format!("--parallel {}: from 1 to 32 files at a time", args.parallel),
            "give such a number",
        );
    }
    for model in models {
        if model.commercial == Commercial::No && !args.accept_non_commercial {
            problems.add(
                format!(
                    "{}: its licence, {}, forbids commercial use ({})",
                    model.name,
                    model.licence,
                    model.page()
                ),
                "repeat with --accept-non-commercial if you will not mine with it",
            );
        }
    }
    let endpoint = variable("HF_ENDPOINT").unwrap_or_else(|| HUB.to_owned());
    let address = Url::parse(&endpoint)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if address.is_none() {
        problems.add(
            format!("HF_ENDPOINT {endpoint}: that is no web address"),
            format!("unset it, or give one such as {HUB}"),
        );
    }
    let mut options = PullOptions::new(address?);
    options.token = token(places, problems);
    options.offline =
        args.offline || variable("HF_HUB_OFFLINE").is_some_and(|value| switched_on(&value));
    options.parallel = args.parallel;
    Some(options)
}

/// The user's token for the hub: `HF_TOKEN`, else what `huggingface-cli login` has left.
fn token(places: Option<&Places>, problems: &mut Problems) -> Option<String> {
    let kept = || {
        let path = places?.token.as_ref()?;
        let small = fs::metadata(path).is_ok_and(|metadata| metadata.len() <= LONGEST_TOKEN_FILE);
        small.then(|| fs::read_to_string(path).ok())?
    };
    let token = variable("HF_TOKEN").or_else(kept)?.trim().to_owned();
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        problems.add(
            "the token for the hub has characters no token has",
            "set HF_TOKEN to one from https://huggingface.co/settings/tokens",
        );
        return None;
    }
    (!token.is_empty()).then_some(token)
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// As `huggingface_hub` reads its switches.
fn switched_on(value: &str) -> bool {
    ["1", "on", "yes", "true"].contains(&value.to_lowercase().as_str())
}

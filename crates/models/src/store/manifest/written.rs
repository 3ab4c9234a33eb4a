//! The manifest as it is written, and what of it can be used.

use std::str::FromStr;

use serde::Deserialize;

use super::{Commercial, Manifest, ManifestError, Model, Source, Use, WeightFile, is_commit};
use crate::store::digest::Sha256Hash;

impl FromStr for Manifest {
    type Err = ManifestError;

    fn from_str(text: &str) -> Result<Self, ManifestError> {
        let written: Written = toml::from_str(text)?;
        let models: Vec<Model> = written
            .model
            .into_iter()
            .map(|model| {
                let name = model.name.clone();
                model
                    .checked()
                    .map_err(|what| ManifestError::Model { model: name, what })
            })
            .collect::<Result<_, _>>()?;
        for (index, model) in models.iter().enumerate() {
            if models
                .iter()
                .take(index)
                .any(|other| other.name == model.name)
            {
                let (model, what) = (model.name.clone(), "there are two of that name");
                return Err(ManifestError::Model { model, what });
            }
        }
        for model in &models {
            let is_there = |need: &String| models.iter().any(|other| other.name == *need);
            if !model.needs.iter().all(is_there) {
                let (model, what) = (model.name.clone(), "it needs a model that is not there");
                return Err(ManifestError::Model { model, what });
            }
        }
        Ok(Self { models })
    }
}

/// The manifest as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    model: Vec<WrittenModel>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenModel {
    name: String,
    title: String,
    uses: Vec<Use>,
    #[serde(default)]
    needs: Vec<String>,
    #[serde(default = "yes")]
    default: bool,
    repo: Option<String>,
    revision: Option<String>,
    url: Option<String>,
    licence: String,
    commercial: Commercial,
    #[serde(default)]
    gated: bool,
    file: Vec<WrittenFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenFile {
    path: String,
    instead: Option<String>,
    size: Option<u64>,
    about: Option<u64>,
    limit: Option<u64>,
    sha256: Option<Sha256Hash>,
}

fn yes() -> bool {
    true
}

impl WrittenModel {
    fn checked(self) -> Result<Model, &'static str> {
        let source = match (self.repo, self.url, self.revision) {
            (Some(repo), None, revision) => hub_source(repo, revision)?,
            (None, Some(url), None) if self.file.len() == 1 => Source::Url(url),
            _ => return Err("it needs either repo (and perhaps revision), or url and one file"),
        };
        if self.commercial == Commercial::No && self.default {
            return Err("what may not be used commercially is never the default");
        }
        if self.file.is_empty() {
            return Err("it has no file");
        }
        let files: Vec<WeightFile> = self
            .file
            .into_iter()
            .map(WrittenFile::checked)
            .collect::<Result<_, _>>()?;
        Ok(Model {
            name: self.name,
            title: self.title,
            uses: self.uses,
            needs: self.needs,
            default: self.default,
            source,
            licence: self.licence,
            commercial: self.commercial,
            gated: self.gated,
            files,
        })
    }
}

fn hub_source(repo: String, revision: Option<String>) -> Result<Source, &'static str> {
    let named = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    if !repo
        .split_once('/')
        .is_some_and(|(owner, name)| named(owner) && named(name))
    {
        return Err("repo is not owner/name");
    }
    if !revision.as_deref().is_none_or(is_commit) {
        return Err("revision is not a commit of 40 hex digits");
    }
    Ok(Source::Hub { repo, revision })
}

impl WrittenFile {
    fn checked(self) -> Result<WeightFile, &'static str> {
        let file = WeightFile {
            path: self.path,
            instead: self.instead,
            size: self.size,
            about: self.about,
            sha256: self.sha256,
            limit: self.limit,
        };
        let inside = file.names().all(is_inside);
        if !inside {
            return Err("a file's path leaves its folder");
        }
        Ok(file)
    }
}

/// Whether `path` stays below the folder it is joined to, on every system.
fn is_inside(path: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty() && part != "." && part != ".." && !part.contains(['\\', ':', '\0'])
    };
    path.split('/').all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_leave_their_folder_are_refused() {
        for path in ["../x", "/x", "a//b", "a/../../b", "c:x", "a\\b", ""] {
            assert!(!is_inside(path), "{path:?}");
        }
        assert!(is_inside("ckpts/a.safetensors"));
    }
}

//! Where weights lie: the cache that Hugging Face's and PyTorch's own tools keep.
//!
//! A file of a repository is `models--owner--name/snapshots/<commit>/<path>`, a link to
//! `models--owner--name/blobs/<etag>`; `refs/<branch>` holds the commit a branch pointed to. (The
//! layout is `huggingface_hub`'s, its paths the `hf-hub` crate's.) A file of a web address is
//! `checkpoints/<name>`, as `torch.hub` keeps it. So what the Python tools have fetched is not
//! fetched again, and they find what we fetched.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use hf_hub::{Cache, CacheRepo, Repo, RepoType};

use super::digest::Sha256Hash;
use super::manifest::{Model, Source, WeightFile, is_commit};
use super::record::Record;

/// The file that remembers what was pulled; see [`Record`].
const RECORD: &str = "splatsmith.lock";

/// The folders weights are kept in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// Of repositories: `huggingface_hub`'s `cache_dir`.
    pub hub: PathBuf,
    /// Of web addresses: `torch.hub`'s `checkpoints`.
    pub checkpoints: PathBuf,
    /// Where the file lies that remembers what was pulled.
    pub record: PathBuf,
    /// Where the user's Hugging Face token may lie.
    pub token: Option<PathBuf>,
}

/// There is no home folder to keep weights in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no home folder to keep weights in: set HF_HOME, or name a folder with --models-dir"
)]
pub struct Homeless;

impl Places {
    /// The folders of the Python tools, by `HF_HUB_CACHE`, `HF_HOME`, `TORCH_HOME`,
    /// `XDG_CACHE_HOME` or the home folder, in the order they ask them.
    ///
    /// # Errors
    /// When none of these is set and there is no home folder.
    pub fn standard() -> Result<Self, Homeless> {
        Self::by(
            |name| {
                env::var_os(name)
                    .filter(|value| !value.is_empty())
                    .map(PathBuf::from)
            },
            env::home_dir(),
        )
    }

    fn by(
        variable: impl Fn(&str) -> Option<PathBuf>,
        home: Option<PathBuf>,
    ) -> Result<Self, Homeless> {
        let caches = variable("XDG_CACHE_HOME").or_else(|| home.map(|home| home.join(".cache")));
        let below = |name: &str| {
            caches
                .as_ref()
                .map(|caches| caches.join(name))
                .ok_or(Homeless)
        };
        let hugging_face = match variable("HF_HOME") {
            Some(home) => home,
            None => below("huggingface")?,
        };
        let torch = match variable("TORCH_HOME") {
            Some(home) => home,
            None => below("torch").unwrap_or_else(|_| hugging_face.join("torch")),
        };
        Ok(Self {
            hub: variable("HF_HUB_CACHE").unwrap_or_else(|| hugging_face.join("hub")),
            checkpoints: torch.join("hub").join("checkpoints"),
            record: hugging_face.join(RECORD),
            token: Some(variable("HF_TOKEN_PATH").unwrap_or_else(|| hugging_face.join("token"))),
        })
    }

    /// Everything below `folder`, which is then what `huggingface_hub` calls a `cache_dir`.
    #[must_use]
    pub fn under(folder: &Path) -> Self {
        Self {
            hub: folder.to_owned(),
            checkpoints: folder.join("checkpoints"),
            record: folder.join(RECORD),
            token: Self::standard().ok().and_then(|standard| standard.token),
        }
    }

    /// The folder of `repo` as `hf-hub` knows it.
    pub(super) fn repository(&self, repo: &str) -> CacheRepo {
        let repo = Repo::new(repo.to_owned(), RepoType::Model);
        Cache::new(self.hub.clone()).repo(repo)
    }

    /// The whole file `file` of `model`, and under which of its names; `None` where it is not here.
    #[must_use]
    pub fn find(&self, model: &Model, file: &WeightFile, record: &Record) -> Option<PathBuf> {
        match &model.source {
            Source::Url(_) => Some(self.checkpoints.join(&file.path)).filter(|path| path.is_file()),
            Source::Hub { repo, revision } => {
                let commit = revision
                    .clone()
                    .or_else(|| self.commit_of(model, file, record));
                let of_commit = commit.and_then(|commit| {
                    let snapshot = self.repository(repo).pointer_path(&commit);
                    file.names()
                        .map(|name| snapshot.join(name))
                        .find(|path| path.is_file())
                });
                // The same content, fetched as part of another revision.
                of_commit.or_else(|| {
                    self.blob(repo, &file.sha256?.to_string())
                        .filter(|path| path.is_file())
                })
            }
        }
    }

    /// The commit an unpinned model was taken at: the recorded one, else where `main` pointed to.
    fn commit_of(&self, model: &Model, file: &WeightFile, record: &Record) -> Option<String> {
        let recorded = record
            .get(&model.source, file)
            .and_then(|entry| entry.commit.clone());
        recorded.or_else(|| {
            let Source::Hub { repo, .. } = &model.source else {
                return None;
            };
            let folder = self.hub.join(Repo::model(repo.clone()).folder_name());
            let main = fs::read_to_string(folder.join("refs").join("main")).ok()?;
            Some(main.trim().to_owned()).filter(|commit| is_commit(commit))
        })
    }

    /// Where the content with this ETag lies or would lie; `None` for what is no name of a file.
    pub(super) fn blob(&self, repo: &str, etag: &str) -> Option<PathBuf> {
        is_etag(etag).then(|| self.repository(repo).blob_path(etag))
    }

    /// How many bytes of `file` a broken pull has left, if any.
    #[must_use]
    pub fn begun(&self, model: &Model, file: &WeightFile) -> Option<u64> {
        let size = |path: &Path| fs::metadata(path).ok().map(|metadata| metadata.len());
        match &model.source {
            Source::Url(_) => size(&part_of(&self.checkpoints.join(&file.path))),
            Source::Hub { repo, .. } => {
                // Named after the ETag: the hash where that is known, else whatever is in the list
                // that pulls keep.
                let etag = file.sha256.map(|hash| hash.to_string());
                let etag = etag.or_else(|| self.begun_etag(repo, file))?;
                size(&part_of(&self.blob(repo, &etag)?))
            }
        }
    }

    fn begun_etag(&self, repo: &str, file: &WeightFile) -> Option<String> {
        fs::read_to_string(self.begun_note(repo, file))
            .ok()
            .map(|etag| etag.trim().to_owned())
    }

    /// A note of the ETag of a file being pulled, so that the part it leaves can be told from others.
    pub(super) fn begun_note(&self, repo: &str, file: &WeightFile) -> PathBuf {
        let name = format!("{}.etag", file.path.replace('/', "--"));
        self.locks(repo).join(name)
    }

    /// Where `huggingface_hub` keeps the lock files of a repository.
    pub(super) fn locks(&self, repo: &str) -> PathBuf {
        self.hub
            .join(".locks")
            .join(Repo::model(repo.to_owned()).folder_name())
    }

    /// The folder of a model's files, for people.
    #[must_use]
    pub fn folder(&self, model: &Model) -> PathBuf {
        match &model.source {
            Source::Url(_) => self.checkpoints.clone(),
            Source::Hub { repo, .. } => self.hub.join(Repo::model(repo.clone()).folder_name()),
        }
    }

    /// The hash by which the hub names the content at `path`, where it is a blob named by its hash.
    #[must_use]
    pub fn named_hash(path: &Path) -> Option<Sha256Hash> {
        let blob = fs::canonicalize(path).ok()?;
        blob.file_name()?.to_str()?.parse().ok()
    }
}

/// What a broken pull leaves.
pub(super) fn part_of(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    path.with_file_name(name)
}

/// Whether `text` can be the ETag of a file on the hub (a git or SHA-256 hash) and so a file's name.
pub(super) fn is_etag(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_of_the_python_tools_are_heeded() {
        let home = || Some(PathBuf::from("/u"));
        let none = Places::by(|_| None, home()).expect("a home");
        assert_eq!(none.hub, Path::new("/u/.cache/huggingface/hub"));
        assert_eq!(
            none.checkpoints,
            Path::new("/u/.cache/torch/hub/checkpoints")
        );
        let set = |name: &str| match name {
            "HF_HOME" => Some(PathBuf::from("/hf")),
            "TORCH_HOME" => Some(PathBuf::from("/torch")),
            _ => None,
        };
        let set = Places::by(set, None).expect("named");
        assert_eq!(set.hub, Path::new("/hf/hub"));
        assert_eq!(set.checkpoints, Path::new("/torch/hub/checkpoints"));
        assert_eq!(Places::by(|_| None, None), Err(Homeless));
    }

    #[test]
    fn names_of_files_do_not_come_from_servers() {
        for bad in ["", "../x", "a/b", "a\\b", "W/\"x", ".", &"a".repeat(129)] {
            assert!(!is_etag(bad), "{bad}");
        }
        assert!(is_etag(&"0f".repeat(32)));
    }
}

//! A file of a repository: asked about, fetched to its blob, linked into its snapshot.

use std::fs;
use std::path::PathBuf;
use std::thread;

use url::Url;

use super::file::{Fetched, Pull};
use crate::store::digest::Sha256Hash;
use crate::store::error::{Mismatch, PullError};
use crate::store::hub::{About, about, host};
use crate::store::link;
use crate::store::places::part_of;
use crate::store::transfer::{Job, length};

impl Pull<'_> {
    pub(super) fn fetch_from_hub(
        &self,
        repo: &str,
        commit: Option<&str>,
        pinned: bool,
        size: Option<u64>,
        hash: Option<Sha256Hash>,
    ) -> Result<Fetched, PullError> {
        let revision = commit.unwrap_or("main");
        let mut names = self.item.file.names().peekable();
        while let Some(name) = names.next() {
            match self.fetch_named(repo, name, revision, pinned, size, hash) {
                Err(PullError::NotThere { .. }) if names.peek().is_some() => {}
                outcome => return outcome,
            }
        }
        Err(PullError::NotThere {
            file: self.item.label(),
            host: host(&self.options.endpoint),
            what: format!("such file at {revision}"),
        })
    }

    fn fetch_named(
        &self,
        repo: &str,
        name: &str,
        revision: &str,
        pinned: bool,
        size: Option<u64>,
        hash: Option<Sha256Hash>,
    ) -> Result<Fetched, PullError> {
        let label = format!("{}: {name}", self.item.model.name);
        let page = self.item.model.page();
        let url = self.resolve(repo, revision, name)?;
        let job = Job {
            revision,
            page: &page,
            ..self.job(&label, &url, &page, size)
        };
        let stated = self.ask(&job)?;
        let host = host(&url);
        if pinned && stated.commit != revision {
            return Err(job.answer(
                &host,
                &format!(
                    "answers for commit {} where {revision} was asked for",
                    stated.commit
                ),
            ));
        }
        if let Some(offered) = stated.size.filter(|&offered| {
            size.map_or(offered > self.item.file.limit(), |size| size != offered)
        }) {
            return Err(job.wrong_size(&host, offered.to_string()));
        }
        let stated_hash: Option<Sha256Hash> = stated.etag.parse().ok();
        if let (Some(expected), Some(found)) = (hash, stated_hash)
            && expected != found
        {
            return Err(PullError::WrongHash {
                file: label,
                host,
                hashes: Box::new(Mismatch { expected, found }),
                why: self.whose(),
            });
        }
        // Of the commit that was named, whatever the branch does meanwhile.
        let of_commit = self.resolve(repo, &stated.commit, name)?;
        let job = Job {
            url: &of_commit,
            size: size.or(stated.size),
            ..job
        };
        let fetched = self.blob(&job, repo, &stated)?;
        let path = self.place(repo, name, &stated, (!pinned).then_some("main"))?;
        let found_as = (name != self.item.file.path).then(|| name.to_owned());
        Ok(Fetched {
            path,
            commit: Some(stated.commit),
            found_as,
            fetched,
            stated: stated_hash,
            host,
        })
    }

    /// What the hub says about the file, with the patience that broken connections need.
    fn ask(&self, job: &Job<'_>) -> Result<About, PullError> {
        let mut pause = self.options.pause;
        let mut tries = 4;
        loop {
            match self.ask_once(job) {
                Err(error) if error.is_passing() && tries > 0 => {
                    tries -= 1;
                    thread::sleep(pause);
                    pause *= 2;
                }
                outcome => return outcome,
            }
        }
    }

    fn ask_once(&self, job: &Job<'_>) -> Result<About, PullError> {
        let (url, answer) = self
            .client
            .head(job.url)
            .map_err(|trouble| job.trouble(trouble, 0))?;
        let status = answer.status();
        if !(status.is_success() || status.is_redirection()) {
            return Err(job.refused(&host(&url), status, answer.headers(), 0));
        }
        about(answer.headers()).map_err(|what| job.answer(&host(&url), what))
    }

    /// Makes sure that the content is among the blobs; returns whether it had to be fetched.
    fn blob(&self, job: &Job<'_>, repo: &str, stated: &About) -> Result<bool, PullError> {
        let Some(blob) = self.places.blob(repo, &stated.etag) else {
            return Err(job.answer(&host(job.url), "names an ETag that is no hash"));
        };
        let folder = blob.parent().unwrap_or(&self.places.hub);
        fs::create_dir_all(folder).map_err(PullError::disk(folder))?;
        let locks = self.places.locks(repo);
        let _lock = self.lock(&locks.join(format!("{}.lock", stated.etag)))?;
        if blob.is_file() {
            let named: Option<Sha256Hash> = stated.etag.parse().ok();
            if job.size.is_none_or(|size| size == length(&blob))
                && named.is_none_or(|named| self.hash(&blob).is_ok_and(|hash| hash == named))
            {
                return Ok(false);
            }
            fs::remove_file(&blob).map_err(PullError::disk(&blob))?;
        }
        let note = self.places.begun_note(repo, self.item.file);
        fs::write(&note, &stated.etag).map_err(PullError::disk(&note))?;
        let part = part_of(&blob);
        job.fetch(self.client, &part, &|bytes| {
            self.watch.has(self.item, bytes, job.size);
        })?;
        fs::rename(&part, &blob).map_err(PullError::disk(&blob))?;
        let _ = fs::remove_file(note);
        Ok(true)
    }

    /// Links the snapshot's file to its blob, and notes where the branch points.
    fn place(
        &self,
        repo: &str,
        name: &str,
        stated: &About,
        branch: Option<&str>,
    ) -> Result<PathBuf, PullError> {
        let repository = self.places.repository(repo);
        let blob = repository.blob_path(&stated.etag);
        let pointer = repository.pointer_path(&stated.commit).join(name);
        link::link(&blob, &pointer).map_err(PullError::disk(&pointer))?;
        if branch.is_some() {
            // `repository` is of the branch `main`.
            repository
                .create_ref(&stated.commit)
                .map_err(PullError::disk(self.places.folder(self.item.model)))?;
        }
        Ok(pointer)
    }

    fn resolve(&self, repo: &str, revision: &str, name: &str) -> Result<Url, PullError> {
        let endpoint = self.options.endpoint.as_str().trim_end_matches('/');
        self.address(&format!("{endpoint}/{repo}/resolve/{revision}/{name}"))
    }
}

//! One file over the wire: bounded, and resumed where it broke.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use ureq::Body;
use ureq::http::{HeaderMap, Response, StatusCode};
use url::Url;

use super::error::PullError;
use super::hub::{Client, Trouble, host, refusal};

/// How much is read at a time.
const CHUNK: usize = 256 << 10;

/// How many times in a row a connection may break without having brought anything to speak of.
const TRIES: u32 = 5;

/// What is something to speak of, in bytes.
const HEADWAY: u64 = 64 << 10;

/// The longest wait between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// What is to be fetched, and what it is called in messages.
#[derive(Debug)]
pub(super) struct Job<'a> {
    /// `model: path`.
    pub(super) file: &'a str,
    /// The model's name.
    pub(super) model: &'a str,
    /// Where its licence is accepted.
    pub(super) page: &'a str,
    /// What is asked for, in words for when it is not there.
    pub(super) revision: &'a str,
    /// From where.
    pub(super) url: &'a Url,
    /// Its size, where it is known.
    pub(super) size: Option<u64>,
    /// The most that is written.
    pub(super) limit: u64,
    /// The first wait between two tries.
    pub(super) pause: Duration,
}

impl Job<'_> {
    /// Fetches what `part` lacks of the file; `has` hears how many bytes there are. What a broken try
    /// brought stays in `part`, for the next.
    pub(super) fn fetch(
        &self,
        client: &Client,
        part: &Path,
        has: &dyn Fn(u64),
    ) -> Result<(), PullError> {
        let (mut failures, mut pause) = (0, self.pause);
        loop {
            let before = length(part);
            if self.size == Some(before) {
                return Ok(());
            }
            match self.attempt(client, part, has) {
                Err(error) if error.is_passing() => {
                    let after = length(part);
                    if after >= before.saturating_add(HEADWAY) {
                        (failures, pause) = (0, self.pause);
                    }
                    failures += 1;
                    if failures >= TRIES {
                        return Err(error);
                    }
                    tracing::debug!("{error}; trying again");
                    thread::sleep(pause);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                done => return done,
            }
        }
    }

    fn attempt(&self, client: &Client, part: &Path, has: &dyn Fn(u64)) -> Result<(), PullError> {
        let most = self.size.unwrap_or(self.limit);
        let mut start = length(part);
        if start > most {
            // Not of this file, or of another version of it.
            fs::remove_file(part).map_err(PullError::disk(part))?;
            start = 0;
        }
        let (url, answer) = client
            .get(self.url, start)
            .map_err(|trouble| self.trouble(trouble, start))?;
        let host = host(&url);
        let (start, length) = match self.offer(&host, &answer, start)? {
            Offer::Rest { start, length } => (start, length),
            Offer::Nothing => {
                fs::remove_file(part).map_err(PullError::disk(part))?;
                return Err(self.broken(&host, "what is here is not the beginning of it", 0));
            }
        };
        let total = length.and_then(|length| start.checked_add(length));
        if length.is_some()
            && total.is_none_or(|total| self.size.map_or(total > most, |size| size != total))
        {
            return Err(self.wrong_size(
                &host,
                total.map_or_else(|| "too many".to_owned(), |total| total.to_string()),
            ));
        }
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(part)
            .map_err(PullError::disk(part))?;
        if start == 0 && self::length(part) > 0 {
            file.set_len(0).map_err(PullError::disk(part))?;
        }
        let total = total.or(self.size);
        self.write(
            answer.into_body(),
            &mut file,
            &Stretch {
                start,
                total,
                most,
                host: &host,
                part,
            },
            has,
        )
    }

    /// What the answer offers of the file.
    fn offer(&self, host: &str, answer: &Response<Body>, start: u64) -> Result<Offer, PullError> {
        let (status, headers) = (answer.status(), answer.headers());
        let length = number(headers, "content-length");
        match status {
            StatusCode::OK => Ok(Offer::Rest { start: 0, length }),
            StatusCode::PARTIAL_CONTENT if start > 0 => match beginning(headers) {
                Some(from) if from == start => Ok(Offer::Rest { start, length }),
                _ => Err(self.answer(host, "answers with another part of the file than asked for")),
            },
            StatusCode::RANGE_NOT_SATISFIABLE if start > 0 => Ok(Offer::Nothing),
            status => Err(self.refused(host, status, headers, start)),
        }
    }

    fn write(
        &self,
        body: Body,
        file: &mut File,
        stretch: &Stretch<'_>,
        has: &dyn Fn(u64),
    ) -> Result<(), PullError> {
        let mut reader = body.into_reader();
        let mut chunk = vec![0; CHUNK];
        let mut written = stretch.start;
        has(written);
        loop {
            let count = match reader.read(&mut chunk) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    return Err(self.broken(
                        stretch.host,
                        &error.to_string().replace('\n', " "),
                        written,
                    ));
                }
            };
            let after = written.saturating_add(count as u64);
            if after > stretch.total.unwrap_or(stretch.most) {
                fs::remove_file(stretch.part).map_err(PullError::disk(stretch.part))?;
                return Err(self.wrong_size(stretch.host, format!("{after} or more")));
            }
            if let Err(error) = file.write_all(chunk.get(..count).unwrap_or_default()) {
                return Err(self.unwritten(stretch.part, error));
            }
            written = after;
            has(written);
        }
        if stretch.total.is_some_and(|total| written < total) {
            return Err(self.broken(stretch.host, "it ended too early", written));
        }
        file.sync_all()
            .or_else(harmless)
            .map_err(PullError::disk(stretch.part))
    }

    /// What a status that is no success means; `kept` bytes are here.
    pub(super) fn refused(
        &self,
        host: &str,
        status: StatusCode,
        headers: &HeaderMap,
        kept: u64,
    ) -> PullError {
        if let Some(what) = refusal(status, headers, self.revision) {
            return PullError::NotThere {
                file: self.file.to_owned(),
                host: host.to_owned(),
                what,
            };
        }
        match status.as_u16() {
            status @ (401 | 403) => PullError::Gated {
                file: self.file.to_owned(),
                host: host.to_owned(),
                status,
                page: self.page.to_owned(),
            },
            status @ (429 | 500..=599) => self.broken(host, &format!("status {status}"), kept),
            status => self.answer(host, &format!("answered with status {status}")),
        }
    }

    pub(super) fn trouble(&self, trouble: Trouble, kept: u64) -> PullError {
        if trouble.passing {
            self.broken(&trouble.host, &trouble.what, kept)
        } else {
            self.answer(&trouble.host, &trouble.what)
        }
    }

    pub(super) fn answer(&self, host: &str, what: &str) -> PullError {
        PullError::Answer {
            file: self.file.to_owned(),
            host: host.to_owned(),
            what: what.to_owned(),
        }
    }

    pub(super) fn wrong_size(&self, host: &str, found: String) -> PullError {
        let expected = self.size.map_or_else(
            || format!("{} at most", self.limit),
            |size| size.to_string(),
        );
        PullError::WrongSize {
            file: self.file.to_owned(),
            host: host.to_owned(),
            expected,
            found,
        }
    }

    fn broken(&self, host: &str, what: &str, kept: u64) -> PullError {
        PullError::Broken {
            file: self.file.to_owned(),
            model: self.model.to_owned(),
            host: host.to_owned(),
            what: what.to_owned(),
            kept,
        }
    }

    fn unwritten(&self, part: &Path, error: io::Error) -> PullError {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => PullError::DiskFull {
                file: self.file.to_owned(),
                model: self.model.to_owned(),
                folder: part.parent().unwrap_or(part).to_owned(),
                kept: length(part),
            },
            _ => PullError::Disk {
                path: part.to_owned(),
                error,
            },
        }
    }
}

/// What an answer holds of a file.
enum Offer {
    /// All from `start` on, `length` bytes of it where the server says so.
    Rest { start: u64, length: Option<u64> },
    /// Nothing: the file ends before what was asked for.
    Nothing,
}

/// The part of a file that one answer brings.
struct Stretch<'a> {
    start: u64,
    total: Option<u64>,
    most: u64,
    host: &'a str,
    part: &'a Path,
}

/// The size of the file at `path` in bytes; 0 where there is none.
pub(super) fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}

/// Where a `Content-Range: bytes 5-9/10` begins.
fn beginning(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get("content-range")?.to_str().ok()?;
    range
        .trim()
        .strip_prefix("bytes ")?
        .split('-')
        .next()?
        .trim()
        .parse()
        .ok()
}

/// Not every kind of file can be synced.
fn harmless(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported => Ok(()),
        _ => Err(error),
    }
}

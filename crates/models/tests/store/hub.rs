//! A hub on this machine: the paths, headers and redirects of Hugging Face's, and faults on demand.

#![allow(dead_code)] // Each test binary uses its own part.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use models::store::{Item, Manifest, Model, Places, PullError, PullOptions, Pulled, Watch, pull};
use sha2::{Digest, Sha256};
use tokio::runtime::Runtime;

pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
pub(crate) const LATER: &str = "89abcdef0123456789abcdef0123456789abcdef";

/// What goes wrong.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults {
    /// Connections break after so many bytes of a body; so many times.
    pub(crate) cut_after: Option<(usize, usize)>,
    /// Ranges are ignored: the whole file is sent.
    pub(crate) ignores_ranges: bool,
    /// Bodies are sent without a length, and go on for ever.
    pub(crate) endless: bool,
    /// The size stated for a file.
    pub(crate) stated_size: Option<u64>,
    /// The ETag stated for a file.
    pub(crate) etag: Option<String>,
    /// The commit stated for a file.
    pub(crate) commit: Option<String>,
    /// Every request gets this status, and this `X-Error-Code`.
    pub(crate) status: Option<(u16, &'static str)>,
    /// Every request is redirected there.
    pub(crate) redirect: Option<String>,
    /// The next requests get status 503.
    pub(crate) busy: usize,
}

/// One request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) range: Option<String>,
    pub(crate) token: bool,
}

#[derive(Default)]
struct Shelves {
    /// By `owner/name/path`.
    files: HashMap<String, Vec<u8>>,
    faults: Faults,
    asked: Vec<Asked>,
    main: Option<&'static str>,
    port: u16,
}

/// The hub, and the runtime it lives in.
pub(crate) struct Hub {
    _runtime: Runtime,
    shelves: Arc<Mutex<Shelves>>,
    port: u16,
}

impl Hub {
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let port = listener.local_addr().unwrap().port();
        let shelves = Arc::new(Mutex::new(Shelves {
            port,
            ..Shelves::default()
        }));
        let app = axum::Router::new()
            .fallback(answer)
            .with_state(shelves.clone());
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self {
            _runtime: runtime,
            shelves,
            port,
        }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Puts `content` on `owner/name/path`.
    pub(crate) fn put(&self, path: &str, content: &[u8]) {
        self.shelves
            .lock()
            .unwrap()
            .files
            .insert(path.to_owned(), content.to_vec());
    }

    pub(crate) fn faults(&self, faults: Faults) {
        self.shelves.lock().unwrap().faults = faults;
    }

    /// Where `main` points.
    pub(crate) fn move_main(&self, commit: &'static str) {
        self.shelves.lock().unwrap().main = Some(commit);
    }

    /// The requests since this was asked last.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.shelves.lock().unwrap().asked)
    }

    pub(crate) fn options(&self) -> PullOptions {
        let mut options = PullOptions::new(self.endpoint().parse().unwrap());
        options.token = Some("secret".to_owned());
        options.pause = Duration::from_millis(1);
        options
    }
}

pub(crate) fn sha256(content: &[u8]) -> String {
    Sha256::digest(content)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Bytes that repeat nowhere soon.
pub(crate) fn content(length: usize) -> Vec<u8> {
    (0..length as u32)
        .flat_map(|index| index.wrapping_mul(2_654_435_761).to_le_bytes())
        .take(length)
        .collect()
}

async fn answer(State(shelves): State<Arc<Mutex<Shelves>>>, request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/').to_owned();
    let range = request
        .headers()
        .get(header::RANGE)
        .map(|range| range.to_str().unwrap().to_owned());
    let mut shelves = shelves.lock().unwrap();
    shelves.asked.push(Asked {
        method: request.method().clone(),
        path: path.clone(),
        range: range.clone(),
        token: request.headers().contains_key(header::AUTHORIZATION),
    });
    if let Some((status, code)) = shelves.faults.status {
        return (
            StatusCode::from_u16(status).unwrap(),
            [("x-error-code", code)],
        )
            .into_response();
    }
    if shelves.faults.busy > 0 {
        shelves.faults.busy -= 1;
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if let Some(to) = &shelves.faults.redirect {
        return (StatusCode::FOUND, [(header::LOCATION, to.clone())]).into_response();
    }
    let start = range.map_or(0, |range| {
        range
            .trim_start_matches("bytes=")
            .trim_end_matches('-')
            .parse()
            .unwrap()
    });
    let Some((name, revision, file)) = resolved(&path) else {
        // The hub's storage, or a plain web server.
        let found = shelves.files.iter().find(|(name, content)| {
            path == format!("cdn/{}", sha256(content)) || path == format!("plain/{name}")
        });
        let Some(content) = found.map(|(_, content)| content.clone()) else {
            return StatusCode::NOT_FOUND.into_response();
        };
        return body(&mut shelves.faults, &content, start);
    };
    let Some(content) = shelves.files.get(&format!("{name}/{file}")).cloned() else {
        return (StatusCode::NOT_FOUND, [("x-error-code", "EntryNotFound")]).into_response();
    };
    let main = shelves.main.unwrap_or(COMMIT);
    let commit = if revision == "main" { main } else { &revision };
    let mut headers = HeaderMap::new();
    let commit = shelves
        .faults
        .commit
        .clone()
        .unwrap_or_else(|| commit.to_owned());
    headers.insert("x-repo-commit", commit.parse().unwrap());
    // What is large lies elsewhere: `X-Linked-*` say what it is.
    if content.len() > 1000 {
        let etag = shelves
            .faults
            .etag
            .clone()
            .unwrap_or_else(|| sha256(&content));
        let size = shelves.faults.stated_size.unwrap_or(content.len() as u64);
        headers.insert("x-linked-etag", format!("\"{etag}\"").parse().unwrap());
        headers.insert("x-linked-size", size.to_string().parse().unwrap());
        let place = format!("http://localhost:{}/cdn/{}", shelves.port, sha256(&content));
        headers.insert(header::LOCATION, place.parse().unwrap());
        return (StatusCode::FOUND, headers).into_response();
    }
    let etag = shelves
        .faults
        .etag
        .clone()
        .unwrap_or_else(|| sha256(&content)[..40].to_owned());
    headers.insert(header::ETAG, format!("\"{etag}\"").parse().unwrap());
    headers.insert(header::CONTENT_LENGTH, content.len().into());
    if request.method() == Method::HEAD {
        return (headers, Body::empty()).into_response();
    }
    (headers, content).into_response()
}

/// `owner/name`, revision and path of `owner/name/resolve/revision/path`.
fn resolved(path: &str) -> Option<(String, String, String)> {
    let (name, rest) = path.split_once("/resolve/")?;
    let (revision, file) = rest.split_once('/')?;
    Some((name.to_owned(), revision.to_owned(), file.to_owned()))
}

/// The content from `start` on, with the faults there are.
fn body(faults: &mut Faults, content: &[u8], start: usize) -> Response {
    if faults.endless {
        let zeros = stream::repeat_with(|| Ok::<_, std::io::Error>(vec![0_u8; 4096]));
        return Body::from_stream(zeros).into_response();
    }
    let whole = content.len();
    let start = if faults.ignores_ranges { 0 } else { start };
    if start > 0 && start >= whole {
        return StatusCode::RANGE_NOT_SATISFIABLE.into_response();
    }
    let content = content[start..].to_vec();
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_LENGTH, content.len().into());
    let status = if start > 0 {
        headers.insert(
            header::CONTENT_RANGE,
            format!("bytes {start}-{}/{whole}", whole - 1)
                .parse()
                .unwrap(),
        );
        StatusCode::PARTIAL_CONTENT
    } else {
        StatusCode::OK
    };
    match &mut faults.cut_after {
        Some((after, times)) if *times > 0 => {
            *times -= 1;
            let brought = content[..content.len().min(*after)].to_vec();
            let parts = [Ok(brought), Err(std::io::Error::other("cut"))];
            let slowly = stream::iter(parts).then(|part| async {
                // The first part has to leave before the connection breaks.
                tokio::time::sleep(Duration::from_millis(20)).await;
                part
            });
            (status, headers, Body::from_stream(slowly)).into_response()
        }
        _ => (status, headers, content).into_response(),
    }
}

/// Nobody listens.
pub(crate) struct Deaf;

impl Watch for Deaf {
    fn has(&self, _: &Item<'_>, _: u64, _: Option<u64>) {}
    fn checks(&self, _: &Item<'_>, _: u64, _: u64) {}
    fn ends(&self, _: &Item<'_>, _: &Result<Pulled, PullError>) {}
}

/// A manifest of one model `m` from `o/m`, with `about` in its table and `files` after it.
pub(crate) fn manifest(about: &str, files: &str) -> Manifest {
    let repo = if about.contains("url") {
        ""
    } else {
        "repo = 'o/m'"
    };
    let text = format!(
        "[[model]]\nname = 'm'\ntitle = 'M'\nuses = ['gate']\nlicence = 'MIT'\ncommercial = 'yes'\n{repo}\n{about}\n{files}"
    );
    text.parse().unwrap()
}

/// Pulls everything; returns how each file fared.
pub(crate) fn pulled(
    folder: &Path,
    manifest: &Manifest,
    options: &PullOptions,
) -> Vec<Result<Pulled, PullError>> {
    let models: Vec<&Model> = manifest.models().iter().collect();
    pull(&Places::under(folder), &models, options, &Deaf)
        .into_iter()
        .map(|(_, outcome)| outcome)
        .collect()
}

/// Pulls the only file there is.
pub(crate) fn pulled_one(
    folder: &Path,
    manifest: &Manifest,
    options: &PullOptions,
) -> Result<Pulled, PullError> {
    let mut outcomes = pulled(folder, manifest, options);
    assert_eq!(outcomes.len(), 1);
    outcomes.remove(0)
}

/// The message of a pull that must fail: one line.
pub(crate) fn refused(folder: &Path, manifest: &Manifest, options: &PullOptions) -> String {
    let error = pulled_one(folder, manifest, options)
        .expect_err("refused")
        .to_string();
    assert!(!error.contains('\n'), "{error}");
    error
}

/// All bytes of all files below `folder`, links not followed, the record and notes of
/// commits and ETags aside.
pub(crate) fn bytes_below(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    entries
        .map(|entry| {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            let (name, path) = (entry.file_name(), entry.path());
            let notes = ["splatsmith.lock", "splatsmith.lock.busy", "main"];
            let note = notes.iter().any(|note| name == *note)
                || path
                    .extension()
                    .is_some_and(|extension| extension == "etag");
            match () {
                () if kind.is_dir() => bytes_below(&entry.path()),
                () if kind.is_file() && !note => entry.metadata().unwrap().len(),
                () => 0,
            }
        })
        .sum()
}

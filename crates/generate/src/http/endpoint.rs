//! One request to an endpoint, and the cloud in its answer.

use std::{error::Error, time::Duration};

use bytes::Bytes;
use image::ImageFormat;
use judge::Prompt;
use reqwest::{
    Client, RequestBuilder, Response, StatusCode,
    header::LOCATION,
    multipart::{Form, Part},
    redirect,
};
use splat::Cloud;
use tls::{Distrust, distrust};

use super::{HttpError, HttpOptions, address::Address, health::Known};
use crate::generator::{GenerateError, GenerationSink};

/// Where the base miner takes text (three-gen-subnet `neurons/miner/workers.py`).
const TEXT_PATH: &str = "/generate/";

/// Where a pod takes images (404-gaussian-competition `Competitions/competition0.md`).
const IMAGE_PATH: &str = "/generate";

/// Seeds are sent modulo 2³¹: the subnet's gateway makes them signed 32-bit numbers, and the
/// generators behind these endpoints refuse wider ones (numpy's stop at 2³²).
const SEED_MASK: u64 = (1 << 31) - 1;

/// How much of what a server says about a failure is worth reading, in bytes.
const COMPLAINT_BYTES: u64 = 4096;

/// And how much of that is worth a person's line, in characters.
const COMPLAINT_CHARACTERS: usize = 200;

const MEBIBYTE: u64 = 1024 * 1024;

/// A server that makes clouds.
#[derive(Debug)]
pub(super) struct Endpoint {
    address: Address,
    client: Client,
    options: HttpOptions,
    pub(super) known: Known,
}

/// Why a body was not read to its end.
pub(super) enum Unread {
    TooLong,
    Broken(reqwest::Error),
}

impl Endpoint {
    pub(super) fn new(address: Address, options: HttpOptions) -> Result<Self, HttpError> {
        let client = Client::builder()
            .tls_backend_preconfigured(tls::client(&options.anchors)?)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(options.connect_timeout)
            .timeout(options.timeout)
            .build()?;
        Ok(Self {
            address,
            client,
            known: Known::new(options.at_once),
            options,
        })
    }

    pub(super) fn label(&self) -> &str {
        self.address.shown()
    }

    pub(super) fn options(&self) -> &HttpOptions {
        &self.options
    }

    /// A question to `path` behind the address.
    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.address.with_path(path))
    }

    /// Asks for one cloud. Dropping the future closes the connection.
    pub(super) async fn ask(
        &self,
        prompt: &Prompt,
        seed: u64,
        sink: &GenerationSink,
    ) -> Result<Cloud, GenerateError> {
        sink.progress("request", 0, 1);
        let request = self.request(prompt, seed & SEED_MASK)?;
        let response = request.send().await.map_err(|error| self.broken(error))?;
        sink.progress("request", 1, 1);
        if response.status() != StatusCode::OK {
            return Err(self.refused(response).await);
        }
        let body = self.download(response, sink).await?;
        self.parse(body).await
    }

    fn request(&self, prompt: &Prompt, seed: u64) -> Result<RequestBuilder, GenerateError> {
        Ok(match prompt {
            Prompt::Text(text) => {
                let url = self.address.with_path(TEXT_PATH);
                let fields = [("prompt", text.as_str()), ("seed", &seed.to_string())];
                self.client.post(url).form(&fields)
            }
            Prompt::Image(bytes) => {
                let url = self.address.with_path(IMAGE_PATH);
                let image = image_part(Bytes::from_owner(bytes.clone()))?;
                let form = Form::new()
                    .part("prompt_image_file", image)
                    .text("seed", seed.to_string());
                self.client.post(url).multipart(form)
            }
        })
    }

    async fn download(
        &self,
        response: Response,
        sink: &GenerationSink,
    ) -> Result<Vec<u8>, GenerateError> {
        let limit = self.options.max_bytes;
        let announced = response.content_length();
        if announced.is_some_and(|announced| announced > limit) {
            return Err(self.too_long());
        }
        let in_mebibytes = |bytes: u64| u32::try_from(bytes / MEBIBYTE).unwrap_or(u32::MAX);
        let total = announced.map(in_mebibytes).filter(|&total| total > 0);
        let on_bytes = |bytes: u64| {
            if let Some(total) = total {
                sink.progress("download in MiB", in_mebibytes(bytes), total);
            }
        };
        let body = read_up_to(response, limit, on_bytes).await;
        body.map_err(|unread| match unread {
            (_, Unread::TooLong) => self.too_long(),
            (_, Unread::Broken(error)) => self.broken(error),
        })
    }

    /// Parsing a large cloud takes a while, so it does not happen on an async worker.
    async fn parse(&self, body: Vec<u8>) -> Result<Cloud, GenerateError> {
        let read = tokio::task::spawn_blocking(move || splat::read(&body)).await;
        match read {
            Ok(Ok((cloud, _))) => Ok(cloud),
            Ok(Err(error)) => Err(self.failed(format!("its answer is not a cloud: {error}"))),
            Err(error) => Err(self.failed(format!("its answer could not be read: {error}"))),
        }
    }

    /// What a status other than 200 means, with what the server says about it.
    async fn refused(&self, response: Response) -> GenerateError {
        let status = response.status();
        if status.is_redirection() {
            let to = response.headers().get(LOCATION);
            let to = to.map_or_else(String::new, |to| one_line(to.as_bytes()));
            return self.failed(format!(
                "it answers {status}, to {to:?}; redirects are not followed: give the address that answers itself"
            ));
        }
        let said = match read_up_to(response, COMPLAINT_BYTES, |_| ()).await {
            Ok(said) | Err((said, _)) => one_line(&said),
        };
        let colon = if said.is_empty() { "" } else { ": " };
        self.failed(format!("it answers {status}{colon}{said}"))
    }

    fn broken(&self, error: reqwest::Error) -> GenerateError {
        let seconds = |time: Duration| time.as_secs_f64();
        if error.is_connect() && error.is_timeout() {
            let limit = seconds(self.options.connect_timeout);
            return self.failed(format!("no connection within {limit} s"));
        }
        if error.is_timeout() {
            let limit = seconds(self.options.timeout);
            return self.failed(format!("no complete answer within {limit} s"));
        }
        self.failed(no_answer(&error))
    }

    fn too_long(&self) -> GenerateError {
        let limit = self.options.max_bytes;
        self.failed(format!("its answer is longer than {limit} bytes"))
    }

    fn failed(&self, reason: impl Into<String>) -> GenerateError {
        GenerateError::Backend {
            backend: self.label().to_owned(),
            reason: reason.into(),
        }
    }
}

/// The image as a file named by what it is, not by what anybody claims.
fn image_part(bytes: Bytes) -> Result<Part, GenerateError> {
    use ImageFormat::{Jpeg, Png, WebP};
    let format = image::guess_format(&bytes).ok();
    let Some(format @ (Png | Jpeg | WebP)) = format else {
        let reason = "its image is neither PNG, JPEG nor WebP";
        return Err(GenerateError::Prompt(reason.to_owned()));
    };
    let extension = format.extensions_str().first().copied().unwrap_or("bin");
    let length = bytes.len() as u64;
    Part::stream_with_length(bytes, length)
        .file_name(format!("prompt.{extension}"))
        .mime_str(format.to_mime_type())
        .map_err(|error| GenerateError::Prompt(error.to_string()))
}

/// The body, or what there was of it when it grew past `limit` bytes or broke off. Memory grows
/// with what arrives, never with what a header announces.
pub(super) async fn read_up_to(
    mut response: Response,
    limit: u64,
    on_bytes: impl Fn(u64),
) -> Result<Vec<u8>, (Vec<u8>, Unread)> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if (body.len() + chunk.len()) as u64 > limit => {
                let room = usize::try_from(limit).unwrap_or(usize::MAX) - body.len();
                body.extend_from_slice(&chunk[..room]);
                return Err((body, Unread::TooLong));
            }
            Ok(Some(chunk)) => {
                let mebibytes = body.len() as u64 / MEBIBYTE;
                body.extend_from_slice(&chunk);
                let length = body.len() as u64;
                if length / MEBIBYTE > mebibytes {
                    on_bytes(length);
                }
            }
            Ok(None) => return Ok(body),
            Err(error) => return Err((body, Unread::Broken(error))),
        }
    }
}

/// Why there is no answer, where it is not for want of time: one line.
pub(super) fn no_answer(error: &reqwest::Error) -> String {
    if let Some(distrust) = distrust(error) {
        let remedy = match distrust {
            Distrust::Stranger => "; if you trust it, name its authority with --generation.ca",
            _ => "",
        };
        return one_line(distrust.to_string().as_bytes()) + remedy;
    }
    let what = if error.is_connect() {
        "it cannot be reached"
    } else {
        "the connection broke"
    };
    let cause = one_line(root_cause(error).as_bytes());
    format!("{what}: {cause}")
}

fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

/// What a stranger said, fit for a line: no control characters, and not much of it.
fn one_line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes)
        .split(|character: char| character.is_whitespace() || character.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(COMPLAINT_CHARACTERS)
        .collect()
}

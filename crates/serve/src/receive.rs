//! Reading what is sent, within bounds.

use std::time::Duration;

use axum::extract::multipart::MultipartRejection;
use axum::extract::rejection::{FormRejection, JsonRejection};
use axum::extract::{Form, FromRequest, Json, Multipart, Request};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;

use crate::refusal::Refusal;

/// A body that takes longer than this is not coming. The largest takes 100 s at 40 Mbit/s.
const PATIENCE: Duration = Duration::from_secs(120);

/// How much of an unwanted body is read, in bytes: whatever a usual submission has.
const DISCARDED: usize = 16 << 20;

/// The longest text prompt in characters (three-gen-subnet
/// `validation/engine/data_structures.py`).
pub(crate) const LONGEST_PROMPT: usize = 1024;

/// The largest image prompt in bytes. Validators send 1024² pictures of some 100 KB, gateways at most
/// 2 MB.
pub(crate) const LARGEST_IMAGE: usize = 20 << 20;

/// The fields of a form.
pub(crate) async fn form<T: DeserializeOwned>(request: Request) -> Result<T, Refusal> {
    let Form(fields) = within(
        Form::from_request(request, &()),
        |rejection: FormRejection| Refusal::Unusable(rejection.status(), rejection.body_text()),
    )
    .await?;
    Ok(fields)
}

/// A JSON object.
pub(crate) async fn json<T: DeserializeOwned>(request: Request) -> Result<T, Refusal> {
    let Json(object) = within(
        Json::from_request(request, &()),
        |rejection: JsonRejection| Refusal::Unusable(rejection.status(), rejection.body_text()),
    )
    .await?;
    Ok(object)
}

/// An image and a seed, as pods are sent them.
#[derive(Debug, Default)]
pub(crate) struct ImageForm {
    pub(crate) image: Option<bytes::Bytes>,
    pub(crate) seed: Option<i64>,
}

/// The parts of a pod's request; what is none of them is skipped.
pub(crate) async fn image_form(request: Request) -> Result<ImageForm, Refusal> {
    let reading = async {
        let unread = |rejection: MultipartRejection| {
            Refusal::Unusable(rejection.status(), rejection.body_text())
        };
        let mut parts = Multipart::from_request(request, &())
            .await
            .map_err(unread)?;
        let broken = |error: axum::extract::multipart::MultipartError| {
            Refusal::Unusable(error.status(), error.body_text())
        };
        let mut form = ImageForm::default();
        while let Some(part) = parts.next_field().await.map_err(broken)? {
            match part.name() {
                Some("prompt_image_file") => form.image = Some(part.bytes().await.map_err(broken)?),
                Some("seed") => {
                    let text = part.text().await.map_err(broken)?;
                    form.seed = Some(seed(&text)?);
                }
                _ => {}
            }
        }
        Ok(form)
    };
    match tokio::time::timeout(PATIENCE, reading).await {
        Ok(form) => form,
        Err(_) => Err(Refusal::Slow),
    }
}

/// Reads and forgets what is still on its way, within bounds: a client that is answered while it sends may
/// never see the answer.
pub(crate) async fn discard(request: Request) {
    let reading = axum::body::to_bytes(request.into_body(), DISCARDED);
    let _ = tokio::time::timeout(Duration::from_secs(5), reading).await;
}

fn seed(text: &str) -> Result<i64, Refusal> {
    let text = text.trim();
    text.parse()
        .map_err(|_| Refusal::unusable("seed: not a whole number of 64 bits"))
}

/// Whether a text prompt is one.
pub(crate) fn checked_text(text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        Err(Refusal::unusable("prompt: it is empty"))
    } else if text.chars().count() > LONGEST_PROMPT {
        Err(Refusal::unusable(format_args!(
            "prompt: longer than {LONGEST_PROMPT} characters"
        )))
    } else {
        Ok(())
    }
}

/// Whether an image prompt may be one; what it shows is decoded later, with bounds of its own.
pub(crate) fn checked_image(image: &[u8]) -> Result<(), Refusal> {
    match image.len() {
        0 => Err(Refusal::unusable("prompt_image_file: it is empty")),
        LARGEST_IMAGE.. => Err(Refusal::Unusable(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("prompt_image_file: larger than {} MB", LARGEST_IMAGE >> 20),
        )),
        _ => Ok(()),
    }
}

async fn within<T, E>(
    reading: impl Future<Output = Result<T, E>>,
    refuse: impl FnOnce(E) -> Refusal,
) -> Result<T, Refusal> {
    match tokio::time::timeout(PATIENCE, reading).await {
        Ok(read) => read.map_err(refuse),
        Err(_) => Err(Refusal::Slow),
    }
}

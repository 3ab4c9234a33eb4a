//! Servers that do their work, and how they are asked.

use std::{
    sync::{Arc, Mutex},
    time::Instant,
};

use axum::{
    Form, Router,
    body::Bytes,
    extract::Multipart,
    http::{HeaderMap, StatusCode, Uri},
    routing::post,
};
use generate::{Candidate, Generator, HttpBackend, HttpError, HttpOptions, Request};
use splat::{Container, Frame};
use tokio::sync::Notify;

use super::{all, asset, ball, image, one, patient, serve, serve_answer, soon, text};

#[tokio::test]
async fn text_is_asked_for_seed_by_seed_and_a_ply_comes_back() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&heard);
    let handler = move |Form(fields): Form<Vec<(String, String)>>| async move {
        notes.lock().unwrap().push(fields);
        asset(Container::Ply)
    };
    let base = serve(Router::new().route("/generate/", post(handler))).await;
    let request = Request {
        seed: u64::MAX,
        candidates: Some(2),
        ..text("a red ball & a “blue” cube\n100 %")
    };
    let outcomes = all(&base, patient(), request).await;
    let made: Vec<Candidate> = outcomes.into_iter().map(Result::unwrap).collect();
    assert_eq!(
        made.iter().map(|one| one.seed).collect::<Vec<_>>(),
        [u64::MAX, 0]
    );
    assert!(
        made.iter()
            .all(|one| one.frame == Frame::YUp && one.cloud == ball())
    );
    let fields = |seed: &str| {
        let prompt = "a red ball & a “blue” cube\n100 %".to_owned();
        vec![
            ("prompt".to_owned(), prompt),
            ("seed".to_owned(), seed.to_owned()),
        ]
    };
    // Wide seeds arrive modulo 2³¹, which every generator takes.
    assert_eq!(*heard.lock().unwrap(), [fields("2147483647"), fields("0")]);
}

#[tokio::test]
async fn an_spz_comes_back_in_the_frame_the_operator_names() {
    let base = serve_answer(asset(Container::Spz)).await;
    let options = HttpOptions {
        frame: Some(Frame::YDown),
        ..patient()
    };
    let made = one(&base, options, text("red ball")).await;
    let (expected, _) = splat::read(&asset(Container::Spz)).unwrap();
    assert_eq!(made.cloud, expected);
    assert_eq!(made.frame, Frame::YDown);
}

#[tokio::test]
async fn an_image_goes_as_the_file_it_is() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&heard);
    let handler = move |headers: HeaderMap, mut form: Multipart| async move {
        // A length, not chunks: some servers in front of pods refuse the latter.
        assert!(headers.contains_key("content-length"));
        while let Some(field) = form.next_field().await.unwrap() {
            let of = |text: Option<&str>| text.unwrap_or_default().to_owned();
            let about = [
                of(field.name()),
                of(field.file_name()),
                of(field.content_type()),
            ];
            let bytes = field.bytes().await.unwrap();
            notes.lock().unwrap().push((about, bytes));
        }
        asset(Container::Ply)
    };
    let base = serve(Router::new().route("/generate", post(handler))).await;
    let kinds: [(&[u8], &str, &str); 3] = [
        (b"\x89PNG\r\n\x1a\n....", "prompt.png", "image/png"),
        (b"\xff\xd8\xff\xe0....", "prompt.jpg", "image/jpeg"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "prompt.webp", "image/webp"),
    ];
    for (bytes, file_name, mime) in kinds {
        let made = one(&base, patient(), image(bytes)).await;
        assert_eq!(made.frame, Frame::YDown);
        assert_eq!(made.cloud.len(), ball().len());
        let heard = std::mem::take(&mut *heard.lock().unwrap());
        let file = ["prompt_image_file", file_name, mime].map(str::to_owned);
        let seed = ["seed", "", ""].map(str::to_owned);
        assert_eq!(
            heard,
            [
                (file, Bytes::copy_from_slice(bytes)),
                (seed, Bytes::from_static(b"7"))
            ]
        );
    }
}

#[tokio::test]
async fn what_is_no_image_is_never_sent() {
    let base = serve_answer(asset(Container::Ply)).await;
    let mut outcomes = all(&base, patient(), image(b"GIF89a....")).await;
    let error = outcomes.remove(0).unwrap_err();
    assert!(!error.is_retryable());
    assert!(error.to_string().contains("neither PNG, JPEG nor WebP"));
}

#[tokio::test]
async fn a_late_generation_still_makes_its_first_candidate() {
    let base = serve_answer(asset(Container::Ply)).await;
    let request = Request {
        candidates: Some(3),
        deadline: Some(Instant::now()),
        ..text("red ball")
    };
    one(&base, patient(), request).await;
}

#[tokio::test]
async fn a_failure_ends_the_generation() {
    let answers = Arc::new(Mutex::new(vec![None, Some(asset(Container::Ply))]));
    let handler = move |_: Bytes| async move {
        let answer = answers.lock().unwrap().pop().expect("asked once too often");
        answer.ok_or(StatusCode::SERVICE_UNAVAILABLE)
    };
    let base = serve(Router::new().route("/generate/", post(handler))).await;
    let request = Request {
        candidates: Some(3),
        ..text("red ball")
    };
    let outcomes = all(&base, patient(), request).await;
    assert!(matches!(&outcomes[..], [Ok(_), Err(_)]), "{outcomes:?}");
}

/// Tells when the request it belongs to is gone.
struct Gone(Arc<Notify>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

#[tokio::test]
async fn the_server_learns_that_nobody_waits() {
    let (asked, gone) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let handler = {
        let (asked, gone) = (Arc::clone(&asked), Arc::clone(&gone));
        move |_: Bytes| async move {
            let _gone = Gone(gone);
            asked.notify_one();
            std::future::pending::<()>().await;
        }
    };
    let base = serve(Router::new().route("/generate/", post(handler))).await;
    let backend = HttpBackend::new(&base, patient()).unwrap();
    let generation = backend.start(text("red ball"));
    soon(asked.notified()).await;
    drop(generation);
    soon(gone.notified()).await;
}

#[tokio::test]
async fn a_password_goes_to_the_server_and_to_nobody_else() {
    let handler = |headers: HeaderMap, uri: Uri| async move {
        let sent = headers["authorization"].to_str().unwrap().to_owned();
        (StatusCode::FORBIDDEN, format!("{uri} {sent}"))
    };
    let base = serve(Router::new().route("/gpu/0/generate/", post(handler))).await;
    let address = format!("{}/gpu/0/", base.replace("http://", "http://me:secret@"));
    let backend = HttpBackend::new(&address, patient()).unwrap();
    assert_eq!(backend.label(), format!("{base}/gpu/0"));
    assert!(!backend.is_rehearsal_only());
    let mut outcomes = all(&address, patient(), text("red ball")).await;
    let message = outcomes.remove(0).unwrap_err().to_string();
    assert!(
        message.contains("/gpu/0/generate/ Basic bWU6c2VjcmV0"),
        "{message}"
    );
    assert!(!message.contains("secret"), "{message}");
}

#[test]
fn outside_a_runtime_there_is_no_backend() {
    let refused = HttpBackend::new("http://127.0.0.1:1", HttpOptions::default());
    assert!(matches!(refused, Err(HttpError::Runtime(_))));
}

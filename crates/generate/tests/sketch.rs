//! The sketching backend as its callers see it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    io::Cursor,
    time::{Duration, Instant},
};

use generate::{
    Candidate, GenerateError, Generation, GenerationEvent, Generator, Request, SketchBackend,
    SketchOptions,
};
use image::{ImageFormat, Rgba, RgbaImage};
use judge::{Judge, Prompt};
use splat::{Frame, OutputProfile};

fn backend() -> SketchBackend {
    SketchBackend::new(SketchOptions::default()).unwrap()
}

fn request(prompt: Prompt, candidates: u32) -> Request {
    Request {
        prompt,
        seed: 7,
        candidates: Some(candidates),
        deadline: None,
    }
}

fn text() -> Prompt {
    Prompt::Text("a red wooden chair".to_owned())
}

/// A disc, red above and blue below, on nothing.
fn picture() -> Prompt {
    let disc = RgbaImage::from_fn(96, 96, |x, y| {
        let (right, down) = (x as f32 - 47.5, y as f32 - 47.5);
        if right.hypot(down) > 40.0 {
            Rgba([0; 4])
        } else if down < 0.0 {
            Rgba([220, 30, 30, 255])
        } else {
            Rgba([30, 30, 220, 255])
        }
    });
    let mut png = Vec::new();
    disc.write_to(&mut Cursor::new(&mut png), ImageFormat::Png)
        .unwrap();
    Prompt::Image(png.into())
}

/// The next event; how long it may take bounds a hang, on however slow a machine.
fn event(generation: &mut Generation) -> Option<Result<GenerationEvent, GenerateError>> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().build().unwrap();
    let patience = Duration::from_secs(120);
    let event = async { tokio::time::timeout(patience, generation.next()).await };
    runtime.block_on(event).expect("it never happened")
}

/// Everything a generation makes.
fn all(mut generation: Generation) -> Result<Vec<Candidate>, GenerateError> {
    let mut candidates = Vec::new();
    while let Some(event) = event(&mut generation) {
        if let GenerationEvent::Candidate(candidate) = event? {
            candidates.push(*candidate);
        }
    }
    Ok(candidates)
}

fn bytes(candidate: &Candidate) -> Vec<u8> {
    splat::ply::write(&candidate.cloud)
}

#[test]
fn the_seed_decides_every_byte() {
    let backend = backend();
    for prompt in [text(), picture()] {
        let once = all(backend.start(request(prompt.clone(), 2))).unwrap();
        let again = all(backend.start(request(prompt, 1))).unwrap();
        assert_eq!(once.len(), 2);
        assert_eq!([once[0].seed, once[1].seed], [7, 8]);
        assert_eq!(bytes(&once[0]), bytes(&again[0]));
        assert_ne!(bytes(&once[0]), bytes(&once[1]));
    }
}

#[test]
fn what_it_makes_passes_the_gates_as_it_will_be_sent() {
    let backend = backend();
    assert!(backend.is_rehearsal_only());
    for prompt in [text(), picture()] {
        let made = all(backend.start(request(prompt.clone(), 1))).unwrap();
        let candidate = &made[0];
        assert_eq!(candidate.frame, Frame::YUp);
        assert!(candidate.cloud.len() >= 20_000, "{}", candidate.cloud.len());
        let profile = OutputProfile::PULL_2025;
        let fitted = profile.apply(candidate.cloud.clone(), candidate.frame);
        let sent = profile.container.write(&fitted).unwrap();
        let (received, _) = splat::read(&sent).unwrap();
        let verdict = Judge::default().assess(&received, &prompt).verdict;
        assert!(verdict.failed_gate().is_none(), "{}", verdict.summary());
    }
}

#[test]
fn a_picture_stands_upright() {
    let made = all(backend().start(request(picture(), 1))).unwrap();
    let (mut red, mut blue) = (0, 0);
    for splat in made[0].cloud.iter() {
        let is_red = splat.colour[0] > splat.colour[2];
        // The border between the colours is a pixel or two wide.
        if splat.position[1].abs() > 0.05 {
            assert_eq!(is_red, splat.position[1] > 0.0, "{:?}", splat.position);
        }
        if is_red { red += 1 } else { blue += 1 }
    }
    assert!(red > 5_000 && blue > 5_000, "{red} red, {blue} blue");
}

#[test]
fn a_dropped_generation_makes_way_for_the_next() {
    let backend = backend();
    // Read by nobody, it fills its channel and would hold the thread for ever.
    let endless = backend.start(request(text(), u32::MAX));
    let next = backend.start(request(text(), 1));
    drop(endless);
    assert_eq!(all(next).unwrap().len(), 1);
}

#[test]
fn requests_nobody_waits_for_are_skipped() {
    let backend = backend();
    for _ in 0..1000 {
        drop(backend.start(request(picture(), u32::MAX)));
    }
    assert_eq!(all(backend.start(request(text(), 1))).unwrap().len(), 1);
}

#[test]
fn the_first_candidate_is_made_whatever_the_deadline() {
    let late = Request {
        deadline: Some(Instant::now()),
        ..request(text(), 9)
    };
    assert_eq!(all(backend().start(late)).unwrap().len(), 1);
    let ample = Request {
        deadline: Some(Instant::now() + Duration::from_secs(3600)),
        ..request(text(), 2)
    };
    assert_eq!(all(backend().start(ample)).unwrap().len(), 2);
}

#[test]
fn dropping_the_backend_ends_what_runs_and_refuses_what_waits() {
    let backend = backend();
    let running = backend.start(request(text(), u32::MAX));
    let waiting = backend.start(request(text(), u32::MAX));
    let reader = std::thread::spawn(move || {
        let mut running = running;
        // Only once the first candidate is there is the thread known to be busy with this one.
        loop {
            match running.blocking_next() {
                Some(Ok(GenerationEvent::Candidate(_))) => break,
                Some(Ok(_)) => {}
                other => panic!("no candidate but {other:?}"),
            }
        }
        running
    });
    let running = reader.join().unwrap();
    let rest = std::thread::spawn(move || all(running));
    drop(backend);
    rest.join().unwrap().unwrap();
    let refused = all(waiting).unwrap_err();
    assert!(matches!(refused, GenerateError::Stopped(_)), "{refused}");
}

#[test]
fn an_unusable_picture_is_the_prompts_fault_and_harms_nobody_else() {
    let backend = backend();
    let broken = backend.start(request(Prompt::Image((*b"GIF89a").into()), 3));
    let error = all(broken).unwrap_err();
    assert!(matches!(error, GenerateError::Prompt(_)), "{error}");
    assert!(!error.is_retryable());
    assert_eq!(all(backend.start(request(picture(), 1))).unwrap().len(), 1);
}

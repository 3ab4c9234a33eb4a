//! One OS thread that sketches, as a GPU thread will generate: it takes typed commands, reports
//! between steps, and skips work nobody waits for any more.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::JoinHandle,
    time::Instant,
};

use judge::Prompt;
use splat::Frame;

use super::{Sculpture, surface::lay, text};
use crate::generator::{
    Candidate, GenerateError, Generation, GenerationSink, Generator, Recipe, Request,
};

/// How sketches are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SketchOptions {
    /// About how many splats each cloud gets, 20,000 to 400,000.
    pub splats: usize,
}

impl SketchOptions {
    /// The fewest splats: below 20,000 surfaces show gaps.
    pub const MIN_SPLATS: usize = 20_000;
    /// The most splats: a sketch has no detail that more would show.
    pub const MAX_SPLATS: usize = 400_000;
}

impl Default for SketchOptions {
    fn default() -> Self {
        Self { splats: 40_000 }
    }
}

/// What people call it; also the thread's name.
const LABEL: &str = "sketch";

struct Command {
    request: Request,
    sink: GenerationSink,
}

/// Sketches on one thread of its own, one request after the other. Dropping it lets the request in
/// hand finish its candidate and then ends the thread; requests that wait are told it has stopped.
#[derive(Debug)]
pub struct SketchBackend {
    label: String,
    /// Set once, on the way out: the thread looks at it between candidates.
    stopping: Arc<AtomicBool>,
    commands: Option<mpsc::Sender<Command>>,
    thread: Option<JoinHandle<()>>,
}

impl SketchBackend {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn new(options: SketchOptions) -> Result<Self, GenerateError> {
        let label = LABEL.to_owned();
        let (commands, inbox) = mpsc::channel();
        let stopping = Arc::new(AtomicBool::new(false));
        let told_to_stop = Arc::clone(&stopping);
        let thread = std::thread::Builder::new()
            .name(label.clone())
            .spawn(move || work(&inbox, options, &told_to_stop))
            .map_err(|error| GenerateError::Backend {
                backend: label.clone(),
                reason: format!("no thread to work on: {error}"),
            })?;
        Ok(Self {
            label,
            stopping,
            commands: Some(commands),
            thread: Some(thread),
        })
    }
}

impl Generator for SketchBackend {
    fn label(&self) -> &str {
        &self.label
    }

    fn is_rehearsal_only(&self) -> bool {
        true
    }

    fn start(&self, request: Request) -> Generation {
        let (sink, generation) = Generation::channel();
        let refused = match &self.commands {
            Some(commands) => commands
                .send(Command { request, sink })
                .err()
                .map(|unsent| unsent.0.sink),
            None => Some(sink),
        };
        if let Some(sink) = refused {
            sink.fail_now(GenerateError::Stopped(self.label.clone()));
        }
        generation
    }
}

impl Drop for SketchBackend {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The thread: until the backend is dropped, one request after the other.
fn work(inbox: &mpsc::Receiver<Command>, options: SketchOptions, stopping: &AtomicBool) {
    let splats = options
        .splats
        .clamp(SketchOptions::MIN_SPLATS, SketchOptions::MAX_SPLATS);
    while let Ok(Command { request, sink }) = inbox.recv() {
        if stopping.load(Ordering::Relaxed) {
            sink.fail_now(GenerateError::Stopped(LABEL.to_owned()));
        } else if let Err(error) = candidates(&request, splats, &sink, stopping) {
            sink.blocking_fail(error);
        }
    }
}

/// All candidates of one request, until it is cancelled or its time is over.
fn candidates(
    request: &Request,
    splats: usize,
    sink: &GenerationSink,
    stopping: &AtomicBool,
) -> Result<(), GenerateError> {
    for number in 0..request.candidates_of_any_kind() {
        let late = request.deadline.is_some_and(|end| Instant::now() >= end);
        let enough = late || stopping.load(Ordering::Relaxed);
        if sink.is_cancelled() || (enough && number > 0) {
            break;
        }
        let seed = request.seed.wrapping_add(u64::from(number));
        let candidate = sketch(&request.prompt, seed, splats, sink)?;
        if sink.is_cancelled() || !sink.blocking_candidate(candidate) {
            break;
        }
    }
    Ok(())
}

fn sketch(
    prompt: &Prompt,
    seed: u64,
    splats: usize,
    sink: &GenerationSink,
) -> Result<Candidate, GenerateError> {
    let started = Instant::now();
    let cancelled = || sink.is_cancelled();
    sink.progress("sculpt", 0, 1);
    let Sculpture { surfels, notes } = match prompt {
        Prompt::Text(text) => text::sculpt(text, seed, splats, &cancelled),
        Prompt::Image(bytes) => super::image::inflate_picture(bytes, seed, splats, &cancelled)?,
    };
    sink.progress("sculpt", 1, 1);
    let cloud = lay(&surfels, seed);
    sink.progress("splats", 1, 1);
    Ok(Candidate {
        cloud,
        frame: Frame::YUp,
        seed,
        elapsed: started.elapsed(),
        notes,
        recipe: Recipe::default(),
        stages: Vec::new(),
    })
}

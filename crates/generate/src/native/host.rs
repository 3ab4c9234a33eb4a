//! What the host does for the devices, so that none of them waits for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use super::finish::cloud_of;
use super::job::Job;
use super::studio::Shared;
use super::works::Made;
use crate::generator::{Candidate, StageTime};

/// A candidate as it comes from a device.
pub(super) struct Raw {
    pub(super) job: Arc<Job>,
    pub(super) seed: u64,
    pub(super) made: Made,
    /// How long the device took.
    pub(super) elapsed: Duration,
}

/// The thread that makes prompts ready.
pub(super) fn prepare(shared: &Shared, errands: &mpsc::Receiver<Arc<Job>>) {
    while let Ok(job) = errands.recv() {
        if shared.is_stopping() || job.sink.is_cancelled() {
            continue;
        }
        job.sink.progress("prepare", 0, 1);
        let prepare = || (shared.options.prepare)(&job.request.prompt);
        let prepared = catch_unwind(AssertUnwindSafe(prepare))
            .unwrap_or_else(|_| Err(shared.failed("the prompt could not be made ready")));
        match prepared {
            Ok((subject, manner)) => {
                let candidates = job.request.candidates.or(manner.candidates);
                shared.change(|state| {
                    // Before anything can be begun.
                    state.line.wants(job.id, candidates.unwrap_or(1));
                    // Set here alone, and once.
                    let _ = job.subject.set((subject, manner));
                    job.sink.progress("prepare", 1, 1);
                });
            }
            Err(error) => shared.fail(&job, error),
        }
    }
}

/// The thread that makes clouds of what devices made.
pub(super) fn finish(shared: &Shared, raws: &mpsc::Receiver<Raw>) {
    while let Ok(Raw {
        job,
        seed,
        made,
        elapsed,
    }) = raws.recv()
    {
        let begun = Instant::now();
        let finished = catch_unwind(AssertUnwindSafe(|| cloud_of(made.columns)));
        let finished = finished.unwrap_or_else(|_| Err("its splats are none".to_owned()));
        let (cloud, frame, note) = match finished {
            Ok(finished) => finished,
            Err(reason) => {
                shared.fail(&job, shared.failed(reason));
                continue;
            }
        };
        let mut stages = made.stages;
        stages.push(StageTime::new("finish", begun.elapsed()));
        let candidate = Candidate {
            cloud,
            frame,
            seed,
            elapsed: elapsed + begun.elapsed(),
            notes: made.notes.into_iter().chain(note).collect(),
            recipe: made.recipe,
            stages,
        };
        // There is room: no candidate is begun without.
        job.sink.blocking_candidate(candidate);
        job.was_sent();
    }
}

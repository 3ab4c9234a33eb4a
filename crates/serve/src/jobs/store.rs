//! The jobs that are known: so many, so large, for so long.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::job::Job;
use crate::refusal::Refusal;
use crate::shelf::Shelf;
use crate::workshop::Order;

/// What is kept of jobs. The oldest finished ones leave first; one that waits or runs never does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobLimits {
    /// Jobs known at a time, besides those that wait or run.
    pub count: usize,
    /// Bytes of their results; one more than fit is kept if it is the newest.
    pub bytes: usize,
    /// A finished job is forgotten after this.
    pub age: Duration,
}

impl Default for JobLimits {
    fn default() -> Self {
        Self {
            count: 256,
            bytes: 2 << 30,
            age: Duration::from_secs(3600),
        }
    }
}

/// The jobs.
pub(crate) struct Jobs {
    limits: JobLimits,
    /// By their ids, in the order they were asked for.
    known: Mutex<Known>,
    /// Their results.
    pub(super) results: Arc<Shelf>,
    /// Whoever follows one at a time.
    pub(super) followers: Arc<tokio::sync::Semaphore>,
    is_closing: AtomicBool,
}

#[derive(Default)]
struct Known {
    jobs: HashMap<String, (u64, Arc<Job>)>,
    begun: u64,
    /// Those unfinished when the server began to end.
    promised: Vec<Arc<Job>>,
}

impl Known {
    fn forget(&mut self, id: &str) {
        if let Some((_, job)) = self.jobs.remove(id) {
            job.let_go();
        }
    }
}

/// What the store holds.
pub(crate) struct Count {
    pub(crate) unfinished: usize,
    pub(crate) kept: usize,
    pub(crate) bytes: usize,
}

/// Connections that may follow jobs: others must be left for asking.
const FOLLOWERS: usize = 96;

impl Jobs {
    pub(crate) fn new(limits: JobLimits) -> Self {
        Self {
            limits,
            known: Mutex::default(),
            results: Shelf::new(limits.bytes),
            followers: Arc::new(tokio::sync::Semaphore::new(FOLLOWERS)),
            is_closing: AtomicBool::new(false),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is room for another result.
    pub(crate) fn admit(&self) -> Result<(), Refusal> {
        self.sweep();
        let known = self.known();
        let kept: usize = known.jobs.values().map(|(_, job)| job.bytes()).sum();
        // What was forgotten and is still here, somebody reads. The rest can be forgotten.
        if self.results.held().saturating_sub(kept) >= self.limits.bytes {
            return Err(Refusal::Unread);
        }
        Ok(())
    }

    /// A new job, which waits.
    pub(crate) fn begin(&self, order: &Order) -> Arc<Job> {
        let job = Arc::new(Job::new(order));
        let mut known = self.known();
        known.begun += 1;
        let number = known.begun;
        known
            .jobs
            .insert(job.id.clone(), (number, Arc::clone(&job)));
        // Asked for before the end, but so slowly that it has begun since.
        if self.is_closing.load(Ordering::Relaxed) {
            known.promised.push(Arc::clone(&job));
        }
        job
    }

    /// The job of this id.
    pub(crate) fn get(&self, id: &str) -> Result<Arc<Job>, Refusal> {
        self.sweep();
        let known = self.known();
        let job = known.jobs.get(id).map(|(_, job)| Arc::clone(job));
        job.ok_or_else(|| {
            Refusal::Missing(
                "no such job: unknown, deleted, or finished so long ago that it was forgotten"
                    .to_owned(),
            )
        })
    }

    /// All of them, the newest first.
    pub(crate) fn all(&self) -> Vec<Arc<Job>> {
        self.sweep();
        let mut all: Vec<_> = self.known().jobs.values().cloned().collect();
        all.sort_unstable_by_key(|(number, _)| std::cmp::Reverse(*number));
        all.into_iter().map(|(_, job)| job).collect()
    }

    /// Forgets a job with its result.
    pub(crate) fn forget(&self, id: &str) {
        self.known().forget(id);
    }

    /// Forgets what is too old, and the oldest of what is too much.
    pub(crate) fn sweep(&self) {
        let now = Instant::now();
        let mut known = self.known();
        let mut finished: Vec<(Instant, String)> = known
            .jobs
            .values()
            .filter_map(|(_, job)| Some((job.finished()?, job.id.clone())))
            .collect();
        finished.sort_unstable();
        let mut left = finished.len();
        for (since, id) in finished {
            let is_old = now.saturating_duration_since(since) >= self.limits.age;
            // The newest stays even if it alone is too large.
            let is_too_much = left > self.limits.count || (self.results.is_full() && left > 1);
            if !is_old && !is_too_much {
                break;
            }
            known.forget(&id);
            left -= 1;
        }
    }

    /// What is there.
    pub(crate) fn count(&self) -> Count {
        let known = self.known();
        let states = known.jobs.values().map(|(_, job)| job.state());
        Count {
            unfinished: states.filter(|state| !state.is_finished()).count(),
            kept: known.jobs.len(),
            bytes: self.results.held(),
        }
    }

    /// Remembers which jobs were promised before the end.
    pub(crate) fn close(&self) {
        let mut known = self.known();
        // Under the lock, as whoever begins a job asks: no job is missed between the two.
        if self.is_closing.swap(true, Ordering::Relaxed) {
            return;
        }
        let unfinished = known.jobs.values().map(|(_, job)| job);
        let unfinished = unfinished.filter(|job| !job.state().is_finished());
        known.promised = unfinished.cloned().collect();
    }

    /// Whether something promised has not been fetched.
    pub(crate) fn owes(&self) -> bool {
        let known = self.known();
        let mut promised = known.promised.iter();
        promised.any(|job| {
            known.jobs.contains_key(&job.id) && (!job.state().is_finished() || job.is_owed())
        })
    }
}

#[cfg(test)]
mod tests {
    use judge::Prompt;
    use splat::OutputProfile;

    use super::*;
    use crate::answer::Known as KnownOf;
    use crate::jobs::job::Assets;
    use crate::jobs::view::{JobState, ResultView};

    fn order() -> Order {
        Order {
            prompt: Prompt::Text("a".to_owned()),
            seed: 1,
            profile: OutputProfile::VIEWER,
            candidates: None,
            budget: None,
        }
    }

    fn finish(jobs: &Jobs, job: &Job, bytes: usize) {
        let view = ResultView {
            splats: 1,
            seed: 1,
            verdict: "unjudged",
            score: None,
            ply_bytes: bytes,
            spz_bytes: 0,
            preview_bytes: 0,
            notes: Vec::new(),
        };
        let assets = Assets {
            ply: jobs.results.put(vec![0; bytes]),
            spz: jobs.results.put(Vec::new()),
            preview: None,
            known: KnownOf {
                verdict: "unjudged",
                score: None,
                seed: 1,
            },
        };
        assert!(job.succeed(view, assets));
        jobs.sweep();
    }

    fn jobs(count: usize, bytes: usize, age: Duration) -> Jobs {
        Jobs::new(JobLimits { count, bytes, age })
    }

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn the_oldest_finished_jobs_leave_when_there_are_too_many() {
        let jobs = jobs(2, 1 << 20, HOUR);
        let all: Vec<_> = (0..4).map(|_| jobs.begin(&order())).collect();
        assert_eq!(jobs.count().kept, 4, "what waits is bounded by the line");
        for job in &all[..3] {
            finish(&jobs, job, 10);
        }
        assert!(jobs.get(&all[0].id).is_err());
        assert!(jobs.get(&all[1].id).is_ok());
        assert!(jobs.get(&all[3].id).is_ok(), "it waits still");
        assert_eq!(jobs.count().bytes, 20);
        assert_eq!(jobs.all()[0].id, all[3].id);
    }

    #[test]
    fn results_leave_when_they_are_too_large_but_not_the_newest() {
        let jobs = jobs(100, 1000, HOUR);
        let all: Vec<_> = (0..3).map(|_| jobs.begin(&order())).collect();
        finish(&jobs, &all[0], 600);
        finish(&jobs, &all[1], 600);
        assert!(jobs.get(&all[0].id).is_err());
        assert_eq!(jobs.count().bytes, 600);
        finish(&jobs, &all[2], 5000);
        assert!(jobs.get(&all[1].id).is_err());
        assert!(jobs.get(&all[2].id).is_ok(), "somebody waits for it");
        assert!(jobs.admit().is_ok(), "it would leave for the next");
    }

    #[test]
    fn what_somebody_still_reads_counts_when_it_is_forgotten() {
        let jobs = jobs(100, 1000, HOUR);
        let job = jobs.begin(&order());
        finish(&jobs, &job, 1000);
        let read = job.fetch().unwrap();
        jobs.forget(&job.id);
        drop(job);
        assert_eq!(jobs.count().bytes, 1000);
        assert_eq!(jobs.admit(), Err(Refusal::Unread));
        drop(read);
        assert_eq!(jobs.count().bytes, 0);
        assert_eq!(jobs.admit(), Ok(()));
    }

    #[test]
    fn finished_jobs_are_forgotten_in_time() {
        let jobs = jobs(100, 1000, Duration::ZERO);
        let job = jobs.begin(&order());
        assert!(jobs.get(&job.id).is_ok(), "it waits still");
        assert!(job.cancel());
        assert!(!job.cancel(), "only once");
        assert!(jobs.get(&job.id).is_err());
    }

    #[test]
    fn what_was_promised_is_owed_until_it_is_fetched() {
        let jobs = jobs(100, 1000, HOUR);
        let before = jobs.begin(&order());
        finish(&jobs, &before, 1);
        let promised = jobs.begin(&order());
        jobs.close();
        assert!(jobs.owes());
        finish(&jobs, &promised, 1);
        assert!(jobs.owes());
        promised.fetch().unwrap();
        assert!(!jobs.owes(), "the one before had its time");
    }

    #[test]
    fn what_was_asked_for_in_the_moment_of_the_end_is_owed_too() {
        let jobs = jobs(100, 1000, HOUR);
        jobs.close();
        assert!(!jobs.owes());
        let late = jobs.begin(&order());
        assert!(jobs.owes());
        finish(&jobs, &late, 1);
        assert!(jobs.owes());
        late.fetch().unwrap();
        assert!(!jobs.owes());
    }

    #[test]
    fn who_falls_far_behind_still_hears_the_end() {
        let jobs = jobs(100, 1000, HOUR);
        let job = jobs.begin(&order());
        for done in 0..2000 {
            let event = generate::GenerationEvent::Progress {
                stage: "splats",
                done,
                total: 2000,
            };
            let step = generate::best_of::Step::Generation(&event);
            job.note(&crate::workshop::Progress::Step(step));
        }
        job.cancel();
        let mut number = 0;
        let mut heard = 0;
        while let Some((next, event)) = job.event_after(number) {
            assert!(next > number);
            number = next;
            heard += 1;
            if job.event_after(number).is_none() {
                let last = matches!(event, crate::jobs::job::Event::State(JobState::Cancelled));
                assert!(last);
            }
        }
        assert_eq!(heard, 512);
    }
}

//! The devices of this machine, and the requests they work on together.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::desk::Desk;
use super::device;
use super::host;
use super::job::{Job, lock};
use super::line::{Line, Readiness, Ticket};
use super::works::{Manner, Opener, Subject};
use crate::generator::{GenerateError, Generation, Generator, Request};
use crate::seats::{Seat, Seats};
use judge::Prompt;

/// How often a device looks for readers that have gone or caught up while it has nothing to do.
const LOOK: Duration = Duration::from_millis(100);

/// Makes a prompt ready for the devices, on the host.
pub type Preparation =
    Box<dyn Fn(&Prompt) -> Result<(Subject, Manner), GenerateError> + Send + Sync>;

/// How a studio works.
pub struct StudioOptions {
    /// What people call it.
    pub label: String,
    /// How prompts are made ready.
    pub prepare: Preparation,
    /// How long a device rests after its first failure; each further one doubles it, up to a minute.
    pub first_rest: Duration,
}

impl StudioOptions {
    /// As is usual.
    #[must_use]
    pub fn new(label: impl Into<String>, prepare: Preparation) -> Self {
        Self {
            label: label.into(),
            prepare,
            first_rest: Duration::from_secs(1),
        }
    }
}

impl fmt::Debug for StudioOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("StudioOptions");
        shown.field("label", &self.label);
        shown.field("first_rest", &self.first_rest);
        shown.finish_non_exhaustive()
    }
}

/// The devices of this machine. Dropping it, and every desk at it, ends what is in hand between two
/// steps and closes the devices.
#[derive(Debug)]
pub struct Studio {
    shared: Arc<Shared>,
    devices: usize,
    threads: Vec<JoinHandle<()>>,
}

/// What the threads share.
pub(super) struct Shared {
    pub(super) options: StudioOptions,
    state: Mutex<State>,
    /// Something in the state may let a device begin.
    changed: Condvar,
    stopping: AtomicBool,
    jobs: AtomicU64,
    /// One for each device that is well: it could begin a request at once, or is at work on one.
    pub(super) vacancies: Seats,
}

impl fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.options.fmt(formatter)
    }
}

pub(super) struct State {
    pub(super) line: Line,
    jobs: HashMap<u64, Arc<Job>>,
    /// `None` once the studio is closed.
    errands: Option<mpsc::Sender<Arc<Job>>>,
    /// Why the last device that went for good did so.
    last_words: String,
}

impl Studio {
    /// Starts a thread for each device and two for the host. Nothing is opened before it is needed.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn open(
        options: StudioOptions,
        openers: Vec<Box<dyn Opener>>,
    ) -> Result<Self, GenerateError> {
        let devices = openers.len();
        let (errands, to_prepare) = mpsc::channel();
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                line: Line::new(devices, options.first_rest),
                jobs: HashMap::new(),
                errands: Some(errands),
                last_words: "it has no device".to_owned(),
            }),
            changed: Condvar::new(),
            stopping: AtomicBool::new(false),
            jobs: AtomicU64::new(0),
            vacancies: Seats::new(devices),
            options,
        });
        let mut studio = Self {
            shared: Arc::clone(&shared),
            devices,
            threads: Vec::new(),
        };
        // Dropped before the studio, whose threads end with it.
        let (finished, to_finish) = mpsc::channel();
        let host = Arc::clone(&shared);
        studio.hire("prepare", move || host::prepare(&host, &to_prepare))?;
        let host = Arc::clone(&shared);
        studio.hire("finish", move || host::finish(&host, &to_finish))?;
        for (number, opener) in openers.into_iter().enumerate() {
            let (shared, finished) = (Arc::clone(&shared), finished.clone());
            let name = opener.name().to_owned();
            studio.hire(&name, move || {
                device::work(&shared, number, opener, &finished);
            })?;
        }
        Ok(studio)
    }

    fn hire(
        &mut self,
        name: &str,
        work: impl FnOnce() + Send + 'static,
    ) -> Result<(), GenerateError> {
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(work)
            .map_err(|error| GenerateError::Backend {
                backend: self.shared.options.label.clone(),
                reason: format!("no thread to work on: {error}"),
            })?;
        self.threads.push(thread);
        Ok(())
    }

    /// How many devices there are.
    #[must_use]
    pub fn devices(&self) -> usize {
        self.devices
    }

    /// Generators at the studio: one more than there are devices, so that none is idle while a cloud is
    /// judged. The studio closes with the last of them.
    #[must_use]
    pub fn desks(self) -> Vec<Arc<dyn Generator>> {
        let desks = self.devices + 1;
        let studio = Arc::new(self);
        (0..desks)
            .map(|_| Arc::new(Desk::new(Arc::clone(&studio))) as Arc<dyn Generator>)
            .collect()
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Puts a request in line, with the device it counts on, if any.
    pub(super) fn begin(&self, request: Request, seat: Option<Seat>) -> Generation {
        let (sink, generation) = Generation::channel();
        let id = self.shared.jobs.fetch_add(1, Ordering::Relaxed);
        self.shared.push(Job::new(id, request, sink, seat));
        generation
    }
}

impl Generator for Studio {
    fn label(&self) -> &str {
        &self.shared.options.label
    }

    fn start(&self, request: Request) -> Generation {
        self.begin(request, None)
    }
}

impl Drop for Studio {
    fn drop(&mut self) {
        self.shared.close();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Whether work in hand is to be left.
    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    fn push(&self, job: Job) {
        let mut state = self.state();
        let Some(errands) = state.errands.clone() else {
            let label = self.options.label.clone();
            return job.sink.fail_now(GenerateError::Stopped(label));
        };
        if !state.line.has_devices() {
            let reason = state.last_words.clone();
            return job.sink.fail_now(self.failed(reason));
        }
        let job = Arc::new(job);
        // One until the prompt is classed, where it depends on that.
        let candidates = job.request.candidates.unwrap_or(1);
        state.line.push(job.id, candidates, job.request.deadline);
        state.jobs.insert(job.id, Arc::clone(&job));
        // The thread on the other end lives as long as this sender is there.
        let _ = errands.send(job);
    }

    /// The next candidate for a device that takes about `pace` for one; `None` when it is to close.
    pub(super) fn next(&self, device: usize, pace: Duration) -> Option<(Ticket, Arc<Job>)> {
        let mut state = self.state();
        loop {
            if self.is_stopping() {
                return None;
            }
            let now = Instant::now();
            let State { line, jobs, .. } = &mut *state;
            let ticket = line.take(device, now, pace, |id, running| {
                readiness(jobs, id, running)
            });
            if let Some(ticket) = ticket
                && let Some(job) = jobs.get(&ticket.job)
            {
                return Some((ticket, Arc::clone(job)));
            }
            state.tidy(&self.options.label);
            state = if state.jobs.is_empty() {
                self.wait(state)
            } else {
                self.wait_for(state, LOOK)
            };
        }
    }

    /// Waits until `device` has rested from its failure; meanwhile nobody counts on it.
    pub(super) fn rest(&self, device: usize) {
        self.vacancies.remove(1);
        let mut state = self.state();
        while !self.is_stopping() {
            let now = Instant::now();
            let Some(until) = state.line.rests_until(device, now) else {
                break;
            };
            state.tidy(&self.options.label);
            state = self.wait_for(state, (until - now).min(LOOK));
        }
        drop(state);
        self.vacancies.add(1);
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let waited = self.changed.wait(state);
        waited.unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_for<'a>(&self, state: MutexGuard<'a, State>, time: Duration) -> MutexGuard<'a, State> {
        let waited = self.changed.wait_timeout(state, time);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Whether anything of the request waits or is in work.
    pub(super) fn is_in_line(&self, id: u64) -> bool {
        self.state().line.holds(id)
    }

    /// Does something to the state, after which devices look again.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state();
        let done = change(&mut state);
        state.tidy(&self.options.label);
        drop(state);
        self.changed.notify_all();
        done
    }

    /// Ends a request with an error: nothing more is made for it.
    pub(super) fn fail(&self, job: &Job, error: GenerateError) {
        self.change(|state| state.line.withdraw(job.id));
        // There is room: no candidate is begun without room for it and an error.
        job.sink.fail_now(error);
    }

    /// As people are told.
    pub(super) fn failed(&self, reason: impl Into<String>) -> GenerateError {
        GenerateError::Backend {
            backend: self.options.label.clone(),
            reason: reason.into(),
        }
    }

    /// `device` will not work again; without any, nobody needs to wait: who asks is told why.
    pub(super) fn gone(&self, device: usize, reason: &str) {
        let stranded = self.change(|state| {
            state.line.gone(device);
            state.last_words = reason.to_owned();
            if state.line.has_devices() {
                self.vacancies.remove(1);
                return Vec::new();
            }
            std::mem::take(&mut state.jobs).into_values().collect()
        });
        for job in stranded {
            self.fail(&job, self.failed(reason));
        }
    }

    fn close(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        let stranded: Vec<Arc<Job>> = self.change(|state| {
            state.errands = None;
            std::mem::take(&mut state.jobs).into_values().collect()
        });
        for job in stranded {
            job.sink
                .fail_now(GenerateError::Stopped(self.options.label.clone()));
        }
    }
}

impl State {
    /// Lets go of requests that are done with: their generations end, and their devices are vacant.
    fn tidy(&mut self, label: &str) {
        let Self { line, jobs, .. } = self;
        line.retire(|id, running| readiness(jobs, id, running));
        jobs.retain(|id, job| {
            let stays = line.holds(*id);
            if !stays {
                job.leave(label);
            }
            stays
        });
    }
}

fn readiness(jobs: &HashMap<u64, Arc<Job>>, id: u64, running: u32) -> Readiness {
    jobs.get(&id)
        .map_or(Readiness::Abandoned, |job| job.readiness(running))
}

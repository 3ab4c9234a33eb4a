//! The thread that owns one device.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use super::host::Raw;
use super::job::Job;
use super::line::{Fate, Ticket};
use super::studio::Shared;
use super::works::{Made, Opener, Order, Trouble, Works};
use crate::generator::GenerateError;

/// Takes candidates until the studio closes or the device is of no more use.
pub(super) fn work(
    shared: &Shared,
    number: usize,
    opener: Box<dyn Opener>,
    finished: &mpsc::Sender<Raw>,
) {
    let mut device = Device {
        shared,
        number,
        opener,
        works: None,
        at_work_on: None,
    };
    loop {
        let pace = device
            .works
            .as_ref()
            .map_or(Duration::ZERO, |works| works.pace());
        let Some((ticket, job)) = shared.next(number, pace) else {
            return;
        };
        let begun = Instant::now();
        let seed = job.request.seed.wrapping_add(ticket.number.into());
        device.turn_to(&job);
        match device.make(&job, seed) {
            Ok(made) => {
                let elapsed = begun.elapsed();
                job.had_luck();
                // The host thread ends after this one.
                let _ = finished.send(Raw {
                    job,
                    seed,
                    made,
                    elapsed,
                });
                shared.change(|state| state.line.finished(number, &ticket));
            }
            Err(trouble) => {
                if device.failed(ticket, &job, trouble).is_break() {
                    return;
                }
            }
        }
    }
}

struct Device<'a> {
    shared: &'a Shared,
    number: usize,
    opener: Box<dyn Opener>,
    /// `None` before the first candidate and after a failure.
    works: Option<Box<dyn Works>>,
    at_work_on: Option<u64>,
}

impl Device<'_> {
    /// Forgets the request before, if it will not come again: a device with one request in line turns to
    /// nothing else in between.
    fn turn_to(&mut self, job: &Job) {
        let before = self.at_work_on.replace(job.id);
        if let (Some(before), Some(works)) = (before, &mut self.works)
            && before != job.id
            && !self.shared.is_in_line(before)
        {
            works.forget(before);
        }
    }

    /// One candidate, with less on the device if there is no room for it.
    fn make(&mut self, job: &Arc<Job>, seed: u64) -> Result<Made, Trouble> {
        let lost = || Trouble::Device("a request came unprepared".to_owned());
        let (subject, manner) = job.subject.get().ok_or_else(lost)?;
        let order = Order {
            job: job.id,
            subject,
            manner,
            seed,
            deadline: job.request.deadline,
        };
        loop {
            let made = self.attempt(&order, job);
            let Err(Trouble::Memory(reason)) = made else {
                return made;
            };
            let name = self.opener.name();
            let shrunk = self.works.as_mut().and_then(|works| works.shrink());
            let Some(change) = shrunk else {
                return Err(Trouble::Memory(reason));
            };
            tracing::warn!("{name}: out of memory ({reason}); from now on: {change}");
        }
    }

    /// One candidate. A network that panics is as broken as its device.
    fn attempt(&mut self, order: &Order<'_>, job: &Job) -> Result<Made, Trouble> {
        let shared = self.shared;
        let (works, opener) = (&mut self.works, &mut self.opener);
        let attempt = AssertUnwindSafe(|| {
            let mut progress = |stage: &'static str, done: u32, total: u32| {
                if shared.is_stopping() || job.sink.is_cancelled() {
                    return ControlFlow::Break(());
                }
                job.sink.progress(stage, done, total);
                ControlFlow::Continue(())
            };
            let works = match works {
                Some(works) => works,
                closed => closed.insert(opener.open()?),
            };
            works.make(order, &mut progress)
        });
        catch_unwind(attempt).unwrap_or_else(|panic| Err(Trouble::Device(words_of(&*panic))))
    }

    /// Puts the candidate where it belongs. Breaks when the device is of no more use.
    fn failed(&mut self, ticket: Ticket, job: &Job, trouble: Trouble) -> ControlFlow<()> {
        let (shared, number, name) = (self.shared, self.number, self.opener.name());
        let reason = match trouble {
            Trouble::Cancelled => {
                shared.change(|state| state.line.dropped(&ticket));
                return ControlFlow::Continue(());
            }
            Trouble::Prompt(reason) => {
                shared.change(|state| state.line.finished(number, &ticket));
                shared.fail(job, GenerateError::Prompt(reason));
                return ControlFlow::Continue(());
            }
            Trouble::Seed(reason) => {
                job.had_no_luck(reason);
                shared.change(|state| state.line.finished(number, &ticket));
                return ControlFlow::Continue(());
            }
            Trouble::Unusable(reason) => {
                tracing::warn!("{name} cannot be used: {reason}");
                let now = Instant::now();
                let fate = shared.change(|state| {
                    state.line.gone(number);
                    state.line.failed(number, ticket, now)
                });
                if fate == Fate::GivenUp {
                    shared.fail(job, shared.failed(reason.as_str()));
                }
                shared.gone(number, &reason);
                return ControlFlow::Break(());
            }
            trouble @ (Trouble::Memory(_) | Trouble::Device(_)) => trouble.to_string(),
        };
        tracing::warn!("{name} failed: {reason}");
        // What is left of it is not to be trusted.
        self.works = None;
        let now = Instant::now();
        let fate = shared.change(|state| state.line.failed(number, ticket, now));
        if fate == Fate::GivenUp {
            shared.fail(job, shared.failed(format!("{name}: {reason}")));
        }
        shared.rest(number);
        ControlFlow::Continue(())
    }
}

/// What a panic says.
fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    let said = panic.downcast_ref::<&str>().map(|said| (*said).to_owned());
    let said = said.or_else(|| panic.downcast_ref::<String>().cloned());
    let said = said.unwrap_or_else(|| "it does not say why".to_owned());
    format!(
        "a network crashed: {}",
        said.lines().next().unwrap_or_default()
    )
}

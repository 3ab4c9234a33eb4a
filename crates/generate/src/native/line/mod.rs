//! Which candidate next, and on which device: bookkeeping without threads, in which time is an
//! argument, so that a test can run hours of it.
//!
//! - Requests take turns: one goes to the end of the line when a candidate of it is begun, and again when
//!   that is made. So the first candidates are begun in the order of arrival, nobody with many candidates
//!   keeps others waiting, and an idle device helps with whatever there is.
//! - A device that fails is drained: it rests, longer each time, and what it had in hand goes to another
//!   one first of all. A candidate that fails everywhere is given up.

mod standing;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use standing::Standing;

/// How often one candidate is tried before its request is told that it cannot be made.
pub(super) const MOST_ATTEMPTS: u32 = 4;

/// A candidate to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ticket {
    /// Of which request.
    pub(super) job: u64,
    /// Which of its candidates, from 0.
    pub(super) number: u32,
    /// The devices it has failed on.
    failed_on: Vec<usize>,
    /// How often it has failed.
    failures: u32,
}

/// What becomes of a candidate that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is in line again.
    Again,
    /// It has failed too often, or no device is left.
    GivenUp,
}

/// How a request stands, as its reader and its preparation have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readiness {
    /// A candidate can be begun.
    Ready,
    /// It is being prepared, or its reader is behind.
    Held,
    /// Nobody waits for it any more.
    Abandoned,
}

/// A request in line.
#[derive(Debug)]
struct Job {
    id: u64,
    /// The next candidate that was never begun.
    next: u32,
    /// How many there are to be.
    candidates: u32,
    /// After this no further candidate is begun; the first one always is.
    deadline: Option<Instant>,
    /// Candidates in work.
    running: u32,
}

/// The requests that wait, and how the devices are.
#[derive(Debug)]
pub(super) struct Line {
    /// The next to be served first.
    jobs: VecDeque<Job>,
    /// What failed elsewhere, the oldest first.
    again: VecDeque<Ticket>,
    devices: Vec<Standing>,
}

impl Line {
    /// Nobody in line, and `devices` devices that are well. A device rests for `first_rest` after its
    /// first failure.
    pub(super) fn new(devices: usize, first_rest: Duration) -> Self {
        Self {
            jobs: VecDeque::new(),
            again: VecDeque::new(),
            devices: vec![Standing::new(first_rest); devices],
        }
    }

    /// A request comes to the end of the line.
    pub(super) fn push(&mut self, id: u64, candidates: u32, deadline: Option<Instant>) {
        self.jobs.push_back(Job {
            id,
            next: 0,
            candidates: candidates.max(1),
            deadline,
            running: 0,
        });
    }

    /// The request is to have so many candidates, and one at least: what it asks for may decide that, and is
    /// known once it is prepared. To be said before the first is begun.
    pub(super) fn wants(&mut self, id: u64, candidates: u32) {
        if let Some(job) = self.job(id) {
            job.candidates = candidates.max(1);
        }
    }

    /// What `device` is to begin at `now`, if anything. A candidate takes it about `pace`; `readiness`
    /// says of each request in line, and how many of its candidates are in work, whether it can be worked
    /// on, and those that are abandoned leave.
    pub(super) fn take(
        &mut self,
        device: usize,
        now: Instant,
        pace: Duration,
        readiness: impl Fn(u64, u32) -> Readiness,
    ) -> Option<Ticket> {
        self.close_late(now + pace);
        self.retire(&readiness);
        if !self.devices.get(device)?.is_well(now) {
            return None;
        }
        let ticket = self.take_again(device, now).or_else(|| {
            let index = self.jobs.iter().position(|job| {
                job.wants_more() && readiness(job.id, job.running) == Readiness::Ready
            })?;
            let mut job = self.jobs.remove(index)?;
            let ticket = Ticket {
                job: job.id,
                number: job.next,
                failed_on: Vec::new(),
                failures: 0,
            };
            job.next += 1;
            self.jobs.push_back(job);
            Some(ticket)
        })?;
        if let Some(job) = self.job(ticket.job) {
            job.running += 1;
        }
        Some(ticket)
    }

    /// What failed elsewhere goes first, to a device it has not failed on if any is well.
    fn take_again(&mut self, device: usize, now: Instant) -> Option<Ticket> {
        let index = self.again.iter().position(|ticket| {
            let untried = |other: usize| !ticket.failed_on.contains(&other);
            let mut others = (0..self.devices.len()).filter(|other| untried(*other));
            untried(device) || !others.any(|other| self.devices[other].is_well(now))
        })?;
        self.again.remove(index)
    }

    /// The candidate is made, or could not be made for a reason that no device is to blame for.
    pub(super) fn finished(&mut self, device: usize, ticket: &Ticket) {
        if let Some(standing) = self.devices.get_mut(device) {
            standing.succeeded();
        }
        self.left(ticket.job);
        // Whoever came in the meantime is next.
        if let Some(index) = self.jobs.iter().position(|job| job.id == ticket.job)
            && let Some(job) = self.jobs.remove(index)
        {
            self.jobs.push_back(job);
        }
    }

    /// The candidate was given up on the way, because nobody waits for it.
    pub(super) fn dropped(&mut self, ticket: &Ticket) {
        self.left(ticket.job);
    }

    /// `device` failed at the candidate at `now`: it rests, and the candidate is tried again.
    pub(super) fn failed(&mut self, device: usize, mut ticket: Ticket, now: Instant) -> Fate {
        if let Some(standing) = self.devices.get_mut(device) {
            standing.failed(ticket.job, now);
        }
        self.left(ticket.job);
        ticket.failures += 1;
        if !ticket.failed_on.contains(&device) {
            ticket.failed_on.push(device);
        }
        if ticket.failures >= MOST_ATTEMPTS || !self.has_devices() || self.job(ticket.job).is_none()
        {
            return Fate::GivenUp;
        }
        self.again.push_back(ticket);
        Fate::Again
    }

    /// `device` will never work again.
    pub(super) fn gone(&mut self, device: usize) {
        if let Some(standing) = self.devices.get_mut(device) {
            standing.gone();
        }
    }

    /// Whether any device may ever work again.
    pub(super) fn has_devices(&self) -> bool {
        self.devices.iter().any(|device| !device.is_gone())
    }

    /// Until when `device` rests, if it does at `now`.
    pub(super) fn rests_until(&self, device: usize, now: Instant) -> Option<Instant> {
        self.devices.get(device)?.rests_until(now)
    }

    /// No further candidate of the request is begun.
    pub(super) fn withdraw(&mut self, id: u64) {
        self.jobs.retain(|job| job.id != id);
        self.again.retain(|ticket| ticket.job != id);
    }

    /// Whether anything of the request waits or is in work.
    pub(super) fn holds(&self, id: u64) -> bool {
        self.jobs.iter().any(|job| job.id == id)
    }

    /// Those whose time would be over before another candidate were made at `ready_at` get no more.
    fn close_late(&mut self, ready_at: Instant) {
        for job in &mut self.jobs {
            let is_late = job.deadline.is_some_and(|deadline| ready_at > deadline);
            if is_late && job.next > 0 {
                job.candidates = job.candidates.min(job.next);
            }
        }
    }

    /// Sends home those that are done with and those that nobody waits for.
    pub(super) fn retire(&mut self, readiness: impl Fn(u64, u32) -> Readiness) {
        let again = &self.again;
        self.jobs.retain(|job| {
            let is_retried = || again.iter().any(|ticket| ticket.job == job.id);
            let has_work = job.wants_more() || job.running > 0 || is_retried();
            has_work && readiness(job.id, job.running) != Readiness::Abandoned
        });
        let jobs = &self.jobs;
        self.again
            .retain(|ticket| jobs.iter().any(|job| job.id == ticket.job));
    }

    fn job(&mut self, id: u64) -> Option<&mut Job> {
        self.jobs.iter_mut().find(|job| job.id == id)
    }

    fn left(&mut self, id: u64) {
        if let Some(job) = self.job(id) {
            job.running = job.running.saturating_sub(1);
        }
    }
}

impl Job {
    fn wants_more(&self) -> bool {
        self.next < self.candidates
    }
}

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

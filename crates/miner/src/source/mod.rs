//! One validator: everything between it and us, one step after the other.
//!
//! A validator deals with one task at a time, so one async task per validator is all there is: it
//! pulls, waits until the answer is made, delivers it, waits for the cooldown, and pulls again.
//! Before each step it asks the ledger where things stand, so that a start after a crash is like
//! any other step. Nothing else ever waits for it.

mod deliver;
mod pull;

pub(crate) use deliver::doubt_wait;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use bittensor::Target;
use tokio_util::sync::CancellationToken;

use crate::backoff::Backoff;
use crate::clock::{self, UnixMillis};
use crate::context::Context;
use crate::event::{Event, SourceState};
use crate::ledger::{OpenTask, TaskState};
use crate::quota::Reservation;

/// A validator's clock is set by people: no cooldown beyond this is believed.
const LONGEST_COOLDOWN: Duration = Duration::from_secs(7 * 24 * 3600);

/// Whether the source goes on.
type Flow = ControlFlow<()>;

/// The source of one validator.
pub(crate) struct Source {
    context: Arc<Context>,
    uid: u16,
    target: Target,
    /// Grows with pulls and submissions that do not work.
    backoff: Backoff,
    /// The validator refused an answer: it is asked what it wants before anything else is sent.
    ask_first: bool,
    /// Our place among the answers of a limited run.
    reservation: Option<Reservation>,
}

impl Source {
    pub(crate) fn new(context: Arc<Context>, uid: u16, target: Target) -> Self {
        let cooldown = context.config.rules.cooldown;
        Self {
            context,
            uid,
            target,
            backoff: Backoff::new(
                (cooldown / 150).max(Duration::from_millis(250)),
                cooldown.max(Duration::from_secs(5)),
            ),
            ask_first: false,
            reservation: None,
        }
    }

    /// Works until told to stop.
    pub(crate) async fn run(mut self) {
        while self.step().await.is_continue() {}
        self.report(SourceState::Stopped);
    }

    async fn step(&mut self) -> Flow {
        if self.context.stop.is_cancelled() {
            return Flow::Break(());
        }
        let context = Arc::clone(&self.context);
        let hotkey = self.target.hotkey;
        let open = context
            .insist("reading the ledger", || context.ledger.open_task(hotkey))
            .await;
        match open {
            None => self.pull_after_cooldown().await,
            Some(task) => match task.state {
                TaskState::Assigned => self.pull().await,
                TaskState::Ready if self.ask_first => self.pull().await,
                TaskState::Ready => self.deliver(task).await,
                TaskState::Sending => self.doubt_unfinished(task).await,
                TaskState::InDoubt => self.pull_after_doubt(task).await,
            },
        }
    }

    async fn pull_after_cooldown(&mut self) -> Flow {
        let context = Arc::clone(&self.context);
        let hotkey = self.target.hotkey;
        let clocks = context
            .insist("reading the ledger", || context.ledger.clocks(hotkey))
            .await;
        let until_ms = clocks.cooldown_until + clocks.clock_margin;
        if until_ms > clock::now() {
            self.rest(SourceState::Cooling { until_ms }, until_ms, Patience::Pull)
                .await?;
        }
        self.pull().await
    }

    async fn pull_after_doubt(&mut self, task: OpenTask) -> Flow {
        let until_ms = task.doubt_until;
        self.rest(SourceState::InDoubt { until_ms }, until_ms, Patience::Pull)
            .await?;
        self.pull().await
    }

    fn report(&self, state: SourceState) {
        self.context.events.emit(Event::Source {
            uid: self.uid,
            state,
        });
    }

    fn alarm(&self, message: impl Into<String>) {
        self.context.alarm(Some(self.uid), message.into());
    }

    /// Waits until `until`, unless told to stop first.
    async fn rest(&self, state: SourceState, until: UnixMillis, patience: Patience) -> Flow {
        self.report(state);
        match self
            .token(patience)
            .run_until_cancelled(clock::sleep_until(until))
            .await
        {
            Some(()) => Flow::Continue(()),
            None => Flow::Break(()),
        }
    }

    fn token(&self, patience: Patience) -> &CancellationToken {
        match patience {
            Patience::Pull => &self.context.no_more_pulls,
            Patience::Deliver => &self.context.stop,
        }
    }

    /// A Unix time in seconds from a validator, in milliseconds and within reason.
    fn cooldown_until(&self, seconds: i64) -> UnixMillis {
        let latest = clock::now() + clock::millis(LONGEST_COOLDOWN);
        seconds.saturating_mul(1000).clamp(0, latest)
    }
}

/// What ends a wait.
#[derive(Debug, Clone, Copy)]
enum Patience {
    /// The end of pulling: for what only a pull would follow.
    Pull,
    /// Only being stopped: for what brings an answer to its validator.
    Deliver,
}

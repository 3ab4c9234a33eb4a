//! One source of tasks: everything between it and us, one step after the other.
//!
//! Whoever hands out tasks deals with one at a time, so one async task per source is all there is: it
//! pulls, waits until the answer is made, delivers it, waits for the cooldown, and pulls again. A
//! gateway, which hands out many, has as many sources as there is room for tasks. Before each step the
//! source asks the ledger where things stand, so that a start after a crash is like any other step.
//! Nothing else ever waits for it.
//!
//! Which protocol is spoken is behind [`peer`]: nothing here, in the ledger, the planner or the
//! devices knows the difference.

mod deliver;
mod gateway;
mod peer;
mod pull;
mod refused;
mod server_clock;
mod validator;

pub(crate) use gateway::{Gateway, Place as GatewayPlace};
pub(crate) use peer::Peer;
pub(crate) use validator::{Validator, doubt_wait};

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::peer::Again;
use crate::backoff::Backoff;
use crate::clock::{self, UnixMillis};
use crate::context::Context;
use crate::event::{Event, SourceState};
use crate::ledger::{OpenTask, TaskState};
use crate::quota::Reservation;

/// Whether the source goes on.
type Flow = ControlFlow<()>;

/// The source at one peer.
pub(crate) struct Source<P: Peer> {
    context: Arc<Context>,
    peer: Arc<P>,
    /// Grows with pulls and submissions that do not work.
    backoff: Backoff,
    /// An answer was refused: the peer is asked what it wants before anything else is sent.
    ask_first: bool,
    /// What people were told last and need not be told again until something works.
    alarmed: Option<String>,
    /// Our place among the answers of a limited run.
    reservation: Option<Reservation>,
    /// When the last new task came; before the first, when this source began.
    last_pull: Option<UnixMillis>,
    /// How far the peer's clock is ahead of ours, as the ledger has it.
    known_offset: Option<UnixMillis>,
    /// The next question for a task, and when it was made ready.
    question: Option<(Instant, P::Question)>,
}

/// So long before a cooldown ends the next question is made ready. Cooldowns are told in whole seconds,
/// so those of many validators end together, and what is done before does not make the last of them
/// wait.
const AHEAD: Duration = Duration::from_millis(200);
/// Made ready longer ago, a question is made again: an axon may take it for too old.
const STALE: Duration = Duration::from_secs(2);

impl<P: Peer> Source<P> {
    pub(crate) fn new(context: Arc<Context>, peer: Arc<P>) -> Self {
        let manners = peer.manners();
        Self {
            backoff: Backoff::new(manners.first_wait, manners.longest_wait),
            context,
            peer,
            ask_first: false,
            alarmed: None,
            reservation: None,
            last_pull: None,
            known_offset: None,
            question: None,
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
        let peer = Arc::clone(&self.peer);
        let open = context
            .insist("reading the ledger", || {
                context.ledger.open_task(peer.source())
            })
            .await;
        let asks = peer.manners().hands_out_again;
        match open {
            None => self.pull_after_cooldown().await,
            Some(task) => match task.state {
                TaskState::Assigned if asks => self.pull().await,
                TaskState::Assigned => self.resume(task).await,
                TaskState::Ready if self.ask_first && asks => self.pull().await,
                TaskState::Ready => self.deliver(task).await,
                TaskState::Sending => self.doubt_unfinished(task).await,
                TaskState::InDoubt if asks => self.pull_after_doubt(task).await,
                TaskState::InDoubt => self.send_again(task).await,
            },
        }
    }

    async fn pull_after_cooldown(&mut self) -> Flow {
        let context = Arc::clone(&self.context);
        let peer = Arc::clone(&self.peer);
        let clocks = context
            .insist("reading the ledger", || {
                context.ledger.clocks(peer.source())
            })
            .await;
        let offset = peer.clock_offset().unwrap_or(clocks.clock_offset);
        let until_ms = match clocks.cooldown_until {
            0 => 0,
            until => until - offset + clocks.clock_margin,
        };
        if until_ms > clock::now() {
            let ahead = until_ms.saturating_sub(clock::millis(AHEAD));
            self.rest(SourceState::Cooling { until_ms }, ahead, Patience::Pull)
                .await?;
            self.question = Some((Instant::now(), peer.prepare(&context)));
            self.sleep(until_ms, Patience::Pull).await?;
        }
        self.pull().await
    }

    /// The question that was made ready, or one that is made now.
    fn question(&mut self) -> P::Question {
        match self.question.take() {
            Some((at, question)) if at.elapsed() < STALE => question,
            _ => self.peer.prepare(&self.context),
        }
    }

    async fn pull_after_doubt(&mut self, task: OpenTask) -> Flow {
        let until_ms = task.doubt_until;
        self.rest(SourceState::InDoubt { until_ms }, until_ms, Patience::Pull)
            .await?;
        self.pull().await
    }

    fn report(&self, state: SourceState) {
        self.context.events.emit(Event::Source {
            uid: self.peer.uid(),
            state,
        });
    }

    fn alarm(&self, message: impl Into<String>) {
        self.context.alarm(Some(self.peer.uid()), message.into());
    }

    /// Tells people once, however often it happens before something works again.
    fn alarm_once(&mut self, message: Option<String>) {
        if message.is_some() && message != self.alarmed {
            self.alarmed.clone_from(&message);
            self.alarm(message.unwrap_or_default());
        }
    }

    /// Something worked.
    fn works(&mut self) {
        self.backoff.reset();
        self.alarmed = None;
    }

    /// When to try again after one more failure.
    fn retry_at(&mut self, again: Again) -> UnixMillis {
        let usual = self.backoff.fail();
        let wait = match again {
            Again::Now | Again::Later => usual,
            Again::After(wait) => wait,
            Again::Seldom => self.peer.manners().longest_wait,
        };
        clock::now().saturating_add(clock::millis(wait))
    }

    /// Waits until `until`, unless told to stop first.
    async fn rest(&self, state: SourceState, until: UnixMillis, patience: Patience) -> Flow {
        self.report(state);
        self.sleep(until, patience).await
    }

    async fn sleep(&self, until: UnixMillis, patience: Patience) -> Flow {
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
}

/// What ends a wait.
#[derive(Debug, Clone, Copy)]
enum Patience {
    /// The end of pulling: for what only a pull would follow.
    Pull,
    /// Only being stopped: for what brings an answer to its giver.
    Deliver,
}

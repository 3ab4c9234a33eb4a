//! The seam between what is the same for whoever hands out tasks and what is not.
//!
//! A [`Source`](super::Source) keeps the order of things: the ledger before the wire, one answer per
//! task, waits and retries. A [`Peer`] knows one protocol, and puts what its other end says into the
//! few words below.

use std::future::Future;
use std::time::Duration;

use crate::clock::UnixMillis;
use crate::context::Context;
use crate::ledger::{Handout, OpenTask, Receipt, SourceId};

/// One that hands out tasks, one at a time, and takes their answers.
pub(crate) trait Peer: Send + Sync + 'static {
    /// An answer as this protocol carries it, before it is signed.
    type Packed: Clone + Send + Sync + 'static;
    /// An answer signed for this moment.
    type Sealed: Send;
    /// The right to ask for a task now.
    type Turn: Send;
    /// A question for a task, ready to go out.
    type Question: Send + Sync;

    /// Its name in the ledger.
    fn source(&self) -> &SourceId;

    /// Its number in the events.
    fn uid(&self) -> u16;

    /// How it wants to be treated.
    fn manners(&self) -> &Manners;

    /// How far its clock is ahead of ours, in milliseconds; `None` while nothing is known. Its cooldowns
    /// end by its clock.
    fn clock_offset(&self) -> Option<UnixMillis>;

    /// Waits until it may be asked, cooldowns aside.
    fn turn(&self) -> impl Future<Output = Self::Turn> + Send;

    /// Makes ready, within a moment of its time, what asks for a task.
    fn prepare(&self, context: &Context) -> Self::Question;

    /// Asks for a task.
    fn pull(
        &self,
        context: &Context,
        question: Self::Question,
    ) -> impl Future<Output = Result<Offer, Trouble>> + Send;

    /// Brings an asset, or none, into the protocol's form. Runs on a blocking thread.
    fn pack(asset: Option<Vec<u8>>) -> Self::Packed;

    /// Signs an answer.
    fn seal(
        &self,
        context: &Context,
        task: &OpenTask,
        packed: Self::Packed,
    ) -> impl Future<Output = Self::Sealed> + Send;

    /// When it can be found out whether an answer arrived that was on its way just now; `None` after
    /// the usual pause.
    fn doubt_until(&self, context: &Context) -> Option<UnixMillis>;

    /// Delivers an answer. The ledger knows that it is on its way.
    fn send(
        &self,
        context: &Context,
        task: &OpenTask,
        sealed: Self::Sealed,
    ) -> impl Future<Output = Fate> + Send;
}

/// What differs between protocols in the order of things.
#[derive(Debug, Clone)]
pub(crate) struct Manners {
    /// Whether it hands out the same task until that is answered. Then a lost reply is healed by
    /// asking again; otherwise an answer is sent until its fate is known, which it takes once however
    /// often it comes.
    pub hands_out_again: bool,
    /// After this a task that nothing was made for yet is not worth beginning; `None` if tasks never
    /// run out.
    pub lifetime: Option<Duration>,
    /// The pause after a first failure.
    pub first_wait: Duration,
    /// The longest pause after failures.
    pub longest_wait: Duration,
    /// The pause when it has no task.
    pub idle: Duration,
    /// It is pulled even where there is no room.
    pub goes_first: bool,
    /// From one new task to the next at most, wherever that is in our hands; `None` if it does not
    /// matter.
    pub longest_gap: Option<Duration>,
    /// From a task to its answer at most for that, if generators have time for others only.
    pub longest_answer: Duration,
}

/// Its answer to a pull.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    /// The task, if there is one.
    pub task: Option<Handout>,
    /// When it has a task for us again; 0 if at any time.
    pub cooldown_until: UnixMillis,
    /// How many early pulls it counts.
    pub violations: u64,
}

/// A pull that brought nothing usable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// What happened.
    pub reason: String,
    /// When to ask again.
    pub again: Again,
    /// What a person should know.
    pub alarm: Option<String>,
}

impl Trouble {
    /// Nothing but waiting helps.
    pub(crate) fn passing(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            again: Again::Later,
            alarm: None,
        }
    }
}

/// When to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// At once, if that has not been tried: the fault was of that one moment.
    Now,
    /// After a pause that grows with each failure.
    Later,
    /// After this time, as the other end said.
    After(Duration),
    /// After the longest pause: a person has to do something first.
    Seldom,
}

/// What became of an answer.
#[derive(Debug, Clone)]
pub(crate) enum Fate {
    /// The other end has dealt with it.
    Taken(Receipt),
    /// It certainly was not dealt with.
    Unsent {
        /// What happened.
        reason: String,
        /// When to send it again.
        again: Again,
        /// Whether to ask first what is wanted: the other end says it has no use for it.
        ask_first: bool,
        /// What a person should know.
        alarm: Option<String>,
    },
    /// Nobody knows.
    InDoubt {
        /// What happened.
        reason: String,
        /// When it can be found out; `None` after the usual pause.
        until: Option<UnixMillis>,
    },
    /// No answer to this task is wanted any more.
    Over {
        /// In the other end's words.
        reason: String,
        /// Whether that is because it has an earlier one, if one is in doubt.
        answers_doubt: bool,
    },
    /// This asset will never be taken; an empty answer may.
    Unfit {
        /// In the other end's words.
        reason: String,
        /// What a person should know.
        alarm: Option<String>,
    },
}

//! Delivering: an answer goes out once, and again only when it is certain that it did not arrive, or
//! that it is taken once however often it comes.

use std::io;
use std::sync::Arc;

use super::peer::{Again, Fate, Peer};
use super::{Flow, Patience, Source};
use crate::clock::{self, UnixMillis};
use crate::context::blocking;
use crate::event::{Event, Outcome, SourceState};
use crate::ledger::{Answer, OpenTask, Receipt};

impl<P: Peer> Source<P> {
    /// Sends the answer of a task that is `ready`.
    pub(super) async fn deliver(&mut self, task: OpenTask) -> Flow {
        let Some(packed) = self.load(&task).await else {
            return Flow::Continue(());
        };
        let (context, peer) = (Arc::clone(&self.context), Arc::clone(&self.peer));
        let mut tried_at_once = false;
        loop {
            let sealed = peer.seal(&context, &task, packed.clone()).await;
            let Some(attempt) = self.begin(&task).await else {
                return Flow::Continue(());
            };
            match peer.send(&context, &task, sealed).await {
                Fate::Unsent {
                    reason,
                    again: Again::Now,
                    ..
                } if !tried_at_once => {
                    tried_at_once = true;
                    self.take_back(&task, attempt, reason).await;
                }
                fate => return self.met(&task, attempt, fate).await,
            }
        }
    }

    /// Notes in the ledger, before the first byte leaves, that an answer is on its way. `None` when it
    /// is not to be sent.
    async fn begin(&self, task: &OpenTask) -> Option<u32> {
        let (context, key) = (Arc::clone(&self.context), task.key);
        let attempt = context
            .insist("recording a submission", || {
                context.ledger.begin_sending(key, clock::now())
            })
            .await?;
        self.report(SourceState::Submitting {
            task: task.id.clone(),
        });
        context.events.emit(Event::Submitting {
            uid: self.peer.uid(),
            task: task.id.clone(),
            attempt,
            since_pull_ms: (clock::now() - task.pulled_at) as f64,
        });
        Some(attempt)
    }

    /// The answer as it goes on the wire. `None` when the asset is gone and has to be made again.
    async fn load(&self, task: &OpenTask) -> Option<P::Packed> {
        let Answer::Asset(name) = &task.answer else {
            return Some(P::pack(None));
        };
        let context = Arc::clone(&self.context);
        let loaded = context
            .insist("reading an asset", || {
                let (assets, name) = (context.assets.clone(), name.clone());
                blocking(move || match assets.read(&name) {
                    Ok(bytes) => Ok(Some(P::pack(Some(bytes)))),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(error),
                })
            })
            .await;
        if loaded.is_none() {
            self.alarm(format!("the asset {name} is gone: it is made again"));
            let key = task.key;
            context
                .insist("recording a lost asset", || context.ledger.unmake(key))
                .await;
        }
        loaded
    }

    /// Draws the conclusions from what became of an answer.
    async fn met(&mut self, task: &OpenTask, attempt: u32, fate: Fate) -> Flow {
        match fate {
            Fate::Taken(receipt) => self.taken(task, attempt, receipt).await,
            Fate::Unsent {
                reason,
                again,
                ask_first,
                alarm,
            } => {
                self.take_back(task, attempt, reason.clone()).await;
                self.ask_first |= ask_first;
                self.alarm_once(alarm);
                self.failed(task, reason, again).await
            }
            Fate::InDoubt { reason, until } => {
                let until_ms = until.unwrap_or_else(|| self.retry_at(Again::Later));
                self.doubt(task, attempt, until_ms, reason).await
            }
            Fate::Over {
                reason,
                answers_doubt,
            } => self.ended(task, reason, answers_doubt).await,
            Fate::Unfit { reason, alarm } => {
                self.alarm_once(alarm);
                self.unfit(task, attempt, reason).await
            }
        }
    }

    async fn taken(&mut self, task: &OpenTask, attempt: u32, receipt: Receipt) -> Flow {
        let (context, peer, key) = (Arc::clone(&self.context), Arc::clone(&self.peer), task.key);
        let doubled = context
            .insist("recording feedback", || {
                context
                    .ledger
                    .record_answer(peer.source(), key, attempt, receipt.clone())
            })
            .await;
        self.keep_clock().await;
        self.works();
        // In this order, or another source might pull for the answer that this one was.
        context.quota.answered();
        self.reservation = None;
        context.events.emit(Event::Answered {
            uid: peer.uid(),
            task: task.id.clone(),
            outcome: receipt.outcome,
            score: receipt.score,
            took_ms: Some((clock::now() - task.pulled_at) as f64),
            cooldown_until_ms: receipt.cooldown_until,
        });
        if doubled {
            context.events.emit(Event::Doubled {
                uid: peer.uid(),
                task: task.id.clone(),
            });
        }
        Flow::Continue(())
    }

    /// It certainly was not processed: waits, and tries again.
    async fn failed(&mut self, task: &OpenTask, reason: String, again: Again) -> Flow {
        let until_ms = self.retry_at(again);
        self.context.events.emit(Event::SubmitFailed {
            uid: self.peer.uid(),
            task: task.id.clone(),
            reason,
            retry_at_ms: until_ms,
        });
        self.rest(
            SourceState::BackingOff { until_ms },
            until_ms,
            Patience::Deliver,
        )
        .await
    }

    async fn take_back(&self, task: &OpenTask, attempt: u32, reason: String) {
        let (context, key) = (Arc::clone(&self.context), task.key);
        context
            .insist("recording a failed submission", || {
                context.ledger.not_sent(key, attempt, reason.clone())
            })
            .await;
    }

    /// Nobody knows whether it arrived. Until `until_ms` the other end is left alone.
    async fn doubt(
        &mut self,
        task: &OpenTask,
        attempt: u32,
        until_ms: UnixMillis,
        reason: String,
    ) -> Flow {
        let (context, key) = (Arc::clone(&self.context), task.key);
        context
            .insist("recording a doubt", || {
                context.ledger.doubt(key, attempt, until_ms, reason.clone())
            })
            .await;
        self.reservation = None;
        context.events.emit(Event::InDoubt {
            uid: self.peer.uid(),
            task: task.id.clone(),
            reason,
            until_ms,
        });
        Flow::Continue(())
    }

    /// The ledger says `sending` though nothing is being sent: this source crashed on the way.
    pub(super) async fn doubt_unfinished(&mut self, task: OpenTask) -> Flow {
        let reason = "interrupted while sending".to_owned();
        let until_ms = self.peer.doubt_until(&self.context);
        let until_ms = until_ms.unwrap_or_else(|| self.retry_at(Again::Later));
        self.doubt(&task, task.attempts, until_ms, reason).await
    }

    /// Sends an answer in doubt again to one that takes it once however often it comes. The doubt of
    /// an earlier run may be longer than any pause between attempts: it was made without knowing whom
    /// it is about.
    pub(super) async fn send_again(&mut self, task: OpenTask) -> Flow {
        if self.is_past(&task, 2) {
            let reason = "whether it arrived was not to be found out in its time".to_owned();
            return self.ended(&task, reason, false).await;
        }
        let longest = clock::now() + clock::millis(self.peer.manners().longest_wait);
        let until_ms = task.doubt_until.min(longest);
        self.rest(
            SourceState::InDoubt { until_ms },
            until_ms,
            Patience::Deliver,
        )
        .await?;
        let (context, key) = (Arc::clone(&self.context), task.key);
        context
            .insist("recording another attempt", || {
                context.ledger.send_again(key)
            })
            .await;
        Flow::Continue(())
    }

    /// No answer is wanted any more; perhaps because an earlier one that was in doubt did arrive.
    pub(super) async fn ended(
        &mut self,
        task: &OpenTask,
        reason: String,
        answers_doubt: bool,
    ) -> Flow {
        let (context, key) = (Arc::clone(&self.context), task.key);
        let answered = context
            .insist("recording the end of a task", || {
                context
                    .ledger
                    .end(key, reason.clone(), answers_doubt, clock::now())
            })
            .await;
        self.backoff.reset();
        let (uid, task) = (self.peer.uid(), task.id.clone());
        match answered {
            None => {}
            Some(true) => {
                context.quota.answered();
                context.events.emit(Event::Answered {
                    uid,
                    task,
                    outcome: Outcome::ReplyLost,
                    score: None,
                    took_ms: None,
                    cooldown_until_ms: 0,
                });
            }
            Some(false) => context.events.emit(Event::Retired { uid, task, reason }),
        }
        self.reservation = None;
        Flow::Continue(())
    }

    /// This asset will never be taken: the next step sends an empty answer with the reason.
    async fn unfit(&mut self, task: &OpenTask, attempt: u32, reason: String) -> Flow {
        let (context, key) = (Arc::clone(&self.context), task.key);
        context
            .insist("recording a refused asset", || {
                context.ledger.leave_empty(key, attempt, reason.clone())
            })
            .await;
        context.events.emit(Event::Skipped {
            uid: self.peer.uid(),
            task: task.id.clone(),
            reason,
        });
        Flow::Continue(())
    }
}

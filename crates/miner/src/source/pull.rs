//! Pulling: asking for a task, and what the reply says about the one before.

use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use subnet17::TaskKind;
use tokio::sync::oneshot;

use super::peer::{Again, Offer, Peer, Trouble};
use super::{Flow, Patience, Source};
use crate::clock::{self, UnixMillis};
use crate::event::{Event, Outcome, SourceState};
use crate::ledger::{Answer, Clocks, Handout, NewAnswer, OpenTask, Settled, TaskState};
use crate::planner::{Order, Place};

/// How far a validator's clock is believed to be off.
const LARGEST_MARGIN: UnixMillis = 60_000;

impl<P: Peer> Source<P> {
    /// Pulls once there is room for a task, and sees to the task it brings.
    pub(super) async fn pull(&mut self) -> Flow {
        let (context, peer) = (Arc::clone(&self.context), Arc::clone(&self.peer));
        let token = self.token(Patience::Pull).clone();
        self.report(SourceState::WaitingForRoom);
        let Some(turn) = token.run_until_cancelled(peer.turn()).await else {
            return Flow::Break(());
        };
        let Some(place) = token.run_until_cancelled(self.room()).await else {
            return Flow::Break(());
        };
        self.report(SourceState::Pulling);
        let question = self.question();
        let offer = peer.pull(&context, question).await;
        match offer {
            Ok(offer) => {
                self.keep_clock().await;
                self.works();
                self.ask_first = false;
                self.offered(offer, place, turn).await
            }
            Err(trouble) => {
                drop((turn, place));
                self.pull_failed(trouble).await
            }
        }
    }

    /// Room for one more task: among the answers that are wanted, and with the generators. Where duels
    /// would end for want of a pull, there is room whether the generators have any or not.
    async fn room(&mut self) -> Place {
        let (context, peer) = (Arc::clone(&self.context), Arc::clone(&self.peer));
        if self.reservation.is_none() {
            self.reservation = Some(context.quota.reserve().await);
        }
        let manners = peer.manners();
        if manners.goes_first {
            return context.planner.squeeze();
        }
        let Some(gap) = manners.longest_gap else {
            return context.planner.place().await;
        };
        let pull_by = self.last_pull().await + clock::millis(gap);
        tokio::select! {
            place = context.planner.place() => place,
            () = clock::sleep_until(pull_by) => context.planner.squeeze(),
        }
    }

    /// When the last new task came, in this run or before.
    async fn last_pull(&mut self) -> UnixMillis {
        if let Some(known) = self.last_pull {
            return known;
        }
        let (context, peer) = (Arc::clone(&self.context), Arc::clone(&self.peer));
        let found = context
            .insist("reading the ledger", || {
                context.ledger.last_pull(peer.source())
            })
            .await;
        // What went by while the miner was down cannot be made up for at once by every validator: from
        // now on counts.
        let gap = peer.manners().longest_gap.unwrap_or_default();
        let oldest = clock::now() - clock::millis(gap);
        let last = found.filter(|&at| at > oldest).unwrap_or_else(clock::now);
        self.last_pull = Some(last);
        last
    }

    /// Keeps what the replies tell of the peer's clock for the next start.
    pub(super) async fn keep_clock(&mut self) {
        const WORTH_KEEPING: UnixMillis = 250;
        let Some(offset) = self.peer.clock_offset() else {
            return;
        };
        let known = self.known_offset.unwrap_or(UnixMillis::MIN / 2);
        if (offset - known).abs() < WORTH_KEEPING {
            return;
        }
        self.known_offset = Some(offset);
        let (context, peer) = (Arc::clone(&self.context), Arc::clone(&self.peer));
        context
            .insist("recording a clock", || {
                context.ledger.set_clock_offset(peer.source(), offset)
            })
            .await;
    }

    /// Nothing came back that can be used. A validator hands out the same task again, and what a
    /// gateway handed out into the void is nobody's loss but its client's time.
    async fn pull_failed(&mut self, trouble: Trouble) -> Flow {
        self.reservation = None;
        let retry_at_ms = match trouble.again {
            Again::Now if self.backoff.failures() == 0 => {
                self.backoff.fail();
                clock::now()
            }
            again => self.retry_at(again),
        };
        self.alarm_once(trouble.alarm);
        self.context.events.emit(Event::PullFailed {
            uid: self.peer.uid(),
            reason: trouble.reason,
            retry_at_ms,
        });
        self.rest(
            SourceState::BackingOff {
                until_ms: retry_at_ms,
            },
            retry_at_ms,
            Patience::Pull,
        )
        .await
    }

    async fn offered(&mut self, offer: Offer, place: Place, turn: P::Turn) -> Flow {
        match offer.task {
            Some(handout) => self.received(handout, place, turn).await,
            None => {
                drop((turn, place));
                self.reservation = None;
                self.nothing(offer.cooldown_until, offer.violations).await
            }
        }
    }

    async fn received(&mut self, handout: Handout, place: Place, turn: P::Turn) -> Flow {
        let (context, peer) = (Arc::clone(&self.context), Arc::clone(&self.peer));
        let pulled = context
            .insist("recording a task", || {
                context
                    .ledger
                    .record_pull(peer.source(), handout.clone(), clock::now())
            })
            .await;
        // Not before: whoever asks next may be given the same task, and the ledger has to know it by then.
        drop(turn);
        self.settled(pulled.settled, handout.cooldown_until);
        self.violated(pulled.violations_added, handout.violations);
        if !pulled.replayed {
            self.last_pull = Some(clock::now());
        }
        context.events.emit(Event::Pulled {
            uid: peer.uid(),
            prompt: describe(&handout),
            task: handout.id,
            replayed: pulled.replayed,
        });
        match pulled.task.state {
            TaskState::Assigned => self.order(pulled.task, place).await,
            // It has its answer already: the next step delivers it.
            _ => Flow::Continue(()),
        }
    }

    /// Goes on with a task from an earlier run that will not be handed out again.
    pub(super) async fn resume(&mut self, task: OpenTask) -> Flow {
        if self.is_past(&task, 1) {
            let reason = "it ran out before anything was made".to_owned();
            return self.ended(&task, reason, false).await;
        }
        self.report(SourceState::WaitingForRoom);
        let (context, token) = (
            Arc::clone(&self.context),
            self.token(Patience::Deliver).clone(),
        );
        let place = tokio::select! {
            place = self.room() => place,
            // All that were wanted are given: there will be no room, and the ledger keeps the task.
            () = context.quota.reached() => return Flow::Break(()),
            () = token.cancelled() => return Flow::Break(()),
        };
        self.order(task, place).await
    }

    /// Whether a task has been in hand for more than so many of its lifetimes.
    pub(super) fn is_past(&self, task: &OpenTask, lifetimes: u32) -> bool {
        let lifetime = self.peer.manners().lifetime;
        lifetime.is_some_and(|lifetime| {
            clock::now() - task.pulled_at > clock::millis(lifetime.saturating_mul(lifetimes))
        })
    }

    /// Has the task made, and waits for it.
    async fn order(&mut self, task: OpenTask, place: Place) -> Flow {
        let (made, mut is_made) = oneshot::channel();
        self.report(SourceState::Making {
            task: task.id.clone(),
        });
        let planner = self.context.planner.clone();
        let finished = planner.finished();
        let patience = self.peer.manners().longest_answer;
        let mut look_at = task.pulled_at.saturating_add(clock::millis(patience));
        planner.push(Order {
            uid: self.peer.uid(),
            task: task.clone(),
            made,
            _place: place,
            leases: 0,
        });
        let stop = self.context.stop.clone();
        loop {
            tokio::select! {
                () = stop.cancelled() => return Flow::Break(()),
                // Made, or given up without a word: the ledger knows which.
                _ = &mut is_made => return Flow::Continue(()),
                () = clock::sleep_until(look_at) => {}
            }
            // While generators are down, waiting costs less than giving up what may be a duel.
            if planner.finished() > finished {
                return self.give_up(&task).await;
            }
            look_at = clock::now() + clock::millis(patience / 20 + Duration::from_millis(50));
        }
    }

    /// Answers with nothing, so that the next pull is in time: the generators are busy with others.
    async fn give_up(&self, task: &OpenTask) -> Flow {
        let reason =
            "no generator had time for it; an empty answer keeps the duels going".to_owned();
        let (context, key) = (Arc::clone(&self.context), task.key);
        let is_ours = context
            .insist("recording an answer", || {
                let new = NewAnswer {
                    answer: Answer::Empty,
                    seed: None,
                    verdict: None,
                    reason: Some(reason.clone()),
                    recipe: generate::Recipe::default(),
                };
                context.ledger.record_ready(key, new)
            })
            .await;
        if is_ours {
            context.events.emit(Event::Skipped {
                uid: self.peer.uid(),
                task: task.id.clone(),
                reason,
            });
        }
        Flow::Continue(())
    }

    async fn nothing(&mut self, cooldown_until: UnixMillis, violations: u64) -> Flow {
        let (context, peer) = (Arc::clone(&self.context), Arc::clone(&self.peer));
        let nothing = context
            .insist("recording a pull", || {
                context.ledger.record_no_task(
                    peer.source(),
                    cooldown_until,
                    violations,
                    clock::now(),
                )
            })
            .await;
        self.settled(nothing.settled, cooldown_until);
        self.violated(nothing.violations_added, violations);
        if nothing.violations_added > 0 {
            self.learn_margin(nothing.believed, cooldown_until).await;
        }
        let offset = peer.clock_offset().unwrap_or(0);
        if cooldown_until - offset > clock::now() {
            return Flow::Continue(());
        }
        context.events.emit(Event::NoTask { uid: peer.uid() });
        let pause = peer.manners().idle;
        let pause = pause.mul_f64(rand::rng().random_range(0.75..1.25));
        let until_ms = clock::now() + clock::millis(pause);
        self.rest(SourceState::Idle { until_ms }, until_ms, Patience::Pull)
            .await
    }

    /// A pull at the end of the cooldown was early for the validator: its clock is behind ours.
    async fn learn_margin(&mut self, believed: Clocks, cooldown_until: UnixMillis) {
        if believed.cooldown_until == 0 || believed.cooldown_until != cooldown_until {
            return;
        }
        let margin = (believed.clock_margin * 2).clamp(1000, LARGEST_MARGIN);
        let (context, peer) = (Arc::clone(&self.context), Arc::clone(&self.peer));
        context
            .insist("recording a clock", || {
                context.ledger.set_clock_margin(peer.source(), margin)
            })
            .await;
        self.alarm(format!(
            "the validator's clock is behind ours: from now on it is pulled {} s after its cooldown",
            margin / 1000
        ));
    }

    fn violated(&self, added: u64, total: u64) {
        if added > 0 {
            self.context.events.emit(Event::Violation {
                uid: self.peer.uid(),
                added,
                total,
            });
        }
    }

    /// Says how the task ended that the validator no longer hands out.
    fn settled(&self, settled: Option<Settled>, cooldown_until_ms: UnixMillis) {
        let Some(settled) = settled else { return };
        let (uid, task) = (self.peer.uid(), settled.id);
        if settled.answered {
            self.context.quota.answered();
            self.context.events.emit(Event::Answered {
                uid,
                task,
                outcome: Outcome::ReplyLost,
                score: None,
                took_ms: None,
                cooldown_until_ms,
            });
        } else {
            self.context.events.emit(Event::Retired {
                uid,
                task,
                reason: "the validator no longer assigns it to us".to_owned(),
            });
        }
    }
}

fn describe(handout: &Handout) -> String {
    match handout.kind {
        TaskKind::Text => handout.prompt.to_string(),
        TaskKind::Image => format!("an image of {} kB", handout.prompt.len() * 3 / 4 / 1000),
    }
}

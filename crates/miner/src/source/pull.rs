//! Pulling: asking a validator for a task, and what its reply says about the one before.

use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use subnet17::{PullTask, Task, TaskKind};
use tokio::sync::oneshot;

use super::{Flow, Patience, Source};
use crate::clock::{self, UnixMillis};
use crate::event::{Event, Outcome, SourceState};
use crate::ledger::{Clocks, Handout, OpenTask, Settled, TaskState};
use crate::planner::{Order, Place};

/// A validator's ids are uuids; this is generous.
const LONGEST_ID: usize = 256;
/// The validation service takes at most 1024 characters (three-gen-subnet
/// `validation/server/models.py`); this leaves room for other alphabets.
const LONGEST_TEXT: usize = 16 * 1024;
/// Base64 of an image; beyond it no prompt is meant seriously.
const LONGEST_IMAGE: usize = 32 << 20;
/// No validator means a longer throttle period than this.
const LONGEST_THROTTLE: Duration = Duration::from_secs(3600);
/// How far a validator's clock is believed to be off.
const LARGEST_MARGIN: UnixMillis = 60_000;

impl Source {
    /// Pulls once there is room for a task, and sees to the task it brings.
    pub(super) async fn pull(&mut self) -> Flow {
        let (context, token) = (
            Arc::clone(&self.context),
            self.token(Patience::Pull).clone(),
        );
        self.report(SourceState::WaitingForRoom);
        if self.reservation.is_none() {
            let Some(reservation) = token.run_until_cancelled(context.quota.reserve()).await else {
                return Flow::Break(());
            };
            self.reservation = Some(reservation);
        }
        let Some(place) = token.run_until_cancelled(context.planner.place()).await else {
            return Flow::Break(());
        };
        self.report(SourceState::Pulling);
        let reply = context
            .dendrite
            .call(
                &self.target,
                &PullTask::default(),
                context.config.pull_timeout,
            )
            .await
            .map_err(|error| error.to_string())
            .and_then(|reply| check(&reply).map(|()| reply));
        let reply = match reply {
            Ok(reply) => reply,
            Err(reason) => {
                drop(place);
                return self.pull_failed(reason).await;
            }
        };
        self.backoff.reset();
        self.ask_first = false;
        let cooldown_until = self.cooldown_until(reply.cooldown_until);
        match reply.task.clone() {
            Some(task) => {
                let handout = handout(task, &reply, cooldown_until);
                self.received(handout, place).await
            }
            None => {
                drop(place);
                self.reservation = None;
                self.nothing(&reply, cooldown_until).await
            }
        }
    }

    /// Nothing came back that can be used. Whatever the validator did, pulling again heals it.
    async fn pull_failed(&mut self, reason: String) -> Flow {
        self.reservation = None;
        let until_ms = clock::now() + clock::millis(self.backoff.fail());
        self.context.events.emit(Event::PullFailed {
            uid: self.uid,
            reason,
            retry_at_ms: until_ms,
        });
        self.rest(
            SourceState::BackingOff { until_ms },
            until_ms,
            Patience::Pull,
        )
        .await
    }

    async fn received(&mut self, handout: Handout, place: Place) -> Flow {
        let context = Arc::clone(&self.context);
        let hotkey = self.target.hotkey;
        let pulled = context
            .insist("recording a task", || {
                context
                    .ledger
                    .record_pull(hotkey, handout.clone(), clock::now())
            })
            .await;
        self.settled(pulled.settled, handout.cooldown_until);
        self.violated(pulled.violations_added, handout.violations);
        context.events.emit(Event::Pulled {
            uid: self.uid,
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

    /// Has the task made, and waits for it.
    async fn order(&mut self, task: OpenTask, place: Place) -> Flow {
        let (made, is_made) = oneshot::channel();
        self.report(SourceState::Making {
            task: task.id.clone(),
        });
        self.context.planner.push(Order {
            uid: self.uid,
            task,
            made,
            _place: place,
            leases: 0,
        });
        match self.context.stop.run_until_cancelled(is_made).await {
            // Made, or given up without a word: the ledger knows which.
            Some(_) => Flow::Continue(()),
            None => Flow::Break(()),
        }
    }

    async fn nothing(&mut self, reply: &PullTask, cooldown_until: UnixMillis) -> Flow {
        let context = Arc::clone(&self.context);
        let hotkey = self.target.hotkey;
        let violations = reply.cooldown_violations;
        let nothing = context
            .insist("recording a pull", || {
                context
                    .ledger
                    .record_no_task(hotkey, cooldown_until, violations, clock::now())
            })
            .await;
        self.settled(nothing.settled, cooldown_until);
        self.violated(nothing.violations_added, violations);
        if nothing.violations_added > 0 {
            self.learn_margin(nothing.believed, cooldown_until).await;
        }
        let left = clock::remaining(cooldown_until);
        let rules = &context.config.rules;
        if left > Duration::ZERO {
            // Violations lengthen a cooldown too; without many, only an unknown hotkey waits so long.
            if left > (rules.cooldown + rules.penalty) * 2 && violations <= rules.violation_grace {
                self.alarm(
                    "the validator answers as if our hotkey were not registered: check that it is, \
                     on this network and subnet",
                );
            }
            return Flow::Continue(());
        }
        context.events.emit(Event::NoTask { uid: self.uid });
        let pause = (rules.cooldown / 15).max(Duration::from_millis(250));
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
        let (context, hotkey) = (Arc::clone(&self.context), self.target.hotkey);
        context
            .insist("recording a clock", || {
                context.ledger.set_clock_margin(hotkey, margin)
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
                uid: self.uid,
                added,
                total,
            });
        }
    }

    /// Says how the task ended that the validator no longer hands out.
    fn settled(&self, settled: Option<Settled>, cooldown_until_ms: UnixMillis) {
        let Some(settled) = settled else { return };
        let (uid, task) = (self.uid, settled.id);
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

/// Bounds what a hostile validator can make us keep.
fn check(reply: &PullTask) -> Result<(), String> {
    let Some(task) = &reply.task else {
        return Ok(());
    };
    let longest = match task.kind {
        TaskKind::Text => LONGEST_TEXT,
        TaskKind::Image => LONGEST_IMAGE,
    };
    if task.id.is_empty() || task.id.len() > LONGEST_ID {
        Err(format!("a task id of {} bytes", task.id.len()))
    } else if task.prompt.len() > longest {
        Err(format!("a prompt of {} bytes", task.prompt.len()))
    } else {
        Ok(())
    }
}

fn handout(task: Task, reply: &PullTask, cooldown_until: UnixMillis) -> Handout {
    Handout {
        id: task.id,
        kind: task.kind,
        prompt: task.prompt,
        threshold: reply.validation_threshold,
        throttle: Duration::from_secs(reply.throttle_period).min(LONGEST_THROTTLE),
        cooldown_until,
        violations: reply.cooldown_violations,
    }
}

fn describe(handout: &Handout) -> String {
    match handout.kind {
        TaskKind::Text => handout.prompt.to_string(),
        TaskKind::Image => format!("an image of {} kB", handout.prompt.len() * 3 / 4 / 1000),
    }
}

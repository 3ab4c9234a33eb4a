//! One place at a gateway: asks for a task, answers it, asks again.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use subnet17::gateway::{
    ADD_RESULT, Credential, GET_TASKS, GetTasks, LARGEST_RESULT, Report, Tasks, Verdict,
};
use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;
use uuid::Uuid;

use super::super::peer::{Again, Fate, Manners, Offer, Peer, Trouble};
use super::client::Silence;
use super::{Gateway, LONGEST_WAIT};
use crate::clock::UnixMillis;
use crate::context::Context;
use crate::event::Outcome;
use crate::gateway_config::GatewayConfig;
use crate::ledger::{Answer, Handout, OpenTask, Receipt, SourceId};

/// From this size on, JSON is parsed off the async workers.
const LARGE_BODY: usize = 256 << 10;
/// Beyond the asset, a form holds less than this many bytes.
const FORM_BYTES: usize = 4096;

/// One place at a gateway.
pub(crate) struct Place {
    pub(super) gateway: Arc<Gateway>,
    uid: u16,
    source: SourceId,
    manners: Manners,
}

impl Place {
    pub(crate) fn new(gateway: Arc<Gateway>, number: u16) -> Self {
        let config = &gateway.config;
        Self {
            uid: GatewayConfig::uid(number),
            source: SourceId::place(config.address(), number),
            manners: Manners {
                hands_out_again: false,
                lifetime: Some(config.task_lifetime),
                first_wait: config.poll.min(Duration::from_secs(1)),
                longest_wait: LONGEST_WAIT.min(config.task_lifetime / 4),
                // The gate has the pause.
                idle: Duration::ZERO,
                goes_first: false,
                longest_gap: None,
                longest_answer: Duration::MAX,
            },
            gateway,
        }
    }

    /// Holds back every place, not only this one.
    fn close_gate(&self, again: Again) {
        let pause = match again {
            Again::Now => Duration::ZERO,
            Again::Later => self.gateway.gate().backoff.fail(),
            Again::After(pause) => pause,
            Again::Seldom => LONGEST_WAIT,
        };
        self.gateway.close_for(pause);
    }

    async fn offer(&self, context: &Context, tasks: Tasks) -> Result<Offer, Trouble> {
        let mut tasks = tasks.tasks.into_iter();
        let none = Offer {
            task: None,
            cooldown_until: 0,
            violations: 0,
        };
        let Some(assigned) = tasks.next() else {
            self.gateway.close_for(self.gateway.config.poll);
            return Ok(none);
        };
        if tasks.len() > 0 {
            let more = format!("the gateway handed out {} tasks unasked", tasks.len());
            if let Some(alarm) = self.gateway.once(more) {
                context.alarm(Some(self.uid), alarm);
            }
        }
        let config = &self.gateway.config;
        let task = assigned.task(&config.models).map_err(|fault| {
            self.gateway.close_for(config.poll);
            Trouble::passing(fault.to_string())
        })?;
        self.gateway.note_unknown(&assigned);
        let places = SourceId::places(config.address());
        let id = task.id.clone();
        let is_known = context
            .insist("reading the ledger", || {
                context
                    .ledger
                    .is_open_beside(&self.source, places.clone(), id.clone())
            })
            .await;
        if is_known {
            tracing::debug!("task {id} is in the works already");
            return Ok(none);
        }
        Ok(Offer {
            task: Some(Handout {
                id: task.id,
                kind: task.kind,
                prompt: task.prompt,
                threshold: context.config.rules.acceptance_threshold,
                throttle: config.budget,
                cooldown_until: 0,
                violations: 0,
                wanted_seed: Some(assigned.seed()),
                ticket: Some(assigned.assignment_token),
            }),
            ..none
        })
    }
}

/// A form ready to be sent.
pub(crate) struct SignedForm {
    content_type: String,
    body: Bytes,
}

impl Peer for Place {
    type Packed = Option<Bytes>;
    type Sealed = SignedForm;
    type Turn = OwnedMutexGuard<()>;
    /// Its signature says what time it is: it is made at the last moment.
    type Question = ();

    fn source(&self) -> &SourceId {
        &self.source
    }

    fn uid(&self) -> u16 {
        self.uid
    }

    fn manners(&self) -> &Manners {
        &self.manners
    }

    fn clock_offset(&self) -> Option<UnixMillis> {
        None
    }

    async fn turn(&self) -> OwnedMutexGuard<()> {
        let turn = Arc::clone(&self.gateway.turn).lock_owned().await;
        loop {
            let opens = self.gateway.gate().opens;
            if opens <= Instant::now() {
                return turn;
            }
            tokio::time::sleep_until(opens).await;
        }
    }

    fn prepare(&self, _: &Context) {}

    async fn pull(&self, context: &Context, (): ()) -> Result<Offer, Trouble> {
        let config = &self.gateway.config;
        let Credential {
            timestamp,
            signature,
        } = self.gateway.credential(context);
        let request = GetTasks {
            worker_hotkey: self.gateway.hotkey.clone(),
            worker_id: config.worker_id.clone(),
            signature,
            timestamp,
            requested_task_count: 1,
            model: config.models.clone(),
            worker_tags: config.worker_tags.clone(),
        };
        let body = serde_json::to_vec(&request)
            .map_err(|error| Trouble::passing(format!("cannot write the message: {error}")))?;
        let reply = self
            .gateway
            .client
            .post(
                GET_TASKS,
                "application/json",
                body.into(),
                context.config.pull_timeout,
            )
            .await;
        let trouble = match reply {
            Ok(reply) if reply.status == 200 => match parse(reply.body).await {
                Ok(tasks) => {
                    self.gateway.works();
                    return self.offer(context, tasks).await;
                }
                Err(error) => Trouble::passing(format!("malformed answer: {error}")),
            },
            Ok(reply) => self.trouble(&reply),
            Err(silence) => Trouble::passing(silence.reason()),
        };
        self.close_gate(trouble.again);
        Err(trouble)
    }

    fn pack(asset: Option<Vec<u8>>) -> Option<Bytes> {
        asset.map(Bytes::from)
    }

    async fn seal(&self, context: &Context, task: &OpenTask, packed: Option<Bytes>) -> SignedForm {
        let credential = self.gateway.credential(context);
        let report = Report {
            id: &task.id,
            assignment_token: task.ticket.as_deref().unwrap_or_default(),
            worker_hotkey: &self.gateway.hotkey,
            worker_id: &self.gateway.config.worker_id,
            credential: &credential,
            verdict: match &packed {
                Some(_) => Verdict::Success,
                None => Verdict::Failure(task.reason.as_deref().unwrap_or_default()),
            },
        };
        let form = report.form(&Uuid::new_v4().simple().to_string());
        let asset = packed.unwrap_or_default();
        let mut body = Vec::with_capacity(form.head.len() + asset.len() + form.tail.len());
        body.extend_from_slice(&form.head);
        body.extend_from_slice(&asset);
        body.extend_from_slice(&form.tail);
        SignedForm {
            content_type: form.content_type,
            body: body.into(),
        }
    }

    fn doubt_until(&self, _: &Context) -> Option<UnixMillis> {
        None
    }

    async fn send(&self, context: &Context, task: &OpenTask, sealed: SignedForm) -> Fate {
        if sealed.body.len() > LARGEST_RESULT && task.answer != Answer::Empty {
            let size = sealed.body.len().saturating_sub(FORM_BYTES) >> 20;
            let reason = format!("an asset of {size} MiB is beyond what gateways take");
            return Fate::Unfit {
                alarm: self.gateway.once(reason.clone()),
                reason,
            };
        }
        let reply = self
            .gateway
            .client
            .post(
                ADD_RESULT,
                &sealed.content_type,
                sealed.body,
                context.config.submit_timeout,
            )
            .await;
        match reply {
            Ok(reply) if reply.status == 200 => {
                self.gateway.works();
                let outcome = match task.answer {
                    Answer::Asset(_) => Outcome::Accepted,
                    Answer::Empty => Outcome::Skipped,
                };
                Fate::Taken(Receipt {
                    outcome,
                    score: None,
                    feedback: None,
                    cooldown_until: 0,
                })
            }
            Ok(reply) => self.refused(task, &reply),
            Err(Silence::NotSent(reason)) => Fate::Unsent {
                reason,
                again: Again::Later,
                ask_first: false,
                alarm: None,
            },
            Err(Silence::NoAnswer(reason)) => Fate::InDoubt {
                reason,
                until: None,
            },
        }
    }
}

/// Reads the tasks in an answer. One with an image is megabytes.
async fn parse(body: Vec<u8>) -> Result<Tasks, String> {
    let parse = |body: Vec<u8>| serde_json::from_slice(&body).map_err(|error| error.to_string());
    if body.len() < LARGE_BODY {
        return parse(body);
    }
    tokio::task::spawn_blocking(move || parse(body))
        .await
        .unwrap_or_else(|error| Err(error.to_string()))
}

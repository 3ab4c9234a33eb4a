//! A validator on loopback: the real axon, the real rules, and faults on demand.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bittensor::{Axon, Caller, HandlerError, Keypair, Neuron};
use subnet17::{
    PullOutcome, PullTask, Rules, Standing, SubmitOutcome, SubmitResults, Task, licence,
};
use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::CancellationToken;

/// Whole seconds, because the wire counts them.
pub const RULES: Rules = Rules {
    cooldown: Duration::from_secs(1),
    throttle: Duration::ZERO,
    penalty: Duration::from_secs(1),
    validation_lock: Duration::from_millis(100),
    longest_validation: Duration::from_secs(1),
    ..Rules::PULL_2025
};

/// What goes wrong with the next pull.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullFault {
    /// The task is assigned, but the reply is cut short.
    LoseReply,
    /// HTTP 500.
    Fail,
    /// No task, no cooldown.
    Nothing,
    /// As for a hotkey that is not registered.
    Unregistered,
}

/// What goes wrong with the next submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubmitFault {
    /// Processed, but the reply is cut short.
    LoseReply,
    /// HTTP 500, not processed.
    Fail,
    /// The score is below the threshold.
    Reject,
    /// The scorer fails.
    Unscored,
    /// Another submission has just been taken up: ignored, until the validation lock is over.
    Locked(Duration),
    /// The last accepted one is less than the pause ago: ignored.
    TooSoon,
    /// By now it has assigned another task: feedback with score 0, and nothing else.
    WrongTask,
    /// It is judged for so long, whether anybody waits or not, and then below the threshold.
    Judged(Duration),
}

/// What a validator saw.
#[derive(Debug, Default)]
pub struct Seen {
    standing: Standing,
    tasks: u32,
    pub violations: u64,
    /// Every task handed out.
    pub assigned: BTreeSet<String>,
    /// How often an answer to each task was dealt with.
    pub answered: BTreeMap<String, u32>,
    /// Tasks answered with an empty result.
    pub skipped: u32,
    pub bad_signatures: u32,
    /// How far its clock is behind ours, in seconds.
    pub behind: f64,
    /// Every pull and every submission that it answered.
    pub pulls: u32,
    pub submissions: u32,
    /// What a rejection costs beyond the usual penalty.
    pub more_penalty: Duration,
    /// Prompts are images of this many bytes, if any.
    pub image_bytes: usize,
    pub pull_faults: VecDeque<PullFault>,
    pub submit_faults: VecDeque<SubmitFault>,
}

/// A validator on a loopback port.
pub struct Validator {
    pub uid: u16,
    keypair: Arc<Keypair>,
    address: SocketAddr,
    pub seen: Arc<Mutex<Seen>>,
    serving: CancellationToken,
    /// While it is down: its port, so that nobody else is given it.
    reserved: Option<TcpSocket>,
}

pub fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs_f64()
}

impl Validator {
    pub async fn start(uid: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let mut validator = Self {
            uid,
            keypair: Arc::new(Keypair::generate()),
            address: listener.local_addr().unwrap(),
            seen: Arc::default(),
            serving: CancellationToken::new(),
            reserved: None,
        };
        validator.serve(listener);
        validator
    }

    /// Takes the listener away: connections are refused.
    pub async fn go_down(&mut self) {
        self.serving.cancel();
        self.reserved = loop {
            let socket = TcpSocket::new_v4().unwrap();
            socket.set_reuseaddr(true).unwrap();
            // It can be had once nobody listens there.
            match socket.bind(self.address) {
                Ok(()) => break Some(socket),
                Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
            }
        };
    }

    /// Serves again on the same port.
    pub fn come_up(&mut self) {
        let socket = self.reserved.take().expect("it is down");
        self.serve(socket.listen(1024).unwrap());
    }

    fn serve(&mut self, listener: TcpListener) {
        self.serving = CancellationToken::new();
        let (for_pull, for_submit, for_blacklist) = (
            Arc::clone(&self.seen),
            Arc::clone(&self.seen),
            Arc::clone(&self.seen),
        );
        let (uid, hotkey) = (self.uid, self.keypair.public());
        let axon = Axon::new(Arc::clone(&self.keypair))
            .route(move |_: Caller, pull: PullTask| {
                let reply = answer_pull(&mut for_pull.lock().unwrap(), uid, pull);
                async move { reply }
            })
            .route(move |caller: Caller, submit: SubmitResults| {
                let signed = |task: &Task| {
                    licence::verify(
                        &submit.signature,
                        submit.submit_time,
                        &task.prompt,
                        &hotkey,
                        &caller.hotkey,
                    )
                };
                let mut seen = for_submit.lock().unwrap();
                let judged = match seen.submit_faults.front() {
                    Some(SubmitFault::Judged(lasting)) => Some(*lasting),
                    _ => None,
                };
                let reply = answer_submit(&mut seen, &submit, signed);
                drop(seen);
                let judging = Arc::clone(&for_submit);
                // Nobody who hangs up ends it.
                let judging = tokio::spawn(async move {
                    match (judged, reply) {
                        (Some(lasting), Ok(reply)) => {
                            tokio::time::sleep(lasting).await;
                            Ok(rule(&mut judging.lock().unwrap(), reply))
                        }
                        (_, reply) => reply,
                    }
                });
                async move { judging.await.unwrap() }
            })
            .blacklist("SubmitResults", move |_| {
                let seen = for_blacklist.lock().unwrap();
                seen.standing
                    .blocks_submission()
                    .then(|| "no task assigned".to_owned())
            });
        tokio::spawn(axon.serve(listener, self.serving.clone()));
    }

    pub fn neuron(&self) -> Neuron {
        Neuron {
            uid: self.uid,
            hotkey: self.keypair.public(),
            ip: self.address.ip(),
            port: self.address.port(),
            stake: 2000.0,
            validator_permit: true,
            is_serving: true,
        }
    }

    /// The invariants that hold whatever happened, once nothing is open any more.
    pub fn assert_clean(&self) {
        let seen = self.seen.lock().unwrap();
        assert_eq!(seen.violations, 0, "uid {}: violations", self.uid);
        assert_eq!(seen.bad_signatures, 0, "uid {}: signatures", self.uid);
        for (task, times) in &seen.answered {
            assert_eq!(*times, 1, "uid {}: {task} answered {times} times", self.uid);
        }
    }

    /// Forgets its task, as a validator does that starts again from an old state.
    pub fn forget(&self) {
        self.seen.lock().unwrap().standing.assignment = None;
    }

    pub fn open_tasks(&self) -> usize {
        let seen = self.seen.lock().unwrap();
        seen.assigned.len() - seen.answered.len()
    }
}

fn answer_pull(seen: &mut Seen, uid: u16, pull: PullTask) -> Result<PullTask, HandlerError> {
    seen.pulls += 1;
    let fault = seen.pull_faults.pop_front();
    let mut reply = PullTask {
        throttle_period: RULES.throttle_on_wire(),
        ..pull
    };
    match fault {
        Some(PullFault::Fail) => return Err(HandlerError::Failed("on demand".to_owned())),
        Some(PullFault::Nothing) => return Ok(reply),
        Some(PullFault::Unregistered) => {
            reply.cooldown_until = now() as i64 + 3600;
            return Ok(reply);
        }
        Some(PullFault::LoseReply) | None => {}
    }
    let now = now() - seen.behind;
    match seen.standing.on_pull(now, &RULES) {
        PullOutcome::OnCooldown => seen.violations += 1,
        PullOutcome::Repeated(task) => reply.task = Some(task),
        PullOutcome::Free => {
            seen.tasks += 1;
            let id = format!("{uid}-{}", seen.tasks);
            let task = match seen.image_bytes {
                0 => Task::text(id, "a small brass robot"),
                bytes => Task::image(id, STANDARD.encode(vec![7; bytes])),
            };
            seen.assigned.insert(task.id.clone());
            seen.standing.assign(task.clone(), now);
            reply.task = Some(task);
        }
    }
    reply.cooldown_until = seen.standing.cooldown_until;
    reply.cooldown_violations = seen.standing.cooldown_violations;
    if fault == Some(PullFault::LoseReply) {
        return Err(HandlerError::CutShort);
    }
    Ok(reply)
}

fn answer_submit(
    seen: &mut Seen,
    submit: &SubmitResults,
    is_signed: impl FnOnce(&Task) -> bool,
) -> Result<SubmitResults, HandlerError> {
    let fault = seen.submit_faults.pop_front();
    if fault == Some(SubmitFault::Fail) {
        return Err(HandlerError::Failed("on demand".to_owned()));
    }
    let now = now() - seen.behind;
    seen.submissions += 1;
    match (fault, &mut seen.standing.assignment) {
        (Some(SubmitFault::Locked(lasting)), _) => {
            seen.standing.validation_locked_until = now + lasting.as_secs_f64();
        }
        (Some(SubmitFault::TooSoon), _) => seen.standing.last_accepted = now as i64,
        (Some(SubmitFault::WrongTask), Some(assignment)) => {
            seen.assigned.remove(&assignment.task.id);
            assignment.task.id.push('b');
            seen.assigned.insert(assignment.task.id.clone());
        }
        _ => {}
    }
    let id = submit.answered_task().to_owned();
    let is_empty = submit.results.is_empty();
    let rules = Rules {
        penalty: RULES.penalty + seen.more_penalty,
        ..RULES
    };
    let outcome = seen
        .standing
        .on_submit(&id, is_empty, is_signed, now, &rules);
    let mut ruling = None;
    match outcome {
        SubmitOutcome::BadSignature => seen.bad_signatures += 1,
        SubmitOutcome::WrongTask | SubmitOutcome::Locked => {}
        SubmitOutcome::Skipped => {
            seen.skipped += 1;
            *seen.answered.entry(id).or_default() += 1;
        }
        SubmitOutcome::Judge(_) if matches!(fault, Some(SubmitFault::Judged(_))) => {
            return Ok(submit.clone());
        }
        SubmitOutcome::Judge(_) => {
            let score = match fault {
                Some(SubmitFault::Reject) => Some(0.4),
                Some(SubmitFault::Unscored) => None,
                _ => Some(0.8),
            };
            ruling = Some(seen.standing.on_verdict(score, now, &rules));
            if seen.standing.assignment.is_none() {
                *seen.answered.entry(id).or_default() += 1;
            }
        }
    }
    if fault == Some(SubmitFault::LoseReply) {
        return Err(HandlerError::CutShort);
    }
    let mut reply = submit.clone();
    reply.results = "".into();
    reply.feedback = Some(seen.standing.feedback(ruling, 1500.0, now, &RULES));
    reply.cooldown_until = seen.standing.cooldown_until;
    Ok(reply)
}

/// What follows once a submission has been judged for long.
fn rule(seen: &mut Seen, submit: SubmitResults) -> SubmitResults {
    let now = now() - seen.behind;
    let ruling = seen.standing.on_verdict(Some(0.4), now, &RULES);
    let id = submit.answered_task().to_owned();
    *seen.answered.entry(id).or_default() += 1;
    SubmitResults {
        results: "".into(),
        feedback: Some(seen.standing.feedback(Some(ruling), 1500.0, now, &RULES)),
        cooldown_until: seen.standing.cooldown_until,
        ..submit
    }
}

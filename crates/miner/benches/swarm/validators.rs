//! The validators: real axons and rules, a score for everything, and books.

use std::io::BufRead;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bittensor::{Axon, Caller, Keypair, Metagraph, Neuron, PublicKey};
use serde::{Deserialize, Serialize};
use subnet17::{
    PullOutcome, PullTask, Rules, Ruling, Standing, SubmitOutcome, SubmitResults, Task, licence,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::SPLATS;
use crate::support::cpu_time;

/// Whole seconds, because the wire counts them.
pub(crate) const RULES: Rules = Rules {
    cooldown: Duration::from_secs(1),
    throttle: Duration::ZERO,
    penalty: Duration::from_secs(1),
    validation_lock: Duration::ZERO,
    longest_validation: Duration::from_secs(1),
    ..Rules::PULL_2025
};

/// What all validators saw since they last told.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Books {
    /// Answers that were accepted.
    pub(crate) accepted: u64,
    /// Pulls before the end of a cooldown.
    pub(crate) early: u64,
    /// Answers without the right signature.
    pub(crate) bad_signatures: u64,
    /// Answers nobody asked for: to another task, a second one, or one too soon.
    pub(crate) strays: u64,
    /// Answers that are not the cloud they should be. Looked at once for each validator.
    pub(crate) unsound: u64,
    /// From the end of each cooldown to the answer to the next pull, in milliseconds.
    pub(crate) answered_after: Vec<f64>,
    /// Processor time.
    pub(crate) cpu_seconds: f64,
}

type Shared = Arc<Mutex<Books>>;

/// One validator, towards its one miner.
struct Validator {
    uid: u16,
    hotkey: PublicKey,
    state: Mutex<State>,
    books: Shared,
}

#[derive(Default)]
struct State {
    standing: Standing,
    tasks: u32,
    has_looked: bool,
}

/// Runs `number` validators until stdin ends; for each line in it, prints the books.
pub(crate) async fn validate(number: u16) {
    let books = Shared::default();
    let mut neurons = Vec::new();
    for uid in 0..number {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let keypair = Arc::new(Keypair::generate());
        neurons.push(Neuron {
            uid,
            hotkey: keypair.public(),
            ip: Ipv4Addr::LOCALHOST.into(),
            port: listener.local_addr().unwrap().port(),
            stake: 2000.0,
            validator_permit: true,
            is_serving: true,
        });
        let validator = Arc::new(Validator {
            uid,
            hotkey: keypair.public(),
            state: Mutex::default(),
            books: Arc::clone(&books),
        });
        tokio::spawn(axon(keypair, validator).serve(listener, CancellationToken::new()));
    }
    let metagraph = Metagraph {
        netuid: 17,
        neurons,
        speed: 1.0,
    };
    println!("{}", serde_json::to_string(&metagraph).unwrap());
    let telling = move || {
        let mut told = Duration::ZERO;
        for line in std::io::stdin().lock().lines() {
            line.unwrap();
            let mut books = std::mem::take(&mut *books.lock().unwrap());
            let now = cpu_time();
            books.cpu_seconds = (now - told).as_secs_f64();
            told = now;
            println!("{}", serde_json::to_string(&books).unwrap());
        }
    };
    tokio::task::spawn_blocking(telling).await.unwrap();
}

fn axon(keypair: Arc<Keypair>, validator: Arc<Validator>) -> Axon {
    let (puller, doorkeeper) = (Arc::clone(&validator), Arc::clone(&validator));
    Axon::new(keypair)
        .route(move |_: Caller, _: PullTask| {
            let answer = puller.pull();
            async move { Ok(answer) }
        })
        .route(move |caller: Caller, submission: SubmitResults| {
            let validator = Arc::clone(&validator);
            async move { Ok(validator.submit(&caller, submission).await) }
        })
        .blacklist("SubmitResults", move |_| {
            let blocks = doorkeeper.state().standing.blocks_submission();
            if blocks {
                doorkeeper.books().strays += 1;
            }
            blocks.then(|| "no task is assigned".to_owned())
        })
}

impl Validator {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap()
    }

    fn pull(&self) -> PullTask {
        let mut state = self.state();
        let now = now();
        let cooldown_until = state.standing.cooldown_until;
        let task = match state.standing.on_pull(now, &RULES) {
            PullOutcome::OnCooldown => {
                self.books().early += 1;
                None
            }
            PullOutcome::Repeated(task) => Some(task),
            PullOutcome::Free => {
                state.tasks += 1;
                let id = format!("{}-{}", self.uid, state.tasks);
                let task = Task::text(id, "a small brass robot");
                state.standing.assign(task.clone(), now);
                if cooldown_until > 0 {
                    let after = (now - cooldown_until as f64) * 1000.0;
                    self.books().answered_after.push(after);
                }
                Some(task)
            }
        };
        PullTask {
            task,
            throttle_period: RULES.throttle_on_wire(),
            cooldown_until: state.standing.cooldown_until,
            cooldown_violations: state.standing.cooldown_violations,
            ..PullTask::default()
        }
    }

    async fn submit(&self, caller: &Caller, submission: SubmitResults) -> SubmitResults {
        let first = !std::mem::replace(&mut self.state().has_looked, true);
        if first {
            let results = Arc::clone(&submission.results);
            let is_sound = tokio::task::spawn_blocking(move || is_sound(&results));
            self.books().unsound += u64::from(!is_sound.await.unwrap());
        }
        let signed = |task: &Task| {
            let (signature, time) = (&submission.signature, submission.submit_time);
            licence::verify(signature, time, &task.prompt, &self.hotkey, &caller.hotkey)
        };
        let (id, is_empty) = (submission.answered_task(), submission.results.is_empty());
        let now = now();
        let mut state = self.state();
        let standing = &mut state.standing;
        let outcome = standing.on_submit(id, is_empty, signed, now, &RULES);
        let is_signed = outcome != SubmitOutcome::BadSignature;
        let ruling = matches!(outcome, SubmitOutcome::Judge(_))
            .then(|| standing.on_verdict(Some(0.8), now, &RULES));
        let mut books = self.books();
        match ruling {
            Some(Ruling::Accepted(_)) => books.accepted += 1,
            _ if is_signed => books.strays += 1,
            _ => books.bad_signatures += 1,
        }
        drop(books);
        SubmitResults {
            results: "".into(),
            feedback: Some(standing.feedback(ruling, 1500.0, now, &RULES)),
            cooldown_until: standing.cooldown_until,
            ..submission
        }
    }
}

fn is_sound(results: &str) -> bool {
    let bytes = STANDARD.decode(results).unwrap_or_default();
    splat::spz::decode(&bytes).is_ok_and(|cloud| cloud.len() == SPLATS)
}

fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs_f64()
}

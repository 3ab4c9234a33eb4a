//! A hotkey, its folder, validators to mine from, and a generator that costs nothing.

mod validator;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bittensor::{Keypair, Metagraph};
use generate::{Candidate, GenerateError, Generation, GenerationEvent, Generator, Request};
use miner::{Event, EventSender, Limit, MinerConfig, MinerError, Stamped, Summary};
use splat::{Cloud, Frame, Splat};
use tokio::sync::{Semaphore, broadcast};
use tokio_util::sync::CancellationToken;

#[allow(unused_imports)] // Each test binary uses its own part.
pub use validator::{PullFault, RULES, SubmitFault, Validator};

/// How long a test waits for what has to come: longer than any machine takes, so that only what never
/// comes is given up.
const PATIENCE: Duration = Duration::from_secs(120);

/// Makes a handful of splats at once, after the failures it is told to have first.
#[derive(Default)]
pub struct Instant {
    pub made: Mutex<u32>,
    pub failures: Mutex<VecDeque<GenerateError>>,
    pub rehearsal_only: bool,
    /// How long it takes all the same.
    pub takes: Duration,
    /// Closed until it may make something, if that is not at once.
    pub gate: Option<Arc<Semaphore>>,
}

impl Instant {
    pub fn failing(failures: impl IntoIterator<Item = GenerateError>) -> Arc<Self> {
        Arc::new(Self {
            failures: Mutex::new(failures.into_iter().collect()),
            ..Self::default()
        })
    }

    /// One that has its first request in hand until it is let go.
    pub fn held() -> Arc<Self> {
        Arc::new(Self {
            gate: Some(Arc::new(Semaphore::new(0))),
            ..Self::default()
        })
    }

    /// From now on it makes things at once.
    pub fn let_go(&self) {
        if let Some(gate) = &self.gate {
            gate.close();
        }
    }
}

impl Generator for Instant {
    fn label(&self) -> &str {
        "instant"
    }

    fn is_rehearsal_only(&self) -> bool {
        self.rehearsal_only
    }

    fn start(&self, request: Request) -> Generation {
        let (sink, generation) = Generation::channel();
        let failure = self.failures.lock().unwrap().pop_front();
        let event = match failure {
            Some(error) => Err(error),
            None => {
                *self.made.lock().unwrap() += 1;
                Ok(GenerationEvent::Candidate(Box::new(Candidate {
                    cloud: cloud(100),
                    frame: Frame::YUp,
                    seed: request.seed,
                    elapsed: Duration::ZERO,
                    notes: Vec::new(),
                    recipe: generate::Recipe::default(),
                    stages: Vec::new(),
                })))
            }
        };
        let (takes, gate) = (self.takes, self.gate.clone());
        tokio::spawn(async move {
            if let Some(gate) = gate {
                // It gives no permits: it is closed, or it is waited for.
                let _ = gate.acquire().await;
            }
            if !takes.is_zero() {
                tokio::time::sleep(takes).await;
            }
            sink.send(event).await
        });
        generation
    }
}

/// A line of splats.
pub fn cloud(splats: usize) -> Cloud {
    (0..splats)
        .map(|index| Splat {
            position: [index as f32 / splats as f32, 0.0, 0.0],
            log_scale: [-4.0; 3],
            rotation: [0.9, 0.1, 0.2, 0.3],
            opacity_logit: 2.0,
            colour: [0.5, 0.0, -0.5],
        })
        .collect()
}

/// A hotkey with its folder, and validators to mine from.
pub struct Rig {
    pub folder: tempfile::TempDir,
    pub keypair: Arc<Keypair>,
    pub validators: Vec<Validator>,
}

impl Rig {
    pub async fn new(validators: u16) -> Self {
        let mut started = Vec::new();
        for uid in 0..validators {
            started.push(Validator::start(uid).await);
        }
        Self {
            folder: tempfile::tempdir().unwrap(),
            keypair: Arc::new(Keypair::generate()),
            validators: started,
        }
    }

    pub fn config(&self, limit: Limit) -> MinerConfig {
        let metagraph = Metagraph {
            netuid: 17,
            neurons: self.validators.iter().map(Validator::neuron).collect(),
            speed: 1.0,
        };
        let mut config = MinerConfig::new(metagraph, self.folder.path().to_owned());
        config.rules = RULES;
        config.limit = limit;
        config.test_network = true;
        config.pull_timeout = PATIENCE / 2;
        config.submit_timeout = PATIENCE / 2;
        config.drain_timeout = PATIENCE;
        config
    }

    /// Mines in the background; everything that happens is kept.
    pub fn start(&self, limit: Limit, generators: Vec<Arc<Instant>>) -> Run {
        self.start_with(self.config(limit), generators)
    }

    pub fn start_with(&self, config: MinerConfig, generators: Vec<Arc<Instant>>) -> Run {
        let generators = generators.into_iter().map(|one| one as Arc<dyn Generator>);
        self.start_any(config, generators.collect())
    }

    pub fn start_any(&self, config: MinerConfig, generators: Vec<Arc<dyn Generator>>) -> Run {
        let events = EventSender::new(1 << 16);
        let listener = events.subscribe();
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(miner::run(
            config,
            Arc::clone(&self.keypair),
            generators,
            None,
            events,
            shutdown.clone(),
        ));
        Run {
            task,
            listener,
            shutdown,
        }
    }

    /// Mines to the limit with one instant generator.
    pub async fn mine(&self, limit: Limit) -> (Summary, Vec<Event>) {
        self.start(limit, vec![Arc::default()]).end().await
    }

    pub fn assert_clean(&self) {
        for validator in &self.validators {
            validator.assert_clean();
        }
    }

    pub fn answered(&self) -> usize {
        let count = |validator: &Validator| validator.seen.lock().unwrap().answered.len();
        self.validators.iter().map(count).sum()
    }
}

/// A miner at work.
pub struct Run {
    pub task: tokio::task::JoinHandle<Result<Summary, MinerError>>,
    listener: broadcast::Receiver<Stamped>,
    pub shutdown: CancellationToken,
}

impl Run {
    /// Waits for an event; fails if the run ends without it.
    pub async fn until(&mut self, what: &str, mut wanted: impl FnMut(&Event) -> bool) -> Event {
        let found = tokio::time::timeout(PATIENCE, async {
            loop {
                match self.listener.recv().await {
                    Ok(stamped) if wanted(&stamped.event) => return stamped.event,
                    Ok(_) => {}
                    Err(error) => panic!("never saw {what}: {error}"),
                }
            }
        });
        found
            .await
            .unwrap_or_else(|_| panic!("never saw {what} in time"))
    }

    /// Waits for the end; returns the summary and every event not yet read.
    pub async fn end(mut self) -> (Summary, Vec<Event>) {
        // All that is mined, and what is in hand at the end.
        let ended = tokio::time::timeout(2 * PATIENCE, self.task);
        let summary = ended.await.expect("ends in time").unwrap().unwrap();
        let mut events = Vec::new();
        while let Ok(stamped) = self.listener.try_recv() {
            events.push(stamped.event);
        }
        (summary, events)
    }

    /// Waits until it gives up; why it did.
    pub async fn error(self) -> MinerError {
        let ended = tokio::time::timeout(PATIENCE, self.task);
        ended.await.expect("ends in time").unwrap().unwrap_err()
    }

    /// Ends it as abruptly as a task can be ended.
    pub async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

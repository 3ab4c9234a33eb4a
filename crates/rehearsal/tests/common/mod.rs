//! A scripted miner: it does what a test tells it to, and nothing by itself.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "each test file uses its own part"
)]

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bittensor::{Answer, CallError, Dendrite, DendriteOptions, Keypair, Target};
use judge::Judge;
use rehearsal::{Rehearsal, RehearsalConfig};
use splat::spz::{self, Level};
use splat::{Cloud, Splat};
use subnet17::{PullTask, Rules, SubmitResults, Task, licence};

/// Long enough for a shared machine to score in: bounds a hang.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// What has to happen.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    let outcome = tokio::time::timeout(PATIENCE, future).await;
    outcome.expect("it never happened")
}

pub(crate) struct Miner {
    pub(crate) keypair: Arc<Keypair>,
    dendrite: Dendrite,
    pub(crate) patience: Duration,
}

impl Miner {
    pub(crate) fn new() -> Self {
        Self::waiting(PATIENCE)
    }

    /// One that waits for replies for so long.
    pub(crate) fn waiting(patience: Duration) -> Self {
        let keypair = Arc::new(Keypair::generate());
        let options = DendriteOptions {
            connect_timeout: PATIENCE,
            ..DendriteOptions::default()
        };
        let dendrite = Dendrite::new(Arc::clone(&keypair), options).unwrap();
        Self {
            keypair,
            dendrite,
            patience,
        }
    }

    /// A pull and what time it is for the validator.
    pub(crate) async fn exchange(&self, target: &Target) -> Answer<PullTask> {
        let empty = PullTask::default();
        let answer = self.dendrite.exchange(target, &empty, self.patience).await;
        answer.unwrap()
    }

    pub(crate) async fn try_pull(&self, target: &Target) -> Result<PullTask, CallError> {
        let empty = PullTask::default();
        self.dendrite.call(target, &empty, self.patience).await
    }

    pub(crate) async fn pull(&self, target: &Target) -> PullTask {
        self.try_pull(target).await.unwrap()
    }

    pub(crate) async fn task(&self, target: &Target) -> Task {
        self.pull(target).await.task.expect("a task")
    }

    /// A correctly signed submission.
    pub(crate) fn signed(&self, target: &Target, task: &Task, results: &str) -> SubmitResults {
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let time = u64::try_from(time.as_nanos()).unwrap();
        let signature = licence::sign(&self.keypair, time, &task.prompt, &target.hotkey);
        SubmitResults::new(task.id.clone(), results, time, signature)
    }

    pub(crate) async fn send(
        &self,
        target: &Target,
        submission: &SubmitResults,
    ) -> Result<SubmitResults, CallError> {
        self.dendrite.call(target, submission, self.patience).await
    }

    pub(crate) async fn submit(
        &self,
        target: &Target,
        task: &Task,
        results: &str,
    ) -> Result<SubmitResults, CallError> {
        self.send(target, &self.signed(target, task, results)).await
    }
}

/// One validator under `rules`, speed 1, everybody registered.
pub(crate) async fn network(rules: Rules) -> (Rehearsal, Target) {
    network_with(|config| config.rules = rules).await
}

pub(crate) async fn network_with(change: impl FnOnce(&mut RehearsalConfig)) -> (Rehearsal, Target) {
    let mut config = RehearsalConfig::new(Arc::new(Judge::default()));
    config.validators = 1;
    config.speed = 1.0;
    change(&mut config);
    let rehearsal = Rehearsal::start(config).await.unwrap();
    let target = rehearsal.metagraph().neurons[0].target();
    (rehearsal, target)
}

/// Unix seconds.
pub(crate) fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_secs_f64()
}

/// Sleeps until a pull is allowed, by the wire's word.
pub(crate) async fn wait_until(unix_second: i64) {
    while now() < unix_second as f64 {
        let left = unix_second as f64 - now();
        tokio::time::sleep(Duration::from_secs_f64(left.max(0.0))).await;
    }
}

/// A ball of `count` rotated splats.
fn ball(count: usize) -> Cloud {
    (0..count)
        .map(|index| {
            let height = 1.0 - 2.0 * (index as f32 + 0.5) / count as f32;
            let ring = (1.0 - height * height).sqrt();
            let (sine, cosine) = (index as f32 * 2.399_963).sin_cos();
            let normal = [ring * sine, height, ring * cosine];
            Splat {
                position: normal.map(|part| part * 0.75),
                log_scale: [-3.9, -3.9, -5.5],
                // From z to the normal: half-way quaternion, safe away from the south pole.
                rotation: [1.0 + normal[2] + 1e-3, -normal[1], normal[0], 0.0],
                opacity_logit: 3.0 + normal[0],
                colour: [0.8 + 0.3 * height, -0.4, 0.2],
            }
        })
        .collect()
}

fn packed(cloud: &Cloud) -> String {
    STANDARD.encode(spz::encode(cloud, Level::new(1)).unwrap())
}

/// What any validator accepts.
pub(crate) fn decent() -> String {
    packed(&ball(8000))
}

/// Too few splats for any validator.
pub(crate) fn poor() -> String {
    packed(&ball(200))
}

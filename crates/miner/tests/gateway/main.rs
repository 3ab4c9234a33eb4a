//! Mining from a gateway: every answer it gives to workers, lost replies, and crashes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::result_large_err,
    unreachable_pub
)]

mod encrypted;
mod faults;
mod mock;
mod results;
#[path = "../support/mod.rs"]
#[allow(dead_code, unused_imports)]
mod support;
#[path = "../../../tls/tests/support/listener.rs"]
mod tls_listener;
#[path = "../../../tls/tests/support/mod.rs"]
mod tls_support;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bittensor::Keypair;
use generate::GenerateError;
use miner::{Event, GatewayConfig, Limit, MinerConfig, MinerError, Outcome, Summary};
use mock::{Brought, Gateway, Order, PullFault};
use support::{Instant, Rig, Run};

/// A hotkey and a gateway to work for.
struct Bench {
    rig: Rig,
    gateway: Gateway,
}

impl Bench {
    async fn new(tasks: usize) -> Self {
        let gateway = Gateway::start().await;
        gateway.order(tasks);
        Self {
            rig: Rig::new(0).await,
            gateway,
        }
    }

    fn config(&self, limit: Limit) -> MinerConfig {
        let mut gateway = GatewayConfig::new(&self.gateway.url()).unwrap();
        gateway.poll = Duration::from_millis(100);
        let mut config = self.rig.config(limit);
        config.gateway = Some(gateway);
        config
    }

    fn start(&self, limit: Limit) -> Run {
        self.rig
            .start_with(self.config(limit), vec![Arc::default()])
    }

    async fn mine(&self, limit: Limit) -> (Summary, Vec<Event>) {
        self.start(limit).end().await
    }

    fn hotkey(&self) -> String {
        self.rig.keypair.public().to_string()
    }
}

fn count(events: &[Event], wanted: impl Fn(&Event) -> bool) -> usize {
    events.iter().filter(|event| wanted(event)).count()
}

fn alarms(events: &[Event]) -> Vec<&str> {
    let mut messages = Vec::new();
    for event in events {
        if let Event::Alarm { message, .. } = event {
            messages.push(message.as_str());
        }
    }
    messages
}

#[tokio::test]
async fn texts_and_images_are_answered_once_each_with_the_client_s_seed() {
    let bench = Bench::new(5).await;
    let picture = STANDARD.encode([1, 2, 3]);
    bench.gateway.seen.lock().unwrap().waiting.push_back(Order {
        id: "an-image".to_owned(),
        prompt: None,
        image: Some(picture),
        seed: -1,
    });
    let (summary, events) = bench.mine(Limit::Tasks(6)).await;
    bench.gateway.assert_clean();
    assert_eq!(
        (summary.totals.tasks_answered, summary.totals.accepted),
        (6, 6)
    );
    assert_eq!((summary.totals.lost, summary.totals.doubled), (0, 0));
    assert_eq!(alarms(&events), Vec::<&str>::new());
    for brought in bench.gateway.results() {
        let Brought::Asset(bytes) = brought else {
            panic!("{brought:?}")
        };
        let cloud = splat::spz::decode(&bytes).expect("an SPZ");
        assert_eq!(cloud.len(), 100);
    }
    let mut seeds = Vec::new();
    for event in &events {
        if let Event::Made { seed, task, .. } = event {
            seeds.push((task.as_str() == "an-image", *seed));
        }
    }
    seeds.sort_unstable();
    assert_eq!(seeds[0], (false, 7));
    assert_eq!(seeds[5], (true, 0x7fff_ffff));
    let told = serde_json::to_string(&events).unwrap();
    assert!(
        !told.contains("secret-token"),
        "tokens are nobody's business"
    );
    assert!(
        told.contains("\"gateway\":\"http://127.0.0.1"),
        "{}",
        &told[..400]
    );
}

#[tokio::test]
async fn what_cannot_be_made_is_reported_as_a_failure() {
    let bench = Bench::new(2).await;
    let generator = Instant::failing([GenerateError::Prompt("on demand".to_owned())]);
    let run = bench
        .rig
        .start_with(bench.config(Limit::Tasks(2)), vec![generator]);
    let (summary, _) = run.end().await;
    bench.gateway.assert_clean();
    assert_eq!((summary.totals.skipped, summary.totals.accepted), (1, 1));
    let failures = bench.gateway.results();
    let failed =
        |brought: &&Brought| matches!(brought, Brought::Failure(why) if why.contains("on demand"));
    assert_eq!(failures.iter().filter(failed).count(), 1, "{failures:?}");
}

#[tokio::test]
async fn validators_and_a_gateway_are_mined_side_by_side() {
    let mut bench = Bench::new(6).await;
    bench.rig = Rig::new(2).await;
    let (summary, _) = bench.mine(Limit::Tasks(12)).await;
    bench.gateway.assert_clean();
    bench.rig.assert_clean();
    assert_eq!(bench.rig.answered() + bench.gateway.results().len(), 12);
    assert_eq!(summary.totals.accepted, 12);
    assert!(bench.rig.answered() >= 6, "an idle gateway holds up nobody");
}

#[tokio::test]
async fn an_idle_gateway_is_asked_once_a_pause_however_many_places_are_free() {
    let bench = Bench::new(0).await;
    let generators = (0..8).map(|_| Arc::default()).collect();
    let mut config = bench.config(Limit::Never);
    let pause = Duration::from_millis(300);
    config.gateway.as_mut().unwrap().poll = pause;
    let began = std::time::Instant::now();
    let mut run = bench.rig.start_with(config, generators);
    for _ in 0..5 {
        run.until("an answer without a task", |event| {
            matches!(event, Event::NoTask { .. })
        })
        .await;
    }
    let elapsed = began.elapsed();
    run.shutdown.cancel();
    run.end().await;
    assert!(elapsed >= 4 * pause, "{elapsed:?} for 5 questions");
}

#[tokio::test]
async fn a_task_handed_out_twice_is_worked_on_once() {
    let bench = Bench::new(1).await;
    let generator = Instant::held();
    let config = bench.config(Limit::Never);
    let mut run = bench.rig.start_with(config, vec![Arc::clone(&generator)]);
    run.until("the pull", |event| matches!(event, Event::Pulled { .. }))
        .await;
    // While it is in hand, another place is given it too.
    let seen = Arc::clone(&bench.gateway.seen);
    seen.lock().unwrap().pull_faults = [PullFault::Twice, PullFault::Twice].into();
    run.until("both", |_| seen.lock().unwrap().pull_faults.is_empty())
        .await;
    generator.let_go();
    run.until("the answer", |event| {
        matches!(event, Event::Answered { .. })
    })
    .await;
    run.until("another question", |event| {
        matches!(event, Event::NoTask { .. })
    })
    .await;
    run.shutdown.cancel();
    let (summary, _) = run.end().await;
    bench.gateway.assert_clean();
    assert_eq!(summary.totals.accepted, 1);
    assert_eq!(*generator.made.lock().unwrap(), 1);
}

#[tokio::test]
async fn a_miner_killed_anywhere_loses_nothing_and_doubles_nothing() {
    let bench = Bench::new(40).await;
    for survived in [6, 9, 12, 15, 18, 21, 24, 30, 36, 42] {
        let mut run = bench.start(Limit::Never);
        let mut left = survived;
        run.until("enough events", |_| {
            left -= 1;
            left == 0
        })
        .await;
        run.kill().await;
    }
    // A question that was killed between the gateway and the ledger has lost its task to the
    // gateway's clock; all that the ledger ever held is answered.
    let mut run = bench.start(Limit::Never);
    run.until("that there is none left", |event| {
        let is_none = matches!(event, Event::NoTask { .. });
        is_none && bench.gateway.seen.lock().unwrap().waiting.is_empty()
    })
    .await;
    run.shutdown.cancel();
    run.end().await;
    // One that pulls no more ends with what is in hand.
    let (summary, _) = bench.mine(Limit::For(Duration::ZERO)).await;
    assert_eq!((summary.totals.lost, summary.totals.doubled), (0, 0));
    let seen = bench.gateway.seen.lock().unwrap();
    assert!(seen.waiting.is_empty());
    for (task, results) in &seen.results {
        assert_eq!(results.len(), 1, "{task}");
    }
    let unheard = seen.assigned.len() - seen.results.len();
    assert!(unheard <= 10, "{unheard} of {} lost", seen.assigned.len());
}

#[tokio::test]
async fn what_an_earlier_run_with_more_generators_left_is_delivered() {
    let bench = Bench::new(6).await;
    let slow = || {
        Arc::new(Instant {
            takes: Duration::from_secs(600),
            ..Instant::default()
        })
    };
    let config = bench.config(Limit::Never);
    let generators = vec![slow(), slow(), slow()];
    let mut run = bench.rig.start_with(config, generators);
    for _ in 0..6 {
        run.until("a pull", |event| matches!(event, Event::Pulled { .. }))
            .await;
    }
    run.kill().await;
    // One that wants fewer does not wait for the rest, however long it could.
    let mut config = bench.config(Limit::Tasks(2));
    config.drain_timeout = Duration::from_secs(3600);
    let run = bench.rig.start_with(config, vec![Arc::default()]);
    let (summary, _) = run.end().await;
    assert_eq!((summary.totals.accepted, summary.totals.lost), (2, 0));
    let (summary, _) = bench.mine(Limit::Tasks(4)).await;
    bench.gateway.assert_clean();
    assert_eq!((summary.totals.accepted, summary.totals.lost), (4, 0));
    assert_eq!(summary.totals.tasks_pulled, 0, "all were in the ledger");
}

#[tokio::test]
async fn what_ran_out_while_the_miner_was_down_is_not_begun() {
    let bench = Bench::new(1).await;
    let broken = Instant::failing((0..100).map(|_| backend_failure()));
    let mut run = bench
        .rig
        .start_with(bench.config(Limit::Never), vec![broken]);
    run.until("the pull", |event| matches!(event, Event::Pulled { .. }))
        .await;
    run.kill().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let generator = Arc::<Instant>::default();
    let mut config = bench.config(Limit::For(Duration::from_secs(1)));
    config.gateway.as_mut().unwrap().task_lifetime = Duration::from_millis(200);
    let run = bench.rig.start_with(config, vec![Arc::clone(&generator)]);
    let (summary, events) = run.end().await;
    assert_eq!(summary.totals.lost, 1);
    assert_eq!(*generator.made.lock().unwrap(), 0);
    let retired = |event: &Event| matches!(event, Event::Retired { reason, .. } if reason.contains("ran out"));
    assert_eq!(count(&events, retired), 1);
}

#[tokio::test]
async fn a_gateway_elsewhere_is_live_whatever_the_validators_are() {
    let bench = Bench::new(1).await;
    let mut config = bench.config(Limit::Tasks(1));
    config.gateway = Some(GatewayConfig::new("https://gateway.invalid").unwrap());
    let sketch = Arc::new(Instant {
        rehearsal_only: true,
        ..Instant::default()
    });
    let run = bench.rig.start_with(config, vec![sketch]);
    let error = run.error().await;
    assert!(matches!(error, MinerError::Config(_)), "{error}");
    assert!(error.to_string().contains("rehearsals only"), "{error}");
}

fn backend_failure() -> GenerateError {
    GenerateError::Backend {
        backend: "instant".to_owned(),
        reason: "on demand".to_owned(),
    }
}

fn is_reply_lost(event: &Event) -> bool {
    matches!(
        event,
        Event::Answered {
            outcome: Outcome::ReplyLost,
            ..
        }
    )
}

/// A key that signs nothing here.
fn stranger() -> String {
    Keypair::generate().public().to_string()
}

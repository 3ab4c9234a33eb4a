//! Mining through every kind of trouble at once, for long: no rule broken, no task lost, none answered
//! twice.
//!
//! Each kind of fault of a rehearsal has 5 % of the calls for itself, so that three pulls in four and
//! three submissions in five go wrong somehow. A short soak is part of every run; the long one, twenty
//! validators with five hundred tasks each, takes the better part of an hour and little of the
//! processor:
//!
//! ```sh
//! cargo test -p splatsmith --test soak -- --ignored --nocapture
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bittensor::Keypair;
use generate::{Candidate, Generation, GenerationEvent, Generator, Request};
use judge::{Judge, JudgeConfig};
use miner::{Event, EventSender, MinerConfig, Stamped, Summary};
use rehearsal::{FaultPlan, Rehearsal, RehearsalConfig, Report};
use splat::{Cloud, Frame};
use subnet17::Rules;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

/// The share of each kind of fault.
const SHARE: f64 = 0.05;

/// Minutes become fractions of a second.
const SPEED: f64 = 300.0;

/// At that speed a cooldown of one second, the shortest the wire can tell, and as much of penalty.
const RULES: Rules = Rules {
    cooldown: Duration::from_secs(300),
    throttle: Duration::ZERO,
    penalty: Duration::from_secs(300),
    validation_lock: Duration::from_secs(30),
    // All validators share one scorer, whose work is not sped up.
    longest_validation: Duration::from_secs(10),
    ..Rules::PULL_2025
};

/// Makes the same shell of every prompt, at once.
struct Potter(Cloud);

impl Generator for Potter {
    fn label(&self) -> &str {
        "potter"
    }

    fn start(&self, request: Request) -> Generation {
        let (sink, generation) = Generation::channel();
        let made = Candidate {
            cloud: self.0.clone(),
            frame: Frame::YUp,
            seed: request.seed,
            elapsed: Duration::ZERO,
            notes: Vec::new(),
            recipe: generate::Recipe::default(),
            stages: Vec::new(),
        };
        let made = Ok(GenerationEvent::Candidate(Box::new(made)));
        tokio::spawn(async move { sink.send(made).await });
        generation
    }
}

/// Mines until each validator has had so many answers; returns the books of both sides.
async fn soak(validators: u16, tasks: u64, patience: Duration) -> (Report, Summary) {
    let network = Rehearsal::start(RehearsalConfig {
        validators,
        speed: SPEED,
        rules: RULES,
        faults: Some(FaultPlan::of_each_kind(17, SHARE)),
        ..RehearsalConfig::new(Arc::new(Judge::new(JudgeConfig::default())))
    })
    .await
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut config = MinerConfig::new(network.metagraph().clone(), folder.path().to_owned());
    config.test_network = true;
    config.rules = Rules {
        // Duels are not what is tested: nothing is skipped for them.
        duel_activity: Duration::from_secs(3600),
        ..*network.rules()
    };
    config.pull_timeout = Duration::from_secs(2);
    config.submit_timeout = Duration::from_secs(13);
    let events = EventSender::new(1 << 16);
    let in_hand = tokio::spawn(in_hand(events.subscribe()));
    let potter: Arc<dyn Generator> = Arc::new(Potter(common::shell(8000)));
    let shutdown = CancellationToken::new();
    let mining = tokio::spawn(miner::run(
        config,
        Arc::new(Keypair::generate()),
        vec![potter; 4],
        None,
        events.clone(),
        shutdown.clone(),
    ));
    let began = Instant::now();
    let mut told = 0;
    let enough = |report: &Report| {
        let least = report.validators.iter().map(|v| v.tally.tasks_answered);
        least.min().unwrap_or_default() >= tasks
    };
    loop {
        let report = network.report_holding(|_| true);
        if enough(&report) {
            break;
        }
        assert!(began.elapsed() < patience, "not in time: {report}");
        assert!(!mining.is_finished(), "mining ended by itself");
        let answered = report.total.tasks_answered;
        if answered / 500 > told {
            told = answered / 500;
            println!("{answered} answers after {:.0?}", began.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    shutdown.cancel();
    let summary = mining.await.unwrap().unwrap();
    drop(events);
    let in_hand = in_hand.await.unwrap();
    let report = network.report_holding(|task| in_hand.contains(task));
    println!("{report}\nin {:.0?}", began.elapsed());
    println!("{}", serde_json::to_string(&report.total).unwrap());
    (report, summary)
}

/// The tasks that the miner has neither delivered nor given up by its end.
async fn in_hand(mut events: broadcast::Receiver<Stamped>) -> HashSet<String> {
    let mut tasks = HashSet::new();
    while let Ok(stamped) = events.recv().await {
        match stamped.event {
            Event::Pulled { task, .. } => {
                tasks.insert(task);
            }
            Event::Answered { task, .. } | Event::Retired { task, .. } => {
                tasks.remove(&task);
            }
            Event::Finished { .. } => break,
            _ => {}
        }
    }
    tasks
}

fn assert_clean(report: &Report, summary: &Summary) {
    assert!(report.is_clean(), "{report}");
    let (total, own) = (&report.total, &summary.totals);
    assert_eq!((own.violations, own.doubled), (0, 0));
    assert_eq!((total.bad_signatures, total.wrong_task), (0, 0));
    assert_eq!(total.rejected, 0, "{report}");
    assert!(
        own.lost <= total.forgotten,
        "{} given up, {} forgotten",
        own.lost,
        total.forgotten
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_soak_breaks_nothing() {
    let (report, summary) = soak(10, 2, Duration::from_secs(300)).await;
    assert_clean(&report, &summary);
    assert!(report.total.faults_by_kind.len() >= 10, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes the better part of an hour"]
async fn twenty_validators_with_500_tasks_each_and_every_fault_break_nothing() {
    let (report, summary) = soak(20, 500, Duration::from_secs(3 * 3600)).await;
    assert_clean(&report, &summary);
    assert!(report.total.tasks_answered >= 10_000);
    assert_eq!(report.total.faults_by_kind.len(), FaultPlan::KINDS);
    for (kind, count) in &report.total.faults_by_kind {
        assert!(*count >= 500, "{kind}: {count}");
    }
}

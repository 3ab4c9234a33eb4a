//! The validators' rules from the miner's side: registration, duels, who goes first, and what an ignored
//! answer means. What the rules are on the validators' side is in `subnet17/tests/rules.rs`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub
)]

#[allow(dead_code, unused_imports)]
mod support;

use std::sync::Arc;
use std::time::Duration;

use generate::{Generation, Generator, Request};
use miner::{Event, Limit, MinerConfig, MinerError, Outcome, Stamped};
use support::{Instant, PullFault, RULES, Rig, SubmitFault};
use tokio_util::sync::CancellationToken;

/// Takes its time, or for ever.
struct Slow {
    takes: Duration,
    instant: Arc<Instant>,
}

impl Generator for Slow {
    fn label(&self) -> &str {
        "slow"
    }

    fn start(&self, request: Request) -> Generation {
        let (sink, generation) = Generation::channel();
        let (takes, instant) = (self.takes, Arc::clone(&self.instant));
        tokio::spawn(async move {
            tokio::time::sleep(takes).await;
            let mut made = instant.start(request);
            while let Some(event) = made.next().await {
                sink.send(event).await;
            }
        });
        generation
    }
}

fn slow(takes: Duration) -> Vec<Arc<dyn Generator>> {
    vec![Arc::new(Slow {
        takes,
        instant: Arc::default(),
    })]
}

/// Mines until `enough` has happened, and a moment longer; returns everything that happened.
async fn mine_until(
    rig: &Rig,
    config: MinerConfig,
    generators: Vec<Arc<dyn Generator>>,
    mut enough: impl FnMut(&[Stamped]) -> bool,
) -> Vec<Stamped> {
    let events = miner::EventSender::new(1 << 16);
    let mut listener = events.subscribe();
    let shutdown = CancellationToken::new();
    let run = tokio::spawn(miner::run(
        config,
        Arc::clone(&rig.keypair),
        generators,
        None,
        events,
        shutdown.clone(),
    ));
    let mut seen = Vec::new();
    let happening = async {
        while !enough(&seen) {
            seen.push(listener.recv().await.expect("it goes on"));
        }
    };
    let happened = tokio::time::timeout(Duration::from_secs(120), happening).await;
    assert!(happened.is_ok(), "only {:?}", pulled(&seen));
    tokio::time::sleep(Duration::from_millis(700)).await;
    shutdown.cancel();
    run.await.unwrap().unwrap();
    while let Ok(stamped) = listener.try_recv() {
        seen.push(stamped);
    }
    seen
}

fn unregistered(rig: &Rig, uids: &[usize]) {
    for &uid in uids {
        let mut seen = rig.validators[uid].seen.lock().unwrap();
        seen.pull_faults = (0..9).map(|_| PullFault::Unregistered).collect();
    }
}

#[tokio::test]
async fn an_unregistered_hotkey_ends_everything_with_one_message() {
    let rig = Rig::new(3).await;
    unregistered(&rig, &[0, 1, 2]);
    let run = rig.start(Limit::Never, vec![Arc::default()]);
    let error = run.error().await;
    assert!(matches!(error, MinerError::Unregistered { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("not registered on subnet 17")
            && text.contains("btcli subnet register --netuid 17")
            && text.contains(&rig.keypair.public().to_string()),
        "{text}"
    );
    assert!(!text.contains('\n'));
    assert_eq!(rig.answered(), 0);
}

#[tokio::test]
async fn one_validator_that_does_not_know_us_stops_nobody() {
    let rig = Rig::new(3).await;
    unregistered(&rig, &[1]);
    let mut run = rig.start(Limit::Tasks(6), vec![Arc::default()]);
    run.until("the alarm", |event| {
        matches!(event, Event::Alarm { uid: Some(1), message } if message.contains("not registered"))
    })
    .await;
    let (summary, _) = run.end().await;
    rig.assert_clean();
    assert_eq!(summary.totals.accepted, 6);
    assert!(rig.validators[1].seen.lock().unwrap().assigned.is_empty());
}

/// Which validators gave us a new task, in order.
fn pulled(events: &[Stamped]) -> Vec<u16> {
    let mut uids = Vec::new();
    for stamped in events {
        if let Event::Pulled {
            uid,
            replayed: false,
            ..
        } = &stamped.event
        {
            uids.push(*uid);
        }
    }
    uids
}

#[tokio::test]
async fn the_owner_s_validator_is_pulled_though_there_is_no_room() {
    let rig = Rig::new(4).await;
    let owner = &rig.validators[3];
    let nothing = std::iter::repeat_n(PullFault::Nothing, 10_000);
    owner.seen.lock().unwrap().pull_faults = nothing.collect();
    let mut config = rig.config(Limit::Never);
    config.owner = Some(owner.neuron().hotkey);
    config.metagraph.neurons[3].stake = 0.0;
    let stuck = slow(Duration::from_secs(600));
    // It has a task once the others have taken all the room.
    let enough = |events: &[Stamped]| {
        let uids = pulled(events);
        if uids.len() == 2 {
            owner.seen.lock().unwrap().pull_faults.clear();
        }
        uids.len() > 2
    };
    let events = mine_until(&rig, config, stuck, enough).await;
    let uids = pulled(&events);
    assert_eq!(uids.len(), 3, "room for two, and the owner: {uids:?}");
    assert!(uids.contains(&3), "{uids:?}");
}

#[tokio::test]
async fn a_validator_is_pulled_in_time_for_duels_though_there_is_no_room() {
    let rig = Rig::new(4).await;
    let mut config = rig.config(Limit::Never);
    config.rules.duel_activity = Duration::from_secs(3);
    let stuck = slow(Duration::from_secs(600));
    let events = mine_until(&rig, config, stuck, |events| pulled(events).len() >= 4).await;
    let mut uids = pulled(&events);
    uids.sort_unstable();
    assert_eq!(uids, [0, 1, 2, 3]);
    let skipped = |stamped: &&Stamped| matches!(stamped.event, Event::Skipped { .. });
    let skips = events.iter().filter(skipped).count();
    assert_eq!(skips, 0, "while generators are down, tasks are kept");
}

#[tokio::test]
async fn what_busy_generators_cannot_get_to_in_time_is_answered_empty() {
    let rig = Rig::new(6).await;
    let mut config = rig.config(Limit::Never);
    config.rules = subnet17::Rules {
        duel_activity: Duration::from_secs(6),
        ..RULES
    };
    // One at a time would take six validators 18 s.
    let busy = slow(Duration::from_secs(3));
    let skipped = |stamped: &&Stamped| matches!(stamped.event, Event::Skipped { .. });
    let enough = |events: &[Stamped]| {
        let uids = pulled(events);
        let pulls = |uid| uids.iter().filter(|&&pulled| pulled == uid).count();
        events.iter().filter(skipped).count() >= 3 && (0..6).all(|uid| pulls(uid) >= 2)
    };
    mine_until(&rig, config, busy, enough).await;
    rig.assert_clean();
}

#[tokio::test]
async fn an_answer_within_the_validation_lock_is_not_followed_by_another_in_it() {
    let rig = Rig::new(1).await;
    let lock = Duration::from_secs(2);
    rig.validators[0].seen.lock().unwrap().submit_faults = [SubmitFault::Locked(lock)].into();
    let mut config = rig.config(Limit::Tasks(1));
    config.rules.validation_lock = lock;
    let run = rig.start_with(config, vec![Arc::default()]);
    let (summary, events) = run.end().await;
    rig.assert_clean();
    assert_eq!((summary.totals.accepted, summary.totals.rejected), (1, 0));
    let seen = rig.validators[0].seen.lock().unwrap();
    // One that came within the lock would have been ignored too.
    assert_eq!((seen.submissions, seen.pulls), (2, 2), "asked in between");
    let doubts = events
        .iter()
        .filter(|event| matches!(event, Event::InDoubt { .. }));
    assert_eq!(doubts.count(), 1);
}

#[tokio::test]
async fn an_answer_too_soon_after_an_accepted_one_is_asked_about_and_sent_again() {
    let rig = Rig::new(1).await;
    rig.validators[0].seen.lock().unwrap().submit_faults = [SubmitFault::TooSoon].into();
    let mut config = rig.config(Limit::Tasks(1));
    config.rules.validation_lock = Duration::from_secs(2);
    let (summary, _) = rig.start_with(config, vec![Arc::default()]).end().await;
    rig.assert_clean();
    assert_eq!((summary.totals.accepted, summary.totals.rejected), (1, 0));
    assert_eq!(rig.validators[0].seen.lock().unwrap().submissions, 2);
}

/// A verdict that comes when nobody waits for it any more brings a cooldown all the same, and until it
/// has come the validator would judge the answer once more.
#[tokio::test]
async fn a_validator_that_is_slow_to_judge_is_left_alone_until_it_has() {
    let rig = Rig::new(2).await;
    for (validator, seconds) in rig.validators.iter().zip([1.5, 3.0]) {
        let judged = SubmitFault::Judged(Duration::from_secs_f64(seconds));
        validator.seen.lock().unwrap().submit_faults = [judged].into();
    }
    let mut config = rig.config(Limit::Tasks(4));
    config.rules.longest_validation = Duration::from_secs(5);
    config.submit_timeout = Duration::from_millis(200);
    let (summary, events) = rig.start_with(config, vec![Arc::default()]).end().await;
    rig.assert_clean();
    let doubts = events
        .iter()
        .filter(|event| matches!(event, Event::InDoubt { .. }));
    assert!(doubts.count() >= 2);
    assert_eq!((summary.totals.violations, summary.totals.doubled), (0, 0));
    for validator in &rig.validators {
        let first = format!("{}-1", validator.uid);
        let seen = validator.seen.lock().unwrap();
        assert_eq!(seen.answered.get(&first), Some(&1), "judged once");
    }
}

#[tokio::test]
async fn an_answer_to_the_wrong_task_costs_nothing_and_is_not_insisted_on() {
    let rig = Rig::new(1).await;
    rig.validators[0].seen.lock().unwrap().submit_faults = [SubmitFault::WrongTask].into();
    let (summary, _) = rig.mine(Limit::Tasks(2)).await;
    rig.assert_clean();
    assert_eq!((summary.totals.rejected, summary.totals.doubled), (0, 0));
    assert!(summary.totals.accepted >= 1);
    let seen = rig.validators[0].seen.lock().unwrap();
    assert!(seen.answered.contains_key("0-1b"), "{:?}", seen.answered);
}

#[tokio::test]
async fn a_failed_scorer_is_nobody_s_fault() {
    let rig = Rig::new(1).await;
    rig.validators[0].seen.lock().unwrap().submit_faults = [SubmitFault::Unscored].into();
    let (summary, events) = rig.mine(Limit::Tasks(2)).await;
    rig.assert_clean();
    let outcomes: Vec<Outcome> = events
        .iter()
        .filter_map(|event| match event {
            Event::Answered { outcome, .. } => Some(*outcome),
            _ => None,
        })
        .collect();
    assert_eq!(outcomes, [Outcome::Unscored, Outcome::Accepted]);
    assert_eq!((summary.totals.rejected, summary.totals.lost), (0, 0));
    assert_eq!(rig.validators[0].seen.lock().unwrap().submissions, 2);
}

#[tokio::test]
async fn an_image_s_licence_is_signed_over_all_of_its_base64() {
    let rig = Rig::new(1).await;
    rig.validators[0].seen.lock().unwrap().image_bytes = 2_000_000;
    let (summary, _) = rig.mine(Limit::Tasks(2)).await;
    rig.assert_clean();
    assert_eq!(summary.totals.accepted, 2);
}

#[tokio::test]
async fn the_owner_s_validator_is_asked_more_often_than_others_that_have_nothing() {
    let rig = Rig::new(2).await;
    for validator in &rig.validators {
        let nothing = std::iter::repeat_n(PullFault::Nothing, 100);
        validator.seen.lock().unwrap().pull_faults = nothing.collect();
    }
    let mut config = rig.config(Limit::Never);
    config.owner = Some(rig.validators[1].neuron().hotkey);
    // Without a task others are asked again after a fifteenth of the cooldown, it after a sixtieth.
    config.rules.cooldown = Duration::from_secs(30);
    let pulls = |uid: usize| rig.validators[uid].seen.lock().unwrap().pulls;
    let instant = vec![Arc::<Instant>::default() as Arc<dyn Generator>];
    mine_until(&rig, config, instant, |_| pulls(1) >= 10).await;
    assert!(pulls(1) >= pulls(0) + 2, "{} and {}", pulls(1), pulls(0));
}

#[test]
fn on_the_real_network_the_defaults_are_the_official_miner_s() {
    let metagraph = bittensor::Metagraph {
        netuid: 17,
        neurons: Vec::new(),
        speed: 1.0,
    };
    let config = MinerConfig::new(metagraph, "unused".into());
    assert_eq!(config.rules, subnet17::Rules::PULL_2025);
    assert_eq!(config.pull_timeout, Duration::from_secs(12));
    assert_eq!(config.submit_timeout, Duration::from_secs(300));
    assert_eq!(config.min_stake.to_bits(), 1000f64.to_bits());
    assert_eq!(config.owner, subnet17::OWNER_HOTKEY.parse().ok());
    assert!(config.rules.longest_pull_gap() < Duration::from_secs(20 * 60));
    assert!(config.blacklist.uids.contains(&180));
}

//! Endpoints at work for a miner: shared by speed, looked after, and never asked for more than they can.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub
)]

#[path = "support/endpoint.rs"]
mod endpoint;
#[allow(dead_code)] // Each test binary uses its own part.
mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use endpoint::Endpoint;
use miner::{Activity, Event, Limit};
use support::{Instant, Rig, Run};

/// Tasks in hand for a generator that can work.
const PLACES: i64 = 2;

/// The most tasks that were pulled and not made at any time.
fn most_in_hand(events: &[Event]) -> i64 {
    let mut most = 0;
    let mut in_hand = 0;
    for event in events {
        in_hand += match event {
            Event::Pulled {
                replayed: false, ..
            } => 1,
            Event::Made { .. } | Event::Skipped { .. } => -1,
            _ => 0,
        };
        most = most.max(in_hand);
    }
    most
}

/// Reads on until so many more answers are counted; what happened until then.
async fn answers(run: &mut Run, count: usize) -> Vec<Event> {
    let mut seen = Vec::new();
    let mut left = count;
    let counted = |event: &Event| {
        seen.push(event.clone());
        left -= usize::from(matches!(event, Event::Answered { .. }));
        left == 0
    };
    run.until("enough answers", counted).await;
    seen
}

async fn soon(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..3000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never: {what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_is_shared_by_speed_and_no_more_is_pulled_than_can_be_made() {
    let rig = Rig::new(16).await;
    let fast = Endpoint::start(Duration::from_millis(100));
    let slow = Endpoint::start(Duration::from_millis(900));
    // The slow one is named first.
    let generators = vec![slow.backend(), fast.backend()];
    let run = rig.start_any(rig.config(Limit::Tasks(36)), generators);
    let (summary, events) = run.end().await;
    rig.assert_clean();
    assert_eq!((summary.totals.accepted, summary.totals.lost), (36, 0));
    let (by_fast, by_slow) = (fast.notes.made(), slow.notes.made());
    assert_eq!(by_fast + by_slow, 36, "nothing was made twice");
    assert!(by_slow >= 2, "both work: {by_fast} and {by_slow}");
    assert!(by_fast >= 3 * by_slow, "{by_fast} and {by_slow}");
    for endpoint in [&fast, &slow] {
        assert_eq!(endpoint.notes.most_in_hand.load(Ordering::SeqCst), 1);
    }
    let most = most_in_hand(&events);
    assert!(most <= 2 * PLACES, "{most} tasks in hand");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_that_are_idle_the_faster_one_works() {
    let rig = Rig::new(1).await;
    let fast = Endpoint::start(Duration::from_millis(5));
    let slow = Endpoint::start(Duration::from_millis(400));
    let generators = vec![slow.backend(), fast.backend()];
    let run = rig.start_any(rig.config(Limit::Tasks(6)), generators);
    let (summary, _) = run.end().await;
    rig.assert_clean();
    assert_eq!(summary.totals.accepted, 6);
    // Nobody's speed is known at first: each is tried once.
    assert_eq!((fast.notes.made(), slow.notes.made()), (5, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_not_well_gets_nothing_until_it_is() {
    let rig = Rig::new(6).await;
    let well = Endpoint::start(Duration::from_millis(30));
    let warming_up = Endpoint::start(Duration::from_millis(30));
    warming_up.notes.health.store(503, Ordering::SeqCst);
    let generators = vec![warming_up.backend(), well.backend()];
    let mut run = rig.start_any(rig.config(Limit::Tasks(24)), generators);
    let waiting = |event: &Event| {
        matches!(
            event,
            Event::Device {
                device: 0,
                activity: Activity::Waiting
            }
        )
    };
    let mut events = answers(&mut run, 8).await;
    assert_eq!(warming_up.notes.asked(), 0);
    assert!(events.iter().any(waiting), "people are told");
    let most = most_in_hand(&events);
    assert!(
        most <= PLACES,
        "{most} tasks in hand for the one that is well"
    );
    warming_up.notes.health.store(200, Ordering::SeqCst);
    well.notes.takes(Duration::from_millis(600));
    let (summary, rest) = run.end().await;
    events.extend(rest);
    rig.assert_clean();
    assert_eq!((summary.totals.accepted, summary.totals.lost), (24, 0));
    assert!(warming_up.notes.made() > 0, "it works once it is well");
    assert!(most_in_hand(&events) <= 2 * PLACES);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_dies_at_work_loses_nothing_and_is_taken_back() {
    let rig = Rig::new(4).await;
    let stays = Endpoint::start(Duration::from_millis(30));
    let mut dies = Endpoint::start(Duration::from_secs(600));
    let generators = vec![dies.backend(), stays.backend()];
    let mut run = rig.start_any(rig.config(Limit::Never), generators);
    soon("it has a task in hand", || dies.notes.asked() == 1).await;
    dies.die();
    let begun = answers(&mut run, 8).await;
    assert_eq!(dies.notes.asked(), 1, "and nothing since");
    assert_eq!(stays.notes.made() as usize, rig.answered().max(8));
    let rests = |event: &Event| {
        matches!(event, Event::Device { device: 0, activity: Activity::BackingOff { reason, .. } }
            if reason.contains("http://127.0.0.1"))
    };
    assert!(begun.iter().any(rests), "people are told why");
    dies.notes.takes(Duration::ZERO);
    dies.come_up().await;
    soon("it works again", || dies.notes.made() > 0).await;
    run.shutdown.cancel();
    let (summary, _) = run.end().await;
    rig.assert_clean();
    let totals = &summary.totals;
    assert_eq!((totals.lost, totals.doubled, totals.skipped), (0, 0, 0));
    // The task it died with was made by the other one.
    let first = rig.validators.iter().map(|validator| {
        let seen = validator.seen.lock().unwrap();
        let first = format!("{}-1", validator.uid);
        seen.answered.get(&first).copied()
    });
    assert!(first.into_iter().all(|times| times == Some(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_pulled_while_nothing_can_be_made() {
    let rig = Rig::new(3).await;
    let mut only = Endpoint::start(Duration::from_millis(10));
    only.die();
    let mut run = rig.start_any(rig.config(Limit::Tasks(3)), vec![only.backend()]);
    let waits = |event: &Event| {
        matches!(
            event,
            Event::Device {
                activity: Activity::Waiting,
                ..
            }
        )
    };
    run.until("that it waits", waits).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    for validator in &rig.validators {
        assert_eq!(validator.seen.lock().unwrap().pulls, 0);
    }
    only.come_up().await;
    let (summary, _) = run.end().await;
    rig.assert_clean();
    assert_eq!(summary.totals.accepted, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_works_here_and_what_works_elsewhere_work_together() {
    let rig = Rig::new(8).await;
    let here = Arc::new(Instant {
        takes: Duration::from_millis(150),
        ..Instant::default()
    });
    let elsewhere = Endpoint::start(Duration::from_millis(150));
    let generators = vec![here.clone(), elsewhere.backend()];
    let run = rig.start_any(rig.config(Limit::Tasks(20)), generators);
    let (summary, _) = run.end().await;
    rig.assert_clean();
    assert_eq!(summary.totals.accepted, 20);
    let (here, elsewhere) = (*here.made.lock().unwrap(), elsewhere.notes.made());
    assert_eq!(here + elsewhere, 20);
    assert!(here >= 6 && elsewhere >= 6, "{here} and {elsewhere}");
}

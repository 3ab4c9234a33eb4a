//! Endpoints at work for a miner: shared by speed and capacity, looked after, and never asked for more
//! than they can.

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
use miner::{Activity, Event, Limit, Summary};
use support::{Instant, Rig, Run};

/// Tasks in hand for each request that can be worked on.
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

/// Reads on until so many more of the events that are `wanted` have come; what happened until then.
async fn count(run: &mut Run, wanted: fn(&Event) -> bool, times: usize) -> Vec<Event> {
    let mut seen = Vec::new();
    let mut left = times;
    let counted = |event: &Event| {
        seen.push(event.clone());
        left -= usize::from(wanted(event));
        left == 0
    };
    run.until("enough of it", counted).await;
    seen
}

fn is_answer(event: &Event) -> bool {
    matches!(event, Event::Answered { .. })
}

fn is_pull(event: &Event) -> bool {
    matches!(event, Event::Pulled { .. })
}

fn is_failure(event: &Event) -> bool {
    matches!(
        event,
        Event::Device {
            activity: Activity::BackingOff { .. },
            ..
        }
    )
}

fn is_closed(event: &Event) -> bool {
    matches!(
        event,
        Event::Device {
            activity: Activity::Closed,
            ..
        }
    )
}

async fn soon(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..12_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never: {what}");
}

fn assert_whole(rig: &Rig, summary: &Summary) {
    rig.assert_clean();
    let totals = &summary.totals;
    assert_eq!((totals.lost, totals.doubled, totals.skipped), (0, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_takes_long_holds_nobody_up_and_no_more_is_pulled_than_can_be_made() {
    let rig = Rig::new(16).await;
    let (fast, slow) = (Endpoint::holding(0), Endpoint::holding(0));
    let generators = vec![slow.backend(), fast.backend()];
    let mut run = rig.start_any(rig.config(Limit::Tasks(36)), generators);
    soon("it is asked", || slow.notes.asked() == 1).await;
    fast.notes.go_on();
    let mut events = count(&mut run, is_answer, 20).await;
    assert_eq!((slow.notes.asked(), slow.notes.made()), (1, 0));
    slow.notes.go_on();
    let (summary, rest) = run.end().await;
    events.extend(rest);
    assert_whole(&rig, &summary);
    assert_eq!(summary.totals.accepted, 36);
    let (by_fast, by_slow) = (fast.notes.made(), slow.notes.made());
    assert_eq!(by_fast + by_slow, 36, "nothing was made twice");
    assert!(by_slow >= 1 && by_fast >= 20, "{by_fast} and {by_slow}");
    for endpoint in [&fast, &slow] {
        assert_eq!(endpoint.notes.most_in_hand(), 1);
    }
    let most = most_in_hand(&events);
    assert!(most <= 2 * PLACES, "{most} tasks in hand");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_that_are_idle_the_faster_one_works() {
    let rig = Rig::new(1).await;
    let (fast, slow) = (Endpoint::start(), Endpoint::holding(0));
    let generators = vec![slow.backend(), fast.backend()];
    let run = rig.start_any(rig.config(Limit::Tasks(6)), generators);
    // Nobody's speed is known at first: each is tried once.
    soon("both are tried", || slow.notes.asked() == 1).await;
    // Far longer than the other takes on the busiest machine.
    tokio::time::sleep(Duration::from_secs(5)).await;
    slow.notes.go_on();
    let (summary, _) = run.end().await;
    assert_whole(&rig, &summary);
    assert_eq!((fast.notes.made(), slow.notes.made()), (5, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_not_well_gets_nothing_until_it_is() {
    let rig = Rig::new(6).await;
    let (well, warming_up) = (Endpoint::start(), Endpoint::start());
    warming_up.notes.health.store(503, Ordering::SeqCst);
    let generators = vec![warming_up.backend(), well.backend()];
    let mut run = rig.start_any(rig.config(Limit::Never), generators);
    let waiting = |event: &Event| {
        matches!(
            event,
            Event::Device {
                device: 0,
                activity: Activity::Waiting
            }
        )
    };
    run.until("people are told", waiting).await;
    let mut events = count(&mut run, is_answer, 8).await;
    assert_eq!(warming_up.notes.asked(), 0);
    warming_up.notes.health.store(200, Ordering::SeqCst);
    soon("it works once it is well", || warming_up.notes.made() > 0).await;
    run.shutdown.cancel();
    let (summary, rest) = run.end().await;
    let before = most_in_hand(&events);
    assert!(before <= PLACES, "{before} for the one that is well");
    events.extend(rest);
    assert!(most_in_hand(&events) <= 2 * PLACES);
    assert_whole(&rig, &summary);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_dies_at_work_loses_nothing_and_is_taken_back() {
    let rig = Rig::new(4).await;
    let (stays, mut dies) = (Endpoint::start(), Endpoint::holding(0));
    let generators = vec![dies.backend(), stays.backend()];
    let mut run = rig.start_any(rig.config(Limit::Never), generators);
    soon("it has a task in hand", || dies.notes.asked() == 1).await;
    dies.die();
    let begun = count(&mut run, is_answer, 8).await;
    assert_eq!(dies.notes.asked(), 1, "and nothing since");
    let rests = |event: &Event| {
        matches!(event, Event::Device { device: 0, activity: Activity::BackingOff { reason, .. } }
            if reason.contains("http://127.0.0.1"))
    };
    assert!(begun.iter().any(rests), "people are told why");
    dies.notes.go_on();
    dies.come_up();
    soon("it works again", || dies.notes.made() > 0).await;
    run.shutdown.cancel();
    let (summary, _) = run.end().await;
    assert_whole(&rig, &summary);
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
    let mut only = Endpoint::start();
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
    only.come_up();
    let (summary, _) = run.end().await;
    assert_whole(&rig, &summary);
    assert_eq!(summary.totals.accepted, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_works_here_and_what_works_elsewhere_work_together() {
    let rig = Rig::new(8).await;
    let here = Arc::<Instant>::default();
    let elsewhere = Endpoint::holding(0);
    let generators = vec![here.clone(), elsewhere.backend()];
    let mut run = rig.start_any(rig.config(Limit::Never), generators);
    soon("both are asked", || elsewhere.notes.asked() == 1).await;
    // What is held elsewhere holds up nothing here.
    count(&mut run, is_answer, 12).await;
    assert!(*here.made.lock().unwrap() >= 12);
    elsewhere.notes.go_on();
    soon("it makes more", || elsewhere.notes.made() >= 3).await;
    run.shutdown.cancel();
    let (summary, _) = run.end().await;
    assert_whole(&rig, &summary);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_with_several_generators_gets_a_request_for_each_and_no_more() {
    let rig = Rig::new(12).await;
    let only = Endpoint::holding(4);
    let mut run = rig.start_any(rig.config(Limit::Tasks(30)), vec![only.backend()]);
    // All there is room for.
    let mut events = count(&mut run, is_pull, 4 * PLACES as usize).await;
    soon("it has four in hand", || only.notes.in_hand() == 4).await;
    let opened = events.iter().filter(|event| {
        matches!(event, Event::Opened { beside: 0, generator, .. } if generator.starts_with("http://"))
    });
    assert_eq!(opened.count(), 3);
    // One done makes way for one more.
    only.notes.go(1);
    soon("the next is asked for", || only.notes.asked() == 5).await;
    assert_eq!(only.notes.in_hand(), 4);
    only.notes.go_on();
    let (summary, rest) = run.end().await;
    events.extend(rest);
    assert_whole(&rig, &summary);
    assert_eq!((summary.totals.accepted, only.notes.made()), (30, 30));
    assert_eq!(only.notes.most_in_hand(), 4);
    let most = most_in_hand(&events);
    assert!(most <= 4 * PLACES, "{most} tasks in hand");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_fast_generator_works_beside_four_slow_ones() {
    let rig = Rig::new(16).await;
    let (fast, slow) = (Endpoint::holding(0), Endpoint::holding(4));
    let generators = vec![slow.backend(), fast.backend()];
    let mut run = rig.start_any(rig.config(Limit::Tasks(40)), generators);
    soon("the slow one has all it can", || slow.notes.in_hand() == 4).await;
    fast.notes.go_on();
    let mut events = count(&mut run, is_answer, 24).await;
    assert_eq!((slow.notes.asked(), slow.notes.made()), (4, 0));
    slow.notes.go_on();
    let (summary, rest) = run.end().await;
    events.extend(rest);
    assert_whole(&rig, &summary);
    let (by_fast, by_slow) = (fast.notes.made(), slow.notes.made());
    assert_eq!(by_fast + by_slow, 40);
    assert!(by_slow >= 4 && by_fast >= 24, "{by_fast} and {by_slow}");
    assert_eq!(
        (fast.notes.most_in_hand(), slow.notes.most_in_hand()),
        (1, 4)
    );
    assert!(most_in_hand(&events) <= 5 * PLACES);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_loses_generators_gets_fewer_requests_and_nothing_is_lost() {
    let rig = Rig::new(10).await;
    let only = Endpoint::holding(4);
    let mut config = rig.config(Limit::Tasks(24));
    config.generator_rest = Duration::from_millis(50);
    let mut run = rig.start_any(config, vec![only.backend()]);
    soon("it has four in hand", || only.notes.in_hand() == 4).await;
    // Three of its devices fail over what they have, and so does the fourth, this time.
    only.notes.generators.store(1, Ordering::SeqCst);
    only.notes.answer.store(500, Ordering::SeqCst);
    only.notes.go(4);
    count(&mut run, is_failure, 4).await;
    only.notes.answer.store(200, Ordering::SeqCst);
    count(&mut run, is_closed, 3).await;
    only.notes.most_in_hand();
    only.notes.go_on();
    let (summary, _) = run.end().await;
    assert_whole(&rig, &summary);
    assert_eq!((summary.totals.accepted, only.notes.made()), (24, 24));
    assert_eq!(only.notes.most_in_hand(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_dies_with_several_in_hand_loses_none_and_is_taken_back_whole() {
    let rig = Rig::new(8).await;
    let (stays, mut dies) = (Endpoint::start(), Endpoint::holding(4));
    let generators = vec![dies.backend(), stays.backend()];
    let mut run = rig.start_any(rig.config(Limit::Never), generators);
    soon("it has four in hand", || dies.notes.in_hand() == 4).await;
    dies.die();
    soon("it has nothing left", || dies.notes.in_hand() == 0).await;
    count(&mut run, is_answer, 16).await;
    assert_eq!((dies.notes.asked(), dies.notes.made()), (4, 0));
    // Held, so that it has to take four at a time to have four in hand.
    dies.come_up();
    stays.notes.health.store(503, Ordering::SeqCst);
    stays.notes.answer.store(503, Ordering::SeqCst);
    soon("it has four in hand again", || dies.notes.in_hand() == 4).await;
    dies.notes.go_on();
    count(&mut run, is_answer, 8).await;
    run.shutdown.cancel();
    let (summary, _) = run.end().await;
    assert_whole(&rig, &summary);
    let first = rig.validators.iter().map(|validator| {
        let seen = validator.seen.lock().unwrap();
        let first = format!("{}-1", validator.uid);
        seen.answered.get(&first).copied()
    });
    assert!(first.into_iter().all(|times| times == Some(1)));
}

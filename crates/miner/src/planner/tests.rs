//! Tasks in line, and generators that wait for them.

use super::*;
use crate::ledger::{Answer, SourceId, TaskKey, TaskState};

pub(crate) fn task(key: i64) -> OpenTask {
    OpenTask {
        key: TaskKey::for_test(key),
        source: SourceId::place("test", 0),
        id: key.to_string(),
        kind: subnet17::TaskKind::Text,
        prompt: "a chair".into(),
        threshold: 0.6,
        throttle: Duration::from_secs(30),
        pulled_at: 0,
        state: TaskState::Assigned,
        answer: Answer::Empty,
        attempts: 0,
        doubt_until: 0,
        ticket: None,
        wanted_seed: None,
        reason: None,
    }
}

fn planner(places: usize) -> (Planner, Bench) {
    let planner = Planner::new(EventSender::default());
    let bench = planner.bench(places);
    (planner, bench)
}

pub(crate) async fn order(
    planner: &Planner,
    key: i64,
    pulled_at: UnixMillis,
) -> (Order, oneshot::Receiver<()>) {
    let (made, is_made) = oneshot::channel();
    let order = Order {
        uid: 1,
        task: OpenTask {
            pulled_at,
            ..task(key)
        },
        made,
        _place: planner.place().await,
        leases: 0,
    };
    (order, is_made)
}

fn id(lease: &Lease) -> &str {
    lease.order().map_or("", |order| &order.task.id)
}

#[tokio::test]
async fn the_most_urgent_task_goes_first() {
    let (planner, _bench) = planner(8);
    let mut waits = Vec::new();
    for (key, pulled_at) in [(1, 300), (2, 100), (3, 200), (4, 100)] {
        let (order, is_made) = order(&planner, key, pulled_at).await;
        planner.push(order);
        waits.push(is_made);
    }
    let mut leased = Vec::new();
    for _ in 0..4 {
        let lease = planner.lease().await;
        leased.push(id(&lease).to_owned());
        lease.commit();
    }
    assert_eq!(leased, ["2", "4", "3", "1"]);
    for is_made in waits {
        is_made.await.unwrap();
    }
}

#[tokio::test]
async fn of_idle_generators_the_fastest_works() {
    let (planner, _bench) = planner(8);
    let wait = |seconds: u64| {
        let planner = planner.clone();
        tokio::spawn(async move {
            let lease = planner.lease_by_pace(Duration::from_secs(seconds)).await;
            let leased = id(&lease).to_owned();
            lease.commit();
            leased
        })
    };
    let (slow, fast, slowest) = (wait(9), wait(3), wait(30));
    tokio::task::yield_now().await;
    let (first, _first) = order(&planner, 1, 100).await;
    planner.push(first);
    assert_eq!(fast.await.unwrap(), "1");
    assert!(!slow.is_finished() && !slowest.is_finished());
    // One that goes away leaves its place to the next.
    slow.abort();
    assert!(slow.await.is_err());
    let (second, _second) = order(&planner, 2, 100).await;
    planner.push(second);
    assert_eq!(slowest.await.unwrap(), "2");
}

#[tokio::test]
async fn a_dropped_lease_goes_back_in_line_until_it_is_worn_out() {
    let (planner, _bench) = planner(8);
    let (order, mut is_made) = order(&planner, 1, 0).await;
    planner.push(order);
    for _ in 0..MOST_LEASES {
        let lease = planner.lease().await;
        assert!(!lease.is_worn_out());
        drop(lease);
    }
    planner.lease().await.give_back();
    let lease = planner.lease().await;
    assert!(lease.is_worn_out());
    is_made.try_recv().unwrap_err();
    lease.commit();
    is_made.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_panicking_worker_gives_its_task_to_another() {
    let (planner, _bench) = planner(8);
    let (order, _is_made) = order(&planner, 1, 0).await;
    planner.push(order);
    let lease = planner.lease().await;
    let other = tokio::spawn({
        let planner = planner.clone();
        async move { id(&planner.lease().await).to_owned() }
    });
    let crash = tokio::spawn(async move {
        let _lease = lease;
        panic!("the device caught fire");
    });
    crash.await.unwrap_err();
    assert_eq!(other.await.unwrap(), "1");
}

#[tokio::test(start_paused = true)]
async fn there_is_room_again_once_an_answer_is_made() {
    let (planner, _bench) = planner(1);
    let (order, _is_made) = order(&planner, 1, 0).await;
    planner.push(order);
    let wait = Duration::from_secs(1);
    tokio::time::timeout(wait, planner.place())
        .await
        .unwrap_err();
    planner.lease().await.commit();
    planner.place().await;
}

#[tokio::test(start_paused = true)]
async fn a_task_whose_source_has_gone_is_not_worked_on() {
    let (planner, _bench) = planner(1);
    let (order, is_made) = order(&planner, 1, 0).await;
    planner.push(order);
    drop(is_made);
    let wait = Duration::from_secs(1);
    tokio::time::timeout(wait, planner.lease())
        .await
        .unwrap_err();
    planner.place().await;
}

#[tokio::test(start_paused = true)]
async fn there_is_room_for_generators_that_can_work_only() {
    let planner = Planner::new(EventSender::default());
    let wait = Duration::from_secs(1);
    let full = |planner: Planner| async move {
        tokio::time::timeout(wait, planner.place()).await.is_err()
    };
    assert!(full(planner.clone()).await, "none can");
    let (one, other) = (planner.bench(2), planner.bench(2));
    let mut places = Vec::new();
    for _ in 0..4 {
        places.push(planner.place().await);
    }
    assert!(full(planner.clone()).await);
    drop(other);
    places.truncate(2);
    assert!(
        full(planner.clone()).await,
        "two are still in use, for one generator"
    );
    places.truncate(1);
    planner.place().await;
    drop(one);
    let waiting = tokio::spawn({
        let planner = planner.clone();
        async move { planner.place().await }
    });
    assert!(full(planner.clone()).await);
    let _again = planner.bench(2);
    waiting.await.unwrap();
}

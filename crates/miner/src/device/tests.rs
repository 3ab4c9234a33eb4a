//! Whose fault a failure is, and which seeds are taken.

use super::*;
use crate::planner::Planner;
use crate::planner::tests::{order, task};
use crate::stream::EventSender;

#[tokio::test]
async fn a_dead_generator_is_not_held_against_the_tasks() {
    let planner = Planner::new(EventSender::default());
    let _bench = planner.bench(2);
    let (first, _first_made) = order(&planner, 1, 1).await;
    let (second, _second_made) = order(&planner, 2, 2).await;
    planner.push(first);
    let mut health = Health::new(Duration::from_secs(1));
    while !planner.lease().await.is_worn_out() {
        health.failed(planner.lease().await);
    }
    planner.lease().await.commit();
    planner.push(second);
    let mut rest = Duration::ZERO;
    for _ in 0..100 {
        let lease = planner.lease().await;
        assert!(!lease.is_worn_out());
        rest = health.failed(lease);
    }
    assert!(rest >= Duration::from_secs(30) && rest <= Duration::from_secs(60));
}

#[test]
fn seeds_differ_by_task_round_and_lease_and_fit_31_bits() {
    let mut seeds = std::collections::HashSet::new();
    for key in [1, 2] {
        let task = task(key);
        for lease in 1..=3 {
            for round in 0..MOST_ROUNDS {
                let first = seed(&task, lease, round);
                assert!(first < 1 << 31);
                seeds.extend((0..MOST_CANDIDATES).map(|number| first + u64::from(number)));
            }
        }
    }
    assert_eq!(seeds.len(), 18 * MOST_CANDIDATES as usize);
    assert_eq!(seed(&task(1), 1, 0), seed(&task(1), 1, 0));
    let wanted = OpenTask {
        wanted_seed: Some(42),
        ..task(1)
    };
    assert_eq!(seed(&wanted, 1, 0), 42);
    assert_eq!(seed(&wanted, 1, 1), 42 + 64);
}

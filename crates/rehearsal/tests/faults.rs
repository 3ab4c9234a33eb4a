//! What goes wrong on purpose, fault by fault, seen from a scripted miner.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::time::Duration;

use bittensor::{CallError, Refusal, Target};
use common::{Miner, PATIENCE, network_with, now, soon, wait_until};
use rehearsal::{Fault, FaultPlan, Rehearsal, Service};

/// Outages of minutes become seconds.
const SPEED: f64 = 20.0;

/// How long a miner waits for what comes too late: the next where the call itself took that long.
const SHORT_WAITS: [u64; 4] = [2, 6, 20, 60];

/// Picks a fault.
type Pick = fn(Fault) -> bool;

/// One validator whose first call of `service` suffers what `wanted` picks, and no later call of
/// either kind anything.
async fn suffering(service: Service, wanted: Pick) -> (Rehearsal, Target) {
    suffering_at(SPEED, service, wanted).await
}

async fn suffering_at(speed: f64, service: Service, wanted: Pick) -> (Rehearsal, Target) {
    let quiet = |plan: FaultPlan, service, from| {
        (from..12).all(|call| plan.fault(0, service, call).is_none())
    };
    let plan = (0..)
        .map(|seed| FaultPlan {
            seed,
            rate: 0.02,
            each_kind: false,
        })
        .find(|&plan| {
            let (other, first) = match service {
                Service::Pull => (Service::Submit, plan.fault(0, Service::Pull, 0)),
                Service::Submit => (Service::Pull, plan.fault(0, Service::Submit, 0)),
            };
            first.is_some_and(wanted) && quiet(plan, service, 1) && quiet(plan, other, 0)
        });
    network_with(|config| {
        config.speed = speed;
        config.faults = plan;
    })
    .await
}

async fn failed_pull(service_fault: Pick) -> (Rehearsal, Target, Miner, CallError) {
    let (rehearsal, target) = suffering(Service::Pull, service_fault).await;
    let miner = Miner::new();
    let error = miner.try_pull(&target).await.unwrap_err();
    (rehearsal, target, miner, error)
}

/// A pull whose reply came too late, and not the pull itself.
async fn pull_replied_to_too_late() -> (Rehearsal, Target, Miner, CallError) {
    for seconds in SHORT_WAITS {
        let (rehearsal, target) = suffering(Service::Pull, |fault| fault == Fault::TooLate).await;
        let mut miner = Miner::waiting(Duration::from_secs(seconds));
        let error = miner.try_pull(&target).await.unwrap_err();
        miner.patience = PATIENCE;
        if rehearsal.report().total.tasks_assigned == 1 {
            return (rehearsal, target, miner, error);
        }
    }
    panic!("no pull arrives within a minute");
}

#[tokio::test]
async fn a_pull_that_fails_before_the_axon_assigns_nothing() {
    let faults: [Pick; 3] = [
        |fault| matches!(fault, Fault::NoReply(lasting) if lasting.as_secs() < 80),
        |fault| fault == Fault::CutBefore,
        |fault| fault == Fault::ErrorBefore,
    ];
    for fault in faults {
        let (rehearsal, target, miner, error) = failed_pull(fault).await;
        assert!(error.in_doubt(), "{error}");
        let total = rehearsal.report().total;
        assert_eq!((total.tasks_assigned, total.faults), (0, 1));
        miner.task(&target).await;
        assert_eq!(rehearsal.report().total.tasks_pulled, 1);
    }
}

#[tokio::test]
async fn a_pull_whose_reply_is_destroyed_assigns_a_task_that_nobody_has() {
    let faults: [Option<Pick>; 5] = [
        Some(|fault| fault == Fault::ErrorAfter),
        Some(|fault| fault == Fault::CutAfter),
        Some(|fault| fault == Fault::Malformed),
        Some(|fault| fault == Fault::Truncated),
        None,
    ];
    for fault in faults {
        let (rehearsal, target, miner, error) = match fault {
            Some(fault) => failed_pull(fault).await,
            None => pull_replied_to_too_late().await,
        };
        assert!(error.in_doubt(), "{error}");
        let report = rehearsal.report();
        assert_eq!(
            (report.total.tasks_assigned, report.total.tasks_pulled),
            (1, 0)
        );
        assert!(report.is_clean() && rehearsal.unanswered().is_empty());
        miner.task(&target).await;
        let total = rehearsal.report().total;
        assert_eq!(
            (total.tasks_assigned, total.tasks_pulled, total.lost),
            (1, 1, 1)
        );
    }
}

#[tokio::test]
async fn half_a_reply_is_not_understood() {
    let (_rehearsal, _, _, error) = failed_pull(|fault| fault == Fault::Malformed).await;
    assert!(matches!(error, CallError::Malformed(_)), "{error}");
}

#[tokio::test]
async fn a_validator_without_a_task_says_so_and_starts_no_cooldown() {
    let (rehearsal, target) = suffering(Service::Pull, |fault| fault == Fault::NoTask).await;
    let miner = Miner::new();
    let pulled = miner.pull(&target).await;
    assert_eq!((pulled.task, pulled.cooldown_until), (None, 0));
    miner.task(&target).await;
    assert_eq!(rehearsal.report().total.violations, 0);
}

#[tokio::test]
async fn a_slow_reply_is_a_reply() {
    let (rehearsal, target) = suffering(Service::Pull, |f| matches!(f, Fault::Slow(_))).await;
    Miner::new().task(&target).await;
    assert_eq!(rehearsal.report().total.tasks_pulled, 1);
}

/// Pulls until one succeeds again.
async fn after_an_outage(miner: &Miner, target: &Target) -> subnet17::Task {
    let back = async {
        loop {
            if let Ok(pulled) = miner.try_pull(target).await {
                break pulled.task.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    soon(back).await
}

#[tokio::test]
async fn a_port_goes_away_and_comes_back() {
    // A miner that is stopped for as long as the port is away sees nothing of it: longer, then.
    for speed in [SPEED, SPEED / 4.0, SPEED / 16.0] {
        let away = |fault| matches!(fault, Fault::Refuse(_));
        let (rehearsal, target) = suffering_at(speed, Service::Pull, away).await;
        let miner = Miner::new();
        let task = miner.task(&target).await;
        let error = miner.try_pull(&target).await.err();
        assert_eq!(after_an_outage(&miner, &target).await, task);
        assert_eq!(rehearsal.report().total.tasks_assigned, 1);
        if error.is_some() {
            return;
        }
    }
    panic!("nobody saw the port go away");
}

#[tokio::test]
async fn a_restarted_validator_knows_its_assignments() {
    let (rehearsal, target) = suffering(Service::Pull, |f| matches!(f, Fault::Restart(_))).await;
    let miner = Miner::new();
    let error = miner.try_pull(&target).await.unwrap_err();
    assert!(error.in_doubt(), "{error}");
    let task = after_an_outage(&miner, &target).await;
    assert_eq!(rehearsal.report().total.tasks_assigned, 1);
    miner.submit(&target, &task, "").await.unwrap();
    let report = rehearsal.report();
    assert_eq!(report.total.skipped, 1);
    assert!(report.is_clean());
}

#[tokio::test]
async fn a_submission_may_be_processed_though_its_reply_is_lost() {
    let faults: [(Pick, u64); 4] = [
        (|fault| fault == Fault::CutAfter, 1),
        (|fault| fault == Fault::ErrorAfter, 1),
        (|fault| fault == Fault::CutBefore, 0),
        (|fault| fault == Fault::ErrorBefore, 0),
    ];
    for (fault, processed) in faults {
        let (rehearsal, target) = suffering(Service::Submit, fault).await;
        let miner = Miner::new();
        let task = miner.task(&target).await;
        let error = miner.submit(&target, &task, "").await.unwrap_err();
        assert!(error.in_doubt(), "{error}");
        assert_eq!(rehearsal.report().total.tasks_answered, processed);
        // Sending again, as no miner should, doubles what was processed and saves what was not.
        let again = miner.submit(&target, &task, "").await;
        assert_eq!(again.is_err(), processed == 1);
        let total = rehearsal.report().total;
        assert_eq!((total.tasks_answered, total.doubled), (1, processed));
    }
}

#[tokio::test]
async fn half_a_body_and_a_body_too_late_are_no_reply() {
    let (_rehearsal, _, _, error) = failed_pull(|fault| fault == Fault::Truncated).await;
    assert!(matches!(error, CallError::InDoubt(_)), "{error}");
    let (_rehearsal, _, _, error) = pull_replied_to_too_late().await;
    assert!(
        error.in_doubt() && error.to_string().contains("timed out"),
        "{error}"
    );
}

#[tokio::test]
async fn a_miner_is_put_off_without_a_violation() {
    let (rehearsal, target) = suffering(Service::Pull, |f| matches!(f, Fault::PutOff(_))).await;
    let miner = Miner::new();
    let before = now();
    let pulled = miner.pull(&target).await;
    // 30 to 300 s, sped up and rounded to the wire's whole seconds.
    let until = pulled.cooldown_until as f64;
    let possible = before + 1.5..now() + 16.0;
    assert!(pulled.task.is_none(), "{:?}", pulled.task);
    assert!(possible.contains(&until), "{until}: {possible:?}");
    wait_until(pulled.cooldown_until).await;
    miner.task(&target).await;
    assert_eq!(rehearsal.report().total.violations, 0);
}

#[tokio::test]
async fn a_submission_may_be_told_a_longer_cooldown() {
    let (_rehearsal, target) = suffering(Service::Submit, |f| matches!(f, Fault::PutOff(_))).await;
    let miner = Miner::new();
    let task = miner.task(&target).await;
    let before = now();
    let answer = miner.submit(&target, &task, "").await.unwrap();
    // The usual 15 s, less 1.5 s at most that went into the work, and 1.5 to 15 more, in whole seconds.
    let until = answer.cooldown_until as f64;
    let possible = before + 14.5..now() + 31.0;
    assert!(possible.contains(&until), "{until}: {possible:?}");
}

#[tokio::test]
async fn a_clock_that_is_set_shows_in_the_dates_from_then_on() {
    let early = |fault| matches!(fault, Fault::ClockSet(seconds) if seconds < 0);
    let (rehearsal, target) = suffering(Service::Pull, early).await;
    let miner = Miner::new();
    for _ in 0..2 {
        let before = now();
        let answer = miner.exchange(&target).await;
        let date = answer.date.unwrap().duration_since(std::time::UNIX_EPOCH);
        let date = date.unwrap().as_secs_f64();
        // 10 or 20 s behind, cut to the second.
        let possible = before - 21.0..now() - 10.0;
        assert!(possible.contains(&date), "{date}: {possible:?}");
    }
    // Its rules go by that clock too.
    let stranger = Miner::new();
    let before = now();
    let task = stranger.task(&target).await;
    let answer = stranger.submit(&target, &task, "").await.unwrap();
    // 15 s by it.
    let until = answer.cooldown_until as f64;
    let possible = before - 20.0 + 13.0..now() - 10.0 + 16.0;
    assert!(possible.contains(&until), "{until}: {possible:?}");
    assert_eq!(rehearsal.report().total.violations, 0);
}

#[tokio::test]
async fn what_a_restarted_validator_has_forgotten_is_refused_and_nobody_s_loss() {
    let (rehearsal, target) = suffering(Service::Pull, |f| matches!(f, Fault::Forget(_))).await;
    let miner = Miner::new();
    let task = miner.task(&target).await;
    let refused = async {
        loop {
            match miner.submit(&target, &task, "").await.unwrap_err() {
                error @ CallError::Answered { .. } => break error,
                _ => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    };
    let refused = soon(refused).await;
    let words = "submitted results while having no task assigned.";
    assert_eq!(refused.refusal(), Some(Refusal::Blacklisted(words)));
    let report = rehearsal.report();
    assert_eq!((report.total.forgotten, report.total.forbidden), (1, 1));
    assert!(report.is_clean() && rehearsal.unanswered().is_empty());
    assert_ne!(miner.task(&target).await, task);
}

//! What goes wrong on purpose, fault by fault, seen from a scripted miner.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::time::Duration;

use bittensor::{CallError, Refusal, Target};
use common::{Miner, network_with, now, wait_until};
use rehearsal::{Fault, FaultPlan, Rehearsal, Service};

/// Outages of minutes become seconds.
const SPEED: f64 = 20.0;

/// Picks a fault.
type Pick = fn(Fault) -> bool;

/// One validator whose first call of `service` suffers what `wanted` picks, and no later call of
/// either kind anything.
async fn suffering(service: Service, wanted: Pick) -> (Rehearsal, Target) {
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
        config.speed = SPEED;
        config.faults = plan;
    })
    .await
}

async fn failed_pull(service_fault: Pick) -> (Rehearsal, Target, Miner, CallError) {
    let (rehearsal, target) = suffering(Service::Pull, service_fault).await;
    // In no hurry, but not willing to wait for what comes too late.
    let miner = Miner::waiting(Duration::from_secs(6));
    let error = miner.try_pull(&target).await.unwrap_err();
    (rehearsal, target, miner, error)
}

#[tokio::test]
async fn a_pull_that_fails_before_the_axon_assigns_nothing() {
    let faults: [Pick; 3] = [
        |fault| matches!(fault, Fault::NoReply(_)),
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
    let faults: [Pick; 5] = [
        |fault| fault == Fault::ErrorAfter,
        |fault| fault == Fault::CutAfter,
        |fault| fault == Fault::Malformed,
        |fault| fault == Fault::Truncated,
        |fault| fault == Fault::TooLate,
    ];
    for fault in faults {
        let (rehearsal, target, miner, error) = failed_pull(fault).await;
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

/// Pulls until one fails, then until one succeeds again: the task and the kind of failure.
async fn through_an_outage(miner: &Miner, target: &Target) -> (subnet17::Task, CallError) {
    let error = loop {
        if let Err(error) = miner.try_pull(target).await {
            break error;
        }
    };
    loop {
        if let Ok(pulled) = miner.try_pull(target).await {
            break (pulled.task.unwrap(), error);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_port_goes_away_and_comes_back() {
    let (rehearsal, target) = suffering(Service::Pull, |f| matches!(f, Fault::Refuse(_))).await;
    let miner = Miner::new();
    let task = miner.task(&target).await;
    let (same, _) = through_an_outage(&miner, &target).await;
    assert_eq!(same, task);
    assert_eq!(rehearsal.report().total.tasks_assigned, 1);
}

#[tokio::test]
async fn a_restarted_validator_knows_its_assignments() {
    let (rehearsal, target) = suffering(Service::Pull, |f| matches!(f, Fault::Restart(_))).await;
    let miner = Miner::new();
    let (task, error) = through_an_outage(&miner, &target).await;
    assert!(error.in_doubt(), "{error}");
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
    let (rehearsal, target) = suffering(Service::Pull, |fault| fault == Fault::TooLate).await;
    let miner = Miner::waiting(Duration::from_secs(2));
    let error = miner.try_pull(&target).await.unwrap_err();
    assert!(
        error.in_doubt() && error.to_string().contains("timed out"),
        "{error}"
    );
    assert_eq!(rehearsal.report().total.tasks_assigned, 1);
}

#[tokio::test]
async fn a_miner_is_put_off_without_a_violation() {
    let (rehearsal, target) = suffering(Service::Pull, |f| matches!(f, Fault::PutOff(_))).await;
    let miner = Miner::new();
    let pulled = miner.pull(&target).await;
    // 30 to 300 s, sped up and rounded to the wire's whole seconds.
    let left = pulled.cooldown_until as f64 - now();
    assert!(pulled.task.is_none() && left > 0.0 && left < 17.0, "{left}");
    wait_until(pulled.cooldown_until).await;
    miner.task(&target).await;
    assert_eq!(rehearsal.report().total.violations, 0);
}

#[tokio::test]
async fn a_submission_may_be_told_a_longer_cooldown() {
    let (_rehearsal, target) = suffering(Service::Submit, |f| matches!(f, Fault::PutOff(_))).await;
    let miner = Miner::new();
    let task = miner.task(&target).await;
    let answer = miner.submit(&target, &task, "").await.unwrap();
    // The usual 15 s and up to 15 more.
    let left = answer.cooldown_until as f64 - now();
    assert!(left > 14.5 && left < 31.0, "{left}");
}

#[tokio::test]
async fn a_clock_that_is_set_shows_in_the_dates_from_then_on() {
    let early = |fault| matches!(fault, Fault::ClockSet(seconds) if seconds < 0);
    let (rehearsal, target) = suffering(Service::Pull, early).await;
    let miner = Miner::new();
    for _ in 0..2 {
        let answer = miner.exchange(&target).await;
        let date = answer.date.unwrap().duration_since(std::time::UNIX_EPOCH);
        let behind = now() - date.unwrap().as_secs_f64();
        assert!((9.5..22.5).contains(&behind), "{behind}");
    }
    // Its rules go by that clock too.
    let stranger = Miner::new();
    let task = stranger.task(&target).await;
    let answer = stranger.submit(&target, &task, "").await.unwrap();
    let left = answer.cooldown_until as f64 - now();
    assert!((-7.0..6.0).contains(&left), "{left} of 15 s");
    assert_eq!(rehearsal.report().total.violations, 0);
}

#[tokio::test]
async fn what_a_restarted_validator_has_forgotten_is_refused_and_nobody_s_loss() {
    let (rehearsal, target) = suffering(Service::Pull, |f| matches!(f, Fault::Forget(_))).await;
    let miner = Miner::new();
    let task = miner.task(&target).await;
    let refused = loop {
        match miner.submit(&target, &task, "").await.unwrap_err() {
            error @ CallError::Answered { .. } => break error,
            _ => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    };
    let words = "submitted results while having no task assigned.";
    assert_eq!(refused.refusal(), Some(Refusal::Blacklisted(words)));
    let report = rehearsal.report();
    assert_eq!((report.total.forgotten, report.total.forbidden), (1, 1));
    assert!(report.is_clean() && rehearsal.unanswered().is_empty());
    assert_ne!(miner.task(&target).await, task);
}

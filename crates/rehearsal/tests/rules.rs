//! The validators' rules, one by one, seen from a scripted miner over the real wire.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::time::Duration;

use common::{Miner, decent, network, network_with, now, poor, soon, wait_until};
use rehearsal::ScoreBasis;
use subnet17::{Rules, SubmitResults, TaskKind};

/// Short enough to wait for, with no part of it hidden by the wire's whole seconds.
const QUICK: Rules = Rules {
    cooldown: Duration::from_secs(3),
    throttle: Duration::from_secs(1),
    penalty: Duration::from_secs(600),
    validation_lock: Duration::from_secs(0),
    ..Rules::PULL_2025
};

#[tokio::test]
async fn a_task_is_pulled_answered_accepted_and_the_next_one_is_another() {
    let (rehearsal, target) = network(QUICK).await;
    let miner = Miner::new();
    let pulled = miner.pull(&target).await;
    assert_eq!(pulled.validation_threshold, 0.6);
    assert_eq!(pulled.throttle_period, 1);
    let task = pulled.task.unwrap();

    let answer = miner.submit(&target, &task, &decent()).await.unwrap();
    let feedback = answer.feedback.unwrap();
    assert!(feedback.task_fidelity_score >= 0.6, "{feedback:?}");
    assert!(!feedback.validation_failed);
    assert_eq!(feedback.generations_within_the_window, 1);
    assert_eq!(feedback.current_duel_rating, 1500.0);
    assert_eq!(feedback.current_miner_reward, 1500.0);
    assert!(feedback.average_fidelity_score > 0.9);
    assert!(answer.results.is_empty() && answer.signature.is_empty());

    wait_until(answer.cooldown_until).await;
    let next = miner.task(&target).await;
    assert_ne!(next.id, task.id);

    soon(rehearsal.wait_for(1)).await;
    let report = rehearsal.report_holding(|id| id == next.id);
    assert!(report.is_clean(), "{report}");
    assert_eq!((report.total.tasks_pulled, report.total.accepted), (2, 1));
    // JSON may cost the score its last bit on the way.
    let mean = report.total.mean_score.unwrap();
    assert!(
        (mean - feedback.task_fidelity_score).abs() < 1e-12,
        "{mean}"
    );
    assert_eq!(report.score_basis, ScoreBasis::GatesAndViewConsistency);
    assert_eq!(rehearsal.unanswered()[0].task, next.id);
    assert_eq!(rehearsal.report().total.lost, 1);
}

#[tokio::test]
async fn pulling_during_the_cooldown_is_a_violation_and_brings_no_task() {
    let (rehearsal, target) = network(Rules::PULL_2025).await;
    let miner = Miner::new();
    let task = miner.task(&target).await;
    let answer = miner.submit(&target, &task, "").await.unwrap();
    let early = miner.pull(&target).await;
    assert!(early.task.is_none());
    assert_eq!(early.cooldown_until, answer.cooldown_until);
    assert_eq!(early.cooldown_violations, 1);
    assert_eq!(miner.pull(&target).await.cooldown_violations, 2);
    let report = rehearsal.report();
    assert_eq!(report.total.violations, 2);
    assert!(!report.is_clean());
}

#[tokio::test]
async fn a_signed_submission_works_a_violation_off() {
    let (_rehearsal, target) = network(QUICK).await;
    let miner = Miner::new();
    let mut early = 0;
    // Twice: the second early pull is the first again. One that comes too late for that, on a slow
    // machine, says nothing, and is answered like any other.
    for _ in 0..20 {
        let task = miner.task(&target).await;
        let answer = miner.submit(&target, &task, "").await.unwrap();
        let pulled = miner.pull(&target).await;
        if now() < answer.cooldown_until as f64 {
            assert_eq!(pulled.cooldown_violations, 1);
            early += 1;
        }
        if early == 2 {
            return;
        }
        wait_until(answer.cooldown_until).await;
    }
    panic!("no two early pulls in 20 rounds");
}

#[tokio::test]
async fn an_assigned_task_is_handed_out_again_until_it_is_answered() {
    let (rehearsal, target) = network(Rules::PULL_2025).await;
    let miner = Miner::new();
    let task = miner.task(&target).await;
    for _ in 0..3 {
        assert_eq!(miner.task(&target).await, task);
    }
    miner.submit(&target, &task, "").await.unwrap();
    let report = rehearsal.report();
    assert_eq!((report.total.tasks_assigned, report.total.skipped), (1, 1));
    assert!(report.is_clean());
}

#[tokio::test]
async fn an_empty_result_skips_without_penalty() {
    let (rehearsal, target) = network(Rules::PULL_2025).await;
    let miner = Miner::new();
    let before = now();
    let task = miner.task(&target).await;
    let answer = miner.submit(&target, &task, "").await.unwrap();
    let after = now();
    assert!((before + 299.0..=after + 300.0).contains(&(answer.cooldown_until as f64)));
    assert_eq!(answer.feedback.unwrap().task_fidelity_score, 0.0);
    let total = rehearsal.report().total;
    assert_eq!((total.skipped, total.mean_score), (1, None));
}

#[tokio::test]
async fn working_time_up_to_the_throttle_counts_towards_the_cooldown() {
    let rules = Rules {
        cooldown: Duration::from_secs(100),
        throttle: Duration::from_secs(50),
        ..Rules::PULL_2025
    };
    let (_rehearsal, target) = network(rules).await;
    let miner = Miner::new();
    let before = now();
    let task = miner.task(&target).await;
    let after = now();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let until = miner
        .submit(&target, &task, "")
        .await
        .unwrap()
        .cooldown_until as f64;
    assert!((before.floor() + 100.0..=after + 100.0).contains(&until));

    let slow = Rules {
        throttle: Duration::from_secs(1),
        ..rules
    };
    let (_rehearsal, target) = network(slow).await;
    let task = miner.task(&target).await;
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let before = now();
    let until = miner
        .submit(&target, &task, "")
        .await
        .unwrap()
        .cooldown_until as f64;
    assert!((before.floor() + 99.0..=now() + 99.0).contains(&until));
}

#[tokio::test]
async fn a_poor_result_is_rejected_and_costs_the_penalty() {
    let (rehearsal, target) = network(Rules::PULL_2025).await;
    let miner = Miner::new();
    for (results, why) in [(poor(), "few splats"), ("AAAA".to_owned(), "no SPZ")] {
        let before = now();
        let other = Miner::new();
        let task = other.task(&target).await;
        let answer = other.submit(&target, &task, &results).await.unwrap();
        let feedback = answer.feedback.unwrap();
        assert_eq!(feedback.task_fidelity_score, 0.0, "{why}");
        assert_eq!(feedback.generations_within_the_window, 0);
        assert!(
            answer.cooldown_until as f64 >= before.floor() + 870.0,
            "{why}"
        );
    }
    let task = miner.task(&target).await;
    miner.submit(&target, &task, "!not base64!").await.unwrap();
    let total = rehearsal.report().total;
    assert_eq!((total.rejected, total.accepted), (3, 0));
    assert_eq!(total.mean_score, Some(0.0));
}

#[tokio::test]
async fn a_bad_licence_signature_costs_the_task_and_the_penalty() {
    let (rehearsal, target) = network(Rules::PULL_2025).await;
    let miner = Miner::new();
    let task = miner.task(&target).await;
    let mut submission = miner.signed(&target, &task, &decent());
    submission.submit_time += 1;
    let before = now();
    let answer = miner.send(&target, &submission).await.unwrap();
    assert!(answer.cooldown_until as f64 >= before.floor() + 870.0);
    let total = rehearsal.report().total;
    assert_eq!(
        (total.bad_signatures, total.rejected, total.tasks_answered),
        (1, 1, 1)
    );
}

#[tokio::test]
async fn a_wrong_id_changes_nothing() {
    let (rehearsal, target) = network(Rules::PULL_2025).await;
    let miner = Miner::new();
    let task = miner.task(&target).await;
    let submission = SubmitResults {
        task_id: "another".to_owned(),
        ..miner.signed(&target, &task, "")
    };
    let answer = miner.send(&target, &submission).await.unwrap();
    assert_eq!(answer.feedback.unwrap().task_fidelity_score, 0.0);
    assert_eq!(answer.cooldown_until, 0);
    assert_eq!(miner.task(&target).await, task);
    assert_eq!(rehearsal.report().total.wrong_task, 1);
}

#[tokio::test]
async fn without_a_task_a_submission_is_refused_and_a_second_answer_is_a_double() {
    let (rehearsal, target) = network(Rules::PULL_2025).await;
    let miner = Miner::new();
    let invented = subnet17::Task::text("none", "red sofa");
    let refused = miner.submit(&target, &invented, "").await.unwrap_err();
    assert!(refused.to_string().contains("403"), "{refused}");
    assert_eq!(rehearsal.report().total.forbidden, 1);

    let task = miner.task(&target).await;
    miner.submit(&target, &task, "").await.unwrap();
    assert!(rehearsal.report().is_clean());
    let refused = miner.submit(&target, &task, "").await.unwrap_err();
    assert!(refused.to_string().contains("403"), "{refused}");
    let report = rehearsal.report();
    assert_eq!((report.total.doubled, report.total.forbidden), (1, 1));
    assert!(!report.is_clean());
}

#[tokio::test]
async fn a_second_answer_is_a_double_under_the_next_task_too() {
    let (rehearsal, target) = network(QUICK).await;
    let miner = Miner::new();
    let first = miner.task(&target).await;
    let answer = miner.submit(&target, &first, "").await.unwrap();
    wait_until(answer.cooldown_until).await;
    let second = miner.task(&target).await;
    miner.submit(&target, &first, "").await.unwrap();
    assert_eq!(rehearsal.report().total.doubled, 1);
    assert_eq!(miner.task(&target).await, second);
}

#[tokio::test]
async fn the_validation_lock_ignores_a_second_submission() {
    let rules = Rules {
        validation_lock: Duration::from_secs(600),
        ..Rules::PULL_2025
    };
    let results = decent();
    for _ in 0..20 {
        let (rehearsal, target) = network(rules).await;
        let miner = Miner::new();
        let task = miner.task(&target).await;
        let (first, second) = tokio::join!(
            miner.submit(&target, &task, &results),
            miner.submit(&target, &task, &results),
        );
        let total = rehearsal.report().total;
        if total.doubled == 1 {
            // One came when the other had been judged, which says nothing about the lock.
            assert_eq!(total.accepted, 1);
            continue;
        }
        let scores =
            [first, second].map(|answer| answer.unwrap().feedback.unwrap().task_fidelity_score);
        assert_eq!(
            scores.iter().filter(|&&score| score == 0.0).count(),
            1,
            "{scores:?}"
        );
        assert_eq!(
            (total.accepted, total.dropped_by_lock, total.submissions),
            (1, 1, 2)
        );
        return;
    }
    panic!("no two submissions at once in 20 rounds");
}

#[tokio::test]
async fn strangers_get_no_task_and_a_long_pause() {
    let (rehearsal, target) = network_with(|config| config.miners = Some(Vec::new())).await;
    let miner = Miner::new();
    let before = now();
    let pulled = miner.pull(&target).await;
    assert!(pulled.task.is_none());
    assert!(pulled.cooldown_until as f64 >= before.floor() + 3600.0);
    let task = subnet17::Task::text("none", "red sofa");
    assert!(miner.submit(&target, &task, "").await.is_err());
    assert_eq!(rehearsal.report().total.violations, 0);

    rehearsal.register(miner.keypair.public());
    assert!(miner.pull(&target).await.task.is_some());
}

#[tokio::test]
async fn tasks_follow_from_the_seed_and_images_decode() {
    let draw = async |seed| {
        let (_rehearsal, target) = network_with(|config| config.seed = seed).await;
        let mut tasks = Vec::new();
        for _ in 0..10 {
            // A stranger each time, so that each pull brings another task.
            tasks.push(Miner::new().task(&target).await);
        }
        tasks
    };
    let tasks = draw(1).await;
    assert_eq!(tasks, draw(1).await);
    assert_ne!(tasks, draw(2).await);
    let images: Vec<_> = tasks
        .iter()
        .filter(|task| task.kind == TaskKind::Image)
        .collect();
    assert_eq!(images.len(), 2);
    for task in images {
        use base64::Engine as _;
        let bytes = base64::engine::general_purpose::STANDARD.decode(task.prompt.as_bytes());
        let image = image::load_from_memory(&bytes.unwrap()).unwrap();
        assert_eq!((image.width(), image.height()), (512, 512));
    }
}

#[tokio::test]
async fn what_is_scored_is_shown_with_its_views() {
    let (audience, mut shown) = tokio::sync::mpsc::channel(4);
    let (mut rehearsal, target) = network_with(|config| config.scored = Some(audience)).await;
    let results = decent();
    for miner in [Miner::new(), Miner::new()] {
        let task = miner.task(&target).await;
        miner.submit(&target, &task, &results).await.unwrap();
        let scored = soon(shown.recv()).await.unwrap();
        assert!(scored.accepted && scored.score >= 0.6);
        assert_eq!((scored.validator, scored.task), (0, task));
        assert_eq!(scored.views.len(), 16);
    }
    soon(rehearsal.shutdown()).await;
    assert_eq!(rehearsal.report().total.accepted, 2);
    assert!(Miner::new().try_pull(&target).await.is_err());
}

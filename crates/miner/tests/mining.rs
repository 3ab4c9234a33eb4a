//! The miner against validators on loopback: the real axon, the real rules, real time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub
)]

#[allow(dead_code)] // Each test binary uses its own part.
mod support;

use std::sync::Arc;
use std::time::Duration;

use generate::GenerateError;
use miner::{Activity, Event, Limit, MinerError, Outcome};
use support::{Instant, PullFault, Rig, SubmitFault};

fn count(events: &[Event], wanted: impl Fn(&Event) -> bool) -> usize {
    events.iter().filter(|event| wanted(event)).count()
}

#[tokio::test]
async fn every_validator_is_mined_and_every_answer_counted() {
    let rig = Rig::new(3).await;
    let (summary, events) = rig.mine(Limit::Tasks(12)).await;
    rig.assert_clean();
    assert_eq!(summary.totals.tasks_answered, 12);
    assert_eq!(summary.totals.accepted, 12);
    assert_eq!(rig.answered(), 12);
    assert!((summary.totals.mean_score.unwrap() - 0.8).abs() < 1e-9);
    assert_eq!(summary.validators.len(), 3);
    for validator in &summary.validators {
        assert!(validator.counts.accepted >= 2, "{validator:?}");
    }
    assert_eq!(
        count(&events, |event| matches!(event, Event::Alarm { .. })),
        0
    );
    for validator in &rig.validators {
        assert_eq!(validator.open_tasks(), 0, "pulled no more than wanted");
    }
}

#[tokio::test]
async fn a_time_limit_ends_with_nothing_half_done() {
    let rig = Rig::new(2).await;
    let (summary, _) = rig.mine(Limit::For(Duration::from_secs(2))).await;
    rig.assert_clean();
    assert_eq!(summary.totals.tasks_pulled, summary.totals.tasks_answered);
    assert_eq!(
        rig.validators[0].open_tasks() + rig.validators[1].open_tasks(),
        0
    );
}

#[tokio::test]
async fn a_lost_pull_is_healed_by_pulling_again() {
    let rig = Rig::new(1).await;
    rig.validators[0].seen.lock().unwrap().pull_faults =
        [PullFault::LoseReply, PullFault::Fail, PullFault::Nothing].into();
    let (summary, events) = rig.mine(Limit::Tasks(2)).await;
    rig.assert_clean();
    assert_eq!(summary.totals.accepted, 2);
    assert_eq!(summary.totals.lost, 0);
    assert_eq!(
        count(&events, |event| matches!(event, Event::PullFailed { .. })),
        2
    );
    assert_eq!(
        count(&events, |event| matches!(event, Event::NoTask { .. })),
        1
    );
    assert_eq!(rig.validators[0].seen.lock().unwrap().assigned.len(), 2);
}

#[tokio::test]
async fn an_answer_whose_reply_is_lost_is_not_sent_again() {
    let rig = Rig::new(1).await;
    rig.validators[0].seen.lock().unwrap().submit_faults = [SubmitFault::LoseReply].into();
    let (summary, events) = rig.mine(Limit::Tasks(2)).await;
    rig.assert_clean();
    assert_eq!(
        count(&events, |event| matches!(event, Event::InDoubt { .. })),
        1
    );
    let lost = |event: &Event| {
        matches!(
            event,
            Event::Answered {
                outcome: Outcome::ReplyLost,
                ..
            }
        )
    };
    assert_eq!(count(&events, lost), 1);
    assert_eq!(summary.totals.tasks_answered, 2);
    assert_eq!((summary.totals.lost, summary.totals.doubled), (0, 0));
}

#[tokio::test]
async fn an_answer_that_did_not_arrive_is_delivered_without_making_it_again() {
    let rig = Rig::new(1).await;
    rig.validators[0].seen.lock().unwrap().submit_faults = [SubmitFault::Fail].into();
    let generator = Arc::<Instant>::default();
    let run = rig.start(Limit::Tasks(1), vec![Arc::clone(&generator)]);
    let (summary, events) = run.end().await;
    rig.assert_clean();
    assert_eq!(summary.totals.accepted, 1);
    assert_eq!(*generator.made.lock().unwrap(), 1);
    let sent = |event: &Event| matches!(event, Event::Submitting { .. });
    assert_eq!(count(&events, sent), 2);
}

#[tokio::test]
async fn an_answer_waits_for_a_validator_that_is_down() {
    let mut rig = Rig::new(1).await;
    // It goes down while the cloud is in the making.
    let generator = Instant::held();
    let mut run = rig.start(Limit::Tasks(1), vec![Arc::clone(&generator)]);
    run.until("the pull", |event| matches!(event, Event::Pulled { .. }))
        .await;
    rig.validators[0].go_down().await;
    generator.let_go();
    let failed = run.until("a failed submission", |event| {
        matches!(event, Event::SubmitFailed { .. } | Event::InDoubt { .. })
    });
    let failed = failed.await;
    assert!(matches!(failed, Event::SubmitFailed { .. }), "{failed:?}");
    rig.validators[0].come_up();
    let (summary, _) = run.end().await;
    rig.assert_clean();
    assert_eq!(summary.totals.accepted, 1);
    assert_eq!(*generator.made.lock().unwrap(), 1);
}

#[tokio::test]
async fn a_task_its_validator_forgot_is_given_up_and_another_pulled() {
    let rig = Rig::new(1).await;
    let generator = Instant::held();
    let mut run = rig.start(Limit::Tasks(1), vec![Arc::clone(&generator)]);
    run.until("the pull", |event| matches!(event, Event::Pulled { .. }))
        .await;
    rig.validators[0].forget();
    generator.let_go();
    run.until(
        "the refusal",
        |event| matches!(event, Event::SubmitFailed { reason, .. } if reason.contains("403")),
    )
    .await;
    let (summary, _) = run.end().await;
    rig.assert_clean();
    assert_eq!((summary.totals.lost, summary.totals.accepted), (1, 1));
}

#[tokio::test]
async fn a_validator_whose_clock_is_behind_is_pulled_later() {
    let rig = Rig::new(1).await;
    rig.validators[0].seen.lock().unwrap().behind = 2.5;
    let (summary, events) = rig.mine(Limit::Tasks(5)).await;
    assert_eq!(summary.totals.accepted, 5);
    // Early by the first cooldown, then by a margin of 1 s, perhaps by one of 2 s; never again.
    let seen = rig.validators[0].seen.lock().unwrap().violations;
    assert!((1..=3).contains(&seen), "{seen} violations");
    assert_eq!(summary.totals.violations, seen);
    assert!(count(&events, |event| matches!(event, Event::Alarm { .. })) >= 1);
}

#[tokio::test]
async fn a_disk_that_takes_nothing_delays_an_answer_and_loses_none() {
    let rig = Rig::new(1).await;
    let generator = Instant::held();
    let mut run = rig.start(Limit::Tasks(1), vec![Arc::clone(&generator)]);
    run.until("the pull", |event| matches!(event, Event::Pulled { .. }))
        .await;
    // A file where the folder was: nothing can be written into it.
    let home = rig.folder.path().join(rig.keypair.public().to_string());
    std::fs::rename(home.join("assets"), home.join("elsewhere")).unwrap();
    std::fs::write(home.join("assets"), "full").unwrap();
    generator.let_go();
    run.until("the alarm", |event| {
        matches!(event, Event::Alarm { message, .. } if message.contains("writing an asset"))
    })
    .await;
    std::fs::remove_file(home.join("assets")).unwrap();
    std::fs::rename(home.join("elsewhere"), home.join("assets")).unwrap();
    let (summary, _) = run.end().await;
    rig.assert_clean();
    assert_eq!(summary.totals.accepted, 1);
    assert_eq!(*generator.made.lock().unwrap(), 1, "kept, not made again");
}

#[tokio::test]
async fn a_rejected_answer_costs_the_penalty_and_is_waited_out() {
    let rig = Rig::new(1).await;
    {
        let mut seen = rig.validators[0].seen.lock().unwrap();
        seen.submit_faults = [SubmitFault::Reject].into();
        // Longer than the reply may take: a rejection that costs nothing looks like an answer ignored.
        seen.more_penalty = Duration::from_secs(6);
    }
    let (summary, _) = rig.mine(Limit::Tasks(2)).await;
    rig.assert_clean();
    assert_eq!((summary.totals.rejected, summary.totals.accepted), (1, 1));
}

fn backend_failure() -> GenerateError {
    GenerateError::Backend {
        backend: "instant".to_owned(),
        reason: "on demand".to_owned(),
    }
}

#[tokio::test]
async fn an_unusable_prompt_is_skipped() {
    let rig = Rig::new(1).await;
    let generator = Instant::failing([GenerateError::Prompt("on demand".to_owned())]);
    let (summary, _) = rig.start(Limit::Tasks(2), vec![generator]).end().await;
    rig.assert_clean();
    assert_eq!((summary.totals.skipped, summary.totals.accepted), (1, 1));
    assert_eq!(rig.validators[0].seen.lock().unwrap().skipped, 1);
}

#[tokio::test]
async fn a_failed_generator_rests_while_its_task_goes_to_another() {
    let rig = Rig::new(1).await;
    let broken = Instant::failing((0..100).map(|_| backend_failure()));
    let healthy = Arc::<Instant>::default();
    let generators = vec![Arc::clone(&broken), Arc::clone(&healthy)];
    let (summary, _) = rig.start(Limit::Tasks(4), generators).end().await;
    rig.assert_clean();
    assert_eq!((summary.totals.accepted, summary.totals.skipped), (4, 0));
    assert_eq!(*healthy.made.lock().unwrap(), 4);
}

#[tokio::test]
async fn a_task_no_generator_survives_is_skipped_in_the_end() {
    let rig = Rig::new(1).await;
    let generator = Instant::failing((0..5).map(|_| backend_failure()));
    let mut config = rig.config(Limit::Tasks(1));
    config.generator_rest = Duration::from_millis(20);
    let mut run = rig.start_with(config, vec![generator]);
    run.until("a resting device", |event| {
        matches!(
            event,
            Event::Device {
                activity: Activity::BackingOff { .. },
                ..
            }
        )
    })
    .await;
    let (summary, _) = run.end().await;
    rig.assert_clean();
    assert_eq!(summary.totals.skipped, 1);
}

#[tokio::test]
async fn the_end_of_every_generator_is_an_error_and_loses_nothing() {
    let rig = Rig::new(1).await;
    let stopped = Instant::failing([GenerateError::Stopped("instant".to_owned())]);
    let error = rig.start(Limit::Tasks(1), vec![stopped]).error().await;
    assert!(matches!(error, MinerError::NoGenerator), "{error}");
    let (summary, _) = rig.mine(Limit::Tasks(1)).await;
    rig.assert_clean();
    assert_eq!(summary.totals.accepted, 1);
    assert_eq!(rig.validators[0].seen.lock().unwrap().assigned.len(), 1);
}

#[tokio::test]
async fn a_hotkey_is_mined_by_one_process_at_a_time() {
    let rig = Rig::new(1).await;
    let mut first = rig.start(Limit::Never, vec![Arc::default()]);
    first
        .until("a pull", |event| matches!(event, Event::Pulled { .. }))
        .await;
    let second = rig.start(Limit::Never, vec![Arc::default()]);
    let error = second.error().await;
    assert!(
        matches!(error, MinerError::AlreadyRunning { .. }),
        "{error}"
    );
    first.shutdown.cancel();
    first.end().await;
    rig.assert_clean();
}

#[tokio::test]
async fn a_live_network_is_not_mined_with_a_rehearsal_backend_or_unjudged() {
    let rig = Rig::new(1).await;
    let mut config = rig.config(Limit::Tasks(1));
    config.test_network = false;
    config.metagraph.neurons[0].ip = "8.8.8.8".parse().unwrap();
    let sketch = Arc::new(Instant {
        rehearsal_only: true,
        ..Instant::default()
    });
    let error = rig.start_with(config, vec![sketch]).error().await;
    let text = error.to_string();
    assert!(
        text.contains("rehearsals only") && text.contains("unjudged"),
        "{text}"
    );
    assert_eq!(rig.answered(), 0);
}

#[tokio::test]
async fn cooldowns_outlast_the_process() {
    let rig = Rig::new(2).await;
    for _ in 0..4 {
        let (summary, _) = rig.mine(Limit::Tasks(2)).await;
        assert_eq!(summary.totals.accepted, 2);
    }
    rig.assert_clean();
    assert_eq!(rig.answered(), 8);
}

#[tokio::test]
async fn an_undelivered_asset_is_delivered_after_a_restart_without_making_it_again() {
    let mut rig = Rig::new(1).await;
    let first = Instant::held();
    let mut run = rig.start(Limit::Tasks(1), vec![Arc::clone(&first)]);
    run.until("the pull", |event| matches!(event, Event::Pulled { .. }))
        .await;
    rig.validators[0].go_down().await;
    first.let_go();
    run.until("a failed submission", |event| {
        matches!(event, Event::SubmitFailed { .. })
    })
    .await;
    run.kill().await;
    rig.validators[0].come_up();
    let second = Arc::<Instant>::default();
    let (summary, events) = rig
        .start(Limit::Tasks(1), vec![Arc::clone(&second)])
        .end()
        .await;
    rig.assert_clean();
    assert_eq!(summary.totals.accepted, 1);
    assert_eq!(*second.made.lock().unwrap(), 0);
    assert_eq!(
        count(&events, |event| matches!(event, Event::Pulled { .. })),
        0
    );
}

#[tokio::test]
async fn a_miner_killed_anywhere_loses_nothing_and_doubles_nothing() {
    let rig = Rig::new(3).await;
    // Killed after ever more events: in pulls, in generations, between the ledger and the wire.
    for survived in [6, 9, 12, 15, 18, 21, 24, 30, 36, 42] {
        let mut run = rig.start(Limit::Never, vec![Arc::default()]);
        let mut left = survived;
        run.until("enough events", |_| {
            left -= 1;
            left == 0
        })
        .await;
        run.kill().await;
    }
    let (summary, _) = rig.mine(Limit::Tasks(9)).await;
    rig.assert_clean();
    assert_eq!((summary.totals.lost, summary.totals.doubled), (0, 0));
    for validator in &rig.validators {
        assert!(
            validator.open_tasks() <= 1,
            "uid {}: tasks were lost",
            validator.uid
        );
    }
}

//! Every status an axon answers with, from recorded bytes where there are any, and what is done about it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub
)]

mod axon;
mod clocks;
#[path = "../support/mod.rs"]
#[allow(dead_code, unused_imports)]
mod support;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axon::{Axon, cooling, golden, no};
use generate::GenerateError;
use miner::{Event, Limit, MinerConfig, Outcome};
use support::{Instant, Rig, Run};

/// A miner and an axon that replays bytes.
struct Bench {
    rig: Rig,
    axon: Axon,
}

impl Bench {
    async fn new(pulls: Vec<Vec<u8>>, submits: Vec<Vec<u8>>) -> Self {
        Self {
            rig: Rig::new(0).await,
            axon: Axon::start(pulls, submits).await,
        }
    }

    fn config(&self, limit: Limit) -> MinerConfig {
        MinerConfig {
            metagraph: self.axon.metagraph(),
            ..self.rig.config(limit)
        }
    }

    fn start(&self, limit: Limit) -> Run {
        self.rig
            .start_with(self.config(limit), vec![Arc::default()])
    }

    /// Mines one task.
    async fn one(&self) -> (miner::Summary, Vec<Event>) {
        self.start(Limit::Tasks(1)).end().await
    }

    /// Mines until so many requests have come and a moment longer.
    async fn until(&self, requests: usize) -> Vec<Event> {
        let run = self.start(Limit::Never);
        self.axon.saw(requests).await;
        tokio::time::sleep(Duration::from_millis(1200)).await;
        run.shutdown.cancel();
        run.end().await.1
    }
}

fn alarms(events: &[Event]) -> Vec<&str> {
    let mut messages = Vec::new();
    for event in events {
        if let Event::Alarm { message, .. } = event {
            messages.push(message.as_str());
        }
    }
    messages
}

fn count(events: &[Event], wanted: impl Fn(&Event) -> bool) -> usize {
    events.iter().filter(|event| wanted(event)).count()
}

fn is_failed_pull(event: &Event) -> bool {
    matches!(event, Event::PullFailed { .. })
}

fn is_in_doubt(event: &Event) -> bool {
    matches!(event, Event::InDoubt { .. })
}

#[tokio::test]
async fn recorded_tasks_are_answered() {
    for (pull, outcome) in [
        ("pull_text_ok", "submit_ok"),
        ("pull_image_ok", "submit_ok"),
    ] {
        let bench = Bench::new(vec![golden(pull)], vec![golden(outcome)]).await;
        let (summary, events) = bench.one().await;
        assert_eq!(summary.totals.accepted, 1, "{pull}");
        assert!((summary.totals.mean_score.unwrap() - 0.81).abs() < 1e-9);
        assert_eq!(alarms(&events), Vec::<&str>::new());
        assert_eq!(bench.axon.routes(), ["PullTask", "SubmitResults"]);
    }
}

#[tokio::test]
async fn a_recorded_answer_to_an_empty_result_is_a_skip() {
    let bench = Bench::new(vec![golden("pull_text_ok")], vec![golden("submit_empty")]).await;
    let generator = Instant::failing([GenerateError::Prompt("on demand".to_owned())]);
    let config = bench.config(Limit::Tasks(1));
    let (summary, _) = bench.rig.start_with(config, vec![generator]).end().await;
    assert_eq!((summary.totals.skipped, summary.totals.rejected), (1, 0));
}

#[tokio::test]
async fn no_task_is_asked_about_again() {
    let bench = Bench::new(vec![golden("pull_none"), golden("pull_text_ok")], vec![]).await;
    let (summary, events) = bench.one().await;
    assert_eq!(summary.totals.accepted, 1);
    assert_eq!(
        count(&events, |event| matches!(event, Event::NoTask { .. })),
        1
    );
}

#[tokio::test]
async fn an_overtaken_nonce_is_tried_again_at_once_under_another_uuid() {
    let recorded = golden("pull_nonce_not_increasing");
    let bench = Bench::new(vec![recorded, golden("pull_text_ok")], vec![]).await;
    let (summary, events) = bench.one().await;
    assert_eq!(summary.totals.accepted, 1);
    assert_eq!(alarms(&events), Vec::<&str>::new());
    let requests = bench.axon.requests();
    assert_ne!(requests[0].uuid, requests[1].uuid);
    assert!(requests[0].nonce < requests[1].nonce);
}

#[tokio::test]
async fn a_mismatched_signature_means_the_hotkey_may_be_another() {
    let recorded = golden("pull_wrong_axon_hotkey");
    let pulls = vec![recorded.clone(), recorded, golden("pull_text_ok")];
    let bench = Bench::new(pulls, vec![]).await;
    let (summary, events) = bench.one().await;
    assert_eq!(summary.totals.accepted, 1);
    assert_eq!(count(&events, is_failed_pull), 2);
    let told = alarms(&events);
    assert!(
        told.len() == 1 && told[0].contains("another hotkey"),
        "told once: {told:?}"
    );
}

#[tokio::test]
async fn what_is_no_validator_or_does_not_understand_us_is_asked_seldom() {
    let redirect = b"HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/PullTask\r\n\
                     content-length: 0\r\n\r\n"
        .to_vec();
    let banned = "Forbidden. Key is blacklisted: we do not like you.";
    for (reply, alarm) in [
        (golden("unknown_synapse"), "no validator"),
        (redirect, "no validator"),
        (
            no(400, "There was an error parsing the body"),
            "does not understand us",
        ),
        (no(422, "field required"), "does not understand us"),
        (no(403, banned), "we do not like you"),
    ] {
        let bench = Bench::new(vec![reply], vec![]).await;
        let mut config = bench.config(Limit::Never);
        // Seldom is once in a cooldown; anything else would be within seconds.
        config.rules.cooldown = Duration::from_secs(600);
        let mut run = bench.rig.start_with(config, vec![Arc::default()]);
        let mut events = Vec::new();
        run.until("a failed pull", |event| {
            events.push(event.clone());
            is_failed_pull(event)
        })
        .await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        run.shutdown.cancel();
        events.extend(run.end().await.1);
        assert_eq!(bench.axon.routes(), ["PullTask"], "{alarm}");
        let told = alarms(&events);
        assert!(
            told.len() == 1 && told[0].contains(alarm),
            "{alarm}: {told:?}"
        );
    }
}

#[tokio::test]
async fn passing_failures_of_a_pull_are_asked_again_without_ado() {
    for reply in [
        golden("pull_exception"),
        no(408, "Response timeout after: 12s"),
        no(429, "slow down"),
        no(503, "busy"),
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_vec(),
        b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nnot json".to_vec(),
        Vec::new(),
    ] {
        let text = String::from_utf8_lossy(&reply[..reply.len().min(30)]).into_owned();
        let bench = Bench::new(vec![reply, golden("pull_text_ok")], vec![]).await;
        let (summary, events) = bench.one().await;
        assert_eq!(summary.totals.accepted, 1, "{text}");
        assert_eq!(count(&events, is_failed_pull), 1, "{text}");
        assert_eq!(alarms(&events), Vec::<&str>::new(), "{text}");
    }
}

#[tokio::test]
async fn an_answer_signed_too_long_ago_is_signed_again_and_sent_at_once() {
    for recorded in ["pull_old_nonce", "pull_nonce_not_increasing"] {
        let bench = Bench::new(vec![golden("pull_text_ok")], vec![golden(recorded)]).await;
        let (summary, _) = bench.one().await;
        assert_eq!(summary.totals.accepted, 1, "{recorded}");
        assert_eq!(
            bench.axon.routes(),
            ["PullTask", "SubmitResults", "SubmitResults"]
        );
    }
}

#[tokio::test]
async fn an_answer_without_an_assignment_is_asked_about_first() {
    let submits = vec![golden("submit_blacklisted")];
    let bench = Bench::new(vec![golden("pull_text_ok"), golden("pull_none")], submits).await;
    let events = bench.until(3).await;
    let routes = bench.axon.routes();
    assert_eq!(routes[..3], ["PullTask", "SubmitResults", "PullTask"]);
    assert!(
        !routes[3..].contains(&"SubmitResults".to_owned()),
        "{routes:?}"
    );
    assert_eq!(
        count(&events, |event| matches!(event, Event::Retired { .. })),
        1
    );
    assert_eq!(
        alarms(&events),
        Vec::<&str>::new(),
        "a restart over there is no news"
    );
}

#[tokio::test]
async fn an_answer_the_axon_was_too_busy_to_look_at_is_sent_again() {
    for reply in [
        no(408, "Response timeout after: 300s"),
        no(429, "slow down"),
    ] {
        let bench = Bench::new(vec![golden("pull_text_ok")], vec![reply]).await;
        let (summary, events) = bench.one().await;
        assert_eq!(summary.totals.accepted, 1);
        assert_eq!(count(&events, is_in_doubt), 0, "it came before the handler");
        assert_eq!(
            bench.axon.routes(),
            ["PullTask", "SubmitResults", "SubmitResults"]
        );
    }
}

#[tokio::test]
async fn an_answer_in_doubt_is_never_sent_again_before_a_pull_has_told() {
    let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"na".to_vec();
    for reply in [
        golden("pull_exception"),
        no(502, "bad gateway"),
        cut,
        Vec::new(),
    ] {
        // Handed out again: it had not arrived.
        let pulls = vec![golden("pull_text_ok"), golden("pull_text_ok")];
        let bench = Bench::new(pulls, vec![reply.clone()]).await;
        let (summary, events) = bench.one().await;
        assert_eq!(summary.totals.accepted, 1);
        assert_eq!(count(&events, is_in_doubt), 1);
        let twice = ["PullTask", "SubmitResults", "PullTask", "SubmitResults"];
        assert_eq!(bench.axon.routes(), twice);
        // Not handed out again: it had.
        let pulls = vec![golden("pull_text_ok"), golden("pull_cooldown")];
        let bench = Bench::new(pulls, vec![reply]).await;
        let (summary, events) = bench.one().await;
        let lost = |event: &Event| {
            matches!(
                event,
                Event::Answered {
                    outcome: Outcome::ReplyLost,
                    ..
                }
            )
        };
        assert_eq!(
            (summary.totals.tasks_answered, count(&events, lost)),
            (1, 1)
        );
        assert_eq!(
            bench.axon.routes(),
            ["PullTask", "SubmitResults", "PullTask"]
        );
    }
}

#[tokio::test]
async fn an_answer_that_is_not_understood_is_told_of_and_asked_about_first() {
    for (reply, alarm) in [
        (no(422, "field required"), "does not understand us"),
        (golden("unknown_synapse"), "no validator"),
        (
            no(403, "Forbidden. Key is blacklisted: we do not like you."),
            "we do not like you",
        ),
    ] {
        let pulls = vec![golden("pull_text_ok"), golden("pull_text_ok")];
        let bench = Bench::new(pulls, vec![reply]).await;
        let (summary, events) = bench.one().await;
        assert_eq!(summary.totals.accepted, 1, "{alarm}");
        let twice = ["PullTask", "SubmitResults", "PullTask", "SubmitResults"];
        assert_eq!(bench.axon.routes(), twice, "{alarm}");
        assert!(alarms(&events)[0].contains(alarm), "{alarm}");
    }
}

#[tokio::test]
async fn a_hotkey_unknown_to_the_only_validator_ends_the_run() {
    let stranger = "Forbidden. Key is blacklisted: Unrecognized hotkey 5F (1.2.3.4).";
    let now = SystemTime::now();
    let in_an_hour = now.duration_since(UNIX_EPOCH).unwrap().as_secs() + 3600;
    let pulls = vec![golden("pull_text_ok"), cooling(in_an_hour, now)];
    let bench = Bench::new(pulls, vec![no(403, stranger)]).await;
    let error = bench.start(Limit::Never).error().await;
    assert!(
        matches!(error, miner::MinerError::Unregistered { validators: 1, .. }),
        "{error}"
    );
}

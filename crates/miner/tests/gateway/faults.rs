//! One fault at a time, and then all of them.

use std::time::Duration;

use miner::{Event, Limit};

use crate::mock::{Brought, PullFault, ResultFault};
use crate::support::Run;
use crate::{Bench, alarms, count, is_reply_lost, stranger};

const BUSY: &str = "Service unavailable: Result is already being processed; please retry";

fn is_in_doubt(event: &Event) -> bool {
    matches!(event, Event::InDoubt { .. })
}

fn is_failed_pull(event: &Event) -> bool {
    matches!(event, Event::PullFailed { .. })
}

fn is_failed_submit(event: &Event) -> bool {
    matches!(event, Event::SubmitFailed { .. })
}

/// Mines until people are told of something, and a moment longer.
async fn until_alarmed(mut run: Run) -> Vec<Event> {
    let mut events = Vec::new();
    run.until("an alarm", |event| {
        events.push(event.clone());
        matches!(event, Event::Alarm { .. })
    })
    .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    run.shutdown.cancel();
    events.extend(run.end().await.1);
    events
}

/// Mines two tasks through faults with results.
async fn through(faults: &[ResultFault]) -> (Bench, miner::Summary, Vec<Event>) {
    let bench = Bench::new(2).await;
    bench.gateway.seen.lock().unwrap().result_faults = faults.iter().copied().collect();
    let (summary, events) = bench.mine(Limit::Tasks(2)).await;
    (bench, summary, events)
}

#[tokio::test]
async fn a_lost_reply_is_healed_by_sending_again_which_applies_nothing_twice() {
    let (bench, summary, events) = through(&[ResultFault::LoseReply]).await;
    bench.gateway.assert_clean();
    assert_eq!(count(&events, is_in_doubt), 1);
    assert_eq!(count(&events, is_reply_lost), 1);
    assert_eq!((summary.totals.tasks_answered, summary.totals.lost), (2, 0));
    assert_eq!(summary.totals.doubled, 0);
}

#[tokio::test]
async fn a_task_that_was_done_with_the_lost_reply_counts_as_answered() {
    let bench = Bench::new(2).await;
    {
        let mut seen = bench.gateway.seen.lock().unwrap();
        seen.one_result = true;
        seen.result_faults = [ResultFault::LoseReply].into();
    }
    let (summary, events) = bench.mine(Limit::Tasks(2)).await;
    bench.gateway.assert_clean();
    assert_eq!(count(&events, is_reply_lost), 1);
    assert_eq!((summary.totals.tasks_answered, summary.totals.lost), (2, 0));
}

#[tokio::test]
async fn what_did_not_arrive_is_sent_again() {
    for fault in [
        ResultFault::Drop,
        ResultFault::Status(500, "Internal Server Error", None),
        ResultFault::Status(502, "", None),
        ResultFault::Status(503, "Service unavailable: leader election", Some("0")),
        ResultFault::Status(503, BUSY, None),
    ] {
        let (bench, summary, events) = through(&[fault]).await;
        bench.gateway.assert_clean();
        assert_eq!(count(&events, is_in_doubt), 1, "{fault:?}");
        assert_eq!(summary.totals.accepted, 2, "{fault:?}");
        assert_eq!(
            bench.gateway.seen.lock().unwrap().deliveries,
            3,
            "{fault:?}"
        );
    }
}

#[tokio::test]
async fn a_failure_after_the_result_was_applied_doubles_nothing() {
    let (bench, summary, events) = through(&[ResultFault::FailAfter]).await;
    bench.gateway.assert_clean();
    assert_eq!(count(&events, is_reply_lost), 1);
    assert_eq!((summary.totals.tasks_answered, summary.totals.lost), (2, 0));
}

#[tokio::test]
async fn a_rate_limit_is_waited_out() {
    let started = std::time::Instant::now();
    let (bench, summary, events) = through(&[ResultFault::Status(429, "", Some("2"))]).await;
    bench.gateway.assert_clean();
    assert_eq!(count(&events, is_failed_submit), 1);
    assert_eq!(
        count(&events, is_in_doubt),
        0,
        "429 comes before the handler"
    );
    assert_eq!(summary.totals.accepted, 2);
    assert!(started.elapsed() >= Duration::from_secs(2));
}

#[tokio::test]
async fn a_gateway_that_forgot_the_task_is_not_asked_about_it_again() {
    let bench = Bench::new(2).await;
    bench.gateway.seen.lock().unwrap().result_faults = [ResultFault::Restart].into();
    let mut run = bench.start(Limit::Never);
    let mut events = Vec::new();
    let mut ended = 0;
    run.until("the end of both tasks", |event| {
        events.push(event.clone());
        ended += u32::from(matches!(
            event,
            Event::Answered { .. } | Event::Retired { .. }
        ));
        ended == 2
    })
    .await;
    run.shutdown.cancel();
    let (summary, rest) = run.end().await;
    events.extend(rest);
    assert!(summary.totals.lost >= 1);
    assert_eq!(summary.totals.lost + summary.totals.accepted, 2);
    assert_eq!(count(&events, is_reply_lost), 0);
    assert_eq!(bench.gateway.seen.lock().unwrap().deliveries, 2);
}

#[tokio::test]
async fn a_result_that_will_never_be_taken_is_given_up_with_the_reason() {
    for (fault, alarm) in [
        (ResultFault::Status(413, "", None), "this large"),
        (
            ResultFault::Status(
                400,
                "Bad request: Asset exceeds maximum allowed size (8 bytes)",
                None,
            ),
            "this large",
        ),
        (
            ResultFault::Status(400, "Bad request: Invalid status", None),
            "refuses what we send",
        ),
    ] {
        let (bench, summary, events) = through(&[fault]).await;
        bench.gateway.assert_clean();
        assert_eq!((summary.totals.skipped, summary.totals.accepted), (1, 1));
        let failed = |brought: &Brought| matches!(brought, Brought::Failure(_));
        assert_eq!(
            bench.gateway.results().iter().filter(|b| failed(b)).count(),
            1
        );
        assert!(
            alarms(&events).iter().any(|text| text.contains(alarm)),
            "{fault:?}"
        );
    }
}

#[tokio::test]
async fn a_form_that_broke_on_the_way_is_sent_again() {
    let words = "Bad request: Failed to read asset chunk: incomplete multipart stream";
    let (bench, summary, events) = through(&[ResultFault::Status(400, words, None)]).await;
    bench.gateway.assert_clean();
    assert_eq!(summary.totals.accepted, 2);
    assert_eq!(count(&events, is_failed_submit), 1);
}

#[tokio::test]
async fn questions_that_fail_are_asked_again() {
    for fault in [
        PullFault::Status(500, "Internal Server Error", None),
        PullFault::Status(503, "", Some("0")),
        PullFault::Status(429, "", Some("1")),
        PullFault::Garbage,
        PullFault::Huge,
        PullFault::LoseReply,
    ] {
        let bench = Bench::new(2).await;
        bench.gateway.seen.lock().unwrap().pull_faults = [fault].into();
        let wanted = if fault == PullFault::LoseReply { 1 } else { 2 };
        let (summary, events) = bench.mine(Limit::Tasks(wanted)).await;
        bench.gateway.assert_clean();
        assert_eq!(count(&events, is_failed_pull), 1, "{fault:?}");
        assert_eq!(summary.totals.accepted, wanted, "{fault:?}");
    }
}

#[tokio::test]
async fn an_unlisted_hotkey_is_said_to_be_so_once_however_many_places_ask() {
    let bench = Bench::new(1).await;
    bench.gateway.seen.lock().unwrap().listed = Some([stranger()].into());
    let generators = (0..4).map(|_| std::sync::Arc::default()).collect();
    let run = bench.rig.start_with(bench.config(Limit::Never), generators);
    let events = until_alarmed(run).await;
    let told = alarms(&events);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("listed workers only") && told[0].contains(&bench.hotkey()));
    let seen = bench.gateway.seen.lock().unwrap();
    assert_eq!(seen.questions, 1, "it is asked again seldom");
    assert!(seen.assigned.is_empty());
}

#[tokio::test]
async fn a_distrusted_signature_is_tried_twice_and_then_told_of() {
    let bench = Bench::new(1).await;
    bench.gateway.seen.lock().unwrap().distrusts = true;
    let events = until_alarmed(bench.start(Limit::Never)).await;
    let told = alarms(&events);
    assert!(
        told.iter().any(|text| text.contains("signature")),
        "{told:?}"
    );
    assert!(bench.gateway.seen.lock().unwrap().bad_credentials >= 2);
}

#[tokio::test]
async fn a_clock_that_differs_from_the_gateway_s_is_made_up_for() {
    for ahead in [-100, 100] {
        let bench = Bench::new(3).await;
        bench.gateway.seen.lock().unwrap().ahead = ahead;
        let (summary, _) = bench.mine(Limit::Tasks(3)).await;
        assert_eq!(summary.totals.accepted, 3);
        let seen = bench.gateway.seen.lock().unwrap();
        assert_eq!(
            seen.bad_credentials, 1,
            "{ahead}: learnt from the first answer"
        );
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let bench = Bench::new(1).await;
    bench.gateway.seen.lock().unwrap().pull_faults =
        (0..9).map(|_| PullFault::Status(307, "", None)).collect();
    let events = until_alarmed(bench.start(Limit::Never)).await;
    assert_eq!(
        count(&events, |event| matches!(event, Event::Pulled { .. })),
        0
    );
    assert!(alarms(&events)[0].contains("no gateway at"));
    assert_eq!(bench.gateway.seen.lock().unwrap().questions, 1);
}

#[tokio::test]
async fn tasks_nobody_asked_for_are_left_alone() {
    let bench = Bench::new(3).await;
    bench.gateway.seen.lock().unwrap().pull_faults = [PullFault::Unasked].into();
    let (summary, events) = bench.mine(Limit::Tasks(2)).await;
    bench.gateway.assert_clean();
    assert_eq!(summary.totals.accepted, 2);
    assert!(alarms(&events)[0].contains("unasked"));
}

#[tokio::test]
async fn none_is_lost_and_none_doubled_through_every_fault_there_is() {
    let bench = Bench::new(60).await;
    {
        let mut seen = bench.gateway.seen.lock().unwrap();
        let busy = ResultFault::Status(503, BUSY, Some("0"));
        let failed = ResultFault::Status(500, "", Some("0"));
        for _ in 0..4 {
            seen.result_faults.extend([
                ResultFault::LoseReply,
                busy,
                ResultFault::FailAfter,
                ResultFault::Status(429, "", Some("0")),
                failed,
                ResultFault::Drop,
            ]);
            seen.pull_faults.extend([
                PullFault::Status(500, "", Some("0")),
                PullFault::Garbage,
                PullFault::Status(429, "", Some("0")),
                PullFault::Twice,
            ]);
        }
    }
    let generators = vec![std::sync::Arc::default(), std::sync::Arc::default()];
    let config = bench.config(Limit::Tasks(60));
    let (summary, _) = bench.rig.start_with(config, generators).end().await;
    bench.gateway.assert_clean();
    let totals = &summary.totals;
    assert_eq!((totals.lost, totals.doubled), (0, 0));
    assert_eq!(totals.tasks_answered, 60);
    assert_eq!(bench.gateway.results().len(), 60);
}

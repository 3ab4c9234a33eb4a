//! What only a gateway asks of the ledger: answers sent until their fate is known, and many places.

use std::time::Duration;

use subnet17::TaskKind;

use super::*;
use crate::clock;

const URL: &str = "https://gateway.example";

async fn ledger(places: u16) -> (tempfile::TempDir, Ledger) {
    let directory = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(&directory.path().join("ledger.sqlite")).unwrap();
    let sources = (0..places).map(|number| (SourceId::place(URL, number), number));
    ledger.register_sources(sources.collect()).await.unwrap();
    (directory, ledger)
}

async fn ready(ledger: &Ledger, place: u16, id: &str) -> TaskKey {
    let handout = Handout {
        id: id.to_owned(),
        kind: TaskKind::Text,
        prompt: "a chair".into(),
        threshold: 0.6,
        throttle: Duration::from_secs(30),
        cooldown_until: 0,
        violations: 0,
        ticket: Some("token".to_owned()),
        wanted_seed: Some(7),
    };
    let source = SourceId::place(URL, place);
    let pulled = ledger.record_pull(&source, handout, clock::now()).await;
    let task = pulled.unwrap().task;
    assert_eq!(task.ticket.as_deref(), Some("token"));
    assert_eq!(task.wanted_seed, Some(7));
    let new = NewAnswer {
        answer: Answer::Asset("1.spz".to_owned()),
        seed: Some(7),
        verdict: None,
        reason: None,
        recipe: generate::Recipe::default(),
    };
    assert!(ledger.record_ready(task.key, new).await.unwrap());
    task.key
}

async fn send(ledger: &Ledger, key: TaskKey) -> u32 {
    ledger.begin_sending(key, 1).await.unwrap().unwrap()
}

async fn end(ledger: &Ledger, key: TaskKey, answers_doubt: bool) -> Option<bool> {
    let reason = "not assigned".to_owned();
    ledger.end(key, reason, answers_doubt, 2).await.unwrap()
}

#[tokio::test]
async fn an_answer_in_doubt_is_sent_again_and_its_end_tells_what_became_of_it() {
    for answers_doubt in [true, false] {
        let (_directory, ledger) = ledger(1).await;
        let key = ready(&ledger, 0, "a").await;
        assert!(!ledger.send_again(key).await.unwrap(), "there is no doubt");
        let attempt = send(&ledger, key).await;
        let reason = "timed out".to_owned();
        assert!(ledger.doubt(key, attempt, 5, reason).await.unwrap());
        assert!(ledger.send_again(key).await.unwrap());
        assert_eq!(send(&ledger, key).await, 2);
        assert_eq!(end(&ledger, key, answers_doubt).await, Some(answers_doubt));
        assert_eq!(end(&ledger, key, true).await, None, "it is over");
    }
}

#[tokio::test]
async fn a_first_answer_that_nobody_wants_is_no_answer() {
    let (_directory, ledger) = ledger(1).await;
    let key = ready(&ledger, 0, "a").await;
    send(&ledger, key).await;
    assert_eq!(end(&ledger, key, true).await, Some(false));
}

#[tokio::test]
async fn an_answer_that_was_on_its_way_at_a_crash_counts_as_sent() {
    let (_directory, ledger) = ledger(1).await;
    let key = ready(&ledger, 0, "a").await;
    send(&ledger, key).await;
    let second = Duration::from_secs(1);
    assert_eq!(ledger.recover(second, second).await.unwrap(), 1);
    assert!(ledger.send_again(key).await.unwrap());
    send(&ledger, key).await;
    assert_eq!(end(&ledger, key, true).await, Some(true));
}

#[tokio::test]
async fn an_unfit_asset_becomes_an_empty_answer_with_its_reason() {
    let (_directory, ledger) = ledger(1).await;
    let key = ready(&ledger, 0, "a").await;
    let attempt = send(&ledger, key).await;
    let reason = "too large".to_owned();
    assert!(ledger.leave_empty(key, attempt, reason).await.unwrap());
    let source = SourceId::place(URL, 0);
    let task = ledger.open_task(&source).await.unwrap().unwrap();
    assert_eq!((task.state, task.answer), (TaskState::Ready, Answer::Empty));
    assert_eq!(task.reason.as_deref(), Some("too large"));
}

#[tokio::test]
async fn places_with_open_tasks_are_found_again() {
    let (_directory, ledger) = ledger(12).await;
    let prefix = || SourceId::places(URL);
    assert_eq!(ledger.places_in_use(prefix()).await.unwrap(), 0);
    ready(&ledger, 2, "a").await;
    ready(&ledger, 10, "b").await;
    assert_eq!(ledger.places_in_use(prefix()).await.unwrap(), 11);
    let other = SourceId::places("https://gateway.example/v2");
    assert_eq!(ledger.places_in_use(other).await.unwrap(), 0);
    let beside = async |place, id: &str| {
        let source = SourceId::place(URL, place);
        let found = ledger
            .is_open_beside(&source, prefix(), id.to_owned())
            .await;
        found.unwrap()
    };
    assert!(beside(0, "a").await && !beside(2, "a").await && !beside(0, "c").await);
}

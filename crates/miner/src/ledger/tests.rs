//! Every move of a task, tried from every state.

use std::time::Duration;

use bittensor::Keypair;
use subnet17::TaskKind;

use super::pulls::Pulled;
use super::*;
use crate::clock;
use crate::event::Outcome;

struct Book {
    directory: tempfile::TempDir,
    ledger: Ledger,
    validator: SourceId,
}

impl Book {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&directory.path().join("ledger.sqlite")).unwrap();
        let validator = SourceId::from(Keypair::from_seed([7; 32]).public());
        ledger
            .register_sources(vec![(validator.clone(), 3)])
            .await
            .unwrap();
        Self {
            directory,
            ledger,
            validator,
        }
    }

    /// As after a kill: another handle on the same file.
    fn reopen(&mut self) {
        self.ledger = Ledger::open(&self.directory.path().join("ledger.sqlite")).unwrap();
    }

    async fn pull(&self, id: &str) -> Pulled {
        self.ledger
            .record_pull(&self.validator, handout(id), clock::now())
            .await
            .unwrap()
    }

    async fn open(&self) -> OpenTask {
        self.ledger
            .open_task(&self.validator)
            .await
            .unwrap()
            .unwrap()
    }

    async fn ready(&self, key: TaskKey) -> bool {
        let new = NewAnswer {
            answer: Answer::Asset("1.spz".to_owned()),
            seed: Some(u64::MAX),
            verdict: None,
            reason: None,
            recipe: generate::Recipe::default(),
        };
        self.ledger.record_ready(key, new).await.unwrap()
    }

    async fn send(&self, key: TaskKey) -> Option<u32> {
        self.ledger.begin_sending(key, clock::now()).await.unwrap()
    }

    async fn answer(&self, key: TaskKey, attempt: u32) -> bool {
        let receipt = Receipt {
            outcome: Outcome::Accepted,
            score: Some(0.75),
            feedback: None,
            cooldown_until: 123_000,
        };
        self.ledger
            .record_answer(&self.validator, key, attempt, receipt)
            .await
            .unwrap()
    }
}

fn handout(id: &str) -> Handout {
    Handout {
        id: id.to_owned(),
        kind: TaskKind::Text,
        prompt: format!("prompt of {id}").into(),
        threshold: 0.6,
        throttle: Duration::from_secs(30),
        cooldown_until: 0,
        violations: 0,
        ticket: None,
        wanted_seed: None,
    }
}

#[tokio::test]
async fn a_task_goes_from_pull_to_answer_and_the_cooldown_is_kept() {
    let mut book = Book::new().await;
    assert!(!book.pull("a").await.replayed);
    let task = book.open().await;
    assert_eq!(task.state, TaskState::Assigned);
    assert_eq!(&*task.prompt, "prompt of a");
    assert!(book.ready(task.key).await);
    assert_eq!(book.open().await.answer, Answer::Asset("1.spz".to_owned()));
    let attempt = book.send(task.key).await.unwrap();
    assert!(!book.answer(task.key, attempt).await, "not doubled");
    book.reopen();
    assert!(
        book.ledger
            .open_task(&book.validator)
            .await
            .unwrap()
            .is_none()
    );
    let clocks = book.ledger.clocks(&book.validator).await.unwrap();
    assert_eq!(clocks.cooldown_until, 123_000);
    let standing = book.ledger.standing(&book.validator).await.unwrap();
    assert_eq!((standing.scored, standing.accepted), (1, 1));
    assert_eq!(standing.mean_score, Some(0.75));
}

#[tokio::test]
async fn an_answer_is_sent_by_one_sender_only() {
    let book = Book::new().await;
    book.pull("a").await;
    let key = book.open().await.key;
    assert_eq!(book.send(key).await, None, "nothing to send yet");
    assert!(book.ready(key).await);
    assert!(!book.ready(key).await, "made once");
    let (first, second) = tokio::join!(book.send(key), book.send(key));
    assert_eq!(first.is_some() as u8 + second.is_some() as u8, 1);
    let attempt = first.or(second).unwrap();
    book.answer(key, attempt).await;
    assert_eq!(book.send(key).await, None, "answered is answered");
}

#[tokio::test]
async fn what_was_being_sent_at_a_crash_is_in_doubt_until_it_can_be_asked_for() {
    let mut book = Book::new().await;
    book.pull("a").await;
    let key = book.open().await.key;
    book.ready(key).await;
    book.send(key).await.unwrap();
    book.reopen();
    let before = clock::now();
    let (flight, wait) = (Duration::from_secs(300), Duration::from_secs(900));
    assert_eq!(book.ledger.recover(flight, wait).await.unwrap(), 1);
    let task = book.open().await;
    assert_eq!(task.state, TaskState::InDoubt);
    assert!(task.doubt_until >= before + 900_000);
    assert!(task.doubt_until <= clock::now() + 900_000);
    assert_eq!(book.send(key).await, None, "never blindly again");
}

#[tokio::test]
async fn the_flight_of_a_submission_bounds_its_doubt() {
    let mut book = Book::new().await;
    book.pull("a").await;
    let key = book.open().await.key;
    book.ready(key).await;
    let long_ago = clock::now() - 3_600_000;
    book.ledger.begin_sending(key, long_ago).await.unwrap();
    book.reopen();
    let second = Duration::from_secs(1);
    book.ledger.recover(second, second).await.unwrap();
    assert_eq!(book.open().await.doubt_until, long_ago + 2000);
}

#[tokio::test]
async fn a_doubt_ends_as_undelivered_when_the_task_is_handed_out_again() {
    let book = Book::new().await;
    book.pull("a").await;
    let key = book.open().await.key;
    book.ready(key).await;
    let attempt = book.send(key).await.unwrap();
    let moved = book
        .ledger
        .doubt(key, attempt, 5, "reset".to_owned())
        .await
        .unwrap();
    assert!(moved);
    let pulled = book.pull("a").await;
    assert!(pulled.replayed);
    assert_eq!(pulled.settled, None);
    let task = book.open().await;
    assert_eq!((task.key, task.state), (key, TaskState::Ready));
    assert_eq!(task.answer, Answer::Asset("1.spz".to_owned()));
    assert_eq!(book.send(key).await, Some(attempt + 1));
}

#[tokio::test]
async fn a_doubt_ends_as_answered_when_another_task_or_none_comes() {
    for other in [Some("b"), None] {
        let book = Book::new().await;
        book.pull("a").await;
        let key = book.open().await.key;
        book.ready(key).await;
        let attempt = book.send(key).await.unwrap();
        let reason = "timed out".to_owned();
        book.ledger.doubt(key, attempt, 5, reason).await.unwrap();
        let settled = match other {
            Some(id) => book.pull(id).await.settled,
            None => {
                let none = book.ledger.record_no_task(&book.validator, 9, 0, 1).await;
                none.unwrap().settled
            }
        };
        let expected = Settled {
            id: "a".to_owned(),
            answered: true,
        };
        assert_eq!(settled, Some(expected));
        assert_eq!(book.send(key).await, None);
    }
}

#[tokio::test]
async fn an_unanswered_task_that_is_replaced_is_withdrawn() {
    let book = Book::new().await;
    book.pull("a").await;
    let settled = book.pull("b").await.settled.unwrap();
    assert_eq!((settled.id.as_str(), settled.answered), ("a", false));
    assert_eq!(book.open().await.id, "b");
}

#[tokio::test]
async fn an_answered_task_that_is_handed_out_again_is_delivered_again() {
    let book = Book::new().await;
    book.pull("a").await;
    let key = book.open().await.key;
    book.ready(key).await;
    let attempt = book.send(key).await.unwrap();
    book.answer(key, attempt).await;
    assert!(book.pull("a").await.replayed);
    let task = book.open().await;
    assert_eq!((task.key, task.state), (key, TaskState::Ready));
    let attempt = book.send(key).await.unwrap();
    assert!(book.answer(key, attempt).await, "and that is noticed");
}

#[tokio::test]
async fn a_failed_attempt_can_be_taken_back_and_sent_again() {
    let book = Book::new().await;
    book.pull("a").await;
    let key = book.open().await.key;
    book.ready(key).await;
    let attempt = book.send(key).await.unwrap();
    let refused = "connection refused".to_owned();
    assert!(book.ledger.not_sent(key, attempt, refused).await.unwrap());
    assert_eq!(book.send(key).await, Some(2));
}

#[tokio::test]
async fn violations_count_from_the_first_meeting_on() {
    let book = Book::new().await;
    let mut first = handout("a");
    first.violations = 40;
    let pulled = book.ledger.record_pull(&book.validator, first, 1).await;
    assert_eq!(pulled.unwrap().violations_added, 0);
    let later = book.ledger.record_no_task(&book.validator, 0, 42, 2).await;
    assert_eq!(later.unwrap().violations_added, 2);
}

#[tokio::test]
async fn a_violation_after_one_was_worked_off_is_seen() {
    let book = Book::new().await;
    let pull = |id, violations| {
        let mut handout = handout(id);
        handout.violations = violations;
        book.ledger.record_pull(&book.validator, handout, 1)
    };
    pull("a", 0).await.unwrap();
    assert_eq!(pull("a", 1).await.unwrap().violations_added, 1);
    let key = book.open().await.key;
    book.ready(key).await;
    let attempt = book.send(key).await.unwrap();
    book.answer(key, attempt).await;
    // 1 - 1 + 1.
    let nothing = book.ledger.record_no_task(&book.validator, 0, 1, 2).await;
    assert_eq!(nothing.unwrap().violations_added, 1);
}

#[tokio::test]
async fn bulk_is_forgotten_once_a_task_is_over_and_old() {
    let book = Book::new().await;
    book.pull("a").await;
    let key = book.open().await.key;
    book.ready(key).await;
    let future = clock::now() + 60_000;
    assert!(book.ledger.forget_bulk(future).await.unwrap().is_empty());
    let attempt = book.send(key).await.unwrap();
    book.answer(key, attempt).await;
    assert!(book.ledger.forget_bulk(0).await.unwrap().is_empty());
    assert_eq!(book.ledger.forget_bulk(future).await.unwrap(), ["1.spz"]);
    assert!(book.ledger.assets().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_full_disk_is_an_error_and_the_ledger_stays_whole() {
    let book = Book::new().await;
    book.pull("a").await;
    let key = book.open().await.key;
    let set_limit = async |pages: u32| {
        book.ledger
            .transact(move |transaction| {
                transaction.pragma_update(None, "max_page_count", pages)?;
                Ok(())
            })
            .await
            .unwrap();
    };
    set_limit(1).await;
    let mut large = handout("b");
    large.prompt = "x".repeat(1 << 20).into();
    let error = book
        .ledger
        .record_pull(&book.validator, large.clone(), 1)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("full"), "{error}");
    let task = book.open().await;
    assert_eq!((task.key, task.state), (key, TaskState::Assigned));
    set_limit(u32::MAX - 1).await;
    let pulled = book.ledger.record_pull(&book.validator, large, 1).await;
    assert!(pulled.unwrap().settled.is_some());
}

#[tokio::test]
async fn a_validator_has_one_open_task_whatever_happens() {
    let book = Book::new().await;
    book.pull("a").await;
    let second = book
        .ledger
        .transact(|transaction| {
            transaction.execute(
                "INSERT INTO tasks
                    (validator, id, kind, prompt, threshold, throttle, pulled_at, state)
                 SELECT validator, 'z', kind, prompt, threshold, throttle, pulled_at, 'ready'
                 FROM tasks",
                [],
            )?;
            Ok(())
        })
        .await;
    second.unwrap_err();
}

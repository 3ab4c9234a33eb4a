//! A studio of stand-in devices that work when the test says so: order, cancellation, failure, memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod hand;

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use generate::native::{Manner, Studio, Subject, Trouble};
use generate::{Candidate, GenerateError, Generation, GenerationEvent, Generator, Request};
use hand::{Go, PATIENCE, event, next, studio, studio_with};
use judge::Prompt;
use splat::Frame;

fn request(words: &str, candidates: u32) -> Request {
    Request {
        prompt: Prompt::Text(words.to_owned()),
        seed: 100,
        candidates: Some(candidates),
        deadline: None,
    }
}

/// Starts a request and waits until it is ready to be begun.
fn ready(studio: &Studio, request: Request) -> Generation {
    let mut generation = studio.start(request);
    while let Some(event) = event(&mut generation) {
        if let Ok(GenerationEvent::Progress {
            stage: "prepare",
            done: 1,
            ..
        }) = event
        {
            break;
        }
    }
    generation
}

fn all(mut generation: Generation) -> Result<Vec<Candidate>, GenerateError> {
    let mut made = Vec::new();
    while let Some(event) = event(&mut generation) {
        if let GenerationEvent::Candidate(candidate) = event? {
            made.push(*candidate);
        }
    }
    Ok(made)
}

fn begun(words: &str, seed: u64) -> (String, u64) {
    (words.to_owned(), seed)
}

#[test]
fn candidates_count_up_and_requests_take_turns() {
    let (studio, hands) = studio(1);
    let first = studio.start(request("hat", 2));
    assert_eq!(hands[0].begun(), begun("hat", 100));
    let second = ready(&studio, request("cup", 1));
    hands[0].go.send(Go::Make).unwrap();
    assert_eq!(hands[0].make(), begun("cup", 100), "its turn");
    assert_eq!(hands[0].make(), begun("hat", 101));
    let made = all(first).unwrap();
    assert_eq!([made[0].seed, made[1].seed], [100, 101]);
    assert_eq!(made[0].frame, Frame::YDown);
    assert_eq!(made[0].cloud.columns().positions[0], [100.0]);
    assert_eq!(made[0].stages.last().unwrap().stage, "finish");
    assert_eq!(all(second).unwrap().len(), 1);
}

#[test]
fn what_is_asked_for_decides_how_many_candidates_there_are() {
    let prepare = |prompt: &Prompt| {
        let subject = generate::native::prepare(prompt)?;
        let is_fern = subject == Subject::Words("fern".to_owned());
        let manner = Manner {
            candidates: is_fern.then_some(3),
            ..Manner::default()
        };
        Ok((subject, manner))
    };
    let (studio, hands) = studio_with(1, Box::new(prepare));
    for (words, asked, made) in [
        ("fern", None, 3),
        ("fern", Some(2), 2),
        ("fern", Some(4), 4),
        ("mug", None, 1),
        ("mug", Some(2), 2),
    ] {
        let generation = studio.start(Request {
            candidates: asked,
            ..request(words, 1)
        });
        for number in 0..made {
            assert_eq!(hands[0].make(), (words.to_owned(), 100 + number));
        }
        assert_eq!(all(generation).unwrap().len() as u64, made, "{words}");
    }
    assert!(hands[0].is_idle());
}

#[test]
fn an_idle_device_helps_with_the_candidates_of_one_request() {
    let (studio, hands) = studio(2);
    let both = studio.start(request("hat", 2));
    let mut seeds = [hands[0].begun().1, hands[1].begun().1];
    seeds.sort_unstable();
    assert_eq!(seeds, [100, 101]);
    for hand in &hands {
        hand.go.send(Go::Make).unwrap();
    }
    assert_eq!(all(both).unwrap().len(), 2);
}

#[test]
fn what_one_device_fails_at_goes_to_the_other_and_nothing_is_lost() {
    let (studio, hands) = studio(2);
    let kept = studio.start(request("cup", 1));
    let (busy, _) = next(&hands);
    let idle = 1 - busy;
    hands[busy]
        .go
        .send(Go::Fail(Trouble::Device("it fell over".to_owned())))
        .unwrap();
    assert_eq!(hands[idle].make(), begun("cup", 100));
    assert_eq!(all(kept).unwrap().len(), 1);
    // The one that failed is opened anew and works again.
    let two = studio.start(request("hat", 2));
    // Both have begun before one is done, or it would take the other's too.
    for hand in &hands {
        hand.begun();
    }
    for hand in &hands {
        hand.go.send(Go::Make).unwrap();
    }
    assert_eq!(all(two).unwrap().len(), 2);
    assert_eq!(hands[busy].opened.load(Ordering::SeqCst), 2);
    assert_eq!(hands[idle].opened.load(Ordering::SeqCst), 1);
}

#[test]
fn a_crash_is_a_failure_like_any_other() {
    let (studio, hands) = studio(1);
    let kept = studio.start(request("cup", 1));
    hands[0].begun();
    hands[0].go.send(Go::Crash).unwrap();
    hands[0].make();
    assert_eq!(all(kept).unwrap().len(), 1);
    assert_eq!(hands[0].opened.load(Ordering::SeqCst), 2);
}

#[test]
fn where_every_attempt_fails_the_reason_is_told() {
    let (studio, hands) = studio(1);
    let lost = studio.start(request("cup", 1));
    for _ in 0..4 {
        hands[0].fail(Trouble::Device("no power".to_owned()));
    }
    let error = all(lost).unwrap_err();
    assert!(error.is_retryable());
    assert_eq!(error.to_string(), "trellis: fake:0: no power");
}

#[test]
fn out_of_memory_shrinks_the_plan_and_the_work_goes_on() {
    let (studio, hands) = studio(1);
    let kept = studio.start(request("cup", 1));
    for _ in 0..2 {
        hands[0].fail(Trouble::Memory("CUDA_ERROR_OUT_OF_MEMORY".to_owned()));
    }
    assert_eq!(hands[0].make(), begun("cup", 100));
    assert_eq!(all(kept).unwrap().len(), 1);
    assert_eq!(hands[0].shrunk.load(Ordering::SeqCst), 2);
    assert_eq!(hands[0].opened.load(Ordering::SeqCst), 1, "it stays open");
    // With nothing left to give up it is a failure, and the device rests.
    let kept = studio.start(request("hat", 1));
    hands[0].fail(Trouble::Memory("CUDA_ERROR_OUT_OF_MEMORY".to_owned()));
    hands[0].make();
    assert_eq!(all(kept).unwrap().len(), 1);
    assert_eq!(hands[0].opened.load(Ordering::SeqCst), 2);
}

#[test]
fn a_prompt_nothing_can_be_made_of_is_no_fault_of_the_device() {
    let (studio, hands) = studio(1);
    let lost = studio.start(request("cup", 3));
    hands[0].fail(Trouble::Prompt("there is no object in it".to_owned()));
    let error = all(lost).unwrap_err();
    assert!(!error.is_retryable(), "{error}");
    let next = studio.start(request("hat", 1));
    hands[0].make();
    assert_eq!(all(next).unwrap().len(), 1);
    assert_eq!(hands[0].opened.load(Ordering::SeqCst), 1);
    let empty = all(studio.start(request("", 1))).unwrap_err();
    assert!(empty.to_string().contains("the prompt is empty"), "{empty}");
}

#[test]
fn a_seed_nothing_came_of_fails_only_where_it_is_the_only_one() {
    let (studio, hands) = studio(1);
    let unlucky = || Trouble::Seed("no voxel is occupied".to_owned());
    let two = studio.start(request("cup", 2));
    hands[0].fail(unlucky());
    assert_eq!(hands[0].make(), begun("cup", 101));
    assert_eq!(all(two).unwrap().len(), 1);
    let one = studio.start(request("hat", 1));
    hands[0].fail(unlucky());
    let error = all(one).unwrap_err();
    assert_eq!(error.to_string(), "trellis: no voxel is occupied");
    assert!(error.is_retryable());
    assert_eq!(
        hands[0].opened.load(Ordering::SeqCst),
        1,
        "no fault of the device"
    );
}

#[test]
fn an_unusable_device_leaves_its_work_to_the_others() {
    let (studio, hands) = studio(2);
    let kept = studio.start(request("cup", 1));
    let (busy, _) = next(&hands);
    let gone = Trouble::Unusable("its weights are not here".to_owned());
    hands[busy].go.send(Go::Fail(gone.clone())).unwrap();
    hands[1 - busy].make();
    assert_eq!(all(kept).unwrap().len(), 1);
    let two = studio.start(request("hat", 2));
    hands[1 - busy].make();
    hands[1 - busy].make();
    assert_eq!(all(two).unwrap().len(), 2);
    assert!(hands[busy].is_idle());
    // The last one takes everybody's hope with it.
    let waiting: Vec<_> = ["a", "b"]
        .map(|words| studio.start(request(words, 1)))
        .into();
    hands[1 - busy].fail(gone);
    for generation in waiting {
        let error = all(generation).unwrap_err().to_string();
        assert_eq!(error, "trellis: its weights are not here");
    }
    let error = all(studio.start(request("c", 1))).unwrap_err().to_string();
    assert_eq!(error, "trellis: its weights are not here");
}

#[test]
fn a_dropped_generation_ends_between_steps_and_makes_way() {
    let (studio, hands) = studio(1);
    let dropped = studio.start(request("endless", u32::MAX));
    hands[0].begun();
    let waiting = studio.start(request("never", 1));
    let next = studio.start(request("cup", 1));
    drop((waiting, dropped));
    assert_eq!(hands[0].make(), begun("cup", 100));
    assert_eq!(all(next).unwrap().len(), 1);
}

#[test]
fn a_reader_that_reads_nothing_holds_nobody_up() {
    let (studio, hands) = studio(1);
    let unread = studio.start(request("hoard", u32::MAX));
    // Some are made ahead, beside what progress takes of the room for the unread.
    for seed in 100..104 {
        assert_eq!(hands[0].make(), begun("hoard", seed));
    }
    let mut made = 4;
    while made < 64 && !hands[0].is_idle() {
        hands[0].go.send(Go::Make).unwrap();
        made += 1;
    }
    assert!(made < 64, "{made} candidates nobody reads");
    let next = studio.start(request("cup", 1));
    // One more of the hoard, where the machine was too slow to begin it until now.
    while hands[0].make() != begun("cup", 100) {
        made += 1;
        assert!(made < 64, "{made} candidates nobody reads");
    }
    assert_eq!(all(next).unwrap().len(), 1);
    drop(unread);
}

#[test]
fn the_first_candidate_is_made_whatever_the_deadline() {
    let (studio, hands) = studio(1);
    let late = Request {
        deadline: Some(Instant::now()),
        ..request("cup", 9)
    };
    let late = studio.start(late);
    hands[0].make();
    assert_eq!(all(late).unwrap().len(), 1);
}

#[test]
fn closing_ends_what_is_in_hand_and_tells_who_waits() {
    let (studio, hands) = studio(1);
    let in_hand = studio.start(request("cup", 1));
    hands[0].begun();
    let waiting = studio.start(request("hat", 1));
    drop(studio);
    for generation in [in_hand, waiting] {
        let error = all(generation).unwrap_err();
        assert!(matches!(error, GenerateError::Stopped(_)), "{error}");
    }
}

#[test]
fn a_desk_has_a_vacancy_when_a_device_has() {
    let (studio, hands) = studio(1);
    let desks = studio.desks();
    assert_eq!(desks.len(), 2);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let is_vacant = |desk: usize| {
        let vacancy = async {
            tokio::time::timeout(Duration::from_millis(100), desks[desk].vacancy())
                .await
                .is_ok()
        };
        runtime.block_on(vacancy)
    };
    assert!(is_vacant(0));
    assert!(is_vacant(0), "it keeps what it was promised");
    assert!(!is_vacant(1));
    let first = desks[0].start(request("cup", 1));
    assert!(!is_vacant(1), "in work");
    hands[0].make();
    assert!(runtime.block_on(async {
        tokio::time::timeout(PATIENCE, desks[1].vacancy())
            .await
            .is_ok()
    }));
    assert_eq!(all(first).unwrap().len(), 1);
}

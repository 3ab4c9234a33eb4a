//! Streams of events and what they come to.

use bittensor::Keypair;

use super::*;
use crate::clock::UnixMillis;
use crate::event::Standing;

fn started(uids: &[u16], generators: usize) -> Event {
    let validator = |&uid| ValidatorInfo {
        uid,
        giver: Giver::Hotkey(Keypair::from_seed([uid as u8; 32]).public()),
        cooldown_until_ms: 0,
        standing: Standing::default(),
    };
    Event::Started {
        validators: uids.iter().map(validator).collect(),
        ignored: Vec::new(),
        generators: vec!["one".to_owned(); generators],
        resumed: 0,
    }
}

fn pulled(uid: u16, replayed: bool) -> Event {
    Event::Pulled {
        uid,
        task: "t".to_owned(),
        prompt: "a chair".to_owned(),
        replayed,
    }
}

fn answered(uid: u16, outcome: Outcome, score: Option<f64>) -> Event {
    Event::Answered {
        uid,
        task: "t".to_owned(),
        outcome,
        score,
        took_ms: score.map(|_| 4000.0),
        cooldown_until_ms: 0,
    }
}

fn tally(events: Vec<(UnixMillis, Event)>) -> Summary {
    let mut tally = Tally::default();
    for (at_ms, event) in events {
        tally.observe(&Stamped { at_ms, event });
    }
    tally.summary()
}

#[test]
fn answers_are_counted_by_outcome_for_each_validator_and_for_all() {
    let summary = tally(vec![
        (0, started(&[1, 2], 1)),
        (1, pulled(1, false)),
        (2, pulled(1, true)),
        (3, answered(1, Outcome::Accepted, Some(0.8))),
        (4, pulled(2, false)),
        (5, answered(2, Outcome::Accepted, Some(0.6))),
        (6, answered(2, Outcome::Rejected, Some(0.0))),
        (7, answered(2, Outcome::Skipped, None)),
        (8, answered(2, Outcome::ReplyLost, None)),
    ]);
    assert_eq!(summary.totals.tasks_pulled, 2);
    assert_eq!(summary.totals.tasks_answered, 5);
    assert_eq!(summary.totals.accepted, 2);
    assert_eq!(summary.totals.rejected, 1);
    assert_eq!(summary.totals.skipped, 1);
    assert!((summary.totals.mean_score.unwrap() - 0.7).abs() < 1e-9);
    assert_eq!(summary.validators[0].counts.tasks_answered, 1);
    assert_eq!(summary.validators[1].counts.tasks_answered, 4);
    assert_eq!(summary.validators[0].mean_answer_seconds, Some(4.0));
}

#[test]
fn who_takes_over_a_uid_is_counted_apart() {
    let joined = |key: u8| {
        let Event::Started { validators, .. } = started(&[1], 1) else {
            panic!("another event");
        };
        let mut validator = validators[0].clone();
        validator.giver = Giver::Hotkey(Keypair::from_seed([key; 32]).public());
        Event::Joined { validator }
    };
    let summary = tally(vec![
        (0, started(&[1], 1)),
        (1, pulled(1, false)),
        (2, joined(1)),
        (3, pulled(1, false)),
        (4, joined(9)),
        (5, pulled(1, false)),
    ]);
    assert_eq!(summary.totals.tasks_pulled, 3);
    let pulled = summary.validators.iter();
    let pulled: Vec<_> = pulled.map(|v| (v.uid, v.counts.tasks_pulled)).collect();
    assert_eq!(pulled, [(1, 2), (1, 1)]);
}

#[test]
fn the_json_has_the_promised_fields() {
    let json = serde_json::to_value(tally(vec![(0, started(&[5], 1))])).unwrap();
    for field in [
        "tasks_pulled",
        "tasks_answered",
        "accepted",
        "skipped",
        "rejected",
        "violations",
        "lost",
        "doubled",
    ] {
        assert_eq!(json[field], 0, "{field}");
        assert_eq!(json["validators"][0][field], 0, "{field}");
    }
    assert!(json["generator_idle_share"].is_f64());
    assert!(json["mean_score"].is_null());
    assert_eq!(json["validators"][0]["uid"], 5);
}

//! What is learnt from the ledger, and what is left out.

use std::time::Duration;

use bittensor::Keypair;
use judge::Calibration;
use subnet17::TaskKind;

use super::*;
use crate::clock;
use crate::event::Outcome;

fn validator(number: u8) -> SourceId {
    SourceId::from(Keypair::from_seed([number; 32]).public())
}

/// Puts an answer with this verdict and outcome through the ledger.
async fn answered(
    ledger: &Ledger,
    source: &SourceId,
    id: &str,
    verdict: Option<&str>,
    outcome: Outcome,
    ticket: Option<&str>,
) {
    let handout = Handout {
        id: id.to_owned(),
        kind: TaskKind::Text,
        prompt: "a chair".into(),
        threshold: 0.6,
        throttle: Duration::from_secs(30),
        cooldown_until: 0,
        violations: 0,
        ticket: ticket.map(str::to_owned),
        wanted_seed: None,
    };
    ledger
        .record_pull(source, handout, clock::now())
        .await
        .unwrap();
    let task = ledger.open_task(source).await.unwrap().unwrap();
    assert_eq!(&task.source, source);
    let new = NewAnswer {
        answer: Answer::Asset("1.spz".to_owned()),
        seed: Some(1),
        verdict: verdict.map(str::to_owned),
        reason: None,
        recipe: generate::Recipe::default(),
    };
    assert!(ledger.record_ready(task.key, new).await.unwrap());
    let attempt = ledger.begin_sending(task.key, clock::now()).await.unwrap();
    let receipt = Receipt {
        outcome,
        score: Some(0.0),
        feedback: None,
        cooldown_until: 0,
    };
    ledger
        .record_answer(source, task.key, attempt.unwrap(), receipt)
        .await
        .unwrap();
}

#[tokio::test]
async fn scored_answers_of_validators_teach_and_nothing_else_does() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(&directory.path().join("ledger.sqlite")).unwrap();
    let (one, other) = (validator(1), validator(2));
    let place = SourceId::place("https://gateway.example", 0);
    let sources = [&one, &other, &place].map(|source| (source.clone(), 3));
    ledger.register_sources(sources.to_vec()).await.unwrap();
    let learnt = |since| ledger.learn(since, 100);
    assert_eq!(learnt(0).await.unwrap().pooled().answers, 0);

    let scored = Some(r#"{"pass":true,"score":0.62,"threshold":0.6}"#);
    for (number, outcome) in [Outcome::Accepted, Outcome::Rejected, Outcome::Rejected]
        .into_iter()
        .enumerate()
    {
        answered(&ledger, &one, &format!("a{number}"), scored, outcome, None).await;
    }
    answered(
        &ledger,
        &other,
        "b",
        Some(r#"{"score":1}"#),
        Outcome::Accepted,
        None,
    )
    .await;
    // No score, no verdict, no JSON, no judgement, no validator.
    let unscored = Some(r#"{"pass":true,"score":null}"#);
    answered(&ledger, &one, "c", unscored, Outcome::Accepted, None).await;
    answered(&ledger, &one, "d", None, Outcome::Accepted, None).await;
    answered(&ledger, &one, "e", Some("score"), Outcome::Accepted, None).await;
    answered(&ledger, &one, "f", scored, Outcome::Unscored, None).await;
    answered(
        &ledger,
        &place,
        "g",
        scored,
        Outcome::Accepted,
        Some("ticket"),
    )
    .await;

    let calibration: Calibration<SourceId> = learnt(0).await.unwrap();
    let answers = |source: &SourceId| calibration.of(source).answers;
    assert_eq!(
        (
            calibration.pooled().answers,
            answers(&one),
            answers(&other),
            answers(&place)
        ),
        (4, 3, 1, 0)
    );
    let chance = |source: &SourceId| calibration.of(source).curve.probability(0.62, 0.6);
    assert!(chance(&one) < chance(&other), "{calibration:?}");
    // The newest first, and nothing from before.
    assert_eq!(ledger.learn(0, 2).await.unwrap().pooled().answers, 2);
    assert_eq!(
        learnt(clock::now() + 60_000)
            .await
            .unwrap()
            .pooled()
            .answers,
        0
    );
}

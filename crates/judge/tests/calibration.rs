//! What is learnt from validators' answers, and what is not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use judge::{Calibration, Estimate, Observation};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};

const THRESHOLD: f64 = 0.6;

fn answer(score: f64, accepted: bool) -> Observation {
    Observation {
        score,
        threshold: THRESHOLD,
        accepted,
    }
}

fn learnt(answers: &[Observation]) -> Estimate {
    Calibration::learn(answers.iter().map(|&answer| ("v", answer))).of(&"v")
}

fn probability(estimate: Estimate, score: f64) -> f64 {
    estimate.curve.probability(score, THRESHOLD)
}

/// `count` answers of a validator that accepts from `line` on, to scores from 0.4 to 0.8.
fn strict(count: usize, line: f64) -> Vec<Observation> {
    (0..count)
        .map(|index| 0.4 + 0.4 * (index as f64 * 0.618_033_988_75).fract())
        .map(|score| answer(score, score >= line))
        .collect()
}

#[test]
fn nothing_is_known_before_the_first_answer() {
    let unknown = Calibration::<&str>::learn([]).of(&"v");
    assert_eq!(unknown, Estimate::default());
    assert_eq!(probability(unknown, THRESHOLD), 0.5);
    // Even odds, which 2q / (1 + 2q) gives for an even share: the validator's own threshold.
    assert_eq!(unknown.accepted_share, 0.5);
    assert_eq!(unknown.curve.score_at(0.5, THRESHOLD), Some(THRESHOLD));
}

#[test]
fn a_stricter_validator_is_found_out() {
    let strict = learnt(&strict(200, 0.66));
    let line = strict.curve.score_at(0.5, THRESHOLD).unwrap();
    assert!((line - 0.66).abs() < 0.01, "{line}");
    assert!(
        probability(strict, 0.60) < 0.1 && probability(strict, 0.72) > 0.9,
        "{strict:?}"
    );
}

#[test]
fn what_all_validators_do_is_expected_of_a_new_one() {
    let answers = ["a", "b", "c"].into_iter().flat_map(|validator| {
        strict(60, 0.66)
            .into_iter()
            .map(move |answer| (validator, answer))
    });
    let calibration = Calibration::learn(answers);
    let new = calibration.of(&"new");
    assert_eq!((new.answers, new.curve), (0, calibration.pooled().curve));
    assert!(probability(new, 0.62) < 0.3, "{new:?}");
}

#[test]
fn a_validator_leaves_the_others_behind_as_it_answers() {
    let others: Vec<(&str, Observation)> = strict(300, THRESHOLD)
        .into_iter()
        .map(|answer| ("others", answer))
        .collect();
    let of = |count: usize| {
        let own = strict(count, 0.70)
            .into_iter()
            .map(|answer| ("odd", answer));
        Calibration::learn(others.iter().copied().chain(own))
            .of(&"odd")
            .curve
            .score_at(0.5, THRESHOLD)
            .unwrap()
    };
    let lines: Vec<f64> = [0, 3, 10, 30, 100, 300].map(of).to_vec();
    assert!(
        lines.windows(2).all(|pair| pair[0] < pair[1] + 1e-9),
        "{lines:?}"
    );
    assert!((lines[0] - THRESHOLD).abs() < 0.02, "{lines:?}");
    assert!((lines[5] - 0.70).abs() < 0.02, "{lines:?}");
}

#[test]
fn contradictions_flatten_the_curve_and_never_turn_it() {
    let against: Vec<Observation> = strict(200, THRESHOLD)
        .into_iter()
        .map(|seen| answer(seen.score, !seen.accepted))
        .collect();
    let estimate = learnt(&against);
    let chances: Vec<f64> = (0..=10)
        .map(|tenths| probability(estimate, f64::from(tenths) / 10.0))
        .collect();
    assert!(
        chances.windows(2).all(|pair| pair[0] <= pair[1]),
        "{chances:?}"
    );
    assert!(
        chances.iter().all(|chance| (0.2..0.8).contains(chance)),
        "{chances:?}"
    );
}

#[test]
fn what_is_no_number_teaches_nothing() {
    let mut answers = strict(20, THRESHOLD);
    let before = learnt(&answers);
    answers.extend([answer(f64::NAN, true), answer(f64::INFINITY, false)]);
    answers.push(Observation {
        score: 0.5,
        threshold: f64::NAN,
        accepted: true,
    });
    assert_eq!(learnt(&answers), before);
    assert_eq!(before.curve.probability(f64::NAN, THRESHOLD), 0.0);
}

/// Logistic regression with a ridge, by SciPy (`goldens/calibration.py`).
#[test]
fn the_curve_is_that_of_ridge_regression() {
    let text = include_str!("data/calibration.json");
    let cases: Vec<serde_json::Value> = serde_json::from_str(text).unwrap();
    for case in cases {
        let list = |name: &str| -> Vec<f64> { serde_json::from_value(case[name].clone()).unwrap() };
        let answers: Vec<Observation> = list("scores")
            .into_iter()
            .zip(list("accepted"))
            .map(|(score, accepted)| answer(score, accepted > 0.5))
            .collect();
        let estimate = Calibration::learn(answers.into_iter().map(|answer| (0, answer))).pooled();
        for (at, expected) in list("at").into_iter().zip(list("probability")) {
            let found = probability(estimate, at);
            assert!(
                (found - expected).abs() < 1e-6,
                "{at}: {found} where {expected} is expected"
            );
        }
    }
}

fn answers() -> impl Strategy<Value = Vec<Observation>> {
    vec((0.0..1.0_f64, any::<bool>()), 0..60).prop_map(|pairs| {
        pairs
            .into_iter()
            .map(|(score, accepted)| answer(score, accepted))
            .collect()
    })
}

proptest! {
    #[test]
    fn a_better_score_is_never_less_likely(answers in answers(), one in 0.0..1.0_f64, other in 0.0..1.0_f64) {
        let estimate = learnt(&answers);
        let (low, high) = (probability(estimate, one.min(other)), probability(estimate, one.max(other)));
        prop_assert!(low <= high, "{low} > {high}");
        prop_assert!((0.0..=1.0).contains(&low) && (0.0..=1.0).contains(&high));
        prop_assert!((0.0..1.0).contains(&estimate.accepted_share));
    }

    #[test]
    fn the_order_of_answers_means_nothing(answers in answers(), turn in 0..60_usize) {
        let mut turned = answers.clone();
        let by = turn.min(turned.len());
        turned.rotate_left(by);
        turned.reverse();
        prop_assert_eq!(learnt(&answers), learnt(&turned));
    }

    #[test]
    fn a_rejection_never_raises_hope(answers in answers(), score in 0.0..1.0_f64) {
        let before = learnt(&answers);
        let with = |accepted| learnt(&[&answers[..], &[answer(score, accepted)]].concat());
        let (rejected, accepted) = (probability(with(false), score), probability(with(true), score));
        prop_assert!(rejected <= probability(before, score) + 1e-9);
        prop_assert!(accepted >= probability(before, score) - 1e-9);
    }

    #[test]
    fn a_line_is_where_its_probability_is(answers in answers(), wanted in 0.05..0.95_f64) {
        let curve = learnt(&answers).curve;
        match curve.score_at(wanted, THRESHOLD) {
            Some(0.0) => prop_assert!(curve.probability(0.0, THRESHOLD) >= wanted - 1e-9),
            Some(line) => prop_assert!((curve.probability(line, THRESHOLD) - wanted).abs() < 1e-6),
            None => prop_assert!(curve.probability(1.0, THRESHOLD) < wanted + 1e-9),
        }
    }
}

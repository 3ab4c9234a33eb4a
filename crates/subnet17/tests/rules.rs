//! The validator's side, row by row, with explicit clocks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use subnet17::{PullOutcome, Rules, Ruling, Standing, SubmitOutcome, Task};

const RULES: Rules = Rules::PULL_2025;
const START: f64 = 1_000_000.25;

fn task() -> Task {
    Task::text("id", "a red ceramic teapot")
}

fn assigned(at: f64) -> Standing {
    let mut standing = Standing::default();
    standing.assign(task(), at);
    standing
}

fn submit(standing: &mut Standing, now: f64) -> SubmitOutcome {
    standing.on_submit("id", false, |_| true, now, &RULES)
}

/// Submits and has it judged at `now`.
fn judged(standing: &mut Standing, score: f64, now: f64) -> Ruling {
    assert_eq!(submit(standing, now), SubmitOutcome::Judge(task()));
    standing.on_verdict(Some(score), now, &RULES)
}

#[test]
fn a_first_pull_is_free_and_a_second_brings_the_same_task_for_ever() {
    let mut standing = Standing::default();
    assert_eq!(standing.on_pull(START, &RULES), PullOutcome::Free);
    standing.assign(task(), START);
    for later in [0.0, 1.0, 1e6] {
        assert_eq!(
            standing.on_pull(START + later, &RULES),
            PullOutcome::Repeated(task())
        );
    }
    assert_eq!(
        (standing.cooldown_violations, standing.cooldown_until),
        (0, 0)
    );
}

#[test]
fn an_accepted_result_cools_down_by_the_throttle_credit() {
    // Seconds of work, and seconds from assignment to the next pull.
    for (work, cycle) in [
        (0.0, 300),
        (10.0, 300),
        (30.0, 300),
        (31.0, 301),
        (120.0, 390),
    ] {
        let mut standing = assigned(START);
        assert_eq!(
            judged(&mut standing, 0.8, START + work),
            Ruling::Accepted(0.8)
        );
        assert_eq!(
            standing.cooldown_until,
            START as i64 + cycle,
            "{work} s of work"
        );
        assert!(standing.assignment.is_none());
    }
}

#[test]
fn scores_below_the_threshold_cost_the_penalty() {
    let mut standing = assigned(START);
    assert_eq!(
        judged(&mut standing, 0.599, START + 10.0),
        Ruling::Rejected(0.599)
    );
    assert_eq!(standing.cooldown_until, START as i64 + 900);
    assert!(standing.observations.is_empty());
    assert_eq!(
        judged(&mut assigned(START), 0.6, START),
        Ruling::Accepted(0.6)
    );
    assert!(matches!(
        judged(&mut assigned(START), f64::NAN, START),
        Ruling::Rejected(_)
    ));
    assert_eq!(
        judged(&mut assigned(START), 1.7, START),
        Ruling::Accepted(1.0)
    );
}

#[test]
fn a_bad_signature_costs_the_penalty_and_works_off_nothing() {
    let mut standing = assigned(START);
    standing.cooldown_violations = 5;
    let outcome = standing.on_submit("id", false, |_| false, START + 60.0, &RULES);
    assert_eq!(outcome, SubmitOutcome::BadSignature);
    // Slower than the throttle period: now + 900 − 30.
    assert_eq!(standing.cooldown_until, START as i64 + 60 + 870);
    assert_eq!(standing.cooldown_violations, 5);
    assert!(standing.assignment.is_none());
}

#[test]
fn an_empty_result_skips_without_penalty() {
    let mut standing = assigned(START);
    standing.cooldown_violations = 5;
    let outcome = standing.on_submit("id", true, |_| true, START + 5.0, &RULES);
    assert_eq!(outcome, SubmitOutcome::Skipped);
    assert_eq!(standing.cooldown_until, START as i64 + 300);
    assert_eq!(standing.cooldown_violations, 4);
    assert!(standing.observations.is_empty());
}

#[test]
fn a_wrong_task_changes_nothing_and_its_signature_is_not_looked_at() {
    let mut standing = assigned(START);
    let before = standing.clone();
    let unasked = |_: &Task| panic!("not asked for a wrong task");
    let outcome = standing.on_submit("other", false, unasked, START, &RULES);
    assert_eq!((outcome, standing), (SubmitOutcome::WrongTask, before));
    let mut idle = Standing {
        cooldown_until: 77,
        ..Standing::default()
    };
    assert_eq!(submit(&mut idle, START), SubmitOutcome::WrongTask);
    assert_eq!(idle.cooldown_until, 77);
    assert!(idle.blocks_submission() && !assigned(START).blocks_submission());
    let feedback = idle.feedback(None, 1500.0, START, &RULES);
    assert_eq!(
        (feedback.task_fidelity_score, feedback.validation_failed),
        (0.0, false)
    );
}

#[test]
fn the_validation_lock_holds_for_30_seconds_and_outlives_the_judging() {
    let mut standing = assigned(START);
    assert_eq!(submit(&mut standing, START), SubmitOutcome::Judge(task()));
    assert_eq!(submit(&mut standing, START + 29.7), SubmitOutcome::Locked);
    assert!(standing.assignment.is_some());
    // The lock ends on a whole second.
    assert_eq!(
        submit(&mut standing, START + 29.75),
        SubmitOutcome::Judge(task())
    );

    let mut standing = assigned(START);
    judged(&mut standing, 0.9, START);
    standing.assign(task(), START + 1.0);
    assert_eq!(submit(&mut standing, START + 2.0), SubmitOutcome::Locked);
}

#[test]
fn a_locked_submission_still_works_off_a_violation() {
    let mut standing = assigned(START);
    standing.cooldown_violations = 2;
    submit(&mut standing, START);
    assert_eq!(submit(&mut standing, START + 1.0), SubmitOutcome::Locked);
    assert_eq!(standing.cooldown_violations, 0);
}

#[test]
fn a_result_within_270_seconds_of_an_accepted_one_is_ignored() {
    let mut standing = assigned(START);
    judged(&mut standing, 0.9, START);
    standing.assign(task(), START + 1.0);
    assert_eq!(judged(&mut standing, 0.9, START + 269.0), Ruling::TooSoon);
    assert!(standing.assignment.is_some());
    assert_eq!(standing.observations.len(), 1);
    assert_eq!(
        judged(&mut standing, 0.9, START + 300.0),
        Ruling::Accepted(0.9)
    );
}

#[test]
fn a_failed_scorer_costs_the_normal_cooldown_and_shows_in_the_feedback() {
    let mut standing = assigned(START);
    submit(&mut standing, START + 3.0);
    let ruling = standing.on_verdict(None, START + 4.0, &RULES);
    assert_eq!(ruling, Ruling::ScorerFailed);
    assert_eq!(standing.cooldown_until, START as i64 + 300);
    assert!(
        standing
            .feedback(Some(ruling), 1500.0, START, &RULES)
            .validation_failed
    );
}

#[test]
fn a_verdict_after_the_task_is_gone_still_cools_down() {
    let mut standing = assigned(START);
    submit(&mut standing, START);
    standing.assignment = None;
    standing.on_verdict(Some(0.1), START + 40.9, &RULES);
    // Without an assignment there is no credit, and the clock is truncated first.
    assert_eq!(standing.cooldown_until, (START + 40.9) as i64 + 900);
}

#[test]
fn early_pulls_are_counted_and_after_a_hundred_they_cost_ten_seconds_each() {
    let mut standing = Standing {
        cooldown_until: 2_000_000,
        ..Standing::default()
    };
    for count in 1..=100 {
        assert_eq!(standing.on_pull(START, &RULES), PullOutcome::OnCooldown);
        assert_eq!(standing.cooldown_violations, count);
    }
    assert_eq!(standing.cooldown_until, 2_000_000);
    standing.on_pull(START, &RULES);
    standing.on_pull(START, &RULES);
    assert_eq!(
        (standing.cooldown_violations, standing.cooldown_until),
        (102, 2_000_020)
    );
}

#[test]
fn the_cooldown_ends_on_its_second() {
    let mut standing = Standing {
        cooldown_until: 1_000_000,
        ..Standing::default()
    };
    assert_eq!(
        standing.on_pull(999_999.999, &RULES),
        PullOutcome::OnCooldown
    );
    assert_eq!(standing.on_pull(1_000_000.0, &RULES), PullOutcome::Free);
    // Even a task already assigned is not told while cooling down.
    let mut standing = assigned(START);
    standing.cooldown_until = START as i64 + 10;
    assert_eq!(standing.on_pull(START, &RULES), PullOutcome::OnCooldown);
}

#[test]
fn feedback_counts_four_hours_and_averages_by_a_twentieth() {
    let mut standing = assigned(START);
    let ruling = judged(&mut standing, 0.8, START);
    let feedback = standing.feedback(Some(ruling), 1510.5, START, &RULES);
    assert_eq!(feedback.task_fidelity_score, 0.8);
    assert!((feedback.average_fidelity_score - 0.99).abs() < 1e-12);
    assert_eq!(feedback.generations_within_the_window, 1);
    assert_eq!(feedback.current_duel_rating, 1510.5);
    assert_eq!(feedback.current_miner_reward, 1510.5);
    let window = 4.0 * 3600.0;
    let count = |standing: &mut Standing, now| {
        standing
            .feedback(None, 1500.0, now, &RULES)
            .generations_within_the_window
    };
    assert_eq!(count(&mut standing, START + window - 1.0), 1);
    assert_eq!(count(&mut standing, START + window), 0);
}

#[test]
fn a_rejected_result_is_told_no_score() {
    let mut standing = assigned(START);
    let ruling = judged(&mut standing, 0.5, START);
    assert_eq!(
        standing
            .feedback(Some(ruling), 1500.0, START, &RULES)
            .task_fidelity_score,
        0.0
    );
}

#[test]
fn the_rules_hold_at_another_speed() {
    let fast = RULES.sped_up(20.0);
    let mut standing = assigned(START);
    standing.on_submit("id", false, |_| true, START + 1.0, &fast);
    standing.on_verdict(Some(0.9), START + 1.0, &fast);
    assert_eq!(standing.cooldown_until, START as i64 + 15);
    let mut standing = Standing {
        cooldown_until: 2_000_000,
        cooldown_violations: 100,
        ..Standing::default()
    };
    standing.on_pull(START, &fast);
    assert_eq!(
        standing.cooldown_until, 2_000_001,
        "half a second still counts as one"
    );
}

#[test]
fn a_clock_that_is_set_takes_all_moments_with_it() {
    let mut standing = assigned(START);
    judged(&mut standing, 0.8, START + 10.0);
    standing.assign(task(), START + 400.0);
    let (mut ahead, untouched) = (standing.clone(), Standing::default());
    ahead.set_clock(50);
    let told = |standing: &mut Standing, now| {
        let outcome = standing.on_pull(now, &RULES);
        let submitted = submit(standing, now);
        let ruling = standing.on_verdict(Some(0.9), now, &RULES);
        let feedback = standing.feedback(Some(ruling), 1500.0, now, &RULES);
        (outcome, submitted, ruling, feedback)
    };
    let (now, then) = (START + 420.0, START + 470.0);
    assert_eq!(told(&mut ahead, then), told(&mut standing, now));
    assert_eq!(ahead.cooldown_until, standing.cooldown_until + 50);
    let mut fresh = untouched.clone();
    fresh.set_clock(-50);
    assert_eq!((fresh.cooldown_until, fresh.last_accepted), (0, 0));
}

proptest! {
    /// A miner that pulls when told to never violates, whatever it submits, and the rules never panic.
    #[test]
    fn a_patient_miner_never_violates(
        steps in proptest::collection::vec((0u8..5, 0.0f64..400.0, any::<f64>()), 1..60),
        speed in 0.5f64..100.0,
    ) {
        let rules = RULES.sped_up(speed);
        let (mut standing, mut now) = (Standing::default(), START);
        for (action, wait, score) in steps {
            now = now.max(Rules::earliest_pull(standing.cooldown_until, 0.0));
            match standing.on_pull(now, &rules) {
                PullOutcome::OnCooldown => prop_assert!(false, "pulled too early"),
                PullOutcome::Repeated(_) => {}
                PullOutcome::Free => standing.assign(task(), now),
            }
            now += wait;
            let outcome = standing.on_submit("id", action == 0, |_| action != 1, now, &rules);
            if let SubmitOutcome::Judge(_) = outcome {
                let ruling = standing.on_verdict((action != 2).then_some(score), now, &rules);
                standing.feedback(Some(ruling), 1500.0, now, &rules);
            }
            let told = standing.cooldown_until as f64;
            prop_assert!(told <= rules.in_doubt_until(now) + 1.0);
        }
        prop_assert_eq!(standing.cooldown_violations, 0);
    }

    /// A miner that heard nothing of its answer, and asks when nothing can come of it any more, violates
    /// nothing and answers nothing twice: whenever within its time the validator took the answer up, and
    /// however long it was at it.
    #[test]
    fn a_miner_that_waits_out_its_doubt_never_violates(
        taken_up in 0.0f64..=1.0,
        judging in 0.0f64..=1.0,
        score in proptest::option::of(0.0f64..1.0),
        heard_nothing_for in 0.0f64..=300.0,
        speed in 0.5f64..100.0,
    ) {
        let rules = RULES.sped_up(speed);
        let mut standing = assigned(START);
        let gave_up = START + heard_nothing_for;
        let taken_up = START + taken_up * heard_nothing_for;
        let ruled = taken_up + judging * rules.longest_validation.as_secs_f64();
        let outcome = standing.on_submit("id", false, |_| true, taken_up, &rules);
        prop_assert!(matches!(outcome, SubmitOutcome::Judge(_)));
        let asks = rules.in_doubt_until(rules.ruled_by(gave_up));
        prop_assert!(ruled <= asks, "it is not judged twice at once");
        standing.on_verdict(score, ruled, &rules);
        prop_assert_eq!(standing.on_pull(asks, &rules), PullOutcome::Free);
    }
}

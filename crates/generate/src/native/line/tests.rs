//! What the line promises, one thing at a time.

use super::*;

const REST: Duration = Duration::from_secs(1);

fn line(devices: usize) -> (Line, Instant) {
    (Line::new(devices, REST), Instant::now())
}

fn take(line: &mut Line, device: usize, now: Instant) -> Option<Ticket> {
    line.take(device, now, Duration::ZERO, |_, _| Readiness::Ready)
}

fn name(ticket: Option<Ticket>) -> Option<(u64, u32)> {
    ticket.map(|ticket| (ticket.job, ticket.number))
}

#[test]
fn requests_take_turns() {
    let (mut line, now) = line(1);
    line.push(1, 3, None);
    line.push(2, 1, None);
    line.push(3, 2, None);
    let order: Vec<_> = std::iter::from_fn(|| name(take(&mut line, 0, now))).collect();
    assert_eq!(order, [(1, 0), (2, 0), (3, 0), (1, 1), (3, 1), (1, 2)]);
}

#[test]
fn who_comes_while_a_candidate_is_made_is_next() {
    let (mut line, now) = line(1);
    line.push(1, 3, None);
    let ticket = take(&mut line, 0, now).expect("work");
    line.push(2, 1, None);
    line.finished(0, &ticket);
    assert_eq!(name(take(&mut line, 0, now)), Some((2, 0)));
    assert_eq!(name(take(&mut line, 0, now)), Some((1, 1)));
}

#[test]
fn a_stream_of_newcomers_starves_nobody() {
    let (mut line, now) = line(1);
    line.push(0, 4, None);
    let mut served = 0;
    for newcomer in 1..=8 {
        line.push(newcomer, 1, None);
        let ticket = take(&mut line, 0, now).expect("work");
        served += u32::from(ticket.job == 0);
        line.finished(0, &ticket);
    }
    assert!(served >= 3, "{served} of 4 candidates");
}

#[test]
fn idle_devices_help_with_one_request() {
    let (mut line, now) = line(3);
    line.push(7, 3, None);
    let numbers: Vec<_> = (0..3)
        .map(|device| name(take(&mut line, device, now)))
        .collect();
    assert_eq!(numbers, [Some((7, 0)), Some((7, 1)), Some((7, 2))]);
    assert_eq!(take(&mut line, 0, now), None);
    assert!(line.holds(7), "in work");
}

#[test]
fn only_the_first_candidate_is_begun_whatever_the_time() {
    let (mut line, now) = line(1);
    let deadline = now + Duration::from_secs(10);
    line.push(1, 9, Some(deadline));
    let late = now + Duration::from_secs(11);
    let ticket = take(&mut line, 0, late).expect("the first");
    line.finished(0, &ticket);
    assert_eq!(take(&mut line, 0, late), None);
    assert!(!line.holds(1));
}

#[test]
fn a_candidate_that_would_be_late_is_not_begun() {
    let (mut line, now) = line(1);
    line.push(1, 9, Some(now + Duration::from_secs(10)));
    let ticket = take(&mut line, 0, now).expect("the first");
    line.finished(0, &ticket);
    let in_time = line.take(0, now, Duration::from_secs(10), |_, _| Readiness::Ready);
    assert!(in_time.is_some());
    let late = line.take(0, now, Duration::from_secs(11), |_, _| Readiness::Ready);
    assert_eq!(late, None);
}

#[test]
fn what_failed_goes_to_another_device_first_of_all() {
    let (mut line, now) = line(2);
    line.push(1, 1, None);
    line.push(2, 1, None);
    let ticket = take(&mut line, 0, now).expect("work");
    assert_eq!(line.failed(0, ticket, now), Fate::Again);
    assert_eq!(take(&mut line, 0, now), None, "it rests");
    assert_eq!(name(take(&mut line, 1, now)), Some((1, 0)));
    assert_eq!(name(take(&mut line, 1, now)), Some((2, 0)));
}

#[test]
fn the_only_device_tries_again_itself() {
    let (mut line, now) = line(1);
    line.push(1, 1, None);
    let mut at = now;
    for attempt in 1..=MOST_ATTEMPTS {
        let ticket = take(&mut line, 0, at).expect("work");
        let fate = line.failed(0, ticket, at);
        let last = attempt == MOST_ATTEMPTS;
        assert_eq!(fate, if last { Fate::GivenUp } else { Fate::Again });
        at += REST;
    }
}

#[test]
fn a_poisonous_request_does_not_send_devices_to_sleep() {
    let (mut line, now) = line(1);
    line.push(1, 1, None);
    let mut at = now;
    while let Some(ticket) = take(&mut line, 0, at) {
        line.failed(0, ticket, at);
        at = line.rests_until(0, at).expect("rests");
    }
    assert!(at - now <= REST * MOST_ATTEMPTS, "{:?}", at - now);
}

#[test]
fn a_sick_device_rests_longer_each_time_and_recovers() {
    let (mut line, mut at) = line(2);
    let mut rests = Vec::new();
    for job in 0..8 {
        line.push(job, 1, None);
        let ticket = take(&mut line, 0, at).expect("work");
        line.failed(0, ticket, at);
        let until = line.rests_until(0, at).expect("rests");
        rests.push((until - at).as_secs());
        at = until;
        line.withdraw(job);
    }
    assert_eq!(rests, [1, 2, 4, 8, 16, 32, 60, 60]);
    line.push(9, 1, None);
    let ticket = take(&mut line, 0, at).expect("work");
    line.finished(0, &ticket);
    line.push(10, 1, None);
    let ticket = take(&mut line, 0, at).expect("work");
    line.failed(0, ticket, at);
    assert_eq!(line.rests_until(0, at), Some(at + REST));
}

#[test]
fn where_no_device_is_left_nothing_waits_for_one() {
    let (mut line, now) = line(1);
    line.push(1, 1, None);
    let ticket = take(&mut line, 0, now).expect("work");
    line.gone(0);
    assert!(!line.has_devices());
    assert_eq!(line.failed(0, ticket, now), Fate::GivenUp);
}

#[test]
fn the_unready_are_passed_over_and_the_abandoned_leave() {
    let (mut line, now) = line(1);
    for job in 1..=3 {
        line.push(job, 1, None);
    }
    let readiness = |job, _| match job {
        1 => Readiness::Held,
        2 => Readiness::Abandoned,
        _ => Readiness::Ready,
    };
    let ticket = line.take(0, now, Duration::ZERO, readiness);
    assert_eq!(name(ticket), Some((3, 0)));
    assert_eq!([1, 2, 3].map(|job| line.holds(job)), [true, false, true]);
}

//! The miner against the Python SDK's own axons, each with a trouble of its own: every status an axon
//! answers with, in every way it comes about, and what the line adds to that. One table says what the
//! SDK answers, what our client makes of it, and what the miner does.
//!
//! Runs where `SPLATSMITH_INTEROP_PYTHON` names a Python with `tests/interop/requirements.txt`. The
//! troubles are made by `tests/interop/troubles.py`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub
)]

mod axons;
#[path = "../support/mod.rs"]
#[allow(dead_code, unused_imports)]
mod support;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axons::{Axon, Axons, python};
use generate::Generator;
use miner::{Event, EventSender, Limit, MinerConfig, Outcome, Stamped};
use support::{Instant, Rig};
use tokio_util::sync::CancellationToken;

/// How long what has to come is waited for, such as Python's import of the SDK.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// What the miner does about a call that failed.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Then {
    /// Nothing failed.
    Fine,
    /// Calls again at once.
    Now,
    /// Calls again after a pause that grows.
    Later,
    /// Calls again after the longest pause.
    Seldom,
    /// Sends the answer again only if the next pull says that it did not arrive.
    Doubt,
}

/// What the next pull said of an answer in doubt, or the validator of one that arrived.
type End = Option<Outcome>;

struct Row {
    trouble: &'static str,
    /// What the SDK's axon answered; 0 where it was never asked.
    status: u16,
    /// What our client made of that, in part.
    words: &'static str,
    then: Then,
    /// What people are told, in part; empty if nothing.
    alarm: &'static str,
    /// The first calls the axon saw: pulls and submissions.
    calls: &'static str,
    /// How the first task ended; `None` if none was given.
    end: End,
}

#[rustfmt::skip]
const fn row(
    trouble: &'static str, status: u16, words: &'static str, then: Then, alarm: &'static str,
    calls: &'static str, end: End,
) -> Row {
    Row { trouble, status, words, then, alarm, calls, end }
}

const ACCEPTED: End = Some(Outcome::Accepted);
const LOST: End = Some(Outcome::ReplyLost);
const CLOCK: &str = "clock is slow by 60 s";
const SIGNATURE: &str = "refuses our signature";
const NOBODY: &str = "no validator of this subnet";
const LANGUAGE: &str = "does not understand us";
const BANNED: &str = "blacklisted us: we do not like you";
const STRANGER: &str = "blacklisted us: Unrecognized hotkey";
const FAILED: &str = "HTTP 500: Internal Server Error #";

#[rustfmt::skip]
const ROWS: [Row; 51] = [
    // Every other validator's task is an image, so these are text and image.
    row("pull.nothing", 200, "", Then::Fine, "", "PS", ACCEPTED),
    row("pull.nothing", 200, "", Then::Fine, "", "PS", ACCEPTED),
    // Pulls: 200 in its meanings.
    row("pull.200-none", 200, "", Then::Fine, "", "PPS", ACCEPTED),
    row("pull.200-cooldown", 200, "", Then::Fine, "", "PPS", ACCEPTED),
    row("pull.200-unregistered", 200, "", Then::Fine, "hotkey that is not registered", "P", None),
    // Refused before the handler.
    row("pull.307", 307, "answered 307", Then::Seldom, NOBODY, "PPS", ACCEPTED),
    row("pull.400", 400, "error parsing the body", Then::Seldom, LANGUAGE, "PPS", ACCEPTED),
    row("pull.401-old", 401, "Nonce is too old: acceptable delta is", Then::Now, CLOCK, "PPS", ACCEPTED),
    row("pull.401-newer", 401, "a newer one was last processed", Then::Now, "", "PPS", ACCEPTED),
    row("pull.401-signature", 401, "Signature mismatch with", Then::Now, SIGNATURE, "PPS", ACCEPTED),
    row("pull.401-missing", 401, "Missing Nonce", Then::Now, SIGNATURE, "PPS", ACCEPTED),
    row("pull.403-banned", 403, "Key is blacklisted: we do not", Then::Seldom, BANNED, "PPS", ACCEPTED),
    row("pull.403-unknown", 403, "Unrecognized hotkey 5", Then::Seldom, STRANGER, "PPS", ACCEPTED),
    row("pull.404", 404, "'PullTask' not found. Available", Then::Seldom, NOBODY, "PPS", ACCEPTED),
    row("pull.408", 408, "Response timeout after: 20.0s", Then::Later, "", "PPS", ACCEPTED),
    row("pull.422", 422, "json_invalid", Then::Seldom, LANGUAGE, "PPS", ACCEPTED),
    // Failed, in each of its ways.
    row("pull.500-headers", 500, FAILED, Then::Later, "", "PPS", ACCEPTED),
    row("pull.500-hash", 500, FAILED, Then::Later, "", "PPS", ACCEPTED),
    row("pull.500-handler", 500, FAILED, Then::Later, "", "PPS", ACCEPTED),
    row("pull.500-after", 500, FAILED, Then::Later, "", "PPS", ACCEPTED),
    // What the SDK's dendrite calls 408, 503, 400 and 422 without an axon having said so.
    row("pull.timeout", 0, "timed out", Then::Later, "", "PPS", ACCEPTED),
    row("pull.silence", 0, "timed out", Then::Later, "", "PPS", ACCEPTED),
    row("pull.refused", 0, "not sent: ", Then::Later, "", "PS", ACCEPTED),
    row("pull.truncated", 200, "in doubt: ", Then::Later, "", "PPS", ACCEPTED),
    row("pull.not-json", 200, "malformed answer: ", Then::Later, "", "PPS", ACCEPTED),
    row("pull.page", 200, "malformed answer: ", Then::Later, "", "PPS", ACCEPTED),
    // Submissions: 200 in its meanings.
    row("submit.200-ignored", 200, "ignored the answer", Then::Doubt, "", "PSPS", ACCEPTED),
    row("submit.200-failed", 200, "", Then::Fine, "", "PS", Some(Outcome::Unscored)),
    row("submit.200-rejected", 200, "", Then::Fine, "", "PS", Some(Outcome::Rejected)),
    // Refused before the handler: the answer is as good as never sent.
    row("submit.307", 307, "answered 307", Then::Seldom, NOBODY, "PSPS", ACCEPTED),
    row("submit.400", 400, "error parsing the body", Then::Seldom, LANGUAGE, "PSPS", ACCEPTED),
    row("submit.401-old", 401, "Nonce is too old: acceptable delta is", Then::Now, "", "PSS", ACCEPTED),
    row("submit.401-newer", 401, "a newer one was last processed", Then::Now, "", "PSS", ACCEPTED),
    row("submit.401-signature", 401, "Signature mismatch with", Then::Now, "", "PSS", ACCEPTED),
    row("submit.401-missing", 401, "Missing Nonce", Then::Now, "", "PSS", ACCEPTED),
    row("submit.403-unassigned", 403, "while having no task assigned", Then::Later, "", "PSPS", ACCEPTED),
    row("submit.403-banned", 403, "Key is blacklisted: we do not", Then::Later, BANNED, "PSPS", ACCEPTED),
    row("submit.403-unknown", 403, "Unrecognized hotkey 5", Then::Later, STRANGER, "PSPS", ACCEPTED),
    row("submit.404", 404, "not found. Available", Then::Seldom, NOBODY, "PSPS", ACCEPTED),
    row("submit.408", 408, "Response timeout after: 20.0s", Then::Later, "", "PSS", ACCEPTED),
    row("submit.422", 422, "json_invalid", Then::Seldom, LANGUAGE, "PSPS", ACCEPTED),
    // Failed, before anything was done about it.
    row("submit.500-headers", 500, FAILED, Then::Doubt, "", "PSPS", ACCEPTED),
    row("submit.500-required", 500, FAILED, Then::Doubt, "", "PSPS", ACCEPTED),
    row("submit.500-hash", 500, FAILED, Then::Doubt, "", "PSPS", ACCEPTED),
    row("submit.500-field", 500, FAILED, Then::Doubt, "", "PSPS", ACCEPTED),
    row("submit.500-handler", 500, FAILED, Then::Doubt, "", "PSPS", ACCEPTED),
    row("submit.silence", 0, "timed out", Then::Doubt, "", "PSPS", ACCEPTED),
    // Dealt with, but not heard of.
    row("submit.500-after", 500, FAILED, Then::Doubt, "", "PSP", LOST),
    row("submit.timeout", 0, "timed out", Then::Doubt, "", "PSP", LOST),
    row("submit.truncated", 200, "in doubt: ", Then::Doubt, "", "PSP", LOST),
    row("submit.not-json", 200, "malformed answer: ", Then::Doubt, "", "PSP", LOST),
];

/// Mines until every validator that gives tasks has had its answer.
async fn mine(config: MinerConfig, rig: &Rig, axons: &mut Axons) -> Vec<Stamped> {
    let events = EventSender::new(1 << 16);
    let mut listener = events.subscribe();
    let shutdown = CancellationToken::new();
    let potters = || Arc::<Instant>::default() as Arc<dyn Generator>;
    let mining = tokio::spawn(miner::run(
        config,
        Arc::clone(&rig.keypair),
        vec![potters(), potters()],
        None,
        events,
        shutdown.clone(),
    ));
    let mut waiting: BTreeSet<u16> = uids_of(|row| row.end.is_some()).collect();
    let closed = uids_of(|row| row.trouble == "pull.refused").next().unwrap();
    let mut seen = Vec::new();
    let all = async {
        while !waiting.is_empty() {
            let stamped = listener.recv().await.expect("mining goes on");
            match &stamped.event {
                Event::Answered { uid, .. } => {
                    waiting.remove(uid);
                }
                Event::PullFailed { uid, .. } if *uid == closed => axons.open(),
                _ => {}
            }
            seen.push(stamped);
        }
    };
    if tokio::time::timeout(2 * PATIENCE, all).await.is_err() {
        let left: Vec<_> = waiting
            .iter()
            .map(|&uid| ROWS[usize::from(uid)].trouble)
            .collect();
        panic!("no answer taken in time: {left:?}");
    }
    shutdown.cancel();
    mining.await.unwrap().unwrap();
    seen
}

fn uids_of(wanted: impl Fn(&Row) -> bool) -> impl Iterator<Item = u16> {
    let uids = (0u16..).zip(&ROWS);
    uids.filter(move |(_, row)| wanted(row)).map(|(uid, _)| uid)
}

/// The wait before the next attempt after the first failure of a call, in milliseconds, and what was
/// said of it.
fn first_failure(row: &Row, events: &[Stamped]) -> Option<(i64, String)> {
    events.iter().find_map(|stamped| match &stamped.event {
        Event::PullFailed {
            reason,
            retry_at_ms,
            ..
        } if row.trouble.starts_with("pull") => Some((retry_at_ms - stamped.at_ms, reason.clone())),
        Event::SubmitFailed {
            reason,
            retry_at_ms,
            ..
        } => Some((retry_at_ms - stamped.at_ms, reason.clone())),
        Event::InDoubt {
            reason, until_ms, ..
        } => Some((until_ms - stamped.at_ms, reason.clone())),
        _ => None,
    })
}

fn check_events(row: &Row, events: &[Stamped]) {
    let name = row.trouble;
    let in_doubt = events
        .iter()
        .any(|s| matches!(s.event, Event::InDoubt { .. }));
    assert_eq!(in_doubt, row.then == Then::Doubt, "{name}: doubt");
    let failure = first_failure(row, events);
    let (is_pull, wait) = (
        name.starts_with("pull"),
        failure.as_ref().map(|(wait, _)| *wait),
    );
    match (row.then, wait) {
        (Then::Fine, None) | (Then::Doubt, Some(_)) => {}
        // An answer that is signed again and sent at once is no event.
        (Then::Now, None) if !is_pull => {}
        (Then::Now, Some(wait)) if is_pull => assert!(wait <= 0, "{name}: {wait} ms"),
        // A quarter of a second at first, or five.
        (Then::Later, Some(wait)) => assert!((1..2500).contains(&wait), "{name}: {wait} ms"),
        (Then::Seldom, Some(wait)) => assert!(wait > 2500, "{name}: {wait} ms"),
        other => panic!("{name}: {other:?}, {failure:?}"),
    }
    if let Some((_, reason)) = failure {
        assert!(reason.contains(row.words), "{name}: {reason}");
    }
    let alarms = events.iter().filter_map(|stamped| match &stamped.event {
        Event::Alarm { message, .. } => Some(message.as_str()),
        _ => None,
    });
    let alarms: Vec<_> = alarms.collect();
    match row.alarm {
        "" => assert!(alarms.is_empty(), "{name}: {alarms:?}"),
        alarm => assert!(
            alarms.len() == 1 && alarms[0].contains(alarm),
            "{name}: {alarms:?}"
        ),
    }
    let end = events.iter().find_map(|stamped| match &stamped.event {
        Event::Answered { outcome, .. } => Some(*outcome),
        _ => None,
    });
    assert_eq!(end, row.end, "{name}");
}

fn check_axon(row: &Row, axon: &Axon) {
    let name = row.trouble;
    let letters = axon.calls.iter().map(|call| &call.route[..1]);
    let calls: String = letters.collect();
    assert!(calls.starts_with(row.calls), "{name}: {calls}");
    if row.end.is_none() {
        assert_eq!(calls, row.calls, "{name}");
    }
    assert!(axon.flaws.is_empty(), "{name}: {:?}", axon.flaws);
    assert_eq!((axon.early, axon.doubled), (0, 0), "{name}");
    let (_, trouble) = name.split_once('.').unwrap();
    let troubled = axon.calls.iter().find(|call| call.trouble == trouble);
    match (troubled, row.status) {
        // The port was closed: nothing was seen.
        (None, 0) => assert_eq!(trouble, "refused"),
        // The status came when nobody waited any more, if there was one.
        (Some(_), 0) => {}
        (call, status) => assert_eq!(call.and_then(|call| call.status), Some(status), "{name}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_trouble_of_the_sdk_s_axon_is_told_apart_and_healed() {
    let Some(python) = python() else { return };
    let rig = Rig::new(0).await;
    let starting = tokio::task::spawn_blocking(move || {
        let mut axons = Axons::start(&python, ROWS.iter().map(|row| row.trouble));
        let metagraph = axons.metagraph();
        (axons, metagraph)
    });
    let (mut axons, metagraph) = starting.await.unwrap();
    let mut config = MinerConfig {
        metagraph,
        ..rig.config(Limit::Never)
    };
    // The stranger's answer is an hour away, and the rows' "seldom" five seconds.
    config.pull_timeout = Duration::from_secs(20);
    config.submit_timeout = Duration::from_secs(20);
    let events = mine(config, &rig, &mut axons).await;
    let ended = tokio::task::spawn_blocking(move || axons.end());
    let axons = ended.await.unwrap();
    assert_eq!(axons.len(), ROWS.len());
    for (uid, (row, axon)) in (0u16..).zip(ROWS.iter().zip(&axons)) {
        let of_uid: Vec<Stamped> = events
            .iter()
            .filter(|stamped| is_of(stamped, uid))
            .cloned()
            .collect();
        check_axon(row, axon);
        check_events(row, &of_uid);
    }
}

fn is_of(stamped: &Stamped, wanted: u16) -> bool {
    match &stamped.event {
        Event::PullFailed { uid, .. }
        | Event::SubmitFailed { uid, .. }
        | Event::InDoubt { uid, .. }
        | Event::Answered { uid, .. } => *uid == wanted,
        Event::Alarm { uid, .. } => *uid == Some(wanted),
        _ => false,
    }
}

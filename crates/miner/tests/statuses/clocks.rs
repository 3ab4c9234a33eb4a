//! Cooldowns, and clocks that do not agree.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use miner::{Event, Limit, SourceState};

use crate::axon::{cooling, golden};
use crate::{Bench, alarms, count, is_failed_pull};

fn nanos(since: Duration) -> u64 {
    since.as_nanos() as u64
}

#[tokio::test]
async fn a_cooldown_is_waited_out_and_counted_violations_are_told() {
    let bench = Bench::new(vec![golden("pull_cooldown")], vec![]).await;
    let mut run = bench.start(Limit::Never);
    let cooling = run.until("the wait", |event| {
        matches!(
            event,
            Event::Source {
                state: SourceState::Cooling { .. },
                ..
            }
        )
    });
    cooling.await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    run.shutdown.cancel();
    let (summary, _) = run.end().await;
    assert_eq!(bench.axon.routes(), ["PullTask"]);
    assert_eq!(summary.totals.violations, 0, "counted before we met");
}

#[tokio::test]
async fn a_slow_clock_is_made_up_for_at_once_and_told_of() {
    let bench = Bench::new(
        vec![golden("pull_old_nonce"), golden("pull_text_ok")],
        vec![],
    )
    .await;
    let (summary, events) = bench.one().await;
    assert_eq!(summary.totals.accepted, 1);
    assert_eq!(count(&events, is_failed_pull), 1);
    let told = alarms(&events);
    assert!(
        told.len() == 1 && told[0].contains("60 s") && told[0].contains("NTP"),
        "{told:?}"
    );
    let requests = bench.axon.requests();
    let ahead = requests[1].nonce - requests[0].nonce;
    assert!(
        ahead > nanos(Duration::from_secs(60)),
        "dated {ahead} ns ahead"
    );
}

#[tokio::test]
async fn a_cooldown_ends_by_the_validator_s_clock_whichever_way_that_differs() {
    for ahead in [300, -4_i64] {
        let shift = Duration::from_secs(ahead.unsigned_abs());
        let now = SystemTime::now();
        let theirs = if ahead < 0 { now - shift } else { now + shift };
        let until = theirs.duration_since(UNIX_EPOCH).unwrap().as_secs() + 2;
        let bench = Bench::new(vec![cooling(until, theirs)], vec![]).await;
        let run = bench.start(Limit::Never);
        bench.axon.saw(2).await;
        let ours = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        run.shutdown.cancel();
        run.end().await;
        let theirs = ours.as_secs_f64() + ahead as f64;
        assert!(
            theirs >= until as f64,
            "{ahead}: {} s early",
            until as f64 - theirs
        );
        // By our own clock it would have been five minutes.
        assert!(
            theirs < until as f64 + 200.0,
            "{ahead}: {} s late",
            theirs - until as f64
        );
    }
}

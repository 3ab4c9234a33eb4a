//! A gateway behind TLS: worked for where it is trusted, and one clear line where it is not.

use std::time::Duration;

use miner::{Event, GatewayConfig, Limit};
use tls::Anchors;

use super::mock::Gateway;
use super::support::Rig;
use super::tls_support::{Authority, VALID, Years};
use super::{Bench, alarms};

/// A gateway that `authority` calls `name`, and that calls itself `localhost`.
async fn bench(authority: &Authority, name: &str, years: Years) -> Bench {
    let gateway = Gateway::start_behind(authority.server(name, years)).await;
    gateway.order(2);
    Bench {
        rig: Rig::new(0).await,
        gateway,
    }
}

fn trusting(bench: &Bench, anchors: Anchors) -> GatewayConfig {
    let mut config = GatewayConfig::new(&bench.gateway.url()).unwrap();
    assert!(config.is_encrypted());
    config.poll = Duration::from_millis(100);
    config.anchors = anchors;
    config
}

#[tokio::test]
async fn tasks_and_results_go_through_tls() {
    let authority = Authority::new();
    let bench = bench(&authority, "localhost", VALID).await;
    let anchors = Anchors::from_pem(authority.pem().as_bytes()).unwrap();
    let mut config = bench.config(Limit::Tasks(2));
    config.gateway = Some(trusting(&bench, anchors));
    let run = bench
        .rig
        .start_with(config, vec![std::sync::Arc::default()]);
    let (summary, events) = run.end().await;
    bench.gateway.assert_clean();
    assert_eq!(summary.totals.accepted, 2);
    assert_eq!(alarms(&events), Vec::<&str>::new());
}

#[tokio::test]
async fn a_gateway_that_is_not_trusted_gets_nothing_of_ours() {
    let authority = Authority::new();
    let trusted = Anchors::from_pem(authority.pem().as_bytes()).unwrap();
    for (name, years, anchors, expected) in [
        ("localhost", VALID, Anchors::default(), "--gateway.ca"),
        (
            "gateway.example",
            VALID,
            trusted.clone(),
            "is for gateway.example, not for localhost",
        ),
        ("localhost", (2000, 2001), trusted, "has expired"),
    ] {
        let bench = bench(&authority, name, years).await;
        let mut config = bench.config(Limit::Never);
        config.gateway = Some(trusting(&bench, anchors));
        let mut run = bench
            .rig
            .start_with(config, vec![std::sync::Arc::default()]);
        let failed = run
            .until("a failed question", |event| {
                matches!(event, Event::PullFailed { .. })
            })
            .await;
        let Event::PullFailed { reason, .. } = failed else {
            panic!("{failed:?}")
        };
        assert!(reason.starts_with("its certificate "), "{reason}");
        assert!(reason.contains(expected), "{reason}");
        run.kill().await;
        assert_eq!(bench.gateway.seen.lock().unwrap().questions, 0);
    }
}

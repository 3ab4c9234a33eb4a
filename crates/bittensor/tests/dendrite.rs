//! The dendrite against our axon and against peers that misbehave.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bittensor::{CallError, Dendrite, DendriteOptions, Keypair, Target};
use common::{Double, closed_port, double, serve};
use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Bounds a hang, on however slow a machine.
const TIMEOUT: Duration = Duration::from_secs(120);

fn dendrite() -> Dendrite {
    let options = DendriteOptions {
        connect_timeout: TIMEOUT,
        response_limit: 64 << 10,
        ..DendriteOptions::default()
    };
    Dendrite::new(Arc::new(Keypair::generate()), options).unwrap()
}

/// A peer that reads one request per connection and answers it with fixed bytes.
async fn peer(reply: Vec<u8>) -> (Target, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hotkey = Keypair::generate().public();
    let target = Target {
        hotkey,
        address: listener.local_addr().unwrap(),
    };
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&requests);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0u8; 8192];
            if stream.read(&mut head).await.unwrap_or(0) > 0 {
                counter.fetch_add(1, Ordering::SeqCst);
                let _ = stream.write_all(&reply).await;
            }
        }
    });
    (target, requests)
}

fn http(status: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

async fn error_of(reply: Vec<u8>) -> CallError {
    let (target, requests) = peer(reply).await;
    let error = dendrite()
        .call(&target, &double(1, ""), TIMEOUT)
        .await
        .unwrap_err();
    assert_eq!(
        requests.load(Ordering::SeqCst),
        1,
        "a call is never repeated: {error}"
    );
    error
}

#[tokio::test]
async fn prepared_calls_may_go_out_in_another_order() {
    let served = serve(|axon| axon).await;
    let dendrite = dendrite();
    let prepare = |number| {
        let synapse = double(number, "");
        dendrite.prepare(&served.target, &synapse, TIMEOUT).unwrap()
    };
    let (first, second) = (prepare(1), prepare(2));
    let second = dendrite.send(second).await.unwrap().message;
    let first = dendrite.send(first).await.unwrap().message;
    assert_eq!((first.doubled, second.doubled), (Some(2), Some(4)));
}

#[tokio::test]
async fn calls_are_answered_also_all_at_once() {
    let served = serve(|axon| axon).await;
    let dendrite = dendrite();
    let calls = (0..64u64).map(|number| {
        let (dendrite, target) = (&dendrite, &served.target);
        async move {
            dendrite
                .call(target, &double(number, "é\n\""), TIMEOUT)
                .await
        }
    });
    for (number, answer) in join_all(calls).await.into_iter().enumerate() {
        let number = number as u64;
        let doubled = Some(number * 2);
        assert_eq!(
            answer.unwrap(),
            Double {
                doubled,
                ..double(number, "é\n\"")
            }
        );
    }
}

#[tokio::test]
async fn a_call_carries_the_hotkeys_in_headers_and_body() {
    let served = serve(|axon| axon).await;
    let key = Arc::new(Keypair::generate());
    let hotkey = key.public();
    let dendrite = Dendrite::new(key, DendriteOptions::default()).unwrap();
    let answer = dendrite
        .call(&served.target, &double(1, "hotkeys"), TIMEOUT)
        .await
        .unwrap();
    assert_eq!(answer.text, format!("{hotkey} Some(\"{hotkey}\")"));
}

#[tokio::test]
async fn each_call_has_its_own_uuid_and_a_higher_nonce() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hotkey = Keypair::generate().public();
    let target = Target {
        hotkey,
        address: listener.local_addr().unwrap(),
    };
    let seen = tokio::spawn(async move {
        let mut seen = Vec::new();
        for _ in 0..5 {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0u8; 8192];
            let length = stream.read(&mut request).await.unwrap();
            seen.push(String::from_utf8_lossy(&request[..length]).into_owned());
        }
        seen
    });
    let dendrite = dendrite();
    for _ in 0..5 {
        assert!(
            dendrite
                .call(&target, &double(1, ""), TIMEOUT)
                .await
                .unwrap_err()
                .in_doubt()
        );
    }
    let seen = seen.await.unwrap();
    let header = |request: &str, name: &str| {
        let line = request.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_once(": ").unwrap().1.to_owned()
    };
    let nonces: Vec<u64> = seen
        .iter()
        .map(|r| header(r, "bt_header_dendrite_nonce").parse().unwrap())
        .collect();
    assert!(nonces.is_sorted_by(|a, b| a < b), "{nonces:?}");
    let uuids: HashSet<String> = seen
        .iter()
        .map(|r| header(r, "bt_header_dendrite_uuid"))
        .collect();
    assert_eq!(uuids.len(), 5);
    assert_eq!(header(&seen[0], "timeout"), "120.0");
    assert_eq!(header(&seen[0], "bt_header_input_obj_number"), "MA==");
    assert!(seen[0].starts_with("POST /Double HTTP/1.1"));
}

#[tokio::test]
async fn a_closed_port_was_not_sent_to() {
    let (_held, address) = closed_port();
    let hotkey = Keypair::generate().public();
    let target = Target { hotkey, address };
    let error = dendrite()
        .call(&target, &double(1, ""), TIMEOUT)
        .await
        .unwrap_err();
    assert!(matches!(error, CallError::NotSent(_)), "{error}");
    assert!(error.certainly_not_processed());
    assert!(error.to_string().contains("refused"), "{error}");
}

#[tokio::test]
async fn silence_is_doubt() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hotkey = Keypair::generate().public();
    let target = Target {
        hotkey,
        address: listener.local_addr().unwrap(),
    };
    // Where time is up before the call is on its way, there is no doubt: the next has more of it.
    for millis in [200, 1000, 5000, 25_000] {
        let short = Duration::from_millis(millis);
        let call = double(1, "");
        match dendrite().call(&target, &call, short).await.unwrap_err() {
            CallError::InDoubt(_) => return,
            CallError::NotSent(_) => {}
            error => panic!("{error}"),
        }
    }
    panic!("not sent in 25 s");
}

#[tokio::test]
async fn what_breaks_off_is_doubt() {
    let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_vec();
    for reply in [
        Vec::new(),
        b"HTTP/1.1 20".to_vec(),
        b"\xff\xfe\r\n\r\n".to_vec(),
    ] {
        let error = error_of(reply).await;
        assert!(matches!(error, CallError::InDoubt(_)), "{error}");
        assert!(error.may_be_at_it());
    }
    let error = error_of(cut).await;
    assert!(matches!(error, CallError::Failed(_)), "{error}");
    assert!(error.in_doubt() && !error.may_be_at_it());
    let error = error_of(http("503 No", "{\"message\":\"busy\"}")).await;
    assert_eq!(error, CallError::InDoubt("HTTP 503: busy".into()));
}

#[tokio::test]
async fn a_no_is_an_answer() {
    let error = error_of(http("403 No", "{\"message\":\"why\"}")).await;
    assert_eq!(
        error,
        CallError::Answered {
            status: 403,
            message: "why".into()
        }
    );
    let location = b"HTTP/1.1 307 Go\r\nlocation: /Double\r\ncontent-length: 0\r\n\r\n".to_vec();
    let error = error_of(location).await;
    assert_eq!(
        error,
        CallError::Answered {
            status: 307,
            message: String::new()
        }
    );
}

#[tokio::test]
async fn a_yes_without_sense_is_malformed() {
    let endless = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000)).into_bytes();
    let replies = [
        http("200 OK", "not json"),
        http("200 OK", "{}"),
        http("200 OK", "{\"number\":-1,\"text\":\"\"}"),
        http("200 OK", &"x".repeat(100_000)),
        [endless, chunk.clone(), chunk].concat(),
        b"HTTP/1.1 204 Nothing\r\n\r\n".to_vec(),
    ];
    for (case, reply) in replies.into_iter().enumerate() {
        let error = error_of(reply).await;
        assert!(
            matches!(error, CallError::Malformed(_)),
            "case {case}: {error}"
        );
        assert!(error.in_doubt());
    }
}

#[tokio::test]
async fn rehearsed_faults_look_like_real_ones() {
    let served = serve(|axon| axon).await;
    let call = async |text| {
        dendrite()
            .call(&served.target, &double(1, text), TIMEOUT)
            .await
            .unwrap_err()
    };
    assert!(matches!(call("fail").await, CallError::Failed(why) if why.contains("HTTP 500")));
    assert!(matches!(call("instead").await, CallError::Malformed(_)));
    assert!(matches!(call("cut").await, CallError::InDoubt(_)));
}

#[tokio::test]
async fn large_messages_pass_both_ways() {
    let served = serve(|axon| axon).await;
    let dendrite =
        Dendrite::new(Arc::new(Keypair::generate()), DendriteOptions::default()).unwrap();
    let text = "A".repeat(5 << 20);
    let answer = dendrite
        .call(&served.target, &double(4, &text), TIMEOUT)
        .await
        .unwrap();
    assert_eq!((answer.doubled, answer.text.len()), (Some(8), text.len()));
}

//! The axon against requests made by hand: every status, the nonce rules, hostile bytes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bittensor::{Axon, Keypair};
use common::{PATIENCE, Raw, double, exchange, now_nanos, send_and_close, serve, soon};
use proptest::prelude::*;
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};

const SECOND: u64 = 1_000_000_000;

#[tokio::test]
async fn a_signed_request_is_answered_with_the_whole_synapse() {
    let served = serve(|axon| axon).await;
    let key = Keypair::generate();
    let reply = Raw::fresh(&key, &served.target)
        .send(served.target.address)
        .await;
    assert_eq!(reply.status, 200);
    let body: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(
        (&body["name"], &body["doubled"]),
        (&"Double".into(), &42.into())
    );
    assert_eq!(body["axon"]["status_code"], 200);
    assert_eq!(body["axon"]["status_message"], "Success");
    assert_eq!(body["axon"]["hotkey"], served.target.hotkey.to_string());
    assert_eq!(body["dendrite"]["hotkey"], key.public().to_string());
    assert_eq!(reply.header("bt_header_axon_status_code"), Some("200"));
    assert_eq!(reply.header("bt_header_input_obj_text"), Some("IiI="));
    assert_eq!(reply.header("timeout"), Some("12.0"));
}

#[tokio::test]
async fn an_old_first_nonce_is_refused_by_the_window_of_the_timeout() {
    let served = serve(|axon| axon).await;
    let (key, address) = (Keypair::generate(), served.target.address);
    let begun = Instant::now();
    let old = Raw::signed(&key, &served.target, now_nanos() - 60 * SECOND, "u");
    let reply = old.send(address).await;
    let passed = begun.elapsed().as_secs_f64();
    assert_eq!(reply.status, 401);
    let message = reply.message();
    let start = "Not Verified with error: Nonce is too old: acceptable delta is 16.00 seconds but \
                 request was ";
    let age = message.strip_prefix(start).expect(&message);
    let age: f64 = age.strip_suffix(" seconds old").unwrap().parse().unwrap();
    assert!((60.0..60.1 + passed).contains(&age), "{message}");
    assert_eq!(
        reply.header("bt_header_axon_status_message"),
        Some(message.as_str())
    );

    within_the_window(&key, &served.target).await;
    let longer = Raw::signed(&key, &served.target, now_nanos() - 60 * SECOND, "w");
    assert_eq!(
        longer.with("timeout", "300.0").send(address).await.status,
        200
    );
    let before = Raw::signed(&key, &served.target, now_nanos() - 60 * SECOND, "x");
    assert_eq!(
        before
            .with("bt_header_dendrite_version", "7001999")
            .send(address)
            .await
            .status,
        200
    );
}

/// A nonce 15 s old is within the 16 s, where the machine takes less than the second that is left.
async fn within_the_window(key: &Keypair, target: &bittensor::Target) {
    for attempt in 0..60 {
        let begun = Instant::now();
        let fifteen = now_nanos() - 15 * SECOND;
        let raw = Raw::signed(key, target, fifteen, &format!("v{attempt}"));
        let status = raw.send(target.address).await.status;
        if begun.elapsed() < Duration::from_secs(1) {
            return assert_eq!(status, 200);
        }
    }
    panic!("no call within a second");
}

#[tokio::test]
async fn a_nonce_must_rise_for_each_uuid() {
    let served = serve(|axon| axon).await;
    let (key, address, now) = (Keypair::generate(), served.target.address, now_nanos());
    let at = |nonce, uuid: &str| Raw::signed(&key, &served.target, nonce, uuid);
    let replayed = at(now, "u");
    assert_eq!(replayed.send(address).await.status, 200);
    for again in [replayed, at(now - SECOND, "u"), at(now, "u")] {
        let reply = again.send(address).await;
        assert_eq!(reply.status, 401);
        assert_eq!(
            reply.message(),
            "Not Verified with error: Nonce is too old, a newer one was last processed"
        );
    }
    assert_eq!(at(now - SECOND, "v").send(address).await.status, 200);
    // An hour ahead is taken, and then blocks the present.
    assert_eq!(at(now + 3600 * SECOND, "u").send(address).await.status, 200);
    assert_eq!(at(now_nanos(), "u").send(address).await.status, 401);
}

#[tokio::test]
async fn a_refused_signature_does_not_use_the_nonce_up() {
    let served = serve(|axon| axon).await;
    let (key, address, now) = (Keypair::generate(), served.target.address, now_nanos());
    let honest = Raw::signed(&key, &served.target, now, "u");
    let forged = honest
        .clone()
        .with("bt_header_dendrite_nonce", &(now + 1).to_string());
    assert_eq!(forged.send(address).await.status, 401);
    assert_eq!(honest.send(address).await.status, 200);
}

#[tokio::test]
async fn every_flaw_of_a_signature_is_401() {
    let served = serve(|axon| axon).await;
    let (key, address) = (Keypair::generate(), served.target.address);
    let raw = || Raw::fresh(&key, &served.target);
    let signature = "bt_header_dendrite_signature";
    let stripped = raw()
        .headers
        .iter()
        .find(|(n, _)| n == signature)
        .unwrap()
        .1
        .clone()
        .unwrap();
    let mut elsewhere = served.target;
    elsewhere.hotkey = key.public();
    let flawed = [
        raw().without(signature),
        raw().with(signature, stripped.trim_start_matches("0x")),
        raw().with(signature, "0x00"),
        raw().with(signature, &format!("0x{}", "0".repeat(128))),
        raw().with(
            "bt_header_dendrite_hotkey",
            &Keypair::generate().public().to_string(),
        ),
        raw().with("bt_header_dendrite_hotkey", "nobody"),
        raw().without("bt_header_dendrite_hotkey"),
        raw().without("bt_header_dendrite_nonce"),
        raw().without("bt_header_dendrite_uuid"),
        raw().without("computed_body_hash"),
        Raw::fresh(&key, &elsewhere),
    ];
    for (case, raw) in flawed.into_iter().enumerate() {
        let reply = raw.send(address).await;
        assert_eq!(reply.status, 401, "case {case}");
        assert!(
            reply.message().starts_with("Not Verified with error: "),
            "case {case}"
        );
    }
    let reply = Raw::fresh(&key, &elsewhere).send(address).await;
    assert!(
        reply.message().contains("Signature mismatch with "),
        "{}",
        reply.message()
    );
}

#[tokio::test]
async fn a_wrapped_signature_is_accepted() {
    let served = serve(|axon| axon).await;
    let (key, nonce) = (Keypair::generate(), now_nanos());
    let (hotkey, axon) = (key.public(), served.target.hotkey);
    let text = format!(
        "<Bytes>{nonce}.{hotkey}.{axon}.u.{}</Bytes>",
        common::EMPTY_HASH
    );
    let signature = format!("0x{}", hex::encode(key.sign(text.as_bytes())));
    let raw = Raw::signed(&key, &served.target, nonce, "u");
    let wrapped = raw.with("bt_header_dendrite_signature", &signature);
    assert_eq!(wrapped.send(served.target.address).await.status, 200);
}

#[tokio::test]
async fn the_blacklist_comes_before_the_signature() {
    let (barred, other) = (Keypair::generate(), Keypair::generate());
    let hotkey = barred.public();
    let reason = move |key: &bittensor::PublicKey| (*key == hotkey).then(|| "no task".to_owned());
    let served = serve(|axon| axon.blacklist("Double", reason)).await;
    let unsigned = Raw::fresh(&barred, &served.target).with("bt_header_dendrite_signature", "0x00");
    let reply = unsigned.send(served.target.address).await;
    assert_eq!(reply.status, 403);
    assert_eq!(reply.message(), "Forbidden. Key is blacklisted: no task.");
    let reply = Raw::fresh(&other, &served.target)
        .send(served.target.address)
        .await;
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn paths_and_methods() {
    let served = serve(|axon| axon).await;
    let (key, address) = (Keypair::generate(), served.target.address);
    let at = |method, path: &str| {
        let mut raw = Raw::fresh(&key, &served.target);
        (raw.method, raw.path) = (method, path.into());
        raw
    };
    let unknown = at("POST", "/Nope").send(address).await;
    assert_eq!(unknown.status, 404);
    let expected = "Synapse name 'Nope' not found. Available synapses ['Synapse', 'Double']";
    assert_eq!(unknown.message(), expected);
    assert_eq!(unknown.header("name"), Some("Synapse"));
    assert_eq!(at("GET", "/").send(address).await.status, 404);
    // As the SDK, which attaches its handlers to both methods.
    assert_eq!(at("GET", "/Double").send(address).await.status, 200);
    assert_eq!(at("PUT", "/Double").send(address).await.status, 405);
    assert_eq!(at("POST", "/Double/more").send(address).await.status, 404);
    let slash = at("POST", "/Double/").send(address).await;
    assert_eq!((slash.status, slash.body.as_str()), (307, ""));
    assert_eq!(slash.header("location"), Some("http://axon/Double"));
    assert_eq!(at("POST", "/Synapse").send(address).await.status, 200);
}

#[tokio::test]
async fn bodies_and_headers_that_cannot_be_read() {
    let served = serve(|axon| axon.body_limit(4096)).await;
    let (key, address) = (Keypair::generate(), served.target.address);
    let raw = || Raw::fresh(&key, &served.target);
    let internal = [
        raw().without("bt_header_input_obj_number"),
        raw().with("bt_header_input_obj_number", "IiI="),
        raw().with("bt_header_input_obj_number", "%%%"),
        raw().with("bt_header_dendrite_nonce", "soon"),
        raw().with("bt_header_dendrite_version", "-1"),
        raw().with("timeout", "nan"),
        raw().body(""),
        raw().body("{}"),
        raw().body(r#"{"number":"many","text":""}"#),
        raw().body("[1,2]"),
        raw().body(r#"{"number":1,"text":"fail"}"#),
        raw().body(r#"{"number":1,"text":"","dendrite":{"nonce":{}}}"#),
    ];
    for (case, raw) in internal.into_iter().enumerate() {
        let reply = raw.send(address).await;
        assert_eq!(reply.status, 500, "case {case}");
        assert!(
            reply.message().starts_with("Internal Server Error #"),
            "case {case}"
        );
        assert!(!reply.body.contains("as asked"), "the reason stays inside");
    }
    assert_eq!(raw().body("{\"number\":").send(address).await.status, 422);
    assert_eq!(
        raw().body([0x1f, 0x8b, 0xff]).send(address).await.status,
        400
    );
    assert_eq!(raw().body(vec![b' '; 5000]).send(address).await.status, 413);
}

#[tokio::test]
async fn a_body_hash_of_something_is_refused_after_verification() {
    let served = serve(|axon| axon).await;
    let (key, nonce) = (Keypair::generate(), now_nanos());
    let text = format!("{nonce}.{}.{}.u.00", key.public(), served.target.hotkey);
    let raw = Raw::signed(&key, &served.target, nonce, "u")
        .with("computed_body_hash", "00")
        .with(
            "bt_header_dendrite_signature",
            &format!("0x{}", hex::encode(key.sign(text.as_bytes()))),
        );
    assert_eq!(raw.send(served.target.address).await.status, 500);
}

#[tokio::test]
async fn the_body_may_claim_another_hotkey_and_the_handler_learns_both() {
    let served = serve(|axon| axon).await;
    let (key, other) = (Keypair::generate(), Keypair::generate().public());
    let body = format!(r#"{{"number":1,"text":"hotkeys","dendrite":{{"hotkey":"{other}"}}}}"#);
    let reply = Raw::fresh(&key, &served.target)
        .body(body)
        .send(served.target.address)
        .await;
    assert!(
        reply
            .body
            .contains(&format!("{} Some(\\\"{other}\\\")", key.public())),
        "{}",
        reply.body
    );
}

/// A handler in the hand of a test.
struct Hand {
    begun: mpsc::UnboundedReceiver<u64>,
    go: Arc<Notify>,
    done: mpsc::UnboundedReceiver<u64>,
}

/// Has calls wait for the test's word.
fn in_hand(axon: Axon) -> (Axon, Hand) {
    let (begins, begun) = mpsc::unbounded_channel();
    let (ends, done) = mpsc::unbounded_channel();
    let go = Arc::new(Notify::new());
    let told = Arc::clone(&go);
    let axon = axon.route(move |_, call: common::Double| {
        let (begins, ends, told) = (begins.clone(), ends.clone(), Arc::clone(&told));
        async move {
            begins.send(call.number).unwrap();
            told.notified().await;
            ends.send(call.number).unwrap();
            Ok(call)
        }
    });
    (axon, Hand { begun, go, done })
}

#[tokio::test]
async fn shutdown_lets_calls_end_or_cuts_them_off() {
    for (grace, ends_well) in [(PATIENCE, true), (Duration::ZERO, false)] {
        let mut hand = None;
        let served = serve(|axon| {
            let (axon, held) = in_hand(axon);
            hand = Some(held);
            axon.grace(grace)
        })
        .await;
        let mut hand = hand.unwrap();
        let raw = Raw::fresh(&Keypair::generate(), &served.target);
        let address = served.target.address;
        let call = tokio::spawn(async move { exchange(address, &raw.bytes()).await });
        assert_eq!(soon(hand.begun.recv()).await, Some(21));
        served.shutdown.cancel();
        // Nobody else is let in: it is shutting down.
        soon(async { while TcpStream::connect(address).await.is_ok() {} }).await;
        if ends_well {
            hand.go.notify_one();
        }
        soon(served.task).await.unwrap().unwrap();
        assert_eq!(!soon(call).await.unwrap().is_empty(), ends_well);
        assert_eq!(hand.done.recv().await, ends_well.then_some(21));
    }
}

#[tokio::test]
async fn a_caller_that_hangs_up_does_not_stop_the_handler() {
    let mut hand = None;
    let served = serve(|axon| {
        let (axon, held) = in_hand(axon);
        hand = Some(held);
        axon
    })
    .await;
    let mut hand = hand.unwrap();
    let raw = Raw::fresh(&Keypair::generate(), &served.target);
    let body = serde_json::to_vec(&double(7, "")).unwrap();
    let call = raw.body(body).bytes();
    let heard = soon(send_and_close(served.target.address, &call)).await;
    assert!(heard.is_empty());
    hand.go.notify_one();
    assert_eq!(soon(hand.done.recv()).await, Some(7));
}

#[test]
fn no_bytes_bring_an_axon_down() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let served = runtime.block_on(serve(|axon| axon.body_timeout(Duration::from_millis(200))));
    let key = Keypair::generate();
    let valid = Raw::fresh(&key, &served.target).bytes();
    let address = served.target.address;
    proptest!(ProptestConfig::with_cases(64), |(
        noise in proptest::collection::vec(any::<u8>(), 0..400),
        cut in 0..valid.len(),
        at in 0..valid.len(),
        flip in any::<u8>(),
    )| {
        let mut bent = valid.clone();
        bent[at] ^= flip;
        runtime.block_on(async {
            send_and_close(address, &noise).await;
            send_and_close(address, &valid[..cut]).await;
            send_and_close(address, &bent).await;
        });
    });
    let reply = runtime.block_on(Raw::fresh(&key, &served.target).send(address));
    assert_eq!(reply.status, 200);
}

//! Requests and replies captured between the real dendrite and the real axon (SDK 9.9.0): their
//! signatures verify, their replies parse, and our axon answers the same requests in the same way.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bittensor::{Axon, Caller, HandlerError, Keypair, PublicKey};
use serde_json::Value;
use subnet17::{Feedback, PullTask, SubmitResults, Task, licence};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// The well-known development seeds.
const ALICE: &str = "e5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a";
const BOB: &str = "398f0c28f98885e046333d4a41c19cee4c37368a9832c6502f6cfd182e2aef89";
const TASK_ID: &str = "3f0c1c9e-0000-4000-8000-000000000017";
const PROMPT: &str = "a red ceramic teapot, émaillé";
const IMAGE: &str = "iVBORw0KGgpub3QtYS1yZWFsLWltYWdl";

fn key(seed: &str) -> Keypair {
    let mut bytes = [0u8; 32];
    hex::decode_to_slice(seed, &mut bytes).unwrap();
    Keypair::from_seed(bytes)
}

fn data(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// An HTTP message: its first line, its headers by lower-case name, its body.
#[derive(Clone)]
struct Message {
    start: String,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Message {
    fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
        let mut lines = head.lines();
        let start = lines.next().unwrap().to_owned();
        let headers = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        Self {
            start,
            headers,
            body: body.to_owned(),
        }
    }

    fn golden(name: &str) -> Self {
        Self::parse(&data(name))
    }

    fn status(&self) -> u16 {
        self.start.split(' ').nth(1).unwrap().parse().unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn dendrite(&self, name: &str) -> &str {
        &self.headers[&format!("bt_header_dendrite_{name}")]
    }

    fn signed_text(&self, axon: &str) -> String {
        let (nonce, uuid) = (self.dendrite("nonce"), self.dendrite("uuid"));
        let (hotkey, hash) = (self.dendrite("hotkey"), &self.headers["computed_body_hash"]);
        format!("{nonce}.{hotkey}.{axon}.{uuid}.{hash}")
    }

    /// The same request at another time, signed again by Bob for the axon it names.
    fn resigned(mut self, nonce: u64) -> Self {
        let (old_nonce, old) = (
            self.dendrite("nonce").to_owned(),
            self.dendrite("signature").to_owned(),
        );
        self.headers
            .insert("bt_header_dendrite_nonce".into(), nonce.to_string());
        let axon = self.headers["bt_header_axon_hotkey"].clone();
        let signature = key(BOB).sign(self.signed_text(&axon).as_bytes());
        let signature = format!("0x{}", hex::encode(signature));
        self.body = self
            .body
            .replace(&old, &signature)
            .replace(&old_nonce, &nonce.to_string());
        self.headers
            .insert("bt_header_dendrite_signature".into(), signature);
        self.headers
            .insert("content-length".into(), self.body.len().to_string());
        self.headers.insert("connection".into(), "close".into());
        self
    }

    async fn send(&self, port: u16) -> Self {
        let headers: String = self
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let bytes = format!("{}\r\n{headers}\r\n{}", self.start, self.body);
        stream.write_all(bytes.as_bytes()).await.unwrap();
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).await.unwrap();
        Self::parse(&reply)
    }
}

const CASES: [&str; 12] = [
    "pull_text_ok",
    "pull_image_ok",
    "pull_cooldown",
    "pull_none",
    "pull_exception",
    "submit_ok",
    "submit_empty",
    "submit_blacklisted",
    "pull_wrong_axon_hotkey",
    "unknown_synapse",
    "pull_old_nonce",
    "pull_nonce_not_increasing",
];

#[test]
fn every_captured_request_is_signed_by_bob() {
    for case in CASES {
        let request = Message::golden(&format!("{case}.request.http"));
        let miner: PublicKey = request.dendrite("hotkey").parse().unwrap();
        assert_eq!(miner, key(BOB).public());
        let text = request.signed_text(&request.headers["bt_header_axon_hotkey"]);
        let mut signature = [0u8; 64];
        hex::decode_to_slice(&request.dendrite("signature")[2..], &mut signature).unwrap();
        assert!(miner.verify(text.as_bytes(), &signature), "{case}");
        assert!(
            !miner.verify(format!("{text}.").as_bytes(), &signature),
            "{case}"
        );
    }
}

#[test]
fn the_signature_vectors_verify() {
    let vectors: Value = serde_json::from_slice(&data("signatures.json")).unwrap();
    assert_eq!(vectors["declaration"], licence::DECLARATION);
    for vector in vectors["vectors"].as_array().unwrap() {
        let signer: PublicKey = vector["signer_ss58"].as_str().unwrap().parse().unwrap();
        let mut signature = [0u8; 64];
        let digits = &vector["signature_hex"].as_str().unwrap()[2..];
        hex::decode_to_slice(digits, &mut signature).unwrap();
        let message = vector["message_utf8"].as_str().unwrap();
        assert!(
            signer.verify(message.as_bytes(), &signature),
            "{}",
            vector["what"]
        );
    }
}

#[test]
fn the_captured_licence_verifies_and_no_part_of_it_may_change() {
    let vectors: Value = serde_json::from_slice(&data("signatures.json")).unwrap();
    let vector = &vectors["vectors"][1];
    let signature = vector["signature_b64"].as_str().unwrap();
    let time = vector["submit_time"].as_u64().unwrap();
    let (alice, bob) = (key(ALICE).public(), key(BOB).public());
    assert!(licence::verify(signature, time, PROMPT, &alice, &bob));
    assert!(!licence::verify(signature, time + 1, PROMPT, &alice, &bob));
    assert!(!licence::verify(signature, time, "a teapot", &alice, &bob));
    assert!(!licence::verify(signature, time, PROMPT, &bob, &bob));
    assert!(!licence::verify(signature, time, PROMPT, &alice, &alice));
    for broken in ["", "AA==", &signature[1..], &signature.replace('=', "!")] {
        assert!(
            !licence::verify(broken, time, PROMPT, &alice, &bob),
            "{broken}"
        );
    }
    let own = licence::sign(&key(BOB), 7, PROMPT, &alice);
    assert!(licence::verify(&own, 7, PROMPT, &alice, &bob));
}

fn pull(case: &str) -> PullTask {
    serde_json::from_str(&Message::golden(&format!("{case}.response.http")).body).unwrap()
}

fn submit(case: &str, side: &str) -> SubmitResults {
    serde_json::from_str(&Message::golden(&format!("{case}.{side}.http")).body).unwrap()
}

fn captured_feedback() -> Feedback {
    Feedback {
        validation_failed: false,
        task_fidelity_score: 0.81,
        average_fidelity_score: 0.79,
        generations_within_the_window: 12,
        current_duel_rating: 1510.5,
        current_miner_reward: 123.4,
    }
}

#[test]
fn captured_replies_parse_into_our_types() {
    let text = pull("pull_text_ok");
    assert_eq!(text.task, Some(Task::text(TASK_ID, PROMPT)));
    assert_eq!((text.validation_threshold, text.throttle_period), (0.6, 30));
    assert_eq!(
        pull("pull_image_ok").task,
        Some(Task::image(TASK_ID, IMAGE))
    );
    let cooldown = pull("pull_cooldown");
    assert_eq!(
        (cooldown.cooldown_until, cooldown.cooldown_violations),
        (1_900_000_000, 3)
    );
    assert_eq!(pull("pull_none"), PullTask::default());
    let answer = submit("submit_ok", "response");
    assert_eq!((&*answer.results, answer.signature.as_str()), ("", ""));
    assert_eq!(answer.feedback, Some(captured_feedback()));
    assert_eq!(answer.cooldown_until, 1_900_000_000);
}

#[test]
fn captured_requests_parse_into_our_types() {
    let request = submit("submit_ok", "request");
    assert_eq!(request.task_id, TASK_ID);
    assert_eq!(request.results.len(), 108);
    assert_eq!(request.submit_time, 1_760_000_000_123_456_789);
    assert!(licence::verify(
        &request.signature,
        request.submit_time,
        PROMPT,
        &key(ALICE).public(),
        &key(BOB).public()
    ));
    assert_eq!(&*submit("submit_empty", "request").results, "");
}

/// Handlers that answer as those behind the captured replies did.
fn axon_like(case: &'static str) -> Axon {
    let pulled = move |_: Caller, mut pull: PullTask| async move {
        match case {
            "pull_text_ok" => pull.task = Some(Task::text(TASK_ID, PROMPT)),
            "pull_image_ok" => pull.task = Some(Task::image(TASK_ID, IMAGE)),
            "pull_cooldown" => (pull.cooldown_until, pull.cooldown_violations) = (1_900_000_000, 3),
            "pull_exception" => return Err(HandlerError::Failed("raised".into())),
            _ => {}
        }
        pull.throttle_period = if pull.task.is_some() { 30 } else { 0 };
        Ok(pull)
    };
    let submitted = |_: Caller, mut submit: SubmitResults| async move {
        (submit.results, submit.signature) = ("".into(), String::new());
        submit.feedback = Some(captured_feedback());
        submit.cooldown_until = 1_900_000_000;
        Ok(submit)
    };
    let axon = Axon::new(Arc::new(key(ALICE)))
        .route(pulled)
        .route(submitted);
    let reason = "submitted results while having no task assigned";
    match case {
        "submit_blacklisted" => axon.blacklist("SubmitResults", |_| Some(reason.into())),
        _ => axon,
    }
}

/// Names of the headers that matter: not those of the HTTP servers themselves.
fn header_names(message: &Message) -> Vec<&str> {
    let names = message.headers.keys().map(String::as_str);
    names
        .filter(|name| !["date", "server", "connection"].contains(name))
        .collect()
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_nanos() as u64
}

async fn ask_our_axon(case: &'static str) -> (Message, Message) {
    let request = Message::golden(&format!("{case}.request.http"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let shutdown = CancellationToken::new();
    let server = tokio::spawn(axon_like(case).serve(listener, shutdown.clone()));
    let nonce = if case == "pull_old_nonce" {
        now() - 60_140_000_000
    } else {
        now()
    };
    if case == "pull_nonce_not_increasing" {
        assert_eq!(
            request
                .clone()
                .resigned(nonce + 1)
                .send(port)
                .await
                .status(),
            200
        );
    }
    let request = request.resigned(nonce);
    let reply = request.send(port).await;
    shutdown.cancel();
    server.await.unwrap().unwrap();
    (request, reply)
}

#[tokio::test]
async fn our_axon_answers_the_captured_requests_as_the_sdk_did() {
    for case in CASES {
        let golden = Message::golden(&format!("{case}.response.http"));
        let (request, reply) = ask_our_axon(case).await;
        assert_eq!(reply.status(), golden.status(), "{case}: {}", reply.body);
        assert_eq!(header_names(&reply), header_names(&golden), "{case}");
        assert_eq!(reply.headers["name"], golden.headers["name"], "{case}");
        assert_eq!(
            reply.headers["timeout"], golden.headers["timeout"],
            "{case}"
        );
        if golden.status() == 200 {
            let mut expected = golden.json();
            let body = reply.json();
            expected["dendrite"]["nonce"] = request.json()["dendrite"]["nonce"].clone();
            expected["dendrite"]["signature"] = request.json()["dendrite"]["signature"].clone();
            assert!(body["axon"]["process_time"].as_f64().is_some());
            expected["axon"]["process_time"] = body["axon"]["process_time"].clone();
            assert_eq!(body, expected, "{case}");
        } else {
            let message = reply.json()["message"].as_str().unwrap().to_owned();
            assert_eq!(
                reply.headers["bt_header_axon_status_message"], message,
                "{case}"
            );
            check_message(
                case,
                &message,
                golden.json()["message"].as_str().unwrap(),
                &request,
            );
        }
    }
}

/// A complaint about a nonce, without and with the seconds it is old.
fn parts(message: &str) -> (&str, f64) {
    let message = message.strip_suffix(" seconds old").unwrap();
    let (words, age) = message.rsplit_once(' ').unwrap();
    assert_eq!(age.split_once('.').unwrap().1.len(), 2, "{message}");
    (words, age.parse().unwrap())
}

/// Messages are the captured ones but for their ids, times and signatures.
fn check_message(case: &str, message: &str, golden: &str, request: &Message) {
    match case {
        "pull_exception" => {
            assert_eq!(message.len(), golden.len());
            assert!(message.starts_with("Internal Server Error #"), "{message}");
        }
        "pull_old_nonce" => {
            // The captured call had been on its way for 0.14 s; here that is as the machine pleases.
            let (words, age) = parts(message);
            let (expected, _) = parts(golden);
            assert_eq!(words, expected);
            let sent: u64 = request.dendrite("nonce").parse().unwrap();
            let since = (now() - sent) as f64 / 1e9;
            assert!((60.13..since + 0.01).contains(&age), "{age} of {since}");
        }
        "pull_wrong_axon_hotkey" => {
            let text = request.signed_text(&key(ALICE).public().to_string());
            let signature = request.dendrite("signature");
            let expected =
                format!("Not Verified with error: Signature mismatch with {text} and {signature}");
            assert_eq!(message, expected);
        }
        _ => assert_eq!(message, golden, "{case}"),
    }
}

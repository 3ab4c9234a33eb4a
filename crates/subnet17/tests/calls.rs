//! The Python SDK's dendrite calls our axon and the SDK's own with the same calls, twisted in every way
//! a table names: it must not be able to tell them apart, by status, words, headers or fields.
//!
//! Runs where `SPLATSMITH_INTEROP_PYTHON` names a Python with `tests/interop/requirements.txt`. The
//! twists are those of `tests/interop/calls.py`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};

use bittensor::{Axon, Caller, HandlerError, Keypair, PublicKey};
use serde_json::Value;
use subnet17::{Feedback, PullTask, SubmitResults, Task, licence};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Both axons' key.
const SEED: [u8; 32] = [7; 32];

/// Each twist with the status it has and words of its message.
const TWISTS: [(&str, u16, &str); 35] = [
    ("pull_text", 200, "Success"),
    ("pull_image", 200, "Success"),
    ("pull_nothing", 200, "Success"),
    ("submit_text", 200, "Success"),
    ("submit_image", 200, "Success"),
    ("submit_empty", 200, "Success"),
    ("submit_unsigned_licence", 200, "Success"),
    ("ping", 200, "Success"),
    ("get", 200, "Success"),
    ("old_nonce_old_version", 200, "Success"),
    ("future_nonce", 200, "Success"),
    ("empty_object", 200, "Success"),
    ("trailing_slash", 307, ""),
    ("gzip", 400, ""),
    (
        "old_nonce",
        401,
        "Nonce is too old: acceptable delta is 16.00 seconds but",
    ),
    (
        "nonce_twice",
        401,
        "Nonce is too old, a newer one was last processed",
    ),
    ("no_nonce", 401, "Missing Nonce"),
    (
        "no_hotkey",
        401,
        "No SS58 formatted address or public key provided.",
    ),
    ("bad_hotkey", 401, "Invalid SS58 address"),
    (
        "bare_signature",
        401,
        "Invalid signature format. Expected hex string.",
    ),
    ("signed_for_another", 401, "Signature mismatch with NONCE."),
    ("other_hash", 401, "Signature mismatch with NONCE."),
    ("no_signature", 401, ""),
    (
        "blacklisted",
        403,
        "Forbidden. Key is blacklisted: submitted results while having",
    ),
    (
        "unknown_route",
        404,
        "Synapse name 'Unknown' not found. Available synapses [",
    ),
    ("further_path", 404, ""),
    ("put", 405, ""),
    ("broken_json", 422, ""),
    ("handler_fails", 500, "Internal Server Error #UUID"),
    ("word_for_nonce", 500, "Internal Server Error #UUID"),
    ("word_for_timeout", 500, "Internal Server Error #UUID"),
    ("no_required_header", 500, "Internal Server Error #UUID"),
    ("no_field", 500, "Internal Server Error #UUID"),
    ("wrong_type", 500, "Internal Server Error #UUID"),
    ("empty_body", 500, "Internal Server Error #UUID"),
];

/// Where ours means to differ: SDK 9.9.0 alone lets a call without a signature pass; and which flaw an
/// address has is not told.
const DIFFERENT: [(&str, &[&str]); 2] = [
    ("no_signature", &["*"]),
    ("bad_hotkey", &["message", "axon_message"]),
];

fn python() -> Option<PathBuf> {
    let python = std::env::var_os("SPLATSMITH_INTEROP_PYTHON").map(PathBuf::from);
    if python.is_none() {
        let required = std::env::var_os("SPLATSMITH_INTEROP_REQUIRED").is_some();
        assert!(
            !required,
            "SPLATSMITH_INTEROP_PYTHON must name a Python with the SDK here"
        );
        println!("skipped: SPLATSMITH_INTEROP_PYTHON names no Python with the SDK");
    }
    python
}

/// The prompts of the tasks with these ids, as `calls.py` has them on its command line.
fn tasks() -> [Task; 2] {
    [
        Task::text("text", "a red ceramic teapot, émaillé"),
        Task::image("image", "iVBORw0KGgpub3QtYS1yZWFsLWltYWdl"),
    ]
}

/// The axon with the handlers that the SDK's has in `calls.py`.
fn axon(stranger: PublicKey) -> Axon {
    let keypair = Arc::new(Keypair::from_seed(SEED));
    let hotkey = keypair.public();
    let left = Arc::new(Mutex::new(VecDeque::from(tasks())));
    let pulled = move |_: Caller, mut pull: PullTask| {
        pull.task = left.lock().unwrap().pop_front();
        pull.throttle_period = 30;
        async move { Ok(pull) }
    };
    let submitted = move |caller: Caller, mut submit: SubmitResults| async move {
        if submit.task_id == "raise" {
            return Err(HandlerError::Failed("on demand".into()));
        }
        let miner = caller.body_hotkey.unwrap();
        let (time, signature) = (submit.submit_time, submit.signature.as_str());
        let task = tasks().into_iter().find(|task| task.id == submit.task_id);
        let is_signed = task
            .is_some_and(|task| licence::verify(signature, time, &task.prompt, &hotkey, &miner));
        submit.feedback = Some(Feedback {
            task_fidelity_score: if is_signed { 0.7 } else { 0.0 },
            ..Feedback::default()
        });
        (submit.results, submit.signature) = ("".into(), String::new());
        submit.cooldown_until = 1_900_000_000;
        Ok(submit)
    };
    let reason = "submitted results while having no task assigned";
    Axon::new(keypair)
        .route(pulled)
        .route(submitted)
        .blacklist("SubmitResults", move |hotkey| {
            (*hotkey == stranger).then(|| reason.to_owned())
        })
}

/// What the SDK's dendrite made of each call, to its own axon and to ours.
async fn compared(python: PathBuf) -> BTreeMap<String, BTreeMap<String, Value>> {
    let stranger = Keypair::from_seed([9; 32]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let shutdown = CancellationToken::new();
    let server = tokio::spawn(axon(stranger.public()).serve(listener, shutdown.clone()));
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/interop/calls.py");
    let mut calls = Command::new(python);
    let tasks = serde_json::to_string(&tasks()).unwrap();
    calls.arg(script).args(["--port", &port.to_string()]);
    calls.args(["--seed", &format!("0x{}", hex::encode(SEED))]);
    calls.args(["--stranger", &format!("0x{}", hex::encode([9; 32]))]);
    calls.args(["--tasks", &tasks]);
    calls.args(TWISTS.map(|(twist, ..)| twist));
    let output = tokio::task::spawn_blocking(move || calls.output())
        .await
        .unwrap()
        .unwrap();
    shutdown.cancel();
    server.await.unwrap().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.trim_end().lines().last().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|error| {
        panic!(
            "{error} in {last}\n{}",
            String::from_utf8_lossy(&output.stderr)
        )
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sdks_dendrite_cannot_tell_our_axon_from_its_own() {
    let Some(python) = python() else { return };
    let answers = compared(python).await;
    let mut wrong = Vec::new();
    for (twist, status, words) in TWISTS {
        let (ours, sdk) = (&answers[twist]["ours"], &answers[twist]["sdk"]);
        let message = ours["message"].as_str().unwrap_or_default();
        if ours["http"] != status || !message.contains(words) {
            wrong.push(format!("{twist}: {} {message}", ours["http"]));
        }
        let meant = DIFFERENT.iter().find(|(name, _)| *name == twist);
        let meant = meant.map_or(&[] as &[&str], |(_, fields)| fields);
        for (field, value) in sdk.as_object().unwrap() {
            let differs = ours[field] != *value;
            if meant.contains(&field.as_str()) || meant.contains(&"*") {
                assert!(
                    differs || meant.contains(&"*"),
                    "{twist}: {field} no longer differs"
                );
            } else if differs {
                wrong.push(format!(
                    "{twist}: {field} is {}, the SDK's {value}",
                    ours[field]
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let score = |twist: &str| answers[twist]["ours"]["feedback"]["task_fidelity_score"].clone();
    assert_eq!(
        (score("submit_text"), score("submit_image")),
        (0.7.into(), 0.7.into())
    );
    assert_eq!(score("submit_unsigned_licence"), 0.0);
    let task = |twist: &str| answers[twist]["ours"]["task"]["type"].clone();
    assert_eq!(
        (task("pull_text"), task("pull_image")),
        ("text".into(), "image".into())
    );
    assert!(task("pull_nothing").is_null());
}

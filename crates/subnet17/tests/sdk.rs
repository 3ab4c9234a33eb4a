//! Against the Python SDK itself: our dendrite calls its axons, its dendrite calls ours.
//!
//! Runs where `SPLATSMITH_INTEROP_PYTHON` names a Python with `tests/interop/requirements.txt`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bittensor::{
    Axon, Caller, Dendrite, DendriteOptions, HandlerError, Keypair, Metagraph, Neuron,
};
use serde_json::Value;
use subnet17::{
    PullOutcome, PullTask, Rules, Ruling, Standing, SubmitOutcome, SubmitResults, Task, licence,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const AXONS: usize = 8;
const TASKS: usize = 40;
/// Bounds a hang, on however slow a machine.
const PATIENCE: Duration = Duration::from_secs(120);
const SPZ: &[u8] = include_bytes!("data/edge2k.spz");

fn python() -> Option<PathBuf> {
    let python = env::var_os("SPLATSMITH_INTEROP_PYTHON").map(PathBuf::from);
    if python.is_none() {
        let required = env::var_os("SPLATSMITH_INTEROP_REQUIRED").is_some();
        assert!(
            !required,
            "SPLATSMITH_INTEROP_PYTHON must name a Python with the SDK here"
        );
        println!("skipped: SPLATSMITH_INTEROP_PYTHON names no Python with the SDK");
    }
    python
}

fn script(python: &Path, name: &str) -> Command {
    let scripts = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/interop");
    let mut command = Command::new(python);
    command.arg(scripts.join(name)).stdout(Stdio::piped());
    command
}

fn nanos() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_nanos() as u64
}

fn seconds() -> f64 {
    nanos() as f64 / 1e9
}

/// Pulls and submits until the validator has no more tasks; counts the submissions.
async fn mine(dendrite: &Dendrite, miner: &Keypair, neuron: &Neuron) -> usize {
    let (target, mut submitted) = (neuron.target(), 0);
    let results: Arc<str> = STANDARD.encode(SPZ).into();
    loop {
        let pull = PullTask::default();
        let pull = dendrite
            .call(&target, &pull, PATIENCE)
            .await
            .expect("a pull");
        let Some(task) = pull.task else {
            return submitted;
        };
        let time = nanos();
        let signature = licence::sign(miner, time, &task.prompt, &target.hotkey);
        // Every fifth task is skipped.
        let results = if submitted % 5 == 4 {
            "".into()
        } else {
            Arc::clone(&results)
        };
        let skipped = results.is_empty();
        let submit = SubmitResults::new(task.id, results, time, signature);
        let answer = dendrite
            .call(&target, &submit, PATIENCE)
            .await
            .expect("a submission");
        let score = answer.feedback.expect("feedback").task_fidelity_score;
        assert_eq!(score, if skipped { 0.0 } else { 0.8 });
        assert!(answer.results.is_empty() && answer.signature.is_empty());
        submitted += 1;
    }
}

/// How long Python may take to import the SDK and open its axons.
const START: Duration = Duration::from_secs(240);

fn wait_for_metagraph(path: &Path, axons: &mut Child) -> Metagraph {
    let end = Instant::now() + START;
    while !path.exists() {
        assert_eq!(axons.try_wait().unwrap(), None, "the axons have ended");
        assert!(Instant::now() < end, "the axons did not come up");
        std::thread::sleep(Duration::from_millis(100));
    }
    Metagraph::from_json(&std::fs::read(path).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn our_dendrite_mines_the_sdks_axons_without_an_error() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("metagraph.json");
    let mut axons = script(&python, "axons.py");
    axons.args([
        "--axons",
        &AXONS.to_string(),
        "--tasks",
        &TASKS.to_string(),
        "--metagraph",
    ]);
    axons.arg(&file).args(["--for", "600", "--until-eof"]);
    let mut axons = axons.stdin(Stdio::piped()).spawn().unwrap();
    let metagraph = wait_for_metagraph(&file, &mut axons);
    assert_eq!((metagraph.netuid, metagraph.neurons.len()), (17, AXONS));

    let miner = Arc::new(Keypair::generate());
    let options = DendriteOptions {
        connect_timeout: PATIENCE,
        ..DendriteOptions::default()
    };
    let dendrite = Dendrite::new(Arc::clone(&miner), options).unwrap();
    let runs = metagraph
        .neurons
        .iter()
        .map(|neuron| mine(&dendrite, &miner, neuron));
    let submitted: usize = futures_util::future::join_all(runs).await.into_iter().sum();
    assert_eq!(submitted, TASKS);

    // It ends with its input, which is closed before it is waited for.
    let report = axons.wait_with_output().unwrap().stdout;
    let report: Value = serde_json::from_slice(&report).unwrap();
    println!("{report}");
    assert_eq!(report["errors"], 0);
    assert_eq!(
        (&report["answered"], &report["doubled"]),
        (&TASKS.into(), &0.into())
    );
    let calls = report["pulls"].as_u64().unwrap() + report["submissions"].as_u64().unwrap();
    assert_eq!(
        report["verified"], calls,
        "every request was signed and verified"
    );
}

/// A validator with the real rules that always gives 0.7.
fn validator(keypair: Arc<Keypair>) -> Axon {
    let rules = Rules::PULL_2025;
    let hotkey = keypair.public();
    let standing = Arc::new(Mutex::new(Standing::default()));
    let (for_pull, for_submit, for_blacklist) =
        (Arc::clone(&standing), Arc::clone(&standing), standing);
    let pulled = move |_: Caller, mut pull: PullTask| {
        let mut standing = for_pull.lock().unwrap();
        match standing.on_pull(seconds(), &rules) {
            PullOutcome::OnCooldown => {}
            PullOutcome::Repeated(task) => pull.task = Some(task),
            PullOutcome::Free => {
                let task = Task::text("the task", "a red ceramic teapot, émaillé");
                standing.assign(task.clone(), seconds());
                pull.task = Some(task);
            }
        }
        pull.throttle_period = rules.throttle_on_wire();
        pull.cooldown_until = standing.cooldown_until;
        pull.cooldown_violations = standing.cooldown_violations;
        async move { Ok(pull) }
    };
    let submitted = move |caller: Caller, mut submit: SubmitResults| {
        let answer = || {
            let mut standing = for_submit.lock().unwrap();
            let miner = caller
                .body_hotkey
                .filter(|key| *key == caller.hotkey)
                .ok_or_else(|| {
                    HandlerError::Failed("the body names another hotkey than signed".into())
                })?;
            let (time, signature) = (submit.submit_time, submit.signature.clone());
            let is_signed =
                |task: &Task| licence::verify(&signature, time, &task.prompt, &hotkey, &miner);
            let (id, is_empty) = (submit.answered_task().to_owned(), submit.results.is_empty());
            let outcome = standing.on_submit(&id, is_empty, is_signed, seconds(), &rules);
            assert_eq!(STANDARD.decode(submit.results.as_bytes()).unwrap(), SPZ);
            assert!(matches!(outcome, SubmitOutcome::Judge(_)), "{outcome:?}");
            let ruling = standing.on_verdict(Some(0.7), seconds(), &rules);
            assert_eq!(ruling, Ruling::Accepted(0.7));
            submit.feedback = Some(standing.feedback(Some(ruling), 1500.0, seconds(), &rules));
            submit.cooldown_until = standing.cooldown_until;
            (submit.results, submit.signature) = ("".into(), String::new());
            Ok(submit)
        };
        let answer = answer();
        async move { answer }
    };
    let reason = move |_: &bittensor::PublicKey| {
        let blocked = for_blacklist.lock().unwrap().blocks_submission();
        blocked.then(|| "submitted results while having no task assigned".to_owned())
    };
    Axon::new(keypair)
        .route(pulled)
        .route(submitted)
        .blacklist("SubmitResults", reason)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sdks_dendrite_mines_our_axon() {
    let Some(python) = python() else { return };
    let keypair = Arc::new(Keypair::generate());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let shutdown = CancellationToken::new();
    let hotkey = keypair.public().to_string();
    let server = tokio::spawn(validator(keypair).serve(listener, shutdown.clone()));

    let spz = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/edge2k.spz");
    let mut dendrite = script(&python, "dendrite.py");
    dendrite
        .args([
            "--port",
            &port.to_string(),
            "--hotkey",
            &hotkey,
            "--results",
        ])
        .arg(spz);
    let output = tokio::task::spawn_blocking(move || dendrite.output())
        .await
        .unwrap()
        .unwrap();
    shutdown.cancel();
    server.await.unwrap().unwrap();

    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    println!("{seen}");
    assert_eq!(
        (&seen["pull"]["status"], &seen["pull"]["axon_status"]),
        (&200.into(), &200.into())
    );
    assert_eq!(seen["pull"]["task"]["id"], "the task");
    assert_eq!(seen["pull"]["throttle_period"], 30);
    assert_eq!(seen["pull_again"]["task"], seen["pull"]["task"]);
    assert_eq!(seen["pull_signed_for_another"]["status"], 401);
    let message = seen["pull_signed_for_another"]["message"].as_str().unwrap();
    assert!(
        message.starts_with("Not Verified with error: Signature mismatch"),
        "{message}"
    );
    assert_eq!(
        (&seen["submit"]["status"], &seen["submit"]["blanked"]),
        (&200.into(), &true.into())
    );
    assert_eq!(seen["submit"]["feedback"]["task_fidelity_score"], 0.7);
    assert_eq!(
        seen["submit"]["feedback"]["generations_within_the_window"],
        1
    );
    assert_eq!(seen["pull_early"]["task"], Value::Null);
    assert_eq!(seen["pull_early"]["cooldown_violations"], 1);
    assert_eq!(
        seen["pull_early"]["cooldown_until"],
        seen["submit"]["cooldown_until"]
    );
    assert_eq!(seen["submit_without_task"]["status"], 403);
    let message = seen["submit_without_task"]["message"].as_str().unwrap();
    let expected =
        "Forbidden. Key is blacklisted: submitted results while having no task assigned.";
    assert_eq!(message, expected);
}

#[test]
fn the_sdks_wallet_reads_the_hotkeys_we_write() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let wallet = |hotkey: &str| bittensor::WalletPaths {
        path: folder.path().into(),
        name: "ours".into(),
        hotkey: hotkey.into(),
    };
    // One with its seed, and one that has only the 64 bytes, as a `//URI` key.
    let whole = Keypair::generate();
    bittensor::keyfile::write_plain(&wallet("whole").hotkey_file(), &whole).unwrap();
    let text = std::fs::read_to_string(wallet("whole").hotkey_file()).unwrap();
    let mut json: Value = serde_json::from_str(&text).unwrap();
    json.as_object_mut()
        .unwrap()
        .remove("secretSeed")
        .expect("a seed");
    std::fs::write(wallet("bare").hotkey_file(), json.to_string()).unwrap();
    for hotkey in ["whole", "bare"] {
        let line = "import sys; from bittensor_wallet import Wallet; \
                    key = Wallet(name='ours', hotkey=sys.argv[2], path=sys.argv[1]).hotkey; \
                    print(key.ss58_address, key.sign('text').hex())";
        let output = Command::new(&python)
            .args(["-c", line, folder.path().to_str().unwrap(), hotkey])
            .output()
            .unwrap();
        let (said, failed) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        let (address, signature) = said
            .trim()
            .split_once(' ')
            .unwrap_or_else(|| panic!("{failed}"));
        assert_eq!(address, whole.public().to_string());
        let mut bytes = [0u8; 64];
        hex::decode_to_slice(signature, &mut bytes).unwrap();
        assert!(whole.public().verify(b"text", &bytes));
    }
}

//! What the miner itself costs: time from a pulled task to its answer on the wire, and CPU per task.
//!
//! An instant generator hands out a cloud of 52,709 splats (what TRELLIS makes of a hamburger, and
//! what the official miner was measured with), and eight validators at cooldown 0 run in a process
//! of their own, so that their work is not counted. Both numbers are printed:
//!
//! * `beyond encoding`: from a pulled task to its submission, less the time the SPZ encoding took:
//!   once as the miner counts (from the arrival of the task to the first byte of the answer), once as
//!   the validator does (from sending the task to having read all of the answer: both legs and its
//!   own parsing included).
//! * `CPU per task`: user and system time of this process, encoding included. Linux only.
//!
//! Run with `cargo bench -p miner`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bittensor::{Axon, Caller, HandlerError, Keypair, Metagraph, Neuron};
use generate::Generator;
use miner::{Event, EventSender, Limit, MinerConfig};
use subnet17::{Feedback, PullTask, Rules, SubmitResults, Task};
use support::{Ready, cloud, cpu_time, spread};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const VALIDATORS: u16 = 8;
const SPLATS: usize = 52_709;
const WARM_UP: u64 = 40;
const TASKS: u64 = 400;
/// Set in the process that runs the validators.
const ROLE: &str = "SPLATSMITH_BENCH_VALIDATORS";

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if std::env::var_os(ROLE).is_some() {
        runtime.block_on(validate());
    } else {
        runtime.block_on(mine());
    }
}

/// Runs the validators until stdin ends, then prints how long each task took.
async fn validate() {
    let handed_out = Arc::new(Mutex::new(HashMap::<String, Instant>::new()));
    let took = Arc::new(Mutex::new(HashMap::<String, u64>::new()));
    let mut neurons = Vec::new();
    for uid in 0..VALIDATORS {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let keypair = Arc::new(Keypair::generate());
        neurons.push(Neuron {
            uid,
            hotkey: keypair.public(),
            ip: Ipv4Addr::LOCALHOST.into(),
            port: listener.local_addr().unwrap().port(),
            stake: 2000.0,
            validator_permit: true,
            is_serving: true,
        });
        let (start, began) = (Arc::clone(&handed_out), Arc::clone(&handed_out));
        let took = Arc::clone(&took);
        let tasks = AtomicU64::new(0);
        let axon = Axon::new(keypair)
            .route(move |_: Caller, mut pull: PullTask| {
                let id = format!("{uid}-{}", tasks.fetch_add(1, Ordering::Relaxed));
                start.lock().unwrap().insert(id.clone(), Instant::now());
                pull.task = Some(Task::text(id, "a hamburger"));
                pull.throttle_period = 30;
                async move { Ok::<_, HandlerError>(pull) }
            })
            .route(move |_: Caller, mut submit: SubmitResults| {
                if let Some(start) = began.lock().unwrap().get(&submit.task_id) {
                    let micros = start.elapsed().as_micros() as u64;
                    took.lock().unwrap().insert(submit.task_id.clone(), micros);
                }
                submit.results = "".into();
                submit.feedback = Some(Feedback {
                    task_fidelity_score: 0.8,
                    ..Feedback::default()
                });
                async move { Ok::<_, HandlerError>(submit) }
            });
        tokio::spawn(axon.serve(listener, CancellationToken::new()));
    }
    let metagraph = Metagraph {
        netuid: 17,
        neurons,
        speed: 1.0,
    };
    println!("{}", serde_json::to_string(&metagraph).unwrap());
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()))
        .await
        .unwrap()
        .unwrap();
    println!("{}", serde_json::to_string(&*took.lock().unwrap()).unwrap());
}

async fn mine() {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .env(ROLE, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let metagraph = Metagraph::from_json(line.as_bytes()).unwrap();

    let generator: Arc<dyn Generator> = Arc::new(Ready {
        cloud: cloud(SPLATS),
    });
    run(&metagraph, &generator, WARM_UP).await;
    let (cpu, started) = (cpu_time(), Instant::now());
    let (encoded, sent) = run(&metagraph, &generator, TASKS).await;
    let (cpu, elapsed) = (cpu_time() - cpu, started.elapsed());

    let mut stdin = child.stdin.take().unwrap();
    stdin.flush().unwrap();
    drop(stdin);
    line.clear();
    output.read_line(&mut line).unwrap();
    child.wait().unwrap();
    let took: HashMap<String, u64> = serde_json::from_str(&line).unwrap();

    let mut beyond: Vec<f64> = encoded
        .iter()
        .filter_map(|(task, encoding)| Some(*took.get(task)? as f64 / 1000.0 - encoding))
        .collect();
    let mut encoding: Vec<f64> = encoded.values().copied().collect();
    let mut beyond_inside: Vec<f64> = sent
        .iter()
        .filter_map(|(task, since_pull)| Some(since_pull - encoded.get(task)?))
        .collect();
    println!("{} tasks in {:.1} s", encoded.len(), elapsed.as_secs_f64());
    println!(
        "encoding:        median {:6.1} ms",
        spread(&mut encoding)[0]
    );
    println!(
        "beyond encoding: median {:6.1} ms in the miner, {:.1} ms seen by the validator   (at most 25 ms \
         is wanted)",
        spread(&mut beyond_inside)[0],
        spread(&mut beyond)[0]
    );
    println!(
        "CPU per task:           {:6.1} ms   (at most 40 ms is wanted, encoding included)",
        cpu.as_secs_f64() * 1000.0 / encoded.len() as f64
    );
}

/// Mines `tasks` tasks; returns how long each took to encode, and how long after its pull it was sent,
/// in milliseconds.
async fn run(
    metagraph: &Metagraph,
    generator: &Arc<dyn Generator>,
    tasks: u64,
) -> (HashMap<String, f64>, HashMap<String, f64>) {
    let folder = tempfile::tempdir().unwrap();
    let mut config = MinerConfig::new(metagraph.clone(), folder.path().to_owned());
    config.rules = Rules {
        cooldown: Duration::ZERO,
        penalty: Duration::ZERO,
        longest_validation: Duration::ZERO,
        ..Rules::PULL_2025
    };
    config.test_network = true;
    config.limit = Limit::Tasks(tasks);
    let events = EventSender::new(1 << 16);
    let mut listener = events.subscribe();
    let summary = miner::run(
        config,
        Arc::new(Keypair::generate()),
        vec![Arc::clone(generator)],
        None,
        events,
        CancellationToken::new(),
    )
    .await
    .unwrap();
    assert!(summary.totals.accepted >= tasks, "{summary:?}");
    let (mut encoded, mut sent) = (HashMap::new(), HashMap::new());
    while let Ok(stamped) = listener.try_recv() {
        match stamped.event {
            Event::Made {
                task,
                encoded_in_ms,
                ..
            } => {
                encoded.insert(task, encoded_in_ms);
            }
            Event::Submitting {
                task,
                since_pull_ms,
                ..
            } => {
                sent.insert(task, since_pull_ms);
            }
            _ => {}
        }
    }
    (encoded, sent)
}

//! A whole subnet's worth of validators at once: 256 of them with a cooldown of one second, which is
//! some three hundred times what the subnet asks for, and a generator that has its cloud ready.
//!
//! The validators run in a process of their own: real axons, the real rules, and books of what came
//! too early, unsigned or twice. The wire counts cooldowns in whole seconds, so all of them end at
//! the same moments, and every second begins with a crowd. There is a generator for every second
//! validator, and so always room for a task: what is measured is the miner and no queue. Printed are
//!
//! * `tasks/s`: answers that the validators accepted. At least 100 are wanted on two cores.
//! * `early pulls` and the other violations, by the validators' books. None are wanted.
//! * `pulled after cooldown`: from the end of a cooldown to the moment the miner sends its next pull.
//!   A p99 below 50 ms is wanted. And the same up to the validator's answer: the way there, the
//!   checks of signature and nonce, and whatever the validators' process was busy with included.
//! * `memory`: resident, at the start, in the middle and at the end. Less than 150 MB is wanted.
//! * the processor's time, of each process and for each task, and the load of the machine: on one
//!   that is busy with something else, `tasks/s` says little and these say what it could be.
//!
//! Run with `cargo bench -p miner --bench swarm`; `-- SECONDS VALIDATORS` changes the measure. Linux
//! only.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../support/mod.rs"]
mod support;
mod validators;

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bittensor::{Keypair, Metagraph};
use generate::Generator;
use miner::{Event, EventSender, MinerConfig, SourceState, Stamped};
use support::{Ready, cloud, cpu_time, spread};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio_util::sync::CancellationToken;
use validators::{Books, RULES};

/// The least a validator takes for an asset.
const SPLATS: usize = 7000;
/// Before it, connections are made and memory finds its size.
const WARM_UP: Duration = Duration::from_secs(10);
/// Set in the process that runs the validators, to their number.
const ROLE: &str = "SPLATSMITH_BENCH_VALIDATORS";

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if let Some(number) = std::env::var_os(ROLE) {
        let number = number.to_str().unwrap().parse().unwrap();
        runtime.block_on(validators::validate(number));
        return;
    }
    // Cargo adds a `--bench` of its own.
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<u16>().ok());
    let seconds = numbers.next().unwrap_or(45);
    let number = numbers.next().unwrap_or(256);
    runtime.block_on(mine(number, Duration::from_secs(seconds.into())));
}

/// The process with the validators.
struct Others {
    child: Child,
    orders: ChildStdin,
    reports: BufReader<ChildStdout>,
}

impl Others {
    fn start(number: u16) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .env(ROLE, number.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            orders: child.stdin.take().unwrap(),
            reports: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    fn read(&mut self) -> String {
        let mut line = String::new();
        self.reports.read_line(&mut line).unwrap();
        line
    }

    /// Their books so far; from here on they count anew.
    fn books(&mut self) -> Books {
        self.orders.write_all(b"\n").unwrap();
        serde_json::from_str(&self.read()).unwrap()
    }
}

async fn mine(number: u16, measured: Duration) {
    let mut others = Others::start(number);
    let metagraph = Metagraph::from_json(others.read().as_bytes()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut config = MinerConfig::new(metagraph, folder.path().to_owned());
    config.rules = RULES;
    config.blacklist.uids.clear();
    config.test_network = true;
    let generator: Arc<dyn Generator> = Arc::new(Ready {
        cloud: cloud(SPLATS),
    });
    let events = EventSender::new(1 << 14);
    let punctuality = Arc::new(Mutex::new(Punctuality::default()));
    tokio::spawn(watch(events.subscribe(), Arc::clone(&punctuality)));
    let shutdown = CancellationToken::new();
    let mining = tokio::spawn(miner::run(
        config,
        Arc::new(Keypair::generate()),
        vec![generator; usize::from(number.div_ceil(2))],
        None,
        events,
        shutdown.clone(),
    ));

    tokio::time::sleep(WARM_UP).await;
    others.books();
    *punctuality.lock().unwrap() = Punctuality::default();
    let (cpu, started) = (cpu_time(), Instant::now());
    let mut memory = vec![resident()];
    while started.elapsed() < measured {
        tokio::time::sleep(Duration::from_secs(1)).await;
        memory.push(resident());
    }
    let (cpu, elapsed) = (cpu_time() - cpu, started.elapsed());
    let books = others.books();
    let mut punctuality = std::mem::take(&mut *punctuality.lock().unwrap());
    assert!(!mining.is_finished(), "{:?}", mining.await);
    shutdown.cancel();
    mining.await.unwrap().unwrap();
    let after = others.books();
    drop(others.orders);
    others.child.wait().unwrap();
    print(elapsed, cpu, &memory, books, &mut punctuality);
    assert_eq!(after.early, 0, "at the end");
}

fn print(
    elapsed: Duration,
    cpu: Duration,
    memory: &[f64],
    mut books: Books,
    punctuality: &mut Punctuality,
) {
    let seconds = elapsed.as_secs_f64();
    let tasks = books.accepted as f64;
    println!(
        "tasks/s:                {:6.1}   (at least 100 are wanted; {} accepted in {seconds:.1} s)",
        tasks / seconds,
        books.accepted
    );
    println!(
        "violations:             {:6}   early pulls, {} bad signatures, {} strays, {} not of {SPLATS} splats",
        books.early, books.bad_signatures, books.strays, books.unsound
    );
    let line = |what: &str, values: &mut [f64], wanted: &str| {
        let count = values.len();
        let [middle, most, all] = spread(values);
        println!(
            "{what:23} p50 {middle:6.1}   p99 {most:6.1}   most {all:6.1} ms   {wanted}({count} of them)"
        );
    };
    line(
        "pulled after cooldown:",
        &mut punctuality.pulled,
        "a p99 below 50 is wanted ",
    );
    line("  of that, for room:", &mut punctuality.waited, "");
    line("  at the validator:", &mut books.answered_after, "");
    let [first, last] = [memory[0], memory[memory.len() - 1]];
    println!(
        "memory:                 {first:6.1} MB at first, {:.1} in the middle, {last:.1} at the end, {:.1} at most   \
         (less than 150 are wanted)",
        memory[memory.len() / 2],
        memory.iter().copied().fold(0.0, f64::max)
    );
    let per_task = |cpu: f64| cpu * 1000.0 / tasks;
    let (ours, theirs) = (cpu.as_secs_f64(), books.cpu_seconds);
    println!(
        "CPU per task:           {:6.2} ms of the miner, {:.2} ms of the validators: {:.0} tasks/s on two cores of their own",
        per_task(ours),
        per_task(theirs),
        2000.0 / per_task(ours + theirs)
    );
    println!(
        "CPU of {seconds:.0} s:            {ours:6.1} s of the miner, {theirs:.1} s of the validators; load average {}",
        std::fs::read_to_string("/proc/loadavg")
            .unwrap_or_default()
            .split(' ')
            .take(2)
            .collect::<Vec<_>>()
            .join(" ")
    );
}

/// How soon after their cooldowns validators were pulled, in milliseconds.
#[derive(Default)]
struct Punctuality {
    /// Ends of cooldowns, in Unix milliseconds, as the validators said.
    ends: HashMap<u16, i64>,
    /// From the end to the pull.
    pulled: Vec<f64>,
    /// From when the source was ready to pull until there was room for the task.
    waited: Vec<f64>,
    ready: HashMap<u16, i64>,
}

impl Punctuality {
    fn note(&mut self, stamped: &Stamped) {
        match &stamped.event {
            Event::Answered {
                uid,
                cooldown_until_ms,
                ..
            } => {
                self.ends.insert(*uid, *cooldown_until_ms);
            }
            Event::Source {
                uid,
                state: SourceState::WaitingForRoom,
            } => {
                self.ready.insert(*uid, stamped.at_ms);
            }
            Event::Source {
                uid,
                state: SourceState::Pulling,
            } => {
                if let Some(end) = self.ends.remove(uid) {
                    self.pulled.push((stamped.at_ms - end) as f64);
                    let ready = self.ready.get(uid).copied().unwrap_or(end);
                    self.waited.push((stamped.at_ms - ready) as f64);
                }
            }
            _ => {}
        }
    }
}

async fn watch(mut events: broadcast::Receiver<Stamped>, punctuality: Arc<Mutex<Punctuality>>) {
    loop {
        match events.recv().await {
            Ok(stamped) => punctuality.lock().unwrap().note(&stamped),
            Err(RecvError::Lagged(missed)) => println!("{missed} events were missed"),
            Err(RecvError::Closed) => return,
        }
    }
}

/// Memory of this process that is in use, in MB: the second field of `/proc/self/statm`, in pages.
fn resident() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("this benchmark needs Linux");
    let pages: f64 = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096.0 / 1e6
}

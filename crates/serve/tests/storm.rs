//! Many clients at once, slow ones and ones that go away: no leak, no wrong body, one at a time.
//!
//! A short storm runs always; the long one is `cargo test -p serve --test storm -- --ignored`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "common/mod.rs"]
mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::{Served, Told, config, mark, marks};
use judge::Prompt;
use peak_alloc::PeakAlloc;
use rand::RngExt;
use serve::{JobLimits, ServeConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Splats of one asset, of 56 bytes each in a PLY: more than the system buffers for a slow reader.
const SPLATS: usize = 60_000;

/// Finished jobs that are known: more than can finish between the end of one and its fetching.
const KEPT: usize = 8;

/// How a client behaves.
#[derive(Debug, Clone, Copy)]
enum Manner {
    Reads,
    /// Takes the body in small pieces, with pauses.
    Dawdles,
    /// Goes away before it has sent everything.
    LeavesAsking,
    /// Goes away while its asset is made, or while it waits.
    LeavesWaiting,
    /// Goes away in the middle of the body.
    LeavesReading,
    /// Asks for a job, and fetches it.
    Job,
    /// Asks for a job, and cancels it.
    LostJob,
}

const MANNERS: [Manner; 10] = [
    Manner::Reads,
    Manner::Reads,
    Manner::Reads,
    Manner::Dawdles,
    Manner::Dawdles,
    Manner::LeavesAsking,
    Manner::LeavesWaiting,
    Manner::LeavesReading,
    Manner::Job,
    Manner::LostJob,
];

fn form_request(prompt: &str, seed: u32) -> String {
    let form = format!("prompt={prompt}&seed={seed}");
    format!(
        "POST /generate/ HTTP/1.1\r\nHost: pod\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    )
}

/// One request; whether an asset came of it.
async fn ask(served: &Served, number: u32, manner: Manner) -> bool {
    let prompt = format!("prompt{number}");
    let expected = (number, mark(&Prompt::Text(prompt.clone())));
    match manner {
        Manner::Reads => {
            let answer = served.ask_for(&prompt, &number.to_string()).await;
            assert_eq!(answer.status(), 200);
            assert_eq!(marks(&answer.bytes().await.unwrap()), expected);
            true
        }
        Manner::Dawdles => {
            let mut stream = TcpStream::connect(served.address).await.unwrap();
            let request = form_request(&prompt, number);
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            let mut piece = vec![0; 256 << 10];
            loop {
                let read = common::in_time("a piece", stream.read(&mut piece))
                    .await
                    .unwrap();
                if read == 0 {
                    break;
                }
                answer.extend_from_slice(&piece[..read]);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
            assert!(answer.starts_with(b"HTTP/1.1 200"));
            assert_eq!(marks(&answer[end.unwrap() + 4..]), expected);
            true
        }
        Manner::LeavesAsking | Manner::LeavesWaiting | Manner::LeavesReading => {
            let mut stream = TcpStream::connect(served.address).await.unwrap();
            let request = form_request(&prompt, number);
            let half = request.len() / 2;
            match manner {
                Manner::LeavesAsking => {
                    stream.write_all(&request.as_bytes()[..half]).await.unwrap();
                }
                Manner::LeavesWaiting => {
                    stream.write_all(request.as_bytes()).await.unwrap();
                    let patience = Duration::from_millis(rand::rng().random_range(0..40));
                    tokio::time::sleep(patience).await;
                }
                _ => {
                    stream.write_all(request.as_bytes()).await.unwrap();
                    let mut piece = vec![0; 64 << 10];
                    let _ = common::in_time("a piece", stream.read(&mut piece)).await;
                }
            }
            false
        }
        Manner::Job | Manner::LostJob => {
            let body = serde_json::json!({ "prompt": prompt, "seed": number });
            let answer = served.post_json("/v1/jobs", &body).await;
            assert_eq!(answer.status(), 202);
            let job = common::header(&answer, "location").to_owned();
            if matches!(manner, Manner::LostJob) {
                served.delete(&job).await;
                return false;
            }
            // Its events end when it does.
            let events = served.get(&format!("{job}/events")).await;
            assert!(events.text().await.unwrap().contains("event: done"));
            let result = served.get(&format!("{job}/result")).await;
            assert_eq!(marks(&result.bytes().await.unwrap()), expected);
            true
        }
    }
}

/// Waits until nothing is in hand but the jobs that are kept, deletes those, and waits until nothing is.
async fn calm(served: &Served) {
    served
        .until(|load| {
            load.generating == 0
                && load.waiting == 0
                && load.unsent_bytes == 0
                && load.jobs_unfinished == 0
        })
        .await;
    let load = served.load();
    assert!(load.jobs_kept <= KEPT, "{load:?}");
    let jobs = served.get_json("/v1/jobs").await;
    for job in jobs["jobs"].as_array().unwrap() {
        served.delete(job["links"]["job"].as_str().unwrap()).await;
    }
    served
        .until(|load| load.job_bytes == 0 && load.jobs_kept == 0)
        .await;
}

async fn storm(requests: u32, clients: u32, generators: usize) {
    let told: Vec<Told> = (0..generators)
        .map(|_| Told {
            splats: SPLATS,
            ..Told::ready()
        })
        .collect();
    let all = told
        .iter()
        .cloned()
        .map(|told| Arc::new(told) as _)
        .collect();
    let asset = SPLATS * 56;
    let limited = ServeConfig {
        // Each client, and whoever has left and is not known to have.
        waiting: 2 * clients as usize,
        jobs: JobLimits {
            count: KEPT,
            bytes: 2 * KEPT * asset,
            ..JobLimits::default()
        },
        ..config()
    };
    let served = Arc::new(Served::open_with(limited, all, None).await);
    // Threads keep what they draw with: it is there before anything is measured.
    for (number, manner) in (0..).zip(MANNERS) {
        ask(&served, number, manner).await;
    }
    calm(&served).await;
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let made = Arc::<AtomicUsize>::default();
    let next = Arc::<AtomicUsize>::default();
    let clients: Vec<_> = (0..clients)
        .map(|_| {
            let (served, made, next) = (Arc::clone(&served), Arc::clone(&made), Arc::clone(&next));
            tokio::spawn(async move {
                loop {
                    let number = u32::try_from(next.fetch_add(1, Ordering::SeqCst)).unwrap();
                    if number >= requests {
                        return;
                    }
                    let manner = MANNERS[number as usize % MANNERS.len()];
                    if ask(&served, number, manner).await {
                        made.fetch_add(1, Ordering::SeqCst);
                    }
                }
            })
        })
        .collect();
    let count = clients.len();
    for client in clients {
        client.await.unwrap();
    }
    let expected = requests as usize / MANNERS.len() * 6;
    assert_eq!(made.load(Ordering::SeqCst), expected, "nobody is sent away");
    for told in &told {
        assert_eq!(told.most_at_once.load(Ordering::SeqCst), 1, "one at a time");
    }

    calm(&served).await;
    let peak = MEMORY.peak_usage().saturating_sub(before);
    // What was being encoded for somebody who went away is dropped when that is done.
    let left = || MEMORY.current_usage().saturating_sub(before);
    common::until(|| left() < asset).await;
    println!(
        "{requests} requests: {expected} assets of {asset} bytes, peak {} MB, left {} kB",
        peak >> 20,
        left() >> 10
    );
    // Each client holds what it reads, and so does the server; a cloud being made is three assets large.
    assert!(peak < (count * 4 + 16 + generators * 6) * asset, "{peak}");
    served.shutdown.cancel();
    common::until(|| served.ended.is_finished()).await;
    assert_eq!(served.load().connections, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_storm_leaves_nothing_behind() {
    storm(60, 16, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a minute"]
async fn a_thousand_requests_from_sixteen_clients_leave_nothing_behind() {
    storm(1000, 16, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a minute"]
async fn three_generators_weather_a_storm_too() {
    storm(1000, 16, 3).await;
}

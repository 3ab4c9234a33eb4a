//! Working on a batch, in the background, to its end whatever happens.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use splat::OutputProfile;
use tokio::task::JoinSet;

use super::archive::ArchiveWriter;
use super::state::Work;
use super::{BatchPrompt, BatchRequest};
use crate::house::House;
use crate::receive::{Seed, seed_or_random};
use crate::workshop::Order;

/// A prompt that is not answered loses: generators that fail are asked so often for it.
const ATTEMPTS: u32 = 3;

/// Between attempts.
const PAUSE: Duration = Duration::from_secs(2);

/// Images fetched ahead of the generators.
const AHEAD: usize = 2;

/// Makes everything `batch` asks for. However that goes, the pod is `complete` at the end, and each stem is
/// in the archive or among what failed.
pub(super) async fn run(house: Arc<House>, work: Work, batch: BatchRequest) {
    let count = batch.prompts.len();
    tracing::info!("a batch of {count} prompts");
    let stems: BTreeSet<String> = batch.prompts.iter().map(|p| p.stem.clone()).collect();
    let bench = Arc::new(Bench {
        house: Arc::clone(&house),
        waiting: Mutex::new(batch.prompts.into_iter().rev().collect()),
        archive: Mutex::new(Open {
            writer: ArchiveWriter::new(),
            left: stems,
        }),
        seed: batch.seed,
        work,
    });
    let mut hands = JoinSet::new();
    for _ in 0..(bench.work.workshop.generators() + AHEAD).min(count) {
        hands.spawn(Arc::clone(&bench).hand());
    }
    let mut crash = None;
    while let Some(ended) = hands.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "work on a batch crashed");
            crash = Some(format!("generation crashed: {error}"));
        }
    }
    let open = {
        let mut archive = bench.archive();
        std::mem::replace(
            &mut *archive,
            Open {
                writer: ArchiveWriter::new(),
                left: BTreeSet::new(),
            },
        )
    };
    let Open { mut writer, left } = open;
    let missing = left.len();
    let reason = crash.unwrap_or_else(|| "it was not reached".to_owned());
    for stem in left {
        writer.fail(&stem, &reason);
    }
    // Closing the archive compresses its manifest: nothing to speak of.
    house.batch.complete(writer.finish());
    tracing::info!("a batch of {count} prompts is complete, {missing} not reached");
}

/// What all hands share.
struct Bench {
    house: Arc<House>,
    waiting: Mutex<Vec<BatchPrompt>>,
    archive: Mutex<Open>,
    seed: Seed,
    work: Work,
}

/// The archive, and the stems that are not in it yet.
struct Open {
    writer: ArchiveWriter,
    left: BTreeSet<String>,
}

impl Bench {
    fn archive(&self) -> std::sync::MutexGuard<'_, Open> {
        self.archive.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<BatchPrompt> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.pop()
    }

    /// Takes prompts until there is none. There are more hands than generators, so that an image is here
    /// when a generator is free.
    async fn hand(self: Arc<Self>) {
        while let Some(prompt) = self.next() {
            let stem = prompt.stem.clone();
            let made = self.make(prompt).await;
            if let Err(reason) = &made {
                tracing::warn!("{stem}: {reason}");
            }
            let bench = Arc::clone(&self);
            let packed = tokio::task::spawn_blocking(move || bench.pack(&stem, made));
            if packed.await.is_err() {
                tracing::error!("an asset could not be packed");
            }
            self.work.done.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn make(&self, prompt: BatchPrompt) -> Result<Vec<u8>, String> {
        let image = self.house.batch.fetcher.image(&prompt.image_url).await?;
        let order = Order {
            prompt: image,
            seed: seed_or_random(Some(self.seed)),
            profile: OutputProfile {
                container: self.house.batch.container,
                ..OutputProfile::VIEWER
            },
            candidates: None,
            budget: None,
        };
        let workshop = &self.work.workshop;
        let mut attempt = 1;
        loop {
            // It was accepted: it waits however long the line is.
            let turn = workshop.line().turn().await.ok_or("the line is closed")?;
            let made = workshop.make_in_turn(turn, order.clone(), |_| {}).await;
            match made {
                Ok(chosen) => return Ok(chosen.asset),
                Err(not_made) if not_made.is_retryable && attempt < ATTEMPTS => {
                    tokio::time::sleep(PAUSE * attempt).await;
                    attempt += 1;
                }
                Err(not_made) => return Err(not_made.refusal.to_string()),
            }
        }
    }

    fn pack(&self, stem: &str, made: Result<Vec<u8>, String>) {
        let open = &mut *self.archive();
        match made {
            Ok(asset) => {
                let extension = self.house.batch.container.extension();
                open.writer.add(stem, extension, &asset);
            }
            Err(reason) => open.writer.fail(stem, &reason),
        }
        open.left.remove(stem);
    }
}

//! From a chosen cloud to an answer in the ledger: on disk, and only then said to be so.

use std::sync::Arc;
use std::time::Duration;

use generate::best_of::Chosen;
use generate::{Candidate, Recipe};

use crate::context::{Context, blocking};
use crate::event::Event;
use crate::ledger::{Answer, NewAnswer};
use crate::planner::Lease;

/// What a task is to be answered with.
pub(crate) enum Finished {
    /// A cloud that passed.
    Cloud {
        chosen: Box<Chosen>,
        /// Time spent generating and judging.
        made_in: Duration,
    },
    /// Nothing: costs the turn, but no penalty.
    Empty {
        reason: String,
        /// How the best of what was not sent was made, if anything was.
        recipe: Recipe,
    },
}

/// Brings the answer into the ledger and commits the lease. Dropped on the way, the task is back in
/// line.
pub(crate) async fn finish(context: Arc<Context>, device: usize, lease: Lease, finished: Finished) {
    match finished {
        Finished::Empty { reason, recipe } => leave_empty(&context, lease, reason, recipe).await,
        Finished::Cloud { chosen, made_in } => {
            let Chosen {
                candidate,
                asset,
                encoding,
                verdict,
                views,
            } = *chosen;
            let Candidate {
                cloud,
                seed,
                notes,
                recipe,
                ..
            } = candidate;
            let splats = cloud.len();
            // However slow the disk, nothing is kept for it but what it is to hold.
            drop((cloud, views));
            let Some(order) = lease.order() else { return };
            let name = format!("{}-{seed:08x}.spz", order.task.key);
            let bytes = Arc::new(asset);
            let path = context
                .insist("writing an asset", || {
                    let (assets, name) = (context.assets.clone(), name.clone());
                    let bytes = Arc::clone(&bytes);
                    blocking(move || assets.write(&name, &bytes))
                })
                .await;
            let new = NewAnswer {
                answer: Answer::Asset(name),
                seed: Some(seed),
                verdict: verdict
                    .as_deref()
                    .and_then(|verdict| serde_json::to_string(verdict).ok()),
                reason: None,
                recipe,
            };
            let event = Event::Made {
                uid: order.uid,
                task: order.task.id.clone(),
                device,
                asset: path,
                splats,
                bytes: bytes.len(),
                seed,
                notes,
                made_in_ms: made_in.as_secs_f64() * 1000.0,
                encoded_in_ms: encoding.as_secs_f64() * 1000.0,
            };
            record(&context, lease, new, event).await;
        }
    }
}

async fn leave_empty(context: &Context, lease: Lease, reason: String, recipe: Recipe) {
    let Some(order) = lease.order() else { return };
    let event = Event::Skipped {
        uid: order.uid,
        task: order.task.id.clone(),
        reason: reason.clone(),
    };
    let new = NewAnswer {
        answer: Answer::Empty,
        seed: None,
        verdict: None,
        reason: Some(reason),
        recipe,
    };
    record(context, lease, new, event).await;
}

async fn record(context: &Context, lease: Lease, new: NewAnswer, event: Event) {
    let Some(order) = lease.order() else { return };
    let key = order.task.key;
    // Not moved means that the task is over or already has an answer: the ledger is right, and the
    // sweep at the next start takes the file.
    if context
        .insist("recording an answer", || {
            context.ledger.record_ready(key, new.clone())
        })
        .await
    {
        context.events.emit(event);
    }
    lease.commit();
}

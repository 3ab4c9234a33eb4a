//! What happens to a job, as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::sse::{self, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::job::{Event, Job};
use super::view::JobState;
use crate::house::House;
use crate::refusal::{Detail, Refusal};

/// Proxies cut connections that are silent for a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Follows a job to its end.
///
/// Each event has a number as its id: whoever comes back with `Last-Event-ID` hears what is newer. The
/// stream begins with what happened so far, and ends after `done`, `failed` or `cancelled`.
///
/// | event | data |
/// |---|---|
/// | `queued`, `running`, `done`, `failed`, `cancelled` | the job, as `GET /v1/jobs/{id}` shows it then |
/// | `progress` | `{"stage", "done", "total"}` |
/// | `candidate` | a judged candidate: `{"seed", "pass", "score", "summary"}` |
#[utoipa::path(
    get, path = "/v1/jobs/{id}/events", tag = "jobs",
    params(
        ("id" = String, Path, description = "the job"),
        ("Last-Event-ID" = Option<u64>, Header, description = "the last event heard"),
    ),
    responses(
        (status = 200, description = "events", content_type = "text/event-stream", body = String),
        (status = 404, description = "there is no such job, or no longer", body = Detail),
        (status = 429, description = "too many follow jobs; see Retry-After", body = Detail),
    )
)]
pub(crate) async fn events(
    State(house): State<Arc<House>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<sse::Event, Infallible>>>, Refusal> {
    let job = house.jobs.get(&id)?;
    let followers = Arc::clone(&house.jobs.followers);
    let permit = followers
        .try_acquire_owned()
        .map_err(|_| Refusal::Busy(KEEP_ALIVE))?;
    let heard = headers.get("last-event-id");
    let heard = heard.and_then(|heard| heard.to_str().ok()?.trim().parse().ok());
    let follower = Follower {
        newest: job.follow(),
        job,
        heard: heard.unwrap_or(0),
        is_over: false,
        _permit: permit,
    };
    let events = stream::unfold(follower, |mut follower| async {
        let event = follower.next().await?;
        Some((Ok(event), follower))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

/// Who follows a job. It reads when its connection takes more, and nothing is kept for it.
struct Follower {
    job: Arc<Job>,
    newest: watch::Receiver<u64>,
    heard: u64,
    is_over: bool,
    _permit: OwnedSemaphorePermit,
}

impl Follower {
    async fn next(&mut self) -> Option<sse::Event> {
        if self.is_over {
            return None;
        }
        loop {
            self.newest.borrow_and_update();
            // Asked first: what ends a job is told in the same breath, and must not be missed.
            let is_finished = self.job.state().is_finished();
            if let Some((number, event)) = self.job.event_after(self.heard) {
                self.heard = number;
                return self.tell(number, &event);
            }
            // Whoever has heard the end already hears nothing more.
            if is_finished {
                return None;
            }
            self.newest.changed().await.ok()?;
        }
    }

    fn tell(&mut self, number: u64, event: &Event) -> Option<sse::Event> {
        let told = sse::Event::default().id(number.to_string());
        let told = match event {
            Event::State(state) => {
                self.is_over = state.is_finished();
                let mut view = self.job.view();
                if !self.is_over {
                    // As it was then, for whoever comes later.
                    view.state = *state;
                    view.progress = None;
                    view.candidates.clear();
                    view.finished = None;
                    view.result = None;
                    view.error = None;
                    if *state == JobState::Queued {
                        view.started = None;
                    }
                }
                told.event(state.name()).json_data(view)
            }
            Event::Progress(stage) => told.event("progress").json_data(stage),
            Event::Candidate(candidate) => told.event("candidate").json_data(candidate),
        };
        told.ok()
    }
}

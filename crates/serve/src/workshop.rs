//! Where clouds are made: a generator for each request in turn, and the judge.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::http::{HeaderValue, Response};
use generate::best_of::{Chosen, best_of};
use generate::{GenerateError, Generator, Request};
use judge::{Judge, Prompt};
use splat::{Container, OutputProfile};

use crate::line::Line;
use crate::refusal::Refusal;

/// The longest one request may be worked on.
const LONGEST_WORK: Duration = Duration::from_secs(600);

const VERDICT: HeaderName = HeaderName::from_static("x-splatsmith-verdict");
const SCORE: HeaderName = HeaderName::from_static("x-splatsmith-score");
const SEED: HeaderName = HeaderName::from_static("x-splatsmith-seed");

/// Makes one cloud per generator at a time.
pub(crate) struct Workshop {
    line: Line,
    /// Those that are not at work: as many as turns are left in the line.
    idle: Mutex<Vec<Arc<dyn Generator>>>,
    judge: Option<Arc<Judge>>,
    candidates: u32,
    budget: Option<Duration>,
}

/// A generator at work; it is idle again when this is dropped.
struct Lease<'a> {
    workshop: &'a Workshop,
    generator: Arc<dyn Generator>,
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.workshop.idle().push(Arc::clone(&self.generator));
    }
}

impl Workshop {
    pub(crate) fn new(
        generators: Vec<Arc<dyn Generator>>,
        judge: Option<Arc<Judge>>,
        candidates: u32,
        budget: Option<Duration>,
        waiting: usize,
    ) -> Self {
        Self {
            line: Line::new(generators.len(), waiting),
            idle: Mutex::new(generators),
            judge,
            candidates,
            budget,
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Arc<dyn Generator>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lease(&self) -> Result<Lease<'_>, Refusal> {
        let generator = self.idle().pop();
        let generator = generator.ok_or_else(|| Refusal::Failed("no generator is left".into()))?;
        Ok(Lease {
            workshop: self,
            generator,
        })
    }

    /// The best cloud for `prompt`, as a PLY of `profile`, once it is this request's turn. Dropping the
    /// future leaves the line, or cancels the work.
    pub(crate) async fn make(
        &self,
        prompt: Prompt,
        seed: Option<i64>,
        profile: OutputProfile,
    ) -> Result<Response<Body>, Refusal> {
        let turn = self.line.turn().await.ok_or(Refusal::Busy)?;
        let lease = self.lease()?;
        let begun = Instant::now();
        let request = Request {
            prompt,
            // Its bits, whatever its sign: gateways make theirs signed.
            seed: seed.map_or_else(|| rand::random::<u32>().into(), i64::cast_unsigned),
            candidates: self.candidates,
            deadline: self.budget.map(|budget| begun + budget),
        };
        let shown = format!("{:?}", request.prompt);
        let profile = OutputProfile {
            container: Container::Ply,
            ..profile
        };
        let work = best_of(
            lease.generator.as_ref(),
            self.judge.as_ref(),
            request,
            &profile,
            |_| {},
        );
        let made = tokio::time::timeout(LONGEST_WORK, work).await;
        // The generator is free for the next request while this one's asset is sent.
        drop(lease);
        drop(turn);
        match made {
            Ok(Ok(chosen)) => {
                tracing::info!(
                    "{shown}: {} splats, {}, {:.1} s",
                    chosen.candidate.cloud.len(),
                    outcome(&chosen),
                    begun.elapsed().as_secs_f64()
                );
                Ok(answer(chosen))
            }
            Ok(Err(error)) => {
                tracing::warn!("{shown}: {error}");
                Err(match error {
                    GenerateError::Prompt(_) => Refusal::unusable(error),
                    GenerateError::Backend { .. } | GenerateError::Stopped(_) => {
                        Refusal::Failed(error.to_string())
                    }
                })
            }
            Err(_) => {
                tracing::warn!("{shown}: given up");
                let seconds = LONGEST_WORK.as_secs();
                Err(Refusal::Failed(format!("nothing was made in {seconds} s")))
            }
        }
    }
}

fn outcome(chosen: &Chosen) -> String {
    match &chosen.verdict {
        Some(verdict) => verdict.summary(),
        None => "UNJUDGED".to_owned(),
    }
}

/// The asset, with what is known of it in its headers: whoever asked for one gets the best there is, and
/// decides.
fn answer(chosen: Chosen) -> Response<Body> {
    let verdict = match &chosen.verdict {
        Some(verdict) if verdict.pass => "pass",
        Some(_) => "fail",
        None => "unjudged",
    };
    let score = chosen.verdict.as_ref().and_then(|verdict| verdict.score);
    let seed = chosen.candidate.seed;
    let mut response = Response::new(Body::from(chosen.asset));
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    headers.insert(VERDICT, HeaderValue::from_static(verdict));
    headers.insert(SEED, seed.into());
    if let Some(score) = score.and_then(|score| HeaderValue::from_str(&format!("{score:.4}")).ok())
    {
        headers.insert(SCORE, score);
    }
    response
}

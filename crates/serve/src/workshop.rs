//! Where clouds are made: a generator for each request in turn, and the judge.

use std::sync::Arc;
use std::time::{Duration, Instant};

use generate::best_of::{Chosen, Step, best_of};
use generate::{GenerateError, Request};
use judge::{Judge, Prompt};
use splat::OutputProfile;

use crate::fleet::{Fleet, Lease, Trouble};
use crate::line::{Line, Place, Turn};
use crate::refusal::Refusal;

/// The longest one request may be worked on.
pub(crate) const LONGEST_WORK: Duration = Duration::from_secs(600);

/// The longest one request may wait for its turn: no client waits longer.
const LONGEST_WAIT: Duration = Duration::from_secs(1800);

/// What a generation is taken to last before there was one.
const USUAL_TIME: Duration = Duration::from_secs(15);

/// Makes one cloud per generator at a time.
pub(crate) struct Workshop {
    line: Line,
    fleet: Arc<Fleet>,
    judge: Option<Arc<Judge>>,
    candidates: Numbers,
    budget: Option<Duration>,
}

/// How many candidates are made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Numbers {
    /// Of an order that does not say; `None` for as many as its prompt's category is made with.
    pub(crate) usual: Option<u32>,
    /// The most an order may ask for.
    pub(crate) most: u32,
}

/// What is to be made.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) prompt: Prompt,
    pub(crate) seed: u64,
    pub(crate) profile: OutputProfile,
    /// At most so many candidates; `None` for as many as the server makes.
    pub(crate) candidates: Option<u32>,
    /// After this time no further candidate is begun; `None` for the server's own.
    pub(crate) budget: Option<Duration>,
}

/// Why nothing was made.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotMade {
    pub(crate) refusal: Refusal,
    /// Whether another attempt may succeed.
    pub(crate) is_retryable: bool,
}

impl From<NotMade> for Refusal {
    fn from(not_made: NotMade) -> Self {
        not_made.refusal
    }
}

impl Workshop {
    pub(crate) fn new(
        fleet: Arc<Fleet>,
        judge: Option<Arc<Judge>>,
        candidates: Numbers,
        budget: Option<Duration>,
        waiting: usize,
    ) -> Self {
        Self {
            line: Line::new(fleet.len(), waiting),
            fleet,
            judge,
            candidates,
            budget,
        }
    }

    /// The line before the generators.
    pub(crate) fn line(&self) -> &Line {
        &self.line
    }

    /// Generators there are.
    pub(crate) fn generators(&self) -> usize {
        self.fleet.len()
    }

    /// Of those, how many do not rest after a failure; at least one, which is asked all the same.
    pub(crate) fn working_generators(&self) -> usize {
        self.fleet.working().max(1)
    }

    /// The most candidates an order may ask for.
    pub(crate) fn most_candidates(&self) -> u32 {
        self.candidates.most.max(1)
    }

    /// What ails the generators, if none works any more.
    pub(crate) fn troubles(&self) -> Option<Vec<Trouble>> {
        self.fleet.troubles()
    }

    /// A place in line.
    ///
    /// # Errors
    /// When it is full: with the time after which one of those before is likely done.
    pub(crate) fn place(&self) -> Result<Place, Refusal> {
        self.line.place().ok_or_else(|| {
            let one = self.fleet.usual_time().unwrap_or(USUAL_TIME);
            let next = one / u32::try_from(self.fleet.len()).unwrap_or(u32::MAX);
            Refusal::Busy(next.clamp(Duration::from_secs(1), LONGEST_WORK))
        })
    }

    /// The best cloud for `order`, once it is the turn of `place`. Dropping the future leaves the line,
    /// or cancels the work.
    pub(crate) async fn make(
        &self,
        place: Place,
        order: Order,
        on_step: impl FnMut(Progress<'_>),
    ) -> Result<Chosen, NotMade> {
        let turn = match tokio::time::timeout(LONGEST_WAIT, place.turn()).await {
            Ok(Some(turn)) => turn,
            Ok(None) | Err(_) => {
                let refusal = Refusal::Busy(LONGEST_WORK);
                return Err(NotMade {
                    refusal,
                    is_retryable: true,
                });
            }
        };
        self.make_in_turn(turn, order, on_step).await
    }

    /// As [`Workshop::make`], by whoever has a turn already. A generator that fails hands over to
    /// another that is idle, if one is.
    pub(crate) async fn make_in_turn(
        &self,
        turn: Turn,
        order: Order,
        mut on_step: impl FnMut(Progress<'_>),
    ) -> Result<Chosen, NotMade> {
        let begun = Instant::now();
        let shown = format!("{:?}", order.prompt);
        let budget = order.budget.or(self.budget);
        let request = Request {
            prompt: order.prompt,
            seed: order.seed,
            candidates: order.candidates.or(self.candidates.usual),
            deadline: budget.map(|budget| begun + budget),
        };
        on_step(Progress::Started);
        let mut attempts = 0;
        let made = loop {
            let Some(lease) = self.fleet.lease() else {
                break Err(failed("no generator is left".to_owned(), true));
            };
            attempts += 1;
            let left = LONGEST_WORK.saturating_sub(begun.elapsed());
            let made = self
                .attempt(&lease, request.clone(), &order.profile, left, &mut on_step)
                .await;
            drop(lease);
            match made {
                Err(not_made)
                    if not_made.is_retryable
                        && attempts < self.fleet.len()
                        && self.fleet.has_fresh() =>
                {
                    tracing::warn!("{shown}: {}; another generator tries", not_made.refusal);
                }
                made => break made,
            }
        };
        // The generator is free for the next request while this one's asset is sent.
        drop(turn);
        match &made {
            Ok(chosen) => tracing::info!(
                "{shown}: {} splats, {}, {:.1} s",
                chosen.candidate.cloud.len(),
                outcome(chosen),
                begun.elapsed().as_secs_f64()
            ),
            Err(not_made) => tracing::warn!("{shown}: {}", not_made.refusal),
        }
        made
    }

    async fn attempt(
        &self,
        lease: &Lease,
        request: Request,
        profile: &OutputProfile,
        left: Duration,
        on_step: &mut impl FnMut(Progress<'_>),
    ) -> Result<Chosen, NotMade> {
        let begun = Instant::now();
        let work = best_of(
            lease.generator(),
            self.judge.as_ref(),
            request,
            profile,
            |step| on_step(Progress::Step(step)),
        );
        match tokio::time::timeout(left, work).await {
            Ok(Ok(chosen)) => {
                lease.made(begun.elapsed());
                Ok(chosen)
            }
            Ok(Err(error @ GenerateError::Prompt(_))) => Err(NotMade {
                refusal: Refusal::unusable(error),
                is_retryable: false,
            }),
            Ok(Err(error)) => {
                lease.failed(error.to_string());
                Err(failed(error.to_string(), true))
            }
            Err(_) => {
                let reason = format!("nothing was made in {} s", LONGEST_WORK.as_secs());
                lease.failed(reason.clone());
                Err(failed(reason, false))
            }
        }
    }
}

/// What whoever waits for a cloud may hear.
pub(crate) enum Progress<'a> {
    /// A generator has begun.
    Started,
    /// It reports, or the judge does.
    Step(Step<'a>),
}

fn failed(reason: String, is_retryable: bool) -> NotMade {
    NotMade {
        refusal: Refusal::Failed(reason),
        is_retryable,
    }
}

fn outcome(chosen: &Chosen) -> String {
    match &chosen.verdict {
        Some(verdict) => verdict.summary(),
        None => "UNJUDGED".to_owned(),
    }
}

//! A job as it is shown.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use utoipa::ToSchema;

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum JobState {
    /// It waits for a generator.
    Queued,
    /// A generator works on it.
    Running,
    /// There is a result.
    Done,
    /// There will be none.
    Failed,
    /// Nobody wanted it any more.
    Cancelled,
}

impl JobState {
    pub(crate) fn is_finished(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A job.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct JobView {
    pub(crate) id: String,
    pub(crate) state: JobState,
    /// The words it was asked for with; absent if it was an image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prompt: Option<String>,
    /// The size of the image it was asked for with; absent if it was words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) image_bytes: Option<usize>,
    /// The seed of the first candidate.
    pub(crate) seed: u64,
    /// Which way up and how large the result is.
    #[schema(example = "viewer")]
    pub(crate) profile: &'static str,
    /// When it was asked for, in seconds since 1970.
    pub(crate) created: f64,
    /// When a generator began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) started: Option<f64>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) finished: Option<f64>,
    /// What the generator said last, while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) progress: Option<StageView>,
    /// The candidates that were judged, in that order.
    pub(crate) candidates: Vec<Candidate>,
    /// What there is to fetch, when it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) result: Option<ResultView>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    pub(crate) links: Links,
}

/// Steps of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct StageView {
    #[schema(example = "splats")]
    pub(crate) stage: String,
    pub(crate) done: u32,
    pub(crate) total: u32,
}

/// A judged candidate.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Candidate {
    pub(crate) seed: u64,
    /// Whether it would be accepted.
    pub(crate) pass: bool,
    /// The validator's score; null where networks for it are missing.
    pub(crate) score: Option<f64>,
    /// The judgement in words.
    pub(crate) summary: String,
}

/// What there is to fetch.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct ResultView {
    pub(crate) splats: usize,
    /// The seed of the candidate that was chosen.
    pub(crate) seed: u64,
    /// `pass`, `fail` or `unjudged`.
    pub(crate) verdict: &'static str,
    /// The validator's score; null where it is not judged, or networks for it are missing.
    pub(crate) score: Option<f64>,
    pub(crate) ply_bytes: usize,
    pub(crate) spz_bytes: usize,
    /// 0 if no preview could be drawn.
    pub(crate) preview_bytes: usize,
    /// What a person should know, such as words that were not understood.
    pub(crate) notes: Vec<String>,
}

/// Where a job's things are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Links {
    #[schema(example = "/v1/jobs/5f1d…")]
    pub(crate) job: String,
    pub(crate) events: String,
    /// The PLY; with `?format=spz` the SPZ.
    pub(crate) result: String,
    pub(crate) preview: String,
}

impl Links {
    pub(crate) fn of(id: &str) -> Self {
        let job = format!("/v1/jobs/{id}");
        Self {
            events: format!("{job}/events"),
            result: format!("{job}/result"),
            preview: format!("{job}/preview"),
            job,
        }
    }
}

/// Jobs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobList {
    pub(crate) jobs: Vec<JobView>,
}

/// Seconds since 1970, to the millisecond.
pub(crate) fn seconds(time: SystemTime) -> f64 {
    let since = time.duration_since(UNIX_EPOCH);
    let since: Duration = since.unwrap_or_default();
    since.as_millis() as f64 / 1e3
}

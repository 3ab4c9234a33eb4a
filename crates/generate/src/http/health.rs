//! Whether a server is there, without asking it for a cloud.

use std::time::Duration;

use reqwest::StatusCode;

use super::endpoint::{Endpoint, no_answer};

/// Where base miners and pods say how they are (three-gen-subnet `generation/serve.py`).
const HEALTH_PATH: &str = "/health";

/// How a server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// It says that it is well.
    Well,
    /// It answers, but has no such path: nothing is known but that it is there.
    Unknown,
    /// It says that it is not well, with this status.
    Unwell(u16),
    /// It does not answer; why, in one line.
    Silent(String),
}

/// How long a server that was well is believed to be.
const CONFIDENCE: Duration = Duration::from_secs(20);

/// How long a server has to say how it is.
const PATIENCE: Duration = Duration::from_secs(4);

/// How long one that is not well is left alone at first; each time twice as long.
const FIRST_REST: Duration = Duration::from_secs(1);

/// And at most.
const LONGEST_REST: Duration = Duration::from_secs(30);

impl Endpoint {
    /// Completes at once where there is no reason for doubt, else when the server says that it is well,
    /// or at least that it is there.
    pub(super) async fn well(&self) {
        let label = self.label();
        let mut rest = FIRST_REST;
        while !self.was_well_within(CONFIDENCE) {
            let trouble = match self.health(PATIENCE).await {
                Health::Well | Health::Unknown => {
                    self.is_well();
                    if rest > FIRST_REST {
                        tracing::info!("{label} is well again");
                    }
                    return;
                }
                Health::Unwell(status) => format!("it answers {status} to {HEALTH_PATH}"),
                Health::Silent(why) => why,
            };
            if rest == FIRST_REST {
                tracing::warn!("{label} gets no work until it is well: {trouble}");
            }
            tokio::time::sleep(rest).await;
            rest = (rest * 2).min(LONGEST_REST);
        }
    }

    pub(super) async fn health(&self, timeout: Duration) -> Health {
        match self.get(HEALTH_PATH).timeout(timeout).send().await {
            Ok(response) => match response.status() {
                status if status.is_success() => Health::Well,
                StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Health::Unknown,
                status => Health::Unwell(status.as_u16()),
            },
            Err(error) if error.is_timeout() => {
                Health::Silent(format!("no answer within {} s", timeout.as_secs()))
            }
            Err(error) => Health::Silent(no_answer(&error)),
        }
    }
}

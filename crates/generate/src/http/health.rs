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

impl Endpoint {
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

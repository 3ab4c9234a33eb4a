//! The places at a gateway that the miner takes tasks from.

use std::sync::Arc;

use crate::context::Context;
use crate::error::MinerError;
use crate::event::Giver;
use crate::ledger::SourceId;
use crate::source::{Gateway, GatewayPlace};

/// Places at a gateway; what is beyond them was left by a run with more generators than anybody has.
const MOST_PLACES: u16 = 1024;

/// As many places at the gateway, if there is one, as there is `room` for tasks, or as an earlier run
/// left tasks in; with who they are in the ledger and in the events.
pub(crate) async fn places(
    context: &Context,
    room: usize,
) -> Result<Vec<(Arc<GatewayPlace>, Giver)>, MinerError> {
    let Some(config) = &context.config.gateway else {
        return Ok(Vec::new());
    };
    let hotkey = context.keypair.public().to_string();
    let gateway = Gateway::new(config.clone(), hotkey)?;
    let prefix = SourceId::places(config.address());
    let in_use = context.ledger.places_in_use(prefix).await?;
    let wanted = u16::try_from(room).unwrap_or(u16::MAX);
    let address: Arc<str> = config.address().into();
    let places = 0..wanted.max(in_use).min(MOST_PLACES);
    let place = |number| {
        let place = GatewayPlace::new(Arc::clone(&gateway), number);
        (Arc::new(place), Giver::Gateway(Arc::clone(&address)))
    };
    Ok(places.map(place).collect())
}

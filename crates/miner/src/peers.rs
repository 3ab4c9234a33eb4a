//! The places at a gateway that the miner takes tasks from.

use std::sync::Arc;
use std::time::Duration;

use generate::Generator;

use crate::context::Context;
use crate::device::PLACES_PER_HAND;
use crate::error::MinerError;
use crate::event::Giver;
use crate::ledger::SourceId;
use crate::source::{Gateway, GatewayPlace};

/// Places at a gateway; what is beyond them was left by a run with more generators than anybody has.
const MOST_PLACES: u16 = 1024;

/// How long generators have to say on how many requests they work.
const MOMENT: Duration = Duration::from_secs(1);

/// As many places at the gateway, if there is one, as `generators` have room for tasks, or as an earlier
/// run left tasks in; with who they are in the ledger and in the events.
pub(crate) async fn places(
    context: &Context,
    generators: &[Arc<dyn Generator>],
) -> Result<Vec<(Arc<GatewayPlace>, Giver)>, MinerError> {
    let Some(config) = &context.config.gateway else {
        return Ok(Vec::new());
    };
    let hotkey = context.keypair.public().to_string();
    let gateway = Gateway::new(config.clone(), hotkey)?;
    let prefix = SourceId::places(config.address());
    let in_use = context.ledger.places_in_use(prefix).await?;
    let wanted = u16::try_from(room(generators).await).unwrap_or(u16::MAX);
    let address: Arc<str> = config.address().into();
    let places = 0..wanted.max(in_use).min(MOST_PLACES);
    let place = |number| {
        let place = GatewayPlace::new(Arc::clone(&gateway), number);
        (Arc::new(place), Giver::Gateway(Arc::clone(&address)))
    };
    Ok(places.map(place).collect())
}

/// Room for tasks with all generators together, by what those say in time that are well.
async fn room(generators: &[Arc<dyn Generator>]) -> usize {
    let vacancies = generators.iter().map(|generator| generator.vacancy());
    let vacancies = futures_util::future::join_all(vacancies);
    // Those that are not well have what is known of them.
    let _ = tokio::time::timeout(MOMENT, vacancies).await;
    let capacities = generators.iter().map(|one| *one.capacity().borrow());
    capacities.sum::<usize>().saturating_mul(PLACES_PER_HAND)
}

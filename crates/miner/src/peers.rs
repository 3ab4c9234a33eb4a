//! Everybody the miner takes tasks from.

use std::sync::Arc;

use bittensor::Neuron;

use crate::context::Context;
use crate::error::MinerError;
use crate::event::Giver;
use crate::ledger::SourceId;
use crate::source::{Gateway, GatewayPlace, Peer, Validator};

/// Places at a gateway; what is beyond them was left by a run with more generators than anybody has.
const MOST_PLACES: u16 = 1024;

/// Everybody tasks come from.
pub(crate) struct Peers {
    pub validators: Vec<Arc<Validator>>,
    pub places: Vec<Arc<GatewayPlace>>,
    /// Who they are, for the event stream.
    pub infos: Vec<(SourceId, u16, Giver)>,
}

impl Peers {
    /// The validators, and as many places at the gateway as there is `room` for tasks, or as
    /// an earlier run left tasks in.
    pub(crate) async fn gather(
        context: &Context,
        neurons: &[Neuron],
        room: usize,
    ) -> Result<Self, MinerError> {
        let mut peers = Self {
            validators: Vec::with_capacity(neurons.len()),
            places: Vec::new(),
            infos: Vec::new(),
        };
        for neuron in neurons {
            let validator = Validator::new(
                neuron.uid,
                neuron.target(),
                &context.config.rules,
                context.config.owner == Some(neuron.hotkey),
            );
            let giver = Giver::Hotkey(neuron.hotkey);
            peers
                .infos
                .push((validator.source().clone(), neuron.uid, giver));
            peers.validators.push(Arc::new(validator));
        }
        if let Some(config) = &context.config.gateway {
            let hotkey = context.keypair.public().to_string();
            let gateway = Gateway::new(config.clone(), hotkey)?;
            let prefix = SourceId::places(config.address());
            let in_use = context.ledger.places_in_use(prefix).await?;
            let wanted = u16::try_from(room).unwrap_or(u16::MAX);
            let address: Arc<str> = config.address().into();
            for number in 0..wanted.max(in_use).min(MOST_PLACES) {
                let place = GatewayPlace::new(Arc::clone(&gateway), number);
                let giver = Giver::Gateway(Arc::clone(&address));
                peers
                    .infos
                    .push((place.source().clone(), place.uid(), giver));
                peers.places.push(Arc::new(place));
            }
        }
        Ok(peers)
    }
}

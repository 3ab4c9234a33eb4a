//! Keeps the miner's list of validators as the chain has it.

use std::sync::Arc;

use ::miner::{Event, EventSender};
use bittensor::chain::{ChainState, Snapshot};
use bittensor::{Metagraph, PublicKey};
use tokio::sync::watch;
use tracing::info;

use super::herald::{Herald, Word};
use super::store::Store;
use super::uid_of;
use crate::in_words;

/// Hands on and saves what the chain says, and tells people what it does not.
pub(super) struct Keeper {
    store: Store,
    own: PublicKey,
    publish: watch::Sender<Arc<Metagraph>>,
    events: EventSender,
    herald: Herald,
    is_registered: bool,
}

impl Keeper {
    /// One that has nothing to tell yet.
    pub(super) fn new(
        store: Store,
        own: PublicKey,
        publish: watch::Sender<Arc<Metagraph>>,
        events: EventSender,
    ) -> Self {
        Self {
            store,
            own,
            publish,
            events,
            herald: Herald::default(),
            is_registered: true,
        }
    }

    /// Works until nobody reads the chain any more.
    pub(super) async fn keep(mut self, mut states: watch::Receiver<ChainState>) {
        while states.changed().await.is_ok() {
            let state = states.borrow_and_update().clone();
            if let (None, Some(snapshot)) = (&state.failure, &state.snapshot) {
                self.take_in(snapshot).await;
            }
            match state.notice().and_then(|notice| self.herald.word(&notice)) {
                Some(Word::Alarm(message)) => self.alarm(message),
                Some(Word::News(message)) => info!("{message}"),
                None => {}
            }
        }
    }

    async fn take_in(&mut self, snapshot: &Snapshot) {
        self.publish.send_if_modified(|known| {
            let is_new = **known != snapshot.metagraph;
            if is_new {
                *known = Arc::new(snapshot.metagraph.clone());
            }
            is_new
        });
        let is_registered = uid_of(&snapshot.metagraph, self.own).is_some();
        if self.is_registered && !is_registered {
            self.alarm(format!(
                "the hotkey {} is no longer registered on subnet {}: its validators will soon have no \
                 tasks for it",
                self.own, snapshot.metagraph.netuid
            ));
        }
        self.is_registered = is_registered;
        if let Err(error) = self.store.save(snapshot).await {
            self.alarm(format!("{}; mining goes on", in_words(&error)));
        }
    }

    fn alarm(&self, message: String) {
        self.events.emit(Event::Alarm { uid: None, message });
    }
}

//! Who may mine.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use bittensor::PublicKey;

/// The hotkeys a network knows as miners.
#[derive(Debug)]
pub(crate) struct Registration {
    /// `None`: everybody is registered.
    miners: Option<RwLock<HashSet<PublicKey>>>,
}

impl Registration {
    pub(crate) fn new(miners: Option<Vec<PublicKey>>) -> Self {
        Self {
            miners: miners.map(|miners| RwLock::new(miners.into_iter().collect())),
        }
    }

    pub(crate) fn admits(&self, miner: &PublicKey) -> bool {
        self.miners.as_ref().is_none_or(|miners| {
            let miners = miners.read().unwrap_or_else(PoisonError::into_inner);
            miners.contains(miner)
        })
    }

    pub(crate) fn admit(&self, miner: PublicKey) {
        if let Some(miners) = &self.miners {
            let mut miners = miners.write().unwrap_or_else(PoisonError::into_inner);
            miners.insert(miner);
        }
    }
}

//! Which nonces have been used.

use std::collections::{BTreeSet, HashMap};

use blake2::{Blake2s256, Digest};

use crate::PublicKey;

/// A hotkey and a uuid, hashed: uuids are free text of a peer's choosing.
pub(super) type Endpoint = [u8; 32];

/// The last accepted nonce of each caller.
///
/// The SDK's table grows for ever. This one holds at most `capacity` entries; it lets go of those with
/// the lowest nonces, and then takes no unknown caller's nonce up to the highest it has let go, so
/// that nothing can be replayed by pushing it out. At most half of it may be nonces from the future,
/// so that these cannot push that limit past the present and lock honest callers out.
pub(super) struct Nonces {
    capacity: usize,
    last: HashMap<Endpoint, u64>,
    by_nonce: BTreeSet<(u64, Endpoint)>,
    floor: u64,
}

/// What the table says about a nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// A caller that is not in the table: the nonce must be fresh.
    Unknown,
    /// A known caller, and its nonce is higher than its last.
    Higher,
    /// Not higher than the last, or than what has been forgotten.
    NotHigher,
}

/// The table's key of a caller.
pub(super) fn endpoint(hotkey: &PublicKey, uuid: Option<&str>) -> Endpoint {
    // The SDK prints a missing uuid as None, and so does the signed text.
    let uuid = uuid.unwrap_or("None").as_bytes();
    Blake2s256::new()
        .chain_update(hotkey.as_bytes())
        .chain_update(uuid)
        .finalize()
        .into()
}

impl Nonces {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            last: HashMap::new(),
            by_nonce: BTreeSet::new(),
            floor: 0,
        }
    }

    pub(super) fn look_up(&self, endpoint: &Endpoint, nonce: u64) -> Seen {
        match self.last.get(endpoint) {
            Some(&last) if nonce > last => Seen::Higher,
            Some(_) => Seen::NotHigher,
            None if nonce > self.floor => Seen::Unknown,
            None => Seen::NotHigher,
        }
    }

    /// Takes the nonce if it is still higher (two calls with one nonce may race to here) and, where it
    /// lies ahead of `now`, if there is room for such.
    pub(super) fn accept(&mut self, endpoint: Endpoint, nonce: u64, now: u64) -> bool {
        if self.look_up(&endpoint, nonce) == Seen::NotHigher {
            return false;
        }
        if nonce > now && self.are_ahead(now, self.capacity / 2) {
            return false;
        }
        if let Some(last) = self.last.insert(endpoint, nonce) {
            self.by_nonce.remove(&(last, endpoint));
        }
        self.by_nonce.insert((nonce, endpoint));
        while self.last.len() > self.capacity {
            let Some((forgotten, endpoint)) = self.by_nonce.pop_first() else {
                break;
            };
            self.last.remove(&endpoint);
            self.floor = self.floor.max(forgotten);
        }
        true
    }

    /// Whether at least `count` of the nonces held lie ahead of `now`.
    fn are_ahead(&self, now: u64, count: usize) -> bool {
        let ahead = self.by_nonce.range((now.saturating_add(1), [0; 32])..);
        ahead.take(count).count() == count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(uuid: &str) -> Endpoint {
        endpoint(&PublicKey::from_bytes([7; 32]), Some(uuid))
    }

    const NOW: u64 = 10_000;

    #[test]
    fn a_nonce_counts_once_per_uuid() {
        let mut nonces = Nonces::new(8);
        assert!(nonces.accept(caller("a"), 5, NOW));
        assert!(!nonces.accept(caller("a"), 5, NOW));
        assert!(!nonces.accept(caller("a"), 4, NOW));
        assert!(nonces.accept(caller("b"), 4, NOW));
        assert!(nonces.accept(caller("a"), 6, NOW));
    }

    #[test]
    fn a_nonce_from_the_future_blocks_all_lower_ones_of_its_caller() {
        let mut nonces = Nonces::new(8);
        assert!(nonces.accept(caller("a"), NOW + 3600, NOW));
        assert!(!nonces.accept(caller("a"), NOW, NOW));
        assert!(nonces.accept(caller("b"), NOW, NOW));
    }

    #[test]
    fn the_table_is_bounded_and_what_it_forgets_cannot_be_replayed() {
        let mut nonces = Nonces::new(100);
        for nonce in 1..=1000u64 {
            assert!(nonces.accept(caller(&nonce.to_string()), nonce, NOW));
        }
        assert_eq!((nonces.last.len(), nonces.by_nonce.len()), (100, 100));
        for nonce in 1..=1000u64 {
            assert!(
                !nonces.accept(caller(&nonce.to_string()), nonce, NOW),
                "{nonce}"
            );
        }
        assert!(nonces.accept(caller("new"), 1001, NOW));
    }

    #[test]
    fn nonces_from_the_future_do_not_lock_honest_callers_out() {
        let mut nonces = Nonces::new(10);
        for attack in 1..1000u64 {
            nonces.accept(caller(&format!("future {attack}")), NOW + attack, NOW);
        }
        for honest in 0..1000u64 {
            assert!(nonces.accept(
                caller(&format!("honest {honest}")),
                NOW + honest,
                NOW + honest
            ));
        }
        assert_eq!(nonces.last.len(), 10);
    }
}

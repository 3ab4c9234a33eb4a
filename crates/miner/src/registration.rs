//! Whether the validators know our hotkey.
//!
//! One that does not says so with every reply. One alone may be out of date, or lie; when two say so,
//! and more than say otherwise, there is nothing to mine.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::watch;

/// What the validators say, each its latest word.
#[derive(Debug)]
pub(crate) struct Registration {
    words: watch::Sender<Words>,
}

#[derive(Debug, Default, Clone)]
struct Words {
    validators: usize,
    known: BTreeSet<u16>,
    unknown: BTreeSet<u16>,
}

impl Registration {
    /// Among so many validators.
    pub(crate) fn new(validators: usize) -> Self {
        Self {
            words: watch::Sender::new(Words {
                validators,
                ..Words::default()
            }),
        }
    }

    /// From now on only these validators are listened to.
    pub(crate) fn among(&self, uids: BTreeSet<u16>) {
        self.words.send_modify(|words| {
            words.validators = uids.len();
            words.known.retain(|uid| uids.contains(uid));
            words.unknown.retain(|uid| uids.contains(uid));
        });
    }

    /// A validator deals with us as with a miner of its subnet.
    pub(crate) fn known(&self, uid: u16) {
        self.words
            .send_if_modified(|words| words.unknown.remove(&uid) | words.known.insert(uid));
    }

    /// A validator says that our hotkey is not registered.
    pub(crate) fn unknown(&self, uid: u16) {
        self.words
            .send_if_modified(|words| words.known.remove(&uid) | words.unknown.insert(uid));
    }

    /// Waits until the hotkey is taken for unregistered, and has been for `settle`, in which other
    /// validators can have their say. Returns how many say so.
    pub(crate) async fn lost(&self, settle: Duration) -> usize {
        let is_lost = |words: &Words| {
            let enough = words.validators.clamp(1, 2);
            words.unknown.len() >= enough && words.unknown.len() > words.known.len()
        };
        let mut changes = self.words.subscribe();
        loop {
            // The sender lives in `self`: this cannot fail.
            let _ = changes.wait_for(is_lost).await;
            tokio::time::sleep(settle).await;
            let words = self.words.borrow().clone();
            if is_lost(&words) {
                return words.unknown.len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTLE: Duration = Duration::from_secs(5);

    async fn is_lost(registration: &Registration) -> bool {
        tokio::time::timeout(SETTLE * 2, registration.lost(SETTLE))
            .await
            .is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn the_only_validator_is_believed() {
        let registration = Registration::new(1);
        assert!(!is_lost(&registration).await);
        registration.unknown(3);
        assert!(is_lost(&registration).await);
    }

    #[tokio::test(start_paused = true)]
    async fn one_of_many_is_not_believed_and_two_are_unless_others_know_us() {
        let registration = Registration::new(5);
        registration.unknown(1);
        assert!(!is_lost(&registration).await);
        registration.unknown(2);
        assert!(is_lost(&registration).await);
        registration.known(3);
        registration.known(4);
        assert!(!is_lost(&registration).await);
        registration.unknown(3);
        assert!(is_lost(&registration).await, "3 against 1");
    }

    #[tokio::test(start_paused = true)]
    async fn the_word_of_one_that_left_does_not_count() {
        let registration = Registration::new(5);
        registration.unknown(1);
        registration.unknown(2);
        registration.among([2, 3].into());
        assert!(!is_lost(&registration).await);
        registration.among([2].into());
        assert!(is_lost(&registration).await, "the only one left says so");
    }

    #[tokio::test(start_paused = true)]
    async fn others_have_time_to_say_otherwise() {
        let registration = std::sync::Arc::new(Registration::new(4));
        registration.unknown(1);
        registration.unknown(2);
        let others = std::sync::Arc::clone(&registration);
        tokio::spawn(async move {
            tokio::time::sleep(SETTLE / 2).await;
            others.known(3);
            others.known(4);
        });
        assert!(!is_lost(&registration).await);
    }
}

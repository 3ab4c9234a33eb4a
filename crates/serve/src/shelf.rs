//! What was made and waits to be fetched, counted in bytes until the last reader is done with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

/// Room for so many bytes. It does not refuse what is there already: whoever begins something new asks
/// [`Shelf::is_full`] first, so that it is overrun by no more than what is being made.
#[derive(Debug)]
pub(crate) struct Shelf {
    held: AtomicUsize,
    most: usize,
}

/// Bytes on a shelf; they leave it with the last clone of the [`Bytes`] around them.
struct Kept {
    bytes: Vec<u8>,
    shelf: Arc<Shelf>,
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.shelf
            .held
            .fetch_sub(self.bytes.len(), Ordering::Relaxed);
    }
}

impl Shelf {
    /// A shelf for `most` bytes.
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            held: AtomicUsize::new(0),
            most,
        })
    }

    /// Puts `bytes` there. They are counted for as long as anybody, a slow connection too, holds them.
    pub(crate) fn put(self: &Arc<Self>, bytes: Vec<u8>) -> Bytes {
        self.held.fetch_add(bytes.len(), Ordering::Relaxed);
        Bytes::from_owner(Kept {
            bytes,
            shelf: Arc::clone(self),
        })
    }

    /// Bytes there.
    pub(crate) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Whether nothing new should be begun.
    pub(crate) fn is_full(&self) -> bool {
        self.held() >= self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_count_until_the_last_reader_is_done() {
        let shelf = Shelf::new(10);
        let first = shelf.put(vec![1; 6]);
        let part = first.slice(2..4);
        assert!(!shelf.is_full());
        let second = shelf.put(vec![2; 4]);
        assert_eq!(shelf.held(), 10);
        assert!(shelf.is_full());
        drop(first);
        assert_eq!(shelf.held(), 10, "a slice is left");
        drop(part);
        drop(second);
        assert_eq!(shelf.held(), 0);
    }
}

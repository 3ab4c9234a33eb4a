//! What a worker may call itself.

use thiserror::Error;

/// A tag, in characters (`MAX_WORKER_TAG_LENGTH`, `api/request.rs`).
const LONGEST_TAG: usize = 32;
/// The gateway sets no limit; its clients are shown the name.
const LONGEST_ID: usize = 64;

/// Why a name cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WorkerFault {
    /// Nothing in it.
    #[error("is empty")]
    Empty,
    /// Longer than so many characters.
    #[error("is longer than {0} characters")]
    Long(usize),
    /// Something else than lower-case letters, digits, `_` and `-`.
    #[error("may only hold lower-case letters, digits, _ and -")]
    Alphabet,
    /// Something else than printable ASCII.
    #[error("may only hold printable ASCII characters")]
    Unprintable,
}

/// A tag as the gateway compares it (`normalize_worker_tags`, `api/request.rs`).
///
/// # Errors
/// Why the gateway would refuse it.
pub fn worker_tag(text: &str) -> Result<String, WorkerFault> {
    let tag = text.trim().to_ascii_lowercase();
    if tag.is_empty() {
        Err(WorkerFault::Empty)
    } else if tag.len() > LONGEST_TAG {
        Err(WorkerFault::Long(LONGEST_TAG))
    } else if !tag
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte))
    {
        Err(WorkerFault::Alphabet)
    } else {
        Ok(tag)
    }
}

/// A worker's name, fit for JSON, a form and a client's screen.
///
/// # Errors
/// Why it is not.
pub fn worker_id(text: &str) -> Result<String, WorkerFault> {
    if text.is_empty() {
        Err(WorkerFault::Empty)
    } else if text.len() > LONGEST_ID {
        Err(WorkerFault::Long(LONGEST_ID))
    } else if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Err(WorkerFault::Unprintable)
    } else {
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_normalised_as_the_gateway_does() {
        assert_eq!(worker_tag(" Premium-1_x "), Ok("premium-1_x".to_owned()));
        assert_eq!(worker_tag("  "), Err(WorkerFault::Empty));
        assert_eq!(worker_tag("bad tag"), Err(WorkerFault::Alphabet));
        assert_eq!(worker_tag(&"a".repeat(33)), Err(WorkerFault::Long(32)));
    }

    #[test]
    fn names_are_one_printable_word() {
        assert_eq!(worker_id("rig-1"), Ok("rig-1".to_owned()));
        assert_eq!(worker_id(""), Err(WorkerFault::Empty));
        assert_eq!(worker_id("a\r\nb"), Err(WorkerFault::Unprintable));
        assert_eq!(worker_id(&"a".repeat(65)), Err(WorkerFault::Long(64)));
    }
}

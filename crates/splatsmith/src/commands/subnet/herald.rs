//! Which news of the chain people should hear.

use std::time::Duration;

use bittensor::chain::Notice;

/// From this age on people are told of an old metagraph; and again each time it has doubled.
const STALE: Duration = Duration::from_secs(3600);

/// Says each thing once.
#[derive(Debug, Default)]
pub(super) struct Herald {
    /// Whether the last read failed, and then, whether for not being understood.
    failing: Option<bool>,
    /// Age of the metagraph from which on the next word of it is due.
    next: Duration,
}

/// News, or bad news.
#[derive(Debug, PartialEq)]
pub(super) enum Word {
    Alarm(String),
    News(String),
}

impl Herald {
    /// What to tell people of `notice`, if anything.
    pub(super) fn word(&mut self, notice: &Notice) -> Option<Word> {
        match notice {
            Notice::Refreshed { block } => {
                self.next = STALE;
                let failed = self.failing.take();
                failed.map(|_| Word::News(format!("the chain is read again, at block {block}")))
            }
            Notice::Failed { error, age } => {
                let age = age.unwrap_or_default();
                let old = humantime::format_duration(Duration::from_secs(age.as_secs()));
                let is_decoding = error.is_decoding();
                let is_known = self.failing.replace(is_decoding) == Some(is_decoding);
                let is_due = age >= self.next.max(STALE);
                while self.next <= age {
                    self.next = (self.next * 2).max(STALE);
                }
                let goes_on = format!("mining goes on with the validators of {old} ago");
                if is_known && !is_due {
                    None
                } else if is_decoding {
                    Some(Word::Alarm(format!(
                        "the chain answers in a form this version does not understand: {error}; \
                         {goes_on}; look for a newer version"
                    )))
                } else {
                    Some(Word::Alarm(format!(
                        "the chain cannot be read: {error}; {goes_on}, and it is tried again"
                    )))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bittensor::chain::ChainError;

    use super::*;

    fn failed(error: ChainError, age: u64) -> Notice {
        Notice::Failed {
            error: Arc::new(error),
            age: Some(Duration::from_secs(age)),
        }
    }

    fn unreachable(age: u64) -> Notice {
        failed(ChainError::Unreachable("refused".to_owned()), age)
    }

    fn garbled(age: u64) -> Notice {
        failed(ChainError::Inconsistent("two heads".to_owned()), age)
    }

    fn alarm(herald: &mut Herald, notice: &Notice) -> String {
        match herald.word(notice) {
            Some(Word::Alarm(text)) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_failure_is_told_once_until_it_is_another_or_over() {
        let mut herald = Herald::default();
        assert_eq!(herald.word(&Notice::Refreshed { block: 1 }), None);
        let text = alarm(&mut herald, &unreachable(300));
        assert!(
            text.contains("refused") && text.contains("5m ago"),
            "{text}"
        );
        assert_eq!(herald.word(&unreachable(400)), None);
        let text = alarm(&mut herald, &garbled(500));
        assert!(text.contains("newer version"), "{text}");
        assert_eq!(herald.word(&garbled(600)), None);
        let good = herald.word(&Notice::Refreshed { block: 9 });
        assert!(matches!(good, Some(Word::News(text)) if text.contains("block 9")));
        alarm(&mut herald, &unreachable(10));
    }

    #[test]
    fn an_old_metagraph_is_told_of_again_and_again_but_ever_more_seldom() {
        let mut herald = Herald::default();
        let mut told = Vec::new();
        for minute in 1..=600 {
            if herald.word(&unreachable(minute * 60)).is_some() {
                told.push(minute);
            }
        }
        assert_eq!(told, [1, 60, 120, 240, 480]);
    }
}

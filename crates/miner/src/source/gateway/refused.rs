//! What each no of a gateway means, for a question and for a result.

use subnet17::gateway::{Refusal, refusal};

use super::super::peer::{Again, Fate, Trouble};
use super::client::Reply;
use super::{Place, RATE_LIMIT_PAUSE};
use crate::clock;
use crate::ledger::{Answer, OpenTask};

impl Place {
    /// What a refused question means.
    pub(super) fn trouble(&self, reply: &Reply) -> Trouble {
        let words = Refusal::words(&reply.body);
        let refused = refusal(reply.status, &words);
        let again = match refused {
            Refusal::TooMany => Again::After(reply.retry_after.unwrap_or(RATE_LIMIT_PAUSE)),
            // The answer told the gateway's time.
            Refusal::Unauthenticated => Again::Now,
            Refusal::NotListed | Refusal::NotAGateway | Refusal::Malformed => Again::Seldom,
            _ => reply.retry_after.map_or(Again::Later, Again::After),
        };
        Trouble {
            reason: format!("answered {}: {words}", reply.status),
            again,
            alarm: self.gateway.alarm(refused, &words),
        }
    }

    /// What a refused result means.
    pub(super) fn refused(&self, task: &OpenTask, reply: &Reply) -> Fate {
        let words = Refusal::words(&reply.body);
        let refused = refusal(reply.status, &words);
        let reason = format!("answered {}: {words}", reply.status);
        let unsent = |again| Fate::Unsent {
            reason: reason.clone(),
            again,
            ask_first: false,
            alarm: self.gateway.alarm(refused, &words),
        };
        match refused {
            Refusal::TooMany => {
                let pause = reply.retry_after.unwrap_or(RATE_LIMIT_PAUSE);
                self.gateway.close_for(pause);
                unsent(Again::After(pause))
            }
            Refusal::Unauthenticated => unsent(Again::Now),
            Refusal::NotListed | Refusal::NotAGateway => unsent(Again::Seldom),
            // The form broke on the way.
            Refusal::Malformed
                if words.contains("Failed to read") || words.contains("Field error") =>
            {
                unsent(Again::Later)
            }
            Refusal::Malformed | Refusal::TooLarge => {
                let alarm = self.gateway.alarm(refused, &words);
                match task.answer {
                    Answer::Asset(_) => Fate::Unfit { reason, alarm },
                    Answer::Empty => Fate::Over {
                        reason,
                        answers_doubt: false,
                    },
                }
            }
            // The task is there and its assignment is not: it has been answered.
            Refusal::NotAssigned => Fate::Over {
                reason,
                answers_doubt: true,
            },
            // Done, run out, or forgotten in a restart: while its time was not over, most likely done.
            Refusal::Gone => Fate::Over {
                reason,
                answers_doubt: clock::now() - task.pulled_at
                    < clock::millis(self.gateway.config.task_lifetime),
            },
            Refusal::InProgress | Refusal::Failed => Fate::InDoubt {
                reason,
                until: reply
                    .retry_after
                    .map(|pause| clock::now() + clock::millis(pause)),
            },
        }
    }
}

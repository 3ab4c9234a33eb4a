//! What is done about each no of an axon.
//!
//! | status | words | a pull | an answer |
//! |---|---|---|---|
//! | 3xx, 404, 405 | | seldom, alarm | seldom, alarm |
//! | 400, 422 | | seldom, alarm | seldom, alarm |
//! | 401 | nonce too old | dated ahead, at once; alarm | dated ahead, at once; alarm |
//! | 401 | a newer one was processed | at once | at once |
//! | 401 | signature mismatch, others | at once, then later; alarm | at once, then asked first; alarm |
//! | 403 | unrecognized hotkey | seldom, alarm; counts as unregistered | asked first; counts as unregistered |
//! | 403 | no task assigned | | asked first: the task is over |
//! | 403 | others | seldom, alarm | asked first, alarm |
//! | 408 | | later | later: it came before the handler |
//! | 429 | | later | later |
//! | 500 and above, cut short, silence | | later | in doubt: the next pull tells |
//! | not reached | | later | later |

use std::time::Duration;

use bittensor::{CallError, Refusal};

use super::peer::{Again, Fate, Trouble};
use crate::context::Context;

/// A call is on its way for a moment, and clocks drift.
const MORE_LEAD: Duration = Duration::from_secs(1);

/// What a failed pull means. Whatever the validator did, pulling again heals it.
pub(super) fn pull(context: &Context, uid: u16, error: &CallError) -> Trouble {
    let Some(refusal) = error.refusal() else {
        return Trouble::passing(error.to_string());
    };
    if matches!(refusal, Refusal::Blacklisted(reason) if is_unrecognised(reason)) {
        context.registration.unknown(uid);
    }
    Trouble {
        reason: error.to_string(),
        again: match refusal {
            Refusal::NonceTooOld { age } => {
                date_ahead(context, age);
                Again::Now
            }
            Refusal::NonceNotNewer | Refusal::BadSignature | Refusal::NotVerified => Again::Now,
            Refusal::TimedOut | Refusal::TooMany | Refusal::Other(_) => Again::Later,
            Refusal::Redirected
            | Refusal::UnknownSynapse
            | Refusal::Unreadable
            | Refusal::Unprocessable
            | Refusal::Blacklisted(_) => Again::Seldom,
        },
        alarm: alarm(refusal),
    }
}

/// What it means that an answer failed; `None` where nobody knows whether it was processed.
pub(super) fn answer(context: &Context, uid: u16, error: &CallError) -> Option<Fate> {
    if !error.certainly_not_processed() {
        return None;
    }
    let unsent = |again, ask_first, alarm| Fate::Unsent {
        reason: error.to_string(),
        again,
        ask_first,
        alarm,
    };
    let Some(refusal) = error.refusal() else {
        return Some(unsent(Again::Later, false, None));
    };
    let alarm = alarm(refusal);
    Some(match refusal {
        Refusal::NonceTooOld { age } => {
            date_ahead(context, age);
            unsent(Again::Now, true, alarm)
        }
        Refusal::NonceNotNewer | Refusal::BadSignature | Refusal::NotVerified => {
            unsent(Again::Now, true, alarm)
        }
        Refusal::Blacklisted(reason) => {
            if is_unrecognised(reason) {
                context.registration.unknown(uid);
            }
            unsent(Again::Later, true, alarm)
        }
        Refusal::TimedOut | Refusal::TooMany => unsent(Again::Later, false, alarm),
        Refusal::Other(_) => unsent(Again::Later, true, alarm),
        Refusal::Redirected
        | Refusal::UnknownSynapse
        | Refusal::Unreadable
        | Refusal::Unprocessable => unsent(Again::Seldom, true, alarm),
    })
}

/// What a person should know of it.
fn alarm(refusal: Refusal<'_>) -> Option<String> {
    Some(match refusal {
        Refusal::NonceTooOld { age } => {
            let age = age.map_or_else(String::new, |age| format!(" by {:.0} s", age.as_secs_f64()));
            format!(
                "this machine's clock is slow{age}, says the validator: calls are dated ahead for now; \
                 set the clock right (NTP)"
            )
        }
        Refusal::BadSignature | Refusal::NotVerified => {
            "the validator refuses our signature: perhaps it has another hotkey by now; is the list of \
             validators up to date?"
                .to_owned()
        }
        Refusal::Redirected | Refusal::UnknownSynapse => {
            "what answers at this address is no validator of this subnet: is the list of validators up \
             to date?"
                .to_owned()
        }
        Refusal::Unreadable | Refusal::Unprocessable => {
            "the validator does not understand us: it may speak another version of the protocol".to_owned()
        }
        Refusal::Blacklisted(reason) if is_unassigned(reason) => return None,
        Refusal::Blacklisted(reason) => format!("the validator has blacklisted us: {reason}"),
        Refusal::NonceNotNewer | Refusal::TimedOut | Refusal::TooMany | Refusal::Other(_) => {
            return None;
        }
    })
}

/// The words of `blacklist_submitting_results` (three-gen-subnet `neurons/validator/validator.py`) for
/// a hotkey that is not registered.
fn is_unrecognised(reason: &str) -> bool {
    reason.starts_with("Unrecognized hotkey")
}

/// And for one whose task is over.
fn is_unassigned(reason: &str) -> bool {
    reason.contains("no task assigned")
}

/// Makes up for a slow clock of ours.
fn date_ahead(context: &Context, age: Option<Duration>) {
    // An axon that names no age takes a call of up to 16 s.
    let lead = age.unwrap_or(Duration::from_secs(60)) + MORE_LEAD;
    context.dendrite.lead_by(lead);
}

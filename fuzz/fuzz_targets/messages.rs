//! The bodies of the subnet's messages, from validators and miners, and of refusals. The first byte
//! chooses the status that a reply with this body has.

#![no_main]

use bittensor::{CallError, Synapse};
use libfuzzer_sys::fuzz_target;
use serde_json::{from_slice, to_vec};
use splatsmith_fuzz::check_line;
use subnet17::{PullTask, SubmitResults};

const STATUSES: [u16; 14] = [200, 204, 307, 400, 401, 403, 404, 408, 422, 429, 500, 502, 503, 999];

fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else {
        return;
    };
    if let Ok(pull) = from_slice::<PullTask>(bytes) {
        let _ = format!("{pull:?}");
        let again = from_slice::<PullTask>(&to_vec(&pull).expect("writes")).expect("reads again");
        assert_eq!(pull, again);
    }
    if let Ok(submit) = from_slice::<SubmitResults>(bytes) {
        let _ = (format!("{submit:?}"), submit.answered_task());
        let again = from_slice(&to_vec(&submit).expect("writes")).expect("reads again");
        assert_eq!(submit, again);
    }
    let status = STATUSES[usize::from(*first) % STATUSES.len()];
    reply::<PullTask>(status, bytes);
    reply::<SubmitResults>(status, bytes);
});

/// Whatever a reply says, it ends in a message or in one line.
fn reply<S: Synapse>(status: u16, body: &[u8]) {
    let Err(error) = bittensor::fuzzing::reply::<S>(status, body) else {
        assert_eq!(status, 200);
        return;
    };
    check_line(&error.to_string());
    let _ = error.refusal();
    let is_refusal = matches!(error, CallError::Answered { .. });
    assert_eq!(is_refusal, (300..500).contains(&status));
    assert_ne!(error.in_doubt(), error.certainly_not_processed());
}

//! The bodies of the subnet's messages, from validators and miners.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{from_slice, to_vec};
use subnet17::{PullTask, SubmitResults};

fuzz_target!(|bytes: &[u8]| {
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
});

//! A picture as a prompt, from a stranger: decoded, cut out and inflated.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(error) = generate::fuzzing::inflate(bytes) {
        splatsmith_fuzz::check_line(&error.to_string());
    }
});

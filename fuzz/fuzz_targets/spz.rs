//! A 404 SPZ from a stranger: a zstd frame, and what is in one.

#![no_main]

use libfuzzer_sys::fuzz_target;
use splatsmith_fuzz::read_and_use;

fuzz_target!(|bytes: &[u8]| {
    read_and_use(bytes, "a.spz");
    // Inside a sound frame, too: a change of the frame rarely leaves a stream worth reading.
    let frame = zstd::bulk::compress(bytes, 1).expect("zstd compresses anything");
    read_and_use(&frame, "a.spz");
});

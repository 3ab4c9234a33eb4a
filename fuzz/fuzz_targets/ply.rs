//! A PLY from a stranger; and `.splat`, which is told by its name alone.

#![no_main]

use libfuzzer_sys::fuzz_target;
use splatsmith_fuzz::read_and_use;

fuzz_target!(|bytes: &[u8]| {
    read_and_use(bytes, "a.ply");
    read_and_use(bytes, "a.splat");
});

//! A metagraph file.

#![no_main]

use bittensor::Metagraph;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(metagraph) = Metagraph::from_json(bytes) {
        let json = metagraph.to_json().expect("writes");
        Metagraph::from_json(json.as_bytes()).expect("reads again");
    }
});

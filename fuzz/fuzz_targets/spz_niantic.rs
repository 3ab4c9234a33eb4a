//! Niantic's SPZ from a stranger: a gzip member, and what is in one.

#![no_main]

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use libfuzzer_sys::fuzz_target;
use splat::spz::{self, Flavour, niantic::Version};
use splatsmith_fuzz::{check_line, read_and_use};

fuzz_target!(|bytes: &[u8]| {
    read_and_use(bytes, "a.spz");
    // Inside a sound member, too: gzip's checksum keeps every other change from mattering.
    let mut member = GzEncoder::new(Vec::new(), Compression::fast());
    member.write_all(bytes).expect("memory takes anything");
    let member = member.finish().expect("memory takes anything");
    read_and_use(&member, "a.spz");
    for target in [
        Flavour::Subnet,
        Flavour::Niantic(Version::V2),
        Flavour::Niantic(Version::V3),
    ] {
        match spz::transcode(&member, target, spz::Compression::default()) {
            Ok(packed) => assert!(splat::read(&packed).is_ok(), "{target:?} is not read again"),
            Err(error) => check_line(&error.to_string()),
        }
    }
});

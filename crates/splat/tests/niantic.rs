//! Niantic's SPZ: parity with the files of their own library (`tests/data/niantic`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::io::Read;

use common::golden;
use splat::spz::niantic::{self, Version};
use splat::spz::{self, Compression, Flavour};
use splat::{Cloud, Container, ply};

/// The stream inside a gzip member.
fn inner(bytes: &[u8]) -> Vec<u8> {
    let mut inside = Vec::new();
    let mut member = flate2::read::GzDecoder::new(bytes);
    member.read_to_end(&mut inside).unwrap();
    inside
}

fn theirs(name: &str, version: u32) -> Vec<u8> {
    golden(&format!("niantic/{name}.v{version}.spz"))
}

fn cloud(name: &str) -> Cloud {
    ply::read(&golden(&format!("spz/{name}.ply"))).unwrap()
}

#[test]
fn every_packed_byte_equals_the_librarys() {
    for name in ["edge2k", "sh3_256"] {
        for (number, version) in [(2, Version::V2), (3, Version::V3)] {
            let ours = inner(&Container::NianticSpz(version).write(&cloud(name)).unwrap());
            let theirs = inner(&theirs(name, number));
            assert_eq!(ours.len(), theirs.len());
            let differing: Vec<usize> = (0..ours.len())
                .filter(|index| ours[*index] != theirs[*index])
                .collect();
            assert_eq!(differing, [], "{name}, version {number}");
        }
    }
}

#[test]
fn version_two_of_the_library_transcodes_to_the_subnets_bytes() {
    for name in ["edge2k", "sh3_256"] {
        let bytes = theirs(name, 2);
        let ours = spz::transcode(&bytes, Flavour::Subnet, Compression::default()).unwrap();
        let stream = zstd::stream::decode_all(&ours[..]).unwrap();
        assert!(stream == inner(&bytes), "{name}");
        assert!(
            stream == zstd::stream::decode_all(&golden(&format!("spz/{name}.spz"))[..]).unwrap()
        );
    }
}

#[test]
fn decoding_equals_the_library() {
    let (ours, version) = niantic::decode(&theirs("edge2k", 3)).unwrap();
    assert_eq!(version, Version::V3);
    let theirs = ply::read(&golden("niantic/edge2k.v3.dec.ply")).unwrap();
    let (ours, theirs) = (ours.columns(), theirs.columns());
    assert_eq!(ours.positions, theirs.positions);
    assert_eq!(ours.colours, theirs.colours);
    assert_eq!(ours.log_scales, theirs.log_scales);
    assert_eq!(ours.rotations, theirs.rotations);
    // Another libm may move the logarithm by a bit.
    for (ours, theirs) in ours.opacity_logits.iter().zip(&theirs.opacity_logits) {
        assert!(ours == theirs || (ours - theirs).abs() <= 4.8e-7);
    }
}

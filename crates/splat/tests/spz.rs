//! SPZ: parity with the reference codec's goldens, and what packing keeps.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{any_float, clouds, golden, shared};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use splat::{Cloud, Columns, Sh, ply, spz};

/// The stream inside a frame.
fn inner(spz: &[u8]) -> Vec<u8> {
    zstd::stream::decode_all(spz).unwrap()
}

fn wrapped(stream: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(stream, 1).unwrap()
}

/// How far decoding may be from the reference's, by kind of number: a compiler that does not fuse
/// moves rotations, another libm moves logits; all else is exact.
fn assert_decodes_alike(ours: &Cloud, theirs: &Cloud) {
    let (ours, theirs) = (ours.columns(), theirs.columns());
    assert_eq!(ours.positions, theirs.positions);
    assert_eq!(ours.colours, theirs.colours);
    assert_eq!(ours.log_scales, theirs.log_scales);
    assert_eq!(ours.sh, theirs.sh);
    let near = |ours: &[f32], theirs: &[f32], tolerance: f32| {
        assert_eq!(ours.len(), theirs.len());
        for (index, (a, b)) in ours.iter().zip(theirs).enumerate() {
            assert!(
                a == b || (a - b).abs() <= tolerance,
                "splat {index}: {a} against {b}"
            );
        }
    };
    near(&ours.opacity_logits, &theirs.opacity_logits, 4.8e-7);
    near(&ours.rotations[0], &theirs.rotations[0], 4e-6);
    for part in 1..4 {
        near(&ours.rotations[part], &theirs.rotations[part], 1.2e-7);
    }
}

#[test]
fn every_packed_byte_equals_the_reference() {
    for name in ["edge2k", "sh1_256", "sh3_256"] {
        let cloud = ply::read(&golden(&format!("spz/{name}.ply"))).unwrap();
        for level in [1, 3, 22] {
            let ours = inner(&spz::encode(&cloud, spz::Level::new(level)).unwrap());
            let theirs = inner(&golden(&format!("spz/{name}.spz")));
            assert_eq!(ours.len(), theirs.len());
            let differing = ours.iter().zip(&theirs).position(|(a, b)| a != b);
            assert_eq!(differing, None, "{name}");
        }
    }
}

#[test]
fn decoding_equals_the_reference() {
    for name in ["edge2k", "sh1_256", "sh3_256"] {
        let ours = spz::decode(&golden(&format!("spz/{name}.spz"))).unwrap();
        let theirs = ply::read(&golden(&format!("spz/{name}.dec.ply"))).unwrap();
        assert_decodes_alike(&ours, &theirs);
        let exact = ply::write(&ours) == golden(&format!("spz/{name}.dec.ply"));
        println!(
            "{name}: the decoded file is {} the reference's",
            if exact { "exactly" } else { "nearly" }
        );
    }
}

#[test]
fn the_validators_own_asset_packs_to_the_references_size() {
    let Some(bytes) = shared("splats/hamburger.ply") else {
        return;
    };
    let cloud = ply::read(&bytes).unwrap();
    assert!(ply::write(&cloud) == bytes, "rewriting the PLY changes it");
    let packed = spz::encode(&cloud, spz::Level::DEFAULT).unwrap();
    assert_eq!(inner(&packed).len(), 1_001_487);
    let decoded = ply::write(&spz::decode(&packed).unwrap());
    assert_eq!(decoded.len(), 2_952_065);
    // Where the logarithm is the one the reference was linked with, every decoded bit is its own.
    if cfg!(all(
        target_arch = "x86_64",
        target_os = "linux",
        target_env = "gnu"
    )) {
        let theirs = "e1e399ca23fdca3491f80c62017b0335fe4062e803d5d8d9e9a558eeb5ea8845";
        assert_eq!(hex::encode(Sha256::digest(&decoded)), theirs);
    }
}

#[test]
fn frames_tell_their_content_size_and_carry_no_checksum() {
    let packed = spz::encode(&common::sound(9_000), spz::Level::DEFAULT).unwrap();
    assert_eq!(packed[..4], [0x28, 0xB5, 0x2F, 0xFD]);
    assert_eq!(packed[4] & 0b111, 0, "a checksum or a dictionary");
    let size = zstd::zstd_safe::get_frame_content_size(&packed).unwrap();
    assert_eq!(size, Some(16 + 19 * 9_000));
}

#[test]
fn version_one_is_read() {
    let mut stream = b"NGSP\x01\0\0\0\x02\0\0\0\0\x0c\0\0".to_vec();
    // Two positions of halves, then opacity, colour, scale, rotation.
    for half in [0x3C00_u16, 0xC000, 0, 0x3800, 0, 0x4200] {
        stream.extend(half.to_le_bytes());
    }
    stream.extend([255, 0]);
    stream.extend([128; 6]);
    stream.extend([160; 6]);
    stream.extend([128; 6]);
    let cloud = spz::decode(&wrapped(&stream)).unwrap();
    assert_eq!(cloud.get(0).unwrap().position, [1.0, -2.0, 0.0]);
    assert_eq!(cloud.get(1).unwrap().position, [0.5, 0.0, 3.0]);
    assert_eq!(cloud.get(0).unwrap().log_scale, [0.0; 3]);
    assert_eq!(
        cloud.columns().opacity_logits,
        [f32::INFINITY, f32::NEG_INFINITY]
    );
}

#[test]
fn refusals_name_the_trouble() {
    let message = |bytes: &[u8]| {
        let message = spz::decode(bytes).unwrap_err().to_string();
        assert!(!message.contains('\n'), "{message}");
        message
    };
    let good = golden("spz/sh1_256.spz");
    let stream = inner(&good);
    let patched = |index: usize, byte: u8| {
        let mut stream = stream.clone();
        stream[index] = byte;
        wrapped(&stream)
    };
    assert!(message(b"").contains("does not begin with a zstd frame"));
    assert!(message(b"\x1f\x8b\x08rest").contains("Niantic"));
    assert!(message(&stream).contains("without the zstd frame"));
    assert!(message(&wrapped(b"something else altogether")).contains("does not hold an SPZ"));
    assert!(message(&wrapped(b"NGSP")).contains("truncated"));
    assert!(message(&patched(4, 3)).contains("version 3"));
    assert!(message(&patched(12, 4)).contains("degree 4"));
    assert!(message(&patched(8, 1)).contains("truncated SPZ: 7196 bytes"));
    assert!(message(&wrapped(&stream[..stream.len() - 1])).contains("truncated"));
    assert!(message(&good[..good.len() - 1]).contains("damaged"));
    assert!(message(&[&good[..], b"x"].concat()).contains("1 bytes follow"));
    let cut = [wrapped(&stream[..1000]), wrapped(&stream[1000..])].concat();
    assert!(message(&cut).contains("truncated"), "two frames");
    let error = spz::encode(&Cloud::default(), spz::Level::DEFAULT).unwrap_err();
    assert!(error.to_string().contains("0 splats"));
}

#[test]
fn further_bytes_in_the_stream_are_ignored() {
    let mut stream = inner(&golden("spz/sh1_256.spz"));
    stream.extend(b"future extension");
    let cloud = spz::decode(&wrapped(&stream)).unwrap();
    assert_eq!(cloud, spz::decode(&golden("spz/sh1_256.spz")).unwrap());
}

#[test]
fn a_frame_without_content_size_is_read() {
    let stream = inner(&golden("spz/edge2k.spz"));
    let unsized_frame = zstd::stream::encode_all(&stream[..], 1).unwrap();
    assert_eq!(
        zstd::zstd_safe::get_frame_content_size(&unsized_frame).unwrap(),
        None
    );
    let cloud = spz::decode(&unsized_frame).unwrap();
    assert_eq!(cloud, spz::decode(&golden("spz/edge2k.spz")).unwrap());
}

/// What survives packing, from the column `before` to the column `after`.
fn assert_within(before: &[f32], after: &[f32], quantum: f32, low: f32, high: f32) {
    for (before, after) in before.iter().zip(after) {
        let kept = before.clamp(low, high);
        let slack = quantum * 0.5 + kept.abs() * 4e-7 + 1e-6;
        assert!((kept - after).abs() <= slack, "{before} became {after}");
    }
}

fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

proptest! {
    #[test]
    fn packing_keeps_everything_within_its_quantum(cloud in clouds(-60.0_f32..60.0)) {
        let spz = spz::encode(&cloud, spz::Level::DEFAULT).unwrap();
        let decoded = spz::decode(&spz).unwrap();
        let (before, after) = (cloud.columns(), decoded.columns());
        for axis in 0..3 {
            assert_within(
                &before.positions[axis], &after.positions[axis], 1.0 / 4096.0, -2048.0, 2047.9);
            assert_within(
                &before.log_scales[axis], &after.log_scales[axis], 1.0 / 16.0, -10.0, 5.9375);
            let reach = 0.5 / 0.15;
            assert_within(
                &before.colours[axis], &after.colours[axis], 1.0 / 38.25, -reach, reach);
        }
        let opacities = |columns: &Columns| -> Vec<f32> {
            columns.opacity_logits.iter().map(|logit| sigmoid(*logit)).collect()
        };
        assert_within(&opacities(before), &opacities(after), 1.0 / 255.0, 0.0, 1.0);
        // A bucket of 16 steps of 1/128, whose middle is kept.
        assert_within(&before.sh.values, &after.sh.values, 16.0 / 128.0 + 1.0 / 128.0, -1.0, 127.0 / 128.0);
        for index in 0..cloud.len() {
            let (q, r) = (cloud.get(index).unwrap().rotation, decoded.get(index).unwrap().rotation);
            let norm = q.iter().map(|part| part * part).sum::<f32>().sqrt();
            let sign = if q[0] < 0.0 { -1.0 } else { 1.0 };
            for part in 1..4 {
                let kept = sign * q[part] / norm;
                prop_assert!((kept - r[part]).abs() <= 0.5 / 127.5 + 1e-6);
            }
            prop_assert!(r[0] >= 0.0);
        }
    }

    #[test]
    fn packing_what_was_decoded_changes_nothing_more(cloud in clouds(-4.0_f32..4.0)) {
        let once = spz::decode(&spz::encode(&cloud, spz::Level::DEFAULT).unwrap()).unwrap();
        let twice = spz::decode(&spz::encode(&once, spz::Level::DEFAULT).unwrap()).unwrap();
        let (once, twice) = (once.columns(), twice.columns());
        prop_assert_eq!(&once.positions, &twice.positions);
        prop_assert_eq!(&once.colours, &twice.colours);
        prop_assert_eq!(&once.log_scales, &twice.log_scales);
        prop_assert_eq!(&once.opacity_logits, &twice.opacity_logits);
        prop_assert_eq!(&once.sh, &twice.sh);
    }

    #[test]
    fn any_bits_at_all_pack_and_decode(cloud in clouds(any_float())) {
        let spz = spz::encode(&cloud, spz::Level::DEFAULT).unwrap();
        let decoded = spz::decode(&spz).unwrap();
        prop_assert_eq!(decoded.len(), cloud.len());
        let columns = decoded.columns();
        let finite = columns.positions.iter().chain(&columns.log_scales).chain(&columns.colours);
        let finite = finite.chain(&columns.rotations).chain([&columns.sh.values]);
        prop_assert!(finite.flatten().all(|value| value.is_finite()));
        prop_assert!(columns.opacity_logits.iter().all(|logit| !logit.is_nan()));
        prop_assert_eq!(columns.sh.values.len(), cloud.len() * Sh::values_per_splat(columns.sh.degree));
    }
}

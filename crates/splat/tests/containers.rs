//! Containers: every one of them out and in again, asking for them by name, and what a round trip
//! keeps over every profile.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::path::Path;

use common::{any_float, clouds, golden, sound};
use proptest::prelude::*;
use splat::spz::{Compression, Flavour, niantic::Version};
use splat::{Cloud, Container, Frame, OutputProfile, Splat, read, read_named, spz};

fn name(container: Container) -> String {
    format!("cloud.{}", container.extension())
}

/// Out and in again.
fn round_trip(cloud: &Cloud, container: Container) -> Cloud {
    let bytes = container.write(cloud).unwrap();
    let (back, found) = read_named(&bytes, Path::new(&name(container))).unwrap();
    assert_eq!(found, container);
    back
}

#[test]
fn every_container_is_read_as_what_it_is() {
    for container in Container::ALL {
        assert_eq!(round_trip(&sound(500), container).len(), 500);
    }
}

#[test]
fn a_splat_file_is_known_by_its_name_alone() {
    let bytes = Container::Splat.write(&sound(20)).unwrap();
    assert!(read(&bytes).is_err());
    assert!(read_named(&bytes, Path::new("cloud.ply")).is_err());
    let ply = Container::Ply.write(&sound(20)).unwrap();
    let (_, found) = read_named(&ply, Path::new("cloud.splat")).unwrap();
    assert_eq!(found, Container::Ply);
}

#[test]
fn only_a_splat_file_loses_harmonics() {
    let cloud = splat::ply::read(&golden("spz/sh3_256.ply")).unwrap();
    for container in Container::ALL {
        let kept = round_trip(&cloud, container).columns().sh.degree == 3;
        assert_eq!(kept, container.keeps_harmonics(), "{container}");
    }
}

#[test]
fn rows_of_a_splat_file_lie_where_viewers_look() {
    let splat = Splat {
        position: [1.0, -2.0, 3.5],
        log_scale: [0.0, -1.0, 1.0],
        rotation: [1.0, 0.0, -1.0, 0.0],
        opacity_logit: 0.0,
        colour: [0.0, 10.0, -10.0],
    };
    let bytes = splat::dotsplat::write(&[splat].into_iter().collect());
    let scales = [1.0, (-1.0_f32).exp(), 1.0_f32.exp()];
    let floats = [[1.0, -2.0, 3.5], scales].concat();
    let expected: Vec<u8> = floats
        .into_iter()
        .flat_map(f32::to_le_bytes)
        // 127.5 goes to the even neighbour; 128/√2 is 90.5; +1 is 256, which no byte is.
        .chain([128, 255, 0, 128, 219, 128, 37, 128])
        .collect();
    assert_eq!(bytes, expected);
    let identity = Splat {
        rotation: [2.0, 0.0, 0.0, 0.0],
        ..splat
    };
    let bytes = splat::dotsplat::write(&[identity].into_iter().collect());
    assert_eq!(bytes[28..], [255, 128, 128, 128]);
    let back = splat::dotsplat::read(&bytes).unwrap().get(0).unwrap();
    assert_eq!(back.rotation, [1.0, 0.0, 0.0, 0.0]);
    assert_eq!(back.position, splat.position);
    assert_eq!(back.log_scale[0], 0.0);
}

/// How far a column may move from `before` to `after`: half a step, and a float's own rounding.
fn near(before: &[f32], after: &[f32], step: f32, low: f32, high: f32) {
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(after) {
        let kept = before.clamp(low, high);
        let slack = step * 0.5 + kept.abs() * 1e-6 + 1e-6;
        assert!((kept - after).abs() <= slack, "{before} became {after}");
    }
}

/// The steps in which a container keeps position, log-scale, colour, and a part of the rotation.
fn steps(container: Container) -> [f32; 4] {
    match container {
        Container::Ply => [0.0; 4],
        Container::Spz | Container::NianticSpz(Version::V2) => {
            [1.0 / 4096.0, 1.0 / 16.0, 1.0 / 38.25, 1.0 / 127.5]
        }
        Container::NianticSpz(Version::V3) => {
            // The part that is left out takes the error of the three others.
            let part = 3.0 * 0.5_f32.sqrt() / 511.0;
            [1.0 / 4096.0, 1.0 / 16.0, 1.0 / 38.25, part]
        }
        // The end of a byte's range, +1, is a whole step off, and normalising adds to it.
        Container::Splat => [0.0, 0.0, 1.0 / (255.0 * 0.282), 4.0 / 128.0],
    }
}

fn assert_kept(cloud: &Cloud, container: Container) {
    let decoded = round_trip(cloud, container);
    let (before, after) = (cloud.columns(), decoded.columns());
    let [position, log_scale, colour, part] = steps(container);
    let colours = match container {
        Container::Ply => f32::INFINITY,
        Container::Splat => 0.5 / 0.282_094_8,
        _ => 0.5 / 0.15,
    };
    let scales = match container {
        Container::Ply | Container::Splat => [f32::NEG_INFINITY, f32::INFINITY],
        _ => [-10.0, 5.9375],
    };
    for axis in 0..3 {
        let (from, to) = (&before.positions[axis], &after.positions[axis]);
        near(from, to, position, f32::NEG_INFINITY, f32::INFINITY);
        let (from, to) = (&before.log_scales[axis], &after.log_scales[axis]);
        near(from, to, log_scale, scales[0], scales[1]);
        let (from, to) = (&before.colours[axis], &after.colours[axis]);
        near(from, to, colour, -colours, colours);
    }
    let opacities = |logits: &[f32]| -> Vec<f32> {
        logits
            .iter()
            .map(|logit| 1.0 / (1.0 + (-logit).exp()))
            .collect()
    };
    let (from, to) = (&before.opacity_logits, &after.opacity_logits);
    near(&opacities(from), &opacities(to), 1.0 / 255.0, 0.0, 1.0);
    for (from, to) in cloud.iter().zip(decoded.iter()) {
        assert_turned_alike(from.rotation, to.rotation, part, container);
    }
}

/// q and −q are one rotation. In the first three parts alone, w is as uncertain as they are near 0.
fn assert_turned_alike(from: [f32; 4], to: [f32; 4], step: f32, container: Container) {
    let norm = from.iter().map(|part| part * part).sum::<f32>().sqrt();
    let dot: f32 = from.iter().zip(to).map(|(a, b)| a * b).sum();
    let sign = if dot < 0.0 { -1.0 } else { 1.0 };
    let first = match container {
        Container::Spz | Container::NianticSpz(Version::V2) => 1,
        _ => 0,
    };
    for part in first..4 {
        let kept = match container {
            Container::Ply => from[part],
            _ => sign * from[part] / norm,
        };
        let slack = step * 0.5 + 2e-6;
        assert!(
            (kept - to[part]).abs() <= slack,
            "{container}: {from:?} became {to:?}"
        );
    }
}

/// Clouds whose rotations are ones: no container can keep what has no direction.
fn turned_clouds() -> impl Strategy<Value = Cloud> {
    clouds(-1.4_f32..1.4).prop_map(|cloud| {
        let mut columns = cloud.into_columns();
        for w in &mut columns.rotations[0] {
            *w += w.signum() * 0.05;
        }
        Cloud::from_columns(columns).unwrap()
    })
}

/// The stream inside a gzip member.
fn gunzipped(bytes: &[u8]) -> Vec<u8> {
    let mut inside = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(bytes), &mut inside).unwrap();
    inside
}

#[test]
fn transcoding_between_the_subnet_and_niantic_keeps_every_byte() {
    let usual = Compression::default();
    let [v2, v3] = [Version::V2, Version::V3].map(Flavour::Niantic);
    for name in ["edge2k", "sh1_256", "sh3_256"] {
        let ours = golden(&format!("spz/{name}.spz"));
        let stream = zstd::stream::decode_all(&ours[..]).unwrap();
        let gzip = spz::transcode(&ours, v2, usual).unwrap();
        assert!(gunzipped(&gzip) == stream, "{name} to Niantic");
        let back = spz::transcode(&gzip, Flavour::Subnet, usual).unwrap();
        let back = zstd::stream::decode_all(&back[..]).unwrap();
        assert!(back == stream, "{name} back");

        // All but the rotations goes over into version 3 as it is, and comes back.
        let fine = spz::transcode(&ours, v3, usual).unwrap();
        let (cloud, version) = spz::niantic::decode(&fine).unwrap();
        assert_eq!(version, Version::V3);
        let (before, after) = (spz::decode(&ours).unwrap(), cloud.columns());
        assert_eq!(after.positions, before.columns().positions);
        assert_eq!(after.opacity_logits, before.columns().opacity_logits);
        assert_eq!(after.sh, before.columns().sh);
        let again = spz::transcode(&fine, v3, usual).unwrap();
        assert!(
            gunzipped(&again) == gunzipped(&fine),
            "{name} within version 3"
        );
        let coarse = spz::transcode(&fine, v2, usual).unwrap();
        assert_eq!(gunzipped(&coarse).len(), stream.len());
    }
}

#[test]
fn version_one_is_packed_anew() {
    let mut stream = b"NGSP\x01\0\0\0\x01\0\0\0\0\x0c\0\0".to_vec();
    stream.extend(
        [0x3C00_u16, 0xC000, 0x3800]
            .into_iter()
            .flat_map(u16::to_le_bytes),
    );
    stream.extend([200, 1, 2, 3, 160, 161, 162, 128, 129, 130]);
    let bytes = zstd::bulk::compress(&stream, 1).unwrap();
    let target = Flavour::Niantic(Version::V2);
    let gzip = spz::transcode(&bytes, target, Compression::default()).unwrap();
    assert_eq!(gunzipped(&gzip)[4], 2);
    assert_eq!(read(&gzip).unwrap().0, read(&bytes).unwrap().0);
}

#[test]
fn the_same_bytes_at_any_number_of_workers_and_the_same_cloud_at_any_level() {
    // 2.8 MB: more than one job.
    let cloud = sound(150_000);
    let packed = |level: i32, workers: Option<u32>| {
        let level = Some(spz::Level::new(level));
        spz::encode_with(&cloud, Compression { level, workers }).unwrap()
    };
    let decoded = spz::decode(&packed(1, None)).unwrap();
    for level in [1, 3, 9] {
        let one = packed(level, Some(1));
        assert!(packed(level, Some(2)) == one && packed(level, Some(5)) == one);
        assert!(spz::decode(&one).unwrap() == decoded);
    }
    let small = sound(300);
    let level = |level| Some(spz::Level::new(level));
    let reference = spz::decode(&spz::encode(&small, spz::Level::DEFAULT).unwrap()).unwrap();
    for number in 1..=22 {
        let compression = Compression {
            level: level(number),
            workers: Some(3),
        };
        for container in [Container::Spz, Container::NianticSpz(Version::V2)] {
            let bytes = container.write_with(&small, compression).unwrap();
            assert!(
                read(&bytes).unwrap().0 == reference,
                "{container} at {number}"
            );
        }
    }
}

#[test]
fn refusals_of_niantic_name_the_trouble() {
    let gzip = |stream: &[u8]| {
        let mut member = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut member, stream).unwrap();
        member.finish().unwrap()
    };
    let message = |bytes: &[u8]| {
        let message = read(bytes).unwrap_err().to_string();
        assert!(!message.contains(char::is_control), "{message}");
        message
    };
    let good = Container::NianticSpz(Version::V3)
        .write(&sound(40))
        .unwrap();
    let stream = gunzipped(&good);
    let patched = |index: usize, byte: u8| {
        let mut stream = stream.clone();
        stream[index] = byte;
        gzip(&stream)
    };
    assert!(message(&patched(0, b'X')).contains("gzip member does not hold an SPZ"));
    assert!(message(&patched(4, 4)).contains("version 4 in a gzip member: 1 to 3 are read"));
    assert!(message(&patched(12, 4)).contains("degree 4"));
    assert!(message(&patched(9, 1)).contains("truncated"));
    assert!(message(&gzip(&stream[..stream.len() - 1])).contains("truncated"));
    assert!(message(&good[..good.len() - 9]).contains("damaged"));
    let mut wrong_sum = good.clone();
    let sum = wrong_sum.len() - 8;
    wrong_sum[sum] ^= 1;
    assert!(message(&wrong_sum).contains("damaged"));
    assert!(message(b"NGSP\x04\0\0\0\0\0\0\0").contains("version 4"));
    assert!(message(b"NGSP\x03\0\0\0").contains("without the zstd frame"));
    assert!(
        spz::niantic::decode(b"zzz")
            .unwrap_err()
            .to_string()
            .contains("gzip's magic")
    );
    // Extension records after the sections, and the flag for them, are passed over.
    let mut extended = stream.clone();
    extended[14] |= 2;
    extended.extend(b"\x01\0\0\0\x04\0\0\0rest");
    assert_eq!(read(&gzip(&extended)).unwrap().0, read(&good).unwrap().0);
}

proptest! {
    #[test]
    fn every_container_keeps_every_profile_within_its_steps(cloud in turned_clouds()) {
        for profile in OutputProfile::ALL {
            let fitted = profile.apply(cloud.clone(), Frame::YUp);
            for container in Container::ALL {
                assert_kept(&fitted, container);
            }
        }
    }

    #[test]
    fn reading_and_writing_again_changes_nothing_more(cloud in clouds(-4.0_f32..4.0)) {
        for container in [Container::Ply, Container::NianticSpz(Version::V3)] {
            let once = round_trip(&cloud, container);
            prop_assert!(round_trip(&once, container) == once, "{}", container);
        }
    }

    #[test]
    fn any_bits_at_all_are_written_and_read(cloud in clouds(any_float())) {
        for version in [Version::V2, Version::V3] {
            let back = round_trip(&cloud, Container::NianticSpz(version));
            let columns = back.columns();
            let finite = columns.positions.iter().chain(&columns.log_scales);
            let finite = finite.chain(&columns.colours).chain(&columns.rotations);
            prop_assert!(finite.flatten().all(|value| value.is_finite()));
        }
        let rows = Container::Splat.write(&cloud).unwrap();
        prop_assert_eq!(rows.len(), 32 * cloud.len());
        match splat::dotsplat::read(&rows) {
            Ok(back) => prop_assert_eq!(back.len(), cloud.len()),
            Err(error) => prop_assert!(error.to_string().contains("size"), "{}", error),
        }
    }
}

//! Truncated, bit-flipped and absurd files: one clear line and no panic. Their memory is measured in
//! `memory.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{golden, vertices};
use proptest::prelude::*;
use splat::{Container, OutputProfile, inspect::inspect, ply, read, read_named};

/// Reads hostile bytes: whatever comes of it, an error is one printable line and a cloud can be
/// worked with.
fn survive(bytes: &[u8]) {
    survive_named(bytes, "cloud");
}

/// The same of a file with a name, which decides where the bytes do not.
fn survive_named(bytes: &[u8], name: &str) {
    match read_named(bytes, name.as_ref()) {
        Ok((cloud, _)) => {
            let fitted = OutputProfile::PULL_2025.apply(cloud, splat::Frame::YDown);
            let _ = inspect(&fitted, &OutputProfile::PULL_2025).to_string();
            for container in Container::ALL {
                container.write(&fitted).unwrap();
            }
        }
        Err(error) => {
            let line = error.to_string();
            assert!(!line.contains(char::is_control), "{line:?}");
            assert!(line.len() < 300, "{line:?}");
        }
    }
}

#[test]
fn absurd_files_are_refused_in_one_line() {
    let ascii = |body: &str| [&vertices("ascii", 1, "float")[..], body.as_bytes()].concat();
    let corpus: Vec<Vec<u8>> = vec![
        vec![],
        b"ply".to_vec(),
        b"ply\n".to_vec(),
        b"ply\r\n\r\n\r\n".to_vec(),
        b"ply\nformat ascii 1.0\nelement vertex\nend_header\n".to_vec(),
        b"ply\nformat ascii 2.0\n".to_vec(),
        b"ply\nformat ascii 1.0\nproperty float x\n".to_vec(),
        b"ply\nelement vertex 99999999999999999999999\n".to_vec(),
        b"ply\n\x1b]0;title\x07\nend_header\n".to_vec(),
        [b"ply\n".to_vec(), vec![b'x'; 100_000]].concat(),
        [
            b"ply\nelement ".to_vec(),
            vec![0xFF; 500],
            b" 5\nproperty float \xFF\xFE\n".to_vec(),
        ]
        .concat(),
        ascii("nan nan nan inf -inf nan nan nan nan nan nan nan nan nan"),
        ascii("1e999 -1e999 1 1 1 1 1 1 1 1 1 1 1 1"),
        ascii("0x10 1 1 1 1 1 1 1 1 1 1 1 1 1"),
        ascii("1,2,3,4,5,6,7,8,9,10,11,12,13,14"),
        ascii("\0\0\0\0"),
        b"\x28\xB5\x2F\xFD".to_vec(),
        b"\x28\xB5\x2F\xFD\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF".to_vec(),
        // A frame that asks for a window of 3.75 TiB.
        b"\x28\xB5\x2F\xFD\x00\xFF\x01\x00\x00".to_vec(),
        b"\x1F\x8B\x08\x00".to_vec(),
        b"NGSP\x02\0\0\0".to_vec(),
    ];
    for bytes in &corpus {
        survive(bytes);
    }
}

fn flipped(mut bytes: Vec<u8>, flips: &[(prop::sample::Index, u8)]) -> Vec<u8> {
    for (index, bit) in flips {
        let at = index.index(bytes.len());
        bytes[at] ^= 1 << (bit % 8);
    }
    bytes
}

fn flips() -> impl Strategy<Value = Vec<(prop::sample::Index, u8)>> {
    prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)
}

fn small_ply() -> Vec<u8> {
    golden("spz/sh1_256.ply")
}

/// The header of a PLY and a little of its body: flips hit where they hurt.
fn head_of_ply() -> Vec<u8> {
    ply::write(&common::sound(3))
}

fn niantic() -> Vec<u8> {
    let cloud = ply::read(&small_ply()).unwrap();
    let version = splat::spz::niantic::Version::V3;
    Container::NianticSpz(version).write(&cloud).unwrap()
}

fn gzip(stream: &[u8]) -> Vec<u8> {
    let mut member = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut member, stream).unwrap();
    member.finish().unwrap()
}

fn gunzipped(bytes: &[u8]) -> Vec<u8> {
    let mut inside = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(bytes), &mut inside).unwrap();
    inside
}

#[test]
fn rows_that_cannot_be_splats_are_refused_in_one_line() {
    let message = |bytes: &[u8]| {
        survive_named(bytes, "x.splat");
        let refused = read_named(bytes, "x.splat".as_ref()).unwrap_err();
        refused.to_string()
    };
    let rows = Container::Splat.write(&common::sound(4)).unwrap();
    assert!(message(&rows[..127]).contains("127 bytes"));
    assert!(message(b"").contains("empty"));
    let sized = |size: f32| {
        let mut rows = rows.clone();
        rows[32 + 16..32 + 20].copy_from_slice(&size.to_le_bytes());
        rows
    };
    assert!(message(&sized(-1.0)).contains("splat 1 has a negative size"));
    assert!(message(&sized(f32::NAN)).contains("not a number"));
    survive_named(&sized(0.0), "x.splat");
    survive_named(&sized(f32::INFINITY), "x.splat");
}

proptest! {
    #[test]
    fn truncated_gzip_is_survived(cut in any::<prop::sample::Index>()) {
        let bytes = niantic();
        let bytes = &bytes[..cut.index(bytes.len())];
        prop_assert!(read(bytes).is_err());
        survive(bytes);
    }

    #[test]
    fn flipped_bits_in_gzip_are_survived(flips in flips()) {
        survive(&flipped(niantic(), &flips));
        // Within the member, where its sum does not notice.
        let stream = gunzipped(&niantic());
        let mut header_flips = flipped(stream[..16].to_vec(), &flips);
        header_flips.extend(&stream[16..]);
        survive(&gzip(&header_flips));
    }

    #[test]
    fn noise_in_new_clothes_is_survived(noise in prop::collection::vec(any::<u8>(), 0..2000)) {
        survive(&[&b"\x1F\x8B\x08"[..], &noise].concat());
        survive(&gzip(&[b"NGSP\x03\0\0\0", &noise[..]].concat()));
        survive(&[&b"NGSP\x04\0\0\0"[..], &noise].concat());
        survive_named(&noise, "x.splat");
        survive_named(&noise[..noise.len() / 32 * 32], "x.splat");
    }

    #[test]
    fn truncated_files_are_survived(cut in any::<prop::sample::Index>()) {
        for bytes in [small_ply(), golden("spz/sh1_256.spz"), golden("spz/sh3_256.spz")] {
            let cut = cut.index(bytes.len());
            prop_assert!(read(&bytes[..cut]).is_err());
            survive(&bytes[..cut]);
        }
    }

    #[test]
    fn flipped_bits_are_survived(flips in flips()) {
        survive(&flipped(small_ply(), &flips));
        survive(&flipped(head_of_ply(), &flips));
        survive(&flipped(golden("spz/sh1_256.spz"), &flips));
        // Within the frame, where zstd does not notice.
        let stream = zstd::stream::decode_all(&golden("spz/sh1_256.spz")[..]).unwrap();
        let mut header_flips = flipped(stream[..16].to_vec(), &flips);
        header_flips.extend(&stream[16..]);
        survive(&zstd::bulk::compress(&header_flips, 1).unwrap());
    }

    #[test]
    fn noise_is_survived(noise in prop::collection::vec(any::<u8>(), 0..2000)) {
        survive(&noise);
        survive(&[b"ply\n", &noise[..]].concat());
        survive(&[&vertices("ascii", 2, "float")[..], &noise].concat());
        survive(&[&vertices("binary_big_endian", 9, "short")[..], &noise].concat());
        survive(&[&b"\x28\xB5\x2F\xFD"[..], &noise].concat());
        survive(&zstd::bulk::compress(&[b"NGSP", &noise[..]].concat(), 1).unwrap());
    }

    #[test]
    fn headers_of_plausible_words_are_survived(
        lines in prop::collection::vec(
            prop::collection::vec(
                prop::sample::select(vec![
                    "element", "property", "list", "vertex", "float", "uchar", "x", "y", "3",
                    "99999999", "comment", "format", "ascii", "1.0", "end_header", "f_rest_0", "",
                ]),
                0..6,
            ),
            0..40,
        ),
        body in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let text: String = lines.iter().map(|words| words.join(" ") + "\n").collect();
        survive(&[b"ply\n", text.as_bytes(), &body].concat());
    }
}

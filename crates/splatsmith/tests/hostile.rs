//! Truncated, bit-flipped and absurd files: one clear line, never a panic, never a hang.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::path::Path;

use common::{disc_png, run, shell_file, shell_file_in};
use splat::Container;

/// The commands that read a splat cloud, with what they exit with when they cannot.
const READERS: [(&[&str], i32); 4] = [
    (&["inspect", "FILE", "--json"], 1),
    (&["convert", "FILE", "out.ply"], 1),
    (
        &[
            "render", "FILE", "-o", "out.png", "--views", "1", "--size", "16",
        ],
        1,
    ),
    (&["judge", "FILE", "--prompt", "a ball"], 2),
];

fn read_by_all(folder: &Path, name: &str) {
    for (arguments, code) in READERS {
        let arguments = arguments
            .iter()
            .map(|argument| if *argument == "FILE" { name } else { argument });
        run(folder, arguments).refused(code);
    }
}

/// A small file in every container.
fn in_every_container(folder: &Path, count: usize) -> impl Iterator<Item = (String, Vec<u8>)> {
    Container::ALL.into_iter().map(move |container| {
        let name = format!("{container}.{}", container.extension());
        let path = shell_file_in(folder, &name, count, container);
        (name, std::fs::read(path).unwrap())
    })
}

#[test]
fn truncated_clouds_are_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    for (name, whole) in in_every_container(folder.path(), 301) {
        for length in [0, 1, 4, 20, whole.len() / 2, whole.len() - 1] {
            std::fs::write(folder.path().join(&name), &whole[..length]).unwrap();
            read_by_all(folder.path(), &name);
        }
    }
}

#[test]
fn absurd_clouds_are_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let header = |lines: &str| format!("ply\nformat {lines}\nend_header\n");
    let corpus: Vec<(&str, Vec<u8>)> = vec![
        (
            "noise",
            (0..4096_u32)
                .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
                .collect(),
        ),
        (
            "count",
            header(
                "binary_little_endian 1.0\nelement vertex 18446744073709551615\nproperty float x",
            )
            .into(),
        ),
        (
            "billions",
            header("ascii 1.0\nelement vertex 4000000000\nproperty float x").into(),
        ),
        (
            "no_format",
            header("morse 1.0\nelement vertex 1\nproperty float x").into(),
        ),
        (
            "endless_header",
            [
                b"ply\nformat ascii 1.0\n".to_vec(),
                b"comment x\n".repeat(50_000),
            ]
            .concat(),
        ),
        (
            "no_newline",
            [b"ply\n".to_vec(), vec![b'a'; 1 << 20]].concat(),
        ),
        ("gzip", vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]),
        ("zstd", vec![0x28, 0xb5, 0x2f, 0xfd, 0xff, 0xff, 0xff, 0xff]),
        (
            "magic",
            b"NGSP\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff".to_vec(),
        ),
    ];
    for (name, bytes) in corpus {
        std::fs::write(folder.path().join(name), bytes).unwrap();
        read_by_all(folder.path(), name);
    }
}

#[test]
fn bit_flips_are_read_or_refused_but_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    for (name, whole) in in_every_container(folder.path(), 64) {
        // A stride that is prime to 8 meets every bit of the header and samples the body.
        let bits = (0..whole.len().min(60) * 8).step_by(7);
        let body = (60 * 8..whole.len() * 8).step_by(997);
        for bit in bits.chain(body).take(110) {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(folder.path().join(&name), flipped).unwrap();
            let inspection = run(folder.path(), ["inspect", &name, "--json"]);
            match inspection.code {
                0 => assert!(inspection.json()["count"].is_u64()),
                _ => drop(inspection.refused(1)),
            }
        }
    }
}

#[test]
fn broken_pictures_are_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    shell_file(folder.path(), "a.spz", 300);
    let whole = disc_png();
    let mut huge = whole.clone();
    huge[16..24].fill(0x7f); // width and height in the header
    for (name, bytes) in [
        ("half.png", whole[..whole.len() / 2].to_vec()),
        ("empty.png", Vec::new()),
        ("text.png", b"a picture, honestly".to_vec()),
        ("huge.png", huge),
    ] {
        std::fs::write(folder.path().join(name), bytes).unwrap();
        run(folder.path(), ["judge", "a.spz", "--image", name]).refused(2);
        run(folder.path(), ["generate", "--image", name, "-o", "x.ply"]).refused(1);
        assert!(!folder.path().join("x.ply").exists());
    }
}

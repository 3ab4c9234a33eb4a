//! Reading takes memory in proportion to what was sent, whatever it claims. What zstd itself
//! allocates is not counted here: its window, which `spz` limits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::sync::{Mutex, MutexGuard, PoisonError};

use common::{golden, vertices};
use peak_alloc::PeakAlloc;
use splat::{ply, read, spz};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const MEBIBYTE: usize = 1024 * 1024;

/// Taken at the start of every test: tests of one binary may run side by side.
fn alone() -> MutexGuard<'static, ()> {
    static MEASURING: Mutex<()> = Mutex::new(());
    MEASURING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Bytes allocated at most while `work` ran, beyond what there was before.
fn peak(work: impl FnOnce()) -> usize {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    work();
    MEMORY.peak_usage().saturating_sub(before)
}

#[test]
fn a_promise_costs_no_memory() {
    let _alone = alone();
    for format in ["ascii", "binary_little_endian", "binary_big_endian"] {
        for kind in ["double", "uchar"] {
            let mut bytes = vertices(format, 10_000_000, kind);
            bytes.extend([b'1'; 100]);
            let used = peak(|| assert!(read(&bytes).is_err()));
            assert!(used < 64 * 1024, "{format} {kind}: {used} bytes");
        }
    }
    let listed = String::from_utf8(vertices("binary_little_endian", 10_000_000, "float")).unwrap();
    let listed = listed.replace("end_header", "property list uint double tags\nend_header");
    let used = peak(|| assert!(read(&[listed.as_bytes(), &[0xFF; 200]].concat()).is_err()));
    assert!(used < 64 * 1024, "{used} bytes");
}

#[test]
fn a_packed_promise_costs_no_more_than_what_is_there() {
    let _alone = alone();
    let mut stream = b"NGSP\x02\0\0\0\x80\x96\x98\0\x03\x0c\0\0".to_vec();
    stream.extend([0; 1000]);
    let bytes = zstd::bulk::compress(&stream, 1).unwrap();
    let used = peak(|| assert!(spz::decode(&bytes).is_err()));
    assert!(used < 4 * MEBIBYTE, "{used} bytes");
}

#[test]
fn a_bomb_is_refused_by_what_it_claims() {
    let _alone = alone();
    // Ten million splats of zeros: 190 MB out of some 20 KB.
    let mut stream = b"NGSP\x02\0\0\0\x80\x96\x98\0\0\x0c\0\0".to_vec();
    stream.resize(16 + 190_000_000, 0);
    let bytes = zstd::bulk::compress(&stream, 19).unwrap();
    drop(stream);
    let used = peak(|| {
        let line = spz::decode(&bytes).unwrap_err().to_string();
        assert!(line.contains("bomb"), "{line}");
    });
    assert!(used < 4 * MEBIBYTE, "{used} bytes");
}

fn gzip(stream: &[u8]) -> Vec<u8> {
    let mut member = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut member, stream).unwrap();
    member.finish().unwrap()
}

#[test]
fn a_gzip_promise_or_bomb_costs_no_memory_either() {
    let _alone = alone();
    let mut stream = b"NGSP\x03\0\0\0\x80\x96\x98\0\x03\x0c\0\0".to_vec();
    stream.extend([0; 1000]);
    let promise = gzip(&stream);
    stream[12] = 0;
    stream.resize(16 + 200_000_000, 0);
    let bomb = gzip(&stream);
    drop(stream);
    for (bytes, what) in [(promise, "bomb"), (bomb, "bomb")] {
        let used = peak(|| {
            let line = read(&bytes).unwrap_err().to_string();
            assert!(line.contains(what), "{line}");
        });
        assert!(used < 4 * MEBIBYTE, "{used} bytes");
    }
    // As much as a small file may come to, and not there: nothing is made room for.
    let mut stream = b"NGSP\x03\0\0\0\0\0\x30\0\0\x0c\0\0".to_vec();
    stream.extend([0; 1000]);
    let bytes = gzip(&stream);
    let used = peak(|| {
        let line = read(&bytes).unwrap_err().to_string();
        assert!(line.contains("truncated"), "{line}");
    });
    assert!(used < MEBIBYTE, "{used} bytes");
}

#[test]
fn a_frame_of_a_forged_size_is_not_believed() {
    let _alone = alone();
    // A single segment whose content is said to be 2^40 bytes, then one of just four times the file.
    let forged = |size: u64| {
        let mut bytes = b"\x28\xB5\x2F\xFD\xE0".to_vec();
        bytes.extend(size.to_le_bytes());
        bytes.extend([0x55; 200]);
        bytes
    };
    for size in [1 << 40, u64::MAX, 800, 20_000_000] {
        let used = peak(|| assert!(spz::decode(&forged(size)).is_err()));
        assert!(used < 4 * MEBIBYTE, "{used} bytes for {size}");
    }
}

#[test]
fn bytes_after_the_stream_are_never_held() {
    let _alone = alone();
    let mut stream = zstd::stream::decode_all(&golden("spz/sh1_256.spz")[..]).unwrap();
    stream.resize(50_000_000, 7);
    let bytes = zstd::bulk::compress(&stream, 1).unwrap();
    drop(stream);
    let used = peak(|| drop(spz::decode(&bytes)));
    assert!(used < 4 * MEBIBYTE, "{used} bytes");
}

#[test]
fn what_is_read_takes_memory_in_proportion() {
    let _alone = alone();
    let cloud = common::sound(100_000);
    let ply = ply::write(&cloud);
    let used = peak(|| drop(ply::read(&ply).unwrap()));
    // At least the cloud itself: the measure measures.
    assert!(
        (5_600_000..2 * ply.len()).contains(&used),
        "{used} bytes for {}",
        ply.len()
    );
    // The smallest a splat can be: fourteen bytes that become fourteen floats.
    let mut small = vertices("binary_little_endian", 100_000, "uchar");
    small.resize(small.len() + 14 * 100_000, 1);
    let used = peak(|| drop(ply::read(&small).unwrap()));
    assert!(used < 5 * small.len(), "{used} bytes for {}", small.len());
    // Packed: the stream, the cloud, and rotations once more while `.splat` columns are made.
    for container in splat::Container::ALL.into_iter().skip(1) {
        let bytes = container.write(&cloud).unwrap();
        let name = format!("cloud.{}", container.extension());
        let used = peak(|| drop(splat::read_named(&bytes, name.as_ref()).unwrap()));
        assert!(
            used < 2 * ply.len(),
            "{container}: {used} bytes for {}",
            ply.len()
        );
    }
}

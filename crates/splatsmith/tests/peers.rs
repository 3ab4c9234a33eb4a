//! Containers against the libraries others read and write them with: gsply (Python) for PLY and
//! Niantic's SPZ, Niantic's own C++ in @spz-loader/core (Node), and spz_rs.
//!
//! None of them turns axes here: gsply and spz_rs never do, and the C++ is told not to. Where Python
//! or Node cannot be had the tests say that they are skipped, unless `SPLATSMITH_INTEROP_REQUIRED`
//! is set; see `tests/interop`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "common/clouds.rs"]
mod clouds;
mod common;
#[path = "common/python.rs"]
mod python;

use std::path::Path;
use std::process::Command;

use clouds::{PLAIN, SAME, SPZ, SPZ_V3, Tolerance, assert_near, rows, varied};
use common::{finished, run};
use python::{gsply, json_of, node_modules, script};
use splat::{Cloud, Sh};

const SPLATS: usize = 1500;

/// Niantic's containers, by the name of `--to`, with what they lose.
const NIANTIC: [(&str, Tolerance); 2] = [("spz-niantic", SPZ), ("spz-niantic-v3", SPZ_V3)];

/// Writes a cloud as PLY and has the command convert it; checks what the command itself reads back.
fn converted(folder: &Path, cloud: &Cloud, to: &str, name: &str) {
    std::fs::write(folder.join("source.ply"), splat::ply::write(cloud)).unwrap();
    let conversion = run(folder, ["convert", "source.ply", name, "--to", to]);
    assert_eq!(conversion.code, 0, "{}", conversion.stderr);
}

/// What we read in a file, for comparison with what the peer read.
fn our_rows(path: &Path) -> Vec<Vec<f32>> {
    rows(&splat::read(&std::fs::read(path).unwrap()).unwrap().0)
}

/// Runs a peer that reads `folder/name`, and returns its rows.
fn peer_rows(peer: &mut Command, folder: &Path, name: &str) -> Vec<Vec<f32>> {
    let target = folder.join("rows");
    let read = finished(peer.arg(folder.join(name)).arg(&target));
    let values = usize::try_from(json_of(&read)["values"].as_u64().unwrap()).unwrap();
    let bytes = std::fs::read(target).unwrap();
    let floats = bytes
        .chunks_exact(4)
        .map(|raw| f32::from_le_bytes(raw.try_into().unwrap()));
    let floats: Vec<f32> = floats.collect();
    floats.chunks_exact(values).map(<[f32]>::to_vec).collect()
}

#[test]
fn gsply_reads_our_ply() {
    let Some(python) = gsply() else { return };
    let folder = tempfile::tempdir().unwrap();
    for degree in 0..=3 {
        let cloud = varied(SPLATS, degree, 11);
        converted(folder.path(), &cloud, "ply", "a.ply");
        let mut peer = Command::new(&python);
        let read = peer_rows(peer.arg(script("clouds.py")), folder.path(), "a.ply");
        assert_near(&read, &rows(&cloud), SAME, &format!("degree {degree}"));
    }
}

#[test]
fn gsply_reads_our_niantic_spz() {
    let Some(python) = gsply() else { return };
    niantic_is_read_by(|| {
        let mut peer = Command::new(&python);
        peer.arg(script("clouds.py"));
        peer
    });
}

#[test]
fn niantic_s_own_code_reads_our_niantic_spz() {
    let Some(modules) = node_modules() else {
        return;
    };
    niantic_is_read_by(|| {
        let mut peer = Command::new("node");
        peer.env("NODE_PATH", &modules).arg(script("spz.cjs"));
        peer
    });
}

/// Both versions, all degrees: near the source, and the same as what we read ourselves.
fn niantic_is_read_by(peer: impl Fn() -> Command) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for (container, tolerance) in NIANTIC {
        for degree in 0..=3 {
            let what = format!("{container}, degree {degree}");
            let cloud = varied(SPLATS, degree, 12);
            converted(path, &cloud, container, "a.spz");
            let read = peer_rows(&mut peer(), path, "a.spz");
            assert_near(&read, &rows(&cloud), tolerance, &what);
            assert_near(&read, &our_rows(&path.join("a.spz")), SAME, &what);
        }
    }
}

#[test]
fn spz_rs_reads_our_niantic_spz() {
    let folder = tempfile::tempdir().unwrap();
    for degree in 0..=3 {
        let cloud = varied(SPLATS, degree, 13);
        converted(folder.path(), &cloud, "spz-niantic", "a.spz");
        let file = std::fs::File::open(folder.path().join("a.spz")).unwrap();
        let packed = spz_rs::load_packed_gaussians_from_spz_buffer(file).unwrap();
        let read: Vec<Vec<f32>> = (0..packed.num_points)
            .map(|index| spz_rs_row(&packed, index))
            .collect();
        let what = format!("degree {degree}");
        assert_near(&read, &rows(&cloud), SPZ, &what);
        assert_near(&read, &our_rows(&folder.path().join("a.spz")), SAME, &what);
    }
}

fn spz_rs_row(packed: &spz_rs::PackedGaussians, index: usize) -> Vec<f32> {
    let splat = packed.unpack(index);
    let mut row = Vec::new();
    row.extend(splat.position);
    row.extend(splat.scale);
    // Its w is not a number where x, y and z are together longer than 1; the format means 0.
    row.push(if splat.rotation[0].is_nan() {
        0.0
    } else {
        splat.rotation[0]
    });
    row.extend(&splat.rotation[1..]);
    row.push(1.0 / (1.0 + (-splat.alpha).exp()));
    row.extend(splat.color);
    let coefficients = Sh::values_per_splat(u8::try_from(packed.sh_degree).unwrap()) / 3;
    for coefficient in 0..coefficients {
        let channels = [&splat.sh_r, &splat.sh_g, &splat.sh_b];
        row.extend(channels.map(|channel| channel[coefficient]));
    }
    row
}

#[test]
fn we_read_what_gsply_writes() {
    let Some(python) = gsply() else { return };
    let folder = tempfile::tempdir().unwrap();
    // gsply packs harmonics in whole bytes, not in buckets, and truncates nothing else.
    let spz = Tolerance {
        harmonics: 1.0 / 128.0,
        ..SPZ_V3
    };
    for (name, tolerance) in [("g.ply", SAME), ("g.spz", spz)] {
        for degree in 0..=3 {
            let wanted = rows(&varied(SPLATS, degree, 14));
            let values = PLAIN + Sh::values_per_splat(degree);
            let flat: Vec<u8> = wanted
                .iter()
                .flatten()
                .flat_map(|value| value.to_le_bytes())
                .collect();
            std::fs::write(folder.path().join("rows"), flat).unwrap();
            let mut writer = Command::new(&python);
            writer
                .arg(script("clouds.py"))
                .args(["--write", "--values", &values.to_string()])
                .arg(folder.path().join(name))
                .arg(folder.path().join("rows"));
            assert_eq!(json_of(&finished(&mut writer))["splats"], SPLATS);
            let conversion = run(folder.path(), ["convert", name, "ours.ply"]);
            assert_eq!(conversion.code, 0, "{}", conversion.stderr);
            let read = our_rows(&folder.path().join("ours.ply"));
            assert_near(
                &read,
                &wanted,
                tolerance,
                &format!("{name}, degree {degree}"),
            );
        }
    }
}

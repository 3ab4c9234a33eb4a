//! PLY: every dialect that is read, what is written, and what is refused and how it says so.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{any_float, bits, clouds, golden, sound};
use proptest::prelude::*;
use splat::{Cloud, Splat, ply};

const FIELDS: [&str; 14] = [
    "x", "y", "z", "f_dc_0", "f_dc_1", "f_dc_2", "opacity", "scale_0", "scale_1", "scale_2",
    "rot_0", "rot_1", "rot_2", "rot_3",
];

/// The value of field `field` of splat `row` in the small files below: whole, so that every number
/// type can hold it.
fn value(row: usize, field: usize) -> u8 {
    (row * 14 + field) as u8
}

fn splat(row: usize) -> Splat {
    let at = |field: usize| f32::from(value(row, field));
    Splat {
        position: [at(0), at(1), at(2)],
        colour: [at(3), at(4), at(5)],
        opacity_logit: at(6),
        log_scale: [at(7), at(8), at(9)],
        rotation: [at(10), at(11), at(12), at(13)],
    }
}

fn expected() -> Cloud {
    (0..3).map(splat).collect()
}

fn header(format: &str, elements: &str) -> String {
    format!("ply\nformat {format} 1.0\n{elements}end_header\n")
}

fn declare(kind: &str) -> String {
    FIELDS
        .iter()
        .map(|field| format!("property {kind} {field}\n"))
        .collect()
}

fn file(header: &str, body: impl IntoIterator<Item = u8>) -> Vec<u8> {
    header.bytes().chain(body).collect()
}

/// A file of three splats, every number of type `kind` written by `number`.
fn of_kind(format: &str, kind: &str, number: impl Fn(u8) -> Vec<u8>) -> Vec<u8> {
    let header = header(format, &format!("element vertex 3\n{}", declare(kind)));
    let numbers = (0..3).flat_map(|row| (0..14).map(move |field| value(row, field)));
    file(&header, numbers.flat_map(number))
}

fn message(bytes: &[u8]) -> String {
    let message = ply::read(bytes).unwrap_err().to_string();
    assert!(!message.contains('\n') && message.is_ascii(), "{message}");
    message
}

#[test]
fn every_number_type_is_read_in_both_byte_orders() {
    let little = "binary_little_endian";
    let big = "binary_big_endian";
    let files = [
        of_kind(little, "float", |v| f32::from(v).to_le_bytes().into()),
        of_kind(big, "float", |v| f32::from(v).to_be_bytes().into()),
        of_kind(little, "float64", |v| f64::from(v).to_le_bytes().into()),
        of_kind(big, "double", |v| f64::from(v).to_be_bytes().into()),
        of_kind(little, "uchar", |v| vec![v]),
        of_kind(big, "int8", |v| vec![v]),
        of_kind(little, "short", |v| i16::from(v).to_le_bytes().into()),
        of_kind(big, "int16", |v| i16::from(v).to_be_bytes().into()),
        of_kind(little, "ushort", |v| u16::from(v).to_le_bytes().into()),
        of_kind(big, "uint16", |v| u16::from(v).to_be_bytes().into()),
        of_kind(little, "int", |v| i32::from(v).to_le_bytes().into()),
        of_kind(big, "int32", |v| i32::from(v).to_be_bytes().into()),
        of_kind(little, "uint", |v| u32::from(v).to_le_bytes().into()),
        of_kind(big, "uint32", |v| u32::from(v).to_be_bytes().into()),
        of_kind("ascii", "float", |v| format!("{v}.0e0\n").into()),
        of_kind("ascii", "double", |v| format!("  {v} ").into()),
        of_kind("ascii", "uchar", |v| format!("{v}\r\n").into()),
    ];
    for (index, bytes) in files.iter().enumerate() {
        assert_eq!(ply::read(bytes).unwrap(), expected(), "file {index}");
    }
}

#[test]
fn order_comments_carriage_returns_and_strangers_do_not_matter() {
    let mut properties: Vec<String> = FIELDS
        .iter()
        .rev()
        .map(|field| format!("property float {field}\n"))
        .collect();
    properties.insert(3, "property uchar red\n".to_owned());
    properties.insert(9, "property double nx\ncomment in the middle\n".to_owned());
    let elements = format!(
        "comment written by hand\nobj_info 7\nelement camera 2\nproperty short id\n\
         element empty 9000000000000000000\nelement vertex 3\n{}element face 1\n\
         property list uchar int vertex_indices\n",
        properties.concat()
    );
    let header = header("binary_little_endian", &elements).replace('\n', "\r\n");
    let mut body = vec![1, 2, 3, 4];
    for row in 0..3 {
        let mut numbers: Vec<Vec<u8>> = (0..14)
            .rev()
            .map(|field| f32::from(value(row, field)).to_le_bytes().into())
            .collect();
        numbers.insert(3, vec![9]);
        numbers.insert(9, 5.0_f64.to_le_bytes().into());
        body.extend(numbers.concat());
    }
    body.extend([1, 0, 0, 0, 0]);
    assert_eq!(ply::read(&file(&header, body)).unwrap(), expected());
}

#[test]
fn lists_are_stepped_over_wherever_they_are() {
    let listed = format!(
        "element mesh 2\nproperty list uchar short a\nelement vertex 3\n\
         property list ushort double tags\n{}",
        declare("float")
    );
    let mut binary = vec![2, 1, 0, 2, 0, 0];
    let mut ascii = "2 1 2\n0\n".to_owned();
    for row in 0..3 {
        binary.extend((row as u16).to_be_bytes());
        binary.extend((0..row).flat_map(|tag| (tag as f64).to_be_bytes()));
        ascii += &format!("{row} {}", "0.5 ".repeat(row));
        for field in 0..14 {
            binary.extend(f32::from(value(row, field)).to_be_bytes());
            ascii += &format!("{} ", value(row, field));
        }
    }
    let binary = file(&header("binary_big_endian", &listed), binary);
    let ascii = file(&header("ascii", &listed), ascii.into_bytes());
    assert_eq!(ply::read(&binary).unwrap(), expected());
    assert_eq!(ply::read(&ascii).unwrap(), expected());
}

#[test]
fn what_the_reference_emits_is_written_byte_for_byte() {
    for name in [
        "edge2k.ply",
        "edge2k.dec.ply",
        "sh1_256.ply",
        "sh3_256.ply",
        "sh3_256.dec.ply",
    ] {
        let bytes = golden(&format!("spz/{name}"));
        assert!(ply::write(&ply::read(&bytes).unwrap()) == bytes, "{name}");
    }
}

#[test]
fn normals_are_skipped() {
    let with_normals = ply::read(&golden("spz/edge2k.dec_n.ply")).unwrap();
    assert_eq!(
        with_normals,
        ply::read(&golden("spz/edge2k.dec.ply")).unwrap()
    );
}

#[test]
fn harmonics_are_transposed_between_file_and_cloud() {
    let rest: String = (0..9)
        .map(|index| format!("property float f_rest_{index}\n"))
        .collect();
    let header = header(
        "ascii",
        &format!("element vertex 1\n{}{rest}", declare("float")),
    );
    let body = (0..14)
        .map(|_| "0 ".to_owned())
        .chain((0..9).map(|index| format!("{index} ")));
    let cloud = ply::read(&file(&header, body.collect::<String>().into_bytes())).unwrap();
    // In the file red's three coefficients come first; in the cloud a coefficient's three channels.
    assert_eq!(
        cloud.columns().sh.values,
        [0.0, 3.0, 6.0, 1.0, 4.0, 7.0, 2.0, 5.0, 8.0]
    );
}

#[test]
fn refusals_name_the_trouble() {
    let vertex = |count: &str| format!("element vertex {count}\n{}", declare("float"));
    let little = |elements: &str| file(&header("binary_little_endian", elements), [0; 56]);
    let with = |from: &str, to: &str| little(&vertex("1").replace(from, to));

    assert!(message(b"solid cube\n").contains("not a PLY"));
    assert!(message(b"ply").contains("not a PLY"));
    assert!(message(b"ply\nformat ascii 1.0\n").contains("without an `end_header`"));
    assert!(message(b"ply\nend_header\n").contains("without a `format`"));
    assert!(message(&little("")).contains("without a `vertex` element"));
    assert!(message(&little(&vertex("0"))).contains("0 vertices"));
    assert!(message(&little(&vertex("-1"))).contains("line 3: `-1` is not a number of rows"));
    assert!(message(&little(&vertex("10485761"))).contains("at most 10485760"));
    assert!(message(&with("property float opacity\n", "")).contains("lack the property `opacity`"));
    assert!(message(&with("float opacity", "list uchar float opacity")).contains("is a list"));
    assert!(message(&with("float y\n", "float x\n")).contains("`x` is declared twice"));
    assert!(message(&with("float x", "floaty x")).contains("`floaty` is not a PLY number type"));
    assert!(message(&with("float x\n", "float\n")).contains("needs a type and a name"));
    assert!(message(&with("float x\n", "float packed_position\n")).contains("SuperSplat"));
    assert!(message(&little(&vertex("2"))).contains("promises 2 rows of element `vertex`"));
    assert!(message(&little(&vertex("2"))).ends_with("holds 1"));
    for (count, first) in [(4, 0), (6, 0), (9, 1)] {
        let rest = (first..first + count).map(|index| format!("property float f_rest_{index}\n"));
        let elements = vertex("1") + &rest.collect::<String>();
        assert!(
            message(&little(&elements)).contains("0, 9, 24 or 45"),
            "{count} from {first}"
        );
    }
    let ascii = file(&header("ascii", &vertex("1")), *b"1 2 \x1b[31m");
    assert!(message(&ascii).contains("row 0: `\\x1b[31m` is not a number"));
    assert!(message(&file(&header("ascii", &vertex("1")), *b"1 2")).ends_with("holds 0"));
    let long = [b"ply\n".to_vec(), b"comment\n".repeat(20_000)].concat();
    assert!(message(&long).contains("first 65536 bytes"));
}

#[test]
fn a_huge_promise_over_a_small_body_is_refused_at_once() {
    for format in ["ascii", "binary_little_endian", "binary_big_endian"] {
        for count in ["10485760", "18446744073709551615"] {
            let vertex = format!("element vertex {count}\n{}", declare("double"));
            let listed = format!(
                "element vertex {count}\nproperty list int int a\n{}",
                declare("char")
            );
            let before = format!("element a {count}\nproperty int b\n{}", vertex);
            let list_before = format!("element a {count}\nproperty list uchar int b\n{}", vertex);
            for elements in [&vertex, &listed, &before, &list_before] {
                let bytes = file(&header(format, elements), *b"1 2 3 4 5 6");
                message(&bytes);
            }
        }
    }
}

#[test]
fn bytes_after_the_body_are_ignored() {
    let mut bytes = ply::write(&sound(5));
    bytes.extend_from_slice(b"whatever");
    assert_eq!(ply::read(&bytes).unwrap(), sound(5));
}

#[test]
fn many_blocks_come_back_in_order() {
    let cloud = sound(5_000);
    assert_eq!(ply::read(&ply::write(&cloud)).unwrap(), cloud);
}

proptest! {
    #[test]
    fn what_is_written_is_read_bit_for_bit(cloud in clouds(any_float())) {
        let read = ply::read(&ply::write(&cloud)).unwrap();
        prop_assert_eq!(bits(&read), bits(&cloud));
        prop_assert_eq!(read.columns().sh.degree, cloud.columns().sh.degree);
    }
}

//! OBJ and PLY, and what of each the reader understands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::files;
use common::square::{assert_colour, colour_at, nothing, outwards, square};
use mesh::{MeshError, MeshKind};

#[test]
fn what_is_missing_or_has_no_area_is_left_out_with_a_note() {
    let model = square();
    let (obj, _) = files::obj(&model);
    let mesh = mesh::read(&obj, MeshKind::Obj, &nothing).unwrap();
    assert!(mesh.notes()[0].contains("model.mtl"), "{:?}", mesh.notes());
    assert_colour(colour_at(&mesh, 0.5, 0.5), [1.0; 3]);

    let text = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 2 0 0\nv nan 0 0\nf 1 2 3\nf 1 2 4\nf 1 2 5\n";
    let mesh = mesh::read(text.as_bytes(), MeshKind::Obj, &nothing).unwrap();
    assert_eq!((mesh.triangles(), mesh.dropped()), (1, 2));
    assert!(
        mesh.notes()[0].starts_with("2 triangles without area"),
        "{:?}",
        mesh.notes()
    );
    let none = mesh::read(
        b"v 0 0 0\nv 1 0 0\nv 2 0 0\nf 1 2 3\n",
        MeshKind::Obj,
        &nothing,
    );
    assert_eq!(none.unwrap_err(), MeshError::NoTriangles { dropped: 1 });
}

#[test]
fn obj_materials_are_found_by_name_and_colours_multiplied() {
    let text = "mtllib a lib.mtl\nv 0 0 0 1 0.5 1\nv 1 0 0 1 0.5 1\nv 1 1 0 1 0.5 1\nv 0 1 0 1 0.5 1\n\
                usemtl red\nf -4 -3 -2\nusemtl half\nf 1 3 4\n";
    let library = b"newmtl half\nKd 1 1 1\nd 0.5\nnewmtl red\nKd 1 0.5 0\n".to_vec();
    let resolve = |name: &str| (name == "a lib.mtl").then(|| library.clone());
    let mesh = mesh::read(text.as_bytes(), MeshKind::Obj, &resolve).unwrap();
    assert_colour(colour_at(&mesh, 0.75, 0.25), [1.0, 0.25, 0.0]);
    let half = colour_at(&mesh, 0.25, 0.75).unwrap();
    assert_eq!(half, [1.0, 0.5, 1.0, 0.5]);
}

#[test]
fn ply_is_read_as_text_and_in_either_byte_order() {
    let header = |format: &str, colour: &str| {
        let colours = ["red", "green", "blue"].map(|name| format!("property {colour} {name}\n"));
        format!(
            "ply\nformat {format} 1.0\nelement vertex 4\nproperty double x\nproperty float y\n\
             property float z\n{}property float quality\nelement edge 1\nproperty int vertex1\n\
             element face 1\nproperty uchar flags\nproperty list uchar uint vertex_index\nend_header\n",
            colours.concat()
        )
    };
    let corners = [(0.0_f64, 0.0_f32), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)];
    let mut text = header("ascii", "float");
    for (x, y) in corners {
        text += &format!("{x} {y} 0 1 0.5 0.25 7\n");
    }
    text += "3\n0 4 0 1 2 3\n";
    let mut big = header("binary_big_endian", "ushort").into_bytes();
    for (x, y) in corners {
        big.extend(x.to_be_bytes());
        big.extend([y, 0.0].iter().flat_map(|value| value.to_be_bytes()));
        big.extend(
            [65535_u16, 32768, 16384]
                .iter()
                .flat_map(|value| value.to_be_bytes()),
        );
        big.extend(7.0_f32.to_be_bytes());
    }
    big.extend(3_i32.to_be_bytes());
    big.extend([0, 4]);
    big.extend((0..4_u32).flat_map(u32::to_be_bytes));
    for bytes in [text.into_bytes(), big] {
        assert_eq!(MeshKind::from_magic(&bytes), Some(MeshKind::Ply));
        let mesh = mesh::read(&bytes, MeshKind::Ply, &nothing).unwrap();
        assert_eq!(mesh.triangles(), 2);
        assert_colour(colour_at(&mesh, 0.3, 0.6), [1.0, 0.5, 0.25]);
        assert!(outwards(&mesh).iter().all(|normal| normal.z > 0.9));
    }
}

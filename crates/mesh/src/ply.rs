//! PLY meshes: vertices, vertex colours, faces of any number of corners.

use std::io::Cursor;

use glam::{Vec3, Vec4};
use serde::Deserialize;
use serde_ply::{ElementDef, PlyFormat, PlyReader, PropertyType, ScalarType};

use crate::MeshError;
use crate::build::{Builder, MAX_PARTS, Part, within};
use crate::material::{Alpha, Material};
use crate::model::Mesh;
use crate::texture::Space;

#[derive(Deserialize)]
struct Vertex {
    x: f32,
    y: f32,
    z: f32,
    #[serde(default, alias = "r", alias = "diffuse_red")]
    red: f32,
    #[serde(default, alias = "g", alias = "diffuse_green")]
    green: f32,
    #[serde(default, alias = "b", alias = "diffuse_blue")]
    blue: f32,
    #[serde(default = "one", alias = "a", alias = "diffuse_alpha")]
    alpha: f32,
}

fn one() -> f32 {
    1.0
}

#[derive(Deserialize)]
struct Face {
    #[serde(alias = "vertex_index")]
    vertex_indices: Vec<u32>,
}

/// A row nothing is wanted of.
#[derive(Deserialize)]
struct Skipped {}

fn malformed(what: impl ToString) -> MeshError {
    MeshError::malformed("PLY", what.to_string())
}

pub(crate) fn read(bytes: &[u8]) -> Result<Mesh, MeshError> {
    let mut reader = PlyReader::from_reader(Cursor::new(bytes)).map_err(malformed)?;
    check_counts(&reader, bytes.len())?;
    let mut part = Part::default();
    let mut polygons = None;
    while let Some(element) = reader.current_element() {
        match element.name.as_str() {
            "vertex" => {
                within("vertices", element.count, MAX_PARTS)?;
                let (unit, coloured) = (colour_unit(element), has_colours(element));
                let vertices: Vec<Vertex> = reader.next_element().map_err(malformed)?;
                part.positions = vertices.iter().map(position).collect();
                if coloured {
                    part.colours = vertices.iter().map(|vertex| colour(vertex, unit)).collect();
                }
            }
            "face" => {
                let faces: Vec<Face> = reader.next_element().map_err(malformed)?;
                polygons = Some(faces);
            }
            _ => drop(reader.next_element::<Vec<Skipped>>().map_err(malformed)?),
        }
    }
    let polygons = polygons.ok_or_else(|| malformed("it has no faces"))?;
    part.triangles = triangles(&polygons, part.positions.len())?;
    let transparent = part.colours.iter().any(|colour| colour.w < 1.0);
    let mut builder = Builder::new(Space::Display);
    builder.add_material(Material {
        alpha: if transparent {
            Alpha::Blend
        } else {
            Alpha::Opaque
        },
        ..Material::default()
    })?;
    builder.add_part(part)?;
    builder.finish()
}

/// The header may not claim more rows than there are bytes for: a reader that believes it would be
/// busy, or full, for ever.
fn check_counts<R: std::io::BufRead>(reader: &PlyReader<R>, bytes: usize) -> Result<(), MeshError> {
    let header = reader.header();
    let mut needed = 0_usize;
    for element in &header.elem_defs {
        let row: usize = element
            .properties
            .iter()
            .map(|property| match (&property.property_type, header.format) {
                // A digit and a space.
                (_, PlyFormat::Ascii) => 2,
                (PropertyType::Scalar(scalar), _) => size(*scalar),
                (PropertyType::List { count_type, .. }, _) => size(*count_type),
            })
            .sum();
        if row == 0 && element.count > 0 {
            return Err(malformed(format!(
                "element {} has no properties",
                element.name
            )));
        }
        needed = needed.saturating_add(row.saturating_mul(element.count));
    }
    // The last value of an ASCII file may lack its newline.
    if needed > bytes.saturating_add(1) {
        return Err(malformed(format!(
            "its header claims {needed} bytes of elements, the whole file has {bytes}"
        )));
    }
    Ok(())
}

fn size(scalar: ScalarType) -> usize {
    match scalar {
        ScalarType::I8 | ScalarType::U8 => 1,
        ScalarType::I16 | ScalarType::U16 => 2,
        ScalarType::I32 | ScalarType::U32 | ScalarType::F32 => 4,
        ScalarType::F64 => 8,
    }
}

const RED: [&str; 3] = ["red", "r", "diffuse_red"];

fn has_colours(vertex: &ElementDef) -> bool {
    RED.iter().any(|name| vertex.has_property(name))
}

/// What a colour value is multiplied by: integers are bytes or 16 bits wide, floats are shares.
fn colour_unit(vertex: &ElementDef) -> f32 {
    let red = RED.iter().find_map(|name| vertex.get_property(name));
    match red.map(|property| &property.property_type) {
        Some(PropertyType::Scalar(ScalarType::F32 | ScalarType::F64)) => 1.0,
        Some(PropertyType::Scalar(ScalarType::I16 | ScalarType::U16)) => 1.0 / 65_535.0,
        _ => 1.0 / 255.0,
    }
}

fn position(vertex: &Vertex) -> Vec3 {
    Vec3::new(vertex.x, vertex.y, vertex.z)
}

fn colour(vertex: &Vertex, unit: f32) -> Vec4 {
    // A missing alpha is 1 whatever the unit.
    let alpha = if vertex.alpha == 1.0 {
        1.0
    } else {
        vertex.alpha * unit
    };
    Vec4::new(
        vertex.red * unit,
        vertex.green * unit,
        vertex.blue * unit,
        alpha,
    )
}

/// Every polygon as a fan.
fn triangles(polygons: &[Face], vertices: usize) -> Result<Vec<[u32; 3]>, MeshError> {
    let mut triangles = Vec::with_capacity(polygons.len());
    for Face { vertex_indices } in polygons {
        if let Some(index) = vertex_indices
            .iter()
            .find(|index| **index as usize >= vertices)
        {
            let what = format!("a face refers to vertex {index}, there are {vertices}");
            return Err(malformed(what));
        }
        let Some((first, rest)) = vertex_indices.split_first() else {
            continue;
        };
        triangles.extend(rest.windows(2).map(|pair| [*first, pair[0], pair[1]]));
        within("triangles", triangles.len(), MAX_PARTS)?;
    }
    Ok(triangles)
}

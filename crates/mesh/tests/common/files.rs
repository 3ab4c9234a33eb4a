//! Test models as files: GLB, OBJ with library and texture, PLY.

use std::io::Cursor;

use base64::Engine;
use glam::{Vec2, Vec3};
use image::RgbaImage;
use serde_json::{Value, json};

use super::{Model, Paint};

/// sRGB → linear light.
pub(crate) fn linear(value: f32) -> f32 {
    if value <= 0.04045 {
        value / 12.92
    } else {
        ((value + 0.055) / 1.055).powf(2.4)
    }
}

pub(crate) fn png(image: &RgbaImage) -> Vec<u8> {
    let mut png = Cursor::new(Vec::new());
    image.write_to(&mut png, image::ImageFormat::Png).unwrap();
    png.into_inner()
}

/// A GLB in the making: JSON and binary chunk.
pub(crate) struct Glb {
    pub(crate) json: Value,
    pub(crate) binary: Vec<u8>,
}

impl Default for Glb {
    fn default() -> Self {
        let json = json!({
            "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": []}], "nodes": [],
            "meshes": [], "materials": [], "textures": [], "images": [], "accessors": [],
            "bufferViews": [], "buffers": [],
        });
        Self {
            json,
            binary: Vec::new(),
        }
    }
}

impl Glb {
    /// Appends to one of the document's lists and says where.
    pub(crate) fn push(&mut self, list: &str, value: Value) -> usize {
        let list = self.json[list].as_array_mut().unwrap();
        list.push(value);
        list.len() - 1
    }

    pub(crate) fn view(&mut self, bytes: &[u8]) -> usize {
        self.binary.resize(self.binary.len().next_multiple_of(4), 0);
        let offset = self.binary.len();
        self.binary.extend(bytes);
        let view = json!({"buffer": 0, "byteOffset": offset, "byteLength": bytes.len()});
        self.push("bufferViews", view)
    }

    /// An accessor over floats.
    pub(crate) fn floats(&mut self, values: &[f32], kind: &str) -> usize {
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        let view = self.view(&bytes);
        let components = ["SCALAR", "VEC2", "VEC3", "VEC4"]
            .iter()
            .position(|name| *name == kind);
        let count = values.len() / (components.unwrap() + 1);
        let accessor =
            json!({"bufferView": view, "componentType": 5126, "count": count, "type": kind});
        self.push("accessors", accessor)
    }

    pub(crate) fn indices(&mut self, indices: &[u32]) -> usize {
        let most = indices.iter().copied().max().unwrap_or(0);
        let (kind, bytes): (u32, Vec<u8>) = match most {
            0..256 => (5121, indices.iter().map(|index| *index as u8).collect()),
            256..65536 => (
                5123,
                indices
                    .iter()
                    .flat_map(|index| (*index as u16).to_le_bytes())
                    .collect(),
            ),
            _ => (
                5125,
                indices
                    .iter()
                    .flat_map(|index| index.to_le_bytes())
                    .collect(),
            ),
        };
        let view = self.view(&bytes);
        let accessor = json!({"bufferView": view, "componentType": kind, "count": indices.len(), "type": "SCALAR"});
        self.push("accessors", accessor)
    }

    pub(crate) fn paint(&mut self, paint: &Paint) -> usize {
        match paint {
            Paint::Plain(colour) => {
                let [red, green, blue] = colour.to_array().map(linear);
                let pbr = json!({"baseColorFactor": [red, green, blue, 1.0]});
                self.push("materials", json!({"pbrMetallicRoughness": pbr}))
            }
            Paint::Texture(image) => {
                let view = self.view(&png(image));
                let image = self.push(
                    "images",
                    json!({"bufferView": view, "mimeType": "image/png"}),
                );
                let texture = self.push("textures", json!({"source": image}));
                let pbr = json!({"baseColorTexture": {"index": texture}});
                self.push(
                    "materials",
                    json!({"pbrMetallicRoughness": pbr, "alphaMode": "MASK"}),
                )
            }
        }
    }

    /// Adds a model as a mesh of one primitive per paint.
    pub(crate) fn model(&mut self, model: &Model) -> usize {
        let flat3 = |values: &[Vec3]| values.iter().flat_map(Vec3::to_array).collect::<Vec<f32>>();
        let positions = self.floats(&flat3(&model.positions), "VEC3");
        let uvs: Vec<f32> = model.uvs.iter().flat_map(Vec2::to_array).collect();
        let uvs = self.floats(&uvs, "VEC2");
        let colours: Vec<Vec3> = model
            .colours
            .iter()
            .map(|colour| Vec3::from(colour.to_array().map(linear)))
            .collect();
        let colours = self.floats(&flat3(&colours), "VEC3");
        let mut primitives = Vec::new();
        for (number, paint) in model.palette.iter().enumerate() {
            let of_paint = model.triangles.iter().zip(&model.paints);
            let corners: Vec<u32> = of_paint
                .filter(|(_, paint)| **paint == number)
                .flat_map(|(corners, _)| *corners)
                .collect();
            let indices = self.indices(&corners);
            let material = self.paint(paint);
            primitives.push(json!({
                "attributes": {"POSITION": positions, "TEXCOORD_0": uvs, "COLOR_0": colours},
                "indices": indices, "material": material,
            }));
        }
        self.push("meshes", json!({"primitives": primitives}))
    }

    /// Adds a node to the scene.
    pub(crate) fn node(&mut self, node: Value) -> usize {
        let index = self.push("nodes", node);
        self.json["scenes"][0]["nodes"]
            .as_array_mut()
            .unwrap()
            .push(json!(index));
        index
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut json = self.json.clone();
        json["buffers"] = json!([{"byteLength": self.binary.len()}]);
        let mut text = json.to_string().into_bytes();
        text.resize(text.len().next_multiple_of(4), b' ');
        let mut binary = self.binary.clone();
        binary.resize(binary.len().next_multiple_of(4), 0);
        let mut bytes = b"glTF".to_vec();
        let total = 12 + 8 + text.len() + 8 + binary.len();
        bytes.extend(
            [2, total as u32, text.len() as u32]
                .iter()
                .flat_map(|word| word.to_le_bytes()),
        );
        bytes.extend(b"JSON");
        bytes.extend(text);
        bytes.extend((binary.len() as u32).to_le_bytes());
        bytes.extend(b"BIN\0");
        bytes.extend(binary);
        bytes
    }

    /// The same as JSON with the buffer within.
    pub(crate) fn embedded(&self) -> Vec<u8> {
        let mut json = self.json.clone();
        let data = base64::engine::general_purpose::STANDARD.encode(&self.binary);
        let uri = format!("data:application/octet-stream;base64,{data}");
        json["buffers"] = json!([{"byteLength": self.binary.len(), "uri": uri}]);
        json.to_string().into_bytes()
    }
}

/// A model as a GLB of one node.
pub(crate) fn glb(model: &Model) -> Vec<u8> {
    let mut glb = Glb::default();
    let mesh = glb.model(model);
    glb.node(json!({"mesh": mesh}));
    glb.bytes()
}

/// A model of one paint as OBJ, the name of its library `model.mtl`, and that library.
pub(crate) fn obj(model: &Model) -> (Vec<u8>, Vec<u8>) {
    let mut text = "# test\nmtllib model.mtl\no thing\n".to_owned();
    for position in &model.positions {
        text += &format!("v {} {} {}\n", position.x, position.y, position.z);
    }
    for uv in &model.uvs {
        text += &format!("vt {} {}\n", uv.x, 1.0 - uv.y);
    }
    text += "usemtl paint\n";
    // Pairs of triangles are quads again.
    for pair in model.triangles.chunks(2) {
        let [[a, b, c], [_, _, d]] = pair else {
            panic!("an odd triangle")
        };
        let corners = [a, b, c, d].map(|corner| format!("{0}/{0}", corner + 1));
        text += &format!("f {}\n", corners.join(" "));
    }
    let library = "newmtl other\nKd 1 0 0\nnewmtl paint\nKd 1 1 1\nmap_Kd textures/paint.png\n";
    (text.into_bytes(), library.as_bytes().to_vec())
}

/// A model with vertex colours as binary PLY.
pub(crate) fn ply(model: &Model) -> Vec<u8> {
    let mut bytes = format!(
        "ply\nformat binary_little_endian 1.0\ncomment test\nelement vertex {}\n\
         property float x\nproperty float y\nproperty float z\n\
         property uchar red\nproperty uchar green\nproperty uchar blue\n\
         element face {}\nproperty list uchar int vertex_indices\nend_header\n",
        model.positions.len(),
        model.triangles.len()
    )
    .into_bytes();
    for (position, colour) in model.positions.iter().zip(&model.colours) {
        bytes.extend(
            position
                .to_array()
                .iter()
                .flat_map(|value| value.to_le_bytes()),
        );
        bytes.extend(
            (*colour * 255.0)
                .round()
                .to_array()
                .map(|value| value as u8),
        );
    }
    for corners in &model.triangles {
        bytes.push(3);
        bytes.extend(corners.iter().flat_map(|corner| corner.to_le_bytes()));
    }
    bytes
}

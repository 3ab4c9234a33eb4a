//! The test meshes.

use std::f32::consts::{PI, TAU};

use glam::{Vec2, Vec3};
use image::{Rgba, RgbaImage};

use super::{Model, Paint};

/// Hue in turns.
pub(crate) fn rainbow(hue: f32) -> Vec3 {
    let channel = |shift: f32| 0.5 + 0.45 * (TAU * (hue + shift)).cos();
    Vec3::new(channel(0.0), channel(0.33), channel(0.66))
}

pub(crate) fn pixel(colour: Vec3) -> Rgba<u8> {
    let [red, green, blue] = (colour * 255.0).round().to_array().map(|value| value as u8);
    Rgba([red, green, blue, 255])
}

/// A sheet of `columns` × `rows` quads, closed or not by what `place` makes of its parameters.
pub(crate) fn sheet(
    model: &mut Model,
    [columns, rows]: [u32; 2],
    paint: usize,
    place: impl Fn(Vec2) -> Vec3,
    colour: impl Fn(Vec2) -> Vec3,
) {
    let first = model.positions.len() as u32;
    for row in 0..=rows {
        for column in 0..=columns {
            let at = Vec2::new(column as f32 / columns as f32, row as f32 / rows as f32);
            model.vertex(place(at), at, colour(at));
        }
    }
    let index = |column: u32, row: u32| first + row * (columns + 1) + column;
    for row in 0..rows {
        for column in 0..columns {
            let corners = [(0, 0), (0, 1), (1, 1), (1, 0)]
                .map(|(right, down)| index(column + right, row + down));
            model.quad(corners, paint);
        }
    }
}

pub(crate) fn on_sphere(at: Vec2) -> Vec3 {
    let (azimuth, polar) = (TAU * at.x, PI * at.y);
    Vec3::new(
        polar.sin() * azimuth.sin(),
        polar.cos(),
        polar.sin() * azimuth.cos(),
    )
}

/// A sphere under a fine checker of bright and dark over gradients of hue.
pub(crate) fn sphere() -> Model {
    let texture = RgbaImage::from_fn(1024, 512, |x, y| {
        let light = if (x / 32 + y / 32) % 2 == 0 {
            1.0
        } else {
            0.55
        };
        let hue = rainbow(x as f32 / 1024.0 + 0.4 * (y as f32 / 512.0));
        pixel(hue * light)
    });
    let mut model = Model {
        palette: vec![Paint::Texture(texture)],
        ..Model::default()
    };
    sheet(&mut model, [96, 48], 0, on_sphere, |_| Vec3::ONE);
    model
}

/// A box of unequal sides, each face of its own colour, turned a little.
pub(crate) fn cuboid() -> Model {
    let mut model = Model::default();
    let half = Vec3::new(0.5, 0.35, 0.25);
    let turn = glam::Quat::from_euler(glam::EulerRot::YXZ, 0.5, 0.3, 0.1);
    for face in 0..6_usize {
        let (axis, side) = (face / 2, if face % 2 == 0 { 1.0 } else { -1.0 });
        let corner = |u: f32, v: f32| {
            let mut at = Vec3::ZERO;
            at[axis] = side;
            at[(axis + 1) % 3] = u * side;
            at[(axis + 2) % 3] = v;
            turn * (at * half)
        };
        let colour = rainbow(face as f32 / 6.0) * if face % 2 == 0 { 1.0 } else { 0.5 };
        model.palette.push(Paint::Plain(colour));
        let corners = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)]
            .map(|(u, v)| model.vertex(corner(u, v), Vec2::ZERO, Vec3::ONE));
        model.quad(corners, face);
    }
    model
}

/// A thin tube about a torus knot, coloured along and around.
pub(crate) fn knot() -> Model {
    let curve = |at: f32| {
        let (p, q) = (TAU * 2.0 * at, TAU * 3.0 * at);
        let radius = 1.0 + 0.4 * q.cos();
        Vec3::new(radius * p.cos(), 0.4 * q.sin(), radius * p.sin())
    };
    let place = |at: Vec2| {
        let tangent = (curve(at.y + 1e-3) - curve(at.y - 1e-3)).normalize();
        let side = tangent.cross(Vec3::Y).normalize();
        let (sin, cos) = (-TAU * at.x).sin_cos();
        curve(at.y) + 0.07 * (side * cos + tangent.cross(side) * sin)
    };
    let mut model = Model {
        palette: vec![Paint::Plain(Vec3::ONE)],
        ..Model::default()
    };
    sheet(&mut model, [20, 500], 0, place, |at| {
        rainbow(6.0 * at.y) * (0.75 + 0.25 * (TAU * 2.0 * at.x).sin())
    });
    model
}

/// A ball with bumps under vertex colours in spots.
pub(crate) fn bumps() -> Model {
    let wave = |at: Vec2| (TAU * 5.0 * at.x).sin() * (PI * 6.0 * at.y).sin() * (PI * at.y).sin();
    let mut model = Model {
        palette: vec![Paint::Plain(Vec3::ONE)],
        ..Model::default()
    };
    sheet(
        &mut model,
        [160, 80],
        0,
        |at| on_sphere(at) * (1.0 + 0.12 * wave(at)),
        |at| rainbow(0.5 * wave(at)).lerp(Vec3::splat(0.25), 0.3),
    );
    model
}

/// An open vase, with a pattern of bands and letters' kind of strokes, inside and outside.
pub(crate) fn vase() -> Model {
    let texture = RgbaImage::from_fn(512, 512, |x, y| {
        let (u, v) = (x as f32 / 512.0, y as f32 / 512.0);
        let band = ((v * 8.0).fract() - 0.5).abs() < 0.12;
        let stroke = (u * 12.0 + (v * 24.0).sin() * 0.3).fract() < 0.25;
        pixel(match (band, stroke) {
            (true, _) => Vec3::new(0.12, 0.2, 0.45),
            (false, true) => Vec3::new(0.75, 0.3, 0.15),
            (false, false) => Vec3::new(0.9, 0.82, 0.65) * (0.8 + 0.2 * v),
        })
    });
    let mut model = Model {
        palette: vec![Paint::Texture(texture)],
        ..Model::default()
    };
    let radius = |v: f32| 0.3 + 0.15 * (4.5 * v + 0.4).sin();
    let place = |at: Vec2, inwards: f32| {
        let (sin, cos) = (TAU * at.x).sin_cos();
        let radius = radius(1.0 - at.y) - inwards;
        Vec3::new(radius * sin, 0.6 - 1.2 * at.y, radius * cos)
    };
    sheet(&mut model, [72, 48], 0, |at| place(at, 0.0), |_| Vec3::ONE);
    model
}

//! The fourteen properties every splat has, and the columns they fill.

use crate::Columns;

/// How many properties every splat has.
pub(super) const COUNT: usize = 14;

/// Their names, in the order of [`columns`]; `f_rest` stands between the colour and the opacity.
pub(super) const NAMES: [&str; COUNT] = [
    "x", "y", "z", "f_dc_0", "f_dc_1", "f_dc_2", "opacity", "scale_0", "scale_1", "scale_2",
    "rot_0", "rot_1", "rot_2", "rot_3",
];

/// How many of [`NAMES`] come before `f_rest` in a written file.
pub(super) const BEFORE_REST: usize = 6;

/// The columns in the order of [`NAMES`].
pub(super) fn columns(columns: &Columns) -> [&[f32]; COUNT] {
    let [x, y, z] = &columns.positions;
    let [red, green, blue] = &columns.colours;
    let [scale_0, scale_1, scale_2] = &columns.log_scales;
    let [rot_w, rot_x, rot_y, rot_z] = &columns.rotations;
    let opacity = &columns.opacity_logits;
    [
        x, y, z, red, green, blue, opacity, scale_0, scale_1, scale_2, rot_w, rot_x, rot_y, rot_z,
    ]
}

/// The columns in the order of [`NAMES`], to be filled.
pub(super) fn columns_mut(columns: &mut Columns) -> [&mut Vec<f32>; COUNT] {
    let [x, y, z] = &mut columns.positions;
    let [red, green, blue] = &mut columns.colours;
    let [scale_0, scale_1, scale_2] = &mut columns.log_scales;
    let [rot_w, rot_x, rot_y, rot_z] = &mut columns.rotations;
    let opacity = &mut columns.opacity_logits;
    [
        x, y, z, red, green, blue, opacity, scale_0, scale_1, scale_2, rot_w, rot_x, rot_y, rot_z,
    ]
}

/// Where `f_rest_<index>` of a splat lies among its harmonics: the file has the channel outer, the
/// cloud the coefficient.
pub(super) fn rest_slot(index: usize, values_per_splat: usize) -> usize {
    let per_channel = (values_per_splat / 3).max(1);
    (index % per_channel) * 3 + index / per_channel
}

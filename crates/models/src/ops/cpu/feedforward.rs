//! The two products between which a block is wide, without ever holding all of the wide rows.

use super::norm::{self, Norm};
use super::pack::Rows;
use super::product::{Finish, Matrix, Share, share_rows};
use rayon::prelude::*;

/// The inner half of a transformer's or ConvNeXt's block.
#[derive(Clone, Copy)]
pub(in crate::ops) struct Feedforward<'a> {
    /// What rows go through first.
    pub(in crate::ops) norm: Norm<'a>,
    /// To the wide rows.
    pub(in crate::ops) expand: &'a Matrix,
    /// What is done to the wide rows.
    pub(in crate::ops) between: Finish<'a>,
    /// Back from them.
    pub(in crate::ops) contract: &'a Matrix,
    /// What is done to the result.
    pub(in crate::ops) finish: Finish<'a>,
}

/// What a thread keeps from share to share.
#[derive(Default)]
struct Room {
    normal: Vec<f32>,
    wide: Vec<f32>,
    panels: Vec<f32>,
}

/// `finish(between(norm(rows) · expandᵀ) · contractᵀ)`, rows one behind the other.
pub(in crate::ops) fn feedforward(rows: &Rows<'_>, parts: Feedforward<'_>) -> Vec<f32> {
    let processor = parts.expand.processor();
    let share = share_rows(rows.count());
    let outputs = parts.contract.outputs();
    let mut out = vec![0.0; rows.count() * outputs];
    out.par_chunks_mut((share * outputs).max(1))
        .enumerate()
        .for_each_init(Room::default, |room, (index, out)| {
            let first = index * share;
            let rows = rows.part(first, share);
            room.normal.resize(rows.count() * rows.length(), 0.0);
            processor.run(norm::Share {
                rows,
                norm: parts.norm,
                out: &mut room.normal,
            });
            room.wide.resize(rows.count() * parts.expand.outputs(), 0.0);
            processor.run(Share {
                rows: Rows::packed(&room.normal, rows.length()),
                matrix: parts.expand,
                finish: parts.between,
                out: &mut room.wide,
                room: &mut room.panels,
            });
            processor.run(Share {
                rows: Rows::packed(&room.wide, parts.expand.outputs()),
                matrix: parts.contract,
                finish: parts.finish.part(first, share),
                out,
                room: &mut room.panels,
            });
        });
    out
}

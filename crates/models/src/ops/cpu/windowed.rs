//! Attention within windows: each token meets the tokens of its own window alone.

use super::attention::{Heads, Memory, Room, Share, TileSize};
use super::pack;
use super::processor::Processor;
use crate::ops::Windows;
use rayon::prelude::*;

/// What a thread keeps from window to window.
#[derive(Default)]
struct Desk {
    room: Room,
    /// The results of a window's tokens.
    results: Vec<f32>,
}

/// `softmax(q·kᵀ/√width)·v` within each window, as `(item, token, head, width)`, for `[items, heads]`.
/// Queries, keys and values have as many tokens as `windows`.
pub(in crate::ops) fn windowed(
    processor: Processor,
    [items, heads]: [usize; 2],
    [queries, keys, values]: [Heads<'_>; 3],
    windows: &Windows,
) -> Vec<f32> {
    let [across, tall] = processor.run(TileSize);
    let (tokens, token) = (windows.tokens(), heads * values.width);
    let mut out = vec![0.0; items * tokens * token];
    // The rows of `out`, to be handed to the windows they belong to.
    let mut rows: Vec<Option<&mut [f32]>> = out.chunks_mut(token.max(1)).map(Some).collect();
    let mut work = Vec::with_capacity(items * windows.count());
    for item in 0..items {
        for window in windows.iter() {
            let rows: Vec<_> = window
                .iter()
                .filter_map(|&index| rows.get_mut(item * tokens + index as usize)?.take())
                .collect();
            work.push((item, window, rows));
        }
    }
    work.into_par_iter()
        .for_each_init(Desk::default, |desk, (item, window, rows)| {
            let Desk { room, results } = desk;
            results.resize(window.len() * token, 0.0);
            for head in 0..heads {
                let memory = Memory {
                    keys: pack::here(&keys.picked(item, head, window), tall),
                    values: pack::columns(&values.picked(item, head, window), tall),
                };
                let shares = results.chunks_mut((across * token).max(1));
                for (index, out) in shares.enumerate() {
                    processor.run(Share {
                        queries: queries.picked(item, head, window),
                        memory: &memory,
                        keys: window.len(),
                        width: values.width,
                        causal: false,
                        biases: None,
                        first: index * across,
                        out,
                        token,
                        column: head * values.width,
                        room,
                    });
                }
            }
            for (row, result) in rows.into_iter().zip(results.chunks_exact(token.max(1))) {
                row.copy_from_slice(result);
            }
        });
    out
}

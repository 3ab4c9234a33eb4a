//! Attention without the matrix of all scores: one panel of queries meets all keys at a time.
//!
//! Queries are the columns of the tiles and keys their rows, so that a query's scores lie in one lane:
//! the softmax needs no sum across lanes, and its result is already laid out for the product with the
//! values.

use super::curves::exp;
use super::pack::{self, Rows};
use super::processor::Processor;
use super::tile;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

/// Rows of a tile where there are 32 vector registers: it divides the usual widths of a head.
const TALL: usize = 8;
/// Rows of a tile where there are 16 vector registers.
const SHORT: usize = 4;

/// The tokens of every head of every item, wherever they lie in memory.
#[derive(Clone, Copy, Debug)]
pub(in crate::ops) struct Heads<'a> {
    /// Starts at the first token of the first head of the first item.
    pub(in crate::ops) values: &'a [f32],
    /// From one item, head and token to the next.
    pub(in crate::ops) strides: [usize; 3],
    /// Tokens of a head.
    pub(in crate::ops) tokens: usize,
    /// Values of a token, next to each other.
    pub(in crate::ops) width: usize,
}

impl<'a> Heads<'a> {
    /// Some tokens of one head.
    pub(super) fn picked(&self, item: usize, head: usize, tokens: &'a [u32]) -> Rows<'a> {
        let start = item * self.strides[0] + head * self.strides[1];
        Rows::picked(&self.values[start..], tokens, self.width, self.strides[2])
    }

    /// The tokens of one head.
    pub(super) fn rows(&self, item: usize, head: usize) -> Rows<'a> {
        let start = item * self.strides[0] + head * self.strides[1];
        Rows::strided(
            &self.values[start..],
            self.tokens,
            self.width,
            self.strides[2],
        )
    }
}

/// What is added to the scores of every item.
#[derive(Clone, Copy, Debug)]
pub(in crate::ops) struct Biases<'a> {
    /// `(kinds, heads, keys, queries)`.
    pub(in crate::ops) values: &'a [f32],
    /// Which of them each item takes.
    pub(in crate::ops) kinds: &'a [u32],
}

impl<'a> Biases<'a> {
    /// Those of one head: `size` values, key after key.
    fn of(&self, item: usize, [heads, head]: [usize; 2], size: usize) -> &'a [f32] {
        &self.values[(self.kinds[item] as usize * heads + head) * size..][..size]
    }
}

/// The keys and values of one head, laid out for the tiles.
pub(super) struct Memory {
    /// Panels of a few keys.
    pub(super) keys: Vec<f32>,
    /// Panels of a few columns of the values.
    pub(super) values: Vec<f32>,
}

/// `softmax(q·kᵀ/√width)·v` as `(item, token, head, width)`, for `[items, heads]`. Keys and values have
/// equally many tokens, queries and keys equally wide ones, and with `causal`, where a token sees itself
/// and those before it, queries and keys are equally many.
/// `biases` are added before the softmax.
pub(in crate::ops) fn attention(
    processor: Processor,
    [items, heads]: [usize; 2],
    queries: Heads<'_>,
    keys: Heads<'_>,
    values: Heads<'_>,
    causal: bool,
    biases: Option<Biases<'_>>,
) -> Vec<f32> {
    let [across, tall] = processor.run(TileSize);
    let memories: Vec<Memory> = (0..items * heads)
        .into_par_iter()
        .map(|index| {
            let (item, head) = (index / heads, index % heads);
            Memory {
                keys: pack::all(&keys.rows(item, head), tall),
                values: pack::columns(&values.rows(item, head), tall),
            }
        })
        .collect();
    let token = heads * values.width;
    let mut out = vec![0.0; items * queries.tokens * token];
    let shares = out
        .par_chunks_mut((queries.tokens * token).max(1))
        .enumerate()
        .flat_map(|(item, out)| {
            out.par_chunks_mut((across * token).max(1))
                .enumerate()
                .map(move |(index, out)| (item, index * across, out))
        });
    shares.for_each_init(Room::default, |room, (item, first, out)| {
        for head in 0..heads {
            processor.run(Share {
                queries: queries.rows(item, head),
                memory: &memories[item * heads + head],
                keys: keys.tokens,
                width: values.width,
                causal,
                biases: biases
                    .map(|biases| biases.of(item, [heads, head], keys.tokens * queries.tokens)),
                first,
                out,
                token,
                column: head * values.width,
                room,
            });
        }
    });
    out
}

/// Asks how wide and how high tiles are here.
pub(super) struct TileSize;

impl WithSimd for TileSize {
    type Output = [usize; 2];

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> [usize; 2] {
        [
            tile::columns::<S>(),
            if S::REGISTER_COUNT >= 32 { TALL } else { SHORT },
        ]
    }
}

/// What a thread keeps from share to share.
#[derive(Default)]
pub(super) struct Room {
    queries: Vec<f32>,
    scores: Vec<f32>,
    results: Vec<f32>,
}

/// A tile's width of queries of one head.
pub(super) struct Share<'a> {
    pub(super) queries: Rows<'a>,
    pub(super) memory: &'a Memory,
    /// Tokens in memory.
    pub(super) keys: usize,
    /// Values of a token in memory.
    pub(super) width: usize,
    pub(super) causal: bool,
    /// What is added to the scores, key after key.
    pub(super) biases: Option<&'a [f32]>,
    /// The first query.
    pub(super) first: usize,
    /// The results of these queries, of all heads.
    pub(super) out: &'a mut [f32],
    /// Values of a result, of all heads.
    pub(super) token: usize,
    /// Where this head's part of a result starts.
    pub(super) column: usize,
    pub(super) room: &'a mut Room,
}

impl WithSimd for Share<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::REGISTER_COUNT >= 32 {
            self.attend::<S, TALL>(simd);
        } else {
            self.attend::<S, SHORT>(simd);
        }
    }
}

impl Share<'_> {
    #[inline(always)]
    fn attend<S: Simd, const ROWS: usize>(mut self, simd: S) {
        let across = tile::columns::<S>();
        // Keys that any of these queries sees.
        let seen = if self.causal {
            self.keys.min(self.first + across)
        } else {
            self.keys
        };
        let mut scores = std::mem::take(&mut self.room.scores);
        let size = seen.next_multiple_of(ROWS) * across;
        scores.resize(size.max(scores.len()), 0.0);
        self.score::<S, ROWS>(simd, &mut scores[..size]);
        let shares = &mut scores[..seen * across];
        if let Some(biases) = self.biases {
            self.add(biases, across, shares);
        }
        if self.causal {
            self.hide(across, shares);
        }
        let parts = softmax(simd, S::as_mut_simd_f32s(shares).0.as_chunks_mut().0);
        self.mix::<S, ROWS>(simd, shares, parts);
        self.room.scores = scores;
    }

    /// `scores[key][query]`: the queries' products with as many keys as there is room for.
    #[inline(always)]
    fn score<S: Simd, const ROWS: usize>(&mut self, simd: S, scores: &mut [f32]) {
        let across = tile::columns::<S>();
        let depth = self.queries.length();
        let queries = &mut self.room.queries;
        queries.resize(depth * across, 0.0);
        pack::panel(&self.queries, self.first, 0, across, queries);
        let scale = simd.splat_f32s((depth as f32).sqrt().recip());
        for query in S::as_mut_simd_f32s(queries).0 {
            *query = simd.mul_f32s(*query, scale);
        }
        let keys = self.memory.keys.chunks_exact((depth * ROWS).max(1));
        for (keys, scores) in keys.zip(scores.chunks_exact_mut(ROWS * across)) {
            let mut sums = tile::zero::<S, ROWS>(simd);
            tile::multiply(simd, keys, queries, &mut sums);
            for (place, sums) in scores.chunks_exact_mut(across).zip(sums) {
                tile::store(simd, place, sums);
            }
        }
    }

    /// Adds the biases to the scores.
    #[inline(always)]
    fn add(&self, biases: &[f32], across: usize, scores: &mut [f32]) {
        let queries = biases.len() / self.keys.max(1);
        let count = across.min(queries - self.first);
        let keys = scores.chunks_exact_mut(across);
        for (scores, biases) in keys.zip(biases.chunks_exact(queries)) {
            for (score, bias) in scores.iter_mut().zip(&biases[self.first..][..count]) {
                *score += bias;
            }
        }
    }

    /// Leaves nothing of the keys that come after a query.
    #[inline(always)]
    fn hide(&self, across: usize, scores: &mut [f32]) {
        let keys = scores.chunks_exact_mut(across).enumerate();
        for (key, scores) in keys.skip(self.first + 1) {
            scores[..(key - self.first).min(across)].fill(f32::NEG_INFINITY);
        }
    }

    /// The queries' results: the values of the keys in these shares, times one factor for each query.
    #[inline(always)]
    fn mix<S: Simd, const ROWS: usize>(
        &mut self,
        simd: S,
        shares: &[f32],
        factors: [S::f32s; tile::ACROSS],
    ) {
        let seen = shares.len() / tile::columns::<S>();
        let results = &mut self.room.results;
        results.resize(tile::columns::<S>(), 0.0);
        let values = self.memory.values.chunks_exact((self.keys * ROWS).max(1));
        for (panel, values) in values.enumerate() {
            let mut sums = tile::zero::<S, ROWS>(simd);
            tile::multiply(simd, &values[..seen * ROWS], shares, &mut sums);
            let columns = panel * ROWS..self.width.min((panel + 1) * ROWS);
            for (column, mut sums) in columns.zip(sums) {
                for (sum, factor) in sums.iter_mut().zip(factors) {
                    *sum = simd.mul_f32s(*sum, factor);
                }
                tile::store(simd, results, sums);
                let places = self.out[self.column + column..].iter_mut();
                for (place, &result) in places.step_by(self.token).zip(results.iter()) {
                    *place = result;
                }
            }
        }
    }
}

/// Turns each lane's scores into `e^(score − largest)`, and answers one over each lane's sum.
#[inline(always)]
fn softmax<S: Simd>(simd: S, scores: &mut [[S::f32s; tile::ACROSS]]) -> [S::f32s; tile::ACROSS] {
    let mut largest = [simd.splat_f32s(f32::NEG_INFINITY); tile::ACROSS];
    for scores in scores.iter() {
        for (largest, &score) in largest.iter_mut().zip(scores) {
            *largest = simd.max_f32s(*largest, score);
        }
    }
    let mut sums = [simd.splat_f32s(0.0); tile::ACROSS];
    for scores in scores.iter_mut() {
        for across in 0..tile::ACROSS {
            let share = exp(simd, simd.sub_f32s(scores[across], largest[across]));
            scores[across] = share;
            sums[across] = simd.add_f32s(sums[across], share);
        }
    }
    sums.map(|sum| simd.div_f32s(simd.splat_f32s(1.0), sum))
}

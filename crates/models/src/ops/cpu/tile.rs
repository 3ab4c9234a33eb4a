//! The innermost product: a tile of sums that stays in registers.

use pulp::Simd;

/// Vectors across a tile.
pub(super) const ACROSS: usize = 2;
/// Rows of a tile where there are 32 vector registers: 24 of them hold sums.
pub(super) const TALL: usize = 12;
/// Rows of a tile where there are 16 vector registers: 12 of them hold sums.
pub(super) const SHORT: usize = 6;

/// Columns of a tile: the width of the panels of the right side.
pub(super) const fn columns<S: Simd>() -> usize {
    ACROSS * S::F32_LANES
}

/// One tile of sums: `ROWS` rows of [`columns`].
pub(super) type Tile<S, const ROWS: usize> = [[<S as Simd>::f32s; ACROSS]; ROWS];

/// A tile of zeros.
#[inline(always)]
pub(super) fn zero<S: Simd, const ROWS: usize>(simd: S) -> Tile<S, ROWS> {
    [[simd.splat_f32s(0.0); ACROSS]; ROWS]
}

/// `sums[row][column] += Σ left[step][row] · right[step][column]` over the steps both sides have.
///
/// `left` is a panel of `ROWS` values a step, `right` one of [`columns`] values a step.
#[inline(always)]
pub(super) fn multiply<S: Simd, const ROWS: usize>(
    simd: S,
    left: &[f32],
    right: &[f32],
    sums: &mut Tile<S, ROWS>,
) {
    let left = left.as_chunks::<ROWS>().0;
    let right = S::as_simd_f32s(right).0.as_chunks::<ACROSS>().0;
    let mut tile = *sums;
    for (left, right) in left.iter().zip(right) {
        for (row, &value) in tile.iter_mut().zip(left) {
            let value = simd.splat_f32s(value);
            for (sum, &right) in row.iter_mut().zip(right) {
                *sum = simd.mul_add_e_f32s(value, right, *sum);
            }
        }
    }
    *sums = tile;
}

/// The first vector of `values`; lanes beyond their end are zero.
#[inline(always)]
pub(super) fn vector<S: Simd>(simd: S, values: &[f32]) -> S::f32s {
    match S::as_simd_f32s(values).0.first() {
        Some(&full) => full,
        None => simd.partial_load_f32s(values),
    }
}

/// Reads one row of a tile from `values`; columns beyond its end are zero.
#[inline(always)]
pub(super) fn load<S: Simd>(simd: S, values: &[f32]) -> [S::f32s; ACROSS] {
    match S::as_simd_f32s(values).0.first_chunk() {
        Some(&full) => full,
        None => [
            vector(simd, values),
            vector(simd, values.get(S::F32_LANES..).unwrap_or_default()),
        ],
    }
}

/// Writes one row of a tile to `values`, as far as they go.
#[inline(always)]
pub(super) fn store<S: Simd>(simd: S, values: &mut [f32], row: [S::f32s; ACROSS]) {
    if let Some(full) = S::as_mut_simd_f32s(values).0.first_chunk_mut() {
        *full = row;
    } else {
        for (values, vector) in values.chunks_mut(S::F32_LANES).zip(row) {
            simd.partial_store_f32s(values, vector);
        }
    }
}

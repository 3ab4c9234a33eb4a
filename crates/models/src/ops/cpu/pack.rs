//! Matrices laid out as the tiles read them: panels of a few rows, column after column.

use rayon::prelude::*;

/// Rows of equal length, evenly spaced in memory, or some of them in any order.
#[derive(Clone, Copy, Debug)]
pub(in crate::ops) struct Rows<'a> {
    /// The first row starts at the first value.
    values: &'a [f32],
    /// How many rows there are.
    count: usize,
    /// Values of a row.
    length: usize,
    /// From the start of one row to the start of the next.
    stride: usize,
    /// Which of the rows in memory these are; none: all, in their order.
    picks: Option<&'a [u32]>,
}

impl<'a> Rows<'a> {
    /// `count` rows of `length` values, their starts `stride` apart.
    pub(in crate::ops) fn strided(
        values: &'a [f32],
        count: usize,
        length: usize,
        stride: usize,
    ) -> Self {
        Self {
            values,
            count,
            length,
            stride,
            picks: None,
        }
    }

    /// The rows of these numbers among rows of `length` values, their starts `stride` apart.
    pub(in crate::ops) fn picked(
        values: &'a [f32],
        picks: &'a [u32],
        length: usize,
        stride: usize,
    ) -> Self {
        Self {
            picks: Some(picks),
            ..Self::strided(values, picks.len(), length, stride)
        }
    }

    /// The rows of these numbers among the rows in memory.
    pub(super) fn picks(&self, picks: &'a [u32]) -> Self {
        Self::picked(self.values, picks, self.length, self.stride)
    }

    /// Rows of `length` values, one behind the other: as many as `values` holds.
    pub(in crate::ops) fn packed(values: &'a [f32], length: usize) -> Self {
        Self::strided(values, values.len() / length.max(1), length, length)
    }

    /// How many rows there are.
    pub(in crate::ops) fn count(&self) -> usize {
        self.count
    }

    /// Values of a row.
    pub(in crate::ops) fn length(&self) -> usize {
        self.length
    }

    /// One row.
    #[inline(always)]
    pub(in crate::ops) fn row(&self, index: usize) -> &'a [f32] {
        let index = self.picks.map_or(index, |picks| picks[index] as usize);
        &self.values[index * self.stride..][..self.length]
    }

    /// `count` rows from `first`, or as many as there are.
    pub(in crate::ops) fn part(&self, first: usize, count: usize) -> Self {
        let count = count.min(self.count.saturating_sub(first));
        match self.picks {
            Some(picks) => {
                let picks = picks.get(first..first + count).unwrap_or_default();
                Self::picked(self.values, picks, self.length, self.stride)
            }
            None => Self {
                values: self.values.get(first * self.stride..).unwrap_or_default(),
                count,
                ..*self
            },
        }
    }
}

/// How many panels of `width` rows hold `rows` of them.
pub(super) fn panels(rows: usize, width: usize) -> usize {
    rows.div_ceil(width)
}

/// Lays `width` rows from `first` out as one panel: `panel[column][row]`, for the columns `from..` as
/// many as fit. Rows beyond the last are zero.
#[inline(always)]
pub(super) fn panel(rows: &Rows<'_>, first: usize, from: usize, width: usize, panel: &mut [f32]) {
    /// Columns done at a time: their part of a panel stays in the first cache.
    const STRIP: usize = 64;
    for (strip, panel) in panel.chunks_mut(STRIP * width).enumerate() {
        let from = from + strip * STRIP;
        let columns = panel.len() / width;
        for lane in 0..width {
            let places = panel.chunks_exact_mut(width);
            if first + lane < rows.count {
                let row = &rows.row(first + lane)[from..][..columns];
                for (place, &value) in places.zip(row) {
                    place[lane] = value;
                }
            } else {
                for place in places {
                    place[lane] = 0.0;
                }
            }
        }
    }
}

/// All rows of a matrix as panels of `width` rows, one after the other.
pub(super) fn here(rows: &Rows<'_>, width: usize) -> Vec<f32> {
    let size = width * rows.length;
    let mut packed = vec![0.0; panels(rows.count, width) * size];
    for (index, place) in packed.chunks_mut(size.max(1)).enumerate() {
        panel(rows, index * width, 0, width, place);
    }
    packed
}

/// The same in parallel.
pub(super) fn all(rows: &Rows<'_>, width: usize) -> Vec<f32> {
    let size = width * rows.length;
    let mut packed = vec![0.0; panels(rows.count, width) * size];
    packed
        .par_chunks_mut(size.max(1))
        .enumerate()
        .for_each(|(index, place)| panel(rows, index * width, 0, width, place));
    packed
}

/// All columns of a matrix as panels of `width` columns, row after row; columns beyond the last are
/// zero.
pub(super) fn columns(rows: &Rows<'_>, width: usize) -> Vec<f32> {
    let size = (rows.count * width).max(1);
    let mut packed = vec![0.0; panels(rows.length, width) * rows.count * width];
    for (index, panel) in packed.chunks_exact_mut(size).enumerate() {
        let from = index * width;
        let to = rows.length.min(from + width);
        for (row, place) in panel.chunks_exact_mut(width).enumerate() {
            place[..to - from].copy_from_slice(&rows.row(row)[from..to]);
        }
    }
    packed
}

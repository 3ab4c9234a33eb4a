//! Which occupied cells of a grid are neighbours.

use candle_core::{Device, Result, Tensor};
use std::ops::Range;
use std::sync::OnceLock;

/// Places of a kernel with three cells a side.
pub(super) const PLACES: usize = 27;

/// Of the occupied cells of a cubic grid: which of them lies at which place of a 3³ kernel around which
/// other. A convolution that keeps to the occupied cells needs no more of them than this.
///
/// The places are in the order of a kernel `(3, 3, 3)`: the last axis runs fastest, and place 13 is the
/// cell itself.
#[derive(Debug)]
pub struct RuleBook {
    cells: usize,
    /// Neighbours, one place after the other, in the order of the cells that see them.
    seen: Vec<u32>,
    /// The cells that see them.
    seeing: Vec<u32>,
    /// Where the pairs of each place start, and where those of the last end.
    starts: [usize; PLACES + 1],
    /// See [`Self::table`].
    table: OnceLock<Tensor>,
}

impl RuleBook {
    /// The longest side of a grid: its table of cells then takes 64 MiB.
    pub const MOST_SIDE: usize = 256;

    /// Of `cells` of a grid of `side` cells each way, in the order their features are in.
    ///
    /// # Errors
    /// When the grid is larger than [`Self::MOST_SIDE`], a cell lies outside, or one is there twice.
    pub fn new(side: usize, cells: &[[u16; 3]]) -> Result<Self> {
        let numbers = numbers(side, cells)?;
        let mut book = Self {
            cells: cells.len(),
            seen: Vec::new(),
            seeing: Vec::new(),
            starts: [0; PLACES + 1],
            table: OnceLock::new(),
        };
        for place in 0..PLACES {
            let step = [place / 9, place / 3 % 3, place % 3];
            for (seeing, &cell) in (0..).zip(cells) {
                if let Some(seen) = neighbour(side, cell, step).and_then(|at| numbers[at]) {
                    book.seen.push(seen.into());
                    book.seeing.push(seeing);
                }
            }
            book.starts[place + 1] = book.seen.len();
        }
        Ok(book)
    }

    /// How many cells are occupied.
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// How many pairs of cells there are, each with itself included.
    pub fn pairs_in_all(&self) -> usize {
        self.seen.len()
    }

    /// The neighbours at this place of those of `cells` that have one, and who these are.
    pub(super) fn pairs(&self, place: usize, cells: Range<usize>) -> (&[u32], &[u32]) {
        let pairs = self.starts[place]..self.starts[place + 1];
        let seeing = &self.seeing[pairs.clone()];
        let from = seeing.partition_point(|&cell| (cell as usize) < cells.start);
        let to = seeing.partition_point(|&cell| (cell as usize) < cells.end);
        (&self.seen[pairs][from..to], &seeing[from..to])
    }

    /// For each cell and place the neighbour's number, or the number of cells where there is none: `(cells,
    /// 27)`, on this device.
    pub(super) fn table(&self, device: &Device) -> Result<Tensor> {
        if let Some(table) = self.table.get()
            && table.device().same_device(device)
        {
            return Ok(table.clone());
        }
        let mut table = vec![u32::try_from(self.cells).unwrap_or(u32::MAX); self.cells * PLACES];
        for place in 0..PLACES {
            let (seen, seeing) = self.pairs(place, 0..self.cells);
            for (&seen, &seeing) in seen.iter().zip(seeing) {
                table[seeing as usize * PLACES + place] = seen;
            }
        }
        let table = Tensor::from_vec(table, (self.cells, PLACES), device)?;
        // The networks of one run are on one device; another's table is made anew each time.
        self.table.get_or_init(|| table.clone());
        Ok(table)
    }
}

/// For each cell of the grid the number of the occupied one that it is.
fn numbers(side: usize, cells: &[[u16; 3]]) -> Result<Vec<Option<Number>>> {
    if side > RuleBook::MOST_SIDE {
        candle_core::bail!(
            "a grid of {side} cells each way: at most {} are supported",
            RuleBook::MOST_SIDE
        );
    }
    let mut numbers = vec![None; side * side * side];
    for (number, cell) in (0..).zip(cells) {
        let place = neighbour(side, *cell, [1, 1, 1]).and_then(|at| numbers.get_mut(at));
        match place {
            Some(place @ None) => *place = Number::new(number),
            Some(Some(_)) => candle_core::bail!("the cell {cell:?} is there twice"),
            None => candle_core::bail!("the cell {cell:?} is outside of a grid of {side}"),
        }
    }
    Ok(numbers)
}

/// The place in the grid of the cell that is `step − 1` away, if it has one.
fn neighbour(side: usize, cell: [u16; 3], step: [usize; 3]) -> Option<usize> {
    cell.iter().zip(step).try_fold(0, |place, (&from, step)| {
        let at = (usize::from(from) + step).checked_sub(1)?;
        (at < side).then_some(place * side + at)
    })
}

/// A number up to 2³² − 2 that leaves room for none in the same four bytes.
#[derive(Clone, Copy, Debug)]
struct Number(std::num::NonZeroU32);

impl Number {
    fn new(number: u32) -> Option<Self> {
        number
            .checked_add(1)
            .and_then(std::num::NonZeroU32::new)
            .map(Self)
    }
}

impl From<Number> for u32 {
    fn from(number: Number) -> Self {
        number.0.get() - 1
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_see_each_other_from_opposite_places() {
        let cells = [[0, 0, 0], [0, 0, 1], [0, 1, 1], [2, 2, 2], [1, 1, 1]];
        let book = RuleBook::new(3, &cells).unwrap();
        assert_eq!(
            book.pairs(13, 0..5),
            (&[0, 1, 2, 3, 4][..], &[0, 1, 2, 3, 4][..])
        );
        // One further along the last axis.
        assert_eq!(book.pairs(14, 0..5), (&[1][..], &[0][..]));
        assert_eq!(book.pairs(14, 1..5), (&[][..], &[][..]));
        for place in 0..PLACES {
            let (seen, seeing) = book.pairs(place, 0..5);
            let (back, forth) = book.pairs(PLACES - 1 - place, 0..5);
            let mut mirrored: Vec<_> = back.iter().zip(forth).collect();
            mirrored.sort_by_key(|(back, _)| **back);
            let pairs: Vec<_> = seeing.iter().zip(seen).collect();
            assert_eq!(mirrored, pairs, "{place}");
        }
    }

    #[test]
    fn cells_that_cannot_be_are_refused() {
        let error = |side, cells: &[[u16; 3]]| RuleBook::new(side, cells).unwrap_err().to_string();
        assert!(error(4, &[[0, 4, 0]]).contains("outside"));
        assert!(error(4, &[[1, 2, 3], [0, 0, 0], [1, 2, 3]]).contains("twice"));
        assert!(error(257, &[]).contains("256"));
        assert!(error(0, &[[0, 0, 0]]).contains("outside"));
        assert_eq!(RuleBook::new(0, &[]).unwrap().pairs_in_all(), 0);
    }
}

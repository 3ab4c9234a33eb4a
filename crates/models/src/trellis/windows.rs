//! Which voxels attend to each other.

use super::voxels::Voxels;
use crate::ops::Windows;

/// The voxels in cubic windows of `side` cells, on a grid moved by `shift` cells: those whose coordinates
/// plus `shift` have the same quotient by `side`. Windows at the border are smaller; nothing wraps round.
///
/// TRELLIS `modules/sparse/attention/windowed_attn.py`.
pub fn shifted_windows(voxels: &Voxels, side: u16, shift: u16) -> Windows {
    let keys: Vec<u64> = voxels
        .cells()
        .iter()
        .map(|cell| {
            cell.iter().fold(0, |key, &at| {
                let window = (u64::from(at) + u64::from(shift)) / u64::from(side.max(1));
                (key << 20) + window
            })
        })
        .collect();
    Windows::by_keys(&keys)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_shift_moves_the_windows_and_nothing_wraps() {
        let cells = vec![
            [0, 0, 0],
            [0, 0, 3],
            [0, 0, 4],
            [0, 0, 7],
            [0, 0, 8],
            [0, 0, 15],
        ];
        let voxels = Voxels::new(16, cells).unwrap();
        let of = |shift| -> Vec<Vec<u32>> {
            let windows = shifted_windows(&voxels, 8, shift);
            windows.iter().map(<[u32]>::to_vec).collect()
        };
        assert_eq!(of(0), [vec![0, 1, 2, 3], vec![4, 5]]);
        assert_eq!(of(4), [vec![0, 1], vec![2, 3, 4], vec![5]]);
    }
}

//! Operators over occupied cells.

use super::*;
use crate::ops::{RuleBook, Windows};

/// Every third or so cell of a grid, in raster order.
fn cells(side: u16, seed: u64) -> Vec<[u16; 3]> {
    let chances = noise(usize::from(side).pow(3), seed);
    (0..side)
        .flat_map(|x| (0..side).flat_map(move |y| (0..side).map(move |z| [x, y, z])))
        .zip(chances)
        .filter_map(|(cell, chance)| (chance > 0.3).then_some(cell))
        .collect()
}

/// The place of a 3³ kernel at which `other` lies around `cell`.
fn place(cell: [u16; 3], other: [u16; 3]) -> Option<usize> {
    cell.iter().zip(other).try_fold(0, |place, (&at, other)| {
        let step = (other + 1).checked_sub(at)?;
        (step < 3).then_some(3 * place + usize::from(step))
    })
}

#[test]
fn submanifold_convolutions_of_every_shape() {
    for processor in Processor::all() {
        for (side, inputs, outputs) in [(1, 3, 5), (4, 33, 31), (7, 520, 3), (9, 2, 70)] {
            let mut cells = cells(side, 1);
            if side == 1 {
                cells = vec![[0, 0, 0]];
            }
            let rules = RuleBook::new(side.into(), &cells).unwrap();
            let (x, bias) = (noise(cells.len() * inputs, 2), noise(outputs, 3));
            let weight = noise(27 * outputs * inputs, 4);
            let matrix = |place: usize| {
                let weight = &weight[place * outputs * inputs..][..outputs * inputs];
                Matrix::of_weight(processor, &Rows::packed(weight, inputs))
            };
            let kernel: Vec<Matrix> = (0..27).map(matrix).collect();
            let rows = Rows::packed(&x, inputs);
            let found = submanifold(processor, rows, &rules, &kernel, Some(&bias));
            let mut expected = Vec::new();
            for &cell in &cells {
                for output in 0..outputs {
                    let neighbours = cells.iter().enumerate();
                    let sum: f64 = neighbours
                        .filter_map(|(index, &other)| Some((index, place(cell, other)?)))
                        .map(|(index, place)| {
                            let weight = &weight[(place * outputs + output) * inputs..][..inputs];
                            dot(rows.row(index), weight)
                        })
                        .sum();
                    expected.push(f64::from(bias[output]) + sum);
                }
            }
            let what = format!("{processor:?} {} × {inputs} to {outputs}", cells.len());
            assert_close(&found, &expected, &what);
        }
    }
}

/// So many cells for one thread that it does not take all pairs of a place at once.
#[test]
fn submanifold_convolutions_of_many_cells() {
    let side = 11;
    let cells: Vec<[u16; 3]> = (0..side)
        .flat_map(|x| (0..side).flat_map(move |y| (0..side).map(move |z| [x, y, z])))
        .collect();
    let rules = RuleBook::new(side.into(), &cells).unwrap();
    let x = noise(cells.len(), 1);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    for processor in Processor::all() {
        // Each place's neighbour counts another power of two.
        let weight: Vec<f32> = (0..27).map(|place| 2.0f32.powi(place % 5)).collect();
        let kernel: Vec<Matrix> = weight
            .iter()
            .map(|weight| {
                Matrix::of_weight(processor, &Rows::packed(std::slice::from_ref(weight), 1))
            })
            .collect();
        let found =
            pool.install(|| submanifold(processor, Rows::packed(&x, 1), &rules, &kernel, None));
        let number = |cell: [i32; 3]| -> Option<usize> {
            cell.iter().try_fold(0, |number, &at| {
                let at = usize::try_from(at)
                    .ok()
                    .filter(|&at| at < usize::from(side))?;
                Some(number * usize::from(side) + at)
            })
        };
        let result = |cell: &[u16; 3]| -> f64 {
            let places = (0..27).filter_map(|place| {
                let step = [place / 9, place / 3 % 3, place % 3];
                let at = std::array::from_fn(|axis| i32::from(cell[axis]) + step[axis] - 1);
                Some(f64::from(x[number(at)?]) * f64::from(weight[place as usize]))
            });
            places.sum()
        };
        let expected: Vec<f64> = cells.iter().map(result).collect();
        assert_close(&found, &expected, &format!("{processor:?}"));
    }
}

#[test]
fn attention_in_windows_is_that_of_each() {
    let (items, heads, tokens, width) = (2, 3, 101, 20);
    let x = noise(items * tokens * 3 * heads * width, 1);
    let keys: Vec<u64> = noise(tokens, 2)
        .iter()
        .map(|x| (x * x * 5.0) as u64)
        .collect();
    let windows = Windows::by_keys(&keys);
    assert!(windows.count() > 2);
    // Queries, keys and values of a token side by side.
    let part = |index: usize| Heads {
        values: &x[index * heads * width..],
        strides: [tokens * 3 * heads * width, width, 3 * heads * width],
        tokens,
        width,
    };
    let parts = [0, 1, 2].map(part);
    let value = |part: usize, item: usize, head: usize, token: u32| {
        let start = (((item * tokens) + token as usize) * 3 + part) * heads + head;
        &x[start * width..][..width]
    };
    let mut expected = vec![0.0; items * tokens * heads * width];
    for item in 0..items {
        for (head, window) in (0..heads).flat_map(|head| windows.iter().map(move |w| (head, w))) {
            for &query in window {
                let q = value(0, item, head, query);
                let score =
                    |&key: &u32| (dot(q, value(1, item, head, key)) / (width as f64).sqrt()).exp();
                let sum: f64 = window.iter().map(score).sum();
                for column in 0..width {
                    let place = ((item * tokens + query as usize) * heads + head) * width + column;
                    let mixed = window.iter().map(|key| {
                        score(key) / sum * f64::from(value(2, item, head, *key)[column])
                    });
                    expected[place] = mixed.sum();
                }
            }
        }
    }
    for processor in Processor::all() {
        let found = windowed(processor, [items, heads], parts, &windows);
        assert_close(&found, &expected, &format!("{processor:?}"));
    }
}

#[test]
fn picked_rows_have_parts_too() {
    let x: Vec<f32> = (0..12).map(|x| x as f32).collect();
    let rows = Rows::picked(&x, &[3, 0, 2], 2, 3);
    let of =
        |rows: Rows<'_>| -> Vec<f32> { (0..rows.count()).map(|row| rows.row(row)[0]).collect() };
    assert_eq!(of(rows), [9.0, 0.0, 6.0]);
    assert_eq!(of(rows.part(1, 5)), [0.0, 6.0]);
    assert!(of(rows.part(3, 5)).is_empty());
    assert!(of(rows.part(4, 5)).is_empty());
}

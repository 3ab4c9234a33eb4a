//! Convolutions of grids, and the norm of queries and keys.

use super::*;

/// What stands at `(z, y, x)` of grid `item`, or zero beyond its border.
fn at(x: &[f32], extent: Extent, channels: usize, item: usize, cell: [usize; 3]) -> &[f32] {
    let [_, depth, height, width] = extent;
    // Counted with the border.
    let inside: Option<Vec<usize>> = cell
        .iter()
        .zip([depth, height, width])
        .map(|(place, side)| place.checked_sub(1).filter(|place| *place < side))
        .collect();
    inside.map_or(&[], |cell| {
        let index = ((item * depth + cell[0]) * height + cell[1]) * width + cell[2];
        &x[index * channels..][..channels]
    })
}

#[test]
fn convolutions_of_every_shape() {
    let shapes = [
        ([1, 1, 1, 1], 1, 1),
        ([2, 3, 2, 5], 3, 33),
        ([1, 2, 4, 8], 5, 16),
        ([1, 5, 7, 9], 2, 40),
        ([1, 2, 2, 17], 19, 4),
        ([2, 2, 3, 70], 3, 1),
        ([1, 2, 3, 33], 2, 5),
    ];
    for processor in Processor::all() {
        for (extent, inputs, outputs) in shapes {
            let [items, depth, height, width] = extent;
            let cells = items * depth * height * width;
            let x = noise(cells * inputs, 1);
            // (out, tap, in)
            let weight = noise(outputs * TAPS * inputs, 2);
            let (bias, residual) = (noise(outputs, 3), noise(cells * outputs, 4));
            let kernels = Matrix::of_weight(processor, &Rows::packed(&weight, TAPS * inputs));
            let finish = Finish {
                bias: Some(&bias),
                activation: None,
                scale: None,
                residual: Some(Rows::packed(&residual, outputs)),
            };
            let found = conv3d(processor, &x, extent, &kernels, finish);
            let expected: Vec<f64> = (0..cells * outputs)
                .map(|index| {
                    let (cell, output) = (index / outputs, index % outputs);
                    let (rest, column) = (cell / width, cell % width);
                    let (rest, y) = (rest / height, rest % height);
                    let (item, z) = (rest / depth, rest % depth);
                    let taps = (0..TAPS).map(|tap| {
                        let place = [z + tap / 9, y + tap / 3 % 3, column + tap % 3];
                        let seen = at(&x, extent, inputs, item, place);
                        dot(seen, &weight[(output * TAPS + tap) * inputs..][..inputs])
                    });
                    let sum: f64 = taps.sum();
                    sum + f64::from(bias[output]) + f64::from(residual[index])
                })
                .collect();
            assert_close(
                &found,
                &expected,
                &format!("{processor:?} {extent:?} {inputs} to {outputs}"),
            );
        }
    }
}

#[test]
fn norms_of_heads_of_every_width() {
    for processor in Processor::all() {
        for (items, heads, tokens, width) in [(1, 1, 1, 1), (2, 3, 70, 17), (1, 4, 5, 80)] {
            // Queries, keys and values side by side: the keys are normalised.
            let token = heads * width;
            let values = noise(items * tokens * 3 * token, 1);
            let gamma = noise(token, 2);
            let x = Heads {
                values: &values[token..],
                strides: [tokens * 3 * token, width, 3 * token],
                tokens,
                width,
            };
            let found = head_norm(processor, items, x, &gamma);
            let expected: Vec<f64> = (0..items * tokens * token)
                .map(|index| {
                    let (row, column) = (index / token, index % token);
                    let row = &values[(3 * row + 1) * token..][..token];
                    let head = &row[column / width * width..][..width];
                    let length = dot(head, head).sqrt();
                    f64::from(row[column]) * f64::from(gamma[column]) * (width as f64).sqrt()
                        / length
                })
                .collect();
            assert_close(
                &found,
                &expected,
                &format!("{processor:?} {heads} × {width}"),
            );
        }
        // What has no length has none afterwards either.
        let nothing = Heads {
            values: &[0.0; 20],
            strides: [20, 20, 20],
            tokens: 1,
            width: 20,
        };
        assert_eq!(head_norm(processor, 1, nothing, &[1.0; 20]), [0.0; 20]);
    }
}

//! The duel picture against the one the validator's own steps make, and sheets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::path::Path;

use common::read_png;
use render::{GRID_VIEWS, Image, TransparentImage, grid, grid_of, sheet_size, transparent_sheet};
use sha2::{Digest, Sha256};

/// `tests/data/grid.py` pastes the goldens with Pillow and keeps the digest.
#[test]
fn the_grid_of_the_goldens_is_the_validators_to_the_byte() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let golden = std::fs::read_to_string(folder.join("torus_grid.sha256")).unwrap();
    let views = GRID_VIEWS.map(|view| read_png(&folder.join(format!("torus_v{view:02}.png"))));
    let [first, second, third, fourth] = &views;
    let alone = grid_of([first, second, third, fourth]).unwrap();
    let digest: String = Sha256::digest(&alone.rgb)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let found = format!("{digest}  {}x{} RGB\n", alone.width, alone.height);
    assert_eq!(found, golden);

    let blank = Image {
        width: 518,
        height: 518,
        rgb: vec![7; 518 * 518 * 3],
    };
    let mut sixteen = vec![blank; 16];
    for (view, picture) in GRID_VIEWS.into_iter().zip(views) {
        sixteen[view] = picture;
    }
    assert!(grid(&sixteen).unwrap() == alone);
}

#[test]
fn transparent_sheets_have_transparent_gaps() {
    let view = TransparentImage {
        width: 2,
        height: 1,
        rgba: vec![9; 8],
    };
    let sheet = transparent_sheet(&vec![view; 3], 2, 1).unwrap();
    assert_eq!([sheet.width, sheet.height], [5, 3]);
    assert_eq!(sheet_size([2, 1], 3, 2, 1).unwrap(), [5, 3]);
    let row = |row: usize| {
        sheet
            .rgba
            .chunks(4)
            .skip(5 * row)
            .take(5)
            .map(|pixel| pixel[3])
    };
    assert!(row(0).eq([9, 9, 0, 9, 9]));
    assert!(row(1).eq([0; 5]));
    assert!(row(2).eq([9, 9, 0, 0, 0]));
    assert!(sheet_size([8192, 8192], 25, 5, 4).is_err());
    assert!(sheet_size([8, 8], 0, 5, 4).is_err());
}

//! Pictures of assets for people: sheets of views.

use anyhow::{Context, Result};
use render::{Camera, Image, Orbit, Scene, WHITE};
use splat::{Cloud, Frame};

use super::views::Picture;
use crate::config::{SHEET_GAP, upright};

/// Side of a preview's views, in pixels.
const PREVIEW_SIZE: u32 = 360;

/// Azimuth and elevation of a preview's views in degrees: front, right, back, and from above.
/// In the validator's sense negative elevations look down.
const PREVIEW_SIDES: [(f64, f64); 4] = [(0.0, -15.0), (90.0, -15.0), (180.0, -15.0), (30.0, -60.0)];

/// A PNG of the views, in about as many rows as columns.
pub(crate) fn sheet(views: &[Image]) -> Result<Vec<u8>> {
    let columns = (views.len() as f64).sqrt().ceil() as usize;
    rows(views, columns)
}

/// A PNG of the views, `columns` in a row.
pub(crate) fn rows(views: &[Image], columns: usize) -> Result<Vec<u8>> {
    render::contact_sheet(views, columns.max(1), SHEET_GAP)
        .context("the pictures do not make a sheet")?
        .to_png()
        .context("the pictures cannot be encoded")
}

/// A PNG of views on a background or on none, `columns` in a row.
pub(crate) fn rows_of(pictures: Vec<Picture>, columns: usize) -> Result<Vec<u8>> {
    let (mut opaque, mut transparent) = (Vec::new(), Vec::new());
    for picture in pictures {
        match picture {
            Picture::Opaque(image) => opaque.push(image),
            Picture::Transparent(image) => transparent.push(image),
        }
    }
    if transparent.is_empty() {
        return rows(&opaque, columns);
    }
    render::transparent_sheet(&transparent, columns, SHEET_GAP)
        .context("the pictures do not make a sheet")?
        .to_png()
        .context("the pictures cannot be encoded")
}

/// The four sides of a cloud that stands in `frame`, at the validator's size.
pub(crate) fn sides(cloud: Cloud, frame: Frame) -> Result<Vec<Image>> {
    let scene = Scene::new(
        &upright().apply(cloud, frame),
        Some(render::VALIDATOR_EXTENT),
    )
    .context("it cannot be rendered")?;
    let cameras = PREVIEW_SIDES
        .iter()
        .map(|&(azimuth_deg, elevation_deg)| {
            Camera::orbit(Orbit {
                azimuth_deg,
                elevation_deg,
                width: PREVIEW_SIZE,
                height: PREVIEW_SIZE,
                ..Orbit::default()
            })
        })
        .collect::<Result<Vec<Camera>, _>>()?;
    Ok(render::render_views(&scene, &cameras, WHITE))
}

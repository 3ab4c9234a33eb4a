//! Pictures of what a rehearsal accepted: a strip per asset and a sheet of them all. They are made
//! from the very views its validators scored.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::imageops::{FilterType, resize};
use image::{ImageReader, RgbImage};
use rehearsal::Scored;
use render::{GRID_VIEWS, Image};
use subnet17::TaskKind;
use tokio::sync::mpsc;
use tracing::warn;

use super::generate::slug;
use super::pictures::rows;
use crate::files::{make_folder, write_atomic};

/// Side of a view on a strip, in pixels.
const STRIP_SIZE: u32 = 260;

/// Side of an asset on the overview, in pixels.
const OVERVIEW_SIZE: u32 = 180;

/// Assets on the overview, and in a row of it.
const OVERVIEW_ASSETS: usize = 48;
const OVERVIEW_COLUMNS: usize = 8;

/// Strips of at most this many assets are written: a long rehearsal must not fill the disk.
const MOST_ASSETS: usize = 500;

/// The longest side of a prompt's picture that is decoded, in pixels.
const LONGEST_PROMPT_SIDE: u32 = 4096;

/// The file that shows them all.
const OVERVIEW: &str = "overview.png";

/// What an album came to.
#[derive(Debug, Default)]
pub(crate) struct Album {
    /// How many assets have a strip.
    pub(crate) assets: usize,
    /// The picture of them all, if there is any.
    pub(crate) overview: Option<PathBuf>,
    portraits: Vec<Image>,
}

impl Album {
    /// Draws what comes in until the rehearsal ends, and the overview then.
    pub(crate) async fn collect(
        mut scored: mpsc::Receiver<Scored>,
        folder: PathBuf,
    ) -> Result<Self> {
        make_folder(&folder)?;
        let mut album = Self::default();
        while let Some(scored) = scored.recv().await {
            if !scored.accepted || scored.views.is_empty() || album.assets >= MOST_ASSETS {
                continue;
            }
            album.assets += 1;
            let path = folder.join(file_name(album.assets, &scored));
            let keep = album.portraits.len() < OVERVIEW_ASSETS;
            let drawn = tokio::task::spawn_blocking(move || draw(&scored, &path)).await;
            match drawn
                .context("drawing was abandoned")
                .and_then(|drawn| drawn)
            {
                Ok(portrait) if keep => album.portraits.push(portrait),
                Ok(_) => {}
                Err(error) => warn!("an asset was not drawn: {error:#}"),
            }
        }
        if !album.portraits.is_empty() {
            let path = folder.join(OVERVIEW);
            write_atomic(&path, &rows(&album.portraits, OVERVIEW_COLUMNS)?)?;
            album.overview = Some(path);
        }
        Ok(album)
    }
}

/// `007-red-sofa.png`.
fn file_name(number: usize, scored: &Scored) -> String {
    let name = match scored.task.kind {
        TaskKind::Text => slug(&scored.task.prompt),
        TaskKind::Image => "image-prompt".to_owned(),
    };
    format!("{number:03}-{name}.png")
}

/// Writes the strip of one asset, its prompt's picture first if it had one, and returns its
/// portrait for the overview.
fn draw(scored: &Scored, path: &Path) -> Result<Image> {
    let mut strip = Vec::new();
    if scored.task.kind == TaskKind::Image {
        strip.push(prompt_picture(&scored.task.prompt)?);
    }
    for index in GRID_VIEWS {
        if let Some(view) = scored.views.get(index) {
            strip.push(scaled(view, STRIP_SIZE)?);
        }
    }
    write_atomic(path, &rows(&strip, strip.len())?)?;
    let portrait = scored
        .views
        .get(GRID_VIEWS[0])
        .context("a view is missing")?;
    scaled(portrait, OVERVIEW_SIZE)
}

fn prompt_picture(prompt: &str) -> Result<Image> {
    let bytes = STANDARD
        .decode(prompt)
        .context("the prompt is not base64")?;
    let mut reader = ImageReader::new(std::io::Cursor::new(bytes)).with_guessed_format()?;
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(LONGEST_PROMPT_SIDE);
    limits.max_image_height = Some(LONGEST_PROMPT_SIDE);
    reader.limits(limits);
    let picture = reader.decode().context("the prompt is not a picture")?;
    let picture = resize(
        &picture.to_rgb8(),
        STRIP_SIZE,
        STRIP_SIZE,
        FilterType::Triangle,
    );
    Ok(from_buffer(picture))
}

fn scaled(view: &Image, side: u32) -> Result<Image> {
    let buffer = RgbImage::from_raw(view.width, view.height, view.rgb.clone())
        .context("a view has too few bytes")?;
    Ok(from_buffer(resize(
        &buffer,
        side,
        side,
        FilterType::Triangle,
    )))
}

fn from_buffer(buffer: RgbImage) -> Image {
    Image {
        width: buffer.width(),
        height: buffer.height(),
        rgb: buffer.into_raw(),
    }
}

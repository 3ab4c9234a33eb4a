//! `splatsmith render`: views, contact sheets, the duel judge's grid and turntables.

use anyhow::{Context, Result};
use render::{AnimationPlan, Renderer, Scene, grid_of};
use serde::Serialize;

use super::film::Film;
use super::pictures;
use super::views::{Look, Picture};
use crate::args::RenderArgs;
use crate::config::{Backdrop, Layer, RenderConfig, Target, upright};
use crate::files::{make_folder, read_cloud, write_atomic};
use crate::ui::{Console, Progress};
use crate::{Failure, Outcome};

/// What was written, for scripts.
#[derive(Debug, Serialize)]
struct Summary {
    output: String,
    kind: &'static str,
    views: usize,
    /// Pixels of a view's side.
    size: u32,
    layer: Layer,
    transparent: bool,
    /// Views per second, of a turntable.
    #[serde(skip_serializing_if = "Option::is_none")]
    fps: Option<f64>,
    /// What it was rendered on.
    device: String,
    /// Splats that were drawn.
    splats: usize,
    /// Splats that cannot be drawn.
    dropped: usize,
    /// Bytes of all files together.
    bytes: u64,
}

/// Renders to wherever `--output` points.
pub(crate) fn run(args: &RenderArgs, console: &Console) -> Result<Outcome, Failure> {
    let config = RenderConfig::check(args)?;
    let mut renderer = Renderer::open(config.device).map_err(anyhow::Error::from)?;
    let (cloud, _) = read_cloud(&args.file)?;
    let cloud = upright().apply(cloud, config.profile.frame);
    let scene = Scene::new(&cloud, config.extent)
        .with_context(|| format!("{}: cannot be rendered", args.file.display()))?;
    drop(cloud);
    let progress = console.progress("rendering");
    let mut look = Look::new(
        &scene,
        &mut renderer,
        &config.cameras,
        config.layer,
        config.backdrop,
    );
    let bytes = match config.target {
        Target::Folder => folder(&config, &mut look, &progress)?,
        Target::Sheet { columns } => sheet(&config, &mut look, columns, &progress)?,
        Target::Grid => duel_grid(&config, &mut look, &progress)?,
        Target::Film { .. } => film(&config, &mut look, &progress)?,
    };
    drop(progress);
    let summary = summary(&config, &scene, renderer.name(), bytes);
    if args.json {
        console.json(&summary)?;
    } else {
        console.line(&in_words(&summary));
    }
    Ok(Outcome::Pass)
}

/// Renders all views and hands them on batch by batch, with the number of the first.
fn each_batch(
    config: &RenderConfig,
    look: &mut Look<'_>,
    progress: &Progress,
    mut take: impl FnMut(usize, Vec<Picture>) -> Result<()>,
) -> Result<()> {
    let total = config.cameras.len();
    let mut done = 0;
    progress.set("views", 0, total as u64);
    look.each_batch(&config.cameras, |pictures| {
        let count = pictures.len();
        take(done, pictures)?;
        done += count;
        progress.set("views", done as u64, total as u64);
        Ok(())
    })
}

/// `view_00.png`, `view_01.png`, … in the order of the orbit.
fn folder(config: &RenderConfig, look: &mut Look<'_>, progress: &Progress) -> Result<u64> {
    make_folder(&config.output)?;
    let digits = (config.cameras.len() - 1).to_string().len().max(2);
    let mut bytes = 0;
    each_batch(config, look, progress, |first, pictures| {
        for (index, picture) in pictures.iter().enumerate() {
            let name = format!("view_{:0digits$}.png", first + index);
            let png = picture.to_png()?;
            write_atomic(&config.output.join(name), &png)?;
            bytes += png.len() as u64;
        }
        Ok(())
    })?;
    Ok(bytes)
}

fn sheet(
    config: &RenderConfig,
    look: &mut Look<'_>,
    columns: usize,
    progress: &Progress,
) -> Result<u64> {
    let png = pictures::rows_of(all(config, look, progress)?, columns)?;
    write_atomic(&config.output, &png)?;
    Ok(png.len() as u64)
}

fn duel_grid(config: &RenderConfig, look: &mut Look<'_>, progress: &Progress) -> Result<u64> {
    let views = all(config, look, progress)?;
    let [
        Picture::Opaque(first),
        Picture::Opaque(second),
        Picture::Opaque(third),
        Picture::Opaque(fourth),
    ] = views.as_slice()
    else {
        anyhow::bail!(
            "the grid is made of four opaque views, not of {}",
            views.len()
        );
    };
    let png = grid_of([first, second, third, fourth])?.to_png()?;
    write_atomic(&config.output, &png)?;
    Ok(png.len() as u64)
}

fn all(config: &RenderConfig, look: &mut Look<'_>, progress: &Progress) -> Result<Vec<Picture>> {
    let mut views = Vec::with_capacity(config.cameras.len());
    each_batch(config, look, progress, |_, pictures| {
        views.extend(pictures);
        Ok(())
    })?;
    Ok(views)
}

fn film(config: &RenderConfig, look: &mut Look<'_>, progress: &Progress) -> Result<u64> {
    let Target::Film { format, rate } = config.target else {
        anyhow::bail!("{} is no film", config.output.display());
    };
    let plan = AnimationPlan {
        width: config.size,
        height: config.size,
        frames: u32::try_from(config.cameras.len()).context("too many views")?,
        rate,
        transparent: config.backdrop == Backdrop::Transparent,
    };
    let mut film = Film::begin(&config.output, format, plan, config.backdrop)?;
    each_batch(config, look, progress, |_, pictures| {
        let frames: Vec<_> = pictures
            .into_iter()
            .map(Picture::into_transparent)
            .collect();
        film.add(&frames)
    })?;
    film.finish()
}

fn summary(config: &RenderConfig, scene: &Scene, device: String, bytes: u64) -> Summary {
    Summary {
        output: config.output.display().to_string(),
        kind: match config.target {
            Target::Folder => "folder",
            Target::Sheet { .. } => "sheet",
            Target::Grid => "grid",
            Target::Film { .. } => "film",
        },
        views: config.cameras.len(),
        size: config.size,
        layer: config.layer,
        transparent: config.backdrop == Backdrop::Transparent,
        fps: match config.target {
            Target::Film { rate, .. } => Some(rate),
            _ => None,
        },
        device,
        splats: scene.len(),
        dropped: scene.dropped(),
        bytes,
    }
}

fn in_words(summary: &Summary) -> String {
    let rate = summary
        .fps
        .map_or_else(String::new, |rate| format!(" at {rate} per second"));
    let plural = if summary.views == 1 { "" } else { "s" };
    format!(
        "{}: {} view{plural}{rate}, {}",
        summary.output,
        summary.views,
        indicatif::HumanBytes(summary.bytes)
    )
}

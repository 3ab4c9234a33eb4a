//! What `render` was asked for: where it goes, what it shows, and from where.

use std::path::{Path, PathBuf};

use render::{AnimationFormat, Camera, Device, GRID_VIEWS, Orbit, VALIDATOR_EXTENT, sheet_size};
use serde::Serialize;
use splat::OutputProfile;

use super::{Problems, colour, profile};
use crate::args::RenderArgs;

/// White pixels between the views of a sheet.
pub(crate) const SHEET_GAP: u32 = 4;

/// More views than this are a film nobody watches.
const MOST_VIEWS: u32 = 1000;

/// Views of a sheet or a folder, as many as the validator's.
const VIEWS: u32 = 16;

/// Views of a turntable: one every 7.5 degrees.
const FILM_VIEWS: u32 = 48;

/// Views per second of a turntable: once around in three seconds.
const RATE: f64 = 16.0;

/// What a view shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Layer {
    /// The splats' colours.
    Colour,
    /// How much of a pixel is covered.
    Alpha,
    /// How far away it is.
    Depth,
    /// Which way its surface faces.
    Normal,
}

/// What is behind the splats.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Backdrop {
    /// RGB from 0 to 1.
    Colour([f32; 3]),
    /// Nothing: the picture has an alpha channel.
    Transparent,
}

/// The kind of a turntable's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FilmFormat {
    /// Written by the renderer's own encoders.
    Own(AnimationFormat),
    /// H.264, by ffmpeg.
    Mp4,
}

/// What the views become.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Target {
    /// A PNG each.
    Folder,
    /// One PNG of all, with this many in a row.
    Sheet {
        /// Views in a row.
        columns: usize,
    },
    /// The duel judge's PNG.
    Grid,
    /// A turntable.
    Film {
        /// Its file's kind.
        format: FilmFormat,
        /// Views per second.
        rate: f64,
    },
}

/// What to render, checked.
#[derive(Debug)]
pub(crate) struct RenderConfig {
    /// The file or folder to write.
    pub(crate) output: PathBuf,
    /// What becomes of the views.
    pub(crate) target: Target,
    /// Where they are seen from, in order.
    pub(crate) cameras: Vec<Camera>,
    /// Pixels of a view's side.
    pub(crate) size: u32,
    /// What they show.
    pub(crate) layer: Layer,
    /// What is behind it.
    pub(crate) backdrop: Backdrop,
    /// Which way up the cloud is.
    pub(crate) profile: OutputProfile,
    /// The longest side it is scaled to, if at all.
    pub(crate) extent: Option<f32>,
    /// What it is rendered on.
    pub(crate) device: Device,
}

impl RenderConfig {
    /// Checks what was typed.
    ///
    /// # Errors
    /// With everything that is wrong with it.
    pub(crate) fn check(args: &RenderArgs) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let kind = kind(&args.output, &mut problems);
        let layer = layer(&args.layer, &mut problems);
        let backdrop = backdrop(args.background.as_deref(), layer, &mut problems);
        let profile = profile("--profile", &args.profile, &mut problems);
        if let (Some(kind), Some(Backdrop::Transparent)) = (kind, backdrop) {
            check_transparent(kind, args, &mut problems);
        }
        check_grid(kind, args, &mut problems);
        let device = device(&args.device, layer, backdrop, &mut problems);
        let rate = rate(kind, args, &mut problems);
        let extent = extent(args.extent, &mut problems);
        let views = views(kind, args, &mut problems);
        let cameras = views.and_then(|views| cameras(views, kind, args, &mut problems));
        let target = match (kind, views) {
            (Some(kind), Some(views)) => target(kind, views, rate, args, &mut problems),
            _ => None,
        };
        let (Some(target), Some(cameras), Some(layer), Some(backdrop)) =
            (target, cameras, layer, backdrop)
        else {
            return problems.or(None);
        };
        let (Some(profile), Some(device)) = (profile, device) else {
            return problems.or(None);
        };
        problems.or(Some(Self {
            output: args.output.clone(),
            target,
            cameras,
            size: args.size,
            layer,
            backdrop,
            profile,
            extent,
            device,
        }))
    }
}

/// What the name of the output asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Folder,
    Png,
    Film(FilmFormat),
}

fn kind(output: &Path, problems: &mut Problems) -> Option<Kind> {
    let extension = output.extension().and_then(|extension| extension.to_str());
    let own = |format| Some(Kind::Film(FilmFormat::Own(format)));
    match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("png") => return Some(Kind::Png),
        Some("gif") => return own(AnimationFormat::Gif),
        Some("webp") => return own(AnimationFormat::WebP),
        Some("apng") => return own(AnimationFormat::Apng),
        Some("mp4") => return Some(Kind::Film(FilmFormat::Mp4)),
        _ if output.extension().is_none() || output.is_dir() => return Some(Kind::Folder),
        _ => {}
    }
    problems.add(
        format!(
            "--output {}: no picture has this extension",
            output.display()
        ),
        "name a folder, or a .png, .gif, .webp, .apng or .mp4 file",
    );
    None
}

fn layer(name: &str, problems: &mut Problems) -> Option<Layer> {
    match name {
        "colour" | "color" => Some(Layer::Colour),
        "alpha" => Some(Layer::Alpha),
        "depth" => Some(Layer::Depth),
        "normal" => Some(Layer::Normal),
        _ => {
            problems.add(
                format!("--layer {name}: no such layer"),
                "give colour, alpha, depth or normal",
            );
            None
        }
    }
}

fn backdrop(name: Option<&str>, layer: Option<Layer>, problems: &mut Problems) -> Option<Backdrop> {
    match name {
        Some("transparent") => Some(Backdrop::Transparent),
        Some(name) => colour("--background", name, problems).map(Backdrop::Colour),
        // Coverage, depth and facing are read off against nothing.
        None => Some(Backdrop::Colour(match layer {
            None | Some(Layer::Colour) => render::WHITE,
            Some(_) => [0.0; 3],
        })),
    }
}

/// Layers and transparent pictures are made on the CPU, whatever there is.
fn device(
    name: &str,
    layer: Option<Layer>,
    backdrop: Option<Backdrop>,
    problems: &mut Problems,
) -> Option<Device> {
    let plain =
        layer.is_none_or(|layer| layer == Layer::Colour) && backdrop != Some(Backdrop::Transparent);
    match name.parse() {
        Ok(Device::Gpu) if !plain => {
            problems.add(
                "--device gpu: only colours on a background are rendered there",
                "leave it out, or leave out --layer and --background transparent",
            );
            None
        }
        Ok(device) if !device.is_built() => {
            problems.add(
                format!("--device {name}: this build cannot render there"),
                "build it with --features gpu-render, or leave it out",
            );
            None
        }
        Ok(Device::Auto) if !plain => Some(Device::Cpu),
        Ok(device) => Some(device),
        Err(_) => {
            problems.add(
                format!("--device {name}: no such device"),
                "give auto, cpu or gpu",
            );
            None
        }
    }
}

fn check_transparent(kind: Kind, args: &RenderArgs, problems: &mut Problems) {
    if kind == Kind::Film(FilmFormat::Mp4) {
        problems.add(
            "--background transparent: an .mp4 cannot be transparent",
            "write a .webp, .apng, .gif or a folder, or give a colour",
        );
    }
    if args.grid {
        problems.add(
            "--background transparent: the duel judge's grid is opaque",
            "give a colour, or leave out --grid",
        );
    }
}

fn check_grid(kind: Option<Kind>, args: &RenderArgs, problems: &mut Problems) {
    if !args.grid {
        return;
    }
    if kind.is_some_and(|kind| kind != Kind::Png) {
        problems.add(
            format!("--grid: {} is not one picture", args.output.display()),
            "name a .png file",
        );
    }
    if args.views.is_some_and(|views| views != VIEWS) {
        problems.add(
            "--grid: it is made of the validator's sixteen views",
            "leave out --views",
        );
    }
}

fn rate(kind: Option<Kind>, args: &RenderArgs, problems: &mut Problems) -> f64 {
    let Some(rate) = args.fps else {
        return RATE;
    };
    let format = match kind {
        Some(Kind::Film(FilmFormat::Own(format))) => format,
        // What players of films take.
        Some(Kind::Film(FilmFormat::Mp4)) | None => AnimationFormat::WebP,
        Some(Kind::Folder | Kind::Png) => {
            problems.add(
                format!("--fps: {} does not move", args.output.display()),
                "leave it out, or name a .gif, .webp, .apng or .mp4 file",
            );
            return RATE;
        }
    };
    let rates = format.slowest()..=format.fastest();
    if !rates.contains(&rate) {
        problems.add(
            format!("--fps {rate}: out of range"),
            format!("give {} to {}", rates.start(), rates.end()),
        );
    }
    rate
}

fn extent(typed: Option<f32>, problems: &mut Problems) -> Option<f32> {
    match typed {
        // The cameras stand where the 2025 validator's do, whose extent fills their view.
        None => Some(VALIDATOR_EXTENT),
        Some(extent) if extent >= 0.0 && extent.is_finite() => {
            Some(extent).filter(|extent| *extent > 0.0)
        }
        Some(_) => {
            problems.add("--extent: not a length", "give 0 (as it is) or more");
            None
        }
    }
}

fn views(kind: Option<Kind>, args: &RenderArgs, problems: &mut Problems) -> Option<u32> {
    let views = args.views.unwrap_or(match kind {
        Some(Kind::Film(_)) => FILM_VIEWS,
        _ => VIEWS,
    });
    if (1..=MOST_VIEWS).contains(&views) {
        return Some(views);
    }
    problems.add(
        format!("--views {views}: out of range"),
        format!("give 1 to {MOST_VIEWS}"),
    );
    None
}

fn cameras(
    views: u32,
    kind: Option<Kind>,
    args: &RenderArgs,
    problems: &mut Problems,
) -> Option<Vec<Camera>> {
    let gaps = if matches!(kind, Some(Kind::Film(_))) {
        // A film that repeats its first view at the end stutters.
        views
    } else {
        // As numpy's linspace(0, 360, views): the last view is the first one again.
        (views - 1).max(1)
    };
    let camera = |index: u32| {
        Camera::orbit(Orbit {
            azimuth_deg: args.azimuth + 360.0 * f64::from(index) / f64::from(gaps),
            elevation_deg: args.elevation,
            radius: args.radius,
            fov_y_deg: args.fov,
            width: args.size,
            height: args.size,
        })
    };
    let chosen = (0..views).filter(|&index| !args.grid || GRID_VIEWS.contains(&(index as usize)));
    match chosen.map(camera).collect() {
        Ok(cameras) => Some(cameras),
        Err(error) => {
            problems.add(error.to_string(), "see splatsmith render --help");
            None
        }
    }
}

fn target(
    kind: Kind,
    views: u32,
    rate: f64,
    args: &RenderArgs,
    problems: &mut Problems,
) -> Option<Target> {
    let count = views as usize;
    let columns = f64::from(views).sqrt().ceil() as usize;
    match kind {
        Kind::Folder => Some(Target::Folder),
        Kind::Film(format) => Some(Target::Film { format, rate }),
        Kind::Png if args.grid => Some(Target::Grid),
        Kind::Png => match sheet_size([args.size; 2], count, columns, SHEET_GAP) {
            Ok(_) => Some(Target::Sheet { columns }),
            Err(error) => {
                problems.add(
                    format!("--views {views} at --size {}: {error}", args.size),
                    "or render to a folder",
                );
                None
            }
        },
    }
}

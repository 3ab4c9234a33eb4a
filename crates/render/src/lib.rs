//! Renders splat clouds on the CPU as the 2025 validator does with gsplat: its normalisation, its
//! orbit cameras and its blending, so closely that one byte in ten thousand differs, by one.
//!
//! ```
//! use render::{Scene, WHITE, render_views, validator_cameras};
//! # use splat::{Cloud, Splat};
//! # let cloud: Cloud = [0.0, 1.0].iter().map(|&x| Splat {
//! #     position: [x, 0.0, 0.0], log_scale: [-2.0; 3], rotation: [1.0, 0.0, 0.0, 0.0],
//! #     opacity_logit: 2.0, colour: [1.0, 0.0, 0.0],
//! # }).collect();
//! let scene = Scene::new(&cloud, Some(render::VALIDATOR_EXTENT))?;
//! let views = render_views(&scene, &validator_cameras(64)?, WHITE);
//! let preview: Vec<u8> = render::grid(&views)?.to_png()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod animation;
mod camera;
mod cpu;
mod device;
#[cfg(feature = "gpu-render")]
mod gpu;
mod image;
mod layers;
mod raster;
mod scene;
mod sheet;

pub use animation::{Animation, AnimationError, AnimationFormat, AnimationPlan, animation};
pub use camera::{Camera, CameraError, MAX_SIDE, Orbit, VALIDATOR_SIZE, validator_cameras};
pub use cpu::{CpuRenderer, InstructionSet, Measured};
pub use device::{Device, DeviceError, Renderer};
#[cfg(feature = "gpu-render")]
pub use gpu::{GpuError, GpuRenderer};
pub use image::{Image, ImageError, TransparentImage};
pub use layers::{Layers, render_layers};
pub use raster::{WHITE, render, render_views};
pub use scene::{Scene, SceneError, VALIDATOR_EXTENT, Visible, visible};
pub use sheet::{
    GRID_GAP, GRID_VIEWS, SheetError, contact_sheet, grid, grid_of, sheet_size, transparent_sheet,
};

//! Views of a scene as pictures, a few at a time: as many as there are threads, so that each has
//! one, but never more than memory is meant for.

use anyhow::Result;
use rayon::prelude::*;
use render::{Camera, Image, Layers, Renderer, Scene, TransparentImage, render_layers};

use crate::config::{Backdrop, Layer};

/// Pixels of the views that are made together: what becomes of one takes up to 40 bytes.
const MOST_PIXELS: usize = 1 << 24;

/// Views that tell the range of depths.
const PROBES: usize = 16;

/// A finished view.
#[derive(Debug)]
pub(crate) enum Picture {
    /// On a background.
    Opaque(Image),
    /// On nothing.
    Transparent(TransparentImage),
}

impl Picture {
    /// The picture as a PNG file.
    pub(crate) fn to_png(&self) -> Result<Vec<u8>> {
        Ok(match self {
            Self::Opaque(image) => image.to_png()?,
            Self::Transparent(image) => image.to_png()?,
        })
    }

    /// With an alpha channel, as films take it.
    pub(crate) fn into_transparent(self) -> TransparentImage {
        match self {
            Self::Opaque(image) => TransparentImage::from(&image),
            Self::Transparent(image) => image,
        }
    }
}

/// What the views of one scene show.
pub(crate) struct Look<'a> {
    scene: &'a Scene,
    renderer: &'a mut Renderer,
    layer: Layer,
    backdrop: Backdrop,
    /// Nearest and farthest depth of all views, so that a shade means one depth in each.
    depths: [f32; 2],
}

impl<'a> Look<'a> {
    /// Prepares to show `scene` from `cameras`; `renderer` makes what is opaque colour.
    pub(crate) fn new(
        scene: &'a Scene,
        renderer: &'a mut Renderer,
        cameras: &[Camera],
        layer: Layer,
        backdrop: Backdrop,
    ) -> Self {
        let depths = if layer == Layer::Depth {
            depths(scene, cameras)
        } else {
            [0.0, 1.0]
        };
        Self {
            scene,
            renderer,
            layer,
            backdrop,
            depths,
        }
    }

    /// Makes the pictures in the order of `cameras` and hands them on batch by batch.
    pub(crate) fn each_batch(
        &mut self,
        cameras: &[Camera],
        mut take: impl FnMut(Vec<Picture>) -> Result<()>,
    ) -> Result<()> {
        let Some(first) = cameras.first() else {
            return Ok(());
        };
        let pixels = first.width() as usize * first.height() as usize;
        let fitting = (MOST_PIXELS / pixels.max(1)).max(1);
        let batch = rayon::current_num_threads().clamp(1, fitting);
        cameras
            .chunks(batch)
            .try_for_each(|cameras| take(self.batch(cameras)?))
    }

    fn batch(&mut self, cameras: &[Camera]) -> Result<Vec<Picture>> {
        if let (Layer::Colour, Backdrop::Colour(background)) = (self.layer, self.backdrop) {
            let views = self
                .renderer
                .render_views(self.scene, cameras, background)?;
            return Ok(views.into_iter().map(Picture::Opaque).collect());
        }
        let this = &*self;
        Ok(cameras
            .par_iter()
            .map(|camera| this.picture(camera))
            .collect())
    }

    fn picture(&self, camera: &Camera) -> Picture {
        let layers = render_layers(self.scene, camera);
        let painted: Layers = match self.layer {
            Layer::Colour => layers,
            Layer::Alpha => layers.painted_white(),
            Layer::Depth => layers.painted_by_depth(self.depths),
            Layer::Normal => layers.painted_by_normal(camera),
        };
        match self.backdrop {
            Backdrop::Colour(background) => Picture::Opaque(painted.over(background)),
            Backdrop::Transparent => Picture::Transparent(painted.transparent()),
        }
    }
}

/// The range of depths over some of the views.
fn depths(scene: &Scene, cameras: &[Camera]) -> [f32; 2] {
    let step = cameras.len().div_ceil(PROBES).max(1);
    let probes: Vec<&Camera> = cameras.iter().step_by(step).collect();
    let ranges = probes
        .iter()
        .filter_map(|camera| render_layers(scene, camera).depth_range());
    ranges
        .reduce(|[near, far], [low, high]| [near.min(low), far.max(high)])
        .unwrap_or([0.0, 1.0])
}

//! Where pictures are made: on the CPU or, if it was built in and there is one, on a GPU.

use std::str::FromStr;

use thiserror::Error;

#[cfg(feature = "gpu-render")]
use crate::{GpuError, GpuRenderer};
use crate::{camera::Camera, image::Image, raster::render_views, scene::Scene};

/// What a caller wants to render on. Parses from its name in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Device {
    /// A GPU where there is one and it does what is asked, else the CPU. Drivers that compute on the
    /// CPU do not count: our own code is faster there.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// A GPU, or a driver that poses as one.
    Gpu,
}

impl Device {
    /// Whether this build can render on it at all: without the feature `gpu-render`, not on a GPU.
    #[must_use]
    pub const fn is_built(self) -> bool {
        !matches!(self, Self::Gpu) || cfg!(feature = "gpu-render")
    }
}

impl FromStr for Device {
    type Err = DeviceError;

    fn from_str(name: &str) -> Result<Self, DeviceError> {
        match name {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "gpu" => Ok(Self::Gpu),
            _ => Err(DeviceError::Unknown(name.to_owned())),
        }
    }
}

/// A device that cannot be rendered on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DeviceError {
    /// No device has this name.
    #[error("{0:?} is no device to render on: say auto, cpu or gpu")]
    Unknown(String),
    /// The crate was built without the feature.
    #[error("this build cannot render on a GPU: build it with --features gpu-render")]
    NotBuilt,
    /// There is none, or it failed.
    #[cfg(feature = "gpu-render")]
    #[error(transparent)]
    Gpu(#[from] GpuError),
}

/// An opened device.
#[derive(Debug)]
pub struct Renderer {
    #[cfg(feature = "gpu-render")]
    gpu: Option<GpuRenderer>,
    /// Whether the CPU takes over what the GPU cannot do.
    #[cfg(feature = "gpu-render")]
    falls_back: bool,
}

impl Renderer {
    /// Opens `device`, which may take a while: drivers compile the shaders.
    ///
    /// # Errors
    /// When a GPU is asked for and there is none, or the crate was built without the feature
    /// `gpu-render`. [`Device::Auto`] and [`Device::Cpu`] always open.
    pub fn open(device: Device) -> Result<Self, DeviceError> {
        match device {
            Device::Cpu => Ok(Self::cpu()),
            Device::Auto => Ok(Self::gpu(true).unwrap_or_else(|_| Self::cpu())),
            Device::Gpu => Self::gpu(false),
        }
    }

    #[cfg(feature = "gpu-render")]
    fn cpu() -> Self {
        Self {
            gpu: None,
            falls_back: true,
        }
    }

    #[cfg(not(feature = "gpu-render"))]
    fn cpu() -> Self {
        Self {}
    }

    #[cfg(feature = "gpu-render")]
    fn gpu(falls_back: bool) -> Result<Self, DeviceError> {
        let renderer = if falls_back {
            GpuRenderer::hardware()
        } else {
            GpuRenderer::new()
        };
        Ok(Self {
            gpu: Some(renderer?),
            falls_back,
        })
    }

    #[cfg(not(feature = "gpu-render"))]
    fn gpu(_falls_back: bool) -> Result<Self, DeviceError> {
        Err(DeviceError::NotBuilt)
    }

    /// What it renders on, for people: "the CPU", or the name of the GPU.
    #[must_use]
    pub fn name(&self) -> String {
        #[cfg(feature = "gpu-render")]
        if let Some(gpu) = &self.gpu {
            return gpu.adapter();
        }
        "the CPU".to_owned()
    }

    /// Several views over `background`, RGB from 0 to 1.
    ///
    /// # Errors
    /// When the GPU fails that was asked for; a GPU that [`Device::Auto`] found is given up for the
    /// CPU instead.
    pub fn render_views(
        &mut self,
        scene: &Scene,
        cameras: &[Camera],
        background: [f32; 3],
    ) -> Result<Vec<Image>, DeviceError> {
        #[cfg(feature = "gpu-render")]
        if let Some(gpu) = &mut self.gpu {
            match gpu.render_views(scene, cameras, background) {
                Ok(views) => return Ok(views),
                Err(error) if !self.falls_back => return Err(error.into()),
                Err(_) => self.gpu = None,
            }
        }
        Ok(render_views(scene, cameras, background))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_have_names() {
        for (name, device) in [
            ("auto", Device::Auto),
            ("cpu", Device::Cpu),
            ("gpu", Device::Gpu),
        ] {
            assert_eq!(name.parse(), Ok(device));
        }
        assert_eq!(
            "GPU".parse::<Device>(),
            Err(DeviceError::Unknown("GPU".to_owned()))
        );
        assert_eq!(
            Renderer::open(Device::Cpu).map(|renderer| renderer.name()),
            Ok("the CPU".to_owned())
        );
    }

    #[cfg(not(feature = "gpu-render"))]
    #[test]
    fn a_build_without_the_feature_says_how_to_get_it() {
        assert!(!Device::Gpu.is_built() && Device::Auto.is_built());
        let refused = Renderer::open(Device::Gpu).map(|renderer| renderer.name());
        assert_eq!(refused, Err(DeviceError::NotBuilt));
        let found = Renderer::open(Device::Auto).map(|renderer| renderer.name());
        assert_eq!(found, Ok("the CPU".to_owned()));
    }
}

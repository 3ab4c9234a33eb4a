//! Pinhole cameras on an orbit around the origin, as the validator sets them up
//! (three-gen-subnet `validation/engine/rendering/gaussian_splatting/gs_camera.py`).

use thiserror::Error;

/// The longest image side that is rendered, in pixels: bounds memory against hostile sizes.
pub const MAX_SIDE: u32 = 8192;

/// Side of the validator's square views, in pixels (`validation/server/pipeline.py`).
pub const VALIDATOR_SIZE: u32 = 518;

/// A camera that cannot be built.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum CameraError {
    /// A side of zero, or beyond [`MAX_SIDE`].
    #[error(
        "image size {width}×{height} is out of range: each side must be 1 to {MAX_SIDE} pixels"
    )]
    Size {
        /// Asked-for width in pixels.
        width: u32,
        /// Asked-for height in pixels.
        height: u32,
    },
    /// The camera would sit in the target, or nowhere.
    #[error("radius {0} is out of range: give a distance above 0 and up to 1000")]
    Radius(f64),
    /// Not an angle a pinhole camera can have.
    #[error("field of view {0}° is out of range: give 1° to 170°")]
    FieldOfView(f64),
    /// An angle that is not a number.
    #[error("azimuth {azimuth_deg}° or elevation {elevation_deg}° is not a finite angle")]
    Angle {
        /// Asked-for azimuth in degrees.
        azimuth_deg: f64,
        /// Asked-for elevation in degrees.
        elevation_deg: f64,
    },
}

/// Where a camera stands on the orbit around the origin, and what it sees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Orbit {
    /// Angle around +Y in degrees; 0 looks from +Z, 90 from +X.
    pub azimuth_deg: f64,
    /// The validator's elevation in degrees: **negative is above** the target, looking down.
    pub elevation_deg: f64,
    /// Distance from the origin, in units of the normalised scene.
    pub radius: f64,
    /// Vertical field of view in degrees.
    pub fov_y_deg: f64,
    /// Image width in pixels.
    pub width: u32,
    /// Image height in pixels.
    pub height: u32,
}

impl Default for Orbit {
    /// The validator's view 0: azimuth 0°, elevation −15°, radius 2.5, fov 49.1°, 518×518.
    fn default() -> Self {
        Self {
            azimuth_deg: 0.0,
            elevation_deg: -15.0,
            radius: 2.5,
            fov_y_deg: 49.1,
            width: VALIDATOR_SIZE,
            height: VALIDATOR_SIZE,
        }
    }
}

/// A pinhole camera: x right, y down, z forward. Depths outside 0.01 to 100 are not seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Camera {
    pub(crate) rotation: [[f32; 3]; 3],
    pub(crate) translation: [f32; 3],
    pub(crate) focal: [f32; 2],
    pub(crate) centre: [f32; 2],
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Camera {
    /// A camera on the orbit, looking at the origin with +Y up.
    ///
    /// # Errors
    /// When the image size, the radius, the field of view or an angle is out of range.
    pub fn orbit(orbit: Orbit) -> Result<Self, CameraError> {
        let Orbit {
            azimuth_deg,
            elevation_deg,
            radius,
            fov_y_deg,
            width,
            height,
        } = orbit;
        if !(1..=MAX_SIDE).contains(&width) || !(1..=MAX_SIDE).contains(&height) {
            return Err(CameraError::Size { width, height });
        }
        if !(radius > 0.0 && radius <= 1000.0) {
            return Err(CameraError::Radius(radius));
        }
        if !(1.0..=170.0).contains(&fov_y_deg) {
            return Err(CameraError::FieldOfView(fov_y_deg));
        }
        if !azimuth_deg.is_finite() || !elevation_deg.is_finite() {
            return Err(CameraError::Angle {
                azimuth_deg,
                elevation_deg,
            });
        }
        Ok(Self::looking_at_origin(&orbit))
    }

    /// Angles in double precision, axes in single, as the validator computes them.
    fn looking_at_origin(orbit: &Orbit) -> Self {
        let (elevation, azimuth) = (
            orbit.elevation_deg.to_radians(),
            orbit.azimuth_deg.to_radians(),
        );
        let position = [
            (orbit.radius * elevation.cos() * azimuth.sin()) as f32,
            (-orbit.radius * elevation.sin()) as f32,
            (orbit.radius * elevation.cos() * azimuth.cos()) as f32,
        ];
        let backward = normalise(position);
        let right = cross([0.0, 1.0, 0.0], backward);
        // Straight above or below, "up × backward" vanishes: the azimuth still says what is right.
        let right = if dot(right, right) > 1e-12 {
            normalise(right)
        } else {
            [azimuth.cos() as f32, 0.0, -azimuth.sin() as f32]
        };
        let up = normalise(cross(backward, right));
        let rotation = [right, up.map(|value| -value), backward.map(|value| -value)];
        let half_tangent = (0.5 * orbit.fov_y_deg.to_radians()).tan();
        Self {
            rotation,
            translation: rotation.map(|axis| -dot(axis, position)),
            focal: [orbit.width, orbit.height]
                .map(|side| (f64::from(side) / (2.0 * half_tangent)) as f32),
            // Integer halves: an odd side has its principal point half a pixel off the middle.
            centre: [orbit.width, orbit.height].map(|side| (side / 2) as f32),
            width: orbit.width,
            height: orbit.height,
        }
    }

    /// Image width in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Image height in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// World → camera: rotation and translation as three rows of four.
    #[must_use]
    pub fn world_to_camera(&self) -> [[f32; 4]; 3] {
        std::array::from_fn(|row| {
            let [x, y, z] = self.rotation[row];
            [x, y, z, self.translation[row]]
        })
    }

    /// Focal lengths `fx, fy` in pixels.
    #[must_use]
    pub fn focal(&self) -> [f32; 2] {
        self.focal
    }

    /// Principal point `cx, cy` in pixels.
    #[must_use]
    pub fn centre(&self) -> [f32; 2] {
        self.centre
    }
}

/// The validator's sixteen square views of `size` pixels ([`VALIDATOR_SIZE`] when it judges):
/// azimuths 0° to 360° **both included**, so that the last view repeats the first; elevation −15°,
/// radius 2.5, fov 49.1° (`validation/server/pipeline.py`).
///
/// # Errors
/// When `size` is 0 or beyond [`MAX_SIDE`].
pub fn validator_cameras(size: u32) -> Result<[Camera; 16], CameraError> {
    let view = |index: usize| Orbit {
        azimuth_deg: index as f64 * (360.0 / 15.0),
        width: size,
        height: size,
        ..Orbit::default()
    };
    Camera::orbit(view(0))?;
    Ok(std::array::from_fn(|index| {
        Camera::looking_at_origin(&view(index))
    }))
}

fn dot(left: [f32; 3], right: [f32; 3]) -> f32 {
    left[0] * right[0] + left[1] * right[1] + left[2] * right[2]
}

fn cross(left: [f32; 3], right: [f32; 3]) -> [f32; 3] {
    [
        left[1] * right[2] - left[2] * right[1],
        left[2] * right[0] - left[0] * right[2],
        left[0] * right[1] - left[1] * right[0],
    ]
}

fn normalise(vector: [f32; 3]) -> [f32; 3] {
    let length = dot(vector, vector).max(1e-20).sqrt();
    vector.map(|value| value / length)
}

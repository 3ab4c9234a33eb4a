//! The box around the centres.

use serde::Serialize;

/// An axis-aligned box around the centres whose coordinates are finite.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bounds {
    /// Least x, y, z.
    pub min: [f32; 3],
    /// Greatest x, y, z.
    pub max: [f32; 3],
}

impl Bounds {
    /// The box around `positions`; `None` if an axis has no finite coordinate.
    #[must_use]
    pub fn of(positions: &[Vec<f32>; 3]) -> Option<Self> {
        let mut bounds = Self {
            min: [f32::INFINITY; 3],
            max: [f32::NEG_INFINITY; 3],
        };
        for (axis, column) in positions.iter().enumerate() {
            for value in column.iter().filter(|value| value.is_finite()) {
                bounds.min[axis] = bounds.min[axis].min(*value);
                bounds.max[axis] = bounds.max[axis].max(*value);
            }
        }
        bounds
            .min
            .iter()
            .zip(&bounds.max)
            .all(|(min, max)| min <= max)
            .then_some(bounds)
    }

    /// The middle of the box.
    #[must_use]
    pub fn centre(&self) -> [f64; 3] {
        std::array::from_fn(|axis| f64::midpoint(self.min[axis].into(), self.max[axis].into()))
    }

    /// Width, height and depth.
    #[must_use]
    pub fn sides(&self) -> [f64; 3] {
        std::array::from_fn(|axis| f64::from(self.max[axis]) - f64::from(self.min[axis]))
    }

    /// The longest of [`Self::sides`], which is what the validator calls the size of an asset.
    #[must_use]
    pub fn longest_side(&self) -> f64 {
        self.sides().into_iter().fold(0.0, f64::max)
    }
}

//! Which way is up: a property of the interface a cloud is for, never an assumption.

/// The direction of "up" in a cloud's raw coordinates. The two differ by half a turn about Z, so
/// handedness is the same in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Frame {
    /// Raw +Y is up: what the 2025 validator's camera takes for upright
    /// (three-gen-subnet `validation/engine/rendering/gaussian_splatting/gs_camera.py`).
    YUp,
    /// Raw −Y is up: what TRELLIS writes, and what viewers turn upright when they load a PLY.
    YDown,
}

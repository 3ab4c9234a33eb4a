//! Opacities before and after the sigmoid.

/// `1 / (1 + e^−v)`: exactly 0 and 1 at the infinities.
pub(crate) fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

/// The logit of an opacity stored as a byte, 0 to 255: −∞ for 0 and +∞ for 255.
pub(crate) fn logit(byte: f32) -> f32 {
    let opacity = byte / 255.0;
    (opacity / (1.0 - opacity)).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opacities_reach_both_infinities() {
        assert_eq!(logit(0.0), f32::NEG_INFINITY);
        assert_eq!(logit(255.0), f32::INFINITY);
        assert!((logit(128.0) - 0.007_843).abs() < 1e-6);
        assert_eq!(sigmoid(f32::NEG_INFINITY), 0.0);
        assert_eq!(sigmoid(f32::INFINITY), 1.0);
    }

    #[test]
    fn every_byte_comes_back() {
        for byte in 0..=255_u8 {
            let back = (sigmoid(logit(f32::from(byte))) * 255.0).round();
            assert_eq!(back, f32::from(byte));
        }
    }
}

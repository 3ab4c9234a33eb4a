//! The objects that stand model for image prompts.

mod composed;
mod turned;

use splat::Cloud;

use super::surface::Vector;

/// An object that can be built in two colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Model {
    Vase,
    Mushroom,
    Rocket,
    Snowman,
    Cup,
    Star,
    Doughnut,
    Lamp,
    Cactus,
    Bottle,
    Bell,
    Pawn,
}

impl Model {
    pub(super) const ALL: [Self; 12] = [
        Self::Vase,
        Self::Mushroom,
        Self::Rocket,
        Self::Snowman,
        Self::Cup,
        Self::Star,
        Self::Doughnut,
        Self::Lamp,
        Self::Cactus,
        Self::Bottle,
        Self::Bell,
        Self::Pawn,
    ];

    /// Whether parts of it are white whatever colours are asked for, and would vanish before a white
    /// ground.
    pub(super) fn is_partly_white(self) -> bool {
        matches!(
            self,
            Self::Mushroom | Self::Snowman | Self::Bottle | Self::Rocket
        )
    }

    /// The object, upright along +Y, front towards +Z, roughly two units tall.
    pub(super) fn build(self, main: Vector, second: Vector) -> Cloud {
        let mut cloud = Cloud::default();
        match self {
            Self::Vase => turned::vase(&mut cloud, main, second),
            Self::Mushroom => composed::mushroom(&mut cloud, main, second),
            Self::Rocket => composed::rocket(&mut cloud, main, second),
            Self::Snowman => composed::snowman(&mut cloud, main, second),
            Self::Cup => turned::cup(&mut cloud, main, second),
            Self::Star => composed::star(&mut cloud, main, second),
            Self::Doughnut => composed::doughnut(&mut cloud, main, second),
            Self::Lamp => turned::lamp(&mut cloud, main, second),
            Self::Cactus => composed::cactus(&mut cloud, main, second),
            Self::Bottle => turned::bottle(&mut cloud, main, second),
            Self::Bell => turned::bell(&mut cloud, main, second),
            Self::Pawn => turned::pawn(&mut cloud, main, second),
        }
        cloud
    }
}

/// Cells of an object's main body: it is looked at from near.
const BODY: [usize; 2] = [180, 110];
/// Cells of a small part.
const DETAIL: [usize; 2] = [48, 32];

const WHITE: Vector = [0.95, 0.95, 0.93];
const BLACK: Vector = [0.08, 0.08, 0.09];

fn plain(colour: Vector) -> impl Fn(f32, f32) -> Vector {
    move |_, _| colour
}

/// `second` where `v` lies in a band, else `main`.
fn band(main: Vector, second: Vector, from: f32, to: f32) -> impl Fn(f32, f32) -> Vector {
    move |_, v| {
        if (from..to).contains(&v) {
            second
        } else {
            main
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_is_a_rich_finite_upright_cloud() {
        for model in Model::ALL {
            let cloud = model.build([0.8, 0.2, 0.2], [0.9, 0.8, 0.2]);
            assert!(cloud.len() >= 12_000, "{model:?}: {}", cloud.len());
            let columns = cloud.columns();
            let finite = columns
                .positions
                .iter()
                .flatten()
                .all(|value| value.is_finite())
                && columns
                    .rotations
                    .iter()
                    .flatten()
                    .all(|value| value.is_finite())
                && columns
                    .log_scales
                    .iter()
                    .flatten()
                    .all(|value| value.is_finite());
            assert!(finite, "{model:?}");
            let heights = &columns.positions[1];
            let lowest = heights.iter().copied().fold(f32::MAX, f32::min);
            let highest = heights.iter().copied().fold(f32::MIN, f32::max);
            assert!((0.9..2.4).contains(&(highest - lowest)), "{model:?}");
        }
    }
}

//! Cuts the points into cells by planes: a regression tree over the surface.
//!
//! Every cell is cut in two where that takes most off the squared deviations of place, facing and
//! paint within it, and the cells with the largest deviations are cut first, until there are enough.

use std::collections::BinaryHeap;
use std::ops::Range;

use glam::{Mat3, Vec3};
use rayon::join;

use super::scatter::Point;

/// So many pixels apart weighs as much as the difference of black and white.
const COLOUR: f32 = 10.0;
/// So many pixels apart weighs as much as a radian of facing.
const FACING: f32 = 4.0;
/// Detail within less than this many pixels cannot be seen.
const FINEST: f32 = 0.35;
/// Cells have at least so many points.
const FEWEST: usize = 3;
/// Of larger cells only so many points say where to cut.
const ASKED: usize = 1024;
/// Places per direction at which a cut is tried, at most.
const BINS: usize = 24;
/// Smaller cells are cut by one thread.
const SHARED_WORK: usize = 1 << 12;
/// From round to round the deviation up to which cells are cut falls to this share.
const FINER: f32 = 0.5;

/// Orders the points such that each cell's lie together; at most `count` cells.
pub(super) fn cells(points: &mut [Point], count: usize) -> Vec<Range<usize>> {
    let mut root = Cell::of(points, 0);
    let mut least = root.deviation;
    let mut leaves = 1;
    // Below this, all that is left to cut is rounding errors.
    let nothing = root.deviation * 1e-12;
    while leaves < count && least > nothing {
        least *= FINER;
        leaves = root.grow(points, least);
    }
    choose(root, count)
}

/// The `count` cells that come of cutting those with the largest deviations first.
fn choose(root: Cell, count: usize) -> Vec<Range<usize>> {
    let mut open = BinaryHeap::from([Ranked(root)]);
    let mut done = Vec::new();
    while open.len() + done.len() < count {
        let Some(Ranked(cell)) = open.pop() else {
            break;
        };
        match cell.halves {
            Some(halves) => open.extend((*halves).map(Ranked)),
            None => done.push(cell.range),
        }
    }
    done.extend(open.into_iter().map(|Ranked(cell)| cell.range));
    done.sort_unstable_by_key(|range| range.start);
    done
}

/// Points that lie together, and the halves they were cut into.
struct Cell {
    range: Range<usize>,
    /// Sum over its points, in square pixels.
    deviation: f32,
    halves: Option<Box<[Cell; 2]>>,
    /// It has been tried, and cannot be cut.
    is_whole: bool,
}

impl Cell {
    fn of(points: &[Point], start: usize) -> Self {
        Self {
            range: start..start + points.len(),
            deviation: deviation(points),
            halves: None,
            is_whole: points.len() < 2 * FEWEST,
        }
    }

    /// Cuts what deviates by more than `least`, and says how many uncut cells there are then.
    fn grow(&mut self, points: &mut [Point], least: f32) -> usize {
        if self.halves.is_none() {
            if self.is_whole || self.deviation <= least {
                return 1;
            }
            let Some(middle) = cut(points) else {
                self.is_whole = true;
                return 1;
            };
            let (left, right) = points.split_at(middle);
            let start = self.range.start;
            let halves = [Self::of(left, start), Self::of(right, start + middle)];
            self.halves = Some(Box::new(halves));
        }
        let Some([left, right]) = self.halves.as_deref_mut() else {
            return 1;
        };
        let shared = points.len() > SHARED_WORK;
        let (first, second) = points.split_at_mut(left.range.len());
        if shared {
            let (left, right) = join(|| left.grow(first, least), || right.grow(second, least));
            left + right
        } else {
            left.grow(first, least) + right.grow(second, least)
        }
    }
}

/// A cell by its deviation, ties by its place.
struct Ranked(Cell);

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let by_deviation = self.0.deviation.total_cmp(&other.0.deviation);
        by_deviation.then_with(|| other.0.range.start.cmp(&self.0.range.start))
    }
}
impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Ranked {}

/// A point's place, facing and paint, all in pixels.
#[derive(Debug, Clone, Copy, Default)]
struct Traits {
    place: Vec3,
    facing: Vec3,
    paint: Vec3,
}

impl Traits {
    fn of(point: &Point) -> Self {
        Self {
            place: point.position,
            facing: point.normal * FACING,
            paint: point.colour * COLOUR,
        }
    }

    fn less(&self, other: &Self) -> Self {
        Self {
            place: self.place - other.place,
            facing: self.facing - other.facing,
            paint: self.paint - other.paint,
        }
    }
}

/// Sums of traits, and of their squares.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    count: f32,
    traits: Traits,
    /// Squares of place.
    places: f32,
    /// Squares of facing and paint.
    details: f32,
}

impl Sums {
    fn of(traits: impl Iterator<Item = Traits>) -> Self {
        traits.fold(Self::default(), |mut sums, traits| {
            sums.add(&traits);
            sums
        })
    }

    fn add(&mut self, traits: &Traits) {
        self.count += 1.0;
        self.traits.place += traits.place;
        self.traits.facing += traits.facing;
        self.traits.paint += traits.paint;
        self.places += traits.place.length_squared();
        self.details += traits.facing.length_squared() + traits.paint.length_squared();
    }

    fn plus(&self, other: &Self, sign: f32) -> Self {
        Self {
            count: self.count + sign * other.count,
            traits: Traits {
                place: self.traits.place + sign * other.traits.place,
                facing: self.traits.facing + sign * other.traits.facing,
                paint: self.traits.paint + sign * other.traits.paint,
            },
            places: self.places + sign * other.places,
            details: self.details + sign * other.details,
        }
    }

    fn mean(&self) -> Traits {
        let count = self.count.max(1.0);
        Traits {
            place: self.traits.place / count,
            facing: self.traits.facing / count,
            paint: self.traits.paint / count,
        }
    }

    /// Squared deviations from the mean, summed up; less of those of facing and paint where the
    /// place deviates too little to show them.
    fn deviation(&self) -> f32 {
        let Traits {
            place,
            facing,
            paint,
        } = self.traits;
        let count = self.count.max(1.0);
        let places = (self.places - place.length_squared() / count).max(0.0);
        let squares = facing.length_squared() + paint.length_squared();
        let details = (self.details - squares / count).max(0.0);
        places + details * places / (places + count * FINEST * FINEST)
    }
}

/// The points that speak for all.
fn asked(points: &[Point]) -> impl Iterator<Item = Traits> + '_ {
    let stride = points.len().div_ceil(ASKED).max(1);
    points.iter().step_by(stride).map(Traits::of)
}

/// Traits less their mean, which keeps sums of squares exact.
fn centred(points: &[Point]) -> (Traits, Vec<Traits>) {
    let mean = Sums::of(asked(points)).mean();
    (
        mean,
        asked(points).map(|traits| traits.less(&mean)).collect(),
    )
}

fn deviation(points: &[Point]) -> f32 {
    let mean = Sums::of(asked(points)).mean();
    let sums = Sums::of(asked(points).map(|traits| traits.less(&mean)));
    sums.deviation() * points.len() as f32 / sums.count.max(1.0)
}

/// Cuts the points in two and says how many are in the first half.
fn cut(points: &mut [Point]) -> Option<usize> {
    let (mean, traits) = centred(points);
    let whole = Sums::of(traits.iter().copied());
    let best = directions(&traits, mean.facing)
        .into_iter()
        .flatten()
        .filter_map(|direction| {
            let (left, threshold) = best_threshold(&traits, &whole, direction)?;
            Some((left, direction, threshold))
        })
        .min_by(|one, other| one.0.total_cmp(&other.0));
    let (_, direction, threshold) = best?;
    let middle = divide(points, |point| {
        (point.position - mean.place).dot(direction) < threshold
    });
    let enough = FEWEST..=points.len() - FEWEST;
    enough.contains(&middle).then_some(middle)
}

/// Puts the points for which `first` holds first, and says how many.
fn divide(points: &mut [Point], first: impl Fn(&Point) -> bool) -> usize {
    let mut middle = 0;
    for index in 0..points.len() {
        if first(&points[index]) {
            points.swap(middle, index);
            middle += 1;
        }
    }
    middle
}

/// Directions worth trying: the two longest of the cell, and those in which paint and facing change.
fn directions(traits: &[Traits], facing: Vec3) -> [Option<Vec3>; 4] {
    let [mut place, mut paint, mut turn] = [Mat3::ZERO; 3];
    let [mut paints, mut turns] = [Mat3::ZERO; 2];
    for one in traits {
        place += outer(one.place, one.place);
        paint += outer(one.place, one.paint);
        paints += outer(one.paint, one.paint);
        turn += outer(one.place, one.facing);
        turns += outer(one.facing, one.facing);
    }
    let longest = strongest(place);
    let across = longest.and_then(|longest| facing.cross(longest).try_normalize());
    let along = |cross: Mat3, own: Mat3| (cross * strongest(own)?).try_normalize();
    [longest, across, along(paint, paints), along(turn, turns)]
}

fn outer(column: Vec3, row: Vec3) -> Mat3 {
    Mat3::from_cols(column * row.x, column * row.y, column * row.z)
}

/// The direction in which a symmetric matrix is strongest, by power iteration.
fn strongest(matrix: Mat3) -> Option<Vec3> {
    let columns = [matrix.x_axis, matrix.y_axis, matrix.z_axis];
    let mut direction = columns
        .into_iter()
        .max_by(|one, other| one.length_squared().total_cmp(&other.length_squared()))?
        .try_normalize()?;
    for _ in 0..4 {
        direction = (matrix * direction).try_normalize()?;
    }
    Some(direction)
}

/// The least deviation that a cut across `direction` can leave in two halves, and where it is made.
fn best_threshold(traits: &[Traits], whole: &Sums, direction: Vec3) -> Option<(f32, f32)> {
    let along = |one: &Traits| one.place.dot(direction);
    let (low, high) = traits
        .iter()
        .map(along)
        .fold((f32::MAX, f32::MIN), |(low, high), at| {
            (low.min(at), high.max(at))
        });
    let count = (traits.len() / 2).clamp(2, BINS);
    let width = (high - low) / count as f32;
    if width <= 0.0 || !width.is_finite() {
        return None;
    }
    let mut bins = [Sums::default(); BINS];
    for one in traits {
        let bin = ((along(one) - low) / width) as usize;
        bins[bin.min(count - 1)].add(one);
    }
    let mut before = Sums::default();
    let mut best: Option<(f32, f32)> = None;
    for (bin, number) in bins[..count - 1].iter().zip(1_u8..) {
        before = before.plus(bin, 1.0);
        let after = whole.plus(&before, -1.0);
        let left = before.deviation() + after.deviation();
        let possible = before.count > 0.5 && after.count > 0.5;
        if possible && best.is_none_or(|(least, _)| left < least) {
            best = Some((left, low + width * f32::from(number)));
        }
    }
    best
}

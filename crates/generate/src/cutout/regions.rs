//! Connected pieces of a grid of pixels.

/// The four neighbours of a pixel that lie in the picture.
pub(super) fn neighbours([width, height]: [usize; 2], index: usize) -> impl Iterator<Item = usize> {
    let (x, y) = (index % width, index / width);
    [
        (x > 0).then(|| index - 1),
        (x + 1 < width).then(|| index + 1),
        (y > 0).then(|| index - width),
        (y + 1 < height).then(|| index + width),
    ]
    .into_iter()
    .flatten()
}

/// Whether a pixel is one of the outermost.
pub(super) fn on_border([width, height]: [usize; 2], index: usize) -> bool {
    let (x, y) = (index % width, index / width);
    x == 0 || y == 0 || x + 1 == width || y + 1 == height
}

/// Pixels that hang together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Region {
    /// How many they are.
    pub(super) area: usize,
    /// How many of them are among the picture's outermost.
    pub(super) border: usize,
}

/// Which pixel belongs to which region.
#[derive(Debug, Clone)]
pub(super) struct Regions {
    pub(super) list: Vec<Region>,
    /// For each pixel its region's place in the list plus one; 0 where it is in none.
    of: Vec<u32>,
}

impl Regions {
    /// Of the pixels that `inside` says yes to.
    pub(super) fn of(size: [usize; 2], inside: impl Fn(usize) -> bool) -> Self {
        let mut of = vec![0u32; size[0] * size[1]];
        let mut list = Vec::new();
        let mut frontier = Vec::new();
        for start in 0..of.len() {
            if of[start] != 0 || !inside(start) {
                continue;
            }
            let number = list.len() as u32 + 1;
            let mut region = Region { area: 0, border: 0 };
            of[start] = number;
            frontier.push(start);
            while let Some(index) = frontier.pop() {
                region.area += 1;
                region.border += usize::from(on_border(size, index));
                for neighbour in neighbours(size, index) {
                    if of[neighbour] == 0 && inside(neighbour) {
                        of[neighbour] = number;
                        frontier.push(neighbour);
                    }
                }
            }
            list.push(region);
        }
        Self { list, of }
    }

    /// The place in the list of the region a pixel belongs to.
    pub(super) fn at(&self, index: usize) -> Option<usize> {
        (self.of[index] as usize).checked_sub(1)
    }

    /// The area of the largest.
    pub(super) fn largest(&self) -> usize {
        self.list
            .iter()
            .map(|region| region.area)
            .max()
            .unwrap_or(0)
    }
}

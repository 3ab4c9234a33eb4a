//! Sets of pixels, and what growing, filling and choosing among them means.

/// Which pixels belong to the subject, row by row from the top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mask {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) inside: Vec<bool>,
}

impl Mask {
    pub(super) fn new(width: usize, height: usize, inside: Vec<bool>) -> Self {
        debug_assert_eq!(inside.len(), width * height);
        Self {
            width,
            height,
            inside,
        }
    }

    /// Share of all pixels that are inside, `0..1`.
    pub(super) fn coverage(&self) -> f32 {
        let inside = self.inside.iter().filter(|inside| **inside).count();
        inside as f32 / self.inside.len().max(1) as f32
    }

    /// Pixels outside the picture are outside the mask.
    pub(super) fn at(&self, x: isize, y: isize) -> bool {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else {
            return false;
        };
        x < self.width && y < self.height && self.inside[y * self.width + x]
    }

    /// The four neighbours of a pixel that lie in the picture.
    pub(super) fn neighbours(
        width: usize,
        height: usize,
        index: usize,
    ) -> impl Iterator<Item = usize> {
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

    /// The pixels on the picture's edge.
    pub(super) fn border(width: usize, height: usize) -> impl Iterator<Item = usize> {
        (0..width * height).filter(move |index| {
            let (x, y) = (index % width, index / width);
            x == 0 || y == 0 || x + 1 == width || y + 1 == height
        })
    }

    /// Without its outermost layer of pixels. The picture's edge does not count as outside: a
    /// subject that is cut off there keeps its pixels.
    pub(super) fn eroded(&self) -> Self {
        let inside = (0..self.inside.len())
            .map(|index| {
                self.inside[index]
                    && Self::neighbours(self.width, self.height, index)
                        .all(|neighbour| self.inside[neighbour])
            })
            .collect();
        Self::new(self.width, self.height, inside)
    }

    /// With one more layer of pixels around it.
    fn dilated(&self) -> Self {
        let inside = (0..self.inside.len())
            .map(|index| {
                self.inside[index]
                    || Self::neighbours(self.width, self.height, index)
                        .any(|neighbour| self.inside[neighbour])
            })
            .collect();
        Self::new(self.width, self.height, inside)
    }

    /// Without whiskers and specks thinner than about two pixels.
    pub(super) fn opened(&self) -> Self {
        self.eroded().dilated()
    }

    /// Without what is connected to the picture's border only through gaps narrower than about
    /// twice `reach` pixels.
    pub(super) fn without_inlets(&self, reach: usize) -> Self {
        let core = (0..reach).fold(self.clone(), |mask, _| mask.eroded());
        let mut connected = vec![false; core.inside.len()];
        let mut frontier: Vec<usize> = Self::border(self.width, self.height)
            .filter(|index| core.inside[*index])
            .collect();
        for index in &frontier {
            connected[*index] = true;
        }
        while let Some(index) = frontier.pop() {
            for neighbour in Self::neighbours(self.width, self.height, index) {
                if core.inside[neighbour] && !connected[neighbour] {
                    connected[neighbour] = true;
                    frontier.push(neighbour);
                }
            }
        }
        let connected = Self::new(self.width, self.height, connected);
        // One more than was taken, because a corner comes back rounded.
        let mut grown = (0..=reach).fold(connected, |mask, _| mask.dilated());
        for (grown, before) in grown.inside.iter_mut().zip(&self.inside) {
            *grown &= before;
        }
        grown
    }

    /// Only connected pieces of at least `share` of the largest one.
    pub(super) fn main_pieces(&self, share: f32) -> Self {
        let mut piece_of = vec![usize::MAX; self.inside.len()];
        let mut sizes = Vec::new();
        for start in 0..self.inside.len() {
            if self.inside[start] && piece_of[start] == usize::MAX {
                let piece = sizes.len();
                sizes.push(self.label(start, piece, &mut piece_of));
            }
        }
        let largest = sizes.iter().copied().max().unwrap_or(0);
        let least = (largest as f32 * share) as usize;
        let inside = piece_of
            .iter()
            .map(|piece| sizes.get(*piece).is_some_and(|size| *size >= least))
            .collect();
        Self::new(self.width, self.height, inside)
    }

    fn label(&self, start: usize, piece: usize, piece_of: &mut [usize]) -> usize {
        let mut frontier = vec![start];
        piece_of[start] = piece;
        let mut size = 0;
        while let Some(index) = frontier.pop() {
            size += 1;
            for neighbour in Self::neighbours(self.width, self.height, index) {
                if self.inside[neighbour] && piece_of[neighbour] == usize::MAX {
                    piece_of[neighbour] = piece;
                    frontier.push(neighbour);
                }
            }
        }
        size
    }
}

//! Depth order and tile lists: which splats reach which tile, nearest first; equal depths in the
//! cloud's order, as gsplat's stable radix sort has them.
//!
//! Both are counting sorts over one pool of numbers, in parts that threads take side by side. Every
//! part knows beforehand which places it fills, so that the result is the same bytes whatever their
//! number; the places are relaxed atomics, plain stores to the processor, because parts write between
//! each other's.

use std::{
    ops::Range,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

use rayon::prelude::*;

use super::project::TileBox;

/// Bits a pass of the radix sort looks at. Depths within the visible range differ in 27 bits: three
/// passes at most.
const DIGIT_BITS: u32 = 9;
const DIGITS: usize = 1 << DIGIT_BITS;

/// Numbers in the pool for each splat: two columns of keys and two of splats.
const COLUMNS: usize = 4;

/// Room for tile lists that there is however few the splats: 4 MB.
const LEAST_ROOM: usize = 1 << 20;

/// How the work on one view is divided: one part where views are spread over the threads, several
/// where the threads share a view.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts(usize);

impl Parts {
    pub(crate) const ONE: Self = Self(1);

    /// A few for each thread, so that none waits long for the last.
    pub(crate) fn per_thread() -> Self {
        match rayon::current_num_threads() {
            1 => Self::ONE,
            threads => Self(4 * threads),
        }
    }

    /// Whether threads share the view.
    pub(crate) fn shared(self) -> bool {
        self.0 > 1
    }

    /// Size of each part but the last, a multiple of `unit`.
    pub(crate) fn size(self, total: usize, unit: usize) -> usize {
        total.div_ceil(self.0).next_multiple_of(unit).max(unit)
    }

    /// The parts of `0..total`, in order.
    fn of(self, total: usize) -> impl Iterator<Item = Range<usize>> {
        let each = self.size(total, 1);
        (0..total)
            .step_by(each)
            .map(move |start| start..(start + each).min(total))
    }

    /// Runs `work` for every item, on all threads where they share the view.
    pub(crate) fn run<I: Send>(
        self,
        items: impl Iterator<Item = I>,
        work: impl Fn(I) + Sync + Send,
    ) {
        if self.shared() {
            let items: Vec<I> = items.collect();
            items.into_par_iter().for_each(work);
        } else {
            items.for_each(work);
        }
    }
}

/// Memory of the sorts, kept from view to view.
#[derive(Default)]
pub(crate) struct Order {
    pool: Vec<AtomicU32>,
    /// Per part: a count, then a place, per digit or tile.
    counters: Vec<u32>,
    /// Ranges of the columns that are filled.
    runs: Vec<Range<usize>>,
    /// End of each tile's list.
    ends: Vec<usize>,
    splats: usize,
    seen: usize,
    /// Whether the sorted splats stand in the last column, or in the first.
    last: bool,
}

impl Order {
    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.pool.capacity() * 4 + self.counters.capacity() * 4 + self.ends.capacity() * 8
    }

    /// Splats that are seen.
    pub(crate) fn seen(&self) -> usize {
        self.seen
    }

    /// Makes room for `splats`.
    pub(crate) fn reset(&mut self, splats: usize) {
        let room = (splats * COLUMNS).max(splats + LEAST_ROOM);
        if self.pool.len() < room {
            self.pool.resize_with(room, AtomicU32::default);
        }
        self.splats = splats;
        self.seen = 0;
    }

    /// Where the splats that are seen are announced: for each run of splats, the columns of their
    /// numbers and of their depths' bits.
    pub(crate) fn announcements(&self) -> (&[AtomicU32], &[AtomicU32]) {
        let (splats, rest) = self.pool.split_at(self.splats);
        (splats, &rest[..self.splats])
    }

    /// Sorts what was announced. `runs` are the ranges of both columns that are filled; `lowest` and
    /// `highest` the least and greatest of the depths' bits.
    pub(crate) fn sort(
        &mut self,
        announced: impl Iterator<Item = Range<usize>>,
        [lowest, highest]: [u32; 2],
        parts: Parts,
    ) {
        let mut runs = std::mem::take(&mut self.runs);
        runs.clear();
        runs.extend(announced);
        self.seen = runs.iter().map(Range::len).sum();
        self.last = false;
        let bits = u32::BITS - highest.saturating_sub(lowest).leading_zeros();
        // At least one pass: it also closes the gaps between the runs.
        for pass in 0..bits.div_ceil(DIGIT_BITS).max(1) {
            let digit =
                |key: u32| (key.wrapping_sub(lowest) >> (pass * DIGIT_BITS)) as usize % DIGITS;
            self.pass(&runs, digit, parts);
            self.last = !self.last;
            runs.clear();
            runs.extend(parts.of(self.seen));
        }
        self.runs = runs;
    }

    /// Moves all to the other two columns, ordered by one digit; within a digit the order stays.
    fn pass(&mut self, runs: &[Range<usize>], digit: impl Fn(u32) -> usize + Sync, parts: Parts) {
        let count = self.splats;
        let (first, rest) = self.pool.split_at(count);
        let (second, rest) = rest.split_at(count);
        let (third, rest) = rest.split_at(count);
        let fourth = &rest[..count];
        // Numbers and keys, from and to; the numbers are in the outer columns.
        let (numbers, keys, numbers_to, keys_to) = if self.last {
            (fourth, third, first, second)
        } else {
            (first, second, fourth, third)
        };
        self.counters.clear();
        self.counters.resize(runs.len().max(1) * DIGITS, 0);
        let work = runs.iter().zip(self.counters.chunks_exact_mut(DIGITS));
        parts.run(work, |(run, counts)| {
            for key in &keys[run.clone()] {
                counts[digit(key.load(Relaxed))] += 1;
            }
        });
        counts_to_places(&mut self.counters, DIGITS, 0, |_, _| {});
        let work = runs.iter().zip(self.counters.chunks_exact_mut(DIGITS));
        parts.run(work, |(run, places)| {
            for (key, number) in keys[run.clone()].iter().zip(&numbers[run.clone()]) {
                let key = key.load(Relaxed);
                let place = &mut places[digit(key)];
                if let (Some(key_to), Some(number_to)) = (
                    keys_to.get(*place as usize),
                    numbers_to.get(*place as usize),
                ) {
                    key_to.store(key, Relaxed);
                    number_to.store(number.load(Relaxed), Relaxed);
                }
                *place += 1;
            }
        });
    }

    /// The seen splats nearest first, and the room left for tile lists.
    fn sorted(&self) -> (&[AtomicU32], &[AtomicU32]) {
        let count = self.splats;
        let (first, rest) = self.pool.split_at(count);
        if self.last {
            let (before, numbers) = self.pool.split_at(count * (COLUMNS - 1));
            let (numbers, after) = numbers.split_at(count);
            let room = if before.len() > after.len() {
                before
            } else {
                after
            };
            (&numbers[..self.seen], room)
        } else {
            (&first[..self.seen], rest)
        }
    }

    /// Lists the splats of each tile, for as many tiles from `first` on as there is room for; at least
    /// one. Returns those tiles.
    pub(crate) fn list(
        &mut self,
        boxes: &[TileBox],
        [columns, rows]: [usize; 2],
        first: usize,
        parts: Parts,
    ) -> Range<usize> {
        let tiles = columns * rows;
        let mut counters = std::mem::take(&mut self.counters);
        let mut ends = std::mem::take(&mut self.ends);
        let (numbers, room) = self.sorted();
        let runs = || parts.of(numbers.len());
        // One column and row more: what is taken off past the last ones.
        let padded = (columns + 1) * (rows + 1);
        counters.clear();
        counters.resize(runs().count().max(1) * padded, 0);
        let work = runs().zip(counters.chunks_exact_mut(padded));
        parts.run(work, |(run, counts)| {
            count_tiles(&numbers[run], boxes, columns + 1, counts);
        });
        ends.clear();
        counts_to_places(
            &mut counters,
            padded,
            first / columns * (columns + 1) + first % columns,
            |place, end| {
                if place % (columns + 1) < columns && ends.len() + first < tiles {
                    ends.push(end as usize);
                }
            },
        );
        let fit = ends.iter().take_while(|&&end| end <= room.len()).count();
        ends.truncate(fit.max(1));
        let group = first..first + ends.len();
        let work = runs().zip(counters.chunks_exact_mut(padded));
        parts.run(work, |(run, places)| {
            fill_tiles(&numbers[run], boxes, columns, &group, places, room);
        });
        self.counters = counters;
        self.ends = ends;
        group
    }

    /// Entries of all lists that are ready.
    pub(crate) fn listed(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// The splats of the `index`-th listed tile, nearest first.
    pub(crate) fn tile(&self, index: usize) -> &[AtomicU32] {
        let (_, room) = self.sorted();
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &room[start..self.ends[index]]
    }
}

/// Turns counts per part and digit into the places where each part puts its first of each digit,
/// counted from digit `first` on, and tells `each` digit's end.
fn counts_to_places(
    counters: &mut [u32],
    digits: usize,
    first: usize,
    mut each: impl FnMut(usize, u32),
) {
    let mut total = 0;
    for digit in first..digits {
        for counter in counters[digit..].iter_mut().step_by(digits) {
            let count = *counter;
            *counter = total;
            total = total.saturating_add(count);
        }
        each(digit, total);
    }
}

/// How many of the splats reach each tile: differences at the corners of their boxes, then summed.
fn count_tiles(numbers: &[AtomicU32], boxes: &[TileBox], stride: usize, counts: &mut [u32]) {
    for number in numbers {
        let Some(&[left, top, right, bottom]) = boxes.get(number.load(Relaxed) as usize) else {
            continue;
        };
        let (left, right) = (usize::from(left), usize::from(right) + 1);
        let (top, bottom) = (
            usize::from(top) * stride,
            (usize::from(bottom) + 1) * stride,
        );
        for (corner, change) in [
            (top + left, 1),
            (top + right, u32::MAX),
            (bottom + left, u32::MAX),
            (bottom + right, 1),
        ] {
            if let Some(count) = counts.get_mut(corner) {
                *count = count.wrapping_add(change);
            }
        }
    }
    for row in counts.chunks_exact_mut(stride) {
        let mut running = 0_u32;
        for count in row {
            running = running.wrapping_add(*count);
            *count = running;
        }
    }
    for place in stride..counts.len() {
        counts[place] = counts[place].wrapping_add(counts[place - stride]);
    }
}

/// Puts the splats into the lists of the tiles in `group`.
fn fill_tiles(
    numbers: &[AtomicU32],
    boxes: &[TileBox],
    columns: usize,
    group: &Range<usize>,
    places: &mut [u32],
    room: &[AtomicU32],
) {
    for number in numbers {
        let number = number.load(Relaxed);
        let Some(&[left, top, right, bottom]) = boxes.get(number as usize) else {
            continue;
        };
        for row in usize::from(top)..=usize::from(bottom) {
            for column in usize::from(left)..=usize::from(right) {
                if !group.contains(&(row * columns + column)) {
                    continue;
                }
                let place = &mut places[row * (columns + 1) + column];
                if let Some(slot) = room.get(*place as usize) {
                    slot.store(number, Relaxed);
                }
                *place += 1;
            }
        }
    }
}

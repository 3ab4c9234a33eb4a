//! One device's way from a subject to splats: paint, cut out, condition, sculpt.

mod clock;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use image::{RgbImage, RgbaImage};

use super::memory::FreeMemory;
use super::works::{
    Cut, Cutter, Made, Order, Painter, Progress, Sculptor, Subject, Trouble, Works,
};
use crate::cutout::CutoutLimits;
use crate::generator::Recipe;
use crate::residency::Plan;
use clock::{Clock, Meter};

/// How often a picture is painted anew because no cutter can be relied on with it.
const MOST_PAINTINGS: u64 = 3;

/// Far from every other seed of a request: what is painted anew.
const NEXT_PAINTING: u64 = 0x9e37_79b9_7f4a_7c15;

/// Of how many requests what their candidates share is kept: those a device turns between.
const MOST_KEPT: usize = 8;

/// A new candidate counts for so much of the pace.
const NEW: f64 = 0.3;

/// A device with everything that works on it. Each part looks after its own weights as the plan says.
#[derive(Debug)]
pub struct Station<P: Painter, S: Sculptor> {
    painter: Option<P>,
    cutters: Cutters,
    sculptor: S,
    plan: Option<Plan>,
    /// The device's free memory, and how much that was before anything was loaded.
    memory: Option<(FreeMemory, u64)>,
    kept: VecDeque<Kept<P::Words, S::Condition>>,
    pace: Duration,
}

/// In the order they are tried.
struct Cutters(Vec<Box<dyn Cutter>>);

impl std::fmt::Debug for Cutters {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} cutters", self.0.len())
    }
}

/// What the candidates of one request share.
#[derive(Debug)]
struct Kept<W, C> {
    job: u64,
    words: Option<W>,
    condition: Option<C>,
    notes: Vec<String>,
}

impl<P: Painter, S: Sculptor> Station<P, S> {
    /// A device that goes by `plan`, if it has one: the host's memory needs none. Without cutters only
    /// subjects that are cut out already can be made, and without a painter words are left to the
    /// sculptor.
    pub fn new(
        mut painter: Option<P>,
        mut cutters: Vec<Box<dyn Cutter>>,
        mut sculptor: S,
        plan: Option<Plan>,
    ) -> Self {
        if let Some(plan) = &plan {
            settle(&mut painter, &mut cutters, &mut sculptor, plan);
        }
        Self {
            painter,
            cutters: Cutters(cutters),
            sculptor,
            plan,
            memory: None,
            kept: VecDeque::new(),
            pace: Duration::ZERO,
        }
    }

    /// The same, with an eye on the device's memory: what it holds now counts for no stage.
    #[must_use]
    pub fn watching(self, free: FreeMemory) -> Self {
        Self {
            memory: free.now().map(|at_first| (free, at_first)),
            ..self
        }
    }

    /// What the candidates of `job` share; the least recently begun request is forgotten for it.
    fn keep(&mut self, job: u64) -> usize {
        if let Some(index) = self.kept.iter().position(|kept| kept.job == job) {
            return index;
        }
        if self.kept.len() == MOST_KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(Kept {
            job,
            words: None,
            condition: None,
            notes: Vec::new(),
        });
        self.kept.len() - 1
    }

    /// What the sculptor is to go by, where it is the same for every seed.
    fn shared(
        &mut self,
        kept: usize,
        order: &Order<'_>,
        clock: &mut Clock<'_, '_>,
    ) -> Result<(), Trouble> {
        if self.kept[kept].condition.is_some() {
            return Ok(());
        }
        let limits = &order.manner.cutout;
        let (condition, notes) = match order.subject {
            Subject::Words(words) => {
                let condition = clock.stage("condition", |_| self.sculptor.read(words))?;
                (condition, Vec::new())
            }
            Subject::CutOut(picture, notes) => {
                let condition = clock.stage("condition", |_| self.sculptor.see(picture))?;
                (condition, notes.clone())
            }
            Subject::Opaque(picture) => {
                let cut = clock.stage("cut out", |_| self.cutters.cut_out(picture, limits))?;
                let condition = clock.stage("condition", |_| self.sculptor.see(&cut.picture))?;
                (condition, doubted(cut.doubt).into_iter().collect())
            }
        };
        self.kept[kept].condition = Some(condition);
        self.kept[kept].notes = notes;
        Ok(())
    }

    /// A cut-out of a picture of what the words say, painted anew where it is of no use.
    fn picture(
        &mut self,
        kept: usize,
        words: &str,
        order: &Order<'_>,
        clock: &mut Clock<'_, '_>,
    ) -> Result<(RgbaImage, Vec<String>), Trouble> {
        let Some(painter) = &mut self.painter else {
            return Err(Trouble::Unusable("there is no painter".to_owned()));
        };
        let by_host = order.manner.read.as_deref();
        let by_host = by_host.and_then(|read| read.downcast_ref::<P::Words>());
        if by_host.is_none() && self.kept[kept].words.is_none() {
            let shaped = order.manner.shaped.as_deref().unwrap_or(words);
            self.kept[kept].words = Some(clock.stage("read", |_| painter.read(shaped))?);
        }
        let unread = || Trouble::Device("the words were lost".to_owned());
        let read = by_host
            .or(self.kept[kept].words.as_ref())
            .ok_or_else(unread)?;
        let limits = &order.manner.cutout;
        let mut best: Option<Cut> = None;
        for painting in 0..MOST_PAINTINGS {
            let seed = order
                .seed
                .wrapping_add(painting.wrapping_mul(NEXT_PAINTING));
            let steps = order.manner.image_steps;
            let painted = clock.stage("paint", |progress| {
                painter.paint(read, seed, steps, progress)
            })?;
            let cut = clock.stage("cut out", |_| self.cutters.cut_out(&painted, limits))?;
            let is_clean = cut.doubt.is_none();
            best = Some(better(best, cut));
            if is_clean || self.cutters.are_last_resorts() {
                break;
            }
        }
        let cut = best.ok_or_else(|| Trouble::Device("nothing was painted".to_owned()))?;
        Ok((cut.picture, doubted(cut.doubt).into_iter().collect()))
    }
}

/// The less doubtful of two cut-outs; the earlier where they are alike.
fn better(known: Option<Cut>, new: Cut) -> Cut {
    match known {
        Some(known) if new.doubt.is_some() && new.excess >= known.excess => known,
        _ => new,
    }
}

fn doubted(doubt: Option<String>) -> Option<String> {
    doubt.map(|doubt| format!("the cut-out is doubtful: {doubt}"))
}

fn settle<P: Painter, S: Sculptor>(
    painter: &mut Option<P>,
    cutters: &mut [Box<dyn Cutter>],
    sculptor: &mut S,
    plan: &Plan,
) {
    if let Some(painter) = painter {
        painter.settle(plan);
    }
    for cutter in cutters {
        cutter.settle(plan);
    }
    sculptor.settle(plan);
}

impl Cutters {
    fn are_last_resorts(&self) -> bool {
        self.0.iter().all(|cutter| cutter.is_last_resort())
    }

    /// The first cut-out that can be relied on, else the least doubtful.
    fn cut_out(&mut self, picture: &RgbImage, limits: &CutoutLimits) -> Result<Cut, Trouble> {
        let mut best = None;
        let mut failure = Trouble::Unusable("there is nothing to cut out with".to_owned());
        for cutter in &mut self.0 {
            match cutter.cut_out(picture, limits) {
                Ok(cut) if cut.doubt.is_none() => return Ok(cut),
                Ok(cut) => best = Some(better(best, cut)),
                Err(trouble @ (Trouble::Memory(_) | Trouble::Cancelled)) => return Err(trouble),
                Err(trouble) => {
                    tracing::warn!("a cutter failed: {trouble}");
                    failure = trouble;
                }
            }
        }
        best.ok_or(failure)
    }
}

impl<P: Painter, S: Sculptor> Works for Station<P, S> {
    fn make(&mut self, order: &Order<'_>, progress: &mut Progress<'_>) -> Result<Made, Trouble> {
        let begun = Instant::now();
        let kept = self.keep(order.job);
        let (memory, plan) = (self.memory.clone(), self.plan.clone());
        let meter = memory.and_then(|(free, first)| Meter::start(&free, first, plan.as_ref()));
        let mut clock = Clock::new(progress, meter);
        let painted = match order.subject {
            Subject::Words(words) if self.painter.is_some() => {
                Some(self.picture(kept, words, order, &mut clock)?)
            }
            _ => {
                self.shared(kept, order, &mut clock)?;
                None
            }
        };
        let own;
        let (condition, mut notes) = match painted {
            Some((picture, notes)) => {
                own = clock.stage("condition", |_| self.sculptor.see(&picture))?;
                (&own, notes)
            }
            None => {
                let kept = &self.kept[kept];
                let condition = kept.condition.as_ref();
                let lost = || Trouble::Device("the condition was lost".to_owned());
                (condition.ok_or_else(lost)?, kept.notes.clone())
            }
        };
        let left = order
            .deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let sculptor = &mut self.sculptor;
        let sculpted = clock.stages(|progress| {
            sculptor.sculpt(condition, order.seed, order.manner, left, progress)
        })?;
        notes.extend(sculpted.notes);
        let mut settings = order.recorded(self.painter.is_some());
        settings.extend(sculpted.settings);
        self.pace = match self.pace {
            Duration::ZERO => begun.elapsed(),
            pace => pace.mul_f64(1.0 - NEW) + begun.elapsed().mul_f64(NEW),
        };
        Ok(Made {
            columns: sculpted.columns,
            notes,
            recipe: Recipe {
                category: order.manner.class.map(|it| it.category.name().to_owned()),
                settings,
            },
            stages: clock.stages,
        })
    }

    fn pace(&self) -> Duration {
        self.pace
    }

    fn shrink(&mut self) -> Option<String> {
        let tighter = self.plan.as_ref()?.tighter()?;
        // What is kept is small, but it is on the device too.
        self.kept.clear();
        settle(
            &mut self.painter,
            &mut self.cutters.0,
            &mut self.sculptor,
            &tighter,
        );
        let words = tighter.moves();
        self.plan = Some(tighter);
        Some(words)
    }

    fn forget(&mut self, job: u64) {
        self.kept.retain(|kept| kept.job != job);
    }
}

#[cfg(test)]
mod tests;

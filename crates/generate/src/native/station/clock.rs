//! How long each stage takes, how much memory, and whether anybody waits.

use std::collections::HashMap;
use std::time::Instant;

use super::super::memory::{FreeMemory, Gauge};
use super::super::works::{Progress, Sculpted, Trouble};
use crate::generator::{StageMemory, StageTime};
use crate::residency::{Plan, Stage};

/// A device's memory, and what it was planned for.
pub(super) struct Meter<'a> {
    gauge: Gauge,
    /// Bytes that were free before anything was loaded.
    at_first: u64,
    plan: Option<&'a Plan>,
}

impl<'a> Meter<'a> {
    /// Begins to look at a device that had `at_first` bytes free; `None` where it cannot be asked.
    pub(super) fn start(free: &FreeMemory, at_first: u64, plan: Option<&'a Plan>) -> Option<Self> {
        let gauge = Gauge::start(free)?;
        Some(Self {
            gauge,
            at_first,
            plan,
        })
    }

    /// What a stage that ends now took, since this was last asked.
    fn taken(&self, stage: &str) -> Option<StageMemory> {
        let fewest = self.gauge.fewest()?;
        let planned = self.plan.zip(planned(stage));
        Some(StageMemory {
            peak: self.at_first.saturating_sub(fewest),
            planned: planned.and_then(|(plan, stage)| plan.needed_in(stage)),
        })
    }
}

/// The stage of a plan that a stage is called after.
fn planned(stage: &str) -> Option<Stage> {
    Some(match stage {
        "read" => Stage::Read,
        "paint" => Stage::Paint,
        "cut out" => Stage::CutOut,
        "condition" => Stage::Condition,
        "structure" => Stage::Structure,
        "latent" => Stage::Latent,
        "decode" => Stage::Gaussians,
        _ => return None,
    })
}

/// How long each stage takes, how much memory, and whether anybody waits.
pub(super) struct Clock<'a, 'b> {
    pub(super) stages: Vec<StageTime>,
    progress: &'a mut Progress<'b>,
    meter: Option<Meter<'a>>,
}

impl<'a, 'b> Clock<'a, 'b> {
    pub(super) fn new(progress: &'a mut Progress<'b>, meter: Option<Meter<'a>>) -> Self {
        Self {
            stages: Vec::new(),
            progress,
            meter,
        }
    }

    /// Does `work`, which is a stage of one step.
    pub(super) fn stage<T>(
        &mut self,
        stage: &'static str,
        work: impl FnOnce(&mut Progress<'_>) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        if (self.progress)(stage, 0, 1).is_break() {
            return Err(Trouble::Cancelled);
        }
        self.forget();
        let begun = Instant::now();
        let done = work(self.progress)?;
        let time = begun.elapsed();
        let memory = self.meter.as_ref().and_then(|meter| meter.taken(stage));
        self.stages.push(StageTime {
            stage,
            time,
            memory,
        });
        Ok(done)
    }

    /// Does `work`, which measures its stages by itself and says in its progress which one it is at.
    pub(super) fn stages(
        &mut self,
        work: impl FnOnce(&mut Progress<'_>) -> Result<Sculpted, Trouble>,
    ) -> Result<Sculpted, Trouble> {
        self.forget();
        let (meter, progress) = (self.meter.as_ref(), &mut *self.progress);
        let mut taken = HashMap::new();
        let mut under_way: Option<&'static str> = None;
        let mut ended = |stage: Option<&'static str>| {
            let memory = stage.and_then(|stage| Some((stage, meter?.taken(stage)?)));
            taken.extend(memory);
        };
        let mut sculpted = work(&mut |stage, done, total| {
            if under_way != Some(stage) {
                ended(under_way.replace(stage));
            }
            progress(stage, done, total)
        })?;
        ended(under_way);
        for stage in &mut sculpted.stages {
            stage.memory = taken.get(stage.stage).copied();
        }
        self.stages.append(&mut sculpted.stages);
        Ok(sculpted)
    }

    /// What was held until now counts for no stage.
    fn forget(&self) {
        if let Some(meter) = &self.meter {
            meter.gauge.fewest();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use super::*;
    use crate::residency::{Budget, Need, plan};

    const GB: u64 = 1_000_000_000;

    /// A device of which so many bytes are free.
    fn device(bytes: u64) -> (Arc<AtomicU64>, FreeMemory) {
        let free = Arc::new(AtomicU64::new(bytes));
        let asked = Arc::clone(&free);
        let ask = move || Some(asked.load(Ordering::SeqCst));
        (free, FreeMemory::new(ask))
    }

    fn stages(sculpted: [&'static str; 2]) -> Sculpted {
        let stages = sculpted.map(|stage| StageTime::new(stage, Duration::ZERO));
        Sculpted {
            stages: stages.to_vec(),
            ..Sculpted::default()
        }
    }

    #[test]
    fn each_stage_has_its_own_peak_beside_its_plan() {
        let (free, memory) = device(70 * GB);
        let plan = plan(&Need::TRELLIS_IMAGE, Budget::of_card(24)).expect("a plan");
        let hold = |bytes: u64| free.store((70 * GB).saturating_sub(bytes), Ordering::SeqCst);
        let mut progress = |_: &'static str, _, _| ControlFlow::Continue(());
        let meter = Meter::start(&memory, 70 * GB, Some(&plan));
        let mut clock = Clock::new(&mut progress, meter);
        // Held by what came before.
        hold(20 * GB);
        hold(GB);
        let seen = clock.stage("condition", |_| {
            hold(3 * GB);
            Ok(())
        });
        seen.expect("done");
        hold(GB);
        let sculpted = clock.stages(|progress| {
            for (stage, bytes) in [("structure", 9), ("latent", 4)] {
                let _ = progress(stage, 0, 2);
                hold(bytes * GB);
                let _ = progress(stage, 1, 2);
                let _ = progress(stage, 2, 2);
            }
            Ok(stages(["structure", "latent"]))
        });
        sculpted.expect("done");
        let found: Vec<_> = clock
            .stages
            .iter()
            .map(|time| (time.stage, time.memory.expect("memory")))
            .collect();
        // What was held until a stage began is still held then.
        let peaks: Vec<_> = found
            .iter()
            .map(|(stage, memory)| (*stage, memory.peak / GB))
            .collect();
        assert_eq!(
            peaks,
            [("condition", 3), ("structure", 9), ("latent", 9)],
            "the latent begins with what the structure held"
        );
        for (stage, memory) in found {
            let expected = planned(stage).and_then(|stage| plan.needed_in(stage));
            assert!(expected.is_some() && memory.planned == expected, "{stage}");
        }
    }

    #[test]
    fn a_device_that_does_not_tell_is_timed_alone() {
        let silent = FreeMemory::new(|| None);
        let mut progress = |_: &'static str, _, _| ControlFlow::Continue(());
        let mut clock = Clock::new(&mut progress, Meter::start(&silent, 0, None));
        clock.stage("read", |_| Ok(())).expect("done");
        clock
            .stages(|_| Ok(stages(["structure", "latent"])))
            .expect("done");
        assert_eq!(clock.stages.len(), 3);
        assert!(clock.stages.iter().all(|stage| stage.memory.is_none()));
    }

    #[test]
    fn without_a_plan_nothing_is_foreseen() {
        let (_, memory) = device(5);
        let mut progress = |_: &'static str, _, _| ControlFlow::Continue(());
        let mut clock = Clock::new(&mut progress, Meter::start(&memory, 7, None));
        clock.stage("paint", |_| Ok(())).expect("done");
        let memory = StageMemory {
            peak: 2,
            planned: None,
        };
        assert_eq!(clock.stages[0].memory, Some(memory));
    }
}

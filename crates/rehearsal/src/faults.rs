//! What goes wrong on purpose, and when: a pure function of the seed, the validator and the number
//! of the call, so that two rehearsals of one seed suffer alike however their calls interleave.

use std::time::Duration;

use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// Which of a validator's two services a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    /// A miner asks for work.
    Pull,
    /// A miner brings work.
    Submit,
}

/// What happens to one call. Durations are on the validators' clock: divide by the speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The call is swallowed unseen; the connection hangs for this long, then is cut.
    NoReply(Duration),
    /// The connection is cut before the axon sees the call.
    CutBefore,
    /// HTTP 500; the axon never saw the call.
    ErrorBefore,
    /// HTTP 500, although the axon has processed the call.
    ErrorAfter,
    /// The axon processes the call, then the connection is cut instead of a reply.
    CutAfter,
    /// The axon processes the call; its reply arrives as 200 with half a JSON object.
    Malformed,
    /// The validator has no task to give: an honest reply with `task: null`. Pulls only.
    NoTask,
    /// The axon processes the call, but its reply takes this long.
    Slow(Duration),
    /// This call goes well; then the port refuses connections for this long.
    Refuse(Duration),
    /// The axon processes the call and restarts before it has replied: all connections are cut,
    /// the port refuses for this long, and the nonces it remembered are gone.
    Restart(Duration),
}

impl Fault {
    /// Whether the caller gets no understandable answer although the axon has processed the call.
    #[must_use]
    pub fn destroys_reply(self) -> bool {
        matches!(
            self,
            Self::ErrorAfter | Self::CutAfter | Self::Malformed | Self::Restart(_)
        )
    }

    /// Whether the axon never gets to see the call.
    #[must_use]
    pub fn comes_before_the_axon(self) -> bool {
        matches!(self, Self::NoReply(_) | Self::CutBefore | Self::ErrorBefore)
    }
}

/// When and how calls go wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaultPlan {
    /// Two plans of one seed are the same plan.
    pub seed: u64,
    /// The share of calls that go wrong, 0 to 1.
    pub rate: f64,
}

impl FaultPlan {
    /// A rough day: one call in seven goes wrong.
    #[must_use]
    pub fn moderate(seed: u64) -> Self {
        Self { seed, rate: 0.15 }
    }

    /// What happens to the `call`-th call (from 0) of this service at this validator; `None` if it
    /// goes well.
    #[must_use]
    pub fn fault(&self, validator: u16, service: Service, call: u64) -> Option<Fault> {
        let mut rng = self.dice(validator, service, call);
        (rng.random::<f64>() < self.rate).then(|| Self::pick(&mut rng, service))
    }

    fn dice(&self, validator: u16, service: Service, call: u64) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let stream = (u64::from(validator) << 1) | u64::from(service == Service::Submit);
        rng.set_stream(stream);
        // One block of the key stream per call: far more than any call draws.
        rng.set_word_pos(u128::from(call) * 16);
        rng
    }

    fn pick(rng: &mut ChaCha8Rng, service: Service) -> Fault {
        let seconds = |rng: &mut ChaCha8Rng, low: u64, high: u64| {
            Duration::from_secs(rng.random_range(low..=high))
        };
        match rng.next_u32() % 10 {
            0 => Fault::NoReply(seconds(rng, 60, 300)),
            1 => Fault::CutBefore,
            2 => Fault::ErrorBefore,
            3 => Fault::ErrorAfter,
            4 => Fault::CutAfter,
            5 => Fault::Malformed,
            6 if service == Service::Pull => Fault::NoTask,
            6 | 7 => Fault::Slow(seconds(rng, 2, 20)),
            8 => Fault::Refuse(Self::outage(rng, service)),
            _ => Fault::Restart(Self::outage(rng, service)),
        }
    }

    /// After a pull an outage meets the submission, which follows soon; after a submission it has
    /// to outlast the cooldown of 270 to 300 s to meet anybody.
    fn outage(rng: &mut ChaCha8Rng, service: Service) -> Duration {
        Duration::from_secs(match service {
            Service::Pull => rng.random_range(10..=120),
            Service::Submit => rng.random_range(280..=360),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::mem::discriminant;

    use super::*;

    fn all(plan: FaultPlan, service: Service) -> Vec<Option<Fault>> {
        (0..8)
            .flat_map(|validator| (0..500).map(move |call| (validator, call)))
            .map(|(validator, call)| plan.fault(validator, service, call))
            .collect()
    }

    #[test]
    fn one_seed_is_one_plan_in_any_order() {
        let plan = FaultPlan::moderate(7);
        let forwards = all(plan, Service::Pull);
        let backwards: Vec<_> = (0..8)
            .rev()
            .flat_map(|validator| (0..500).rev().map(move |call| (validator, call)))
            .map(|(validator, call)| plan.fault(validator, Service::Pull, call))
            .collect();
        assert!(forwards.iter().eq(backwards.iter().rev()));
        assert_ne!(forwards, all(FaultPlan::moderate(8), Service::Pull));
        assert_ne!(forwards, all(plan, Service::Submit));
    }

    #[test]
    fn validators_and_calls_suffer_differently() {
        let plan = FaultPlan { seed: 1, rate: 0.5 };
        let hit = |validator| -> Vec<bool> {
            (0..64)
                .map(|call| plan.fault(validator, Service::Pull, call).is_some())
                .collect()
        };
        assert_ne!(hit(0), hit(1));
        let distinct: BTreeSet<bool> = hit(0).into_iter().collect();
        assert_eq!(distinct.len(), 2);
    }

    #[test]
    fn the_rate_is_kept_and_every_kind_occurs() {
        for (service, kinds) in [(Service::Pull, 10), (Service::Submit, 9)] {
            let calls = all(FaultPlan::moderate(3), service);
            let faults: Vec<_> = calls.iter().flatten().collect();
            let share = faults.len() as f64 / calls.len() as f64;
            assert!((0.13..0.17).contains(&share), "{share}");
            let mut seen = Vec::new();
            for fault in faults {
                if !seen.contains(&discriminant(fault)) {
                    seen.push(discriminant(fault));
                }
            }
            assert_eq!(seen.len(), kinds);
        }
    }

    #[test]
    fn a_rate_of_zero_is_peace() {
        let plan = FaultPlan { seed: 3, rate: 0.0 };
        assert!(all(plan, Service::Submit).iter().all(Option::is_none));
    }

    #[test]
    fn a_submission_is_never_answered_with_no_task() {
        let plan = FaultPlan { seed: 5, rate: 1.0 };
        assert!(!all(plan, Service::Submit).contains(&Some(Fault::NoTask)));
    }
}

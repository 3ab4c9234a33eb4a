//! What goes wrong on purpose, and when: a pure function of the seed, the validator and the number
//! of the call, so that two rehearsals of one seed suffer alike however their calls interleave.

use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _};
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

/// When and how calls go wrong: of every so many calls of a service at a validator exactly one, and
/// the kinds are dealt like cards, so that a short rehearsal meets as many of them as it can.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaultPlan {
    /// Two plans of one seed are the same plan.
    pub seed: u64,
    /// The share of calls that go wrong, 0 to 1; taken as one in the nearest whole number.
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
        if self.rate <= 0.0 {
            return None;
        }
        let block_length = (1.0 / self.rate).round().max(1.0) as u64;
        let (block, place) = (call / block_length, call % block_length);
        let mut dice = self.dice(validator, service, block);
        if dice.random_range(0..block_length) != place {
            return None;
        }
        let kinds = Kind::of(service);
        let top = self
            .dice(u16::MAX, service, 0)
            .random_range(0..kinds.len() as u64);
        let card = (top + u64::from(validator) + block * 3) % kinds.len() as u64;
        let kind = kinds.get(card as usize)?;
        Some(kind.fault(service, &mut dice))
    }

    /// Dice of their own for each block of calls of a service at a validator.
    fn dice(&self, validator: u16, service: Service, block: u64) -> ChaCha8Rng {
        let mut dice = ChaCha8Rng::seed_from_u64(self.seed);
        dice.set_stream((u64::from(validator) << 1) | u64::from(service == Service::Submit));
        // One block of the key stream each: far more than is ever drawn.
        dice.set_word_pos(u128::from(block) * 16);
        dice
    }
}

/// A fault whose duration is still to be drawn.
#[derive(Debug, Clone, Copy)]
enum Kind {
    NoReply,
    CutBefore,
    ErrorBefore,
    ErrorAfter,
    CutAfter,
    Malformed,
    NoTask,
    Slow,
    Refuse,
    Restart,
}

impl Kind {
    /// The pack for a service: neighbours in it are unlike, since they are dealt together.
    const fn of(service: Service) -> &'static [Self] {
        const PULL: [Kind; 10] = [
            Kind::CutAfter,
            Kind::NoReply,
            Kind::Restart,
            Kind::ErrorBefore,
            Kind::NoTask,
            Kind::Malformed,
            Kind::Refuse,
            Kind::ErrorAfter,
            Kind::Slow,
            Kind::CutBefore,
        ];
        const SUBMIT: [Kind; 10] = [
            Kind::CutAfter,
            Kind::Refuse,
            Kind::ErrorBefore,
            Kind::Malformed,
            Kind::Restart,
            Kind::NoReply,
            Kind::ErrorAfter,
            Kind::CutBefore,
            Kind::Slow,
            Kind::CutAfter,
        ];
        match service {
            Service::Pull => &PULL,
            Service::Submit => &SUBMIT,
        }
    }

    fn fault(self, service: Service, dice: &mut ChaCha8Rng) -> Fault {
        let mut seconds = |low, high| Duration::from_secs(dice.random_range(low..=high));
        // After a pull an outage meets the submission, which follows soon; after a submission it
        // has to outlast the cooldown of 270 to 300 s to meet anybody.
        let (shortest, longest) = match service {
            Service::Pull => (10, 120),
            Service::Submit => (280, 360),
        };
        match self {
            Self::NoReply => Fault::NoReply(seconds(60, 300)),
            Self::CutBefore => Fault::CutBefore,
            Self::ErrorBefore => Fault::ErrorBefore,
            Self::ErrorAfter => Fault::ErrorAfter,
            Self::CutAfter => Fault::CutAfter,
            Self::Malformed => Fault::Malformed,
            Self::NoTask => Fault::NoTask,
            Self::Slow => Fault::Slow(seconds(2, 20)),
            Self::Refuse => Fault::Refuse(seconds(shortest, longest)),
            Self::Restart => Fault::Restart(seconds(shortest, longest)),
        }
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
    fn one_call_in_seven_goes_wrong_and_every_kind_occurs() {
        for (service, kinds) in [(Service::Pull, 10), (Service::Submit, 9)] {
            let calls = all(FaultPlan::moderate(3), service);
            for validator in calls.chunks(500) {
                for block in validator.chunks_exact(7) {
                    assert_eq!(block.iter().flatten().count(), 1);
                }
            }
            let mut seen = Vec::new();
            for fault in calls.iter().flatten() {
                if !seen.contains(&discriminant(fault)) {
                    seen.push(discriminant(fault));
                }
            }
            assert_eq!(seen.len(), kinds);
        }
    }

    #[test]
    fn the_first_faults_of_eight_validators_are_of_many_kinds() {
        for (service, least) in [(Service::Pull, 8), (Service::Submit, 7)] {
            let plan = FaultPlan::moderate(21);
            let mut seen = Vec::new();
            for validator in 0..8 {
                let first = (0..7).find_map(|call| plan.fault(validator, service, call));
                let kind = discriminant(&first.unwrap());
                if !seen.contains(&kind) {
                    seen.push(kind);
                }
            }
            assert!(seen.len() >= least, "{}", seen.len());
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

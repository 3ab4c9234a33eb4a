//! What goes wrong on purpose, and when: a pure function of the seed, the validator and the number
//! of the call, so that two rehearsals of one seed suffer alike however their calls interleave.

use std::time::Duration;

use rand::seq::SliceRandom as _;
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
    /// The axon processes the call; half of its reply arrives, then the connection is cut.
    Truncated,
    /// The axon processes the call; its reply comes a second after the caller said that it would stop
    /// waiting, by every clock.
    TooLate,
    /// The validator has no task to give: an honest reply with `task: null`. Pulls only.
    NoTask,
    /// The axon processes the call, but its reply takes this long.
    Slow(Duration),
    /// The validator has no task now, and puts the miner off for this long; or, to a submission, adds
    /// this to the cooldown. Either is honest: the reply says so.
    PutOff(Duration),
    /// The call goes well; then somebody sets the validator's clock to this many seconds before or
    /// after the true time, as the reply's date shows, and what it remembers goes by that clock as if
    /// it always had. Pulls only.
    ClockSet(i32),
    /// This call goes well; then the port refuses connections for this long.
    Refuse(Duration),
    /// The axon processes the call and restarts before it has replied: all connections are cut,
    /// the port refuses for this long, and the nonces it remembered are gone.
    Restart(Duration),
    /// The call goes well; then the validator restarts, out of reach for this long, from a state in
    /// which nobody had a task: whoever submits then is refused with 403. Pulls only.
    Forget(Duration),
}

impl Fault {
    /// Whether the caller gets no understandable answer although the axon has processed the call.
    #[must_use]
    pub fn destroys_reply(self) -> bool {
        matches!(
            self,
            Self::ErrorAfter
                | Self::CutAfter
                | Self::Malformed
                | Self::Truncated
                | Self::TooLate
                | Self::Restart(_)
        )
    }

    /// Its kind, as reports name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NoReply(_) => "no_reply",
            Self::CutBefore => "cut_before",
            Self::ErrorBefore => "error_before",
            Self::ErrorAfter => "error_after",
            Self::CutAfter => "cut_after",
            Self::Malformed => "malformed",
            Self::Truncated => "truncated",
            Self::TooLate => "too_late",
            Self::NoTask => "no_task",
            Self::Slow(_) => "slow",
            Self::PutOff(_) => "put_off",
            Self::ClockSet(_) => "clock_set",
            Self::Refuse(_) => "refuse",
            Self::Restart(_) => "restart",
            Self::Forget(_) => "forget",
        }
    }

    /// Whether the axon never gets to see the call.
    #[must_use]
    pub fn comes_before_the_axon(self) -> bool {
        matches!(self, Self::NoReply(_) | Self::CutBefore | Self::ErrorBefore)
    }
}

/// When and how calls go wrong: of every so many calls of a service at a validator exactly one, or one
/// of each kind. In the first case the kinds are dealt like cards, so that a short rehearsal meets as
/// many of them as it can.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaultPlan {
    /// Two plans of one seed are the same plan.
    pub seed: u64,
    /// The share of calls that go wrong, 0 to 1; taken as one in the nearest whole number.
    pub rate: f64,
    /// Whether each kind by itself has that share. Beyond one in [`FaultPlan::KINDS`] not all of
    /// them can.
    pub each_kind: bool,
}

impl FaultPlan {
    /// As many kinds of faults as a service has, at most.
    pub const KINDS: usize = 15;

    /// A rough day: one call in seven goes wrong.
    #[must_use]
    pub fn moderate(seed: u64) -> Self {
        Self {
            seed,
            rate: 0.15,
            each_kind: false,
        }
    }

    /// Every kind of trouble, each with this share of the calls.
    #[must_use]
    pub fn of_each_kind(seed: u64, rate: f64) -> Self {
        Self {
            seed,
            rate,
            each_kind: true,
        }
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
        let kinds = Kind::of(service);
        let card = if self.each_kind {
            let mut places: Vec<u64> = (0..block_length).collect();
            places.shuffle(&mut dice);
            places.iter().position(|&dealt| dealt == place)? as u64
        } else if dice.random_range(0..block_length) == place {
            let pack = kinds.len() as u64;
            let top = self.dice(u16::MAX, service, 0).random_range(0..pack);
            (top + u64::from(validator) + block * 7) % pack
        } else {
            return None;
        };
        let kind = kinds.get(usize::try_from(card).ok()?)?;
        Some(kind.fault(service, &mut dice))
    }

    /// Dice of their own for each block of calls of a service at a validator.
    fn dice(&self, validator: u16, service: Service, block: u64) -> ChaCha8Rng {
        let mut dice = ChaCha8Rng::seed_from_u64(self.seed);
        dice.set_stream((u64::from(validator) << 1) | u64::from(service == Service::Submit));
        // Far more than is ever drawn for one block.
        dice.set_word_pos(u128::from(block) * 256);
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
    Truncated,
    TooLate,
    NoTask,
    Slow,
    PutOff,
    ClockSet,
    Refuse,
    Restart,
    Forget,
}

impl Kind {
    /// The pack for a service: neighbours in it are unlike, since they are dealt together. Seven, the
    /// step from block to block, divides neither pack.
    const fn of(service: Service) -> &'static [Self] {
        const PULL: [Kind; FaultPlan::KINDS] = [
            Kind::CutAfter,
            Kind::NoReply,
            Kind::Forget,
            Kind::ErrorBefore,
            Kind::ClockSet,
            Kind::Malformed,
            Kind::Refuse,
            Kind::ErrorAfter,
            Kind::PutOff,
            Kind::CutBefore,
            Kind::Slow,
            Kind::Truncated,
            Kind::NoTask,
            Kind::TooLate,
            Kind::Restart,
        ];
        const SUBMIT: [Kind; 12] = [
            Kind::CutAfter,
            Kind::Refuse,
            Kind::ErrorBefore,
            Kind::Malformed,
            Kind::Restart,
            Kind::PutOff,
            Kind::NoReply,
            Kind::ErrorAfter,
            Kind::CutBefore,
            Kind::Slow,
            Kind::Truncated,
            Kind::TooLate,
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
            Self::Truncated => Fault::Truncated,
            Self::TooLate => Fault::TooLate,
            Self::NoTask => Fault::NoTask,
            Self::Slow => Fault::Slow(seconds(2, 20)),
            Self::PutOff => Fault::PutOff(seconds(30, 300)),
            Self::ClockSet => Fault::ClockSet(CLOCKS[dice.random_range(0..CLOCKS.len())]),
            Self::Refuse => Fault::Refuse(seconds(shortest, longest)),
            Self::Restart => Fault::Restart(seconds(shortest, longest)),
            Self::Forget => Fault::Forget(seconds(shortest, longest)),
        }
    }
}

/// What clocks are set to, in seconds from the true time. A date on the wire is cut to the second, may
/// be a second old, and its reply may be on its way for some: nobody could notice smaller steps.
const CLOCKS: [i32; 5] = [-20, -10, 0, 10, 20];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::mem::discriminant;

    use super::*;

    fn of_all(seed: u64, rate: f64) -> FaultPlan {
        FaultPlan {
            seed,
            rate,
            each_kind: false,
        }
    }

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
        let plan = of_all(1, 0.5);
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
        for (service, kinds) in [(Service::Pull, 15), (Service::Submit, 12)] {
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
        for (service, least) in [(Service::Pull, 8), (Service::Submit, 8)] {
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
        let plan = of_all(3, 0.0);
        assert!(all(plan, Service::Submit).iter().all(Option::is_none));
    }

    #[test]
    fn a_submission_is_never_answered_with_no_task() {
        let calls = all(of_all(5, 1.0), Service::Submit);
        assert!(!calls.contains(&Some(Fault::NoTask)));
    }

    #[test]
    fn a_share_of_each_kind_is_that_share_of_each() {
        for (service, kinds) in [(Service::Pull, 15), (Service::Submit, 12)] {
            let calls = all(FaultPlan::of_each_kind(4, 0.05), service);
            let mut shuffled = 0;
            for block in calls.chunks_exact(20) {
                let names: Vec<_> = block.iter().flatten().map(|fault| fault.name()).collect();
                let distinct: BTreeSet<_> = names.iter().collect();
                assert_eq!((names.len(), distinct.len()), (kinds, kinds));
                shuffled += usize::from(block != &calls[..20]);
            }
            assert!(shuffled > 190, "{shuffled}");
        }
    }
}

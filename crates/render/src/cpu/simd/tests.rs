//! Every instruction set against plain arithmetic.

use super::{InstructionSet, Kernel, Lanes};

/// Applies an operation to sixteen pairs of numbers, lane count by lane count.
struct Apply<'a> {
    left: &'a [f32; 16],
    right: &'a [f32; 16],
    operation: Operation,
}

#[derive(Debug, Clone, Copy)]
enum Operation {
    Arithmetic,
    Rounding,
    Masks,
    Exp2,
}

impl Kernel for Apply<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> Vec<f32> {
        let mut results = Vec::new();
        for start in (0..16).step_by(L::COUNT) {
            let vector = |from: &[f32; 16]| {
                let mut array = lanes.array(0.0);
                array
                    .as_mut()
                    .copy_from_slice(&from[start..start + L::COUNT]);
                lanes.load(&array)
            };
            let (left, right) = (vector(self.left), vector(self.right));
            let mut push = |value| {
                let mut array = lanes.array(f32::NAN);
                lanes.store(value, &mut array);
                results.extend_from_slice(array.as_ref());
            };
            match self.operation {
                Operation::Arithmetic => {
                    push(lanes.add(left, right));
                    push(lanes.subtract(left, right));
                    push(lanes.multiply(left, right));
                    push(lanes.divide(left, right));
                    push(lanes.multiply_add(left, right, lanes.splat(2.0)));
                    push(lanes.min(left, right));
                    push(lanes.max(left, right));
                }
                Operation::Rounding => {
                    push(lanes.floor(left));
                    push(lanes.ceil(left));
                    push(lanes.square_root(lanes.multiply(left, left)));
                }
                Operation::Masks => {
                    let at_most = lanes.at_most(left, right);
                    let above = lanes.above(left, lanes.splat(0.0));
                    push(lanes.select(at_most, left, right));
                    push(lanes.keep(lanes.both(at_most, above), left));
                    push(lanes.negative_where(lanes.but_not(above, at_most), left));
                    push(lanes.splat(lanes.bits(at_most) as f32));
                }
                Operation::Exp2 => push(lanes.exp2(left)),
            }
        }
        results
    }
}

/// The same, written without vectors of any kind.
fn plain(apply: &Apply<'_>, lane_count: usize) -> Vec<f32> {
    let mut results = Vec::new();
    for start in (0..16).step_by(lane_count) {
        let lanes = start..start + lane_count;
        let (left, right) = (&apply.left[lanes.clone()], &apply.right[lanes]);
        let mut each = |value: &dyn Fn(f32, f32) -> f32| {
            results.extend(
                left.iter()
                    .zip(right)
                    .map(|(&left, &right)| value(left, right)),
            );
        };
        match apply.operation {
            Operation::Arithmetic => {
                each(&|left, right| left + right);
                each(&|left, right| left - right);
                each(&|left, right| left * right);
                each(&|left, right| left / right);
                each(&|left, right| left * right + 2.0);
                each(&f32::min);
                each(&f32::max);
            }
            Operation::Rounding => {
                each(&|left, _| left.floor());
                each(&|left, _| left.ceil());
                each(&|left, _| (left * left).sqrt());
            }
            Operation::Masks => {
                let holds = |left: f32, right: f32| left <= right;
                each(&|left, right| if holds(left, right) { left } else { right });
                each(&|left, right| {
                    if holds(left, right) && left > 0.0 {
                        left
                    } else {
                        0.0
                    }
                });
                each(&|left, right| {
                    if left > 0.0 && !holds(left, right) {
                        -left
                    } else {
                        left
                    }
                });
                let bits: u32 = left
                    .iter()
                    .zip(right)
                    .enumerate()
                    .map(|(lane, (left, right))| u32::from(left <= right) << lane)
                    .sum();
                each(&|_, _| bits as f32);
            }
            Operation::Exp2 => each(&|left, _| f64::from(left).exp2() as f32),
        }
    }
    results
}

fn lane_count(set: InstructionSet) -> usize {
    struct Count;
    impl Kernel for Count {
        type Output = usize;
        fn run<L: Lanes>(self, _lanes: L) -> usize {
            L::COUNT
        }
    }
    set.run(Count)
}

fn available() -> impl Iterator<Item = InstructionSet> {
    InstructionSet::ALL.into_iter().filter(|set| {
        let there = set.is_available();
        if !there {
            println!("skipped: no {set}");
        }
        there
    })
}

#[test]
fn every_set_computes_what_plain_arithmetic_does() {
    // Products of these are whole quarters: a fused operation rounds no differently.
    let left: [f32; 16] = std::array::from_fn(|lane| lane as f32 * 1.5 - 7.0);
    let right: [f32; 16] = std::array::from_fn(|lane| (lane * 7 % 16) as f32 * 0.5 - 2.25);
    for set in available() {
        for operation in [Operation::Arithmetic, Operation::Rounding, Operation::Masks] {
            let apply = || Apply {
                left: &left,
                right: &right,
                operation,
            };
            let expected = plain(&apply(), lane_count(set));
            assert_eq!(set.run(apply()), expected, "{set}, {operation:?}");
        }
    }
}

#[test]
fn every_set_raises_two_to_a_power() {
    for set in available() {
        let mut worst = 0.0_f64;
        for step in 0..20_000 {
            let left = std::array::from_fn(|lane| 3.0 - (step * 16 + lane) as f32 * 4e-4);
            let apply = || Apply {
                left: &left,
                right: &left,
                operation: Operation::Exp2,
            };
            for (found, exponent) in set.run(apply()).into_iter().zip(left) {
                let exact = f64::from(exponent).exp2();
                if exponent > -125.0 {
                    worst = worst.max((f64::from(found) - exact).abs() / exact);
                } else {
                    assert!(
                        (0.0..1e-37).contains(&found),
                        "{set}: 2^{exponent} is {found}"
                    );
                }
            }
        }
        println!("{set}: off by {worst:e} at most");
        assert!(worst < 2.5e-7, "{set}: off by {worst:e}");
        let hopeless = [-1e30, f32::MIN];
        for exponent in hopeless {
            let left = [exponent; 16];
            let found = set.run(Apply {
                left: &left,
                right: &left,
                operation: Operation::Exp2,
            });
            assert!(
                found.iter().all(|value| (0.0..1e-37).contains(value)),
                "{set}"
            );
        }
    }
}

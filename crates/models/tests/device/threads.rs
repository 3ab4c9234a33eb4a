//! One device and several threads: judging goes on in whichever thread is free, beside generation.

use std::sync::mpsc;

use candle_core::{DType, Tensor};
use models::ops;

use crate::twins::{apart, assert_near, bar, device, noise};
use crate::watch::at;

/// Long sums, which products share out and put together again in memory of their own.
#[test]
fn threads_do_not_disturb_each_other() {
    let Some(device) = device() else { return };
    let (x, weight) = (noise(&[33, 8192], 110), noise(&[48, 8192], 111));
    let half = |x: &Tensor| x.to_dtype(DType::F16).unwrap();
    let wide = |x: &Tensor| half(x).to_dtype(DType::F32).unwrap();
    let expected = ops::linear(&wide(&x), &wide(&weight), None).unwrap();
    let [x, weight] = [&x, &weight].map(|values| half(values).to_device(&device).unwrap());
    std::thread::scope(|scope| {
        for thread in 0..6 {
            let (x, weight, expected) = (&x, &weight, &expected);
            let work = move || {
                for turn in 0..40 {
                    at(&format!("thread {thread}, turn {turn}"));
                    let y = ops::linear(x, weight, None).unwrap();
                    let z = ops::linear(&x.narrow(0, turn % 20, 9).unwrap(), weight, None).unwrap();
                    let part = expected.narrow(0, turn % 20, 9).unwrap();
                    for (found, expected) in [(&z, &part), (&y, expected)] {
                        let apart = apart(found, expected);
                        assert!(apart <= bar(DType::F16), "thread {thread}: {apart} apart");
                    }
                }
            };
            std::thread::Builder::new()
                .name(format!("threads: {thread}"))
                .spawn_scoped(scope, work)
                .unwrap();
        }
    });
}

/// What one thread makes, another uses at once and lets go, while the first makes more.
#[test]
fn what_a_thread_makes_another_uses_and_lets_go() {
    let Some(device) = device() else { return };
    let x = noise(&[512, 512], 112);
    let there = x.to_device(&device).unwrap();
    let (send, receive) = mpsc::sync_channel(4);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for turn in 1..=60 {
                at(&format!("making {turn}"));
                let made = (&there * f64::from(turn)).and_then(|x| x + f64::from(turn));
                send.send((turn, made.unwrap())).unwrap();
            }
        });
        for (turn, made) in receive {
            at(&format!("using {turn}"));
            let expected = ((&x + 1.0).unwrap() * f64::from(turn)).unwrap();
            assert_near(&made, &expected, 1e-6, &format!("turn {turn}"));
        }
    });
}

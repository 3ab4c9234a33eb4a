//! Attention in all its forms: among tokens, to others, causal, within windows, and with biases.

use candle_core::{D, Result, Tensor};
use models::ops::{self, Windows, plain};
use rand::RngExt;

use crate::twins::{device, generator, hold, hold_within, noise};

/// Scores are rounded before their softmax where they are held at all, and what is a mean of many values is
/// shorter than they are.
const ROUNDED: f64 = 4.0;

/// One form of attention.
#[derive(Debug)]
struct Form {
    batch: usize,
    heads: usize,
    queries: usize,
    keys: usize,
    width: usize,
    causal: bool,
}

/// Odd lengths, one query, the head sizes of the published networks and others.
fn forms() -> Vec<Form> {
    let mut generator = generator(1);
    let widths = [64, 128, 80, 64, 8, 40, 96, 128, 72, 64, 128, 256];
    let random = (0..24).map(|case| {
        let keys = generator.random_range(1..300);
        Form {
            batch: generator.random_range(1..=3),
            heads: generator.random_range(1..=4),
            queries: if case % 6 == 1 {
                1
            } else {
                generator.random_range(1..200)
            },
            keys,
            width: widths[case % widths.len()],
            causal: false,
        }
    });
    let mut forms: Vec<Form> = random.collect();
    // Texts, and as many tokens as the large networks have.
    for (heads, tokens, width, causal) in [
        (3, 77, 64, true),
        (2, 1, 64, true),
        (2, 33, 24, true),
        (2, 130, 128, true),
        (2, 130, 80, true),
        (2, 1374, 64, false),
        (1, 1280, 128, false),
        (1, 4096, 64, false),
        (1, 4096, 80, false),
    ] {
        forms.push(Form {
            batch: 1,
            heads,
            queries: tokens,
            keys: tokens,
            width,
            causal,
        });
    }
    forms
}

#[test]
fn attention_to_others() {
    let Some(device) = device() else { return };
    for form in forms() {
        let Form {
            batch,
            heads,
            width,
            causal,
            ..
        } = form;
        let shape = |tokens| [batch, heads, tokens, width];
        // Scores that tell keys apart.
        let q = (noise(&shape(form.queries), 1) * 4.0).unwrap();
        let inputs = [q, noise(&shape(form.keys), 2), noise(&shape(form.keys), 3)];
        hold_within(
            ROUNDED,
            &format!("{form:?}"),
            &device,
            &inputs,
            |x| ops::attention(&x[0], &x[1], &x[2], causal),
            |x| plain::attention(&x[0], &x[1], &x[2], causal),
        );
    }
}

/// The parts of `(batch, tokens, 3, heads, d)`, as views.
fn views(qkv: &Tensor) -> Result<[Tensor; 3]> {
    let parts = qkv.permute((2, 0, 3, 1, 4))?;
    Ok([parts.get(0)?, parts.get(1)?, parts.get(2)?])
}

#[test]
fn attention_of_views() {
    let Some(device) = device() else { return };
    for (batch, tokens, heads, width) in [(2, 70, 3, 64), (1, 257, 2, 128), (2, 31, 4, 16)] {
        let what = format!("views of {batch} × {tokens} tokens, {heads} × {width}");
        let qkv = [(noise(&[batch, tokens, 3, heads, width], 4) * 2.0).unwrap()];
        let plainly = |x: &[Tensor]| {
            let [q, k, v] = views(&x[0])?;
            plain::attention(&q.contiguous()?, &k.contiguous()?, &v.contiguous()?, false)
        };
        let work = |x: &[Tensor]| {
            let [q, k, v] = views(&x[0])?;
            ops::attention(&q, &k, &v, false)
        };
        hold_within(ROUNDED, &what, &device, &qkv, work, plainly);
        // Some queries of many, and tokens whose values are not side by side.
        let some = |x: &[Tensor]| {
            let [q, k, v] = views(&x[0])?;
            ops::attention(&q.narrow(2, 3, 5)?, &k, &v, false)
        };
        let plainly_some = |x: &[Tensor]| plainly(x)?.narrow(2, 3, 5)?.contiguous();
        hold_within(
            ROUNDED,
            &format!("few {what}"),
            &device,
            &qkv,
            some,
            plainly_some,
        );
        let scattered = |x: &[Tensor]| {
            let x = x[0].transpose(1, 4)?.contiguous()?.transpose(1, 4)?;
            let [q, k, v] = views(&x)?;
            ops::attention(&q, &k, &v, false)
        };
        hold_within(
            ROUNDED,
            &format!("scattered {what}"),
            &device,
            &qkv,
            scattered,
            plainly,
        );
    }
}

#[test]
fn attention_within_windows_of_many_sizes() {
    let Some(device) = device() else { return };
    let mut generator = generator(5);
    for (case, width) in [64, 64, 16, 80, 64, 12].into_iter().enumerate() {
        let tokens = [1, 700, 300, 90, 2000, 60][case];
        let most = [1, 9, 40, 3, 30, 6000][case];
        let keys: Vec<u64> = (0..tokens)
            .map(|_| generator.random_range(0..most as u64).pow(2) / 3)
            .collect();
        let windows = Windows::by_keys(&keys);
        let (batch, heads) = (1 + case % 2, 1 + case % 3);
        let qkv = [(noise(&[batch, tokens, 3, heads, width], 6) * 2.0).unwrap()];
        let what = format!(
            "{batch} × {tokens} tokens in {} windows, {heads} × {width}",
            windows.count()
        );
        let run = |attend: fn(&Tensor, &Tensor, &Tensor, &Windows) -> Result<Tensor>| {
            let windows = &windows;
            move |x: &[Tensor]| {
                let [q, k, v] = views(&x[0])?;
                attend(&q, &k, &v, windows)
            }
        };
        let (work, plainly) = (run(ops::windowed_attention), run(plain::windowed_attention));
        hold_within(ROUNDED, &what, &device, &qkv, work, plainly);
    }
}

#[test]
fn attention_with_biases() {
    let Some(device) = device() else { return };
    for (windows, heads, tokens, width) in [(3, 2, 9, 8), (5, 1, 144, 32), (2, 3, 49, 5)] {
        let qkv = noise(&[windows, tokens, 3, heads, width], 7);
        let bias = (noise(&[2, heads, tokens, tokens], 8) * 3.0).unwrap();
        // Each second kind hides all keys but a query's own and its neighbours.
        let far: Vec<f32> = (0..tokens * tokens)
            .map(|pair| match (pair / tokens).abs_diff(pair % tokens) {
                0..3 => 0.0,
                _ => f32::NEG_INFINITY,
            })
            .collect();
        let far = Tensor::from_vec(far, (1, 1, tokens, tokens), bias.device()).unwrap();
        let far = Tensor::cat(&[&far.zeros_like().unwrap(), &far], 0).unwrap();
        let inputs = [qkv, bias.broadcast_add(&far).unwrap()];
        let kinds: Vec<u32> = (0..windows as u32).map(|window| window % 2).collect();
        type Attend = fn(&Tensor, &Tensor, &Tensor, &Tensor, &[u32]) -> Result<Tensor>;
        let run = |attend: Attend| {
            let kinds = &kinds;
            move |x: &[Tensor]| {
                let [q, k, v] = views(&x[0])?;
                attend(&q, &k, &v, &x[1], kinds)
            }
        };
        hold_within(
            ROUNDED,
            &format!("{windows} windows of {tokens} tokens, {heads} × {width}"),
            &device,
            &inputs,
            run(ops::biased_attention),
            run(plain::biased_attention),
        );
    }
}

#[test]
fn norms_of_heads() {
    let Some(device) = device() else { return };
    for (batch, tokens, heads, width) in [(2, 7, 3, 20), (1, 1025, 16, 64), (1, 5, 2, 128)] {
        let qkv = [noise(&[batch, tokens, 3, heads, width], 9)];
        // In single precision whatever the network computes in.
        let gamma = noise(&[heads, width], 10);
        let there = gamma.to_device(&device).unwrap();
        let what = format!("norm of {batch} × {tokens} keys, {heads} × {width}");
        hold(
            &what,
            &device,
            &qkv,
            |x| ops::head_norm(&views(&x[0])?[1], &there),
            |x| plain::head_norm(&views(&x[0])?[1], &gamma),
        );
    }
    // A token of zeros stays one.
    let mut x = noise(&[1, 2, 3, 64], 11);
    x = Tensor::cat(&[&x, &x.zeros_like().unwrap()], 2).unwrap();
    let there = x.to_device(&device).unwrap();
    let gamma = noise(&[2, 64], 12).to_device(&device).unwrap();
    let found = ops::head_norm(&there, &gamma).unwrap();
    let zeros = found.narrow(2, 3, 3).unwrap().contiguous().unwrap();
    let length: f32 = zeros.sqr().unwrap().sum_all().unwrap().to_scalar().unwrap();
    assert_eq!(length, 0.0);
    assert_eq!(found.dim(D::Minus1).unwrap(), 64);
}

/// The root mean square norm of a head and the turning of its pairs, each as its definition says.
fn turned(x: &Tensor, gamma: &Tensor, cosines: &Tensor, sines: &Tensor) -> Result<Tensor> {
    let (batch, heads, tokens, width) = x.dims4()?;
    let mean = (x.sqr()?.mean_keepdim(D::Minus1)? + 1e-6)?;
    let normal = x.broadcast_div(&mean.sqrt()?)?.broadcast_mul(gamma)?;
    let pairs = normal.reshape((batch, heads, tokens, width / 2, 2))?;
    let [first, second] = [0, 1].map(|part| pairs.narrow(4, part, 1)?.squeeze(4));
    let (first, second) = (first?, second?);
    let down = (first.broadcast_mul(cosines)? - second.broadcast_mul(sines)?)?;
    let up = (first.broadcast_mul(sines)? + second.broadcast_mul(cosines)?)?;
    Tensor::stack(&[down, up], 4)?.reshape((batch, heads, tokens, width))
}

#[test]
fn norms_of_heads_that_are_turned() {
    let Some(device) = device() else { return };
    for (batch, tokens, heads, width) in [(2, 7, 3, 20), (1, 1025, 16, 64), (1, 260, 24, 128)] {
        let qkv = [noise(&[batch, tokens, 3, heads, width], 13)];
        let gamma = noise(&[width], 14);
        let angles = (noise(&[tokens + 3, width / 2], 15) * 3.0).unwrap();
        let (cosines, sines) = (angles.cos().unwrap(), angles.sin().unwrap());
        let some = |x: &Tensor| x.narrow(0, 3, tokens).unwrap();
        let there = [&gamma, &cosines, &sines].map(|x| x.to_device(&device).unwrap());
        hold(
            &format!("turned {batch} × {tokens} keys, {heads} × {width}"),
            &device,
            &qkv,
            |x| {
                let (cosines, sines) = (some(&there[1]), some(&there[2]));
                ops::turned_head_norm(&views(&x[0])?[1], &there[0], 1e-6, &cosines, &sines)
            },
            |x| turned(&views(&x[0])?[1], &gamma, &some(&cosines), &some(&sines)),
        );
    }
}

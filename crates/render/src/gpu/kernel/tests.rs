//! Whether the shaders' arithmetic is the CPU's: by their text, and by what the device makes of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wgpu::naga::{
    BinaryOperator, Expression, Function, Handle, MathFunction, Module, ScalarKind,
    front::wgsl,
    valid::{Capabilities, FunctionInfo, ValidationFlags, Validator},
};

use super::{super::context, BLEND, Context, Kernel, PROJECT};
use crate::cpu::EXP2;

/// Functions whose rounding shows in no picture, what becomes of a guess and what covers enough, and one
/// whose product nothing is done to but cutting it off.
const FREE: [&str; 4] = ["reciprocal", "cover", "touched_tiles", "byte"];

/// What of `source` a driver may round as it likes: what, and in which function.
fn loose(source: &str) -> Vec<String> {
    let module = wgsl::parse_str(source).unwrap();
    let mut validator = Validator::new(ValidationFlags::all(), Capabilities::empty());
    let info = validator.validate(&module).unwrap();
    let functions = module
        .functions
        .iter()
        .map(|(handle, function)| (function.name.as_deref(), function, &info[handle]));
    let entries = module
        .entry_points
        .iter()
        .enumerate()
        .map(|(place, entry)| {
            let name = Some(entry.name.as_str());
            (name, &entry.function, info.get_entry_point(place))
        });
    functions
        .chain(entries)
        .filter(|(name, ..)| !FREE.contains(&name.unwrap_or_default()))
        .flat_map(|(name, function, info)| {
            let body = Body {
                module: &module,
                function,
                info,
            };
            let name = name.unwrap_or_default().to_owned();
            body.loose()
                .into_iter()
                .map(move |what| format!("{what} in {name}"))
        })
        .collect()
}

struct Body<'a> {
    module: &'a Module,
    function: &'a Function,
    info: &'a FunctionInfo,
}

impl Body<'_> {
    fn loose(&self) -> Vec<String> {
        let floats = self.function.expressions.iter();
        let floats = floats.filter(|(handle, _)| self.is_float(*handle));
        floats
            .filter_map(|(_, expression)| match *expression {
                Expression::Binary {
                    op: BinaryOperator::Divide | BinaryOperator::Modulo,
                    ..
                } => Some("division".to_owned()),
                // It may be fused with a sum, or regrouped with another product.
                Expression::Binary {
                    op: BinaryOperator::Multiply,
                    ..
                } => Some("an open product".to_owned()),
                Expression::Math { fun, .. } => (!is_exact(fun)).then(|| format!("{fun:?}")),
                _ => None,
            })
            .collect()
    }

    fn is_float(&self, expression: Handle<Expression>) -> bool {
        let kind = self.info[expression].ty.inner_with(&self.module.types);
        kind.scalar_kind() == Some(ScalarKind::Float)
    }
}

/// Whether WGSL leaves no choice: `fma` is one of two, and the CPU has a set of vectors for each.
fn is_exact(function: MathFunction) -> bool {
    matches!(
        function,
        MathFunction::Fma
            | MathFunction::Abs
            | MathFunction::Min
            | MathFunction::Max
            | MathFunction::Clamp
            | MathFunction::Floor
            | MathFunction::Ceil
            | MathFunction::Round
    )
}

#[test]
fn the_shaders_leave_no_rounding_to_the_driver() {
    for shader in [PROJECT, BLEND] {
        assert_eq!(loose(shader), Vec::<String>::new());
    }
    // It would be found out.
    let source = "fn loose(a: vec3<f32>, b: f32) -> f32 {
        let product = a * b;
        return -product.x + exp2(b) / dot(a, a) - f32(i32(b) * 3 / 2);
    }";
    let mut found = loose(source);
    found.sort();
    let expected = ["Dot", "Exp2", "an open product", "division"];
    assert_eq!(found, expected.map(|what| format!("{what} in loose")));
}

/// Per invocation what the shaders do, then what the driver does when it is left to it.
const PROBE: &str = concat!(
    include_str!("../shaders/arithmetic.wgsl"),
    "@group(0) @binding(0) var<uniform> zero: vec4<f32>;
    @group(0) @binding(1) var<storage, read> values: array<vec4<f32>>;
    @group(0) @binding(2) var<storage, read_write> results: array<array<vec4<f32>, 2>>;

    fn nought() -> f32 {
        return zero.x;
    }

    @compute @workgroup_size(64)
    fn probe(@builtin(global_invocation_id) place: vec3<u32>) {
        let v = values[place.x];
        results[place.x][0] = vec4<f32>(
            reciprocal(v.x),
            power_of_two(v.y),
            product(v.z, v.w) + v.y,
            sum_of_products(v.yzw, v.zwy),
        );
        results[place.x][1] = vec4<f32>(1.0 / v.x, exp2(v.y), v.z * v.w + v.y, fma(v.z, v.w, v.y));
    }"
);

/// Per value, what [`PROBE`] makes of it.
fn probe(context: &Context, values: &[[f32; 4]]) -> Vec<[[f32; 4]; 2]> {
    let module = context
        .device
        .create_shader_module(wgpu::ShaderModuleDescriptor {
            label: None,
            source: wgpu::ShaderSource::Wgsl(PROBE.into()),
        });
    let bytes = size_of_val(values) as u64;
    let zero = context.uniform("zero", 16);
    let given = context.storage("values", bytes);
    let results = context.storage("results", bytes * 2);
    let readback = context.readback("readback", bytes * 2);
    let queue = &context.queue;
    queue.write_buffer(&zero, 0, &[0; 16]);
    queue.write_buffer(&given, 0, bytemuck::cast_slice(values));
    let kernel = Kernel::new(context, &module, "probe");
    let step = kernel.on(context, &[(0, &zero), (1, &given), (2, &results)]);
    let mut encoder = context.device.create_command_encoder(&Default::default());
    {
        let mut pass = encoder.begin_compute_pass(&Default::default());
        step.record(&mut pass, values.len() as u32 / 64, 1);
    }
    encoder.copy_buffer_to_buffer(&results, 0, &readback, 0, bytes * 2);
    queue.submit([encoder.finish()]);
    readback.map_async(wgpu::MapMode::Read, .., |_| ());
    context.wait().unwrap();
    let mapped = readback.get_mapped_range(..).unwrap();
    bytemuck::pod_collect_to_vec(&mapped)
}

/// Divisors of every size and exponents of every weight, and numbers whose products have long tails.
fn values() -> Vec<[f32; 4]> {
    let mut state = 1_u32;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state
    };
    let mut values: Vec<[f32; 4]> = (0..1 << 16)
        .map(|_| {
            let signed = |bits: u32| f32::from_bits(bits & 0x807f_ffff | 0x3f80_0000);
            [
                // From 2^-126 to 2^126.
                f32::from_bits(((1 + random() % 252) << 23) | random() >> 9),
                (random() >> 8) as f32 * (-8.0 / 16_777_216.0),
                signed(random()),
                signed(random()),
            ]
        })
        .collect();
    // Next to powers of two, where quotients change their exponent.
    for (place, value) in values.iter_mut().take(1024).enumerate() {
        let fraction = [0, 1, 2, 3, 0x7f_ffff, 0x7f_fffe, 0x7f_fffd, 0x40_0000][place % 8];
        value[0] = f32::from_bits(((1 + place as u32 / 5) << 23) | fraction);
    }
    values
}

/// 2 to the power of `exponent` as the CPU computes it, with and without fused operations.
fn power_of_two(exponent: f32, is_fused: bool) -> f32 {
    let whole = exponent.round_ties_even();
    let rest = exponent - whole;
    let mut coefficients = EXP2.into_iter().rev();
    let first = coefficients.next().unwrap();
    let polynomial = coefficients.fold(first, |polynomial, coefficient| {
        if is_fused {
            polynomial.mul_add(rest, coefficient)
        } else {
            polynomial * rest + coefficient
        }
    });
    polynomial * whole.exp2()
}

#[test]
fn the_device_rounds_as_the_cpu_does() {
    let Some(context) = context::any() else {
        return;
    };
    let values = values();
    let results = probe(&context, &values);
    // Left to it, a driver differs from plain IEEE operations in so many cases: quotients, powers of
    // two, sums with a product; and its `fma` is one operation in so many.
    let mut own = [0; 4];
    // Those that are not the CPU's, without and with fused operations.
    let mut powers = [0; 2];
    let differs = |left: f32, right: f32| u32::from(left.to_bits() != right.to_bits());
    for ([divisor, power, left, right], [ours, plain]) in values.iter().zip(results) {
        let quotient = 1.0 / divisor;
        assert_eq!(ours[0].to_bits(), quotient.to_bits(), "1 / {divisor:e}");
        let exact = f64::from(*power).exp2();
        let error = (f64::from(ours[1]) - exact).abs() / exact;
        assert!(error < 2.5e-7, "2^{power}: {}", ours[1]);
        for (is_fused, count) in [false, true].into_iter().zip(&mut powers) {
            *count += differs(ours[1], power_of_two(*power, is_fused));
        }
        let sum = left * right + power;
        assert_eq!(
            ours[2].to_bits(),
            sum.to_bits(),
            "{left} · {right} + {power}"
        );
        let dot = power * left + left * right + right * power;
        assert_eq!(ours[3], dot, "{power}, {left}, {right}");
        own[0] += differs(plain[0], quotient);
        own[1] += differs(plain[1], exact as f32);
        own[2] += differs(plain[2], sum);
        own[3] += differs(plain[3], sum);
    }
    // An `fma` rounds once or twice, but always alike.
    assert!(powers.contains(&0), "{powers:?} powers of two");
    println!(
        "{}: of {}, {} quotients, {} powers of two, {} sums with a product and {} fused ones are not \
         what plain operations give",
        context.name(),
        values.len(),
        own[0],
        own[1],
        own[2],
        own[3],
    );
}

// Arithmetic that is the CPU renderer's to the last bit, put in front of the shaders that need it. WGSL
// lets a driver get `exp2` and division wrong by several units of the last place, fuse a product with the
// sum it goes into, and regroup a product of several factors (NVIDIA's does). Addition, `fma`, `round` and
// integers are what is left; a driver whose `fma` rounds twice gives the picture of the CPU's portable
// vectors, which round so too.
//
// Each shader says with `fn nought() -> f32` where it reads a 0 that no compiler knows to be one.

// Coefficients of the polynomial for 2^x, |x| <= 1/2, lowest power first: those of `cpu/simd/mod.rs`.
const EXP2: array<f32, 6> = array<f32, 6>(
    1.0000001f,
    0.69314694f,
    0.2402212f,
    0.055507135f,
    0.009675541f,
    0.0013276461f,
);

// The product, rounded before anything is done to it: a fused operation, spent on adding nothing.
fn product(left: f32, right: f32) -> f32 {
    return fma(left, right, nought());
}

// As `product`, part by part.
fn products(left: vec3<f32>, right: vec3<f32>) -> vec3<f32> {
    return fma(left, right, vec3<f32>(nought()));
}

// The sum of three products, from the first to the last. `dot` may add in any order.
fn sum_of_products(left: vec3<f32>, right: vec3<f32>) -> f32 {
    let parts = products(left, right);
    return parts.x + parts.y + parts.z;
}

// 1 / value, rounded to nearest: the driver's quotient is a guess, which integers make exact. `value`
// must be positive and normal; beyond 2^126 the guess is the answer.
fn reciprocal(value: f32) -> f32 {
    let bits = bitcast<u32>(value);
    let exponent = bits >> 23u;
    if exponent > 252u {
        return 1.0 / value;
    }
    let fraction = bits & 0x7fffffu;
    if fraction == 0u {
        return bitcast<f32>((254u - exponent) << 23u);
    }
    let divisor = bitcast<i32>(fraction | 0x800000u);
    // From 1/2 to 1, so that 24 bits behind the point are the quotient 2^47 / divisor.
    let guess = 1.0 / bitcast<f32>(fraction | 0x3f800000u);
    var quotient = i32(guess * 16777216.0);
    // 2^47 has no bits that count here: what is left over is small, and right modulo 2^32.
    var rest = -(quotient * divisor);
    for (var step = 0u; step < 16u; step++) {
        if rest < 0 {
            quotient -= 1;
            rest += divisor;
        } else if rest >= divisor {
            quotient += 1;
            rest -= divisor;
        } else {
            break;
        }
    }
    // No odd number divides a power of two: never half way.
    if 2 * rest > divisor {
        quotient += 1;
    }
    return bitcast<f32>(((253u - exponent) << 23u) | (bitcast<u32>(quotient) & 0x7fffffu));
}

// 1.5 * 2^23: added to a whole number, it leaves that number in the lowest bits.
const TO_BITS: f32 = 12582912.0;

// 2 to the power of `exponent`, which must be from -120 to 120.
fn power_of_two(exponent: f32) -> f32 {
    let whole = round(exponent);
    let rest = exponent - whole;
    var polynomial = EXP2[5];
    polynomial = fma(polynomial, rest, EXP2[4]);
    polynomial = fma(polynomial, rest, EXP2[3]);
    polynomial = fma(polynomial, rest, EXP2[2]);
    polynomial = fma(polynomial, rest, EXP2[1]);
    polynomial = fma(polynomial, rest, EXP2[0]);
    // Adding to the exponent bits multiplies by a power of two.
    return bitcast<f32>(bitcast<u32>(polynomial) + (bitcast<u32>(whole + TO_BITS) << 23u));
}

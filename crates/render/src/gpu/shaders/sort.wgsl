// One pass of a stable radix sort of (key, value) pairs over seven bits of the key. The ranks within
// a workgroup come from a bit per invocation and digit, so that no subgroup operations are needed.

struct Digit {
    // Lowest bit of the digit.
    shift: u32,
    // Which of `sizes` says how many pairs there are.
    size: u32,
}

const THREADS: u32 = 256u;
const STEPS: u32 = 4u;
const BLOCK: u32 = 1024u;
const DIGITS: u32 = 128u;
// Words that hold one bit for each invocation.
const WORDS: u32 = 8u;
const MASKS: u32 = 1024u;

@group(0) @binding(0) var<uniform> place_value: Digit;
@group(0) @binding(1) var<storage, read> sizes: array<u32>;
@group(0) @binding(2) var<storage, read> keys: array<u32>;
// Per digit, one number per workgroup: first how many pairs, then (summed) where they go.
@group(0) @binding(3) var<storage, read_write> digits: array<u32>;
@group(0) @binding(4) var<storage, read> values: array<u32>;
@group(0) @binding(5) var<storage, read_write> sorted_keys: array<u32>;
@group(0) @binding(6) var<storage, read_write> sorted_values: array<u32>;

var<workgroup> counts: array<atomic<u32>, DIGITS>;
var<workgroup> masks: array<atomic<u32>, MASKS>;
var<workgroup> next: array<u32, DIGITS>;

fn digit_of(key: u32) -> u32 {
    return (key >> place_value.shift) & (DIGITS - 1u);
}

@compute @workgroup_size(THREADS)
fn count_digits(
    @builtin(local_invocation_index) thread: u32,
    @builtin(workgroup_id) block: vec3<u32>,
    @builtin(num_workgroups) blocks: vec3<u32>,
) {
    let size = sizes[place_value.size];
    if thread < DIGITS {
        atomicStore(&counts[thread], 0u);
    }
    workgroupBarrier();
    for (var step = 0u; step < STEPS; step++) {
        let place = block.x * BLOCK + step * THREADS + thread;
        if place < size {
            atomicAdd(&counts[digit_of(keys[place])], 1u);
        }
    }
    workgroupBarrier();
    if thread < DIGITS {
        digits[thread * blocks.x + block.x] = atomicLoad(&counts[thread]);
    }
}

@compute @workgroup_size(THREADS)
fn scatter(
    @builtin(local_invocation_index) thread: u32,
    @builtin(workgroup_id) block: vec3<u32>,
    @builtin(num_workgroups) blocks: vec3<u32>,
) {
    let size = sizes[place_value.size];
    if thread < DIGITS {
        next[thread] = digits[thread * blocks.x + block.x];
    }
    let word = thread / 32u;
    let bit = 1u << (thread % 32u);
    for (var step = 0u; step < STEPS; step++) {
        let first = block.x * BLOCK + step * THREADS;
        if first >= size {
            break;
        }
        for (var mask = thread; mask < MASKS; mask += THREADS) {
            atomicStore(&masks[mask], 0u);
        }
        workgroupBarrier();
        let place = first + thread;
        let present = place < size;
        var key = 0u;
        var digit = 0u;
        if present {
            key = keys[place];
            digit = digit_of(key);
            atomicOr(&masks[digit * WORDS + word], bit);
        }
        workgroupBarrier();
        var start = 0u;
        var rank = 0u;
        var alike = 0u;
        if present {
            start = next[digit];
            for (var other = 0u; other < WORDS; other++) {
                let mask = atomicLoad(&masks[digit * WORDS + other]);
                if other < word {
                    rank += countOneBits(mask);
                } else if other == word {
                    rank += countOneBits(mask & (bit - 1u));
                }
                alike += countOneBits(mask);
            }
            sorted_keys[start + rank] = key;
            sorted_values[start + rank] = values[place];
        }
        workgroupBarrier();
        if present && rank + 1u == alike {
            next[digit] = start + alike;
        }
    }
}

// Exclusive prefix sum in place: sums of blocks, running totals of those, then each block again.
// Sums must stay below 2^32.

struct Scan {
    // Numbers to sum, and blocks they make.
    count: u32,
    blocks: u32,
}

const THREADS: u32 = 256u;
const PER_THREAD: u32 = 8u;
const BLOCK: u32 = 2048u;

@group(0) @binding(0) var<uniform> scan: Scan;
@group(0) @binding(1) var<storage, read_write> numbers: array<u32>;
@group(0) @binding(2) var<storage, read_write> totals: array<u32>;

var<workgroup> sums: array<u32, THREADS>;

// The sum of what the invocations before this one gave; `sums[THREADS - 1]` is that of all.
fn before(own: u32, thread: u32) -> u32 {
    sums[thread] = own;
    workgroupBarrier();
    for (var reach = 1u; reach < THREADS; reach = reach << 1u) {
        var earlier = 0u;
        if thread >= reach {
            earlier = sums[thread - reach];
        }
        workgroupBarrier();
        sums[thread] += earlier;
        workgroupBarrier();
    }
    return sums[thread] - own;
}

@compute @workgroup_size(THREADS)
fn reduce(
    @builtin(local_invocation_index) thread: u32,
    @builtin(workgroup_id) block: vec3<u32>,
) {
    var own = 0u;
    for (var step = 0u; step < PER_THREAD; step++) {
        let place = block.x * BLOCK + step * THREADS + thread;
        if place < scan.count {
            own += numbers[place];
        }
    }
    sums[thread] = own;
    for (var reach = THREADS / 2u; reach > 0u; reach = reach >> 1u) {
        workgroupBarrier();
        if thread < reach {
            sums[thread] += sums[thread + reach];
        }
    }
    if thread == 0u {
        totals[block.x] = sums[0];
    }
}

// One workgroup over the totals of all blocks.
@compute @workgroup_size(THREADS)
fn run_totals(@builtin(local_invocation_index) thread: u32) {
    var carried = 0u;
    for (var first = 0u; first < scan.blocks; first += THREADS) {
        let place = first + thread;
        var own = 0u;
        if place < scan.blocks {
            own = totals[place];
        }
        let earlier = before(own, thread);
        if place < scan.blocks {
            totals[place] = carried + earlier;
        }
        carried += sums[THREADS - 1u];
        workgroupBarrier();
    }
}

@compute @workgroup_size(THREADS)
fn spread(
    @builtin(local_invocation_index) thread: u32,
    @builtin(workgroup_id) block: vec3<u32>,
) {
    let first = block.x * BLOCK + thread * PER_THREAD;
    var own = 0u;
    for (var step = 0u; step < PER_THREAD; step++) {
        if first + step < scan.count {
            own += numbers[first + step];
        }
    }
    var running = totals[block.x] + before(own, thread);
    for (var step = 0u; step < PER_THREAD; step++) {
        if first + step < scan.count {
            let number = numbers[first + step];
            numbers[first + step] = running;
            running += number;
        }
    }
}

// Which splats touch which tiles of one strip of the image: (tile, splat) pairs in the order of
// depth, a window of them at a time, so that their number costs time but not memory.

struct Strip {
    // First of the depth-sorted splats that are binned, and how many.
    first: u32,
    count: u32,
    // Tile rows of the strip: the first, and one past the last.
    top: u32,
    bottom: u32,
    // Tiles per row.
    columns: u32,
    // First pair of the window, and how many fit.
    window: u32,
    capacity: u32,
    padding: u32,
}

@group(0) @binding(0) var<uniform> strip: Strip;
@group(0) @binding(1) var<storage, read> boxes: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
// How many tiles each splat touches, then (summed) its first pair; one more ends the last.
@group(0) @binding(3) var<storage, read_write> starts: array<u32>;
// Number of splats; of pairs in this window; of pairs in all windows; of pixels not yet finished.
@group(0) @binding(4) var<storage, read_write> sizes: array<u32>;
@group(0) @binding(5) var<storage, read_write> tiles: array<u32>;
@group(0) @binding(6) var<storage, read_write> splats: array<u32>;

// The tiles of the strip that a splat touches: low x, low y, high x, high y, exclusive.
fn touched(splat: u32) -> vec4<u32> {
    let packed = boxes[splat].yz;
    let low = vec2<u32>(packed.x & 0xffffu, packed.x >> 16u);
    let high = vec2<u32>(packed.y & 0xffffu, packed.y >> 16u);
    let bottom = min(high.y, strip.bottom);
    return vec4<u32>(low.x, max(low.y, strip.top), high.x, bottom);
}

@compute @workgroup_size(256)
fn count_tiles(@builtin(global_invocation_id) place: vec3<u32>) {
    if place.x > strip.count {
        return;
    }
    var count = 0u;
    if place.x < strip.count {
        let tiles = touched(order[strip.first + place.x]);
        if tiles.w > tiles.y {
            count = (tiles.z - tiles.x) * (tiles.w - tiles.y);
        }
    }
    starts[place.x] = count;
}

// One pair per invocation, found by bisection: no splat is large enough to hold up the others.
@compute @workgroup_size(256)
fn list_pairs(@builtin(global_invocation_id) place: vec3<u32>) {
    let total = starts[strip.count];
    let here = min(total - min(strip.window, total), strip.capacity);
    if place.x == 0u {
        sizes[1] = here;
        sizes[2] = total;
        sizes[3] = 0u;
    }
    if place.x >= here {
        return;
    }
    let pair = strip.window + place.x;
    // The last splat whose first pair is not behind this one.
    var low = 0u;
    var high = strip.count;
    while high - low > 1u {
        let middle = (low + high) / 2u;
        if starts[middle] <= pair {
            low = middle;
        } else {
            high = middle;
        }
    }
    let splat = order[strip.first + low];
    let area = touched(splat);
    let inside = pair - starts[low];
    let width = max(area.z - area.x, 1u);
    let row = area.y + inside / width - strip.top;
    tiles[place.x] = row * strip.columns + area.x + inside % width;
    splats[place.x] = splat;
}

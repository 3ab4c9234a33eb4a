// Blends the splats of each tile front to back, one pixel per invocation, and writes the finished
// pixels; what a pixel has gathered is kept where more splats are to come. Operations and their order
// are those of `cpu/canvas.rs`. `arithmetic.wgsl` comes first.

struct Canvas {
    // RGB, each from 0 to 1, and 0.
    background: vec4<f32>,
    width: u32,
    // Pixel rows of the strip.
    height: u32,
    // Tiles per row.
    columns: u32,
    // First pair of the window, and how many fit.
    window: u32,
    capacity: u32,
    // 1 where earlier splats left a state; 1 where more splats follow those of all windows.
    resumes: u32,
    continues: u32,
    // First pixel row of the strip.
    top: u32,
}

const SIDE: u32 = 16u;
const BATCH: u32 = 256u;
// No splat covers more than this.
const ALPHA_MAX: f32 = 0.999;
// What covers less is skipped.
const ALPHA_MIN: f32 = 1.0 / 255.0;
// A little less than log2(ALPHA_MIN), for rounding.
const FAINTEST: f32 = -7.9945;
// A pixel that would let through this much or less is finished, without the splat that made it so.
const TRANSMITTANCE_MIN: f32 = 1e-4;
// How far, in log2, rounding may put a weight above the opacity before the exponent counts as negative,
// which gsplat skips.
const EXPONENT_SLACK: f32 = 4e-6;
// Means are counted from the corner of a square of so many pixels, as on the CPU, whose tiles these
// are: a smaller number has more bits behind the point.
const CPU_SIDE: u32 = 32u;

@group(0) @binding(0) var<uniform> canvas: Canvas;
// Number of splats; of pairs in this window; of pairs in all windows; of pixels not yet finished.
@group(0) @binding(1) var<storage, read_write> sizes: array<atomic<u32>>;
@group(0) @binding(2) var<storage, read> tiles: array<u32>;
@group(0) @binding(3) var<storage, read> splats: array<u32>;
@group(0) @binding(4) var<storage, read> ellipses: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> boxes: array<vec4<u32>>;
@group(0) @binding(6) var<storage, read> paints: array<vec4<f32>>;
// Colour gathered so far and transmittance, negative once the pixel is finished.
@group(0) @binding(7) var<storage, read_write> states: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read_write> pixels: array<u32>;

var<workgroup> range: array<u32, 2>;
var<workgroup> shared_ellipses: array<vec4<f32>, BATCH>;
var<workgroup> shared_paints: array<vec4<f32>, BATCH>;
var<workgroup> shared_ends: array<f32, BATCH>;
var<workgroup> open: atomic<u32>;
var<workgroup> any_open: u32;

fn nought() -> f32 {
    return canvas.background.w;
}

// The first pair of `tile` or a later one.
fn first_pair(tile: u32) -> u32 {
    var low = 0u;
    var high = atomicLoad(&sizes[1]);
    while low < high {
        let middle = (low + high) / 2u;
        if tiles[middle] < tile {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    return low;
}

// Clipped, then truncated. What is no number becomes 0.
fn byte(value: f32) -> u32 {
    if !(value > 0.0) {
        return 0u;
    }
    return u32(min(value, 1.0) * 255.0);
}

@compute @workgroup_size(SIDE, SIDE)
fn blend(
    @builtin(local_invocation_index) thread: u32,
    @builtin(local_invocation_id) inside: vec3<u32>,
    @builtin(workgroup_id) tile: vec3<u32>,
    @builtin(global_invocation_id) pixel: vec3<u32>,
) {
    let number = tile.y * canvas.columns + tile.x;
    if thread < 2u {
        range[thread] = first_pair(number + thread);
    }
    if thread == 0u {
        atomicStore(&open, 0u);
    }
    let on_image = pixel.x < canvas.width && pixel.y < canvas.height;
    let place = pixel.y * canvas.width + pixel.x;
    var gathered = vec3<f32>(0.0);
    var through = 1.0;
    var finished = !on_image;
    if on_image && canvas.resumes != 0u {
        let state = states[place];
        gathered = state.xyz;
        through = abs(state.w);
        finished = state.w < 0.0;
    }
    let on_view = vec2<u32>(pixel.x, pixel.y + canvas.top);
    let from_corner = vec2<f32>(on_view % CPU_SIDE);
    let corner = vec2<f32>(on_view - on_view % CPU_SIDE) + 0.5;
    workgroupBarrier();
    if !finished {
        atomicAdd(&open, 1u);
    }
    let end = workgroupUniformLoad(&range)[1];
    for (var first = workgroupUniformLoad(&range)[0]; first < end; first += BATCH) {
        if thread == 0u {
            any_open = atomicLoad(&open);
        }
        if workgroupUniformLoad(&any_open) == 0u {
            break;
        }
        let mine = first + thread;
        if mine < end {
            let splat = splats[mine];
            let ellipse = ellipses[splat];
            shared_ellipses[thread] = vec4<f32>(ellipse.xy - corner, ellipse.zw);
            shared_paints[thread] = paints[splat];
            shared_ends[thread] = bitcast<f32>(boxes[splat].x);
        }
        workgroupBarrier();
        if !finished {
            let count = min(end - first, BATCH);
            for (var step = 0u; step < count; step++) {
                let ellipse = shared_ellipses[step];
                let paint = shared_paints[step];
                let across = from_corner.x - ellipse.x;
                let down = from_corner.y - ellipse.y;
                let slope = fma(ellipse.z, across, product(ellipse.w, down));
                let along = fma(product(shared_ends[step], down), down, paint.w);
                let exponent = fma(slope, across, along);
                // Most pixels of a tile lie outside of most splats. Says no to what is no number, too,
                // which a conic that overflowed makes.
                if !(exponent >= FAINTEST && exponent <= paint.w + EXPONENT_SLACK) {
                    continue;
                }
                let alpha = min(power_of_two(exponent), ALPHA_MAX);
                if alpha < ALPHA_MIN {
                    continue;
                }
                let weight = product(alpha, through);
                let next = through - weight;
                if next <= TRANSMITTANCE_MIN {
                    finished = true;
                    break;
                }
                gathered = fma(vec3<f32>(weight), paint.xyz, gathered);
                through = next;
            }
            if finished {
                atomicSub(&open, 1u);
            }
        }
        workgroupBarrier();
    }
    workgroupBarrier();
    if thread == 0u {
        atomicAdd(&sizes[3], atomicLoad(&open));
    }
    if !on_image {
        return;
    }
    let left = atomicLoad(&sizes[2]) - canvas.window;
    if canvas.continues != 0u || left > canvas.capacity {
        states[place] = vec4<f32>(gathered, select(through, -through, finished));
    }
    let colour = gathered + products(vec3<f32>(through), canvas.background.xyz);
    pixels[place] = byte(colour.x) | (byte(colour.y) << 8u) | (byte(colour.z) << 16u);
}

// From world splats to footprints on the image: gsplat 1.5.3's classic projection (`packed=False`,
// pinhole, no radius clip), one splat per invocation. Operations and their order are those of
// `cpu/projector.rs`: a needle's determinant is the little that two large products leave, and a mean's
// last bit moves the whole splat. `arithmetic.wgsl` comes first.

struct Camera {
    // World to camera, by rows; the translation is in w.
    rows: array<vec4<f32>, 3>,
    // Focal lengths x, y and principal point x, y, in pixels.
    lens: vec4<f32>,
    // Bounds on x/z and y/z within which the Jacobian is taken: low x, low y, high x, high y.
    tangents: vec4<f32>,
    // Width and height in pixels.
    size: vec2<f32>,
    splats: u32,
    // 0.
    nought: f32,
}

// Splats nearer or farther than this are not seen; the ends are.
const DEPTH_MIN: f32 = 0.01;
const DEPTH_MAX: f32 = 100.0;
// Added to both diagonal entries of the projected covariance, in square pixels.
const BLUR: f32 = 0.3;
// log2(255): alpha 1/255 is the least that counts.
const FAINTEST: f32 = 7.994353436858858;
// gsplat's cap on the footprint in standard deviations; the exact cover stays under it.
const EXTENT_MAX: f32 = 3.33;
const LN_2: f32 = 0.6931471805599453;
const LOG2_E: f32 = 1.4426950408889634;
// Bits of DEPTH_MIN: taken off, what is left of a depth fits 27 bits.
const FIRST_KEY: u32 = 0x3c23d70au;
// Sorts behind every depth, in 28 bits.
const UNSEEN: u32 = 0x0fffffffu;
// Tiles are 2^4 pixels wide and high.
const TILE_BITS: u32 = 4u;

@group(0) @binding(0) var<uniform> camera: Camera;
// Columns x, y, z one after the other.
@group(0) @binding(1) var<storage, read> positions: array<f32>;
// Columns xx, xy, xz, then yy, yz, zz.
@group(0) @binding(2) var<storage, read> covariances_x: array<f32>;
@group(0) @binding(3) var<storage, read> covariances_yz: array<f32>;
// Red, green, blue, log2 of the opacity.
@group(0) @binding(4) var<storage, read> paints: array<vec4<f32>>;
// Centre x, y; what the logarithm of the weight loses per dx^2 and per dx * dy.
@group(0) @binding(5) var<storage, read_write> ellipses: array<vec4<f32>>;
// The same per dy^2, as bits; the tiles touched as low x | low y << 16 and high x | high y << 16, exclusive.
@group(0) @binding(6) var<storage, read_write> boxes: array<vec4<u32>>;
@group(0) @binding(7) var<storage, read_write> keys: array<u32>;
@group(0) @binding(8) var<storage, read_write> order: array<u32>;

// By its bits: a compiler may take it for granted that no float is infinite.
fn is_finite(value: f32) -> bool {
    return (bitcast<u32>(value) & 0x7f800000u) != 0x7f800000u;
}

fn nought() -> f32 {
    return camera.nought;
}

// How an image coordinate changes along its own axis, and along the depth. Only here is the centre
// clamped to gsplat's widened view.
fn jacobian(axis: u32, centre: vec3<f32>, inverse_depth: f32) -> vec2<f32> {
    let focal = camera.lens[axis];
    let tangent = min(product(centre[axis], inverse_depth), camera.tangents[axis + 2u]);
    let clamped = product(centre.z, max(tangent, camera.tangents[axis]));
    let into = product(product(-focal, clamped), inverse_depth);
    return vec2<f32>(product(focal, inverse_depth), product(into, inverse_depth));
}

// A row of the Jacobian, which has two entries, times a column.
fn weigh(along: vec2<f32>, near: f32, far: f32) -> f32 {
    return product(along.x, near) + product(along.y, far);
}

// A row vector times a matrix.
fn by_columns(row: vec3<f32>, x: vec3<f32>, y: vec3<f32>, z: vec3<f32>) -> vec3<f32> {
    return vec3<f32>(sum_of_products(row, x), sum_of_products(row, y), sum_of_products(row, z));
}

// Covariance on the image before the blur: xx, xy, yy in square pixels.
fn image_covariance(index: u32, centre: vec3<f32>, inverse_depth: f32) -> vec3<f32> {
    let n = camera.splats;
    let xx = covariances_x[index];
    let xy = covariances_x[n + index];
    let xz = covariances_x[2u * n + index];
    let yy = covariances_yz[index];
    let yz = covariances_yz[n + index];
    let zz = covariances_yz[2u * n + index];
    let right = camera.rows[0].xyz;
    let down = camera.rows[1].xyz;
    let ahead = camera.rows[2].xyz;
    // Symmetric: its rows are its columns.
    let x = vec3<f32>(xx, xy, xz);
    let y = vec3<f32>(xy, yy, yz);
    let z = vec3<f32>(xz, yz, zz);
    let half_right = by_columns(right, x, y, z);
    let half_down = by_columns(down, x, y, z);
    let half_ahead = by_columns(ahead, x, y, z);
    let along_x = jacobian(0u, centre, inverse_depth);
    let along_y = jacobian(1u, centre, inverse_depth);
    // The view's covariance; row and column order matter to the last bit.
    let view_xx = sum_of_products(half_right, right);
    let view_xy = sum_of_products(half_right, down);
    let view_xz = sum_of_products(half_right, ahead);
    let view_yy = sum_of_products(half_down, down);
    let view_yz = sum_of_products(half_down, ahead);
    let view_zx = sum_of_products(half_ahead, right);
    let view_zy = sum_of_products(half_ahead, down);
    let view_zz = sum_of_products(half_ahead, ahead);
    // Rows of J * covariance, where J has zeros at (x, y) and (y, x).
    let row_xx = weigh(along_x, view_xx, view_zx);
    let row_xy = weigh(along_x, view_xy, view_zy);
    let row_xz = weigh(along_x, view_xz, view_zz);
    let row_yy = weigh(along_y, view_yy, view_zy);
    let row_yz = weigh(along_y, view_yz, view_zz);
    return vec3<f32>(
        weigh(along_x, row_xx, row_xz),
        weigh(along_y, row_xy, row_xz),
        weigh(along_y, row_yy, row_yz),
    );
}

// How far left and right, up and down of the mean the weight is 1/255 or more, in pixels. What reaches
// no further is not seen in the picture: here, and in `touched_tiles`, the driver may round as it likes.
fn cover(log2_opacity: f32, variances: vec2<f32>) -> vec2<f32> {
    let reach = max((log2_opacity + FAINTEST) * LN_2, 0.0);
    return min(sqrt(2.0 * reach), EXTENT_MAX) * sqrt(variances);
}

// The tiles from low (xy) to high (zw, exclusive) that a footprint touches; none when it lies off
// the image.
fn touched_tiles(mean: vec2<f32>, radii: vec2<f32>) -> vec4<u32> {
    let size = camera.size;
    // gsplat's own test, on its rounded radii.
    let whole = ceil(radii);
    if !(all(mean + whole > vec2<f32>(0.0)) && all(mean - whole < size)
        && all(whole > vec2<f32>(0.0))) {
        return vec4<u32>(0u);
    }
    // A little more than the radius, for the rounding of the exponent it stands for.
    let reach = radii * 1.0001 + 1e-3;
    let low = vec2<u32>(clamp(ceil(mean - reach - 0.5), vec2<f32>(0.0), size));
    let high = vec2<u32>(clamp(floor(mean + reach - 0.5) + 1.0, vec2<f32>(0.0), size));
    if any(low >= high) {
        return vec4<u32>(0u);
    }
    let side = (1u << TILE_BITS) - 1u;
    return vec4<u32>(low >> vec2<u32>(TILE_BITS), (high + side) >> vec2<u32>(TILE_BITS));
}

@compute @workgroup_size(256)
fn project(@builtin(global_invocation_id) place: vec3<u32>) {
    let index = place.x;
    let n = camera.splats;
    if index >= n {
        return;
    }
    order[index] = index;
    keys[index] = UNSEEN;
    boxes[index] = vec4<u32>(0u);
    let world = vec3<f32>(positions[index], positions[n + index], positions[2u * n + index]);
    let centre = vec3<f32>(
        sum_of_products(camera.rows[0].xyz, world) + camera.rows[0].w,
        sum_of_products(camera.rows[1].xyz, world) + camera.rows[1].w,
        sum_of_products(camera.rows[2].xyz, world) + camera.rows[2].w,
    );
    if !(centre.z >= DEPTH_MIN && centre.z <= DEPTH_MAX) {
        return;
    }
    let inverse_depth = reciprocal(centre.z);
    let mean = vec2<f32>(
        product(product(camera.lens.x, centre.x), inverse_depth) + camera.lens.z,
        product(product(camera.lens.y, centre.y), inverse_depth) + camera.lens.w,
    );
    let covariance = image_covariance(index, centre, inverse_depth);
    let xx = covariance.x + BLUR;
    let xy = covariance.y;
    let yy = covariance.z + BLUR;
    let determinant = product(xx, yy) - product(xy, xy);
    if !(determinant > 0.0 && is_finite(determinant) && is_finite(mean.x) && is_finite(mean.y)) {
        return;
    }
    let tiles = touched_tiles(mean, cover(paints[index].w, vec2<f32>(xx, yy)));
    if tiles.z == 0u {
        return;
    }
    let inverse = reciprocal(determinant);
    let half_fade = product(inverse, -0.5 * LOG2_E);
    keys[index] = bitcast<u32>(centre.z) - FIRST_KEY;
    ellipses[index] = vec4<f32>(mean, product(yy, half_fade), product(xy, product(inverse, LOG2_E)));
    boxes[index] = vec4<u32>(
        bitcast<u32>(product(xx, half_fade)),
        tiles.x | (tiles.y << 16u),
        tiles.z | (tiles.w << 16u),
        0u,
    );
}

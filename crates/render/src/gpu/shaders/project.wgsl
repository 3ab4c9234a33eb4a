// From world splats to footprints on the image: gsplat 1.5.3's classic projection (`packed=False`,
// pinhole, no radius clip), one splat per invocation.

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
    padding: u32,
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
// Centre x, y; conic a, b.
@group(0) @binding(5) var<storage, read_write> ellipses: array<vec4<f32>>;
// Conic c as bits; the tiles touched as low x | low y << 16 and high x | high y << 16, exclusive.
@group(0) @binding(6) var<storage, read_write> boxes: array<vec4<u32>>;
@group(0) @binding(7) var<storage, read_write> keys: array<u32>;
@group(0) @binding(8) var<storage, read_write> order: array<u32>;

// By its bits: a compiler may take it for granted that no float is infinite.
fn is_finite(value: f32) -> bool {
    return (bitcast<u32>(value) & 0x7f800000u) != 0x7f800000u;
}

// Covariance on the image before the blur: xx, xy, yy in square pixels.
fn image_covariance(index: u32, centre: vec3<f32>) -> vec3<f32> {
    let n = camera.splats;
    let xx = covariances_x[index];
    let xy = covariances_x[n + index];
    let xz = covariances_x[2u * n + index];
    let yy = covariances_yz[index];
    let yz = covariances_yz[n + index];
    let zz = covariances_yz[2u * n + index];
    let world = array<vec3<f32>, 3>(
        vec3<f32>(xx, xy, xz),
        vec3<f32>(xy, yy, yz),
        vec3<f32>(xz, yz, zz),
    );
    let right = camera.rows[0].xyz;
    let down = camera.rows[1].xyz;
    let ahead = camera.rows[2].xyz;
    let half_right = right.x * world[0] + right.y * world[1] + right.z * world[2];
    let half_down = down.x * world[0] + down.y * world[1] + down.z * world[2];
    let half_ahead = ahead.x * world[0] + ahead.y * world[1] + ahead.z * world[2];
    // Upper triangle of the covariance seen by the camera.
    let view_xx = dot(half_right, right);
    let view_xy = dot(half_right, down);
    let view_xz = dot(half_right, ahead);
    let view_yy = dot(half_down, down);
    let view_yz = dot(half_down, ahead);
    let view_zz = dot(half_ahead, ahead);
    let inverse_z = 1.0 / centre.z;
    // Only the Jacobian is clamped, the centre is not.
    let clamped = centre.z
        * clamp(centre.xy * inverse_z, camera.tangents.xy, camera.tangents.zw);
    let near = camera.lens.xy * inverse_z;
    let far = -camera.lens.xy * clamped * inverse_z * inverse_z;
    let row_xx = near.x * view_xx + far.x * view_xz;
    let row_xy = near.x * view_xy + far.x * view_yz;
    let row_xz = near.x * view_xz + far.x * view_zz;
    let row_yy = near.y * view_yy + far.y * view_yz;
    let row_yz = near.y * view_yz + far.y * view_zz;
    return vec3<f32>(
        row_xx * near.x + row_xz * far.x,
        row_xy * near.y + row_xz * far.y,
        row_yy * near.y + row_yz * far.y,
    );
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
        dot(camera.rows[0].xyz, world) + camera.rows[0].w,
        dot(camera.rows[1].xyz, world) + camera.rows[1].w,
        dot(camera.rows[2].xyz, world) + camera.rows[2].w,
    );
    if !(centre.z >= DEPTH_MIN && centre.z <= DEPTH_MAX) {
        return;
    }
    let inverse_z = 1.0 / centre.z;
    let mean = camera.lens.xy * centre.xy * inverse_z + camera.lens.zw;
    let covariance = image_covariance(index, centre);
    let xx = covariance.x + BLUR;
    let xy = covariance.y;
    let yy = covariance.z + BLUR;
    let determinant = xx * yy - xy * xy;
    if !(determinant > 0.0 && is_finite(determinant) && is_finite(mean.x) && is_finite(mean.y)) {
        return;
    }
    let reach = max((paints[index].w + FAINTEST) * LN_2, 0.0);
    let deviations = min(sqrt(2.0 * reach), EXTENT_MAX);
    let tiles = touched_tiles(mean, deviations * sqrt(vec2<f32>(xx, yy)));
    if tiles.z == 0u {
        return;
    }
    let inverse = 1.0 / determinant;
    keys[index] = bitcast<u32>(centre.z) - FIRST_KEY;
    ellipses[index] = vec4<f32>(mean, yy * inverse, -xy * inverse);
    boxes[index] = vec4<u32>(
        bitcast<u32>(xx * inverse),
        tiles.x | (tiles.y << 16u),
        tiles.z | (tiles.w << 16u),
        0u,
    );
}

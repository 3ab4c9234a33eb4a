// What candle does in several passes over memory, in one: for half and single precision, with sums and
// everything between reading and writing in single precision.
//
// Each kernel comes as NAME_f32, NAME_f16 and NAME_bf16. A pointer that may be null stands for something
// that is left out. Sizes are those of the Rust side (ops/kernels.rs), which checks them.

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <stdint.h>

__device__ inline float widen(float x) { return x; }
__device__ inline float widen(__half x) { return __half2float(x); }
__device__ inline float widen(__nv_bfloat16 x) { return __bfloat162float(x); }

template <typename T> __device__ inline T narrow(float x);
template <> __device__ inline float narrow(float x) { return x; }
template <> __device__ inline __half narrow(float x) { return __float2half_rn(x); }
template <> __device__ inline __nv_bfloat16 narrow(float x) { return __float2bfloat16_rn(x); }

// Sixteen bytes that are read and written at once.
template <typename T> struct alignas(16) Pack {
  static constexpr uint32_t COUNT = 16 / sizeof(T);
  T values[COUNT];
};

__device__ inline float activated(float x, uint32_t activation) {
  switch (activation) {
  case 1: // GELU
    return 0.5f * x * (1.0f + erff(x * 0.70710678f));
  case 2: { // GELU by tanh
    float inner = 0.79788456f * x * (1.0f + 0.044715f * x * x);
    return 0.5f * x * (1.0f + tanhf(inner));
  }
  case 3: // quick GELU
    return x / (1.0f + expf(-1.702f * x));
  case 4: // SiLU
    return x / (1.0f + expf(-x));
  default:
    return x;
  }
}

// y = residual + scale * activation(y + bias), for `packs` packs of rows of `width` packs.
template <typename T>
__device__ void finish(T *y, const T *bias, const T *scale, const T *residual, uint32_t width,
                       uint32_t packs, uint32_t activation) {
  uint32_t index = blockIdx.x * blockDim.x + threadIdx.x;
  if (index >= packs) {
    return;
  }
  uint32_t column = index % width;
  Pack<T> pack = reinterpret_cast<Pack<T> *>(y)[index];
  Pack<T> added, factors, before;
  if (bias) {
    added = reinterpret_cast<const Pack<T> *>(bias)[column];
  }
  if (scale) {
    factors = reinterpret_cast<const Pack<T> *>(scale)[column];
  }
  if (residual) {
    before = reinterpret_cast<const Pack<T> *>(residual)[index];
  }
#pragma unroll
  for (uint32_t at = 0; at < Pack<T>::COUNT; at++) {
    float value = widen(pack.values[at]);
    if (bias) {
      value += widen(added.values[at]);
    }
    value = activated(value, activation);
    if (scale) {
      value *= widen(factors.values[at]);
    }
    if (residual) {
      value += widen(before.values[at]);
    }
    pack.values[at] = narrow<T>(value);
  }
  reinterpret_cast<Pack<T> *>(y)[index] = pack;
}

__device__ inline float sum_of_warp(float x) {
#pragma unroll
  for (uint32_t mask = 16; mask > 0; mask >>= 1) {
    x += __shfl_xor_sync(0xffffffff, x, mask, 32);
  }
  return x;
}

// The sum over a block of whole warps, known to all its threads. `shared` has room for 32 values.
__device__ inline float sum_of_block(float x, float *shared) {
  uint32_t lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  x = sum_of_warp(x);
  __syncthreads();
  if (lane == 0) {
    shared[warp] = x;
  }
  __syncthreads();
  return sum_of_warp(lane < blockDim.x / 32 ? shared[lane] : 0.0f);
}

// One row of `width` values to a block: (x - mean) / sqrt(variance + eps) * weight + bias. Weights are of
// the type of x or, with `wide`, in single precision.
template <typename T>
__device__ void layer_norm(const T *x, T *y, const void *weight, const void *bias, uint32_t wide,
                           uint32_t width, float eps) {
  __shared__ float shared[32];
  x += (size_t)blockIdx.x * width;
  y += (size_t)blockIdx.x * width;
  float sum = 0.0f;
  for (uint32_t at = threadIdx.x; at < width; at += blockDim.x) {
    sum += widen(x[at]);
  }
  float mean = sum_of_block(sum, shared) / width;
  // In a pass of its own: a difference of squares would lose what large means leave.
  float squares = 0.0f;
  for (uint32_t at = threadIdx.x; at < width; at += blockDim.x) {
    float apart = widen(x[at]) - mean;
    squares += apart * apart;
  }
  float factor = rsqrtf(sum_of_block(squares, shared) / width + eps);
  for (uint32_t at = threadIdx.x; at < width; at += blockDim.x) {
    float value = (widen(x[at]) - mean) * factor;
    if (weight) {
      value *= wide ? ((const float *)weight)[at] : widen(((const T *)weight)[at]);
    }
    if (bias) {
      value += wide ? ((const float *)bias)[at] : widen(((const T *)bias)[at]);
    }
    y[at] = narrow<T>(value);
  }
}

// One token of one head to a warp: x / sqrt(mean of squares + eps) * gamma, then, with `cosines`, each
// pair of neighbours turned by its angle. x lies at strides of items, heads and tokens, with the values of a
// token side by side; y is packed, (batch, tokens, heads, width). gamma has `width` values for each head, or,
// with `shared_gamma`, for all of them; cosines and sines have width / 2 for each token.
template <typename T>
__device__ void head_norm(const T *x, T *y, const float *gamma, uint32_t shared_gamma,
                          const float *cosines, const float *sines, uint64_t item_stride,
                          uint64_t head_stride, uint64_t token_stride, uint32_t heads, uint32_t tokens,
                          uint32_t width, uint32_t rows, float eps) {
  uint32_t row = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32, lane = threadIdx.x % 32;
  if (row >= rows) {
    return;
  }
  uint32_t head = row % heads, token = row / heads % tokens, item = row / heads / tokens;
  x += item * item_stride + head * head_stride + token * token_stride;
  y += (size_t)row * width;
  gamma += shared_gamma ? 0 : head * width;
  float squares = 0.0f;
  for (uint32_t at = lane; at < width; at += 32) {
    float value = widen(x[at]);
    squares += value * value;
  }
  float factor = rsqrtf(sum_of_warp(squares) / width + eps);
  for (uint32_t pair = lane; pair < width / 2; pair += 32) {
    float first = widen(x[2 * pair]) * factor * gamma[2 * pair];
    float second = widen(x[2 * pair + 1]) * factor * gamma[2 * pair + 1];
    if (cosines) {
      float cosine = cosines[token * (width / 2) + pair], sine = sines[token * (width / 2) + pair];
      float turned = first * cosine - second * sine;
      second = first * sine + second * cosine;
      first = turned;
    }
    y[2 * pair] = narrow<T>(first);
    y[2 * pair + 1] = narrow<T>(second);
  }
}

// Convolution of each channel with a square kernel of its own, zeros around the picture. x lies at strides
// of items, channels, rows and columns; weight is (side * side, channels); y is packed, (batch, out_height,
// out_width, channels). One thread to a value of y, of which there are `count`.
template <typename T>
__device__ void depthwise(const T *x, T *y, const T *weight, const T *bias, uint64_t item_stride,
                          uint64_t channel_stride, uint64_t row_stride, uint64_t column_stride,
                          uint32_t channels, uint32_t height, uint32_t width, uint32_t out_height,
                          uint32_t out_width, uint32_t side, uint32_t padding, uint32_t count) {
  uint32_t index = blockIdx.x * blockDim.x + threadIdx.x;
  if (index >= count) {
    return;
  }
  uint32_t channel = index % channels, pixel = index / channels;
  uint32_t column = pixel % out_width, row = pixel / out_width % out_height;
  x += pixel / out_width / out_height * item_stride + channel * channel_stride;
  float sum = bias ? widen(bias[channel]) : 0.0f;
  for (uint32_t down = 0; down < side; down++) {
    // Above the picture this wraps around, and is beyond it too.
    uint32_t from_row = row + down - padding;
    if (from_row >= height) {
      continue;
    }
    for (uint32_t right = 0; right < side; right++) {
      uint32_t from_column = column + right - padding;
      if (from_column < width) {
        sum += widen(x[from_row * row_stride + from_column * column_stride]) *
               widen(weight[(down * side + right) * channels + channel]);
      }
    }
  }
  y[index] = narrow<T>(sum);
}

// The rows of x at `places`, and zeros for a place that is none of its `rows`. x lies at strides of items and
// rows, in packs, with the values of a row side by side; y is packed, (batch, count, width), `width` in packs.
// One thread to a pack of y, of which there are `packs`.
template <typename T>
__device__ void rows(const T *x, T *y, const uint32_t *places, uint64_t item_stride, uint64_t row_stride,
                     uint32_t rows, uint32_t count, uint32_t width, uint32_t packs) {
  uint32_t index = blockIdx.x * blockDim.x + threadIdx.x;
  if (index >= packs) {
    return;
  }
  uint32_t column = index % width, rest = index / width;
  uint32_t place = places[rest % count], item = rest / count;
  uint4 pack = make_uint4(0, 0, 0, 0);
  if (place < rows) {
    pack = reinterpret_cast<const uint4 *>(x)[item * item_stride + place * row_stride + column];
  }
  reinterpret_cast<uint4 *>(y)[index] = pack;
}

// What the cells of a grid see through a kernel of `sides`: for the cells of `count` planes from `first` on, x
// at each place of the kernel around the cell, with zeros beyond the grid. x is packed, (batch, planes, rows,
// columns, channels); y is (batch, count, rows, columns, places, channels). One thread to a pack of y, of which
// there are `packs`; `width` is the number of channels in packs.
template <typename T>
__device__ void patches(const T *x, T *y, uint32_t planes, uint32_t rows, uint32_t columns, uint32_t width,
                        uint32_t depth_side, uint32_t row_side, uint32_t column_side, uint32_t first,
                        uint32_t count, uint32_t packs) {
  uint32_t index = blockIdx.x * blockDim.x + threadIdx.x;
  if (index >= packs) {
    return;
  }
  uint32_t rest = index, channel = rest % width;
  rest /= width;
  uint32_t across = rest % column_side;
  rest /= column_side;
  uint32_t down = rest % row_side;
  rest /= row_side;
  uint32_t deep = rest % depth_side;
  rest /= depth_side;
  uint32_t column = rest % columns;
  rest /= columns;
  uint32_t row = rest % rows;
  rest /= rows;
  uint32_t plane = rest % count, item = rest / count;
  // Before the grid these wrap around, and are beyond it too.
  plane += first + deep - depth_side / 2;
  row += down - row_side / 2;
  column += across - column_side / 2;
  uint4 pack = make_uint4(0, 0, 0, 0);
  if (plane < planes && row < rows && column < columns) {
    size_t from = (((size_t)item * planes + plane) * rows + row) * columns + column;
    pack = reinterpret_cast<const uint4 *>(x)[from * width + channel];
  }
  reinterpret_cast<uint4 *>(y)[index] = pack;
}

// The same for pictures and a square kernel each of whose places is moved by an offset, down and across in
// pixels, and counts by its share; between pixels in proportion. offsets is (batch, rows, columns, places, 2),
// shares (batch, rows, columns, places).
template <typename T>
__device__ void moved_patches(const T *x, T *y, const T *offsets, const T *shares, uint32_t rows,
                              uint32_t columns, uint32_t width, uint32_t side, uint32_t first, uint32_t count,
                              uint32_t packs) {
  uint32_t index = blockIdx.x * blockDim.x + threadIdx.x;
  if (index >= packs) {
    return;
  }
  uint32_t places = side * side;
  uint32_t rest = index, channel = rest % width;
  rest /= width;
  uint32_t place = rest % places;
  rest /= places;
  uint32_t column = rest % columns;
  rest /= columns;
  uint32_t row = rest % count + first, item = rest / count;
  size_t at = (((size_t)item * rows + row) * columns + column) * places + place;
  float reach = side / 2;
  float down = widen(offsets[2 * at]) + row + (place / side) - reach;
  float across = widen(offsets[2 * at + 1]) + column + (place % side) - reach;
  float share = widen(shares[at]);
  float top = floorf(down), left = floorf(across);
  float sums[Pack<T>::COUNT] = {};
#pragma unroll
  for (uint32_t corner = 0; corner < 4; corner++) {
    float corner_row = top + corner / 2, corner_column = left + corner % 2;
    // Nothing that is no number passes these.
    bool inside = corner_row >= 0 && corner_row < rows && corner_column >= 0 && corner_column < columns;
    if (!inside) {
      continue;
    }
    float part = share * (1.0f - fabsf(down - corner_row)) * (1.0f - fabsf(across - corner_column));
    size_t from = ((size_t)item * rows + (uint32_t)corner_row) * columns + (uint32_t)corner_column;
    Pack<T> pack = reinterpret_cast<const Pack<T> *>(x)[from * width + channel];
#pragma unroll
    for (uint32_t value = 0; value < Pack<T>::COUNT; value++) {
      sums[value] += part * widen(pack.values[value]);
    }
  }
  Pack<T> sum;
#pragma unroll
  for (uint32_t value = 0; value < Pack<T>::COUNT; value++) {
    sum.values[value] = narrow<T>(sums[value]);
  }
  reinterpret_cast<Pack<T> *>(y)[index] = sum;
}

#define KERNELS(T, NAME)                                                                             \
  extern "C" __global__ void finish_##NAME(T *y, const T *bias, const T *scale, const T *residual,   \
                                           uint32_t width, uint32_t packs, uint32_t activation) {    \
    finish<T>(y, bias, scale, residual, width, packs, activation);                                   \
  }                                                                                                  \
  extern "C" __global__ void layer_norm_##NAME(const T *x, T *y, const void *weight,                 \
                                               const void *bias, uint32_t wide, uint32_t width,      \
                                               float eps) {                                          \
    layer_norm<T>(x, y, weight, bias, wide, width, eps);                                             \
  }                                                                                                  \
  extern "C" __global__ void head_norm_##NAME(                                                       \
      const T *x, T *y, const float *gamma, uint32_t shared_gamma, const float *cosines,             \
      const float *sines, uint64_t item_stride, uint64_t head_stride, uint64_t token_stride,         \
      uint32_t heads, uint32_t tokens, uint32_t width, uint32_t rows, float eps) {                   \
    head_norm<T>(x, y, gamma, shared_gamma, cosines, sines, item_stride, head_stride, token_stride,  \
                 heads, tokens, width, rows, eps);                                                   \
  }                                                                                                  \
  extern "C" __global__ void depthwise_##NAME(                                                       \
      const T *x, T *y, const T *weight, const T *bias, uint64_t item_stride,                        \
      uint64_t channel_stride, uint64_t row_stride, uint64_t column_stride, uint32_t channels,       \
      uint32_t height, uint32_t width, uint32_t out_height, uint32_t out_width, uint32_t side,       \
      uint32_t padding, uint32_t count) {                                                            \
    depthwise<T>(x, y, weight, bias, item_stride, channel_stride, row_stride, column_stride,         \
                 channels, height, width, out_height, out_width, side, padding, count);              \
  }                                                                                                  \
  extern "C" __global__ void patches_##NAME(                                                         \
      const T *x, T *y, uint32_t planes, uint32_t rows, uint32_t columns, uint32_t width,            \
      uint32_t depth_side, uint32_t row_side, uint32_t column_side, uint32_t first, uint32_t count,  \
      uint32_t packs) {                                                                              \
    patches<T>(x, y, planes, rows, columns, width, depth_side, row_side, column_side, first, count,  \
               packs);                                                                               \
  }                                                                                                  \
  extern "C" __global__ void moved_patches_##NAME(                                                   \
      const T *x, T *y, const T *offsets, const T *shares, uint32_t rows, uint32_t columns,          \
      uint32_t width, uint32_t side, uint32_t first, uint32_t count, uint32_t packs) {               \
    moved_patches<T>(x, y, offsets, shares, rows, columns, width, side, first, count, packs);        \
  }                                                                                                  \
  extern "C" __global__ void rows_##NAME(const T *x, T *y, const uint32_t *places,                   \
                                         uint64_t item_stride, uint64_t row_stride,                  \
                                         uint32_t row_count, uint32_t count, uint32_t width,         \
                                         uint32_t packs) {                                           \
    rows<T>(x, y, places, item_stride, row_stride, row_count, count, width, packs);                  \
  }

KERNELS(float, f32)
KERNELS(__half, f16)
KERNELS(__nv_bfloat16, bf16)

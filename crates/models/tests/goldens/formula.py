"""Weights and pictures from a formula, so that no golden has to carry them: the twin of
tests/common/formula.rs, equal to it to the last bit."""

import zlib

import numpy as np
import torch

MASK = np.uint64(0xFFFFFFFF)


def noise(name: str, count: int, seed: int) -> np.ndarray:
    """Numbers from −1 to 1, in single precision: a 32-bit hash of place, name and seed."""
    salt = zlib.crc32(f"{seed}/{name}".encode())
    x = (np.arange(count, dtype=np.uint64) * np.uint64(0x9E3779B1) + np.uint64(salt)) & MASK
    for shift, factor in [(16, 0x7FEB352D), (15, 0x846CA68B)]:
        x = ((x ^ (x >> np.uint64(shift))) * np.uint64(factor)) & MASK
    x ^= x >> np.uint64(16)
    return ((x >> np.uint64(8)).astype(np.float64) / 2**23 - 1.0).astype(np.float32)


def weight(name: str, shape: tuple[int, ...], seed: int) -> torch.Tensor:
    """A weight whose outputs are about as large as its inputs; nothing is 0, least of all what a
    fresh network starts at 0."""
    values = noise(name, int(np.prod(shape)), seed)
    if len(shape) > 1 and not name.endswith("gamma"):
        values *= np.float32(np.sqrt(3.0 / np.prod(shape[1:])))
    elif name.endswith("bias"):
        values *= np.float32(0.125)
    else:
        values = values * np.float32(0.25) + np.float32(1.0)
    return torch.from_numpy(values.reshape(shape))


def picture(name: str, shape: tuple[int, ...], seed: int) -> torch.Tensor:
    """Colours from 0 to 1 in steps of 1/255, uneven enough to be told apart."""
    values = np.floor((noise(name, int(np.prod(shape)), seed) + np.float32(1.0)) * np.float32(127.9))
    return torch.from_numpy((values / np.float32(255.0)).astype(np.float32).reshape(shape))


def cut_out(width: int, height: int, size: int, right: int, down: int, seed: int) -> np.ndarray:
    """An ellipse of `size` hundredths of the picture, moved, with a soft edge and loud colours: RGBA."""
    y, x = np.indices((height, width), dtype=np.int64)
    dx, dy = 2 * (x - right) - width + 1, 2 * (y - down) - height + 1
    off = (dx * dx * height * height + dy * dy * width * width) * 10000 // (width * width * height * height)
    alpha = np.clip((size * size - off) // 8 + 128, 0, 250)
    colours = [(x * 5 + y * 3 + seed) & 255, ((x * x + y) >> 3) & 255, ((x ^ y) * 7) & 255]
    return np.stack([*colours, alpha], -1).astype(np.uint8)


def fill(model: torch.nn.Module, seed: int) -> list:
    """Gives every parameter its formula weight; returns their names and shapes, and of those in half
    precision the type too."""
    model.eval()
    named = []
    with torch.no_grad():
        for name, parameter in model.named_parameters(remove_duplicate=False):
            parameter.copy_(weight(name, tuple(parameter.shape), seed))
            half = ["F16"] if parameter.dtype == torch.float16 else []
            named.append([name, list(parameter.shape), *half])
    return named

"""The reference of TRELLIS, github.com/microsoft/TRELLIS, brought to run on a CPU.

What it imports but has no part in splats (meshes, renderers, background removal) is an empty module
here; attention over sequences of several lengths, which it knows from flash-attn alone, is torch's.
Everything else is the checkout's own code, on spconv's CPU kernels.
"""

import os
import sys
import types
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from plyfile import PlyData

# The commit the goldens were made with.
COMMIT = "6b0d647"


def prepare(checkout: Path) -> None:
    """Makes `import trellis.…` work, on the CPU, from a checkout of the repository."""
    if not (checkout / "trellis/models/sparse_structure_flow.py").is_file():
        sys.exit(f"{checkout} is no checkout of github.com/microsoft/TRELLIS (tried with {COMMIT})")
    os.environ.update(ATTN_BACKEND="sdpa", SPARSE_ATTN_BACKEND="flash_attn", SPCONV_ALGO="native")
    # The package's own __init__ imports renderers and meshes: its folders are enough.
    for name, parts in {
        "trellis": {},
        "trellis.utils": {},
        "trellis.representations": {"Strivec": None, "MeshExtractResult": None},
        "trellis.representations.mesh": {"SparseFeatures2Mesh": None},
    }.items():
        folder = checkout / name.replace(".", "/")
        module(name, __path__=[str(folder)], **parts)
    module("flash_attn", flash_attn_qkvpacked_func=packed, flash_attn_varlen_func=varlen,
           flash_attn_varlen_qkvpacked_func=varlen_packed,
           flash_attn_varlen_kvpacked_func=lambda q, kv, *places: varlen(q, *kv.unbind(1), *places))
    module("utils3d", numpy=types.SimpleNamespace(quaternion_to_matrix=quaternion_to_matrix,
                                                  matrix_to_quaternion=matrix_to_quaternion))
    module("rembg")
    module("open3d", geometry=types.SimpleNamespace(TriangleMesh=None))
    # Everything stays where it is.
    torch.Tensor.cuda = torch.nn.Module.cuda = lambda self, *_, **__: self
    from trellis.representations.gaussian.gaussian_model import Gaussian

    sys.modules["trellis.representations"].Gaussian = Gaussian
    Gaussian.__init__.__defaults__ = (*Gaussian.__init__.__defaults__[:-1], "cpu")
    torch.manual_seed(0)


def module(name: str, **parts) -> None:
    made = types.ModuleType(name)
    made.__dict__.update(parts)
    sys.modules[name] = made
    if "." in name:
        above, _, last = name.rpartition(".")
        setattr(sys.modules[above], last, made)


def evaluate(network: torch.nn.Module) -> torch.nn.Module:
    """As `eval()`, but for spconv's layers: on a CPU those refuse the bias they would join."""
    network.eval()
    for part in network.modules():
        if type(part).__name__ == "SubMConv3d":
            part.train()
    return network


def in_single_precision(network: torch.nn.Module) -> torch.nn.Module:
    """The same weights, as rounded as they are, computed with in f32."""
    if hasattr(network, "convert_to_fp32"):
        network.convert_to_fp32()
        network.dtype = torch.float32
    return network.float()


PLY = {"positions": ["x", "y", "z"], "colours": ["f_dc_0", "f_dc_1", "f_dc_2"], "opacities": ["opacity"],
       "scales": ["scale_0", "scale_1", "scale_2"], "rotations": ["rot_0", "rot_1", "rot_2", "rot_3"]}


def written(gaussians, folder: Path) -> dict:
    """The fields of the file that the reference writes."""
    path = folder / "golden.ply"
    gaussians.save_ply(path)
    rows = PlyData.read(path)["vertex"]
    path.unlink()
    return {key: torch.from_numpy(np.stack([rows[name] for name in names], 1)) for key, names in PLY.items()}


def sdpa(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Of (length, heads, width)."""
    return F.scaled_dot_product_attention(*(x.transpose(0, 1)[None] for x in (q, k, v)))[0].transpose(0, 1)


def packed(qkv: torch.Tensor) -> torch.Tensor:
    return torch.stack([sdpa(*row.unbind(1)) for row in qkv])


def varlen(q, k, v, q_places, kv_places, *_) -> torch.Tensor:
    spans = zip(q_places[:-1], q_places[1:], kv_places[:-1], kv_places[1:])
    return torch.cat([sdpa(q[a:b], k[c:d], v[c:d]) for a, b, c, d in spans])


def varlen_packed(qkv, places, *_) -> torch.Tensor:
    return varlen(*qkv.unbind(1), places, places)


def quaternion_to_matrix(q: np.ndarray) -> np.ndarray:
    """Of (w, x, y, z), of any length."""
    w, x, y, z = (q / np.linalg.norm(q, axis=-1, keepdims=True)).T
    rows = [[1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)]]
    return np.stack([np.stack(row, -1) for row in rows], -2)


def matrix_to_quaternion(m: np.ndarray) -> np.ndarray:
    """To (w, x, y, z); of the two that turn alike, the one whose greatest part is positive."""
    d = [m[:, i, i] for i in range(3)]
    squares = np.stack([1 + d[0] + d[1] + d[2], 1 + d[0] - d[1] - d[2], 1 - d[0] + d[1] - d[2], 1 - d[0] - d[1] + d[2]])
    products = np.stack([m[:, 2, 1] - m[:, 1, 2], m[:, 0, 2] - m[:, 2, 0], m[:, 1, 0] - m[:, 0, 1],
                         m[:, 1, 0] + m[:, 0, 1], m[:, 0, 2] + m[:, 2, 0], m[:, 2, 1] + m[:, 1, 2]])
    wx, wy, wz, xy, xz, yz = products
    w2, x2, y2, z2 = squares
    table = np.stack([np.stack(row, -1) for row in [[w2, wx, wy, wz], [wx, x2, xy, xz], [wy, xy, y2, yz], [wz, xz, yz, z2]]], 1)
    q = table[np.arange(len(m)), squares.argmax(0)]
    return q / np.linalg.norm(q, axis=-1, keepdims=True)

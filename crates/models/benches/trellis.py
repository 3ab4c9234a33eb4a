"""The operators of `trellis.rs` as TRELLIS' own code has them, on torch and spconv: a line with a name on
stdin runs it once, and is answered by `WALL CPU` in seconds. The first argument is the number of threads;
`SPLATSMITH_TRELLIS` names the checkout.

    pip install -r ../tests/goldens/trellis-requirements.txt
"""

import contextlib
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "../tests/goldens"))

import torch

import trellis_reference


def shell(side: int) -> torch.Tensor:
    """The cells of a shell in a grid, as `trellis.rs` has them: (count, 4), the first of them 0."""
    cells = torch.cartesian_prod(*[torch.arange(side)] * 3)
    middle, radius = (side - 1) / 2, 0.375 * side
    off = (cells.double() - middle).square().sum(1).sqrt() - radius
    cells = cells[off.abs() < 1.1]
    return torch.cat([torch.zeros(len(cells), 1), cells], 1).int()


def submanifold(side: int, inputs: int, outputs: int):
    import spconv.pytorch as spconv

    cells = shell(side)
    # Who neighbours whom is found out once, and so it is on the other side.
    layer = spconv.SubMConv3d(inputs, outputs, 3, algo=spconv.ConvAlgo.Native, indice_key="neighbours")
    x = spconv.SparseConvTensor(torch.randn(len(cells), inputs), cells, [side] * 3, 1)
    layer(x)
    return lambda: layer(x)


def windowed():
    from trellis.modules.sparse import SparseTensor, sparse_windowed_scaled_dot_product_self_attention

    cells = shell(64)
    qkv = SparseTensor(torch.randn(len(cells), 3, 12, 64), cells)
    return lambda: sparse_windowed_scaled_dot_product_self_attention(qkv, 8, (4, 4, 4))


def convolution(side: int, inputs: int, outputs: int):
    layer, x = torch.nn.Conv3d(inputs, outputs, 3, padding=1), torch.randn(1, inputs, side, side, side)
    return lambda: layer(x)


def block():
    from trellis.models import SparseStructureFlowModel

    network = SparseStructureFlowModel(16, 8, 1024, 1024, 8, 1, num_heads=16, patch_size=1, qk_rms_norm=True).eval()
    x, cond = torch.randn(1, 8, 16, 16, 16), torch.randn(1, 1374, 1024)
    return lambda: network(x, torch.tensor([500.0]), cond)


CASES = {
    "submanifold_64": lambda: submanifold(64, 128, 128),
    "submanifold_32": lambda: submanifold(32, 2048, 128),
    "windowed": windowed,
    "conv3d_16": lambda: convolution(16, 512, 512),
    "conv3d_64": lambda: convolution(64, 32, 32),
    "block": block,
}


def main() -> None:
    with contextlib.redirect_stdout(sys.stderr):
        trellis_reference.prepare(Path(os.environ.get("SPLATSMITH_TRELLIS", "")))
    torch.set_num_threads(int(sys.argv[1]))
    made: dict = {}
    for name in map(str.strip, sys.stdin):
        with torch.inference_mode(), contextlib.redirect_stdout(sys.stderr):
            if name not in made:
                made = {name: CASES[name]()}
            wall, cpu = time.perf_counter(), time.process_time()
            made[name]()
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(wall, cpu, flush=True)


main()

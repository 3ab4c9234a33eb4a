"""Goldens of BiRefNet from its reference implementation, ZhengPeng7/BiRefNet at the commit REVISION.

    git clone https://github.com/ZhengPeng7/BiRefNet && git -C BiRefNet checkout REVISION
    pip install -r requirements.txt -r birefnet-requirements.txt
    python birefnet.py --birefnet BiRefNet [FOLDER [SEED]]

writes to ../data (or FOLDER) two small networks with formula weights, and the names and shapes of the
published network's tensors. `SPLATSMITH_BIREFNET=BiRefNet` beside `SPLATSMITH_MODELS_PYTHON` makes the
test `birefnet` try other seeds; with `-- --ignored` after it, a network of the published size (`--full`).
`--check` takes a minute on an idle core.
"""

import argparse
import json
import re
import sys
import time
import types
from pathlib import Path

import torch
from einops import rearrange
from safetensors.torch import save_file

from formula import picture, weight

REVISION = "25cb930"
HERE = Path(__file__).parent

arguments = argparse.ArgumentParser()
arguments.add_argument("--birefnet", required=True, help="a checkout of the reference")
arguments.add_argument("--check", action="store_true", help="check that every weight matters")
arguments.add_argument("--full", action="store_true", help="as large as the published network")
arguments.add_argument("folder", nargs="?", default=HERE / "../data", type=Path)
arguments.add_argument("seed", nargs="?", default=404, type=int)
ARGUMENTS = arguments.parse_args()
FOLDER, SEED = ARGUMENTS.folder, ARGUMENTS.seed
sys.path.insert(0, ARGUMENTS.birefnet)

import config  # noqa: E402


class Small(config.Config):
    """The published configuration on a smaller backbone: every part and path is there."""

    swin = {}

    def __init__(self):
        super().__init__()
        if self.swin:
            width = self.swin["embed_dim"]
            self.lateral_channels_in_collection = [2 * width * factor for factor in (8, 4, 2, 1)]
            self.cxt = self.lateral_channels_in_collection[1:][::-1][-self.cxt_num:]


LOUD = re.compile(r"decoder_block[432]\.bn_out\.weight$")
# Swin-L, as `swin_v1_l` has it.
LARGE = dict(embed_dim=192, depths=[2, 2, 18, 2], num_heads=[6, 12, 24, 48], window_size=12)

config.Config = Small
# Class names for training, in a module that wants OpenCV.
sys.modules["dataset"] = types.SimpleNamespace(class_labels_TR_sorted=[])

from models import birefnet  # noqa: E402
from models.backbones import build_backbone, swin_v1  # noqa: E402


def network(swin: dict) -> birefnet.BiRefNet:
    Small.swin = swin
    if swin:
        build_backbone.swin_v1_l = lambda: swin_v1.SwinTransformer(**swin)
    return birefnet.BiRefNet(bb_pretrained=False).eval()


def fill(model: torch.nn.Module) -> tuple[list, dict]:
    """Formula weights for all that the forward pass reads, and for the file what the formula would have
    about 1: running means, which are about 0 and else would silence every ReLU; and the last norms of the
    decoder's deeper blocks, so that these are heard beside what is added to them."""
    named, others = [], {}
    for name, tensor in model.state_dict().items():
        if name.endswith("running_mean"):
            tensor.copy_(centred(name, tuple(tensor.shape)) * 0.1)
            others[f"w.{name}"] = tensor
        elif LOUD.search(name):
            tensor.copy_(weight(name, tuple(tensor.shape), SEED) * 6.0)
            others[f"w.{name}"] = tensor
        elif tensor.is_floating_point():
            tensor.copy_(weight(name, tuple(tensor.shape), SEED))
            named.append([name, list(tensor.shape)])
    return named, others


def centred(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    return picture(name, shape, SEED) * 4.0 - 2.0


def run(model: torch.nn.Module, image: torch.Tensor) -> dict:
    """The features as the decoder gets them, the last one squeezed, and the logits."""
    seen = {}

    def keep(_module, inputs):
        seen.update({f"out.x{scale}": inputs[0][scale] for scale in (1, 2, 3, 4)})

    hook = model.decoder.register_forward_pre_hook(keep)
    logits = model(image)[-1]
    hook.remove()
    return seen | {"out.logits": logits}


def everything_matters(model: torch.nn.Module, image: torch.Tensor, right: dict) -> None:
    """A weight that could be anything would prove nothing: each layer without its weight changes some
    output by far more than the tolerance of the tests."""
    kinds = ("weight", "running_mean", "running_var", "bias_table")
    given = []
    hook = model.decoder.register_forward_pre_hook(lambda _module, inputs: given.extend(inputs[0]))
    model(image)
    hook.remove()
    # The decoder first, and alone: a backbone's weights take a run of the whole network each.
    named = sorted(model.state_dict().items(), key=lambda item: not item[0].startswith("decoder."))
    for name, tensor in named:
        unread = "conv_ms_spvn" in name or "gdt_convs_pred" in name
        if unread or not name.endswith(kinds):
            continue
        kept = tensor.clone()
        tensor.mul_(0.5 if name.endswith("running_var") else 0.0)
        is_decoders = name.startswith("decoder.")
        wrong = {"out.logits": model.decoder(given)[-1]} if is_decoders else run(model, image)
        apart = max((value - right[key]).abs().max() / right[key].square().mean().sqrt()
                    for key, value in wrong.items())
        print(f"{apart:.1e} {name}", flush=True)
        assert apart > 1e-3, f"{name} moves the outputs by {apart} alone"
        tensor.copy_(kept)


def by_columns(image, patch_ref=None, **_):
    """The order of tiles of `get_patches_batch`, which `image2patches` replaced in commit 5198d3f."""
    across = image.shape[-1] // patch_ref.shape[-1]
    return rearrange(image, "b c (hg h) (wg w) -> b (wg hg c) h w", hg=across, wg=across)


def small(name: str, swin: dict, order: str, shape: tuple[int, ...]) -> None:
    model = network(swin)
    weights, others = fill(model)
    image = centred("picture", shape)
    image2patches = birefnet.image2patches
    if order == "columns":
        birefnet.image2patches = by_columns
    begun = time.monotonic()
    outputs = run(model, image)
    seconds = time.monotonic() - begun
    if ARGUMENTS.check:
        everything_matters(model, image, outputs)
    birefnet.image2patches = image2patches
    config = swin | {"tile_order": order, "shape": shape}
    if ARGUMENTS.full:
        config |= {"seconds": seconds}
    metadata = {"config": json.dumps(config),
                "weights": json.dumps(weights), "seed": str(SEED)}
    tensors = {key: value.clone().contiguous() for key, value in (others | outputs).items()}
    save_file(tensors, FOLDER / f"{name}.safetensors", metadata=metadata)


def published() -> None:
    """Names and shapes of all tensors that the published network holds."""
    with torch.device("meta"):
        tensors = network({}).state_dict()
    lines = [f"{name} {'×'.join(map(str, tensor.shape))}" for name, tensor in tensors.items()]
    (FOLDER / "birefnet_keys.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    torch.set_num_threads(2 if ARGUMENTS.full else 1)
    with torch.no_grad():
        if ARGUMENTS.full:
            for side in (256, 1024):
                small(f"birefnet_full_{side}", LARGE, "colours", (1, 3, side, side))
            sys.exit()
        # First, while `swin_v1_l` is still its own.
        published()
        # Windows that leave no scale without padding, and an odd size that PatchMerging pads.
        small("birefnet_padded", dict(embed_dim=8, depths=[2, 1, 3, 2], num_heads=[1, 2, 4, 8],
                                      window_size=5), "colours", (1, 3, 96, 64))
        # Windows that fit, several pictures, and the other order of tiles.
        small("birefnet_columns", dict(embed_dim=8, depths=[2, 2, 2, 2], num_heads=[2, 2, 4, 4],
                                       window_size=4), "columns", (2, 3, 64, 128))

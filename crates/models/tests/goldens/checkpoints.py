"""Checkpoints as PyTorch writes them, and what is in them.

    python checkpoints.py ../data/checkpoints

Made with torch 2.15.0, safetensors 0.8.0, numpy 2.4.6. Nothing in here is random.
"""

import collections
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file


def ramp(*shape, dtype=torch.float32):
    count = 1
    for size in shape:
        count *= size
    return (torch.arange(count, dtype=torch.float32) * 0.25 - 1.0).reshape(shape).to(dtype)


def plain():
    """One state dictionary with every kind of element, layouts, and shared storage."""
    whole = ramp(4, 6)
    tensors = collections.OrderedDict()
    tensors["conv.weight"] = ramp(2, 3, 1, 2)
    tensors["conv.bias"] = ramp(2)
    tensors["half"] = ramp(3, 2, dtype=torch.float16)
    tensors["brain"] = ramp(5, dtype=torch.bfloat16)
    tensors["double"] = ramp(2, 2, dtype=torch.float64)
    tensors["long"] = torch.tensor([-1, 2**40], dtype=torch.int64)
    tensors["int"] = torch.tensor([[7], [-8]], dtype=torch.int32)
    tensors["short"] = torch.tensor([-300], dtype=torch.int16)
    tensors["byte"] = torch.tensor([0, 255], dtype=torch.uint8)
    tensors["bool"] = torch.tensor([True, False])
    tensors["scalar"] = torch.tensor(2.5)
    tensors["empty"] = torch.zeros(0, 3)
    tensors["transposed"] = whole.t()
    tensors["rows"] = whole[1:3]
    tensors["columns"] = whole[:, 1::2]
    tensors["channels_last"] = ramp(1, 2, 3, 4).contiguous(memory_format=torch.channels_last)
    tensors["parameter"] = torch.nn.Parameter(ramp(3))
    return tensors


def nested():
    """A training checkpoint: the weights lie among other things."""
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    with torch.no_grad():
        for value in network.state_dict().values():
            if value.dtype == torch.float32:
                value.copy_(ramp(*value.shape))
    return {
        "epoch": 12,
        "best": 0.75,
        "arch": "tiny",
        "state_dict": network.state_dict(),
        "optimizer": {"state": {}, "param_groups": [{"lr": 0.1, "params": [0, 1]}]},
        "path": Path("somewhere"),
        "seen": {"a", "b"},
    }


def flattened(value, name=""):
    if isinstance(value, torch.Tensor):
        yield name, value.detach()
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from flattened(entry, f"{name}.{key}" if name else str(key))


def described(value):
    return {
        name: {
            "dtype": str(tensor.dtype).removeprefix("torch."),
            "shape": list(tensor.shape),
            "values": tensor.contiguous().to(torch.float64).flatten().tolist(),
        }
        for name, tensor in flattened(value)
    }


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    expected = {}
    for name, value in {"plain": plain(), "nested": nested()}.items():
        expected[name] = described(value)
        torch.save(value, folder / f"{name}.pt")
        torch.save(value, folder / f"{name}.legacy.pt", _use_new_zipfile_serialization=False)
    mixed = {name: tensor.detach().contiguous() for name, tensor in plain().items()}
    mixed = {name: tensor.clone() for name, tensor in mixed.items()}
    save_file(mixed, folder / "plain.safetensors", metadata={"format": "pt"})
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


main(Path(sys.argv[1]))

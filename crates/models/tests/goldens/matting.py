"""Matting networks in ONNX files: small ones for the tests, with what onnxruntime makes of them, and masks of
a real one.

    pip install -r requirements.txt -r matting-requirements.txt
    python matting.py                      writes ../data/matting/
    python matting.py NETWORK OUT PNG…     writes OUT/NAME.f32, the first output for each 1024² picture put
                                           in as (x − 128) / 256
"""

import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from safetensors.torch import save_file

from formula import picture, weight

FOLDER = Path(__file__).parent / "../data/matting"
SEED = 404


def tensor(name: str, *shape: int):
    return numpy_helper.from_array(weight(name, shape, SEED).numpy(), name)


def network(size: list, colours: int = 3, ends: list = (), pictures: int = 1) -> onnx.ModelProto:
    """Half the size and back, beside the picture itself."""
    initial = [tensor("down", 6, colours, 3, 3), tensor("down.bias", 6), tensor("up", 6, 4, 2, 2),
               tensor("out", 1, 4 + colours, 3, 3), tensor("out.bias", 1)]
    # All said as exporters say it: rten takes no defaults here.
    once, twice = dict(strides=[1, 1], dilations=[1, 1], group=1), dict(strides=[2, 2], dilations=[1, 1], group=1)
    nodes = [
        helper.make_node("Conv", ["picture", "down", "down.bias"], ["a"], kernel_shape=[3, 3],
                         pads=[1] * 4, **twice),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("ConvTranspose", ["b", "up"], ["c"], kernel_shape=[2, 2], pads=[0] * 4, **twice),
        helper.make_node("Concat", ["c", "picture"], ["d"], axis=1),
        helper.make_node("Conv", ["d", "out", "out.bias"], ["logits"], kernel_shape=[3, 3],
                         pads=[1] * 4, **once),
        *ends,
    ]
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, colours, *size])
              for name in ["picture", "second"][:pictures]]
    output = nodes[-1].output[0]
    outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)]
    graph = helper.make_graph(nodes, "matting", inputs, outputs, initial)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)


def small() -> None:
    FOLDER.mkdir(exist_ok=True)
    sigmoid = helper.make_node("Sigmoid", ["logits"], ["alpha"])
    pool = helper.make_node("MaxPool", ["logits"], ["small"], kernel_shape=[2, 2], strides=[2, 2], pads=[0] * 4)
    networks = {
        "alpha": network([24, 32], ends=[sigmoid]),
        "logits": network(["height", "width"]),
        "grey": network([24, 32], colours=1),
        "two": network([24, 32], pictures=2),
        "half": network([24, 32], ends=[pool]),
    }
    outputs = {}
    for name, model in networks.items():
        (FOLDER / f"{name}.onnx").write_bytes(model.SerializeToString())
        # In the size the file says, or the settings where it leaves it open.
        height = {"alpha": 24, "logits": 32}.get(name)
        if height:
            session = onnxruntime.InferenceSession(model.SerializeToString())
            seen = (np.floor(picture("picture", (1, height, 32, 3), SEED).numpy() * 255 + 0.5) - 100) / 50
            seen = np.ascontiguousarray(seen.transpose(0, 3, 1, 2))
            outputs[f"out.{name}"] = torch.from_numpy(session.run(None, {"picture": seen})[0])
    save_file(outputs, FOLDER / "expected.safetensors", metadata={"seed": str(SEED)})


def real(network: str, folder: str, pictures: list[str]) -> None:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(network, options)
    for path in pictures:
        colours = np.asarray(Image.open(path).convert("RGB"), np.float32)
        seen = ((colours - 128) / 256).transpose(2, 0, 1)[None]
        alpha = session.run(None, {session.get_inputs()[0].name: np.ascontiguousarray(seen)})[0]
        (Path(folder) / f"{Path(path).stem}.f32").write_bytes(alpha.astype("<f4").tobytes())


if __name__ == "__main__":
    if len(sys.argv) > 1:
        real(sys.argv[1], sys.argv[2], sys.argv[3:])
    else:
        small()

"""What the published TRELLIS checkpoints hold, without the checkpoints: the reference's networks, built
on no device from its own configurations, name every tensor with its shape and type.

    pip install -r trellis-requirements.txt
    python trellis_checkpoints.py --trellis CHECKOUT

writes ../data/trellis/checkpoints.json, where blocks that are alike stand once, as `blocks.0-23.…`.
Where the published file's size is known, the file that such tensors make is as long to the byte.
"""

import argparse
import json
import re
from pathlib import Path

import torch

from trellis_reference import prepare

HERE = Path(__file__).parent

# Checkpoint, its configuration in the checkout (folder, file, part), and its published size in bytes.
CHECKPOINTS = [
    ("ss_flow_img_dit_L_16l8_fp16", "generation/ss_flow_img_dit_L_16l8_fp16", "denoiser", 1_130_770_840),
    ("slat_flow_img_dit_L_64l8p2_fp16", "generation/slat_flow_img_dit_L_64l8p2_fp16", "denoiser", 1_203_755_136),
    ("ss_dec_conv3d_16l8_fp16", "vae/ss_vae_conv3d_16l8_fp16", "decoder", 147_591_972),
    ("slat_dec_gs_swin8_B_64l8gs32_fp16", "vae/slat_vae_enc_dec_gs_swin8_B_64l8_fp16", "decoder", None),
    ("ss_flow_txt_dit_B_16l8_fp16", "generation/ss_flow_txt_dit_B_16l8_fp16", "denoiser", None),
    ("slat_flow_txt_dit_B_64l8p2_fp16", "generation/slat_flow_txt_dit_B_64l8p2_fp16", "denoiser", None),
    ("ss_flow_txt_dit_L_16l8_fp16", "generation/ss_flow_txt_dit_L_16l8_fp16", "denoiser", None),
    ("slat_flow_txt_dit_L_64l8p2_fp16", "generation/slat_flow_txt_dit_L_64l8p2_fp16", "denoiser", None),
    ("ss_flow_txt_dit_XL_16l8_fp16", "generation/ss_flow_txt_dit_XL_16l8_fp16", "denoiser", None),
    ("slat_flow_txt_dit_XL_64l8p2_fp16", "generation/slat_flow_txt_dit_XL_64l8p2_fp16", "denoiser", None),
]
TYPES = {torch.float32: ("F32", 4), torch.float16: ("F16", 2)}


def file_size(tensors: dict) -> int:
    """Bytes of the safetensors file: length, header padded to eight, and the tensors."""
    order = sorted(tensors.items(), key=lambda item: (-item[1].element_size(), item[0]))
    header, place = {}, 0
    for name, tensor in order:
        end = place + tensor.numel() * tensor.element_size()
        header[name] = {"dtype": TYPES[tensor.dtype][0], "shape": list(tensor.shape), "data_offsets": [place, end]}
        place = end
    length = len(json.dumps(header, separators=(",", ":")).encode())
    return 8 + (length + 7) // 8 * 8 + place


def folded(tensors: dict) -> list:
    """Name, type and shape of each; `list.N.rest` that are the same for N from 0 on are one."""
    lists: dict = {}
    for name, tensor in tensors.items():
        match = re.fullmatch(r"(blocks)\.(\d+)\.(.*)", name)
        key = (match[1], match[3]) if match else (name, None)
        form = (TYPES[tensor.dtype][0], list(tensor.shape))
        lists.setdefault(key, []).append((int(match[2]) if match else 0, *form))
    rows = []
    for (name, rest), found in lists.items():
        forms = [form for _, *form in found]
        alike = [place for place, *_ in found] == list(range(len(found))) and all(form == forms[0] for form in forms)
        if rest is None:
            rows.append([name, *forms[0]])
        elif alike:
            rows.append([f"{name}.0-{len(found) - 1}.{rest}", *forms[0]])
        else:
            rows += [[f"{name}.{place}.{rest}", *form] for place, *form in found]
    return rows


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--trellis", type=Path, required=True)
    arguments.add_argument("--into", type=Path, default=HERE / "../data/trellis")
    arguments = arguments.parse_args()
    prepare(arguments.trellis)
    from trellis import models

    made = {}
    for name, place, part, published in CHECKPOINTS:
        config = json.loads((arguments.trellis / f"configs/{place}.json").read_text())["models"][part]
        with torch.device("meta"):
            tensors = getattr(models, config["name"])(**config["args"]).state_dict()
        size = file_size(tensors)
        against = f" ({size - published:+,} against the published)" if published else ""
        numbers = sum(tensor.numel() for tensor in tensors.values())
        print(f"{name}: {len(tensors)} tensors, {numbers:,} numbers, {size:,} bytes{against}")
        made[name] = {"name": config["name"], "args": config["args"], "bytes": size, "published": published,
                      "tensors": folded(tensors)}
    arguments.into.mkdir(exist_ok=True)
    rows = [f"{json.dumps(name)}: {json.dumps({**network, 'tensors': None})[:-5]}[\n"
            + ",\n".join(json.dumps(row) for row in network["tensors"]) + "\n]}" for name, network in made.items()]
    (arguments.into / "checkpoints.json").write_text("{\n" + ",\n".join(rows) + "\n}\n")
    assert json.loads((arguments.into / "checkpoints.json").read_text()) == made


if __name__ == "__main__":
    main()

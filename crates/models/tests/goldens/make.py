"""Goldens of the networks from their reference implementations: transformers, open_clip on timm,
torchmetrics and torch, at the versions pinned in requirements.txt.

    pip install -r requirements.txt
    python make.py [FOLDER [SEED]]

writes to ../data (or FOLDER) `in.*` and `out.*` of each case; the weights follow formula.py from
the names, shapes and seed in the metadata. Other seeds make other goldens:
`SPLATSMITH_MODELS_PYTHON=…/python cargo test -p models --test other_seeds` tries some.
"""

import gzip
import json
import sys
from pathlib import Path

import open_clip
import torch
import torch.nn.functional as F
from open_clip.model import CLIP
from open_clip.tokenizer import SimpleTokenizer
from open_clip.tokenizer import default_bpe
from safetensors.torch import save_file
from timm.models import register_model
from timm.models.convnext import _create_convnext
from torchmetrics.functional.image import lpips
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPVisionConfig, CLIPVisionModelWithProjection
from transformers import Dinov2Config, Dinov2Model
from transformers import Dinov2WithRegistersConfig, Dinov2WithRegistersModel

from formula import cut_out, fill, picture
from texts import TEXTS

HERE = Path(__file__).parent
FOLDER = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "../data"
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 404
# Merges of the tokenizer that the golden keeps of 48,894.
MERGES = 6000


def save(name: str, tensors: dict, config: dict, weights: list) -> None:
    tensors = {key: value.detach().clone().contiguous() for key, value in tensors.items()}
    metadata = {"config": json.dumps(config), "weights": json.dumps(weights), "seed": str(SEED)}
    save_file(tensors, FOLDER / f"{name}.safetensors", metadata=metadata)


def centred(name: str, *shape: int) -> torch.Tensor:
    return picture(name, shape, SEED) * 4.0 - 2.0


def tokens(vocabulary: int, length: int, ends: list[int]) -> torch.Tensor:
    """Texts of some tokens, the greatest number as their end mark, then zeros."""
    noise = (picture("tokens", (len(ends), length), SEED) * 255).long()
    rows = 1 + noise % (vocabulary - 2)
    for row, end in zip(rows, ends):
        row[end] = vocabulary - 1
        row[end + 1 :] = 0
    return rows


def clip_vit() -> None:
    text = dict(vocab_size=99, hidden_size=36, intermediate_size=72, num_hidden_layers=3,
                num_attention_heads=3, max_position_embeddings=12, hidden_act="quick_gelu",
                projection_dim=20, eos_token_id=2, bos_token_id=0)
    vision = dict(hidden_size=40, intermediate_size=96, num_hidden_layers=3, num_attention_heads=5,
                  image_size=40, patch_size=8, hidden_act="quick_gelu", projection_dim=20)
    model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=20))
    weights = fill(model, SEED)
    images, ids = centred("clip", 3, 3, 40, 40), tokens(99, 12, [11, 4, 1])
    found = model(input_ids=ids, pixel_values=images)
    hidden = found.text_model_output.last_hidden_state
    # Projected, but not yet of unit length as `image_embeds` and `text_embeds` are.
    image, text_features = (half.pooler_output for half in
                            (found.vision_model_output, found.text_model_output))
    assert image.shape == text_features.shape == (3, 20)
    assert torch.allclose(F.normalize(image), found.image_embeds)
    save("clip_vit", {"in.tokens": ids, "in.image": images, "out.hidden": hidden, "out.image": image,
                      "out.text": text_features}, {"text": text, "vision": vision}, weights)


def clip_pictures() -> None:
    """Pictures of other sizes than the network's, made ready as CLIP's own processor does it."""
    vision = dict(hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=1,
                  image_size=40, patch_size=8, hidden_act="quick_gelu", projection_dim=20)
    model = CLIPVisionModelWithProjection(CLIPVisionConfig(**vision))
    weights = fill(model, SEED)
    processor = CLIPImageProcessor(size={"shortest_edge": 40}, crop_size=40)
    tensors = {}
    for name, height, width in [("same", 40, 40), ("wide", 60, 100), ("tall", 203, 50), ("small", 20, 31)]:
        pixels = torch.from_numpy(cut_out(width, height, 70, 3, 2, SEED)[..., :3].copy())
        ready = processor(pixels.permute(2, 0, 1), return_tensors="pt")["pixel_values"]
        tensors |= {f"in.{name}": pixels, f"out.{name}": model(pixel_values=ready).image_embeds[0]}
    save("clip_pictures", tensors, vision, weights)


def llm2clip() -> None:
    vision = dict(hidden_size=32, intermediate_size=128, num_hidden_layers=2, num_attention_heads=2,
                  image_size=84, patch_size=14, hidden_act="quick_gelu", projection_dim=48)
    model = CLIPVisionModelWithProjection(CLIPVisionConfig(**vision))
    weights = fill(model, SEED)
    images = centred("llm2clip", 2, 3, 84, 84)
    save("llm2clip", {"in.image": images, "out.image": model(images).image_embeds}, vision, weights)


DEPTHS, DIMS = [1, 2, 3, 1], [16, 24, 32, 40]


@register_model
def convnext_golden(pretrained=False, **kwargs):
    """As convnext_large with its exact GELU and epsilon, but small."""
    return _create_convnext("test_convnext", pretrained=pretrained, depths=DEPTHS, dims=DIMS, **kwargs)


def convnext_odd() -> None:
    text = dict(context_length=9, vocab_size=77, width=48, heads=4, layers=3)
    vision = dict(timm_model_name="convnext_golden", timm_model_pretrained=False, timm_pool="",
                  timm_proj="mlp", timm_drop=0.0, timm_drop_path=0.1, image_size=64)
    model = CLIP(embed_dim=28, vision_cfg=vision, text_cfg=text)
    weights = fill(model, SEED)
    images, ids = centred("convnext", 2, 3, 77, 93), tokens(77, 9, [8, 3])
    trunk = model.visual.trunk(images)
    save("convnext_odd", {"in.tokens": ids, "in.image": images, "out.trunk": trunk,
                          "out.image": model.encode_image(images), "out.text": model.encode_text(ids)},
         {"embed_dim": 28, "depths": DEPTHS, "dims": DIMS, "text_cfg": text}, weights)


def dinov2() -> None:
    common = dict(hidden_size=40, num_hidden_layers=3, num_attention_heads=5, image_size=70,
                  patch_size=14, mlp_ratio=3)
    # Two sizes that stretch and shrink the position embedding, one with pixels left over.
    images = {"wide": centred("wide", 1, 3, 42, 126), "large": centred("large", 1, 3, 101, 98)}
    plain = Dinov2Model(Dinov2Config(**common))
    weights = fill(plain, SEED)
    inputs = {f"in.{key}": value for key, value in images.items()}
    outputs = {f"out.{key}": plain(value).last_hidden_state for key, value in images.items()}
    save("dinov2_sizes", inputs | outputs, common, weights)
    registers = dict(common, num_register_tokens=3)
    model = Dinov2WithRegistersModel(Dinov2WithRegistersConfig(**registers))
    weights = fill(model, SEED)
    outputs = {f"out.{key}": model(value).last_hidden_state for key, value in images.items()}
    save("dinov2_registers_sizes", inputs | outputs, registers, weights)


def lpips_256() -> None:
    model = lpips._LPIPS(pretrained=True, net="alex", pnet_rand=True)
    heads = {f"w.{key}": value for key, value in model.state_dict().items() if key.startswith("lin")}
    heads = {key: value for key, value in heads.items() if not key.startswith("w.lins")}
    weights = fill(model.net, SEED)
    # The network's own heads, of which the package has the trained weights.
    left, right = (picture(name, (2, 3, 256, 256), SEED) for name in ["left", "right"])
    distance, layers = model(left, right, retperlayer=True, normalize=True)
    small = [F.interpolate(x, size=(64, 80), mode="bilinear") for x in (left, right)]
    save("lpips_256", heads | {"out.distance": distance.flatten(),
         "out.layers": torch.stack([layer.flatten() for layer in layers]),
         "out.small": model(*small, normalize=True).flatten()}, {}, weights)


def resizing() -> None:
    row, image = centred("row", 1, 1, 2, 518), centred("resize", 1, 2, 37, 23)
    cubic = dict(mode="bicubic", align_corners=False)
    outputs = {
        "out.518_to_224": F.interpolate(row, size=(2, 224), **cubic),
        "out.518_to_256": F.interpolate(row, size=(2, 256), **cubic),
        "out.518_to_336": F.interpolate(row, size=(2, 336), **cubic),
        "out.518_to_1024_linear": F.interpolate(row, size=(2, 1024), mode="bilinear"),
        "out.518_to_217_linear": F.interpolate(row, size=(2, 217), mode="bilinear"),
        "out.enlarged": F.interpolate(image, size=(53, 71), **cubic),
        "out.antialias_small": F.interpolate(image, size=(16, 9), antialias=True, **cubic),
        "out.antialias_large": F.interpolate(image, size=(40, 41), antialias=True, **cubic),
        # As the position embedding of the hub's DINOv2 is scaled: 37 + 0.1 patches of 37, and others.
        "out.offset": F.interpolate(image, scale_factor=(16.1 / 37, 40.1 / 23), **cubic),
    }
    save("resize_more", {"in.row": row, "in.image": image} | outputs, {}, [])


def tokenizer() -> None:
    merges = gzip.open(default_bpe()).read().decode().split("\n")[1 : MERGES + 1]
    (FOLDER / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n")
    shortened = FOLDER / "merges.gz"
    shortened.write_bytes(gzip.compress("\n".join(["", *merges]).encode()))
    small, full = SimpleTokenizer(bpe_path=str(shortened)), open_clip.get_tokenizer("convnext_large_d")
    shortened.unlink()
    assert small.sot_token_id == 512 + MERGES
    cases = [{"text": text, "small": small.encode(text), "full": full.encode(text)} for text in TEXTS]
    long = " ".join(TEXTS)
    golden = {"cases": cases, "long": {"text": long, "small": small(long)[0].tolist()}}
    (FOLDER / "tokens.json").write_text(json.dumps(golden, ensure_ascii=False, indent=0) + "\n")


if __name__ == "__main__":
    with torch.no_grad():
        for make in [clip_vit, clip_pictures, llm2clip, convnext_odd, dinov2, lpips_256, resizing, tokenizer]:
            make()

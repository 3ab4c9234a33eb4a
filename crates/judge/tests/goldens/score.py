"""The validator's whole score by its own packages (transformers, open_clip, torchmetrics, pytod) on
CPU in single precision, with small networks whose weights follow the formula of
crates/models/tests/goldens/formula.py.

    pip install -r ../../../models/tests/goldens/requirements.txt
    pip install pytod==0.0.3 pyod==3.6.7 scikit-learn==1.9.0 numba==0.68.1 six==1.17.0 mpmath==1.3.0
    SPLATSMITH_SCORE_PYTHON=…/python cargo test -p judge --test score

The test draws the views, writes them and a prompt picture as PNG, and calls

    python score.py FOLDER SEED OUT.json

Its output with seed 404 is kept as ../data/score.json. The steps are those of three-gen-subnet
`validation/engine/`; pytod asks for a CUDA device by name in one function, for which its CPU twin
stands in.
"""

import gzip
import json
import math
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

HERE = Path(__file__).parent
MODELS = HERE / "../../../models/tests"
sys.path.insert(0, str(MODELS / "goldens"))

from open_clip.model import CLIP
from open_clip.tokenizer import SimpleTokenizer
from open_clip.transform import PreprocessCfg, image_transform_v2
from pytod.models import intermediate_layers
from pytod.models.basic_operators import bottomk_cpu
from pytod.models.knn import KNN
from timm.models import register_model
from timm.models.convnext import _create_convnext
from torchmetrics.functional.image import lpips as lpips_functions
from torchmetrics.image import StructuralSimilarityIndexMeasure
from torchmetrics.image.lpip import LearnedPerceptualImagePatchSimilarity
from transformers import CLIPConfig, CLIPModel, CLIPVisionConfig, CLIPVisionModelWithProjection
from transformers import Dinov2Config, Dinov2Model

from formula import fill

intermediate_layers.bottomk = bottomk_cpu
with_tv_features = lpips_functions._get_tv_model_features
lpips_functions._get_tv_model_features = lambda net, pretrained: with_tv_features(net, False)

PROMPTS = ["a torus of glass", "red apple", "a wooden chair with a carved back", "Dragon’s egg!", "", "blue"]
MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(1, 3, 1, 1) * 3
STD = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(1, 3, 1, 1) * 3


@register_model
def convnext_score(pretrained=False, **kwargs):
    return _create_convnext("test_convnext", pretrained=pretrained, depths=[1, 1, 2, 1],
                            dims=[16, 24, 32, 40], **kwargs)


class Quality(torch.nn.Module):
    """DINOv2Net."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = Dinov2Model(Dinov2Config(hidden_size=48, num_hidden_layers=2, image_size=518,
                                                 num_attention_heads=3, patch_size=14, mlp_ratio=2))
        self.emb_head = torch.nn.Linear(48, 8)
        self.score_head = torch.nn.Linear(48, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.score_head(self.backbone(x).last_hidden_state[:, 0]).squeeze(1)


def filter_outliers(values: torch.Tensor) -> torch.Tensor:
    ordered, _ = torch.sort(values)
    ordered = ordered.reshape(-1, 1)
    detector = KNN(device="cpu")
    detector.fit(ordered)
    ordered = ordered.clone()
    ordered[torch.nonzero(torch.tensor(detector.labels_) == 1, as_tuple=True)[0]] = -1
    return ordered[ordered != -1]


def geometric_mean(values: torch.Tensor) -> torch.Tensor:
    return torch.exp(torch.log(values).mean())


def sigmoid(x: torch.Tensor, slope: float, shift: float) -> torch.Tensor:
    return 1.0 / (1.0 + torch.exp(-slope * (x - shift)))


def final_score(iqa: float, alignment: float, ssim: float, lpips: float) -> float:
    if alignment < 0.3:
        return 0.0
    return float(0.75 * iqa + 0.2 * alignment + 0.025 * sigmoid(torch.tensor(ssim), 35, 0.83)
                 + 0.025 * lpips * sigmoid(torch.tensor(lpips), 30, 0.7))


def text_alignment(cosines: torch.Tensor) -> float:
    return float(geometric_mean(torch.clip(filter_outliers(cosines), 0, 1))) / 0.35


def image_alignment(cosines: torch.Tensor) -> float:
    return float(geometric_mean(filter_outliers(cosines)))


def likeness(distances: list[float]) -> float:
    return float(1 - geometric_mean(filter_outliers(torch.tensor(np.array(distances)))))


def neighbours(images: list[torch.Tensor], metric, prepare) -> list[float]:
    found = []
    for index in range(len(images)):
        pair = [images[index], images[(index + 1) % len(images)]]
        left, right = (prepare(image.unsqueeze(0).permute(0, 3, 1, 2) / 255.0) for image in pair)
        found.append(float(metric(left, right)))
    return found


def shrunk(images: list[torch.Tensor], side: int) -> torch.Tensor:
    stacked = (torch.stack(images) / 255.0).permute(0, 3, 1, 2)
    stacked = F.interpolate(stacked, size=(side, side), mode="bicubic", align_corners=False)
    return (stacked - MEAN) / STD


def iqa(images: list[torch.Tensor], seed: int) -> float:
    model = Quality()
    fill(model, seed)
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    scores = []
    for image in images:
        x = image.permute(2, 0, 1).float() / 255.0
        x = F.interpolate(x.unsqueeze(0), size=(518, 518), mode="bilinear", align_corners=False).squeeze(0)
        scores.append(torch.sigmoid(model(((x - mean) / std).unsqueeze(0))))
    return float(torch.cat(scores).mean())


def tokenizer() -> SimpleTokenizer:
    merges = (MODELS / "data/merges.txt").read_text().rstrip("\n")
    with tempfile.NamedTemporaryFile(suffix=".gz") as file:
        file.write(gzip.compress(merges.encode()))
        file.flush()
        return SimpleTokenizer(bpe_path=file.name)


def text_cosines(images: list[torch.Tensor], seed: int, tokens: SimpleTokenizer) -> list[torch.Tensor]:
    model = CLIP(
        embed_dim=28,
        vision_cfg=dict(timm_model_name="convnext_score", timm_model_pretrained=False, timm_pool="",
                        timm_proj="mlp", timm_drop=0.0, timm_drop_path=0.1, image_size=256),
        text_cfg=dict(context_length=77, vocab_size=tokens.vocab_size, width=48, heads=4, layers=2),
    )
    fill(model, seed)
    seen = model.encode_image(shrunk(images, 224))
    words = model.encode_text(tokens(PROMPTS))
    seen, words = (features / features.norm(dim=-1, keepdim=True) for features in (seen, words))
    return list((seen @ words.T).T)


def image_cosines(images: list[torch.Tensor], asked: torch.Tensor, seed: int) -> torch.Tensor:
    model = CLIPVisionModelWithProjection(CLIPVisionConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, image_size=336,
        patch_size=14, hidden_act="quick_gelu", projection_dim=40))
    fill(model, seed)
    features = [model(shrunk(some, 336)).image_embeds for some in ([asked], images)]
    asked, seen = (some / some.norm(dim=-1, keepdim=True) for some in features)
    return asked @ seen.T


def clip(folder: Path, seed: int, tokens: SimpleTokenizer) -> list[float]:
    """The mean cosine of the four closer views with each prompt, by OpenAI's preprocessing."""
    text = dict(vocab_size=tokens.vocab_size, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
                num_attention_heads=4, max_position_embeddings=77, hidden_act="quick_gelu",
                projection_dim=24, eos_token_id=2)
    vision = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
                  image_size=224, patch_size=32, hidden_act="quick_gelu", projection_dim=24)
    model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=24))
    fill(model, seed)
    prepare = image_transform_v2(PreprocessCfg(size=224), is_train=False)
    images = torch.stack([prepare(Image.open(path)) for path in sorted(folder.glob("closer_*.png"))])
    found = model(input_ids=tokens(PROMPTS), pixel_values=images)
    return (found.image_embeds @ found.text_embeds.T).mean(dim=0).tolist()


def score(folder: Path, seed: int) -> dict:
    views = sorted(folder.glob("view_*.png"))
    assert len(views) == 16
    images = [torch.from_numpy(np.asarray(Image.open(path).convert("RGB")).copy()) for path in views]
    asked = Image.open(folder / "prompt.png")
    if len(asked.getbands()) == 4:
        asked = Image.alpha_composite(Image.new("RGBA", asked.size, (255, 255, 255, 255)), asked.convert("RGBA"))
    asked = torch.from_numpy(np.asarray(asked.convert("RGB")).copy())

    metric = LearnedPerceptualImagePatchSimilarity(normalize=True)
    fill(metric.net.net, seed)
    same, small = (lambda x: x), (lambda x: torch.clip(
        F.interpolate(x, size=(256, 256), mode="bicubic", align_corners=False), 0, 1))
    lpips = likeness(neighbours(images, metric, small))
    similarity = StructuralSimilarityIndexMeasure(data_range=1.0)
    ssim = float(geometric_mean(filter_outliers(torch.tensor(np.array(neighbours(images, similarity, same))))))
    quality = iqa(images, seed)
    tokens = tokenizer()
    texts = [text_alignment(cosines.reshape(-1, 1)) for cosines in text_cosines(images, seed, tokens)]
    image = image_alignment(image_cosines(images, asked, seed))
    return {
        "seed": seed, "iqa": quality, "ssim": ssim, "lpips": lpips,
        "texts": [{"prompt": prompt, "alignment": alignment, "clip": cosine,
                   "score": final_score(quality, alignment, ssim, lpips)}
                  for prompt, alignment, cosine in zip(PROMPTS, texts, clip(folder, seed, tokens))],
        "image": {"alignment": image, "score": final_score(quality, image, ssim, lpips)},
    }


def number(step, *numbers):
    """What the validator gets, or nothing where it gets no number or breaks off."""
    try:
        found = step(*numbers)
    except Exception:
        return None
    return None if math.isnan(found) else found


def arithmetic(seed: int) -> dict:
    """Filter, means and formula on numbers: usual, tied, equal, absurd, few."""
    generator = np.random.default_rng(seed)
    nan = float("nan")
    lists = [list(generator.normal(0.25, 0.02, 16)) for _ in range(12)]
    lists += [list(np.round(generator.normal(0.25, 0.02, 16), 2)) for _ in range(12)]
    lists += [list(generator.integers(0, 4, 16) / 8.0) for _ in range(12)]
    lists += [list(generator.normal(0.05, 0.1, 16)) for _ in range(12)]
    lists += [[0.25] * 16, [0.0] * 16, [0.3] * 15 + [0.0], [0.3] * 14 + [0.0, 0.9], [0.3] * 15 + [-0.4],
              [0.3] * 15 + [nan], [nan] * 16, [0.3], [], [0.3, 0.31], [0.3] * 5, [0.3] * 6, [1.5] * 16,
              [0.2, 0.21, 0.22, 0.23, 0.24, 0.25, -1.0], [-1.0] * 16, [0.1 * i for i in range(16)],
              [0.1] * 8 + [0.9] * 8, [-0.2] * 16, [float("inf")] + [0.2] * 15]
    cases = []
    for values in lists:
        single = [float(np.float32(value)) for value in values]
        cosines = torch.tensor(single, dtype=torch.float32)
        cases.append({
            "values": [None if math.isnan(v) else ("inf" if math.isinf(v) else v) for v in single],
            "text": number(lambda: text_alignment(cosines.reshape(-1, 1))),
            "image": number(lambda: image_alignment(cosines.reshape(1, -1))),
            "likeness": number(lambda: likeness(single)),
        })
    parts = [[float(v) for v in generator.uniform(0, 1.2, 4)] for _ in range(40)]
    parts += [[0.7, 0.3, 0.83, 0.7], [0.7, 0.29999999, 0.9, 0.9], [1, 1, 1, 1], [0, 0, 0, 0], [0.5, 2.8, 0.99, 1.0]]
    return {"means": cases, "scores": [{"parts": four, "score": final_score(*four)} for four in parts]}


if __name__ == "__main__":
    folder, seed, out = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    with torch.no_grad():
        found = score(folder, seed) | arithmetic(seed)
    out.write_text(json.dumps(found, indent=0) + "\n")

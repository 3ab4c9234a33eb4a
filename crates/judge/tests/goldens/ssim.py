"""Goldens for the judge's structural similarity and outlier filter, from the validator's own
libraries at the versions it pins (three-gen-subnet validation/requirements.txt).

    pip install torch==2.5.0 torchmetrics==1.5.1 pytod==0.0.3 scikit-learn==1.6.1 \
        numpy==1.26.4 pillow==13.0.0 six==1.17.0 mpmath==1.3.0 pyod==3.6.7
    python ssim.py

reads the torus views of the `render` crate and writes ../data/ssim.json. pytod asks for a CUDA
device by name in one function; its CPU twin from the same module stands in for it here.
"""

import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from pytod.models import intermediate_layers
from pytod.models.basic_operators import bottomk_cpu
from pytod.models.knn import KNN
from torchmetrics.image import StructuralSimilarityIndexMeasure

HERE = Path(__file__).parent
VIEWS = HERE / "../../../render/tests/data"
intermediate_layers.bottomk = bottomk_cpu
metric = StructuralSimilarityIndexMeasure(data_range=1.0)


def similarity(left: np.ndarray, right: np.ndarray) -> dict[str, float]:
    """As score_ssim_similarity calls it: (1, 3, H, W) in 0..1, single precision. The same in double
    precision says how much of it is rounding."""
    left, right = (torch.tensor(image).unsqueeze(0).permute(0, 3, 1, 2) for image in (left, right))
    return {
        "single": float(metric(left / 255.0, right / 255.0)),
        "double": float(metric(left.double() / 255.0, right.double() / 255.0)),
    }


def pattern(name: str, width: int, height: int) -> np.ndarray:
    """Images that the Rust test makes again from the same integer formulas."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    formulas = {
        "white": 255 + 0 * x,
        "black": 0 * x,
        "ramp": (3 * x + 5 * y + 40 * c) % 256,
        "noise": ((x * 7919 + y * 104729 + c * 1299709) ^ (x * y * 31)) % 256,
        "checks": ((x // 8 + y // 8 + c) % 2) * 255,
        "faint": 250 + (x + y + c) % 6,
        "negative": 255 - ((x // 8 + y // 8 + c) % 2) * 255,
    }
    return formulas[name].astype(np.uint8)


def filtered_mean(values: list[float]) -> float:
    """filter_outliers, then the geometric mean, of statistics_computation_utils.py."""
    ordered, _ = torch.sort(torch.tensor(values, dtype=torch.float64))
    ordered = ordered.reshape(-1, 1)
    detector = KNN(device="cpu")
    detector.fit(ordered)
    kept = ordered[torch.tensor(detector.labels_) == 0]
    return float(torch.exp(torch.log(kept).mean()))


def main() -> None:
    pairs = [
        ("white", "white", 64, 64),
        ("white", "black", 64, 64),
        ("ramp", "noise", 64, 48),
        ("noise", "noise", 64, 48),
        ("ramp", "white", 37, 53),
        ("checks", "negative", 64, 64),
        ("faint", "white", 128, 128),
        ("faint", "ramp", 6, 6),
        ("checks", "noise", 6, 90),
    ]
    indices = [0, 1, 5, 9, 13]
    views = {i: np.asarray(Image.open(VIEWS / f"torus_v{i:02}.png").convert("RGB")) for i in indices}
    generator = np.random.default_rng(404)
    lists = [
        [1.0] * 16,
        [1.0] + [0.9] * 15,
        list(np.linspace(0.7, 0.9, 16)),
        list(0.85 + 0.05 * generator.standard_normal(16)),
        list(generator.uniform(0.2, 1.0, 16)),
        list(generator.uniform(0.9, 1.0, 6)),
        [0.5, 0.8, 0.81, 0.82, 0.83, 0.84, 0.85, 0.99],
    ]
    golden = {
        "patterns": [
            {
                "left": left,
                "right": right,
                "width": width,
                "height": height,
                "ssim": similarity(pattern(left, width, height), pattern(right, width, height)),
            }
            for left, right, width, height in pairs
        ],
        "views": [
            {"left": left, "right": right, "ssim": similarity(views[left], views[right])}
            for left, right in zip(indices, indices[1:] + indices[:1])
        ],
        "filtered": [{"values": values, "mean": filtered_mean(values)} for values in lists],
    }
    (HERE / "../data/ssim.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()

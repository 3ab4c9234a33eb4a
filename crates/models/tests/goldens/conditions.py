"""Goldens of what TRELLIS' networks are given: pictures prepared by the reference's own
`preprocess_image` on the Pillow pinned in requirements.txt, and texts cut by transformers' CLIPTokenizer.

    pip install -r requirements.txt
    python conditions.py CHECKOUT [FOLDER [SEED]]

CHECKOUT is one of github.com/microsoft/TRELLIS; writes FOLDER/trellis_conditions.json (default ../data).
Pictures follow a formula from the numbers of their case; of what comes out the digest is kept. With a seed,
cases are drawn instead of chosen: `seeds.rs` tries some.
"""

import ast
import hashlib
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import *  # the reference's annotations

import numpy as np
from PIL import Image
from transformers import CLIPTokenizer
from transformers.convert_slow_tokenizer import bytes_to_unicode

from texts import TEXTS

HERE = Path(__file__).parent
FOLDER = Path(sys.argv[2]) if len(sys.argv) > 2 else HERE / "../data"

# Width, height, the corners of the subject, whether what is around it is faintly there.
CUT_OUTS = [
    (300, 200, 60, 40, 200, 150, 1), (300, 200, 61, 40, 200, 150, 0), (300, 200, 60, 41, 201, 152, 1),
    (300, 200, 61, 41, 200, 151, 0), (300, 200, 0, 0, 299, 199, 0), (200, 300, 0, 0, 199, 299, 1),
    (300, 200, 0, 50, 10, 60, 0), (300, 200, 290, 190, 299, 199, 0), (64, 64, 30, 30, 32, 31, 1),
    (64, 64, 30, 0, 30, 63, 1), (64, 64, 0, 33, 63, 33, 0), (64, 64, 10, 10, 13, 14, 0),
    (700, 600, 100, 100, 532, 300, 1), (700, 600, 101, 100, 533, 301, 0), (520, 900, 40, 3, 470, 897, 1),
    (1500, 1000, 100, 20, 1450, 980, 1), (1, 400, 0, 0, 0, 399, 0), (2000, 3, 0, 0, 1999, 2, 0),
    (64, 64, 30, 30, 30, 30, 1), (64, 64, 30, 30, 31, 31, 1), (64, 64, 0, 0, -1, -1, 1), (1, 1, 0, 0, 0, 0, 0),
]
WHOLE = [(1024, 1024), (1025, 3), (1500, 1001), (700, 2100), (1030, 1029), (640, 480), (2, 2047)]


def draw(seed: int) -> None:
    """Other cases: sizes, subjects and texts by chance."""
    chance = np.random.default_rng(seed)

    def subject(width: int, height: int) -> tuple:
        (left, right), (top, bottom) = (sorted(chance.integers(0, side, 2).tolist()) for side in (width, height))
        return (width, height, left, top, right, bottom, int(chance.integers(0, 2)))

    CUT_OUTS[:] = [subject(*chance.integers(1, most, 2).tolist()) for most in [40, 40, 200, 200, 700, 700, 1500] * 3]
    WHOLE[:] = [tuple(chance.integers(1, 2600, 2).tolist()) for _ in range(12)]
    TEXTS[:] = [" ".join(chance.choice(TEXTS, 3)) for _ in range(60)]


def hashed(width: int, height: int, channel: int, seed: int) -> np.ndarray:
    """A byte for each pixel, uneven but not without order."""
    y, x = np.mgrid[:height, :width].astype(np.uint64)
    mask = np.uint64(0xFFFFFFFF)
    h = (x * np.uint64(0x9E3779B1) + y * np.uint64(0x85EBCA77) + np.uint64(channel * 0xC2B2AE3D + seed * 0x27D4EB2F)) & mask
    h = ((h ^ (h >> np.uint64(15))) * np.uint64(0x2C1B3C6D)) & mask
    h ^= h >> np.uint64(12)
    slope = x * np.uint64(3) + y * np.uint64(5) + np.uint64(40 * channel)
    return (((h >> np.uint64(24)) // np.uint64(4) + slope % np.uint64(192)) & np.uint64(255)).astype(np.uint8)


def cut_out(case: tuple, seed: int) -> Image.Image:
    width, height, left, top, right, bottom, faint = case
    pixels = np.stack([hashed(width, height, channel, seed) for channel in range(4)], -1)
    y, x = np.mgrid[:height, :width]
    inside = (x >= left) & (x <= right) & (y >= top) & (y <= bottom)
    pixels[:, :, 3] = np.where(inside, 205 + pixels[:, :, 3] % 51, pixels[:, :, 3] % 205 * faint)
    return Image.fromarray(pixels)


def reference(checkout: Path):
    """The reference's method, without its package, whose imports want a GPU."""
    source = (checkout / "trellis/pipelines/trellis_image_to_3d.py").read_text()
    found = [node for node in ast.walk(ast.parse(source)) if getattr(node, "name", "") == "preprocess_image"]
    seen = []

    def remove(image, session):
        seen.append(np.array(image))
        return cut_out((9, 9, 1, 1, 7, 7, 0), 0)

    scope = {"Image": Image, "np": np, "rembg": SimpleNamespace(new_session=lambda name: name, remove=remove)}
    exec(compile(ast.Module(found, []), "trellis_image_to_3d.py", "exec"), scope)
    return scope["preprocess_image"], seen


def digest(pixels: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()


def pictures(checkout: Path) -> dict:
    prepare, seen = reference(checkout)
    prepared, shrunk = [], []
    for seed, case in enumerate(CUT_OUTS):
        try:
            found = digest(np.array(prepare(SimpleNamespace(rembg_session=None), cut_out(case, seed))))
        except (ValueError, SystemError) as error:
            print(case, type(error), error)
            found = None
        prepared.append({"case": case, "sha256": found})
    for seed, (width, height) in enumerate(WHOLE):
        pixels = np.stack([hashed(width, height, channel, seed) for channel in range(3)], -1)
        try:
            prepare(SimpleNamespace(rembg_session=None), Image.fromarray(pixels))
            found = {"size": [seen[-1].shape[1], seen[-1].shape[0]], "sha256": digest(seen[-1])}
        except ValueError as error:
            print((width, height), error)
            continue
        shrunk.append({"case": [width, height], "seed": seed, **found})
    return {"prepared": prepared, "shrunk": shrunk}


def texts() -> list:
    """Tokens with the first merges only, without what they are padded with."""
    merges = [line.split() for line in (HERE / "../data/merges.txt").read_text().split("\n")[1:] if line]
    letters = list(bytes_to_unicode().values())
    words = letters + [letter + "</w>" for letter in letters] + ["".join(pair) for pair in merges]
    words += ["<|startoftext|>", "<|endoftext|>"]
    tokenizer = CLIPTokenizer(
        vocab={word: number for number, word in enumerate(words)}, merges=[tuple(pair) for pair in merges]
    )
    found = []
    for text in [*TEXTS, "many words " * 60]:
        ids = tokenizer([text], max_length=77, padding="max_length", truncation=True)["input_ids"][0]
        assert len(ids) == 77
        while len(ids) > 1 and ids[-1] == ids[-2] == len(words) - 1:
            ids.pop()
        found.append([text, ids])
    return found


if __name__ == "__main__":
    if len(sys.argv) > 3:
        draw(int(sys.argv[3]))
    golden = {**pictures(Path(sys.argv[1])), "texts": texts()}
    text = json.dumps(golden, ensure_ascii=False, separators=(",", ":"))
    (FOLDER / "trellis_conditions.json").write_text(text.replace("],[", "],\n[").replace("},{", "},\n{") + "\n")

#!/usr/bin/env python3
"""Makes torus_grid.sha256: what the validator's duel picture of the torus is, byte for byte.

The steps are those of `combine_images4` in three-gen-subnet `validation/server/pipeline.py` at commit
5fc61f1: a black picture, the views 1, 5, 9 and 13 pasted into it from left to right and from above to
below, 5 pixels apart. The digest is of the RGB bytes, as PNG encoders differ.

    pip install pillow==13.0.0 && python grid.py
"""

import hashlib
from pathlib import Path

from PIL import Image

SIZE = 518
GAP = 5
FOLDER = Path(__file__).resolve().parent

grid = Image.new("RGB", (2 * SIZE + GAP, 2 * SIZE + GAP), color="black")
CORNERS = {1: (0, 0), 5: (SIZE + GAP, 0), 9: (0, SIZE + GAP), 13: (SIZE + GAP, SIZE + GAP)}
for view, corner in CORNERS.items():
    grid.paste(Image.open(FOLDER / f"torus_v{view:02}.png").convert("RGB"), corner)
digest = hashlib.sha256(grid.tobytes()).hexdigest()
(FOLDER / "torus_grid.sha256").write_text(f"{digest}  {grid.width}x{grid.height} RGB\n")

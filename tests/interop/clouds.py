"""Splat clouds as gsply reads and writes them: PLY, and Niantic's SPZ by its extension.

    clouds.py FILE ROWS            reads FILE, writes what it found
    clouds.py --write FILE ROWS    reads ROWS, writes it as FILE

ROWS is raw little-endian float32, splat after splat: x y z, three log-scales, the quaternion w x y z,
the opacity from 0 to 1, three f_dc, then the harmonics, coefficient outer and channel inner. On stdout
stands one JSON object with the number of splats and of values per splat.
"""

import argparse
import json

import gsply
import numpy as np


def read(path: str) -> np.ndarray:
    data = gsply.read_spz(path) if path.endswith(".spz") else gsply.plyread(path)
    harmonics = np.zeros((len(data), 0)) if data.shN is None else np.asarray(data.shN)
    with np.errstate(over="ignore"):
        opacities = 1.0 / (1.0 + np.exp(-data.opacities.astype(np.float64)))
    columns = [data.means, data.scales, data.quats, opacities[:, None], data.sh0]
    return np.hstack([*columns, harmonics.reshape(len(data), -1)]).astype("<f4")


def write(path: str, rows: np.ndarray) -> None:
    opacities = rows[:, 10].astype(np.float64)
    logits = np.log(opacities / (1.0 - opacities)).astype(np.float32)
    harmonics = np.ascontiguousarray(rows[:, 14:]).reshape(len(rows), -1, 3)
    columns = [np.ascontiguousarray(rows[:, start:end]) for start, end in ((0, 3), (3, 6), (6, 10), (11, 14))]
    means, scales, quats, sh0 = columns
    data = gsply.GSData.from_arrays(
        means, scales, quats, logits, sh0, harmonics if harmonics.size else None, format="ply"
    )
    if path.endswith(".spz"):
        gsply.write_spz(path, data)
    else:
        gsply.plywrite(path, data)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="the other way round")
    parser.add_argument("--values", type=int, default=14, help="with --write: values per splat in ROWS")
    parser.add_argument("file")
    parser.add_argument("rows")
    args = parser.parse_args()
    if args.write:
        rows = np.fromfile(args.rows, dtype="<f4").reshape(-1, args.values)
        write(args.file, rows)
    else:
        rows = read(args.file)
        rows.tofile(args.rows)
    print(json.dumps({"splats": rows.shape[0], "values": rows.shape[1]}))


if __name__ == "__main__":
    main()
